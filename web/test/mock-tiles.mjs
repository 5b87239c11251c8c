// SPDX-License-Identifier: MIT
// Tiles of a mock trace, by brute force over its intervals, laid out as docs/internals/http.md says.

import { classOf, STATE } from "./mock-trace.mjs";

const COLUMNS = 512;
const worstByte = (ns) => (ns > 0 ? Math.min(255, Math.ceil(6 * Math.log2(ns + 1))) : 0);

function tile(kind, level, block, count, planes) {
	const sizes = planes.map((p) => (p.byteLength + 7) & ~7);
	const bytes = sizes.reduce((a, b) => a + b, 0);
	const out = Buffer.alloc(16 + bytes);
	out.writeUInt8(kind, 0);
	out.writeUInt8(level, 1);
	out.writeUInt32LE(count, 4);
	out.writeUInt32LE(bytes, 8);
	out.writeUInt32LE(block, 12);
	let at = 16;
	planes.forEach((p, i) => {
		Buffer.from(p.buffer, p.byteOffset, p.byteLength).copy(out, at);
		at += sizes[i];
	});
	return out;
}

/** Intervals of a lane: { start, end, id, row, group, state, cls }. */
export function laneSpans(trace, lane) {
	const [kind, num] = lane.split(":");
	if (kind === "g") {
		const g = trace.goroutines[Number(num)];
		return g?.spans.map((s) => ({
			...s,
			id: s.proc >= 0 ? s.proc : Number.NaN,
			row: s.reason,
			group: g.group,
			cls: classOf(s, g.group),
		}));
	}
	if (kind === "p" || kind === "m")
		return trace.procs[Number(num) - 1]?.map((s) => {
			const g = trace.goroutines[s.g];
			return { ...s, id: g.id, row: g.row, group: g.group, cls: classOf(s, g.group) };
		});
	if (lane === "gc" || lane === "stw")
		return trace[lane].map((s) => ({
			...s,
			id: Number.NaN,
			row: s.name,
			group: 0,
			state: 0,
			cls: lane === "gc" ? 8 : 10,
		}));
	return undefined;
}

function statesTile(spans, level, block) {
	const w = 2 ** level;
	const base = block * COLUMNS * w;
	const planes = Array.from({ length: 8 }, () => new Uint8Array(COLUMNS));
	const sums = Array.from({ length: 4 }, () => new Float64Array(COLUMNS));
	const longest = new Float64Array(COLUMNS);
	const plane = { [STATE.running]: 0, [STATE.runnable]: 1, [STATE.syscall]: 2, [STATE.waiting]: 3 };
	for (const s of spans) {
		if (s.end <= base || s.start >= base + COLUMNS * w) continue;
		const c0 = Math.max(0, Math.floor((s.start - base) / w));
		const c1 = Math.min(COLUMNS - 1, Math.floor((s.end - 1 - base) / w));
		if (s.start >= base) planes[6][c0] = Math.min(255, planes[6][c0] + 1);
		for (let c = c0; c <= c1; c++) {
			const d = Math.min(s.end, base + (c + 1) * w) - Math.max(s.start, base + c * w);
			sums[plane[s.state]][c] += d;
			if (s.state === STATE.waiting && d > longest[c]) {
				longest[c] = d;
				planes[4][c] = s.cls;
			}
			if (s.state === STATE.running && planes[4][c] === 0) planes[4][c] = s.cls;
			if (s.state === STATE.runnable)
				planes[5][c] = Math.max(planes[5][c], worstByte(s.end - s.start));
			if (s.cls === 8 && s.state === STATE.running) planes[7][c] |= 1;
		}
	}
	for (let i = 0; i < 4; i++)
		for (let c = 0; c < COLUMNS; c++)
			planes[i][c] = Math.min(255, Math.ceil((255 * sums[i][c]) / w));
	return tile(2, level, block, COLUMNS, planes);
}

function countsTile(members, level, block) {
	const w = 2 ** level;
	const base = block * COLUMNS * w;
	const planes = Array.from({ length: 5 }, () => new Float32Array(COLUMNS));
	const plane = { [STATE.running]: 0, [STATE.runnable]: 1, [STATE.syscall]: 2, [STATE.waiting]: 3 };
	for (const g of members)
		for (const s of g.spans) {
			if (s.end <= base || s.start >= base + COLUMNS * w) continue;
			const c0 = Math.max(0, Math.floor((s.start - base) / w));
			const c1 = Math.min(COLUMNS - 1, Math.floor((s.end - 1 - base) / w));
			for (let c = c0; c <= c1; c++) {
				planes[plane[s.state]][c] +=
					(Math.min(s.end, base + (c + 1) * w) - Math.max(s.start, base + c * w)) / w;
				if (s.state === STATE.runnable) planes[4][c] = Math.max(planes[4][c], s.end - s.start);
			}
		}
	return tile(3, level, block, COLUMNS, planes);
}

function spansTile(spans, level, block) {
	const f64 = (k) => Float64Array.from(spans, (s) => s[k]);
	const u32 = (k) => Uint32Array.from(spans, (s) => s[k]);
	const u8 = (k) => Uint8Array.from(spans, (s) => s[k]);
	return tile(1, level, block, spans.length, [
		f64("start"),
		f64("end"),
		f64("id"),
		u32("row"),
		u32("group"),
		u8("state"),
		u8("cls"),
	]);
}

function counterTile(points, level, block) {
	const from = block * COLUMNS * 2 ** level;
	const to = from + COLUMNS * 2 ** level;
	const first = points.findLastIndex((p) => p[0] <= from);
	const rows = points.filter((p, i) => (i >= first || first < 0) && p[0] < to);
	return tile(6, level, block, rows.length, [
		Float64Array.from(rows, (r) => r[0]),
		Float64Array.from(rows, (r) => r[1]),
	]);
}

export function makeTile(trace, lane, level, block) {
	const from = block * COLUMNS * 2 ** level;
	const to = from + COLUMNS * 2 ** level;
	if (lane === "heap" || lane === "goal") return counterTile(trace[lane], level, block);
	if (lane === "all" || lane.startsWith("grp:")) {
		const ix = lane === "all" ? -1 : Number(lane.slice(4));
		if (ix >= trace.groups.length) return tile(255, level, block, 0, []);
		return countsTile(
			trace.goroutines.filter((g) => g && (ix < 0 || g.group === ix)),
			level,
			block,
		);
	}
	const all = laneSpans(trace, lane);
	if (!all) return tile(255, level, block, 0, []);
	const spans = all.filter((s) => s.end > from && s.start < to);
	if (!spans.length) return tile(0, level, block, 0, []);
	return spans.length <= COLUMNS ? spansTile(spans, level, block) : statesTile(spans, level, block);
}
