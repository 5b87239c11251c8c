// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { hitLane } from "../src/model/hit.ts";
import { buildRows, type RowsInput, rowAt, totalHeight, visibleRows } from "../src/model/rows.ts";
import { formatPlace, parsePlace } from "../src/model/selection.ts";
import { TileCache } from "../src/model/tilecache.ts";
import {
	blocksOf,
	columnNs,
	levelFor,
	type SpanTile,
	spanAt,
	topLevel,
	worstNs,
} from "../src/model/tiles.ts";
import { Class, classOfReason, lifeByClass, State, type TraceDoc } from "../src/model/trace.ts";
import {
	around,
	centre,
	clampWindow,
	MIN_WINDOW,
	pan,
	timeToX,
	xToTime,
	zoomAt,
} from "../src/model/viewport.ts";

const D = 1_000_000_000;

test("windows stay inside the trace", () => {
	assert.deepEqual(clampWindow(-50, 150, D), { from: 0, to: 200 });
	assert.deepEqual(clampWindow(D - 10, D + 190, D), { from: D - 200, to: D });
	assert.deepEqual(clampWindow(5, 6, D), { from: 5, to: 5 + MIN_WINDOW });
	assert.deepEqual(clampWindow(-9, 2 * D, D), { from: 0, to: D });
	assert.deepEqual(pan({ from: 100, to: 300 }, -500, D), { from: 0, to: 200 });
	assert.deepEqual(around(1000, 1600, 0.6, D), { from: 800, to: 1800 });
	assert.deepEqual(centre({ from: 0, to: 1000 }, 10_000, D), { from: 9500, to: 10_500 });
});

test("zooming keeps the instant at the cursor in its place", () => {
	let w = { from: 0, to: D };
	const at = 123_456_789;
	const x = timeToX(w, at, 1000);
	for (let i = 0; i < 40; i++) w = zoomAt(w, at, 0.8, D);
	assert.ok(Math.abs(timeToX(w, at, 1000) - x) < 0.01);
	assert.ok(Math.abs(xToTime(w, x, 1000) - at) < 1);
	for (let i = 0; i < 60; i++) w = zoomAt(w, at, 1.3, D);
	assert.deepEqual(w, { from: 0, to: D });
});

test("a column is one to two device pixels wide at the chosen level", () => {
	for (const width of [300, 1111, 2560, 3840])
		for (let length = 5000; length < 1e13; length *= 3.7) {
			const pixels = columnNs(levelFor(length, width)) / (length / width);
			assert.ok(
				(pixels >= 1 - 1e-6 && pixels < 2) || levelFor(length, width) === 0,
				`${length} ns on ${width} px: ${pixels}`,
			);
		}
	assert.equal(levelFor(100, 1000), 0);
	assert.deepEqual(blocksOf(0, 512, 0), [0, 0]);
	assert.deepEqual(blocksOf(511, 1025, 0), [0, 2]);
	assert.ok(512 * 2 ** topLevel(D) >= D && 512 * 2 ** (topLevel(D) - 1) < D);
});

test("the byte of the worst plane is a lower bound within a sixth of an octave", () => {
	for (const ns of [1, 100, 12_345, 1e6, 3.3e7, 9.9e9]) {
		const byte = Math.min(255, Math.ceil(6 * Math.log2(ns + 1)));
		assert.ok(worstNs(byte) <= ns && worstNs(byte) * 1.13 + 1 >= ns, String(ns));
	}
	assert.equal(worstNs(0), 0);
});

function spanTile(
	level: number,
	block: number,
	spans: [number, number, number, number][],
): SpanTile {
	return {
		kind: 1,
		level,
		block,
		bytes: 0,
		count: spans.length,
		start: Float64Array.from(spans, (s) => s[0]),
		end: Float64Array.from(spans, (s) => s[1]),
		id: new Float64Array(spans.length),
		row: new Uint32Array(spans.length),
		group: new Uint32Array(spans.length),
		state: Uint8Array.from(spans, (s) => s[2]),
		cls: Uint8Array.from(spans, (s) => s[3]),
	};
}

test("a missing tile is stood in for by a coarser one, else by finer ones, and is asked for once", () => {
	const cache = new TileCache();
	cache.put("g:1", spanTile(4, 0, []));
	cache.put("g:2", spanTile(1, 0, []));
	cache.put("g:2", spanTile(1, 1, []));
	const pieces = cache.cover("g:1", 2, 0, 4096);
	assert.deepEqual(
		pieces.map((p) => [p.tile.level, p.from, p.to]),
		[
			[4, 0, 2048],
			[4, 2048, 4096],
		],
	);
	assert.deepEqual(
		cache.cover("g:2", 2, 0, 2048).map((p) => [p.tile.level, p.from, p.to]),
		[
			[1, 0, 1024],
			[1, 1024, 2048],
		],
	);
	assert.deepEqual(cache.cover("g:3", 2, 0, 2048), []);
	cache.cover("g:3", 2, 0, 2048);
	assert.deepEqual(
		cache.takeWanted().map((w) => w.key),
		["g:1 2 0", "g:1 2 1", "g:2 2 0", "g:3 2 0"],
	);
	cache.beginFrame();
	cache.put("g:3", spanTile(2, 0, []));
	assert.deepEqual(
		cache.cover("g:3", 2, 0, 2048).map((p) => p.tile.level),
		[2],
	);
	assert.equal(cache.wantsAny(), false);
});

test("what lies under the cursor: the short run in a long wait is found a pixel away", () => {
	const cache = new TileCache();
	const tile = spanTile(3, 0, [
		[0, 1000, State.waiting, Class.sync],
		[1000, 1002, State.running, Class.run],
		[1002, 4000, State.waiting, Class.chan],
	]);
	cache.put("g:1", tile);
	const hit = (t: number) => hitLane(cache, "g:1", 3, t, 8);
	for (const t of [994, 1001, 1009]) {
		const h = hit(t);
		assert.ok(h?.what === "span" && h.cls === Class.run && h.t >= 1000 && h.t < 1002, String(t));
	}
	const far = hit(1020);
	assert.ok(far?.what === "span" && far.cls === Class.chan && far.t === 1020);
	assert.equal(hitLane(cache, "g:9", 3, 5, 8), null);
	assert.equal(spanAt(tile, 1001), 1);
	assert.equal(spanAt(tile, 4000), -1);
});

const trace = {
	procs: [{ row: 1, id: 0, busy_ns: 1 }],
	threads: [{ row: 1, id: 4711 }],
	heap_max: 5,
	groups: [],
} as unknown as TraceDoc;
const group = (ix: number, alive = 1) => ({
	ix,
	name: `main.f${ix}`,
	count: 30,
	alive,
	wanted_ns: 1,
	execution_ns: 1,
	sched_wait_ns: 0,
	syscall_ns: 0,
	block_ns: 0,
	total_ns: 1,
	worst_wait_ns: 0,
});
const member = (row: number) => ({
	row,
	id: 100 + row,
	begin: 0,
	end: 1,
	execution_ns: 0,
	sched_wait_ns: 0,
});

test("rows: sections, lanes, open groups, what is not shown", () => {
	const input: RowsInput = {
		trace,
		groups: [group(0), group(1, 0)],
		collapsed: new Set(["threads"]),
		open: new Map([
			[0, { rows: [member(1), member(2)], pinned: [member(9), member(2)], total: 30, limit: 20 }],
		]),
		notes: { runtime: "", procs: "", threads: "", goroutines: "" },
	};
	const rows = buildRows(input);
	assert.deepEqual(
		rows.map((r) => r.key),
		[
			"#runtime",
			"gc",
			"heap",
			"all",
			"#procs",
			"p:1",
			"#threads",
			"#goroutines",
			"grp:0",
			"g:9",
			"g:2",
			"g:1",
			"more:0",
			"grp:1",
		],
	);
	assert.equal(rows.find((r) => r.key === "more:0")?.hidden, 27);
	assert.equal(rows.find((r) => r.key === "grp:1")?.faint, true);
	for (let i = 1; i < rows.length; i++)
		assert.equal(rows[i]?.y, (rows[i - 1]?.y ?? 0) + (rows[i - 1]?.h ?? 0));
	assert.equal(rowAt(rows, (rows[5]?.y ?? 0) + 1)?.key, "p:1");
	assert.equal(rowAt(rows, totalHeight(rows) + 1), undefined);
	assert.deepEqual(
		visibleRows(rows, (rows[8]?.y ?? 0) + 1, 20).map((r) => r.key),
		["grp:0"],
	);
	assert.deepEqual(visibleRows(rows, 0, 1e6).length, rows.length);
});

test("the address says where one is, and nonsense in it is left out", () => {
	const place = {
		page: "timeline",
		params: {},
		window: { from: 10, to: 2000 },
		selection: { lane: "g:12", t: 99 },
		open: [3, 4],
	};
	assert.equal(formatPlace(place), "#t=10-2000&sel=g:12@99&open=3,4");
	assert.deepEqual(parsePlace(formatPlace(place)), place);
	const none = { page: "timeline", params: {}, window: null, selection: null, open: [] };
	assert.deepEqual(parsePlace(""), none);
	assert.deepEqual(
		parsePlace("#t=20-10&sel=<script>@4&open=x,&page=no/where&&=&__proto__=1"),
		none,
	);
	assert.deepEqual(parsePlace("#page=tasks&type=%zz&id=7").params, { id: "7" });
	assert.equal(formatPlace({ ...none, page: "goroutines" }), "#page=goroutines");
	const group = { group: "main.(*T).f&t=1-2 %", sort: "total_ns" };
	const there = { ...none, page: "goroutines", params: group, window: { from: 1, to: 9 } };
	assert.deepEqual(parsePlace(formatPlace(there)), there);
});

test("a life by class sums to its total", () => {
	const life = lifeByClass({
		total_ns: 100,
		execution_ns: 10,
		sched_wait_ns: 20,
		syscall_ns: 5,
		syscall_block_ns: 1,
		block_ns: { "chan receive": 30, select: 4, "sync.(*Cond).Wait": 6, network: 7, sleep: 8 },
		range_ns: {},
	});
	assert.deepEqual(
		[...life],
		[
			[1, 10],
			[2, 20],
			[3, 6],
			[4, 34],
			[5, 6],
			[6, 7],
			[7, 8],
			[9, 9],
		],
	);
	assert.equal(
		[...life.values()].reduce((a, b) => a + b),
		100,
	);
	assert.deepEqual(
		["GC background sweeper wait", "chan send", "sync", "wait until GC ends", "forever", ""].map(
			classOfReason,
		),
		[8, 4, 5, 8, 9, 9],
	);
});
