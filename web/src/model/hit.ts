// SPDX-License-Identifier: MIT
// What lies under the cursor, by the tiles that are here. Intervals are drawn at least a pixel wide, so they are
// found a pixel away too, and what a goroutine did goes before the wait around it.

import { upperBound } from "../base/search.ts";
import type { Ns } from "../base/units.ts";
import type { TileCache } from "./tilecache.ts";
import {
	type CountTile,
	columnAt,
	columnNs,
	type ShareTile,
	type StateTile,
	TILE_COLUMNS,
} from "./tiles.ts";
import { State } from "./trace.ts";

export interface SpanHit {
	what: "span";
	start: Ns;
	end: Ns;
	id: number;
	row: number;
	group: number;
	state: number;
	cls: number;
	/** An instant inside it, to ask the server about. */
	t: Ns;
}
export interface ColumnHit {
	what: "column";
	tile: StateTile | CountTile | ShareTile;
	column: number;
	start: Ns;
	end: Ns;
	t: Ns;
}
export type Hit = SpanHit | ColumnHit | null;

export function hitLane(tiles: TileCache, lane: string, level: number, t: Ns, tolerance: Ns): Hit {
	const piece = tiles.cover(lane, level, t, t + 1)[0];
	if (!piece) return null;
	const tile = piece.tile;
	if (tile.kind === 1) {
		let best = -1;
		let bestScore = Number.POSITIVE_INFINITY;
		for (let i = upperBound(tile.end, t - tolerance); i < tile.count; i++) {
			const start = tile.start[i] as number;
			if (start > t + tolerance) break;
			const end = tile.end[i] as number;
			const away = t < start ? start - t : t >= end ? t - end : 0;
			const score = away / Math.max(tolerance, 1) + (tile.state[i] === State.waiting ? 2 : 0);
			if (score < bestScore) {
				bestScore = score;
				best = i;
			}
		}
		if (best < 0) return null;
		const start = tile.start[best] as number;
		const end = tile.end[best] as number;
		return {
			what: "span",
			start,
			end,
			id: tile.id[best] as number,
			row: tile.row[best] as number,
			group: tile.group[best] as number,
			state: tile.state[best] as number,
			cls: tile.cls[best] as number,
			t: Math.max(start, Math.min(Math.floor(t), end - 1)),
		};
	}
	if (tile.kind === 2 || tile.kind === 3 || tile.kind === 5) {
		const column = columnAt(tile, t);
		const start = (tile.block * TILE_COLUMNS + column) * columnNs(tile.level);
		return { what: "column", tile, column, start, end: start + columnNs(tile.level), t };
	}
	return null;
}
