// SPDX-License-Identifier: MIT
// Curves: the heap with its goal, and how many goroutines were in which state.

import { upperBound } from "../base/search.ts";
import type { DevicePx, Ns } from "../base/units.ts";
import type { Piece, TileCache } from "../model/tilecache.ts";
import { type CountTile, columnAt, columnNs, TILE_COLUMNS } from "../model/tiles.ts";
import { Class } from "../model/trace.ts";
import { Ink } from "./colours.ts";
import type { Frame, Rects } from "./drawlist.ts";
import { type Env, px, type Scale } from "./env.ts";
import type { Bar } from "./spans.ts";

/** Per pixel column of the plot: lowest, highest and last value; NaN where nothing is known. */
export interface Curve {
	lo: Float64Array;
	hi: Float64Array;
	last: Float64Array;
}

/** Samples a counter lane once a pixel, keeping extremes, so that a spike between two pixels is still drawn. */
export function curveOf(pieces: readonly Piece[], scale: Scale, width: DevicePx): Curve {
	const lo = new Float64Array(width).fill(Number.NaN);
	const hi = new Float64Array(width).fill(Number.NaN);
	const last = new Float64Array(width).fill(Number.NaN);
	const put = (x: number, min: number, max: number, end: number) => {
		if (!(x >= 0 && x < width)) return;
		lo[x] = Number.isNaN(lo[x] as number) ? min : Math.min(lo[x] as number, min);
		hi[x] = Number.isNaN(hi[x] as number) ? max : Math.max(hi[x] as number, max);
		last[x] = end;
	};
	for (const { tile, from, to } of pieces) {
		if (tile.kind === 6) {
			for (let i = 0; i < tile.count; i++) {
				const a = Math.max(tile.time[i] as number, from);
				const b = i + 1 < tile.count ? Math.min(tile.time[i + 1] as number, to) : to;
				if (b <= a) continue;
				const v = tile.value[i] as number;
				const x1 = Math.min(width - 1, Math.floor(scale.x(b)));
				for (let x = Math.max(0, Math.floor(scale.x(a))); x <= x1; x++) put(x, v, v, v);
			}
		} else if (tile.kind === 4) {
			const col = columnNs(tile.level);
			const base = tile.block * TILE_COLUMNS * col;
			const c0 = Math.max(0, Math.floor((Math.max(from, scale.from) - base) / col));
			for (let c = c0; c < TILE_COLUMNS && base + c * col < to; c++) {
				const min = tile.min[c] as number;
				if (Number.isNaN(min)) continue;
				const x1 = Math.max(
					Math.floor(scale.x(base + c * col)),
					Math.ceil(scale.x(base + (c + 1) * col)) - 1,
				);
				if (scale.x(base + c * col) > width) break;
				for (
					let x = Math.max(0, Math.floor(scale.x(base + c * col)));
					x <= Math.min(x1, width - 1);
					x++
				)
					put(x, min, tile.max[c] as number, tile.last[c] as number);
			}
		}
	}
	return { lo, hi, last };
}

/** Runs of equal pixels become one rectangle. */
class Runs {
	private x0 = 0;
	private y = 0;
	private h = 0;
	private colour = -1;
	private x1 = -1;
	constructor(private readonly out: Rects) {}
	add(x: number, y: number, h: number, colour: number): void {
		if (x === this.x1 && y === this.y && h === this.h && colour === this.colour) {
			this.x1++;
			return;
		}
		this.flush();
		[this.x0, this.x1, this.y, this.h, this.colour] = [x, x + 1, y, h, colour];
	}
	flush(): void {
		if (this.x1 > this.x0 && this.h > 0)
			this.out.add(this.x0, this.y, this.x1 - this.x0, this.h, this.colour);
		this.x1 = -1;
		this.x0 = 0;
	}
}

export function fillHeap(bar: Bar, scale: Scale, env: Env, out: Frame): void {
	const { from, to } = env.window;
	const live = curveOf(env.tiles.cover("heap", scale.level, from, to), scale, env.width);
	const goal = curveOf(env.tiles.cover("goal", scale.level, from, to), scale, env.width);
	const y = (v: number) =>
		bar.y + bar.h - Math.round((Math.min(v, env.heapMax) / env.heapMax) * (bar.h - 1));
	const thick = px(1, env.dpr);
	const fill = new Runs(out.rects);
	for (let x = 0; x < env.width; x++) {
		const v = live.last[x] as number;
		if (!Number.isNaN(v)) fill.add(x, y(v), bar.y + bar.h - y(v), Ink.accentFill);
	}
	fill.flush();
	line(goal, y, thick, Ink.ink3, env.width, px(4, env.dpr), out.rects);
	line(live, y, thick, Ink.accent, env.width, 0, out.rects);
}

/** The upper edge of a curve, its steps joined; dashed if `dash` is not 0. */
function line(
	c: Curve,
	y: (v: number) => number,
	thick: number,
	colour: number,
	width: number,
	dash: number,
	out: Rects,
): void {
	const runs = new Runs(out);
	let before = Number.NaN;
	for (let x = 0; x < width; x++) {
		const v = c.last[x] as number;
		if (Number.isNaN(v)) {
			before = v;
			continue;
		}
		let top = y(c.hi[x] as number);
		let foot = y(c.lo[x] as number) + thick;
		if (!Number.isNaN(before)) {
			top = Math.min(top, y(before));
			foot = Math.max(foot, y(before) + thick);
		}
		before = v;
		if (dash && Math.floor(x / dash) % 2) continue;
		runs.add(x, top, foot - top, colour);
	}
	runs.flush();
}

/** Mean numbers of goroutines per pixel column, cumulated upwards: running, + syscall, + runnable, + waiting. */
export function countsOf(pieces: readonly Piece[], scale: Scale, width: DevicePx): Float32Array[] {
	const planes = [0, 1, 2, 3].map(() => new Float32Array(width));
	for (const { tile, from, to } of pieces) {
		if (tile.kind !== 3) continue;
		const col = columnNs(tile.level);
		const base = tile.block * TILE_COLUMNS * col;
		const x0 = Math.max(0, Math.round(scale.x(from)));
		const x1 = Math.min(width, Math.round(scale.x(to)));
		for (let x = x0; x < x1; x++) {
			const c = Math.floor((scale.from + (x + 0.5) / scale.perNs - base) / col);
			if (c >= 0 && c < TILE_COLUMNS) putCounts(tile, c, planes, x);
		}
	}
	return planes;
}

function putCounts(tile: CountTile, c: number, planes: Float32Array[], x: number): void {
	let sum = 0;
	[tile.running, tile.syscall, tile.runnable, tile.waiting].forEach((plane, i) => {
		sum += plane[c] as number;
		(planes[i] as Float32Array)[x] = sum;
	});
}

const STACK_COLOURS = [Class.run, Class.sys, Class.wait, Class.idle] as const;

/** The logarithmic scale of a count plot: full at the next power of two, so that it holds still while one pans. */
export function countScale(plane: Float32Array): (n: number) => number {
	let max = 1;
	for (const v of plane) if (v > max) max = v;
	const full = Math.ceil(Math.log2(1 + max) + 1e-6);
	return (n) => Math.log2(1 + n) / full;
}

/** Stacked counts on a logarithmic scale; the topmost `layers` planes of countsOf are drawn. */
export function fillCounts(
	pieces: readonly Piece[],
	bar: Bar,
	layers: number,
	scale: Scale,
	width: DevicePx,
	hidden: ReadonlySet<number>,
	out: Rects,
): void {
	const planes = countsOf(pieces, scale, width).slice(0, layers);
	const height = countScale(planes[layers - 1] as Float32Array);
	const runs = planes.map(() => new Runs(out));
	for (let x = 0; x < width; x++) {
		let below = 0;
		for (let i = 0; i < layers; i++) {
			const v = (planes[i] as Float32Array)[x] as number;
			if (v <= 0) continue;
			const top = Math.max(below, Math.round(height(v) * bar.h));
			const colour = STACK_COLOURS[i] as number;
			if (top > below && !hidden.has(colour))
				(runs[i] as Runs).add(x, bar.y + bar.h - top, top - below, colour);
			below = top;
		}
	}
	for (const r of runs) r.flush();
}

/** Value of a counter lane, or the number of goroutines of `all`, at t by the tiles that are here; NaN if none is. */
export function counterAt(tiles: TileCache, lane: string, level: number, t: Ns): number {
	const piece = tiles.cover(lane, level, t, t + 1)[0];
	if (!piece) return Number.NaN;
	const tile = piece.tile;
	if (tile.kind === 6) return tile.value[Math.max(0, upperBound(tile.time, t) - 1)] ?? Number.NaN;
	if (tile.kind === 4) {
		const c = Math.floor(t / columnNs(tile.level)) - tile.block * TILE_COLUMNS;
		return tile.last[Math.min(TILE_COLUMNS - 1, Math.max(0, c))] ?? Number.NaN;
	}
	if (tile.kind === 3) {
		const c = columnAt(tile, t);
		return [tile.running, tile.syscall, tile.runnable, tile.waiting].reduce(
			(sum, plane) => sum + (plane[c] as number),
			0,
		);
	}
	return Number.NaN;
}
