// SPDX-License-Identifier: MIT
// Which tiles are here, and what to draw where one is not: a piece of a coarser tile stretched, or finer ones shrunk.
// Asking for a cover also notes what is missing; the tile client reads that list once a frame.

import { Lru } from "../base/lru.ts";
import type { Ns } from "../base/units.ts";
import { blockNs, blocksOf, Kind, MAX_LEVEL, type Tile, tileKey } from "./tiles.ts";

/** A tile and the part of time for which it is to be drawn. */
export interface Piece {
	tile: Tile;
	from: Ns;
	to: Ns;
}

export interface Want {
	key: string;
	lane: string;
	level: number;
	block: number;
}

const MAX_BYTES = 160 << 20;
// What an entry costs beside its planes: key, views, map node.
const OVERHEAD_BYTES = 400;
const COARSER_LEVELS = 12;

export class TileCache {
	private readonly tiles = new Lru<Tile>(MAX_BYTES);
	private readonly wanted = new Map<string, Want>();

	get count(): number {
		return this.tiles.size;
	}

	get bytes(): number {
		return this.tiles.bytes;
	}

	get(lane: string, level: number, block: number): Tile | undefined {
		return this.tiles.get(tileKey(lane, level, block));
	}

	has(key: string): boolean {
		return this.tiles.has(key);
	}

	put(lane: string, tile: Tile): void {
		this.tiles.set(tileKey(lane, tile.level, tile.block), tile, tile.bytes + OVERHEAD_BYTES);
	}

	clear(): void {
		this.tiles.clear();
		this.wanted.clear();
	}

	/** Notes a tile to fetch unless it is here. The first noted is the first sent. */
	want(lane: string, level: number, block: number): void {
		const key = tileKey(lane, level, block);
		if (!this.tiles.has(key) && !this.wanted.has(key))
			this.wanted.set(key, { key, lane, level, block });
	}

	/** Forgets what earlier frames wanted: what is still needed will be asked for again. */
	beginFrame(): void {
		this.wanted.clear();
	}

	wantsAny(): boolean {
		return this.wanted.size > 0;
	}

	takeWanted(): Want[] {
		return [...this.wanted.values()];
	}

	/** The pieces that show [from, to) of a lane best at the moment; gaps where nothing is known yet. */
	cover(lane: string, level: number, from: Ns, to: Ns, out: Piece[] = []): Piece[] {
		out.length = 0;
		const length = blockNs(level);
		const [first, last] = blocksOf(from, to, level);
		for (let block = first; block <= last; block++) {
			const tile = this.get(lane, level, block);
			const a = block * length;
			if (tile) out.push({ tile, from: a, to: a + length });
			else {
				this.want(lane, level, block);
				this.standIn(lane, level, block, out);
			}
		}
		return out;
	}

	/**
	 * Where a piece is columns, looks for exact intervals in finer tiles: a lane that is dense in places has long
	 * intervals elsewhere, which deserve edges and names. At most `depth` levels finer; what is dense there too stays
	 * columns of the piece, since finer ones would be narrower than a pixel.
	 */
	refine(lane: string, pieces: readonly Piece[], level: number, depth: number): Piece[] {
		const out: Piece[] = [];
		for (const p of pieces) {
			if (p.tile.kind !== Kind.states || p.tile.level !== level) out.push(p);
			else this.split(lane, p.tile, p.tile, depth, out);
		}
		return out;
	}

	private split(lane: string, coarse: Tile, tile: Tile, depth: number, out: Piece[]): void {
		const half = blockNs(tile.level) / 2;
		for (let i = 0; i < 2; i++) {
			const block = 2 * tile.block + i;
			const [from, to] = [block * half, (block + 1) * half];
			const finer = depth > 0 && tile.level > 0 ? this.get(lane, tile.level - 1, block) : undefined;
			if (depth > 0 && tile.level > 0 && !finer) this.want(lane, tile.level - 1, block);
			if (!finer) out.push({ tile: coarse, from, to });
			else if (finer.kind === Kind.states) this.split(lane, coarse, finer, depth - 1, out);
			else out.push({ tile: finer, from, to });
		}
	}

	private standIn(lane: string, level: number, block: number, out: Piece[]): void {
		const a = block * blockNs(level);
		const b = a + blockNs(level);
		for (let up = 1; up <= COARSER_LEVELS && level + up <= MAX_LEVEL; up++) {
			const tile = this.get(lane, level + up, Math.floor(block / 2 ** up));
			// A finer half that is here is sharper than a coarse whole, but mixing the two flickers.
			if (tile) {
				out.push({ tile, from: a, to: b });
				return;
			}
		}
		for (let down = 1; down <= 2 && level - down >= 0; down++) {
			const n = 2 ** down;
			let found = false;
			for (let i = 0; i < n; i++) {
				const tile = this.get(lane, level - down, block * n + i);
				if (!tile) continue;
				const step = (b - a) / n;
				out.push({ tile, from: a + i * step, to: a + (i + 1) * step });
				found = true;
			}
			if (found) return;
		}
	}
}
