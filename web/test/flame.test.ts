// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import {
	buildFlame,
	type FlameNode,
	findPath,
	layoutFlame,
	matched,
	type ProfileDoc,
	packageOf,
	stackRows,
	TINTS,
	tintOf,
} from "../src/model/flame.ts";
import { Class } from "../src/model/trace.ts";

const FRAMES = [
	"runtime.chanrecv1",
	"main.a",
	"main.main",
	"sync.(*Mutex).Lock",
	"net/http.(*conn).serve",
];
const profile: ProfileDoc = {
	kind: "sync",
	head: "",
	stack: "waiter",
	unit: "ns",
	count: 6,
	total: 100,
	frames: FRAMES.map((func, i) => ({ func, file: "/x.go", line: i })),
	samples: [
		{
			stack: [0, 1, 2],
			count: 3,
			value: 60,
			group: "main.main",
			reason: "chan receive",
			longest: 30,
			at: 5,
			of: { row: 7, id: 7, name: "" },
		},
		{
			stack: [3, 1, 2],
			count: 1,
			value: 25,
			group: "main.main",
			reason: "sync",
			longest: 25,
			at: 40,
			of: { row: 8, id: 8, name: "" },
		},
		{
			stack: [3, 4],
			count: 1,
			value: 10,
			group: "net/http.(*conn).serve",
			reason: "sync",
			longest: 10,
			at: 2,
			of: { row: 9, id: 9, name: "" },
		},
		{
			stack: [3, 4],
			count: 1,
			value: 4,
			group: "net/http.(*conn).serve",
			reason: "select",
			longest: 4,
			at: 70,
			of: { row: 9, id: 9, name: "" },
		},
		{ stack: [], count: 0, value: 1, group: "", reason: "sync", longest: 0, at: 0, of: null },
	],
};

function check(n: FlameNode): void {
	const below = n.children.reduce((sum, c) => sum + c.value, 0);
	assert.equal(n.self + below, n.value, n.path);
	n.children.forEach((c, i) => {
		assert.equal(c.parent, n);
		if (i) assert.ok((n.children[i - 1] as FlameNode).value >= c.value);
		check(c);
	});
}

test("a flame graph adds up: what ends in a frame and what is beneath it make the frame", () => {
	const root = buildFlame(profile);
	assert.equal(root.value, 100);
	assert.equal(root.count, 6);
	check(root);
	assert.deepEqual(
		root.children.map((c) => [c.name, c.value, c.count]),
		[
			["main.main", 85, 4],
			["net/http.(*conn).serve", 14, 2],
		],
	);
	const leaf = findPath(root, "main.main\nmain.a\nruntime.chanrecv1");
	assert.equal(leaf.value, 60);
	assert.equal(leaf.cls, Class.chan);
	assert.equal(findPath(root, "main.main\nmain.a\nsync.(*Mutex).Lock").cls, Class.sync);
	assert.equal(
		findPath(root, "main.main").cls,
		0,
		"only frames that wait have the colour of a wait",
	);
	assert.equal(findPath(root, "main.main\nnowhere"), root);
});

test("zoomed, a frame fills the width beneath its callers; what is too narrow is left out", () => {
	const root = buildFlame(profile);
	const all = layoutFlame(root, 0);
	const byDepth = new Map<number, number>();
	for (const b of all) byDepth.set(b.node.depth, (byDepth.get(b.node.depth) ?? 0) + b.w);
	assert.ok([...byDepth.values()].every((w) => w <= 1 + 1e-9));
	for (const b of all)
		for (const c of b.node.children) {
			const box = all.find((x) => x.node === c);
			assert.ok(box && box.x >= b.x - 1e-9 && box.x + box.w <= b.x + b.w + 1e-9);
		}
	const focus = findPath(root, "main.main\nmain.a");
	const zoomed = layoutFlame(focus, 0.01);
	assert.deepEqual(
		zoomed.map((b) => [b.node.name, Math.round(100 * b.w)]),
		[
			["", 100],
			["main.main", 100],
			["main.a", 100],
			["runtime.chanrecv1", 71],
			["sync.(*Mutex).Lock", 29],
		],
	);
	assert.ok(!layoutFlame(root, 0.2).some((b) => b.node.name.startsWith("net/http")));
});

test("a search counts each sample once", () => {
	assert.equal(matched(profile, "MAIN."), 85);
	assert.equal(matched(profile, "lock"), 39);
	assert.equal(matched(profile, "nothing"), 0);
});

test("the table has a row for each stack, its samples of all reasons together", () => {
	const rows = stackRows(profile);
	assert.deepEqual(
		rows.map((r) => [r.value, r.count, r.reason]),
		[
			[60, 3, "chan receive"],
			[25, 1, "sync"],
			[14, 2, "sync"],
			[1, 0, "sync"],
		],
	);
	assert.equal(rows[0]?.path, "main.main\nmain.a\nruntime.chanrecv1");
	assert.equal(
		rows.reduce((n, r) => n + r.value, 0),
		profile.total,
	);
});

test("functions of one package have one tint", () => {
	assert.equal(packageOf("net/http.(*conn).serve"), "net/http");
	assert.equal(packageOf("example.com/a/b.Map[go/types.X]"), "example.com/a/b");
	assert.equal(tintOf("net/http.(*conn).serve"), tintOf("net/http.Get"));
	for (const f of FRAMES) assert.ok(tintOf(f) >= 0 && tintOf(f) < TINTS);
});

test("of samples without time the number counts", () => {
	const cpu = { ...profile, kind: "cpu", unit: "samples" };
	assert.equal(buildFlame(cpu).value, 6);
	assert.equal(stackRows(cpu)[0]?.value, 3);
});

test("the longest wait beneath a frame is known by whose it was and when", () => {
	const root = buildFlame(profile);
	assert.deepEqual(root.longest, { goroutine: 7, from: 5, to: 35 });
	assert.deepEqual(findPath(root, "net/http.(*conn).serve").longest, {
		goroutine: 9,
		from: 2,
		to: 12,
	});
	const rows = stackRows(profile);
	assert.deepEqual(
		rows.map((r) => r.longest && r.longest.to - r.longest.from),
		[30, 25, 10, null],
	);
});
