// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { cellText, formatNumber, formatRatio, siteOf } from "../src/model/cells.ts";
import {
	barsOf,
	between,
	bucketOf,
	bucketsOf,
	countIn,
	histOf,
	lowerBound,
	shortestIn,
} from "../src/model/histogram.ts";
import {
	filtersIn,
	kept,
	nothingOf,
	PAGES,
	queryOf,
	reportOf,
	windowOf,
} from "../src/model/pages.ts";
import {
	type Column,
	isNothing,
	lifeOf,
	type ReportDoc,
	type TableDoc,
} from "../src/model/report.ts";
import { extent, linear, logarithmic, niceStep } from "../src/model/scale.ts";
import { intervalOf, longestOf, pageOf } from "../src/model/targets.ts";
import { FILLER, placeColumns, shownColumns } from "../src/pages/columns.ts";
import { line } from "../src/pages/plot.tsx";
import { CHUNK, LocalRows, RemoteRows } from "../src/pages/rows.ts";
import type { Store } from "../src/views/store.ts";

const plain = (s: string) => s.replaceAll("\u202f", " ");
const col = (key: string, kind: Column["kind"], ...flags: string[]): Column => ({
	key,
	title: key,
	kind,
	flags,
});
const table = (key: string, columns: Column[], rows: TableDoc["rows"] = []): TableDoc => ({
	key,
	title: null,
	sort: null,
	quiet: false,
	fixed: false,
	total: rows.length,
	offset: 0,
	columns,
	rows,
});
const doc = (fields: ReportDoc["fields"] = []): ReportDoc => ({
	report: "x",
	summary: "",
	head: "",
	text: null,
	from_ns: 0,
	to_ns: 1000,
	fields,
	tables: [],
	plots: [],
});

test("every duration is in the bucket between whose bounds it lies", () => {
	for (let k = 1; k < 60; k++) {
		const d = shortestIn(k);
		// Buckets below a few ns hold no whole number.
		if (bucketOf(d) !== k) assert.ok(k < 4, `bucket ${k}`);
		assert.ok(bucketOf(d - 1) < k, `bucket ${k}`);
		assert.ok(lowerBound(k) <= d && d <= lowerBound(k) + 2, `bucket ${k}`);
	}
	assert.equal(lowerBound(15), 1000);
	assert.equal(lowerBound(30), 1_000_000);
	assert.equal(bucketOf(0), 0);
	assert.equal(bucketOf(1), 0);
});

test("a histogram of the server's and one made here agree, empty buckets included", () => {
	// As /api/report/tasks gave it for real tasks.
	const given = [
		[2511, 22],
		[3981, 140],
		[6309, 64],
		[10000, 7],
		[63095, 1],
	] as const;
	const bars = barsOf(given);
	assert.deepEqual(bars.counts, [22, 140, 64, 7, 0, 0, 0, 1]);
	assert.equal(bars.total, 234);
	assert.equal(bars.most, 140);
	assert.equal(countIn(bars, bars.first + 1, bars.first + 2), 204);
	const made = histOf(given.flatMap(([d, n]) => Array.from({ length: n }, () => d + 2)));
	assert.deepEqual(made, given);
	// Both of the first two buckets are called 1.
	assert.deepEqual(
		barsOf([
			[1, 5],
			[1, 2],
			[2, 1],
		]).counts,
		[5, 2, 1],
	);
	assert.deepEqual(barsOf([]).counts, []);
});

test("a brush becomes a filter and the filter a brush again", () => {
	for (const range of [
		[0, 3],
		[12, 12],
		[17, 31],
		[30, 45],
	] as [number, number][]) {
		const { latmin, latmax } = between(range);
		assert.deepEqual(bucketsOf(latmin, latmax), range);
		assert.ok(bucketOf(Number(latmax)) === range[1] && bucketOf(Number(latmax) + 1) > range[1]);
	}
	assert.equal(bucketsOf("1.5ms", "2ms"), null);
	assert.equal(bucketsOf("1234567", "2345678"), null);
	assert.equal(bucketsOf(undefined, "5"), null);
});

test("ticks are round and lie inside", () => {
	assert.deepEqual(linear(0, 1, 4).ticks, [0, 0.5, 1]);
	assert.deepEqual(linear(0, 113_128_385, 6).ticks, [0, 2e7, 4e7, 6e7, 8e7, 1e8]);
	assert.deepEqual(
		linear(0, 25 * 2 ** 20, 3, 1024).ticks.map((t) => t / 2 ** 20),
		[0, 10, 20],
	);
	assert.deepEqual(logarithmic(1e6, 1.1e8).ticks, [1e6, 1e7, 1e8]);
	const s = logarithmic(1, 1e6);
	for (const v of [1, 17, 1e6]) assert.ok(Math.abs(s.value(s.at(v)) - v) < 1e-6 * v);
	assert.equal(niceStep(100, 5), 20);
	assert.deepEqual(extent([null, 3, Number.NaN, -1, undefined]), [-1, 3]);
	assert.equal(extent([null]), null);
});

test("a line has a gap where nothing is, and keeps the extremes of a pixel", () => {
	const id = (v: number) => v;
	assert.equal(line([0, 10, 20], [1, 2, 3], id, id, false), "M0 1L10 2L20 3");
	assert.equal(line([0, 10, 20, 30], [1, null, 3, 4], id, id, true), "M0 1M20 3H30V4");
	const many = line([0, 5, 5.1, 5.2, 5.3, 9], [0, 7, 1, 50, 2, 2], id, id, false);
	assert.match(many, /L5 1L5 50L5 2L9 2$/);
});

test("cells as text", () => {
	assert.equal(plain(cellText("ns", 1_234_567)), "1.23 ms");
	assert.equal(cellText("ns", 0), "–");
	assert.equal(cellText("ns", null), "–");
	assert.equal(plain(cellText("count", 6096)), "6 096");
	assert.equal(cellText("id", 1234567), "1234567");
	assert.equal(plain(formatRatio(0.5506)), "55.1 %");
	assert.equal(plain(formatRatio(1)), "100 %");
	assert.equal(plain(formatRatio(0.0312)), "3.12 %");
	assert.equal(formatNumber(944.615), "944.6");
	assert.equal(formatNumber(0.000012), "0.000012");
	assert.equal(plain(cellText("named", { sync: 5, "chan receive": 7000 })), "chan receive 7 µs");
	const stack = [
		{ func: "sync.(*Mutex).Lock", file: "/go/src/sync/mutex.go", line: 46 },
		{ func: "main.work", file: "/src/w.go", line: 9 },
	];
	assert.equal(cellText("stack", stack), "sync.(*Mutex).Lock ‹ main.work w.go:9");
	assert.equal(siteOf([]), null);
	assert.equal(siteOf(stack.slice(1))?.caller, null);
	assert.ok(isNothing("stack", []) && isNothing("named", {}) && !isNothing("time", 0));
	assert.deepEqual(
		[...lifeOf([5, 0, 0, 2, 0, 0, 0, 0, 1])],
		[
			[1, 5],
			[8, 2],
			[9, 1],
		],
	);
});

test("what is asked of a report: its filters, the window of the timeline, not how the page looks", () => {
	const params = { of: "chans", func: "main.*", whole: "1", sort: "total_ns", q: "x" };
	const w = { from: 10.4, to: 99.6 };
	assert.equal(windowOf(params, w, 1000), null);
	const part = windowOf({}, w, 1000);
	assert.deepEqual(part, { from: 10, to: 100 });
	assert.equal(windowOf({}, { from: 0, to: 1000 }, 1000), null);
	assert.equal(queryOf(params, part).toString(), "from=10&func=main.*&sort=total_ns&to=100");
	assert.equal(reportOf("waits", params), "chans");
	assert.equal(reportOf("waits", {}), "locks");
	assert.deepEqual(filtersIn(params), [["func", "main.*"]]);
	assert.deepEqual(kept({ ...params, list: "1", asc: "1" }), {
		of: "chans",
		func: "main.*",
		whole: "1",
	});
	assert.equal(new Set(PAGES.map((p) => p.page)).size, PAGES.length);
});

test("a row leads to a list, a story or its interval", () => {
	const groups = table("groups", [col("name", "text", "group"), col("count", "count")]);
	assert.deepEqual(pageOf(doc(), groups, ["main.f", 3], "goroutines", { whole: "1", sort: "x" }), {
		page: "goroutines",
		params: { whole: "1", group: "main.f" },
	});
	assert.deepEqual(pageOf(doc(), groups, ["", 3], "goroutines", {})?.params, { group: "" });
	const sites = table("sites", [
		col("max_ns", "ns"),
		col("longest_at_ns", "time"),
		col("longest_goroutine", "id", "goroutine"),
	]);
	assert.deepEqual(longestOf(sites, [30, 5, 7]), { goroutine: 7, from: 5, to: 35 });
	assert.equal(longestOf(sites, [30, null, null]), null);
	assert.equal(intervalOf(doc(), sites, [30, 5, 7]), null, "the row is not that interval");
	const types = table("types", [col("type", "text"), col("pc", "id")]);
	assert.deepEqual(pageOf(doc(), types, ["auth", 255], "regions", {})?.params, {
		type: "auth",
		at: "0xff",
	});
	const tasks = table("tasks", [col("id", "id", "task")]);
	assert.deepEqual(pageOf(doc(), tasks, [7], "tasks", { type: "t" })?.params, { id: "7" });
	// A state of a goroutine's story: whose it is, the report's figure says.
	const states = table("states", [
		col("start_ns", "time"),
		col("duration_ns", "ns"),
		col("waker", "id", "goroutine"),
	]);
	const story = doc([{ key: "goroutine", title: "", kind: "id", value: 36 }]);
	assert.deepEqual(intervalOf(story, states, [100, 50, 9]), { goroutine: 36, from: 100, to: 150 });
	assert.equal(pageOf(story, states, [100, 50, 9], "goroutines", {}), null);
	const worst = table("worst", [col("time_ns", "time"), col("window_ns", "ns")]);
	assert.deepEqual(intervalOf(doc(), worst, [5, 10]), { goroutine: null, from: 5, to: 15 });
	const regions = table("regions", [
		col("goroutine", "id", "goroutine"),
		col("begin_ns", "time"),
		col("end_ns", "time"),
		col("duration_ns", "ns"),
	]);
	assert.deepEqual(intervalOf(doc(), regions, [4, 5, 25, 999]), { goroutine: 4, from: 5, to: 25 });
	assert.equal(intervalOf(doc(), types, ["auth", 1]), null);
});

test("columns that do not fit go from the end, the room left goes to the text", () => {
	const columns = [
		col("a", "count"),
		col("name", "text", "last"),
		col("b", "ns"),
		col("c", "ns"),
		col("d", "ns", "quiet"),
	];
	const shown = shownColumns("x", "y", columns);
	assert.deepEqual(shown, [1, 0, 2, 3], "the name comes first on a page");
	const measure = (t: string) => 7 * t.length;
	const rows = [[1, "main.something", 5, 6, 7]];
	const all = placeColumns(columns, shown, rows, 900, measure);
	assert.deepEqual(
		all.map((c) => c.index),
		[1, 0, 2, 3],
	);
	assert.equal(Math.round(all.reduce((n, c) => n + c.width, 0)), 900);
	assert.ok((all[0]?.width ?? 0) > 500);
	const few = placeColumns(columns, shown, rows, 250, measure);
	assert.deepEqual(
		few.map((c) => c.index),
		[1, 0, 2],
	);
	const figures = placeColumns([col("a", "count"), col("b", "ns")], [0, 1], [[1, 2]], 500, measure);
	assert.equal(figures[2]?.index, FILLER);
});

test("rows that are here are sorted here, nothing last", () => {
	const columns = [col("n", "count"), col("t", "text")];
	const rows = [
		[2, "b"],
		[null, "c"],
		[3, "a"],
	];
	const order = (key: string, asc: boolean) => {
		const r = new LocalRows(columns, rows, key, asc);
		return [0, 1, 2].map((i) => r.row(i)?.[1]);
	};
	assert.deepEqual(order("n", false), ["a", "b", "c"]);
	assert.deepEqual(order("n", true), ["b", "a", "c"]);
	assert.deepEqual(order("t", true), ["a", "b", "c"]);
});

test("of two million rows those in view are fetched, once, and what scrolled away is called off", async () => {
	const asked: string[] = [];
	const aborted: string[] = [];
	const before = globalThis.fetch;
	const waiting: (() => void)[] = [];
	globalThis.fetch = ((path: string, init?: RequestInit) => {
		asked.push(path);
		return new Promise((resolve, reject) => {
			init?.signal?.addEventListener("abort", () => {
				aborted.push(path);
				reject(new DOMException("", "AbortError"));
			});
			waiting.push(() => {
				const q = new URL(path, "http://x").searchParams;
				const offset = Number(q.get("offset"));
				const rows = Array.from({ length: Number(q.get("top")) }, (_, i) => [offset + i]);
				const t = { ...table("list", [col("n", "count")], rows), total: 2_000_000, offset };
				resolve(new Response(JSON.stringify({ ...doc(), tables: [t] })));
			});
		});
	}) as typeof fetch;
	const answer = async () => {
		for (const w of waiting.splice(0)) w();
		for (let i = 0; i < 20; i++) await new Promise((r) => setImmediate(r));
	};
	try {
		const store = {
			busy: { value: 0 },
			fail: (e: unknown) => assert.fail(String(e)),
		} as unknown as Store;
		const first = Array.from({ length: CHUNK }, (_, i) => [i]);
		const t = { ...table("list", [col("n", "count")], first), total: 2_000_000 };
		const rows = new RemoteRows(store, "goroutines", new URLSearchParams("func=f"), t);
		rows.want(0, 60);
		assert.deepEqual(asked, [], "the first chunk came with the document");
		rows.want(1_000_000, 1_000_060);
		rows.want(1_000_010, 1_000_070);
		assert.equal(asked.length, 1);
		assert.match(asked[0] as string, /func=f.*table=list.*offset=1000000&top=200/);
		rows.want(1_999_980, 2_000_000);
		assert.equal(aborted.length, 1, "nobody looks there any more");
		await answer();
		assert.equal(rows.row(1_999_999)?.[0], 1_999_999);
		assert.equal(rows.row(1_000_000), undefined);
		assert.equal(rows.row(3)?.[0], 3);
		const n = asked.length;
		rows.want(1_999_900, 2_000_000);
		assert.equal(asked.length, n, "what is here is not asked for again");
		assert.equal(store.busy.value, 0);
	} finally {
		globalThis.fetch = before;
	}
});

test("what there is none of is told with where it was looked for", () => {
	assert.equal(
		nothingOf("tasks", {}, null),
		"There are no tasks in this trace. A program makes them with runtime/trace.NewTask.",
	);
	assert.equal(
		nothingOf("locks", { of: "locks", func: "x" }, { from: 1, to: 2 }),
		"There are no waits for locks in this part of the trace that the filters let through.",
	);
});
