// SPDX-License-Identifier: MIT
import assert from "node:assert/strict";
import { test } from "node:test";
import { TileCache } from "../src/model/tilecache.ts";
import { decodeTiles } from "../src/net/decode.ts";
import { TileClient } from "../src/net/tileclient.ts";
// @ts-expect-error plain JavaScript, shared with the mock server
import { laneSpans, makeTile } from "./mock-tiles.mjs";
// @ts-expect-error as above
import { makeTrace } from "./mock-trace.mjs";

const trace = makeTrace();
const buffer = (...tiles: Buffer[]): ArrayBuffer => {
	const b = Buffer.concat(tiles);
	return b.buffer.slice(b.byteOffset, b.byteOffset + b.length) as ArrayBuffer;
};

test("tiles of every kind come back as they were made", () => {
	const lanes = [
		["g:5", 14, 0],
		["p:1", 21, 0],
		["p:1", 13, 3],
		["all", 21, 0],
		["heap", 21, 0],
		["gc", 21, 0],
		["g:999999", 3, 0],
		["grp:3", 18, 1],
	] as const;
	const tiles = decodeTiles(buffer(...lanes.map(([l, k, b]) => makeTile(trace, l, k, b))));
	assert.deepEqual(
		tiles.map((t) => t.kind),
		[0, 2, 1, 3, 6, 1, 255, 3],
	);
	const p = tiles[2];
	assert.ok(p?.kind === 1);
	const [from, to] = [3 * 512 * 2 ** 13, 4 * 512 * 2 ** 13];
	const want = laneSpans(trace, "p:1").filter(
		(s: { start: number; end: number }) => s.end > from && s.start < to,
	);
	assert.deepEqual(
		[...p.start],
		want.map((s: { start: number }) => s.start),
	);
	assert.deepEqual(
		[...p.id],
		want.map((s: { id: number }) => s.id),
	);
	assert.deepEqual(
		[...p.cls],
		want.map((s: { cls: number }) => s.cls),
	);
	const states = tiles[1];
	assert.ok(states?.kind === 2 && states.run.some((v) => v > 0));
});

test("bytes that are no tiles are refused", () => {
	const good = makeTile(trace, "p:1", 13, 3) as Buffer;
	assert.throws(() => decodeTiles(buffer(good.subarray(0, good.length - 8))), RangeError);
	assert.throws(() => decodeTiles(buffer(good.subarray(0, 9))), RangeError);
	const lies = Buffer.from(good);
	lies.writeUInt32LE(100_000, 4);
	assert.throws(() => decodeTiles(buffer(lies)), RangeError);
	const odd = Buffer.from(good);
	odd.writeUInt8(77, 0);
	assert.throws(() => decodeTiles(buffer(odd)), RangeError);
	assert.deepEqual(decodeTiles(new ArrayBuffer(0)), []);
});

/** A server whose answers wait until they are let go. */
function fakeServer() {
	const sent: { body: string; signal: AbortSignal; answer: () => void }[] = [];
	globalThis.fetch = ((_: string, init: RequestInit) =>
		new Promise((resolve, reject) => {
			const signal = init.signal as AbortSignal;
			signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError")));
			const body = init.body as string;
			sent.push({
				body,
				signal,
				answer: () => {
					const tiles = body
						.trim()
						.split("\n")
						.map((l) => l.split(" "))
						.map(([lane, k, b]) => makeTile(trace, lane, Number(k), Number(b)));
					resolve(new Response(buffer(...tiles)));
				},
			});
		})) as typeof fetch;
	return sent;
}
/** Turns of the event loop until it holds; what never comes fails the assertions behind it. */
const until = async (holds: () => boolean) => {
	for (let i = 0; i < 10000 && !holds(); i++) await new Promise((r) => setImmediate(r));
};

test("a frame's tiles go in batches; what went stale before it was sent never is", async () => {
	const sent = fakeServer();
	const cache = new TileCache();
	let arrived = 0;
	const client = new TileClient(
		cache,
		() => arrived++,
		(e) => assert.fail(String(e)),
	);
	const wants = (lane: string, n: number) => {
		cache.beginFrame();
		for (let b = 0; b < n; b++) cache.want(lane, 13, b);
		return cache.takeWanted();
	};
	client.update(wants("p:1", 600));
	assert.equal(sent.length, 2);
	assert.equal(client.pending, 600);
	// The next frame wants something else, and one tile of the first batch: the second is broken off.
	cache.beginFrame();
	cache.want("p:1", 13, 0);
	cache.want("p:2", 13, 0);
	client.update(cache.takeWanted());
	assert.equal(sent[0]?.signal.aborted, false);
	assert.equal(sent[1]?.signal.aborted, true);
	assert.equal(sent.length, 3);
	assert.equal(sent[2]?.body, "p:2 13 0\n");
	sent[0]?.answer();
	sent[2]?.answer();
	await until(() => arrived >= 2 && client.pending === 0);
	assert.equal(arrived, 2);
	assert.equal(client.pending, 0);
	assert.ok(cache.has("p:1 13 255") && cache.has("p:2 13 0") && !cache.has("p:1 13 256"));
});

test("a failing answer is told, and its tiles may be asked for again", async () => {
	const cache = new TileCache();
	const errors: unknown[] = [];
	globalThis.fetch = (() => Promise.reject(new TypeError("refused"))) as typeof fetch;
	const client = new TileClient(
		cache,
		() => assert.fail("nothing arrived"),
		(e) => errors.push(e),
	);
	cache.want("p:1", 13, 0);
	client.update(cache.takeWanted());
	await until(() => errors.length > 0 && client.pending === 0);
	assert.equal(errors.length, 1);
	assert.equal(client.pending, 0);
});
