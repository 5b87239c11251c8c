// SPDX-License-Identifier: MIT
// What a frame is drawn from, and the arithmetic that all its parts share.

import type { Measure } from "../base/fit.ts";
import type { DevicePx, Ns } from "../base/units.ts";
import type { Row } from "../model/rows.ts";
import type { TileCache } from "../model/tilecache.ts";
import { levelFor } from "../model/tiles.ts";
import type { Window } from "../model/viewport.ts";

export interface Env {
	tiles: TileCache;
	window: Window;
	duration: Ns;
	width: DevicePx;
	height: DevicePx;
	dpr: number;
	/** Vertical scroll, CSS pixels. */
	scroll: number;
	rows: readonly Row[];
	procs: number;
	heapMax: number;
	/** Start function of a group, by its ix. */
	groupName: (ix: number) => string;
	/** A string of the trace by its index, if it is known yet. */
	rangeName: (ix: number, lane: string, t: Ns) => string | undefined;
	/** Width of a text of 11 px, in CSS pixels. */
	measure: Measure;
	hidden: ReadonlySet<number>;
}

/** Window to device pixels: x = (t - from) * perNs. */
export class Scale {
	readonly perNs: number;
	readonly from: Ns;
	readonly level: number;

	constructor(window: Window, width: DevicePx) {
		this.from = window.from;
		this.perNs = width / (window.to - window.from);
		this.level = levelFor(window.to - window.from, width);
	}

	x(t: Ns): DevicePx {
		return (t - this.from) * this.perNs;
	}
}

/** CSS pixels to whole device pixels, at least one where the length is not zero. */
export function px(css: number, dpr: number): DevicePx {
	const d = Math.round(css * dpr);
	return css > 0 && d < 1 ? 1 : d;
}

/** Top of a row's box on the canvas. */
export const rowTop = (row: Row, env: Env): DevicePx => Math.round((row.y - env.scroll) * env.dpr);

/** The bar inside a row: distance from the row's top, and height, CSS pixels. */
export const BAR: Readonly<Record<string, readonly [number, number]>> = {
	gc: [4, 12],
	proc: [3, 18],
	thread: [3, 14],
	group: [4, 15],
	member: [3, 12],
	heap: [3, 36],
	counts: [3, 36],
};
