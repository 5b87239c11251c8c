// SPDX-License-Identifier: MIT
// Columns of a tile to pixels: 512 × h, one pixel a column, bottom-aligned. Pure; paint.ts keeps the results.
//
// A column that holds several states shows how much of each, stacked. Heights grow with the square root of the share
// on goroutine lanes, where a hundredth of a column must still be seen, and linearly on procs, where the eye reads
// the share itself. Where a column is all of one state it looks exactly as the interval does when drawn alone, so
// that nothing jumps when the server goes from columns to intervals.

import {
	type CountTile,
	Flag,
	type StateTile,
	TILE_COLUMNS,
	type Tile,
	worstNs,
} from "../model/tiles.ts";
import { Class } from "../model/trace.ts";
import { Ink, type Palette } from "./colours.ts";
import type { ImageOp } from "./drawlist.ts";

/** Height of a state as a share of the bar. */
export const HEIGHT_RUN = 1;
export const HEIGHT_SYSCALL = 0.8;
export const HEIGHT_RUNNABLE = 0.6;
/** A quarter of the column. */
const MOSTLY_WAITS = 64;
/** The line of a wait, CSS pixels. */
export const WAIT_LINE = 3;

/** A runnable span of this length is marked wherever its column would hide it. */
export const OUTLIER_NS = 1e6;
/** Below this height (CSS pixels) amber may escape the eye. */
const SEEN_PX = 4;
/** The mark: a tick that hangs from the lane's top. */
export const TICK_PX = 4;
/** Marks are for what is rare: at most this many columns of a tile may be about as bad. */
const RARE_COLUMNS = 24;

/** The shortest wait that gets a mark: a millisecond, or more where milliseconds are the rule in this tile. */
export function outlierFrom(worst: (column: number) => number): number {
	const all: number[] = [];
	for (let c = 0; c < TILE_COLUMNS; c++) {
		const w = worst(c);
		if (w >= OUTLIER_NS) all.push(w);
	}
	if (all.length <= RARE_COLUMNS) return OUTLIER_NS;
	all.sort((a, b) => b - a);
	return 1.5 * (all[RARE_COLUMNS] as number);
}

export function rasterTile(op: ImageOp, palette: Palette): Uint32Array {
	const out = new Uint32Array(TILE_COLUMNS * op.h);
	const tile: Tile = op.tile;
	if (tile.kind === 2) (op.style === "proc" ? rasterProc : rasterGoroutine)(tile, op, palette, out);
	else if (tile.kind === 3) rasterCounts(tile, op, palette, out);
	return out;
}

/** Fills rows [bottom - to, bottom - from) of a column; returns `to`. */
function stack(
	out: Uint32Array,
	h: number,
	column: number,
	from: number,
	to: number,
	pixel: number,
): number {
	if (pixel !== 0)
		for (let y = h - to; y < h - from; y++) if (y >= 0) out[y * TILE_COLUMNS + column] = pixel;
	return to;
}

/** The edge of a wait that fills the next column needs no mark: it is seen there. */
function besideAmber(runnable: ArrayLike<number>, c: number, much: number): boolean {
	return (runnable[c - 1] ?? 0) >= much || (runnable[c + 1] ?? 0) >= much;
}

function tick(out: Uint32Array, h: number, column: number, length: number, pixel: number): void {
	if (pixel !== 0) for (let y = 0; y < length && y < h; y++) out[y * TILE_COLUMNS + column] = pixel;
}

function rasterGoroutine(tile: StateTile, op: ImageOp, palette: Palette, out: Uint32Array): void {
	const { h, dpr } = op;
	const { rgba, hidden } = palette;
	const line = Math.max(1, Math.round(WAIT_LINE * dpr));
	const seen = SEEN_PX * dpr;
	const outlier = outlierFrom((c) => worstNs(tile.worst[c] as number));
	for (let c = 0; c < TILE_COLUMNS; c++) {
		const run = hidden.has(Class.run) ? 0 : (tile.run[c] as number);
		const sys = hidden.has(Class.sys) ? 0 : (tile.syscall[c] as number);
		const wants = hidden.has(Class.wait) ? 0 : (tile.runnable[c] as number);
		const wait = tile.wait[c] as number;
		const active = run + sys + wants;
		let foot = 0;
		if (wait > 0) foot = stack(out, h, c, 0, line, rgba[tile.cls[c] as number] as number);
		let amber = 0;
		if (active > 0) {
			const mean = (run * HEIGHT_RUN + sys * HEIGHT_SYSCALL + wants * HEIGHT_RUNNABLE) / active;
			// Where the goroutine mostly waited, what it did stands on the line of the wait.
			let y = wait >= MOSTLY_WAITS ? foot : 0;
			const height = Math.max(Math.sqrt(Math.min(1, active / 255)) * (mean * h - y), 1);
			const unit = height / active;
			const part = (share: number, pixel: number) => {
				if (share > 0) y = stack(out, h, c, y, y + Math.max(1, Math.round(share * unit)), pixel);
			};
			part(run, rgba[(tile.flags[c] as number) & Flag.gc ? Class.gc : Class.run] as number);
			part(sys, rgba[Class.sys] as number);
			part(wants, rgba[Class.wait] as number);
			amber = wants * unit;
		}
		if (
			amber < seen &&
			worstNs(tile.worst[c] as number) >= outlier &&
			!besideAmber(tile.runnable, c, 128)
		)
			tick(out, h, c, Math.round(TICK_PX * dpr), rgba[Class.wait] as number);
	}
}

function rasterProc(tile: StateTile, op: ImageOp, palette: Palette, out: Uint32Array): void {
	const { h, dpr } = op;
	const { rgba } = palette;
	for (let c = 0; c < TILE_COLUMNS; c++) {
		const busy = (tile.run[c] as number) + (tile.runnable[c] as number);
		const sys = tile.syscall[c] as number;
		// What is there at all is two pixels high.
		const least = Math.max(1, Math.round(2 * dpr));
		let y = 0;
		if (busy > 0) {
			const cls = tile.cls[c] as number;
			const top = Math.min(h, Math.max(least, Math.round((busy / 255) * h)));
			y = stack(out, h, c, 0, top, rgba[cls === Class.idle ? Class.run : cls] as number);
		}
		if (sys > 0)
			stack(
				out,
				h,
				c,
				y,
				Math.min(h, y + Math.max(1, Math.round((sys / 255) * h))),
				rgba[Class.sys] as number,
			);
	}
}

/** Number of goroutines at which the logarithmic part of a summary is full. */
const QUEUE_FULL = 255;
export const queueHeight = (n: number): number =>
	Math.min(1, Math.log2(1 + n) / Math.log2(1 + QUEUE_FULL));
/** What running all procs leaves to those who queue. */
const RUN_ROOM = 0.7;

function rasterCounts(tile: CountTile, op: ImageOp, palette: Palette, out: Uint32Array): void {
	const { h, dpr } = op;
	const { rgba, hidden } = palette;
	const one = Math.max(1, Math.round(dpr));
	const outlier = outlierFrom((c) => tile.worst[c] as number);
	const running = rgba[op.run] as number;
	for (let c = 0; c < TILE_COLUMNS; c++) {
		const run = hidden.has(Class.run) ? 0 : (tile.running[c] as number);
		const sys = hidden.has(Class.sys) ? 0 : (tile.syscall[c] as number);
		const wants = hidden.has(Class.wait) ? 0 : (tile.runnable[c] as number);
		let y = 0;
		if ((tile.waiting[c] as number) > 0 || run + sys + wants > 0)
			y = stack(out, h, c, 0, one, rgba[Ink.exists] as number);
		if (run > 0)
			y = stack(
				out,
				h,
				c,
				0,
				Math.max(one, Math.round(Math.min(1, run / op.scale) * RUN_ROOM * h)),
				running,
			);
		const room = h - y;
		if (sys > 0)
			y = stack(
				out,
				h,
				c,
				y,
				y + Math.max(one, Math.round(queueHeight(sys) * room * 0.5)),
				rgba[Class.sys] as number,
			);
		let amber = 0;
		if (wants > 0) {
			amber = Math.max(one, Math.round(queueHeight(wants) * (h - y)));
			stack(out, h, c, y, y + amber, rgba[Class.wait] as number);
		}
		if (
			amber < 2 * dpr &&
			(tile.worst[c] as number) >= outlier &&
			!hidden.has(Class.wait) &&
			!besideAmber(tile.runnable, c, 0.5)
		)
			tick(out, h, c, Math.round(TICK_PX * dpr), rgba[Class.wait] as number);
	}
}
