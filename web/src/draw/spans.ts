// SPDX-License-Identifier: MIT
// Exact intervals, and tile columns, of one lane. What does not fill a pixel is merged while it is scanned: a lane
// never gives more rectangles than it has pixels, however many intervals a tile holds.

import { cutRight } from "../base/fit.ts";
import { formatDuration, tailFunction } from "../base/format.ts";
import { upperBound } from "../base/search.ts";
import type { DevicePx } from "../base/units.ts";
import type { Piece } from "../model/tilecache.ts";
import { columnNs, type SpanTile, TILE_COLUMNS, type Tile } from "../model/tiles.ts";
import { Class, State } from "../model/trace.ts";
import { Ink } from "./colours.ts";
import type { Frame, ImageStyle } from "./drawlist.ts";
import { type Env, px, type Scale } from "./env.ts";
import { HEIGHT_RUNNABLE, HEIGHT_SYSCALL, WAIT_LINE } from "./raster.ts";

/** A bar's place: its top and height in device pixels. */
export interface Bar {
	y: DevicePx;
	h: DevicePx;
}

/** Intervals narrower than this (CSS pixels) carry no text. */
const LABEL_MIN = 26;
/** The length of a wait is told only where it is long on screen: waits are the rule, and text is ink. */
const WAIT_LABEL_MIN = 120;
/** Narrower neighbours are not separated. */
const GAP_MIN = 4;

function heightOf(state: number, h: DevicePx): DevicePx {
	if (state === State.syscall || state === State.syscallBlocked)
		return Math.round(h * HEIGHT_SYSCALL);
	if (state === State.runnable) return Math.round(h * HEIGHT_RUNNABLE);
	return h;
}

/** A run of equal rectangles that touch, kept back until something else follows. */
class Pending {
	x0 = 0;
	x1 = -1;
	h = 0;
	colour = -1;

	add(x0: number, x1: number, h: number, colour: number, bar: Bar, out: Frame): void {
		if (colour === this.colour && h === this.h && x0 <= this.x1) {
			if (x1 > this.x1) this.x1 = x1;
			return;
		}
		// Wholly behind what is already there and no higher: it would not be seen.
		if (x1 <= this.x1 && h <= this.h) return;
		this.flush(bar, out);
		this.x0 = x0;
		this.x1 = x1;
		this.h = h;
		this.colour = colour;
	}

	flush(bar: Bar, out: Frame): void {
		if (this.colour >= 0)
			out.rects.add(this.x0, bar.y + bar.h - this.h, this.x1 - this.x0, this.h, this.colour);
		this.colour = -1;
	}
}

/** Pixel range of an interval: never empty. */
export function pixelRange(x0: number, x1: number, width: DevicePx): [number, number] {
	const a = Math.max(-2, Math.floor(x0 + 0.5));
	const b = Math.min(width + 2, Math.floor(x1 + 0.5));
	return [a, Math.max(a + 1, b)];
}

export type LaneKind = "proc" | "thread" | "member";

export function fillSpans(
	tile: SpanTile,
	piece: Piece,
	kind: LaneKind,
	bar: Bar,
	scale: Scale,
	env: Env,
	out: Frame,
	run: RunName,
): void {
	const from = Math.max(piece.from, env.window.from);
	const to = Math.min(piece.to, env.window.to);
	const active = new Pending();
	const waits = new Pending();
	const line = px(WAIT_LINE, env.dpr);
	// Spans do not overlap, so ends are sorted as starts are.
	for (let i = upperBound(tile.end, from); i < tile.count; i++) {
		const start = tile.start[i] as number;
		if (start >= to) break;
		const cls = tile.cls[i] as number;
		if (env.hidden.has(cls)) continue;
		const end = tile.end[i] as number;
		// Cut to the piece: the neighbour draws the rest.
		const [x0, x1] = pixelRange(
			scale.x(Math.max(start, from)),
			scale.x(Math.min(end, to)),
			env.width,
		);
		const state = tile.state[i] as number;
		const waiting = kind === "member" && state === State.waiting;
		const holds = kind === "thread" && tile.row[i] === 0;
		if (waiting) waits.add(x0, x1, line, cls, bar, out);
		else if (holds) waits.add(x0, x1, line, Ink.exists, bar, out);
		else {
			// Who abuts on a proc is told apart by a pixel of background, where there is room for one.
			const ends = kind !== "member" && end <= to && tile.row[i] !== tile.row[i + 1];
			const gap = ends && x1 - x0 >= GAP_MIN * env.dpr ? px(1, env.dpr) : 0;
			active.add(x0, x1 - gap, heightOf(state, bar.h), cls, bar, out);
		}
		if (kind === "member") memberText(tile, i, x0, x1, waiting, piece, bar, env, scale, out);
		else run.add(tile, i, x0, x1, bar, env, out);
	}
	waits.flush(bar, out);
	active.flush(bar, out);
}

/** How long it ran or waited, where that fits. Lower bars hold no letters; colour and tooltip say the state. */
function memberText(
	tile: SpanTile,
	i: number,
	x0: number,
	x1: number,
	waiting: boolean,
	piece: Piece,
	bar: Bar,
	env: Env,
	scale: Scale,
	out: Frame,
): void {
	if (!waiting && tile.state[i] !== State.running) return;
	const [start, end] = [tile.start[i] as number, tile.end[i] as number];
	const pad = px(4, env.dpr);
	// The first piece that shows the interval writes its text, over all of it that is on screen.
	if (start < piece.from && piece.from > env.window.from) return;
	const full = Math.max(x1, Math.min(env.width, scale.x(end)));
	if ((full - x0) / env.dpr < (waiting ? WAIT_LABEL_MIN : LABEL_MIN)) return;
	const text = cutRight(formatDuration(end - start), (full - x0 - 2 * pad) / env.dpr, env.measure);
	if (!text) return;
	const line = px(WAIT_LINE, env.dpr);
	out.texts.push({
		text,
		x: x0 + pad,
		y: waiting ? bar.y + (bar.h - line) / 2 : bar.y + bar.h / 2,
		colour: waiting ? Ink.ink3 : Ink.onClass + (tile.cls[i] as number),
		size: 10,
		align: "left",
	});
}

/** One name over neighbouring intervals of the same goroutine: a syscall in between does not make it another run. */
export class RunName {
	private row = -1;
	private id = 0;
	private group = 0;
	private cls = 0;
	private state = 0;
	private x0 = 0;
	private x1 = 0;
	/** Width of the widest interval so far: the name is to be read on its colour. */
	private widest = 0;

	add(tile: SpanTile, i: number, x0: number, x1: number, bar: Bar, env: Env, out: Frame): void {
		const row = tile.row[i] as number;
		if (row === this.row && this.id === tile.id[i] && x0 <= this.x1 + 1) {
			this.x1 = x1;
			this.look(tile, i, x1 - x0);
			return;
		}
		this.flush(bar, env, out);
		this.widest = 0;
		this.look(tile, i, x1 - x0);
		this.row = row;
		this.id = tile.id[i] as number;
		this.group = tile.group[i] as number;
		this.x0 = x0;
		this.x1 = x1;
	}

	private look(tile: SpanTile, i: number, width: DevicePx): void {
		if (width <= this.widest) return;
		this.widest = width;
		this.cls = tile.cls[i] as number;
		this.state = tile.state[i] as number;
	}

	flush(bar: Bar, env: Env, out: Frame): void {
		const { row, x0, x1 } = this;
		this.row = -1;
		if (row < 0 || (x1 - x0) / env.dpr < LABEL_MIN) return;
		const pad = px(4, env.dpr);
		const name = tailFunction(env.groupName(this.group));
		// Row 0: a thread that holds a proc and runs nothing.
		const whole = row === 0 ? `P${this.id}` : `${name}${name ? "  " : ""}G${this.id}`;
		const text = cutRight(whole, (x1 - x0 - 2 * pad) / env.dpr, env.measure);
		if (!text) return;
		const h = heightOf(this.state, bar.h);
		out.texts.push({
			text,
			x: Math.max(0, x0) + pad,
			y: bar.y + bar.h - h / 2,
			colour: row === 0 ? Ink.ink3 : Ink.onClass + this.cls,
			size: 11,
			align: "left",
		});
	}
}

/** Columns of a tile as an image; snapped to whole pixels, so that neighbouring tiles neither overlap nor gape. */
export function fillImage(
	tile: Tile,
	piece: Piece,
	style: ImageStyle,
	bar: Bar,
	scale: Scale,
	env: Env,
	out: Frame,
	run: number = Class.run,
): void {
	const col = columnNs(tile.level);
	const base = tile.block * TILE_COLUMNS * col;
	// Only the columns on screen, whole ones.
	const from = Math.max(piece.from, env.window.from);
	const to = Math.min(piece.to, env.window.to);
	if (to <= from) return;
	const c0 = Math.max(0, Math.floor((from - base) / col));
	const c1 = Math.min(TILE_COLUMNS, Math.ceil((to - base) / col));
	const x0 = Math.round(scale.x(base + c0 * col));
	const x1 = Math.round(scale.x(base + c1 * col));
	if (x1 <= x0 || c1 <= c0) return;
	out.images.push({
		tile,
		style,
		h: bar.h,
		sx: c0,
		sw: c1 - c0,
		x: x0,
		y: bar.y,
		w: x1 - x0,
		scale: style === "counts" ? Math.max(1, env.procs) : 0,
		run,
		dpr: env.dpr,
	});
}

export function fillPieces(
	pieces: readonly Piece[],
	kind: LaneKind,
	bar: Bar,
	scale: Scale,
	env: Env,
	out: Frame,
): void {
	const run = new RunName();
	for (const piece of pieces) {
		const tile = piece.tile;
		if (tile.kind === 1) fillSpans(tile, piece, kind, bar, scale, env, out, run);
		else if (tile.kind === 2)
			fillImage(tile, piece, kind === "member" ? "goroutine" : "proc", bar, scale, env, out);
	}
	run.flush(bar, env, out);
}
