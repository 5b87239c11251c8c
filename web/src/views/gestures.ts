// SPDX-License-Identifier: MIT
// Mouse, wheel and touch-pad over the lanes. The plain wheel scrolls the lanes as any page does; with ctrl or alt (and
// so by a pinch) it zooms at the cursor, with shift or sideways it pans. Over the overview and the axis the plain
// wheel zooms, since nothing scrolls there.

import type { Ns } from "../base/units.ts";
import { type Hit, hitLane } from "../model/hit.ts";
import { type Row, rowAt } from "../model/rows.ts";
import type { Selection } from "../model/selection.ts";
import { levelFor } from "../model/tiles.ts";
import { Class } from "../model/trace.ts";
import { around, pan, xToTime, zoomAt } from "../model/viewport.ts";
import type { Store } from "./store.ts";

/** Pixels that the mouse may move between press and release of a click. */
const CLICK_SLOP = 4;
const LINE_PX = 18;

export function wheelPixels(e: WheelEvent): { x: number; y: number } {
	const unit = e.deltaMode === 1 ? LINE_PX : e.deltaMode === 2 ? 400 : 1;
	return { x: e.deltaX * unit, y: e.deltaY * unit };
}

/** A notch of the wheel is about 100 px: a quarter more or less on screen. A pinch sends small steps, which weigh more. */
export const zoomFactor = (pixels: number, pinch: boolean): number =>
	Math.exp(
		Math.max(-300, Math.min(300, pixels)) * (pinch && Math.abs(pixels) < 40 ? 0.01 : 0.0022),
	);

export function wheel(store: Store, e: WheelEvent, box: DOMRect, zoomsPlain: boolean): void {
	e.preventDefault();
	const d = wheelPixels(e);
	const w = store.window.peek();
	const duration = store.duration.peek();
	const zooms =
		e.ctrlKey ||
		e.altKey ||
		e.metaKey ||
		(zoomsPlain && !e.shiftKey && Math.abs(d.y) >= Math.abs(d.x));
	if (zooms) {
		const at = xToTime(w, e.clientX - box.left, box.width);
		store.setWindow(zoomAt(w, at, zoomFactor(d.y, e.ctrlKey), duration));
		return;
	}
	const sideways = e.shiftKey ? d.x || d.y : Math.abs(d.x) > Math.abs(d.y) ? d.x : 0;
	if (sideways) store.setWindow(pan(w, (sideways / box.width) * (w.to - w.from), duration));
	else store.setScroll(store.scroll.peek() + d.y);
}

/** What the lanes show at a point of the canvas. */
export function pointAt(store: Store, x: number, y: number): { row: Row | undefined; t: Ns } {
	const { width } = store.view.peek();
	return {
		row: rowAt(store.rows.peek(), y + store.scroll.peek()),
		t: xToTime(store.window.peek(), x, width),
	};
}

/** The interval or column under a point, and the lane that it is on: stop-the-world goes before the GC phase around it. */
export function hitAt(store: Store, row: Row, t: Ns): { lane: string; hit: Hit } {
	const w = store.window.peek();
	const width = store.view.peek().width;
	const level = levelFor(w.to - w.from, Math.round(width * (window.devicePixelRatio || 1)));
	const perPixel = (w.to - w.from) / width;
	if (row.kind === "gc" && !store.hidden.peek().has(Class.stw)) {
		const stop = hitLane(store.tiles, "stw", level, t, 2 * perPixel);
		if (stop?.what === "span") return { lane: "stw", hit: stop };
	}
	return {
		lane: row.lane,
		hit: row.lane ? hitLane(store.tiles, row.lane, level, t, perPixel) : null,
	};
}

/** What a click there selects. */
export function selectionAt(store: Store, row: Row, t: Ns): Selection | null {
	const { lane, hit } = hitAt(store, row, t);
	if (!hit) return null;
	if (row.kind === "gc" && hit.what === "column") return { lane, t: Math.floor(t) };
	return { lane, t: hit.what === "span" ? hit.t : Math.floor(Math.max(0, t)) };
}

export function attachGestures(store: Store, el: HTMLElement): () => void {
	const ctl = new AbortController();
	const opt = { signal: ctl.signal };
	const box = () => el.getBoundingClientRect();
	let drag: {
		x: number;
		y: number;
		moved: boolean;
		from: Ns;
		to: Ns;
		scroll: number;
		band: boolean;
	} | null = null;

	el.addEventListener("wheel", (e) => wheel(store, e, box(), false), { ...opt, passive: false });
	el.addEventListener(
		"pointerdown",
		(e) => {
			if (e.button !== 0) return;
			const w = store.window.peek();
			drag = {
				x: e.clientX,
				y: e.clientY,
				moved: false,
				...w,
				scroll: store.scroll.peek(),
				band: e.shiftKey,
			};
			el.setPointerCapture(e.pointerId);
		},
		opt,
	);
	el.addEventListener(
		"pointermove",
		(e) => {
			const b = box();
			if (drag) {
				const dx = e.clientX - drag.x;
				const dy = e.clientY - drag.y;
				if (!drag.moved && Math.hypot(dx, dy) < CLICK_SLOP) return;
				drag.moved = true;
				if (drag.band) {
					store.band.value = [drag.x - b.left, e.clientX - b.left];
					return;
				}
				el.classList.add("dragging");
				const per = (drag.to - drag.from) / b.width;
				store.setWindow(pan({ from: drag.from, to: drag.to }, -dx * per, store.duration.peek()));
				store.setScroll(drag.scroll - dy);
				store.hover.value = null;
				return;
			}
			const { row, t } = pointAt(store, e.clientX - b.left, e.clientY - b.top);
			store.cursor.value = t;
			store.hover.value = row ? { row, t, x: e.clientX, y: e.clientY } : null;
		},
		opt,
	);
	const release = (e: PointerEvent) => {
		const was = drag;
		drag = null;
		el.classList.remove("dragging");
		if (!was) return;
		if (was.band && was.moved) {
			const b = box();
			const w = store.window.peek();
			const [t0, t1] = [was.x, e.clientX]
				.map((x) => xToTime(w, x - b.left, b.width))
				.sort((p, q) => p - q) as [Ns, Ns];
			store.setWindow(around(t0, t1, 1, store.duration.peek()));
		} else if (!was.moved && e.type === "pointerup") click(store, e, box());
		store.band.value = null;
	};
	el.addEventListener("pointerup", release, opt);
	el.addEventListener("pointercancel", release, opt);
	el.addEventListener(
		"pointerleave",
		() => {
			store.hover.value = null;
			store.cursor.value = null;
		},
		opt,
	);
	el.addEventListener(
		"dblclick",
		(e) => {
			const b = box();
			const { row, t } = pointAt(store, e.clientX - b.left, e.clientY - b.top);
			if (!row) return;
			const { hit } = hitAt(store, row, t);
			const duration = store.duration.peek();
			if (hit?.what === "span") store.setWindow(around(hit.start, hit.end, 0.6, duration));
			else store.setWindow(zoomAt(store.window.peek(), t, 0.25, duration));
		},
		opt,
	);
	return () => ctl.abort();
}

function click(store: Store, e: PointerEvent, b: DOMRect): void {
	const { row, t } = pointAt(store, e.clientX - b.left, e.clientY - b.top);
	if (!row) return;
	if (row.kind === "section") store.toggleSection(row.section);
	else if (row.kind === "more" && row.group !== undefined) store.moreMembers(row.group);
	else if (row.kind === "group" && row.group !== undefined) store.pickGroup(row.group);
	else if (row.kind === "heap" || row.kind === "counts") store.select(null);
	else store.select(selectionAt(store, row, t));
}
