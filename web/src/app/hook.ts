// SPDX-License-Identifier: MIT
// `window.__kymo`: what a test needs to find an interval's pixel, and the console to see how long frames take.

import { timeToX } from "../model/viewport.ts";
import type { Store } from "../views/store.ts";
import type { Surface } from "../views/surface.ts";

export interface Hook {
	/** The trace is here and nothing that is on screen is still missing. */
	ready: boolean;
	window: { from: number; to: number };
	pending: number;
	/** Lanes in view: box in pixels of the page. */
	lanes: { key: string; lane: string; kind: string; label: string; y: number; h: number }[];
	timeToX: (t: number) => number;
	laneAt: (y: number) => string | null;
	setWindow: (from: number, to: number) => void;
	frameTimes: number[];
	tiles: { count: number; bytes: number };
}

export function installHook(store: Store, surface: () => Surface | null): void {
	const box = () =>
		document.querySelector('[data-testid="lanes"]')?.getBoundingClientRect() ?? new DOMRect();
	const lanes = () => {
		const b = box();
		const top = store.scroll.peek();
		return store.rows
			.peek()
			.filter((r) => r.y + r.h > top && r.y < top + b.height)
			.map(({ key, lane, kind, label, y, h }) => ({
				key,
				lane,
				kind,
				label,
				y: b.top + y - top,
				h,
			}));
	};
	const hook: Hook = {
		get ready() {
			const s = surface();
			const drawn = s !== null && !s.waiting && s.times.length > 0;
			const shown = store.page.peek() !== "timeline" || drawn;
			const idle = store.client.pending === 0 && store.busy.peek() === 0;
			return store.load.peek().state === "ready" && idle && shown;
		},
		get window() {
			return store.window.peek();
		},
		get pending() {
			return store.client.pending;
		},
		get lanes() {
			return lanes();
		},
		timeToX: (t) => box().left + timeToX(store.window.peek(), t, store.view.peek().width),
		laneAt: (y) => lanes().find((l) => y >= l.y && y < l.y + l.h)?.lane ?? null,
		setWindow: (from, to) => store.setWindow({ from, to }),
		get frameTimes() {
			return [...(surface()?.times ?? [])];
		},
		get tiles() {
			return { count: store.tiles.count, bytes: store.tiles.bytes };
		},
	};
	(window as unknown as { __kymo: Hook }).__kymo = hook;
}
