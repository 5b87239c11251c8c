// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { cutLeft, cutRight } from "../src/base/fit.ts";
import {
	durationParts,
	formatBytes,
	formatCount,
	formatDuration,
	formatPercent,
	formatRank,
	formatTick,
	formatTime,
	shortFunction,
	tailFunction,
} from "../src/base/format.ts";
import { Lru } from "../src/base/lru.ts";
import { upperBound } from "../src/base/search.ts";

const plain = (s: string) => s.replaceAll("\u202f", " ");

test("durations have four digits and the unit that suits them", () => {
	const cases: [number, string][] = [
		[0, "0 ns"],
		[1, "1 ns"],
		[999, "999 ns"],
		[1000, "1 µs"],
		[118_000, "118 µs"],
		[1_842_118, "1.842 ms"],
		[999_940, "999.9 µs"],
		[999_960, "1.000 ms"],
		[12_345_678, "12.35 ms"],
		[41_203_118, "41.20 ms"],
		[841_800_000, "841.8 ms"],
		[2_000_000_000, "2 s"],
		[61_234_567_890, "61.23 s"],
		[4_000_000_000_000, "4 000 s"],
	];
	for (const [ns, want] of cases) assert.equal(plain(formatDuration(ns)), want, String(ns));
	assert.deepEqual(durationParts(9_671_000_000, 3), { value: "9.67", unit: "s" });
	assert.deepEqual(durationParts(999_600, 3), { value: "1.00", unit: "ms" });
});

test("an instant keeps every nanosecond", () => {
	assert.equal(plain(formatTime(41_203_118)), "41.203 118 ms");
	assert.equal(plain(formatTime(1_234_567_890)), "1.234 567 890 s");
	assert.equal(plain(formatTime(999)), "999 ns");
	assert.equal(plain(formatTime(1_500)), "1.500 µs");
	assert.equal(plain(formatTime(0)), "0 ns");
});

test("ticks show the digits that differ", () => {
	assert.equal(plain(formatTick(365_000_000, 5_000_000)), "365 ms");
	assert.equal(plain(formatTick(365_200_000, 200_000)), "365.2 ms");
	assert.equal(plain(formatTick(365_200_010, 10)), "365.200 01 ms");
	assert.equal(plain(formatTick(1_200_000_000, 200_000_000)), "1.2 s");
	assert.equal(formatTick(0, 100), "0");
});

test("counts, bytes, percents, ranks", () => {
	assert.equal(plain(formatCount(2756)), "2 756");
	assert.equal(plain(formatBytes(40_475_034)), "38.6 MiB");
	assert.equal(plain(formatBytes(512)), "512 B");
	assert.equal(plain(formatPercent(1, 1000)), "<1 %");
	assert.equal(plain(formatPercent(52, 100)), "52 %");
	assert.equal(formatPercent(1, 0), "–");
	assert.deepEqual(
		[1, 2, 3, 4, 11, 12, 21, 112].map((n) => plain(formatRank(n))),
		[
			"longest",
			"2nd longest",
			"3rd longest",
			"4th longest",
			"11th longest",
			"12th longest",
			"21st longest",
			"112th longest",
		],
	);
});

test("functions without their import path", () => {
	assert.equal(shortFunction("net/http.(*persistConn).readLoop"), "http.(*persistConn).readLoop");
	assert.equal(shortFunction("main.worker"), "main.worker");
	assert.equal(
		shortFunction("a.com/b/c.Map[go.shape.string,d/e.T].Get"),
		"c.Map[go.shape.string,d/e.T].Get",
	);
	assert.equal(tailFunction("net/http.(*persistConn).readLoop"), "(*persistConn).readLoop");
});

test("text is cut to a width", () => {
	const measure = (s: string) => s.length;
	assert.equal(
		cutLeft("net.(*persistConn).readLoop", 12, measure),
		"….readLoop".length <= 12 ? "…n).readLoop" : "",
	);
	assert.equal(cutLeft("short", 12, measure), "short");
	assert.equal(cutRight("GC concurrent mark phase", 12, measure), "GC concurre…");
	assert.equal(cutRight("gcBgMarkWorker", 3, measure), "");
});

test("the oldest goes first, and use makes young", () => {
	const gone: number[] = [];
	const lru = new Lru<number>(30, (v) => gone.push(v));
	lru.set("a", 1, 10);
	lru.set("b", 2, 10);
	lru.set("c", 3, 10);
	lru.get("a");
	lru.set("d", 4, 10);
	assert.deepEqual(gone, [2]);
	lru.set("big", 5, 100);
	assert.deepEqual(gone, [2, 3, 1, 4]);
	assert.equal(lru.get("big"), 5);
	assert.equal(lru.bytes, 100);
});

test("upperBound", () => {
	assert.equal(upperBound([1, 3, 3, 5], 3), 3);
	assert.equal(upperBound([1, 3, 3, 5], 0), 0);
	assert.equal(upperBound([1, 3, 3, 5], 9), 4);
	assert.equal(upperBound([], 1), 0);
});
