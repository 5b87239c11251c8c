// SPDX-License-Identifier: MIT
// Tiles: a lane × level × block of the power-of-two grid. What the server answers and which ones a window needs.

import { upperBound } from "../base/search.ts";
import type { DevicePx, Ns } from "../base/units.ts";

export const TILE_COLUMNS = 512;
export const MAX_LEVEL = 52;

export const Kind = {
	empty: 0,
	spans: 1,
	states: 2,
	counts: 3,
	counterColumns: 4,
	shares: 5,
	counterPoints: 6,
	unknown: 255,
} as const;

/** Flags of a column of states. */
export const Flag = { gc: 1, stw: 2, sample: 4 } as const;

interface Base {
	level: number;
	block: number;
	bytes: number;
}

export interface EmptyTile extends Base {
	kind: typeof Kind.empty | typeof Kind.unknown;
}
export interface SpanTile extends Base {
	kind: typeof Kind.spans;
	count: number;
	start: Float64Array;
	end: Float64Array;
	id: Float64Array;
	row: Uint32Array;
	group: Uint32Array;
	state: Uint8Array;
	cls: Uint8Array;
}
export interface StateTile extends Base {
	kind: typeof Kind.states;
	run: Uint8Array;
	runnable: Uint8Array;
	syscall: Uint8Array;
	wait: Uint8Array;
	cls: Uint8Array;
	worst: Uint8Array;
	begins: Uint8Array;
	flags: Uint8Array;
}
export interface CountTile extends Base {
	kind: typeof Kind.counts;
	running: Float32Array;
	runnable: Float32Array;
	syscall: Float32Array;
	waiting: Float32Array;
	worst: Float32Array;
}
export interface ColumnTile extends Base {
	kind: typeof Kind.counterColumns;
	first: Float64Array;
	min: Float64Array;
	max: Float64Array;
	last: Float64Array;
}
export interface ShareTile extends Base {
	kind: typeof Kind.shares;
	share: Uint8Array;
	worst: Uint8Array;
}
export interface PointTile extends Base {
	kind: typeof Kind.counterPoints;
	count: number;
	time: Float64Array;
	value: Float64Array;
}
export type Tile =
	| EmptyTile
	| SpanTile
	| StateTile
	| CountTile
	| ColumnTile
	| ShareTile
	| PointTile;

export const columnNs = (level: number): Ns => 2 ** level;
export const blockNs = (level: number): Ns => TILE_COLUMNS * 2 ** level;
export const tileKey = (lane: string, level: number, block: number): string =>
	`${lane} ${level} ${block}`;

/** The level at which a column is at least one and less than two device pixels wide. */
export function levelFor(length: Ns, width: DevicePx): number {
	const perPixel = length / Math.max(width, 1);
	return Math.min(MAX_LEVEL, Math.max(0, Math.ceil(Math.log2(perPixel) - 1e-9)));
}

/** The lowest level at which one tile holds the whole trace. */
export function topLevel(duration: Ns): number {
	return levelFor(Math.max(duration, 1), TILE_COLUMNS);
}

/** First and last block that touch [from, to). */
export function blocksOf(from: Ns, to: Ns, level: number): [number, number] {
	const length = blockNs(level);
	const first = Math.max(0, Math.floor(from / length));
	return [first, Math.max(first, Math.ceil(to / length) - 1)];
}

/** The plane `worst` back to nanoseconds: the lower bound of what the byte stands for. */
export const worstNs = (byte: number): Ns => (byte === 0 ? 0 : 2 ** ((byte - 1) / 6) - 1);

/** Index of the span of a tile that contains t, or -1. Spans of one lane do not overlap. */
export function spanAt(tile: SpanTile, t: Ns): number {
	const i = upperBound(tile.start, t) - 1;
	return i >= 0 && (tile.end[i] as number) > t ? i : -1;
}

/** Column of a tile in which t lies. */
export function columnAt(tile: Tile, t: Ns): number {
	const c = Math.floor(t / columnNs(tile.level)) - tile.block * TILE_COLUMNS;
	return Math.min(TILE_COLUMNS - 1, Math.max(0, c));
}
