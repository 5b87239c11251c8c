// SPDX-License-Identifier: MIT
// A browser drives the viewer as a person would, and compares what it reads with what the API says.
//     node web/e2e/run.mjs KYMO TRACE SCREENSHOTS      starts `KYMO view TRACE`
//     node web/e2e/run.mjs --url URL SCREENSHOTS       uses what runs there
// Prints TAP. Screenshots, light and dark at 1440×900, go to the folder SCREENSHOTS.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { browserPath, startBrowser, startKymo } from "./kymo.mjs";
import { pageTests } from "./pages.mjs";
import { quiet, watch } from "./quiet.mjs";

const args = process.argv.slice(2);
const external = args[0] === "--url";
if (args.length !== 3) {
	console.error("usage: run.mjs KYMO TRACE SCREENSHOTS | run.mjs --url URL SCREENSHOTS");
	process.exit(2);
}
const shots = args[2];
mkdirSync(shots, { recursive: true });
if (!browserPath) {
	console.log("1..0 # SKIP no Chromium is installed");
	process.exit(0);
}

const kymo = external ? { url: args[1], stop: async () => 0 } : await startKymo(args[0], args[1]);
const browser = await startBrowser();
let number = 0;
let failed = 0;
async function test(name, body) {
	number++;
	try {
		await body();
		console.log(`ok ${number} - ${name}`);
	} catch (err) {
		failed++;
		console.log(`not ok ${number} - ${name}`);
		for (const line of String(err?.stack ?? err).split("\n")) console.log(`# ${line}`);
		await page.screenshot({ path: join(shots, `failure-${number}.png`) }).catch(() => {});
	}
}

const context = await browser.newContext({
	viewport: { width: 1440, height: 900 },
	colorScheme: "light",
});
const page = await context.newPage();
await watch(page);
const complaints = [];
page.on("pageerror", (e) => complaints.push(`page: ${e.message}`));
page.on("console", (m) => {
	// 503 is the server's way to say that it still loads; the other is about the reading of pixels below.
	const expected = /status of 503|willReadFrequently/.test(m.text());
	if ((m.type() === "error" || m.type() === "warning") && !expected)
		complaints.push(`console: ${m.text()}`);
});
const foreign = [];
page.on("request", (r) => {
	if (!r.url().startsWith(kymo.url) && !r.url().startsWith("blob:")) foreign.push(r.url());
});

const get = async (path) => {
	const res = await fetch(new URL(path, kymo.url));
	assert.equal(res.status, 200, `${path} answered ${res.status}`);
	return res.json();
};
const hook = (f, arg) => page.evaluate(f, arg);
const ready = () => page.waitForFunction(() => window.__kymo?.ready, null, { timeout: 30_000 });
const settled = () => quiet(page);
const text = (id) => page.getByTestId(id).innerText();
const plain = (s) => s.replaceAll("\u202f", " ");
const nsOf = async (id) => Number(await page.getByTestId(id).getAttribute("data-ns"));
/** Waits until the panel tells of the interval that begins at `start`. */
const detailsAt = (start) =>
	page.waitForFunction(
		(s) => Number(document.querySelector('[data-testid="details-start"]')?.dataset.ns) === s,
		start,
		{ timeout: 5000 },
	);

let trace;
let target; // the longest wait that some goroutine ended: { row, id, group, span, doc }

await test("the timeline appears, and the header says what the trace holds", async () => {
	await page.goto(kymo.url);
	await ready();
	trace = await get("/api/trace");
	assert.equal(await text("file"), trace.file);
	const facts = plain(await text("facts"));
	assert.ok(facts.startsWith(trace.format), facts);
	assert.match(facts, new RegExp(`${trace.gc_cycles} GC cycle`));
	assert.match(facts, new RegExp(`${trace.procs.length} proc`));
	const lanes = await hook(() => window.__kymo.lanes.map((l) => l.key));
	for (const key of ["#runtime", "gc", "all", "#procs", `p:${trace.procs[0].row}`, "#goroutines"])
		assert.ok(lanes.includes(key), key);
	const w = await hook(() => window.__kymo.window);
	assert.deepEqual(w, { from: 0, to: trace.duration_ns });
});

await test("every lane on screen has ink", async () => {
	const bare = await hook(() => {
		const canvas = document.querySelector(".lanes canvas");
		const box = canvas.getBoundingClientRect();
		const px = canvas.getContext("2d");
		return window.__kymo.lanes
			.filter((l) => ["proc", "heap", "counts"].includes(l.kind) && l.y + l.h < box.bottom)
			.filter((l) => {
				const d = px.getImageData(
					0,
					Math.round(l.y - box.top) + 3,
					canvas.width,
					Math.round(l.h) - 6,
				).data;
				const seen = new Set();
				for (let i = 0; i < d.length; i += 4) seen.add((d[i] << 16) | (d[i + 1] << 8) | d[i + 2]);
				return seen.size < 2;
			})
			.map((l) => l.key);
	});
	assert.deepEqual(bare, []);
	await page.screenshot({ path: join(shots, "whole-light.png") });
});

await test("a group opens to its goroutines, most wanted first, and closes", async () => {
	const g = trace.groups.find((x) => x.alive > 1) ?? trace.groups[0];
	await page.locator(`[data-testid="group"][data-group="${g.ix}"]`).click();
	await settled();
	const want = await get(
		`/api/group/${g.ix}/goroutines?from=0&to=${trace.duration_ns}&offset=0&limit=20`,
	);
	const got = await hook(() =>
		window.__kymo.lanes.filter((l) => l.kind === "member").map((l) => l.lane),
	);
	assert.ok(got.length > 0);
	assert.deepEqual(
		got,
		want.rows.slice(0, got.length).map((m) => `g:${m.row}`),
	);
	await page.locator(`[data-testid="group"][data-group="${g.ix}"]`).click();
	assert.equal(await hook(() => window.__kymo.lanes.filter((l) => l.kind === "member").length), 0);
});

await test("zoomed to a known interval and clicked, the panel says what the API says", async () => {
	target = await longestWait();
	const { group, row, span, doc } = target;
	await page.goto(`${kymo.url}#t=${windowOf(span)}&open=${group}`);
	await page.reload();
	await ready();
	await settled();
	await reveal(row, group);
	const at = await hook(
		({ row, t }) => {
			const lane = window.__kymo.lanes.find((l) => l.lane === `g:${row}`);
			return lane && { x: window.__kymo.timeToX(t), y: lane.y + lane.h - 4 };
		},
		{ row, t: (span.start + span.end) / 2 },
	);
	assert.ok(at, "the goroutine's lane is on screen");
	await page.mouse.move(at.x, at.y);
	await page.getByTestId("tooltip").waitFor();
	assert.match(await text("tooltip"), /waiting/);
	await page.mouse.click(at.x, at.y);
	await detailsAt(span.start);
	assert.equal(await nsOf("details-duration"), span.duration);
	assert.equal(await text("details-goroutine"), `Goroutine ${doc.goroutine.id}`);
	assert.equal(plain(await text("details-state")), `blocked · ${span.reason}`);
	if (span.stack.length)
		assert.ok((await text("details-stack")).includes(span.stack[0].func.split("/").pop()));
	await page.getByTestId("lanes").hover({ position: { x: at.x - 300 > 300 ? 20 : 700, y: 4 } });
	await page.mouse.move(5, 5);
	await page.screenshot({ path: join(shots, "interval-light.png") });
});

await test("the address holds it: reloading shows the same interval", async () => {
	const before = await hook(() => window.__kymo.window);
	await settled();
	await page.reload();
	await ready();
	await detailsAt(target.span.start);
	assert.deepEqual(await hook(() => window.__kymo.window), {
		from: Math.round(before.from),
		to: Math.round(before.to),
	});
});

await test("the link to who woke it goes there: lane in view, time in the middle, interval selected", async () => {
	const waker = target.span.woken_by;
	await page.getByTestId("woken-by").click();
	const want = (await get(`/api/span?lane=g:${waker.goroutine.row}&t=${waker.time}`)).span;
	await detailsAt(want.start);
	await settled();
	const seen = await hook(
		({ row, t }) => ({
			lane: window.__kymo.lanes.find((l) => l.lane === `g:${row}`),
			x: window.__kymo.timeToX(t),
			window: window.__kymo.window,
		}),
		{ row: waker.goroutine.row, t: waker.time },
	);
	assert.ok(seen.lane, "the waker's lane is on screen");
	assert.ok(seen.window.from <= waker.time && waker.time <= seen.window.to);
	const box = await page.getByTestId("lanes").boundingBox();
	assert.ok(seen.lane.y >= box.y && seen.lane.y + seen.lane.h <= box.y + box.height);
	assert.equal(await text("details-goroutine"), `Goroutine ${waker.goroutine.id}`);
	await page.mouse.move(5, 5);
	await page.screenshot({ path: join(shots, "waker-light.png") });
});

await test("back returns to where one came from", async () => {
	await page.goBack();
	await detailsAt(target.span.start);
});

await test("search finds a goroutine by its id, and Enter goes there", async () => {
	await page.keyboard.press("Control+k");
	await page.keyboard.type(String(target.doc.goroutine.id));
	await page
		.getByTestId("results")
		.getByText(`G${target.doc.goroutine.id}`, { exact: false })
		.first()
		.waitFor();
	await page.keyboard.press("Enter");
	await page.waitForFunction(
		(id) =>
			document.querySelector('[data-testid="details-goroutine"]')?.textContent ===
			`Goroutine ${id}`,
		target.doc.goroutine.id,
	);
});

await test("search finds a function, and Enter shows its lanes", async () => {
	const g = trace.groups.find((x) => x.name.length > 4);
	await page.keyboard.press("/");
	await page.keyboard.type(g.name.split("/").pop());
	await page.getByTestId("results").locator("button").first().waitFor();
	await page.keyboard.press("Enter");
	await settled();
	assert.ok(await hook((ix) => window.__kymo.lanes.some((l) => l.key === `grp:${ix}`), g.ix));
});

await test("the list of groups beside the timeline says what the API says, and a click shows the lanes", async () => {
	await page.keyboard.press("Home");
	await settled();
	await page.getByTestId("tab-groups").click();
	const { groups } = await get(`/api/groups?from=0&to=${trace.duration_ns}`);
	const rows = page.getByTestId("group-row");
	await page.waitForFunction(
		(n) => document.querySelectorAll('[data-testid="group-row"]').length === n,
		groups.filter((g) => g.alive > 0).length,
	);
	const order = await rows.evaluateAll((els) => els.map((e) => Number(e.dataset.group)));
	const want = groups
		.filter((g) => g.alive > 0)
		.sort((a, b) => b.sched_wait_ns - a.sched_wait_ns || b.wanted_ns - a.wanted_ns);
	assert.equal(order[0], want[0].ix);
	await rows.first().click();
	await settled();
	assert.ok(await hook((ix) => window.__kymo.lanes.some((l) => l.key === `grp:${ix}`), want[0].ix));
});

await test("zoom and pan by wheel and keys, fit by Home", async () => {
	await page.keyboard.press("Home");
	const box = await page.getByTestId("lanes").boundingBox();
	const x = box.x + box.width * 0.25;
	await page.mouse.move(x, box.y + 100);
	await page.keyboard.down("Control");
	for (let i = 0; i < 5; i++) await page.mouse.wheel(0, -200);
	await page.keyboard.up("Control");
	await settled();
	let w = await hook(() => window.__kymo.window);
	const at = trace.duration_ns * 0.25;
	assert.ok(w.to - w.from < trace.duration_ns * 0.5);
	assert.ok(
		Math.abs(w.from + 0.25 * (w.to - w.from) - at) < 0.01 * (w.to - w.from),
		"the cursor's instant keeps its place",
	);
	const before = w.from;
	await page.keyboard.press("d");
	await settled();
	w = await hook(() => window.__kymo.window);
	assert.ok(w.from > before);
	const scrolled = await hook(() => window.__kymo.lanes[0].y);
	await page.mouse.wheel(0, 200);
	await settled();
	const w2 = await hook(() => window.__kymo.window);
	assert.deepEqual(w2, w, "the plain wheel does not touch time");
	assert.ok((await hook(() => window.__kymo.lanes[0].y)) <= scrolled);
	await page.mouse.move(x, box.y + 100);
	await page.mouse.down();
	await page.mouse.move(x + 100, box.y + 100, { steps: 4 });
	await page.mouse.up();
	await settled();
	assert.ok((await hook(() => window.__kymo.window.from)) < w.from);
	await page.keyboard.press("Home");
	assert.deepEqual(await hook(() => window.__kymo.window), { from: 0, to: trace.duration_ns });
});

await test("a stop-the-world is on screen at full width of the trace, at least two pixels of it", async () => {
	const found = await hook(() => {
		const canvas = document.querySelector(".lanes canvas");
		const box = canvas.getBoundingClientRect();
		const gc = window.__kymo.lanes.find((l) => l.key === "gc");
		if (!gc) return { lane: false };
		const red = getComputedStyle(document.documentElement).getPropertyValue("--stw").trim();
		const d = canvas
			.getContext("2d")
			.getImageData(0, Math.round(gc.y - box.top + gc.h / 2), canvas.width, 1).data;
		let longest = 0;
		let run = 0;
		for (let i = 0; i < d.length; i += 4) {
			const hex = `#${[d[i], d[i + 1], d[i + 2]].map((v) => v.toString(16).padStart(2, "0")).join("")}`;
			run = hex === red ? run + 1 : 0;
			longest = Math.max(longest, run);
		}
		return { lane: true, longest };
	});
	if (trace.gc_cycles > 0) assert.ok(!found.lane || found.longest >= 2, JSON.stringify(found));
});

const darkShots = await pageTests({
	test,
	page,
	kymo,
	get,
	settled,
	trace,
	shots,
	complaints,
});

await test("dark is dark, stays so, and the keys are told", async () => {
	await page.getByTestId("theme").click();
	assert.equal(await hook(() => document.documentElement.dataset.theme), "dark");
	await page.goto(
		`${kymo.url}#t=${windowOf(target.span)}&sel=g:${target.row}@${target.span.start}&open=${target.group}`,
	);
	await page.reload();
	await ready();
	await detailsAt(target.span.start);
	await settled();
	assert.equal(await hook(() => document.documentElement.dataset.theme), "dark");
	const bg = await hook(() => getComputedStyle(document.body).backgroundColor);
	assert.ok(Math.max(...bg.match(/\d+/g).map(Number)) < 60, bg);
	await page.screenshot({ path: join(shots, "interval-dark.png") });
	await page.keyboard.press("?");
	await page.getByTestId("help").waitFor();
	await page.keyboard.press("Escape");
	assert.equal(await page.getByTestId("help").count(), 0);
	await page.keyboard.press("Home");
	await settled();
	await page.screenshot({ path: join(shots, "whole-dark.png") });
});

await test("the pages in the dark", async () => {
	await darkShots();
	assert.equal(await hook(() => document.documentElement.dataset.theme), "dark");
});

await test("nothing was fetched from elsewhere, and the console is clean", async () => {
	assert.deepEqual(foreign, []);
	assert.deepEqual(complaints, []);
});

await test("when kymo ends, the page says so and keeps what it shows", async () => {
	if (external) return;
	complaints.length = 0;
	assert.equal(await kymo.stop(), 0, "Ctrl-C ends kymo cleanly");
	await hook(() => {
		const w = window.__kymo.window;
		window.__kymo.setWindow(w.from + 17, w.from + 17 + (w.to - w.from) / 1000);
	});
	await page.getByTestId("gone").waitFor({ timeout: 10_000 });
	assert.ok(await page.getByTestId("timeline").isVisible());
});

console.log(`1..${number}`);
await browser.close();
await kymo.stop();
process.exit(failed ? 1 : 0);

/** The interval takes a third of this window. */
function windowOf(span) {
	const from = Math.max(0, Math.round(span.start - span.duration));
	return `${from}-${Math.min(trace.duration_ns, Math.round(span.end + span.duration))}`;
}

/** By the API alone: the longest wait, among the goroutines that wanted most of each group, that a goroutine ended. */
async function longestWait() {
	let best = null;
	for (const g of trace.groups.slice(0, 12)) {
		const { rows } = await get(
			`/api/group/${g.ix}/goroutines?from=0&to=${trace.duration_ns}&offset=0&limit=3`,
		);
		for (const m of rows) {
			let t = m.begin;
			for (let i = 0; i < 60 && t < m.end; i++) {
				const doc = await get(`/api/span?lane=g:${m.row}&t=${t}`);
				const s = doc.span;
				if (!s) break;
				const usable =
					s.state === 3 &&
					s.woken_by?.goroutine &&
					s.woken_by.goroutine.row !== m.row &&
					s.start > 0 &&
					!s.open;
				const sync = (x) => Number(x.class === 5);
				if (
					usable &&
					(!best ||
						sync(s) > sync(best.span) ||
						(sync(s) === sync(best.span) && s.duration > best.span.duration))
				)
					best = { row: m.row, group: g.ix, span: s, doc };
				t = s.end;
			}
		}
	}
	assert.ok(best, "the trace has a wait that a goroutine ended");
	return best;
}

/** Brings a goroutine's lane on screen by scrolling, loading more of its group where needed. */
async function reveal(row, group) {
	const box = await page.getByTestId("lanes").boundingBox();
	await page.mouse.move(box.x + 30, box.y + 200);
	for (let i = 0; i < 80; i++) {
		const at = await hook((r) => window.__kymo.lanes.find((l) => l.lane === `g:${r}`), row);
		if (at && at.y > box.y && at.y + at.h < box.y + box.height) return;
		const more = await hook((g) => window.__kymo.lanes.find((l) => l.key === `more:${g}`), group);
		if (more) {
			await page.getByTestId("more").first().click();
			await settled();
		} else await page.mouse.wheel(0, 200);
		await settled();
	}
}
