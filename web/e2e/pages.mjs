// SPDX-License-Identifier: MIT
// The pages beside the timeline, walked as a person would, and compared with what the API says.

import assert from "node:assert/strict";
import { join } from "node:path";

export async function pageTests({ test, page, kymo, get, settled, trace, shots, complaints }) {
	const plain = (s) => s.replaceAll("\u202f", " ");
	const hash = () => page.evaluate(() => location.hash);
	const open = async (place) => {
		await page.goto("about:blank");
		await page.goto(`${kymo.url}${place}`);
		await idle();
	};
	const idle = settled;
	const report = (name, query) => get(`/api/report/${name}?format=page&${query}`);
	const cell = (doc, table, row, key) => {
		const t = doc.tables.find((x) => x.key === table);
		return t.rows[row][t.columns.findIndex((c) => c.key === key)];
	};
	const row = (table, i) =>
		page.locator(`[data-testid="table-${table}"] tr[data-index="${i}"]`).first();
	const shot = (name) => page.screenshot({ path: join(shots, `${name}.png`) });
	const csvRows = async (testid) => {
		const href = await page.getByTestId(testid).first().getAttribute("href");
		const res = await fetch(new URL(href, kymo.url));
		assert.match(res.headers.get("content-disposition") ?? "", /attachment/);
		return (await res.text()).trimEnd().split(/\r?\n/);
	};

	await test("from a group to one goroutine's blocked interval on the timeline", async () => {
		await page.getByTestId("page-goroutines").click();
		await idle();
		const groups = await report("goroutines", "top=200");
		const names = groups.tables[0].rows.map((r) => r[0]);
		const blocked = groups.tables[0].columns.findIndex((c) => c.key === "blocked_ns");
		// A group of several that was blocked.
		const at = groups.tables[0].rows.findIndex((r) => r[1] > 1 && r[1] < 100 && r[blocked] > 0);
		await row("groups", at).click();
		await page.getByTestId("group-panel").waitFor();
		await idle();
		await shot("page-goroutines-light");
		await page.getByTestId("open-row").click();
		await idle();
		assert.ok((await hash()).startsWith(`#page=goroutines&group=${encodeURIComponent(names[at])}`));
		const list = await report("goroutines", `group=${encodeURIComponent(names[at])}&top=200`);
		assert.equal(
			Number(await page.getByTestId("table-goroutines").getAttribute("data-total")),
			list.tables[0].total,
		);
		// The one that was blocked longest, by the column's head.
		await page.locator('[data-sort="blocked_ns"]').click();
		await idle();
		const sorted = await report(
			"goroutines",
			`group=${encodeURIComponent(names[at])}&sort=blocked_ns&asc=0&top=1`,
		);
		const id = cell(sorted, "goroutines", 0, "goroutine");
		await row("goroutines", 0).dblclick();
		await idle();
		assert.match(await hash(), new RegExp(`goroutine=${id}\\b`));
		const story = await report("goroutines", `goroutine=${id}&top=200`);
		const states = story.tables.find((t) => t.key === "states");
		let longest = -1;
		states.rows.forEach((_, i) => {
			if (cell(story, "states", i, "state") !== "waiting") return;
			const d = (k) => cell(story, "states", k, "duration_ns");
			if (longest < 0 || d(i) > d(longest)) longest = i;
		});
		assert.ok(longest >= 0, "it was blocked");
		// Its rows are reached by keys alone.
		await page.keyboard.press("Home");
		for (let i = 0; i < longest && i < 150; i++) await page.keyboard.press("j");
		if (longest >= 150) await row("states", longest).click();
		await page.getByTestId("row-details").waitFor();
		await shot("page-story-light");
		const from = Number(await page.getByTestId("to-timeline").last().getAttribute("data-from"));
		assert.equal(from, cell(story, "states", longest, "start_ns"));
		await page.keyboard.press("Enter");
		await page.waitForFunction(
			(s) => Number(document.querySelector('[data-testid="details-start"]')?.dataset.ns) === s,
			from,
		);
		await settled();
		const seen = await page.evaluate(() => window.__kymo.window);
		const length = cell(story, "states", longest, "duration_ns");
		assert.ok(seen.from <= from && from + length <= seen.to, "the whole interval is on screen");
		assert.match(await page.getByTestId("details-state").innerText(), /blocked/);
		assert.equal(await page.getByTestId("details-goroutine").innerText(), `Goroutine ${id}`);
		await shot("page-interval-light");
		await page.goBack();
		await page.getByTestId("story-head").waitFor();
		await idle();
		assert.equal(
			await row("states", longest).getAttribute("aria-selected"),
			"true",
			"the way back leads to the row",
		);
	});

	await test("the page follows the timeline's window until it says whole trace", async () => {
		const [from, to] = [Math.round(trace.duration_ns * 0.2), Math.round(trace.duration_ns * 0.6)];
		await open(`#page=goroutines&t=${from}-${to}`);
		const part = await report("goroutines", `from=${from}&to=${to}&top=1`);
		const whole = await report("goroutines", "top=1");
		const head = async () => plain(await page.getByTestId("page-sentence").innerText());
		const told = (s) => s.replace(/(\d),(?=\d{3})/g, "$1 ");
		assert.equal(await head(), told(part.head));
		await page.getByTestId("window-whole").click();
		await idle();
		assert.equal(await head(), told(whole.head));
		assert.match(await hash(), /whole=1/);
		await page.goBack();
		await idle();
		assert.equal(await head(), told(part.head));
	});

	await test("a filter narrows the list, is part of the address, and a wrong one is told", async () => {
		await open("#page=goroutines");
		await page.keyboard.press("/");
		await page.keyboard.type("^runtime\\.");
		await page.waitForFunction(() => location.hash.includes("func="));
		await idle();
		const want = await report("goroutines", `func=${encodeURIComponent("^runtime\\.")}`);
		assert.equal(
			Number(await page.getByTestId("table-groups").getAttribute("data-total")),
			want.tables[0].total,
		);
		await page.getByTestId("find").fill("(");
		await page.getByTestId("page-error").waitFor();
		assert.ok((await page.getByTestId("page-error").innerText()).length > 5);
		await page.getByTestId("find").press("Escape");
		await idle();
		assert.equal(await page.getByTestId("page-error").count(), 0);
		// The browser complains of the 400 by itself.
		const expected = complaints.findIndex((c) => /status of 400/.test(c));
		if (expected >= 0) complaints.splice(expected, 1);
		await page.getByTestId("add-filter").selectOption("goroutine");
		await page.getByTestId("filter-value").fill("1");
		await page.keyboard.press("Enter");
		await page.getByTestId("story-head").waitFor();
	});

	await test("a table of thousands scrolls to its end, a page at a time, and sorts on the server", async () => {
		await open("#page=goroutines&list=1&sort=goroutine&asc=1");
		const total = Number(await page.getByTestId("table-goroutines").getAttribute("data-total"));
		assert.equal(total, (await report("goroutines", "list=1&top=1")).tables[0].total);
		const asked = [];
		page.on("request", (r) => asked.push(r.url()));
		await page.getByTestId("table-goroutines").hover();
		await page.keyboard.press("End");
		await page.waitForFunction(
			(i) => document.querySelector(`tr[data-index="${i}"] td`),
			total - 1,
		);
		await idle();
		const last = await report(
			"goroutines",
			`list=1&sort=goroutine&asc=1&offset=${total - 1}&top=1`,
		);
		assert.ok(
			(await row("goroutines", total - 1).innerText()).includes(
				`G${cell(last, "goroutines", 0, "goroutine")}`,
			),
		);
		const pages = asked.filter((u) => u.includes("offset="));
		assert.ok(total <= 400 || pages.length <= 3, `asked ${pages.length} times`);
		assert.ok(
			(await page.locator('[data-testid="table-goroutines"] tr[data-index]').count()) < 80,
			"only rows in view are elements",
		);
	});

	await test("the CSV has the rows of the table", async () => {
		await open("#page=goroutines&sort=total_ns&asc=0");
		const lines = await csvRows("get-csv");
		const doc = await report("goroutines", "sort=total_ns&asc=0");
		assert.equal(lines.length, doc.tables[0].total + 1);
		const shown = await page
			.locator('[data-testid="table-groups"] tr[data-index]')
			.evaluateAll((els) => els.slice(0, 10).map((e) => e.querySelector(".name")?.textContent));
		lines.slice(1, 1 + shown.length).forEach((l, i) => {
			assert.ok(l.includes(shown[i]), `${shown[i]} is row ${i} of the CSV: ${l.slice(0, 80)}`);
		});
	});

	await test("flame graph: a click zooms, a search dims and counts, the waker's stack is a switch", async () => {
		await page.getByTestId("page-blocking").click();
		await idle();
		const doc = await get("/api/profile/sync");
		const root = page.locator(".flame .root");
		assert.ok((await root.innerText()).includes("waits"));
		assert.equal(
			Number(await page.getByTestId("table-stacks").getAttribute("data-total")),
			new Set(doc.samples.map((s) => s.stack.join())).size,
		);
		await shot("page-blocking-light");
		// The widest function below the root.
		const first = page.locator(".flame .box:not(.root)").first();
		const name = await first.getAttribute("data-name");
		await first.hover();
		await page.getByTestId("flame-tip").waitFor();
		assert.ok((await page.getByTestId("flame-tip").innerText()).includes(name));
		await first.click();
		await page.getByTestId("unzoom").waitFor();
		const wide = await page.locator(`.flame .box[data-name="${name}"]`).first().boundingBox();
		const all = await root.boundingBox();
		assert.ok(Math.abs(wide.width - all.width) < 3, "it fills the width");
		const beneath = new Set(
			doc.samples
				.filter((s) => doc.frames[s.stack.at(-1)]?.func === name)
				.map((s) => s.stack.join()),
		).size;
		assert.equal(
			Number(await page.getByTestId("table-stacks").getAttribute("data-total")),
			beneath,
		);
		await page.getByTestId("unzoom").click();
		await page.keyboard.press("/");
		await page.keyboard.type("sync.");
		await page.getByTestId("search-share").waitFor();
		const hits = await page
			.locator(".flame .hit")
			.evaluateAll((els) => els.map((e) => e.dataset.name));
		assert.ok(hits.length > 0 && hits.every((n) => n.includes("sync.")));
		const faint = await page
			.locator(".flame .box:not(.hit)")
			.first()
			.evaluate((e) => getComputedStyle(e).opacity);
		assert.ok(Number(faint) < 0.5);
		await page.getByTestId("find").press("Escape");
		await page.getByTestId("switch-waker").click();
		await idle();
		assert.match(await hash(), /stack=waker/);
		const wakers = await get("/api/profile/sync?stack=waker");
		assert.equal(
			Number(await page.getByTestId("table-stacks").getAttribute("data-total")),
			new Set(wakers.samples.map((s) => s.stack.join())).size,
		);
		for (const kind of ["net", "syscall", "sched", "block", "create", "stw", "cpu"]) {
			await page.getByTestId(`switch-${kind}`).click();
			await idle();
			assert.equal(await page.getByTestId("page-error").count(), 0, kind);
		}
		await open("#page=blocking&kind=sched");
		const gz = await fetch(
			new URL(await page.getByTestId("get-pprof").getAttribute("href"), kymo.url),
		);
		const bytes = new Uint8Array(await gz.arrayBuffer());
		assert.deepEqual([...bytes.slice(0, 2)], [0x1f, 0x8b], "pprof is gzip");
	});

	/** The interval that is selected on the timeline, once it is the one that begins at `from`. */
	const selectedAt = async (from) => {
		await page.waitForFunction(
			(s) => Number(document.querySelector('[data-testid="details-start"]')?.dataset.ns) === s,
			from,
		);
		await settled();
		const seen = await page.evaluate(() => window.__kymo.window);
		const length = Number(await page.getByTestId("details-duration").getAttribute("data-ns"));
		assert.ok(seen.from <= from && from + length <= seen.to, "the whole interval is on screen");
		return { length, who: await page.getByTestId("details-goroutine").innerText() };
	};

	await test("from the blocking profile to its longest wait on the timeline", async () => {
		await open("#page=blocking&kind=sync");
		const doc = await get("/api/profile/sync");
		const want = doc.samples.reduce((a, b) => (b.longest > a.longest ? b : a));
		// The same by another way: the wait as the goroutine's own story has it.
		const story = await report(
			"goroutines",
			`goroutine=${want.of.id}&top=200&table=states&sort=duration_ns&asc=0`,
		);
		const states = story.tables[0].rows.map((_, i) => [
			cell(story, "states", i, "start_ns"),
			cell(story, "states", i, "duration_ns"),
			cell(story, "states", i, "state"),
		]);
		assert.ok(
			states.some((s) => s[0] === want.at && s[1] === want.longest && s[2] === "waiting"),
			"the story has that wait",
		);
		await page.locator(".flame .root").hover();
		assert.match(await page.getByTestId("tip-longest").innerText(), /^longest wait: /);
		await page.mouse.move(5, 5);
		await page.getByTestId("longest-beneath").getByTestId("to-timeline").click();
		const beneath = await selectedAt(want.at);
		assert.deepEqual(beneath, { length: want.longest, who: `Goroutine ${want.of.id}` });
		await page.goBack();
		await idle();
		await page.locator('[data-sort="longest_ns"]').click();
		await idle();
		await shot("page-blocking-longest-light");
		await row("stacks", 0).getByTestId("longest").click();
		assert.deepEqual(await selectedAt(want.at), beneath);
	});

	await test("from a site of waits to its longest on the timeline", async () => {
		for (const of of ["locks", "chans", "net", "syscalls"]) {
			await open(`#page=waits&of=${of}&sort=max_ns&asc=0`);
			const doc = await report(of, "sort=max_ns&asc=0&top=1");
			const table = doc.tables[0].key;
			const [at, max, id] = ["longest_at_ns", "max_ns", "longest_goroutine"].map((k) =>
				cell(doc, table, 0, k),
			);
			if (id === undefined || id === null) continue;
			await row(table, 0).getByTestId("longest").click();
			const shown = await selectedAt(at);
			assert.equal(shown.who, `Goroutine ${id}`);
			// A call that lost its proc is two intervals.
			if (of !== "syscalls") assert.equal(shown.length, max, of);
			const seen = await page.evaluate(() => window.__kymo.window);
			assert.ok(shown.length <= max && at + max <= seen.to, of);
		}
		await open("#page=blocking");
	});

	await test("from a task histogram to its slowest task, and to its place on the timeline", async () => {
		await page.getByTestId("page-tasks").click();
		await idle();
		const types = await report("tasks", "top=200");
		const type = cell(types, "types", 0, "type");
		await page.getByTestId("mini-lane").first().waitFor();
		const bars = page.locator(".task-hist rect[data-bucket]");
		const last = bars.last();
		const count = Number(await last.getAttribute("data-count"));
		await idle();
		await shot("page-tasks-light");
		const box = await last.boundingBox();
		await page.mouse.click(box.x + box.width / 2, box.y + box.height / 2);
		await page.waitForFunction(() => location.hash.includes("latmin="));
		await idle();
		assert.equal(Number(await page.getByTestId("table-tasks").getAttribute("data-total")), count);
		const slow = await report(
			"tasks",
			`type=${encodeURIComponent(type)}&complete=1&sort=duration_ns&asc=0&top=1`,
		);
		const id = cell(slow, "tasks", 0, "id");
		await idle();
		await shot("page-tasks-brush-light");
		await row("tasks", 0).locator(".link").first().click();
		await idle();
		assert.match(await hash(), new RegExp(`page=tasks&id=${id}\\b`));
		await page.getByTestId("task-tree").waitFor();
		const story = await report("tasks", `id=${id}&top=200`);
		assert.equal(
			Number(await page.getByTestId("table-events").getAttribute("data-total")),
			story.tables.find((t) => t.key === "events").total,
		);
		await idle();
		await shot("page-task-light");
		await page.getByTestId("mini-lane").first().click();
		await settled();
		const w = await page.evaluate(() => window.__kymo.window);
		const begin = cell(slow, "tasks", 0, "begin_ns");
		assert.ok(w.from <= begin && begin + cell(slow, "tasks", 0, "duration_ns") <= w.to);
	});

	await test("regions: a bucket opens its list", async () => {
		await page.goto("about:blank");
		await open("#page=regions");
		await row("types", 0).click();
		await page.getByTestId("row-details").waitFor();
		const bar = page.locator(".panel rect[data-bucket]").first();
		const count = Number(await bar.getAttribute("data-count"));
		await shot("page-regions-light");
		const box = await bar.boundingBox();
		await page.mouse.click(box.x + box.width / 2, box.y + box.height - 1);
		await page.getByTestId("table-regions").waitFor();
		await idle();
		assert.equal(Number(await page.getByTestId("table-regions").getAttribute("data-total")), count);
	});

	await test("from the MMU curve to its worst window", async () => {
		await open("#page=mmu");
		const curve = page.locator('[data-testid="plot-0"] svg');
		const box = await curve.boundingBox();
		// A tenth along: some window's length of the curve.
		await page.mouse.move(box.x + 64 + (box.width - 80) * 0.3, box.y + 60);
		const read = plain(await page.locator(".plot figcaption .mark").innerText());
		await page.mouse.click(box.x + 64 + (box.width - 80) * 0.3, box.y + 60);
		await page.waitForFunction(() => location.hash.includes("window="));
		await idle();
		const length = Number(/window=(\d+)/.exec(await hash())[1]);
		const doc = await report("mmu", `window=${length}`);
		const curveTable = doc.tables.find((t) => t.key === "curve");
		const at = curveTable.rows.find((r) => r[0] === length);
		assert.ok(at, `${read}: a point of the curve`);
		const worst = cell(doc, "worst", 0, "time_ns");
		assert.ok(
			Math.abs(cell(doc, "worst", 0, "utilization") - at[1]) < 1e-6,
			"the worst window has the curve's value",
		);
		await idle();
		await shot("page-mmu-light");
		await page.getByTestId("flag-sweep").click();
		await page.waitForFunction(() => location.hash.includes("flags="));
		await idle();
		await page.getByTestId("flag-sweep").click();
		await page.waitForFunction(() => !location.hash.includes("flags="));
		await idle();
		// Its length is no link: the row is chosen, and the panel has the way.
		await row("worst", 0).locator("td").nth(1).click();
		await page.getByTestId("to-timeline").click();
		await settled();
		const w = await page.evaluate(() => window.__kymo.window);
		assert.ok(w.from <= worst && worst + length <= w.to, "it is on screen");
		assert.ok(w.to - w.from < 2 * length, "and takes most of it");
	});

	await test("waits, scheduler, GC, logs: every table is there, and every number is the report's", async () => {
		for (const [place, name] of [
			["#page=waits&of=locks", "locks"],
			["#page=waits&of=chans", "chans"],
			["#page=waits&of=net", "net"],
			["#page=waits&of=syscalls", "syscalls"],
			["#page=sched", "sched"],
			["#page=gc", "gc"],
			["#page=logs", "logs"],
		]) {
			await open(place);
			const doc = await report(name, "top=200");
			for (const t of doc.tables.filter((x) => !x.quiet && x.total > 0)) {
				const box = page.getByTestId(`table-${t.key}`);
				assert.equal(Number(await box.getAttribute("data-total")), t.total, `${name} ${t.key}`);
			}
			for (const f of doc.fields.filter((x) => x.kind === "count" && x.value > 0))
				assert.equal(
					plain(await page.locator(`[data-field="${f.key}"]`).first().innerText())
						.replace(/^[^\d]*/, "")
						.replaceAll(" ", ""),
					String(f.value),
					`${name} ${f.key}`,
				);
			await shot(`page-${name}-light`);
		}
		await open("#page=logs");
		const text = cell(await report("logs", "top=1"), "logs", 0, "message");
		await page.getByTestId("find").fill(text);
		await page.waitForFunction(() => location.hash.includes("text="));
		await idle();
		assert.equal(
			Number(await page.getByTestId("table-logs").getAttribute("data-total")),
			(await report("logs", `text=${encodeURIComponent(text)}&top=1`)).tables[0].total,
		);
		await row("logs", 0).click();
		await page.getByTestId("to-timeline").click();
		await settled();
	});

	await test("the addresses of go tool trace lead to the pages", async () => {
		const name = trace.groups.find((g) => g.count > 1).name;
		for (const [path, testid, want] of [
			["goroutines", "goroutines-page", /^#page=goroutines$/],
			[`goroutine?name=${encodeURIComponent(name)}`, "table-goroutines", /group=/],
			["block", "blocking-page", /kind=sync/],
			["sched", "blocking-page", /kind=sched/],
			["usertasks", "tasks-page", /^#page=tasks$/],
			["userregions", "regions-page", /^#page=regions$/],
			["mmu", "mmu-page", /^#page=mmu$/],
		]) {
			await page.goto("about:blank");
			await page.goto(`${kymo.url}${path}`);
			await page.getByTestId(testid).waitFor();
			assert.match(await hash(), want, path);
		}
		const story = await report("goroutines", "list=1&sort=execution_ns&asc=0&top=1");
		const id = cell(story, "goroutines", 0, "goroutine");
		await page.goto("about:blank");
		await page.goto(`${kymo.url}trace?goid=${id}`);
		await page.waitForFunction(
			(g) =>
				document.querySelector('[data-testid="details-goroutine"]')?.textContent ===
				`Goroutine ${g}`,
			id,
		);
	});

	/** The same in the dark: to be looked at. */
	return async function darkShots() {
		for (const [name, place] of [
			["goroutines", "#page=goroutines"],
			["blocking", "#page=blocking"],
			["tasks", "#page=tasks"],
			["mmu", "#page=mmu"],
			["sched", "#page=sched"],
		]) {
			await open(place);
			await idle();
			await shot(`page-${name}-dark`);
		}
		await open("");
	};
}
