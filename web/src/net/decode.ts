// SPDX-License-Identifier: MIT
// Bytes of the server to tiles. Planes are views of the answer's buffer, nothing is copied: a batch of tiles shares
// one buffer, which lives as long as the last of them.

import { Kind, TILE_COLUMNS, type Tile } from "../model/tiles.ts";

const HEADER_BYTES = 16;
const pad8 = (n: number): number => (n + 7) & ~7;

class Planes {
	constructor(
		private readonly buffer: ArrayBuffer,
		private at: number,
		private readonly end: number,
		private readonly count: number,
	) {}

	private take(width: number): number {
		const start = this.at;
		this.at += pad8(this.count * width);
		if (this.at > this.end) throw new RangeError("a tile's planes exceed its bytes");
		return start;
	}
	u8 = () => new Uint8Array(this.buffer, this.take(1), this.count);
	u32 = () => new Uint32Array(this.buffer, this.take(4), this.count);
	f32 = () => new Float32Array(this.buffer, this.take(4), this.count);
	f64 = () => new Float64Array(this.buffer, this.take(8), this.count);
}

/** All tiles of an answer, in order. Throws RangeError if the bytes are not tiles. */
export function decodeTiles(buffer: ArrayBuffer): Tile[] {
	const view = new DataView(buffer);
	const tiles: Tile[] = [];
	let at = 0;
	while (at < buffer.byteLength) {
		if (at + HEADER_BYTES > buffer.byteLength) throw new RangeError("a tile's header is cut");
		const kind = view.getUint8(at);
		const level = view.getUint8(at + 1);
		const count = view.getUint32(at + 4, true);
		const bytes = view.getUint32(at + 8, true);
		const block = view.getUint32(at + 12, true);
		const body = at + HEADER_BYTES;
		at = body + bytes;
		if (at > buffer.byteLength || bytes % 8) throw new RangeError("a tile's length is wrong");
		tiles.push(
			decodeOne(kind, { level, block, bytes }, count, new Planes(buffer, body, at, count)),
		);
	}
	return tiles;
}

function decodeOne(
	kind: number,
	base: { level: number; block: number; bytes: number },
	count: number,
	p: Planes,
): Tile {
	const columns =
		kind === Kind.states ||
		kind === Kind.counts ||
		kind === Kind.counterColumns ||
		kind === Kind.shares;
	if (columns && count !== TILE_COLUMNS) throw new RangeError(`a tile of ${count} columns`);
	switch (kind) {
		case Kind.empty:
		case Kind.unknown:
			return { ...base, kind };
		case Kind.spans:
			return {
				...base,
				kind,
				count,
				start: p.f64(),
				end: p.f64(),
				id: p.f64(),
				row: p.u32(),
				group: p.u32(),
				state: p.u8(),
				cls: p.u8(),
			};
		case Kind.states:
			return {
				...base,
				kind,
				run: p.u8(),
				runnable: p.u8(),
				syscall: p.u8(),
				wait: p.u8(),
				cls: p.u8(),
				worst: p.u8(),
				begins: p.u8(),
				flags: p.u8(),
			};
		case Kind.counts:
			return {
				...base,
				kind,
				running: p.f32(),
				runnable: p.f32(),
				syscall: p.f32(),
				waiting: p.f32(),
				worst: p.f32(),
			};
		case Kind.counterColumns:
			return { ...base, kind, first: p.f64(), min: p.f64(), max: p.f64(), last: p.f64() };
		case Kind.shares:
			return { ...base, kind, share: p.u8(), worst: p.u8() };
		case Kind.counterPoints:
			return { ...base, kind, count, time: p.f64(), value: p.f64() };
		default:
			throw new RangeError(`a tile of unknown kind ${kind}`);
	}
}
