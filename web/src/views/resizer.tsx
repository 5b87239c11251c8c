// SPDX-License-Identifier: MIT
// A border that can be dragged.

import type { Signal } from "@preact/signals";
import { clamp } from "../base/units.ts";

export function Resizer(p: {
	side: "left" | "right";
	value: Signal<number>;
	min: number;
	max: number;
}) {
	const grab = (e: PointerEvent) => {
		const el = e.currentTarget as HTMLElement;
		const from = { x: e.clientX, value: p.value.peek() };
		const sign = p.side === "left" ? 1 : -1;
		el.setPointerCapture(e.pointerId);
		el.onpointermove = (m) => {
			p.value.value = clamp(from.value + sign * (m.clientX - from.x), p.min, p.max);
		};
		el.onpointerup = () => {
			el.onpointermove = null;
		};
		e.preventDefault();
	};
	return <i class={`resizer ${p.side}`} onPointerDown={grab} />;
}
