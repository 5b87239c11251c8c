// SPDX-License-Identifier: MIT
// The brush over the whole trace: drag it to move the window, its handles to change it, elsewhere to mark a new one.

import { useEffect, useRef } from "preact/hooks";
import { clampWindow, timeToX, wholeTrace, xToTime, zoomAt } from "../model/viewport.ts";
import { useStore } from "./ctx.ts";
import { wheelPixels, zoomFactor } from "./gestures.ts";

type Grip = "new" | "move" | "from" | "to";
const SLOP = 3;

export function Brush() {
	const store = useStore();
	const el = useRef<HTMLDivElement>(null);
	useEffect(() => {
		const box = el.current as HTMLDivElement;
		const ctl = new AbortController();
		let drag: { grip: Grip; x: number; from: number; to: number } | null = null;
		const all = () => wholeTrace(store.duration.peek());
		const timeAt = (x: number) => xToTime(all(), x, box.clientWidth);
		box.addEventListener(
			"pointerdown",
			(e) => {
				if (e.button !== 0) return;
				const grip = ((e.target as HTMLElement).dataset.grip as Grip | undefined) ?? "new";
				drag = { grip, x: e.clientX, ...store.window.peek() };
				box.setPointerCapture(e.pointerId);
				e.preventDefault();
			},
			{ signal: ctl.signal },
		);
		box.addEventListener(
			"pointermove",
			(e) => {
				if (!drag) return;
				const left = box.getBoundingClientRect().left;
				const d = store.duration.peek();
				const by = timeAt(e.clientX - left) - timeAt(drag.x - left);
				if (drag.grip === "move") store.setWindow(clampWindow(drag.from + by, drag.to + by, d));
				else {
					const fixed =
						drag.grip === "from" ? drag.to : drag.grip === "to" ? drag.from : timeAt(drag.x - left);
					const moving =
						drag.grip === "from"
							? drag.from + by
							: drag.grip === "to"
								? drag.to + by
								: timeAt(e.clientX - left);
					if (drag.grip === "new" && Math.abs(e.clientX - drag.x) < SLOP) return;
					const [a, b] = [
						Math.max(0, Math.min(fixed, moving)),
						Math.min(d, Math.max(fixed, moving)),
					];
					store.setWindow(clampWindow(a, b, d));
				}
			},
			{ signal: ctl.signal },
		);
		box.addEventListener(
			"pointerup",
			(e) => {
				const was = drag;
				drag = null;
				if (was?.grip !== "new" || Math.abs(e.clientX - was.x) >= SLOP) return;
				// A click puts the window there.
				const at = timeAt(e.clientX - box.getBoundingClientRect().left);
				const half = (was.to - was.from) / 2;
				store.setWindow(clampWindow(at - half, at + half, store.duration.peek()));
			},
			{ signal: ctl.signal },
		);
		box.addEventListener("pointercancel", () => (drag = null), { signal: ctl.signal });
		box.addEventListener("dblclick", () => store.fit(), { signal: ctl.signal });
		box.addEventListener(
			"wheel",
			(e) => {
				// About the window's own middle: the brush stays where it is.
				const w = store.window.peek();
				const factor = zoomFactor(wheelPixels(e).y, e.ctrlKey);
				store.setWindow(zoomAt(w, (w.from + w.to) / 2, factor, store.duration.peek()));
				e.preventDefault();
			},
			{ signal: ctl.signal, passive: false },
		);
		return () => ctl.abort();
	}, [store]);

	const w = store.window.value;
	const all = wholeTrace(store.duration.value);
	const share = (t: number) => `${timeToX(all, t, 100)}%`;
	return (
		<div class="brush" ref={el} data-testid="brush">
			<i class="veil left" style={{ width: share(w.from) }} />
			<i class="veil right" style={{ left: share(w.to) }} />
			<div
				class="window"
				data-grip="move"
				style={{ left: share(w.from), width: `calc(${share(w.to - w.from)})` }}
			>
				<i class="handle from" data-grip="from" />
				<i class="handle to" data-grip="to" />
			</div>
		</div>
	);
}
