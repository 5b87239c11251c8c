// SPDX-License-Identifier: MIT
// A synthetic program, simulated: goroutines that run, block and queue for four procs, a GC now and then. Made from a
// fixed seed, so that tests may rely on it. The store is plain arrays of intervals; mock-tiles.mjs cuts tiles from it.

export const DURATION = 842_000_000;
export const PROCS = 4;
const REASONS = [
	"",
	"chan receive",
	"sync",
	"network",
	"sleep",
	"select",
	"GC worker (idle)",
	"preempted",
];
const CLASS_OF = [0, 4, 5, 6, 7, 4, 8, 9];
const RANGE_GC = REASONS.length;
const RANGE_STW = RANGE_GC + 1;
export const STRINGS = [
	...REASONS,
	"GC concurrent mark phase",
	"stop-the-world (GC sweep termination)",
];

// name, count, mean run, mean wait (ns), reason, first, last instant of its life
const GROUPS = [
	["main.explosion.func1", 600, 60e3, 20e6, 1, 360e6, 395e6],
	["main.gcHeavy.func1", 4, 3e6, 200e3, 2, 0, 560e6],
	["main.mutexContention.func1", 32, 40e3, 2e6, 2, 0, 842e6],
	["main.timers.func1", 20, 25e3, 9e6, 4, 100e6, 700e6],
	["main.fileIO.func1", 8, 90e3, 1.5e6, 5, 200e6, 500e6],
	["net/http.(*persistConn).readLoop", 18, 30e3, 6e6, 3, 50e6, 800e6],
	["net/http.(*Transport).startDialConnForLocked.func1", 18, 80e3, 40e6, 3, 300e6, 640e6],
	["main.pipeline.func1.3.1", 60, 15e3, 3e6, 1, 250e6, 450e6],
	["main.selects.func1", 8, 200e3, 2e6, 5, 0, 500e6],
	["runtime.gcBgMarkWorker", 4, 4e6, 1e12, 6, 0, 842e6],
	["runtime.bgsweep", 1, 50e3, 30e6, 6, 0, 842e6],
];
export const WORKERS = GROUPS.findIndex((g) => g[0] === "runtime.gcBgMarkWorker");

function random(seed) {
	let s = seed >>> 0;
	return () => {
		s = (Math.imul(s, 1664525) + 1013904223) >>> 0;
		return s / 2 ** 32;
	};
}

class Heap {
	items = [];
	push(t, v) {
		const a = this.items;
		let i = a.push([t, v]) - 1;
		while (i > 0 && a[(i - 1) >> 1][0] > t) {
			a[i] = a[(i - 1) >> 1];
			i = (i - 1) >> 1;
		}
		a[i] = [t, v];
	}
	pop() {
		const a = this.items;
		const top = a[0];
		const last = a.pop();
		if (a.length) {
			let i = 0;
			for (;;) {
				let c = 2 * i + 1;
				if (c >= a.length) break;
				if (c + 1 < a.length && a[c + 1][0] < a[c][0]) c++;
				if (a[c][0] >= last[0]) break;
				a[i] = a[c];
				i = c;
			}
			a[i] = last;
		}
		return top;
	}
}

const S = { runnable: 1, running: 2, waiting: 3, syscall: 4 };

export function makeTrace(seed = 7) {
	const rnd = random(seed);
	const expo = (mean) => Math.max(200, Math.round(-mean * Math.log(1 - rnd())));
	const goroutines = [null];
	const heap = new Heap();
	GROUPS.forEach(([name, count, run, wait, reason, first, last], group) => {
		for (let i = 0; i < count; i++) {
			const row = goroutines.length;
			const begin = first === 0 ? 0 : Math.round(first + rnd() * (last - first) * 0.3);
			goroutines.push({
				row,
				id: 5 + row * 3,
				name,
				group,
				run,
				wait,
				reason,
				begin,
				end: last,
				spans: [],
				stop: last,
			});
			heap.push(begin, { kind: "ready", g: row, waker: 0 });
		}
	});
	const gc = [];
	const stw = [];
	for (let t = 30e6; t < DURATION - 20e6; t += 60e6 + rnd() * 60e6) {
		const start = Math.round(t);
		const end = Math.round(t + 4e6 + rnd() * 12e6);
		gc.push({ start, end, name: RANGE_GC });
		for (const at of [start, end])
			stw.push({ start: at, end: at + Math.round(8e3 + rnd() * 60e3), name: RANGE_STW });
		for (const g of goroutines)
			if (g && g.group === WORKERS && rnd() < 0.6)
				heap.push(start + 10e3, { kind: "gc", g: g.row, until: end });
	}
	const queue = [];
	const idle = [3, 2, 1, 0];
	const procs = [[], [], [], []];
	const running = new Array(PROCS).fill(0);
	const state = goroutines.map(() => null);
	const close = (g, t) => {
		const s = state[g];
		if (s && t > s.start) {
			goroutines[g].spans.push({ ...s, end: t });
			if (s.state === S.running || s.state === S.syscall)
				procs[s.proc].push({ start: s.start, end: t, g, state: s.state });
		}
		state[g] = null;
	};
	const set = (g, t, st) => {
		close(g, t);
		state[g] = { start: t, reason: 0, proc: -1, waker: 0, ...st };
	};
	const dispatch = (t) => {
		while (idle.length && queue.length) {
			const g = queue.shift();
			const p = idle.pop();
			running[p] = g;
			set(g, t, { state: S.running, proc: p });
			const go = goroutines[g];
			heap.push(t + (go.until ? Math.max(1000, go.until - t) : expo(go.run)), {
				kind: "stop",
				g,
				p,
			});
		}
	};
	while (heap.items.length) {
		const [t, e] = heap.pop();
		if (t >= DURATION) break;
		const g = goroutines[e.g];
		if (e.kind === "ready" || e.kind === "gc") {
			if (state[e.g] && state[e.g].state !== S.waiting) continue;
			if (e.kind === "ready" && g.group === WORKERS && state[e.g] === null) {
				set(e.g, t, { state: S.waiting, reason: 6 });
				continue;
			}
			g.until = e.until;
			const waker = running.filter((x) => x && x !== e.g)[0] ?? 0;
			set(e.g, t, { state: S.runnable, waker });
			queue.push(e.g);
		} else {
			running[e.p] = 0;
			idle.push(e.p);
			if (t >= g.stop) {
				close(e.g, t);
				g.end = t;
				g.ended = true;
			} else {
				set(e.g, t, { state: S.waiting, reason: g.reason });
				if (g.group !== WORKERS) heap.push(t + expo(g.wait), { kind: "ready", g: e.g });
			}
		}
		dispatch(t);
	}
	for (let g = 1; g < goroutines.length; g++) {
		if (state[g]) {
			close(g, DURATION);
			goroutines[g].end = DURATION;
		}
		// The one outlier that every zoom must show.
		if (!goroutines[g].spans.length) goroutines[g].end = goroutines[g].begin;
	}
	const heapLive = [];
	let live = 8e6;
	let next = 0;
	for (let t = 0; t < DURATION; t += 700e3) {
		live += rnd() * 300e3;
		while (next < gc.length && gc[next].end < t) {
			live *= 0.45;
			next++;
		}
		heapLive.push([Math.round(t), Math.round(live)]);
	}
	return {
		goroutines,
		procs,
		gc,
		stw,
		heap: heapLive,
		goal: heapLive.map(([t]) => [t, 32e6]),
		groups: GROUPS.map((g) => g[0]),
	};
}

export const classOf = (span, group) => {
	if (span.state === S.waiting) return CLASS_OF[span.reason];
	if (span.state === S.runnable) return 2;
	if (span.state === S.syscall) return 3;
	return group === WORKERS ? 8 : 1;
};
export { S as STATE };
