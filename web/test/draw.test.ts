// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { axisTicks, niceStep, ticks } from "../src/draw/axis.ts";
import { contrast, makePalette, PROPERTIES, textOn } from "../src/draw/colours.ts";
import { describeFrame, Frame, type ImageOp } from "../src/draw/drawlist.ts";
import { type Env, Scale } from "../src/draw/env.ts";
import { curveOf } from "../src/draw/plots.ts";
import { fillRanges, fillTint, labelRanges, marksOf, prominent } from "../src/draw/ranges.ts";
import { rasterTile } from "../src/draw/raster.ts";
import { fillImage, fillPieces } from "../src/draw/spans.ts";
import { fillTimeline } from "../src/draw/timeline.ts";
import { buildRows } from "../src/model/rows.ts";
import { TileCache } from "../src/model/tilecache.ts";
import type { CountTile, PointTile, SpanTile, StateTile, Tile } from "../src/model/tiles.ts";
import { Class, State, type TraceDoc } from "../src/model/trace.ts";

const NAMES = PROPERTIES.map((p) => p.slice(2));
const name = (ix: number) => NAMES[ix] ?? `on-${NAMES[ix - NAMES.length]}`;
const measure = (s: string) => 6 * s.length;

function env(over: Partial<Env> = {}): Env {
	return {
		tiles: new TileCache(),
		window: { from: 0, to: 1000 },
		duration: 1000,
		width: 100,
		height: 400,
		dpr: 1,
		scroll: 0,
		rows: [],
		procs: 4,
		heapMax: 100,
		groupName: (ix) => `main.f${ix}`,
		rangeName: () => "GC concurrent mark phase",
		measure,
		hidden: new Set(),
		...over,
	};
}

function spanTile(
	spans: {
		start: number;
		end: number;
		state: number;
		cls: number;
		row?: number;
		id?: number;
		group?: number;
	}[],
	level = 4,
): SpanTile {
	return {
		kind: 1,
		level,
		block: 0,
		bytes: 0,
		count: spans.length,
		start: Float64Array.from(spans, (s) => s.start),
		end: Float64Array.from(spans, (s) => s.end),
		id: Float64Array.from(spans, (s) => s.id ?? 1),
		row: Uint32Array.from(spans, (s) => s.row ?? 1),
		group: Uint32Array.from(spans, (s) => s.group ?? 0),
		state: Uint8Array.from(spans, (s) => s.state),
		cls: Uint8Array.from(spans, (s) => s.cls),
	};
}

const run = (start: number, end: number) => ({ start, end, state: State.running, cls: Class.run });
const wait = (start: number, end: number, cls: number = Class.sync) => ({
	start,
	end,
	state: State.waiting,
	cls,
});
const queue = (start: number, end: number) => ({
	start,
	end,
	state: State.runnable,
	cls: Class.wait,
});

function drawSpans(
	tile: SpanTile,
	kind: "member" | "proc" = "member",
	over: Partial<Env> = {},
): string {
	const e = env(over);
	const out = new Frame();
	fillPieces(
		[{ tile, from: 0, to: 8192 }],
		kind,
		{ y: 10, h: 10 },
		new Scale(e.window, e.width),
		e,
		out,
	);
	return describeFrame(out, name);
}

test("heights carry the state: a wait is a line at the foot, runnable three fifths, running all", () => {
	assert.equal(
		drawSpans(
			spanTile([
				wait(0, 200),
				queue(200, 300),
				run(300, 500),
				{ start: 500, end: 600, state: State.syscall, cls: Class.sys },
				wait(600, 1000, Class.chan),
			]),
		),
		[
			"rect 20,14 10x6 wait",
			"rect 30,10 20x10 run",
			"rect 0,17 20x3 sync",
			"rect 60,17 40x3 chan",
			"rect 50,12 10x8 sys",
		].join("\n"),
	);
});

test("an interval shorter than a pixel is a pixel", () => {
	assert.match(
		drawSpans(spanTile([wait(0, 500), run(500, 501), wait(501, 1000)])),
		/rect 50,10 1x10 run/,
	);
});

test("what does not fill a pixel is merged: no more rectangles than pixels", () => {
	const spans = [];
	for (let t = 0; t < 1000; t += 2) spans.push(run(t, t + 1), wait(t + 1, t + 2));
	const lines = drawSpans(spanTile(spans)).split("\n");
	assert.deepEqual(lines.sort(), ["rect 0,10 101x10 run", "rect 0,17 101x3 sync"]);
});

test("neighbours on a proc are told apart, and named where the name fits", () => {
	const a = { start: 0, end: 900, state: State.running, cls: Class.run, id: 7, group: 3 };
	const b = { start: 900, end: 1000, state: State.running, cls: Class.gc, id: 8, row: 2, group: 4 };
	assert.equal(
		drawSpans(spanTile([a, b]), "proc"),
		["rect 0,10 89x10 run", "rect 90,10 9x10 gc", 'text "f3  G7" 4,15 on-run'].join("\n"),
	);
	const narrow = drawSpans(
		spanTile([
			{ ...a, end: 300 },
			{ ...b, start: 300 },
		]),
		"proc",
	);
	assert.match(narrow, /text "f4 {2}G8"/);
	assert.doesNotMatch(narrow, /f3 {2}G7/);
});

test("a run that two tiles share is one bar with one name", () => {
	const tile = spanTile([
		{ start: 0, end: 1000, state: State.running, cls: Class.run, id: 7, group: 3 },
	]);
	const e = env();
	const out = new Frame();
	const pieces = [
		{ tile, from: 0, to: 512 },
		{ tile, from: 512, to: 1024 },
	];
	fillPieces(pieces, "proc", { y: 10, h: 10 }, new Scale(e.window, e.width), e, out);
	assert.equal(
		describeFrame(out, name),
		["rect 0,10 51x10 run", "rect 51,10 48x10 run", 'text "f3  G7" 4,15 on-run'].join("\n"),
	);
});

test("columns of a proc give way to exact intervals of finer tiles, where those are sparse", () => {
	const cache = new TileCache();
	const coarse = stateTile(() => {}, 4);
	const sparse = { ...spanTile([], 3), block: 1 };
	cache.put("p:1", coarse);
	cache.put("p:1", sparse);
	cache.put(
		"p:1",
		stateTile(() => {}, 3),
	);
	const got = cache.refine("p:1", cache.cover("p:1", 4, 0, 8192), 4, 2);
	assert.deepEqual(
		got.map((p) => [p.tile.kind, p.tile.level, p.from, p.to]),
		[
			[2, 4, 0, 2048],
			[2, 4, 2048, 4096],
			[1, 3, 4096, 8192],
		],
	);
	assert.deepEqual(
		cache.takeWanted().map((w) => w.key),
		["p:1 2 0", "p:1 2 1"],
	);
});

test("a class that is switched off is not drawn", () => {
	assert.doesNotMatch(
		drawSpans(spanTile([queue(0, 500), run(500, 1000)]), "member", {
			hidden: new Set([Class.wait]),
		}),
		/wait/,
	);
});

function stateTile(fill: (t: StateTile) => void, level = 3): StateTile {
	const u8 = () => new Uint8Array(512);
	const t: StateTile = {
		kind: 2,
		level,
		block: 0,
		bytes: 0,
		run: u8(),
		runnable: u8(),
		syscall: u8(),
		wait: u8(),
		cls: u8(),
		worst: u8(),
		begins: u8(),
		flags: u8(),
	};
	fill(t);
	return t;
}

const palette = makePalette(
	1,
	PROPERTIES.map((_, i) => `#0000${(i + 1).toString(16).padStart(2, "0")}`),
	new Set(),
);
/** A column of pixels, top to bottom, by colour name. */
function column(op: ImageOp, c: number): string[] {
	const px = rasterTile(op, palette);
	const out: string[] = [];
	for (let y = 0; y < op.h; y++) {
		const v = px[y * 512 + c] as number;
		out.push(v === 0 ? "" : (NAMES[((v >>> 16) & 255) - 1] ?? "?"));
	}
	return out;
}
const image = (tile: Tile, style: ImageOp["style"], h = 10): ImageOp => ({
	tile,
	style,
	h,
	sx: 0,
	sw: 512,
	x: 0,
	y: 0,
	w: 512,
	scale: 4,
	run: Class.run,
	dpr: 1,
});
const count = (a: string[], v: string) => a.filter((x) => x === v).length;

test("a column that is all of one state looks as the interval does", () => {
	const t = stateTile((s) => {
		s.run[0] = 255;
		s.runnable[1] = 255;
		s.wait[2] = 255;
		s.cls[2] = Class.net;
		s.syscall[3] = 255;
	});
	const op = image(t, "goroutine");
	assert.deepEqual(
		[0, 1, 2, 3].map((c) => column(op, c).filter(Boolean).length),
		[10, 6, 3, 8],
	);
	assert.deepEqual(
		[0, 1, 2, 3].map((c) => column(op, c)[9]),
		["run", "wait", "net", "sys"],
	);
	assert.deepEqual(column(op, 4), Array(10).fill(""));
});

test("a trace of activity in a column of waiting is seen", () => {
	const t = stateTile((s) => {
		s.run[0] = 1;
		s.wait[0] = 254;
		s.cls[0] = Class.chan;
	});
	const c = column(image(t, "goroutine"), 0);
	assert.equal(count(c, "run"), 1);
	assert.equal(count(c, "chan"), 3);
});

test("a long wait for a proc hidden in a wide column hangs a tick from the top, at any zoom", () => {
	const t = stateTile((s) => {
		s.wait.fill(254);
		s.cls.fill(Class.chan);
		s.runnable[7] = 1;
		s.worst[7] = Math.ceil(6 * Math.log2(1.2e6 + 1));
		s.runnable[8] = 1;
		s.worst[8] = Math.ceil(6 * Math.log2(1e4));
	});
	const op = image(t, "goroutine", 16);
	assert.deepEqual(column(op, 7).slice(0, 4), ["wait", "wait", "wait", "wait"]);
	assert.deepEqual(column(op, 8).slice(0, 4), ["", "", "", ""]);
});

test("where milliseconds are the rule only the worse ones are marked", () => {
	const worst = (ns: number) => Math.ceil(6 * Math.log2(ns + 1));
	const t = stateTile((s) => {
		s.wait.fill(254);
		s.runnable.fill(1);
		s.worst.fill(worst(1.1e6));
		s.worst[100] = worst(2e7);
	});
	const op = image(t, "goroutine", 16);
	assert.equal(column(op, 100)[0], "wait");
	assert.equal(column(op, 99)[0], "");
});

test("procs show their share, never less than two pixels of what is there", () => {
	const t = stateTile((s) => {
		s.run[0] = 128;
		s.run[1] = 1;
		s.run[2] = 255;
		s.cls[2] = Class.gc;
	});
	const op = image(t, "proc");
	assert.deepEqual(
		[0, 1, 2].map((c) => column(op, c).filter(Boolean).length),
		[5, 2, 10],
	);
	assert.equal(column(op, 2)[0], "gc");
});

test("a group: running on the procs' scale, the queue above it on a logarithmic one", () => {
	const f32 = () => new Float32Array(512);
	const t: CountTile = {
		kind: 3,
		level: 3,
		block: 0,
		bytes: 0,
		running: f32(),
		runnable: f32(),
		syscall: f32(),
		waiting: f32(),
		worst: f32(),
	};
	t.running[0] = 4;
	t.runnable[0] = 2000;
	t.running[1] = 2;
	t.waiting[2] = 50;
	t.runnable[3] = 1;
	t.worst[6] = 5e6;
	t.runnable[6] = 0.001;
	const op = image(t, "counts", 20);
	assert.deepEqual([count(column(op, 0), "run"), count(column(op, 0), "wait")], [14, 6]);
	assert.deepEqual([count(column(op, 1), "run"), count(column(op, 1), "wait")], [7, 0]);
	assert.deepEqual(column(op, 2).filter(Boolean), ["exists"]);
	assert.equal(count(column(op, 3), "wait"), 2);
	assert.equal(column(op, 6)[0], "wait");
	// The edge of a wait that fills the next column is seen there.
	t.worst[4] = 5e6;
	t.runnable[4] = 0.001;
	assert.equal(column(op, 4)[0], "");
});

test("tile images meet at whole pixels without gap or overlap", () => {
	const tile = (block: number): StateTile => ({ ...stateTile(() => {}, 0), block });
	for (const from of [0, 3.3, 100.7]) {
		const e = env({ window: { from, to: from + 1111 }, width: 1500 });
		const scale = new Scale(e.window, e.width);
		const out = new Frame();
		for (const b of [0, 1, 2])
			fillImage(
				tile(b),
				{ tile: tile(b), from: b * 512, to: (b + 1) * 512 },
				"goroutine",
				{ y: 0, h: 10 },
				scale,
				e,
				out,
			);
		for (let i = 1; i < out.images.length; i++) {
			const [p, q] = [out.images[i - 1], out.images[i]] as [ImageOp, ImageOp];
			assert.equal(p.x + p.w, q.x);
		}
		for (const op of out.images) assert.ok(op.w >= op.sw, "no column may vanish");
	}
});

const ranges = (...list: [number, number][]) =>
	spanTile(list.map(([start, end]) => ({ start, end, state: 0, cls: Class.stw })));
const marks = (tile: Tile) =>
	marksOf([{ tile, from: 0, to: 8192 }], new Scale({ from: 0, to: 1000 }, 100), env());

test("a stop-the-world is never thinner than two pixels, and touching ones are one", () => {
	const got = prominent(marks(ranges([100, 100.5], [101, 101.2], [800, 850])), 100, 2);
	assert.deepEqual(got, [
		[10, 12],
		[80, 85],
	]);
});

test("where stops are too many only the outstanding one goes through all lanes, and none is lost in its own", () => {
	const many: [number, number][] = [];
	for (let t = 0; t < 1000; t += 20) many.push([t, t + 0.1]);
	many[30] = [600, 605];
	const tile = ranges(...many);
	assert.deepEqual(prominent(marks(tile), 100, 2), [[60, 62]]);
	const e = env();
	const out = new Frame();
	fillRanges(
		[{ tile, from: 0, to: 8192 }],
		Class.stw,
		{ y: 0, h: 12 },
		new Scale(e.window, e.width),
		e,
		out,
	);
	const lines = describeFrame(out, name).split("\n");
	assert.equal(lines.length, 50);
	assert.ok(lines.includes("rect 60,0 2x12 stw"));
	assert.ok(lines.includes("rect 58,10 2x2 stw"));
});

test("a phase is named beside the stops that lie on it", () => {
	const gc = { ...ranges([0, 1000]), cls: Uint8Array.of(Class.gc) };
	const stw = ranges([20, 60], [900, 930]);
	const e = env({ width: 400 });
	const out = new Frame();
	const piece = (tile: Tile) => [{ tile, from: 0, to: 8192 }];
	labelRanges(piece(gc), piece(stw), { y: 0, h: 12 }, new Scale(e.window, 400), e, out);
	assert.equal(describeFrame(out, name), 'text "GC concurrent mark phase" 28,6 on-gc');
});

test("long ranges that fill the screen are not clutter", () => {
	assert.deepEqual(prominent(marks(ranges([0, 400], [400, 900])), 100, 2), [[0, 90]]);
});

test("the tint covers what the GC took most of", () => {
	const out = new Frame();
	fillTint(marks(ranges([100, 200], [200, 300], [500, 502])), 40, out);
	assert.equal(describeFrame(out, name), "back 10,0 20x40 gc-tint");
});

test("a counter keeps its spikes", () => {
	const tile: PointTile = {
		kind: 6,
		level: 1,
		block: 0,
		bytes: 0,
		count: 4,
		time: Float64Array.of(0, 500, 501, 900),
		value: Float64Array.of(10, 99, 10, 20),
	};
	const c = curveOf([{ tile, from: 0, to: 1024 }], new Scale({ from: 0, to: 1000 }, 100), 100);
	assert.equal(c.hi[50], 99);
	assert.equal(c.lo[50], 10);
	assert.equal(c.last[49], 10);
	assert.equal(c.last[99], 20);
});

test("ticks are round and as close as labels allow", () => {
	assert.deepEqual([1, 3, 7, 12, 99, 101].map(niceStep), [1, 5, 10, 20, 100, 200]);
	assert.deepEqual(ticks({ from: 90, to: 1010 }, 1000, 200).times, [200, 400, 600, 800, 1000]);
	for (const length of [100, 5e4, 3e7, 8e8, 6e10]) {
		const t = axisTicks({ from: 41_203_118, to: 41_203_118 + length }, 1111, measure);
		assert.ok(t.times.length >= 2 && t.times.length <= 13, `${length}: ${t.times.length}`);
	}
});

test("text on every colour of both themes can be read", async () => {
	const { readFileSync } = await import("node:fs");
	// Tests run as one bundle elsewhere, so the source is found from where they are started: the repository's root.
	const css = readFileSync("web/src/style/tokens.css", "utf8");
	const blocks = css.split("}").slice(0, 2);
	for (const block of blocks)
		for (const p of PROPERTIES.slice(0, 11)) {
			const m = new RegExp(`${p}: (#[0-9a-f]{6});`).exec(block);
			assert.ok(m, p);
			const colour = m[1] as string;
			assert.ok(contrast(colour, textOn(colour)) >= 4.5, `${p} ${colour}`);
		}
});

test("a whole frame: rows in their places, marks through all lanes, missing tiles asked for, then prefetched", () => {
	const trace = {
		procs: [{ row: 1, id: 0, busy_ns: 0 }],
		threads: [],
		heap_max: 100,
		groups: [],
	} as unknown as TraceDoc;
	const rows = buildRows({
		trace,
		groups: [],
		collapsed: new Set(),
		open: new Map(),
		notes: { runtime: "", procs: "", threads: "", goroutines: "" },
	});
	const e = env({ rows, duration: 100_000 });
	const out = new Frame();
	fillTimeline(e, out);
	const wanted = e.tiles.takeWanted().map((w) => w.key);
	assert.deepEqual(wanted.slice(0, 3), ["gc 4 0", "stw 4 0", "heap 4 0"]);
	assert.ok(wanted.every((w) => w.endsWith(" 4 0")));
	for (const lane of ["gc", "stw", "heap", "goal", "all", "p:1"])
		e.tiles.put(lane, { kind: 0, level: 4, block: 0, bytes: 0 });
	e.tiles.put("stw", spanTile([{ start: 400, end: 401, state: 0, cls: Class.stw }]));
	e.tiles.put("p:1", spanTile([run(0, 900)]));
	e.tiles.beginFrame();
	out.clear();
	fillTimeline(e, out);
	const text = describeFrame(out, name);
	const bottom = 22 + 20 + 40 + 40 + 22 + 24;
	assert.match(text, new RegExp(`front 40,0 2x${bottom} stw-mark`));
	assert.match(text, /rect 0,147 89x18 run/);
	assert.ok(
		e.tiles.takeWanted().some((w) => w.key === "p:1 8 0"),
		"the whole trace's tile is fetched ahead",
	);
});
