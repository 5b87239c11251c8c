// SPDX-License-Identifier: MIT
// GC phases and stop-the-world: bars of a lane of their own, a tint or bars through all lanes.
//
// Both may be so frequent that, each drawn at the least width that the eye sees, they would cover everything. Where
// that threatens, a lane shows shares instead of bars, and only what stands out by its length goes through all lanes.

import { cutRight } from "../base/fit.ts";
import type { DevicePx, Ns } from "../base/units.ts";
import type { Piece } from "../model/tilecache.ts";
import { columnNs, TILE_COLUMNS, worstNs } from "../model/tiles.ts";
import { Class } from "../model/trace.ts";
import { Ink } from "./colours.ts";
import type { Frame } from "./drawlist.ts";
import { type Env, px, type Scale } from "./env.ts";
import { type Bar, pixelRange } from "./spans.ts";

/** A range, or a column of them, in pixels. */
export interface Mark {
	x0: number;
	x1: number;
	/** How much of the pixels it really covers, 0 to 1. */
	share: number;
	/** Length of the longest range in it. */
	longest: Ns;
}

type View = Pick<Env, "window" | "width" | "dpr" | "hidden">;

/** All ranges on screen, sorted, not merged. */
export function marksOf(
	pieces: readonly Piece[],
	scale: Scale,
	env: Pick<Env, "window" | "width">,
): Mark[] {
	const marks: Mark[] = [];
	const put = (start: Ns, end: Ns, share: number, longest: Ns) => {
		const [x0, x1] = pixelRange(scale.x(start), scale.x(end), env.width);
		const covered = ((end - start) * scale.perNs) / (x1 - x0);
		marks.push({ x0, x1, share: Math.min(1, share * covered), longest });
	};
	for (const { tile, from, to } of pieces) {
		const lo = Math.max(from, scale.from);
		const hi = Math.min(to, env.window.to);
		if (tile.kind === 1) {
			for (let i = 0; i < tile.count; i++) {
				const [begin, stop] = [tile.start[i] as number, tile.end[i] as number];
				const start = Math.max(begin, lo);
				if (start >= hi || stop <= lo) continue;
				put(start, Math.min(stop, hi), 1, stop - begin);
			}
		} else if (tile.kind === 5) {
			const col = columnNs(tile.level);
			const base = tile.block * TILE_COLUMNS * col;
			for (let c = 0; c < TILE_COLUMNS; c++) {
				const share = tile.share[c] as number;
				const start = Math.max(base + c * col, lo);
				const end = Math.min(base + (c + 1) * col, hi);
				if (share && start < end) put(start, end, share / 255, worstNs(tile.worst[c] as number));
			}
		}
	}
	return marks;
}

/** Ranges drawn at their least width may take up this share of the screen before they count as too many. */
const DENSE = 1 / 8;
/** Of too many, one mark on this many pixels may stand out, if it is this much longer than the median. */
const OUTSTANDING_PX = 48;
const OUTSTANDING_TIMES = 3;

const widths = (marks: readonly Mark[], least: DevicePx): number =>
	marks.reduce((sum, m) => sum + Math.max(m.x1 - m.x0, least), 0);
/** What really is covered is no clutter. */
const clutter = (marks: readonly Mark[], least: DevicePx): number =>
	widths(marks, least) - marks.reduce((sum, m) => sum + m.share * (m.x1 - m.x0), 0);

/** Pixel ranges, sorted and disjoint, of the marks that go through all lanes: all of them unless they are too many. */
export function prominent(
	marks: readonly Mark[],
	width: DevicePx,
	least: DevicePx,
): [number, number][] {
	let chosen = marks;
	if (clutter(marks, least) > width * DENSE) {
		const byLength = [...marks].sort((a, b) => b.longest - a.longest);
		const median = byLength[byLength.length >> 1]?.longest ?? 0;
		chosen = byLength
			.slice(0, Math.ceil(width / OUTSTANDING_PX))
			.filter((m) => m.longest >= OUTSTANDING_TIMES * median || m.share > 0.5)
			.sort((a, b) => a.x0 - b.x0);
	}
	const out: [number, number][] = [];
	for (const m of chosen) {
		const last = out[out.length - 1];
		const x1 = Math.max(m.x1, m.x0 + least);
		if (last && m.x0 <= last[1]) last[1] = Math.max(last[1], x1);
		else out.push([m.x0, x1]);
	}
	return out;
}

/** A lane of ranges. Prominent ones are full bars; where there are too many the others stand as high as their share. */
export function fillRanges(
	pieces: readonly Piece[],
	cls: number,
	bar: Bar,
	scale: Scale,
	env: View,
	out: Frame,
): void {
	if (env.hidden.has(cls)) return;
	const least = px(cls === Class.stw ? 2 : 1, env.dpr);
	const marks = marksOf(pieces, scale, env);
	const full = prominent(marks, env.width, least);
	let k = 0;
	for (const m of marks) {
		while (k < full.length && (full[k]?.[1] as number) < m.x1) k++;
		const inFull = k < full.length && (full[k]?.[0] as number) <= m.x0;
		if (inFull) continue;
		const h = Math.max(
			Math.max(1, Math.min(px(2, env.dpr), Math.floor(bar.h / 4))),
			Math.round(bar.h * m.share),
		);
		out.rects.add(m.x0, bar.y + bar.h - h, Math.max(m.x1 - m.x0, least), h, cls);
	}
	for (const [x0, x1] of full) out.rects.add(x0, bar.y, x1 - x0, bar.h, cls);
}

/** The names of GC phases and of stops, where they fit: a phase's beside the stops that lie on it. */
export function labelRanges(
	gc: readonly Piece[],
	stw: readonly Piece[],
	bar: Bar,
	scale: Scale,
	env: Env,
	out: Frame,
): void {
	const stops = env.hidden.has(Class.stw)
		? []
		: prominent(marksOf(stw, scale, env), env.width, px(2, env.dpr));
	/** The first stretch between stops that has room for some letters. */
	const phase = (x0: number, x1: number): [number, number] => {
		const least = 40 * env.dpr;
		for (const [a, b] of stops) {
			if (b <= x0) continue;
			if (a >= x1 || a - x0 >= least) return [x0, Math.min(x1, a)];
			x0 = b;
		}
		return [x0, x1];
	};
	labelLane(gc, "gc", Class.gc, phase, bar, scale, env, out);
	labelLane(stw, "stw", Class.stw, (x0, x1) => [x0, x1], bar, scale, env, out);
}

function labelLane(
	pieces: readonly Piece[],
	lane: string,
	cls: number,
	free: (x0: number, x1: number) => [number, number],
	bar: Bar,
	scale: Scale,
	env: Env,
	out: Frame,
): void {
	if (env.hidden.has(cls)) return;
	const pad = px(4, env.dpr);
	for (const piece of pieces) {
		const tile = piece.tile;
		if (tile.kind !== 1) continue;
		for (let i = 0; i < tile.count; i++) {
			const begin = tile.start[i] as number;
			const start = Math.max(begin, env.window.from);
			// A range that touches two tiles is in both; the first one on screen writes its name.
			if (start >= piece.to || (start < piece.from && piece.from > env.window.from)) continue;
			const end = Math.min(env.width, scale.x(tile.end[i] as number));
			const [x0, x1] = free(scale.x(start), end);
			const room = x1 - x0 - 2 * pad;
			if (room < 18 * env.dpr) continue;
			const name = env.rangeName(tile.row[i] as number, lane, begin) ?? (lane === "gc" ? "GC" : "");
			const text = cutRight(name, room / env.dpr, env.measure);
			const y = bar.y + bar.h / 2;
			const colour = Ink.onClass + cls;
			if (text) out.texts.push({ text, x: x0 + pad, y, colour, size: 11, align: "left" });
		}
	}
}

/** The GC's tint through all lanes, where it took most of the pixels. */
export function fillTint(marks: readonly Mark[], bottom: DevicePx, out: Frame): void {
	let [a, b] = [0, -1];
	const flush = () => {
		if (b > a) out.back.add(a, 0, b - a, bottom, Ink.gcTint);
	};
	for (const m of marks) {
		if (m.share < 0.5) continue;
		if (m.x0 <= b) b = Math.max(b, m.x1);
		else {
			flush();
			[a, b] = [m.x0, m.x1];
		}
	}
	flush();
}
