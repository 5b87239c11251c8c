// SPDX-License-Identifier: MIT
// One frame of the lanes: background, every visible row, marks through all of them. And the overview above.

import type { DevicePx, Ns } from "../base/units.ts";
import type { Row } from "../model/rows.ts";
import type { Piece, TileCache } from "../model/tilecache.ts";
import { blockNs, blocksOf, topLevel } from "../model/tiles.ts";
import { Class } from "../model/trace.ts";
import { wholeTrace } from "../model/viewport.ts";
import { axisTicks } from "./axis.ts";
import { Ink } from "./colours.ts";
import type { Frame } from "./drawlist.ts";
import { BAR, type Env, px, rowTop, Scale } from "./env.ts";
import { fillCounts, fillHeap } from "./plots.ts";
import { fillRanges, fillTint, labelRanges, marksOf, prominent } from "./ranges.ts";
import { type Bar, fillImage, fillPieces } from "./spans.ts";

export function fillTimeline(env: Env, out: Frame): void {
	const scale = new Scale(env.window, env.width);
	const { from, to } = env.window;
	const last = env.rows[env.rows.length - 1];
	const bottom = last ? Math.min(env.height, rowTop(last, env) + Math.round(last.h * env.dpr)) : 0;
	const gc = env.tiles.cover("gc", scale.level, from, to);
	const stw = env.tiles.cover("stw", scale.level, from, to);

	for (const t of axisTicks(env.window, env.width / env.dpr, env.measure).times)
		out.back.add(Math.round(scale.x(t)), 0, px(1, env.dpr), bottom, Ink.line2);
	if (!env.hidden.has(Class.gc)) fillTint(marksOf(gc, scale, env), bottom, out);
	for (const row of env.rows) {
		const y = rowTop(row, env);
		const foot = y + Math.round(row.h * env.dpr) - px(1, env.dpr);
		out.back.add(0, foot, env.width, px(1, env.dpr), Ink.line2);
		if (row.kind === "section" && row.y > 0)
			out.back.add(0, y - px(1, env.dpr), env.width, px(1, env.dpr), Ink.line);
		fillRow(row, y, gc, stw, scale, env, out);
	}
	fillStopMarks(stw, bottom, scale, env, out);
	prefetch(env, scale.level);
}

/** Levels finer that procs and threads are looked at, where columns hide long intervals. */
const FINER = 2;

/** The runtime's own workers run in the GC's colour here as on the procs. */
const isGcWorker = (name: string) => name.startsWith("runtime.gcBgMarkWorker");

function barOf(row: Row, y: DevicePx, dpr: number): Bar {
	const [top, h] = BAR[row.kind] ?? [0, row.h];
	return { y: y + Math.round(top * dpr), h: Math.round(h * dpr) };
}

function fillRow(
	row: Row,
	y: DevicePx,
	gc: Piece[],
	stw: Piece[],
	scale: Scale,
	env: Env,
	out: Frame,
): void {
	const bar = barOf(row, y, env.dpr);
	const pieces = () => env.tiles.cover(row.lane, scale.level, env.window.from, env.window.to);
	switch (row.kind) {
		case "gc":
			fillRanges(gc, Class.gc, bar, scale, env, out);
			fillRanges(stw, Class.stw, bar, scale, env, out);
			labelRanges(gc, stw, bar, scale, env, out);
			break;
		case "heap":
			fillHeap(bar, scale, env, out);
			break;
		case "counts":
			fillCounts(pieces(), bar, 4, scale, env.width, env.hidden, out.rects);
			break;
		case "proc":
		case "thread":
			fillPieces(
				env.tiles.refine(row.lane, pieces(), scale.level, FINER),
				row.kind,
				bar,
				scale,
				env,
				out,
			);
			break;
		case "member":
			fillPieces(pieces(), row.kind, bar, scale, env, out);
			break;
		case "group":
			for (const p of pieces())
				if (p.tile.kind === 3)
					fillImage(
						p.tile,
						p,
						"counts",
						bar,
						scale,
						env,
						out,
						isGcWorker(row.label) ? Class.gc : Class.run,
					);
			break;
	}
}

/** A stop-the-world stops everything: its bar goes through all lanes, never thinner than two pixels. */
function fillStopMarks(stw: Piece[], bottom: DevicePx, scale: Scale, env: Env, out: Frame): void {
	if (env.hidden.has(Class.stw)) return;
	const edge = px(2, env.dpr);
	for (const [x0, x1] of prominent(marksOf(stw, scale, env), env.width, edge)) {
		if (x1 - x0 <= 4 * edge) out.front.add(x0, 0, x1 - x0, bottom, Ink.stwMark);
		else {
			// Wide enough to see what stood still beneath it.
			out.front.add(x0, 0, edge, bottom, Ink.stwMark);
			out.front.add(x0 + edge, 0, x1 - x0 - 2 * edge, bottom, Ink.stwTint);
			out.front.add(x1 - edge, 0, edge, bottom, Ink.stwMark);
		}
	}
}

/** Once all that is on screen is here: a screen to the left and right, and the tile that holds the whole trace. */
function prefetch(env: Env, level: number): void {
	if (env.tiles.wantsAny()) return;
	const length = env.window.to - env.window.from;
	const top = topLevel(env.duration);
	const lanes = new Set(["gc", "stw"]);
	for (const row of env.rows) if (row.lane) lanes.add(row.lane);
	if (lanes.has("heap")) lanes.add("goal");
	for (const lane of lanes) if (top > level) env.tiles.want(lane, top, 0);
	const [b0, b1] = blocksOf(
		Math.max(0, env.window.from - length),
		Math.min(env.duration, env.window.to + length),
		level,
	);
	for (let b = b0; b <= b1; b++) {
		if (b * blockNs(level) >= env.duration) break;
		for (const lane of lanes) env.tiles.want(lane, level, b);
	}
}

export interface Overview {
	tiles: TileCache;
	duration: Ns;
	width: DevicePx;
	height: DevicePx;
	dpr: number;
	hidden: ReadonlySet<number>;
}

/** The whole trace: running, syscalls and runnable on a logarithmic scale, GC at the top edge, stop-the-world in red. */
export function fillOverview(o: Overview, out: Frame): void {
	const window = wholeTrace(o.duration);
	const env = { window, width: o.width, dpr: o.dpr, hidden: o.hidden };
	const scale = new Scale(window, o.width);
	const top = px(10, o.dpr);
	const bar = { y: top, h: o.height - top - px(4, o.dpr) };
	fillCounts(
		o.tiles.cover("all", scale.level, 0, o.duration),
		bar,
		3,
		scale,
		o.width,
		o.hidden,
		out.rects,
	);
	const strip = { y: px(3, o.dpr), h: px(4, o.dpr) };
	const gc = o.tiles.cover("gc", scale.level, 0, o.duration);
	fillRanges(gc, Class.gc, strip, scale, env, out);
	const stw = o.tiles.cover("stw", scale.level, 0, o.duration);
	fillRanges(stw, Class.stw, strip, scale, env, out);
}
