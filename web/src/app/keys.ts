// SPDX-License-Identifier: MIT
// The keyboard. Keys that move are followed while they are held, once a frame, so that the picture glides; a tap
// still moves by a step that the eye can follow.

import { pan, xToTime, zoomAt } from "../model/viewport.ts";
import type { Store } from "../views/store.ts";
import { toggleTheme } from "./theme.ts";

/** Per second of holding: share of the window for pans, factor (as its logarithm) for zooms. */
const PAN_SPEED = 1.4;
const ZOOM_SPEED = 2.2;
const SCROLL_STEP = 66;
/** A tap counts as this long at least. */
const TAP_S = 0.08;

const MOVES: Readonly<Record<string, "left" | "right" | "in" | "out">> = {
	a: "left",
	d: "right",
	w: "in",
	s: "out",
	arrowleft: "left",
	arrowright: "right",
	"+": "in",
	"=": "in",
	"-": "out",
};

export function listenKeys(store: Store): void {
	const held = new Set<string>();
	let last = 0;
	let running = false;

	const move = (seconds: number) => {
		const w = store.window.peek();
		const d = store.duration.peek();
		const length = w.to - w.from;
		let next = w;
		for (const key of held) {
			const what = MOVES[key];
			if (what === "left" || what === "right")
				next = pan(next, (what === "left" ? -1 : 1) * PAN_SPEED * seconds * length, d);
			else if (what) {
				const at = store.cursor.peek() ?? xToTime(w, 0.5, 1);
				next = zoomAt(next, at, Math.exp((what === "in" ? -1 : 1) * ZOOM_SPEED * seconds), d);
			}
		}
		store.setWindow(next);
	};
	const run = (now: number) => {
		// A frame's time may lie before the key's, and far behind it after a pause.
		move(Math.max(0, Math.min(0.1, (now - last) / 1000)));
		last = now;
		running = held.size > 0;
		if (running) requestAnimationFrame(run);
	};

	addEventListener("keydown", (e) => {
		const key = e.key.toLowerCase();
		if ((e.ctrlKey || e.metaKey) && key === "k") {
			e.preventDefault();
			store.searchFocus.value++;
			return;
		}
		const target = e.target as HTMLElement;
		if (e.ctrlKey || e.metaKey || e.altKey || target.matches("input, textarea, select")) return;
		if (key === "escape" && store.help.peek()) {
			store.help.value = false;
			return;
		}
		if (key === "?") {
			store.help.value = !store.help.peek();
			return;
		}
		if (store.page.peek() !== "timeline" && (store.pageKey?.(e.key) || store.tableKey?.(e.key))) {
			e.preventDefault();
			return;
		}
		if (key === "escape") {
			store.select(null);
			return;
		}
		if (key === "/") {
			e.preventDefault();
			store.searchFocus.value++;
			return;
		}
		if (key === "t") return toggleTheme();
		if (store.page.peek() !== "timeline") {
			if (key === "g") store.setPage("timeline");
			return;
		}
		const page = store.view.peek().height * 0.9;
		const scroll = { arrowup: -SCROLL_STEP, arrowdown: SCROLL_STEP, pageup: -page, pagedown: page }[
			key
		];
		if (MOVES[key]) {
			if (!e.repeat && !held.has(key)) {
				held.add(key);
				move(TAP_S);
				last = performance.now();
				if (!running) requestAnimationFrame(run);
				running = true;
			}
		} else if (scroll !== undefined) store.setScroll(store.scroll.peek() + scroll);
		else if (key === "f") store.fitSelection();
		else if (key === "home") store.fit();
		else if (key === ",") store.step(-1);
		else if (key === ".") store.step(1);
		else if (key === "g") store.setPage("goroutines");
		else return;
		e.preventDefault();
	});
	addEventListener("keyup", (e) => held.delete(e.key.toLowerCase()));
	addEventListener("blur", () => held.clear());
}
