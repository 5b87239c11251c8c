// SPDX-License-Identifier: MIT
// A stand-in for `kymo view` that serves a synthetic trace, for working on the viewer and for its tests:
//     node web/test/mock-server.mjs [--port N] [--damage] [--loading MS]
// Prints its address as kymo does. Answers as docs/internals/http.md says, by brute force.

import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { emptyReport, goroutinesReport, mockProfile } from "./mock-reports.mjs";
import { laneSpans, makeTile } from "./mock-tiles.mjs";
import { DURATION, makeTrace, PROCS, STATE, STRINGS } from "./mock-trace.mjs";

const dist = join(dirname(fileURLToPath(import.meta.url)), "../dist");
const STATE_NAMES = ["none", "runnable", "running", "waiting", "syscall", "syscall"];

export function startMock({ port = 0, damage = false, loadingMs = 0 } = {}) {
	const trace = makeTrace();
	const born = Date.now();
	const assets = new Map(
		readFileSync(join(dist, "assets.txt"), "utf8")
			.trim()
			.split("\n")
			.map((l) => l.split("\t"))
			.map(([url, file, type]) => [url, { type, body: readFileSync(join(dist, file)) }]),
	);
	const ref = (g) => (g ? { row: g.row, id: g.id, name: g.name } : null);
	const stack = (name, inner) => [
		{ func: inner, file: "/go/src/sync/mutex.go", line: 46 },
		{ func: name, file: "/src/workloads.go", line: 214 },
	];

	function groupRows(from, to) {
		const rows = trace.groups.map((name, ix) => ({
			ix,
			name,
			count: 0,
			alive: 0,
			wanted_ns: 0,
			execution_ns: 0,
			sched_wait_ns: 0,
			syscall_ns: 0,
			block_ns: 0,
			total_ns: 0,
			worst_wait_ns: 0,
		}));
		for (const g of trace.goroutines) {
			if (!g) continue;
			const r = rows[g.group];
			r.count++;
			if (g.begin >= to || g.end <= from) continue;
			r.alive++;
			for (const s of g.spans) {
				const d = Math.min(s.end, to) - Math.max(s.start, from);
				if (d <= 0) continue;
				r.total_ns += d;
				if (s.state === STATE.running) r.execution_ns += d;
				else if (s.state === STATE.runnable) {
					r.sched_wait_ns += d;
					r.worst_wait_ns = Math.max(r.worst_wait_ns, s.end - s.start);
				} else r.block_ns += d;
			}
			r.wanted_ns = r.execution_ns + r.sched_wait_ns;
		}
		return rows.filter((r) => r.alive).sort((a, b) => b.wanted_ns - a.wanted_ns);
	}

	function goroutineDoc(g) {
		const doc = {
			...ref(g),
			group: g.group,
			begin: g.begin,
			end: g.end,
			existed: g.begin === 0,
			ended: !!g.ended,
			creator: ref(trace.goroutines[2]),
			create_stack: stack("main.main", "main.start"),
			total_ns: g.end - g.begin,
			execution_ns: 0,
			sched_wait_ns: 0,
			syscall_ns: 0,
			syscall_block_ns: 0,
			block_ns: {},
			range_ns: {},
		};
		for (const s of g.spans) {
			const d = s.end - s.start;
			if (s.state === STATE.running) doc.execution_ns += d;
			else if (s.state === STATE.runnable) doc.sched_wait_ns += d;
			else doc.block_ns[STRINGS[s.reason]] = (doc.block_ns[STRINGS[s.reason]] ?? 0) + d;
		}
		return doc;
	}

	function spanDoc(lane, t) {
		if (lane === "gc" || lane === "stw") {
			const r = trace[lane].find((s) => s.start <= t && t < s.end);
			return {
				span: r
					? {
							name: STRINGS[r.name],
							start: r.start,
							end: r.end,
							duration: r.end - r.start,
							stack: [],
							goroutine: ref(trace.goroutines[2]),
						}
					: null,
			};
		}
		const hit = laneSpans(trace, lane)?.find((s) => s.start <= t && t < s.end);
		if (!hit) return { span: null };
		const g = lane.startsWith("g:")
			? trace.goroutines[Number(lane.slice(2))]
			: trace.goroutines[hit.row];
		const i = g.spans.findIndex((s) => s.start <= t && t < s.end);
		const [s, next, then] = [g.spans[i], g.spans[i + 1], g.spans[i + 2]];
		const like = g.spans.filter((o) => o.state === s.state && o.reason === s.reason);
		const waker = s.state === STATE.waiting ? next : s;
		return {
			span: {
				lane: `g:${g.row}`,
				state: s.state,
				class: hit.cls,
				state_name: STATE_NAMES[s.state],
				reason: STRINGS[s.reason],
				start: s.start,
				end: s.end,
				duration: s.end - s.start,
				open: s.end === DURATION,
				rank: 1 + like.filter((o) => o.end - o.start > s.end - s.start).length,
				of: like.length,
				proc: s.proc >= 0 ? { row: s.proc + 1, id: s.proc } : null,
				thread: null,
				stack: s.state === STATE.running ? [] : stack(g.name, "sync.(*Mutex).Lock"),
				end_stack: [],
				cause: s.state === STATE.runnable ? "woken" : "stopped",
				woken_by:
					waker?.state === STATE.runnable && waker.waker
						? {
								goroutine: ref(trace.goroutines[waker.waker]),
								proc: 0,
								time: waker.start,
								stack: stack(trace.goroutines[waker.waker].name, "sync.(*Mutex).Unlock"),
							}
						: null,
				next: next
					? {
							state: next.state,
							duration: next.end - next.start,
							proc: then && then.proc >= 0 ? { row: then.proc + 1, id: then.proc } : null,
						}
					: null,
				ranges: [],
			},
			goroutine: goroutineDoc(g),
		};
	}

	/** Groups as `kymo goroutines --json` has them. */
	function goroutineRows() {
		const by = new Map();
		for (const g of trace.goroutines) {
			if (!g) continue;
			const d = goroutineDoc(g);
			const r = by.get(g.name) ?? {
				name: g.name,
				count: 0,
				total_ns: 0,
				execution_ns: 0,
				sched_wait_ns: 0,
				block_ns: {},
			};
			r.count++;
			for (const k of ["total_ns", "execution_ns", "sched_wait_ns"]) r[k] += d[k];
			for (const [k, v] of Object.entries(d.block_ns)) r.block_ns[k] = (r.block_ns[k] ?? 0) + v;
			by.set(g.name, r);
		}
		return [...by.values()];
	}

	function answer(url) {
		const q = url.searchParams;
		const num = (k, d) => (q.has(k) ? Number(q.get(k)) : d);
		let m;
		switch (true) {
			case url.pathname === "/api/trace":
				return {
					trace: "mock1",
					file: "mock.trace",
					format: "go 1.26",
					bytes: 788039,
					events: 100000,
					generations: 2,
					start_ns: 0,
					duration_ns: DURATION,
					wall_ns: null,
					goroutines: trace.goroutines.length - 1,
					gc_cycles: trace.gc.length,
					gomaxprocs: PROCS,
					procs: trace.procs.map((p, i) => ({
						row: i + 1,
						id: i,
						busy_ns: p.reduce((a, s) => a + s.end - s.start, 0),
					})),
					threads: trace.procs.map((_, i) => ({ row: i + 1, id: 4711 + i })),
					groups: groupRows(0, DURATION),
					heap_max: 34e6,
					damage: damage
						? [
								{
									offset: 512345,
									lost_bytes: 4096,
									message: "batch of 70112 bytes at offset 512345 exceeds the limit 65536",
								},
							]
						: [],
				};
			case url.pathname === "/api/groups":
				return { groups: groupRows(num("from", 0), num("to", DURATION)) };
			case (m = /^\/api\/group\/(\d+)\/goroutines$/.exec(url.pathname)) !== null: {
				const rows = trace.goroutines
					.filter(
						(g) =>
							g &&
							g.group === Number(m[1]) &&
							g.begin < num("to", DURATION) &&
							g.end > num("from", 0),
					)
					.map(goroutineDoc)
					.sort((a, b) => b.execution_ns + b.sched_wait_ns - a.execution_ns - a.sched_wait_ns);
				const off = num("offset", 0);
				return { total: rows.length, rows: rows.slice(off, off + num("limit", 20)) };
			}
			case url.pathname === "/api/span":
				return spanDoc(q.get("lane"), num("t", 0));
			case (m = /^\/api\/goroutine\/(\d+)$/.exec(url.pathname)) !== null: {
				const g = trace.goroutines[Number(m[1])];
				return g ? { goroutine: goroutineDoc(g) } : null;
			}
			case url.pathname === "/api/search": {
				const text = (q.get("q") ?? "").toLowerCase();
				const hit = (g) =>
					g &&
					(/^\d+$/.test(text)
						? String(g.id).startsWith(text)
						: g.name.toLowerCase().includes(text));
				const limit = num("limit", 20);
				return {
					goroutines: trace.goroutines
						.filter(hit)
						.slice(0, limit)
						.map((g) => ({ ...ref(g), begin: g.begin, end: g.end })),
					groups: groupRows(0, DURATION)
						.filter((g) => g.name.toLowerCase().includes(text))
						.slice(0, limit),
				};
			}
			case url.pathname === "/api/report/goroutines":
				return goroutinesReport(goroutineRows(), q);
			case (m = /^\/api\/report\/([a-z]+)$/.exec(url.pathname)) !== null:
				return { ...emptyReport(m[1]), head: "The mock server knows nothing of it" };
			case (m = /^\/api\/profile\/([a-z]+)$/.exec(url.pathname)) !== null:
				return mockProfile(m[1], trace, q.get("stack") ?? "waiter");
		}
		return null;
	}

	const server = createServer(async (req, res) => {
		const url = new URL(req.url, "http://localhost");
		const send = (status, type, body) => {
			res.writeHead(status, {
				"Content-Type": type,
				"Content-Security-Policy": "default-src 'self'",
				"Cache-Control": "no-store",
			});
			res.end(body);
		};
		const asset = assets.get(url.pathname);
		if (asset) return send(200, asset.type, asset.body);
		const done = Date.now() - born;
		if (done < loadingMs)
			return send(
				503,
				"application/json",
				JSON.stringify({ loading: { done: done * 1000, total: loadingMs * 1000 } }),
			);
		if (req.method === "POST" && url.pathname === "/api/tiles") {
			let body = "";
			for await (const chunk of req) body += chunk;
			const tiles = body
				.trim()
				.split("\n")
				.map((l) => l.split(" "))
				.map(([lane, k, b]) => makeTile(trace, lane, Number(k), Number(b)));
			return send(200, "application/octet-stream", Buffer.concat(tiles));
		}
		const doc = answer(url);
		return doc
			? send(200, "application/json", JSON.stringify(doc))
			: send(404, "application/json", JSON.stringify({ error: "there is no such thing" }));
	});
	return new Promise((done) =>
		server.listen(port, "127.0.0.1", () =>
			done({
				url: `http://127.0.0.1:${server.address().port}/`,
				close: () => {
					server.closeAllConnections();
					server.close();
				},
			}),
		),
	);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
	const arg = (name, fallback) => {
		const i = process.argv.indexOf(name);
		return i < 0 ? fallback : Number(process.argv[i + 1]);
	};
	const { url } = await startMock({
		port: arg("--port", 0),
		damage: process.argv.includes("--damage"),
		loadingMs: arg("--loading", 0),
	});
	console.log(url);
}
