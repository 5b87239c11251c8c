// SPDX-License-Identifier: MIT
// What stands where in the timeline, from top to bottom: section heads and lanes, with their heights. A pure function
// of the trace, the order of the groups and what is open; the views slice the visible part out of it.

import type { CssPx } from "../base/units.ts";
import type { Group, Member, TraceDoc } from "./trace.ts";

export type RowKind =
	| "section"
	| "gc"
	| "heap"
	| "counts"
	| "proc"
	| "thread"
	| "group"
	| "member"
	| "more";

export type SectionName = "runtime" | "procs" | "threads" | "goroutines";

export interface Row {
	key: string;
	kind: RowKind;
	/** The lane whose tiles fill it; "" for heads. */
	lane: string;
	y: CssPx;
	h: CssPx;
	label: string;
	/** Said in a fainter ink: "×2000", "4 · 71 % busy". */
	note: string;
	/** A section or group that shows what is beneath it. */
	open: boolean;
	section: SectionName;
	group?: number;
	/** Row of the goroutine, proc or thread. */
	subject?: number;
	/** Nothing of it lives in the window. */
	faint?: boolean;
	/** For "more": how many are not shown. */
	hidden?: number;
}

/** The goroutines of an open group, as far as they were loaded. */
export interface OpenGroup {
	rows: readonly Member[];
	total: number;
	/** Shown although not among the first: the goal of a jump. */
	pinned: readonly Member[];
	/** How many of `rows` to ask for. */
	limit: number;
}

export interface RowsInput {
	trace: TraceDoc;
	groups: readonly Group[];
	collapsed: ReadonlySet<SectionName>;
	open: ReadonlyMap<number, OpenGroup>;
	/** What stands at the right of the heads. */
	notes: Readonly<Record<SectionName, string>>;
}

export const HEIGHT = {
	section: 22,
	gc: 20,
	plot: 40,
	proc: 24,
	thread: 20,
	group: 22,
	member: 18,
	more: 18,
} as const;

export function buildRows(input: RowsInput): Row[] {
	const rows: Row[] = [];
	let y = 0;
	let section: SectionName = "runtime";
	const add = (
		row: Omit<Row, "y" | "section" | "note" | "open"> & { note?: string; open?: boolean },
	) => {
		rows.push({ note: "", open: false, ...row, y, section });
		y += row.h;
	};
	const head = (name: SectionName, label: string): boolean => {
		section = name;
		const open = !input.collapsed.has(name);
		add({
			key: `#${name}`,
			kind: "section",
			lane: "",
			h: HEIGHT.section,
			label,
			note: input.notes[name],
			open,
		});
		return open;
	};
	const { trace } = input;

	if (head("runtime", "Runtime")) {
		add({ key: "gc", kind: "gc", lane: "gc", h: HEIGHT.gc, label: "GC" });
		if (trace.heap_max > 0)
			add({ key: "heap", kind: "heap", lane: "heap", h: HEIGHT.plot, label: "Heap" });
		add({ key: "all", kind: "counts", lane: "all", h: HEIGHT.plot, label: "Goroutines" });
	}
	if (trace.procs.length && head("procs", "Procs"))
		for (const p of [...trace.procs].sort((a, b) => a.id - b.id)) {
			const lane = `p:${p.row}`;
			add({ key: lane, kind: "proc", lane, h: HEIGHT.proc, label: `P${p.id}`, subject: p.row });
		}
	if (trace.threads.length && head("threads", "Threads"))
		for (const m of [...trace.threads].sort((a, b) => a.id - b.id)) {
			const lane = `m:${m.row}`;
			add({
				key: lane,
				kind: "thread",
				lane,
				h: HEIGHT.thread,
				label: `thread ${m.id}`,
				subject: m.row,
			});
		}
	if (input.groups.length && head("goroutines", "Goroutines"))
		for (const g of input.groups) {
			const members = input.open.get(g.ix);
			const lane = `grp:${g.ix}`;
			add({
				key: lane,
				kind: "group",
				lane,
				h: HEIGHT.group,
				label: g.name || "(no stack seen)",
				note: `×${g.count}`,
				open: !!members,
				group: g.ix,
				faint: g.alive === 0,
			});
			if (members) addMembers(g.ix, members, add);
		}
	return rows;
}

function addMembers(
	group: number,
	members: OpenGroup,
	add: (row: Omit<Row, "y" | "section" | "note" | "open">) => void,
): void {
	const shown = new Set<number>();
	const one = (m: Member) => {
		if (shown.has(m.row)) return;
		shown.add(m.row);
		const lane = `g:${m.row}`;
		add({
			key: lane,
			kind: "member",
			lane,
			h: HEIGHT.member,
			label: `G${m.id}`,
			group,
			subject: m.row,
		});
	};
	for (const m of members.pinned) one(m);
	for (const m of members.rows) one(m);
	const hidden = Math.max(0, members.total - shown.size);
	if (hidden > 0)
		add({ key: `more:${group}`, kind: "more", lane: "", h: HEIGHT.more, label: "", group, hidden });
}

export function totalHeight(rows: readonly Row[]): CssPx {
	const last = rows[rows.length - 1];
	return last ? last.y + last.h : 0;
}

/** Index of the first row whose foot is below y: the first one to draw when scrolled to y. */
export function firstVisible(rows: readonly Row[], y: CssPx): number {
	let lo = 0;
	let hi = rows.length;
	while (lo < hi) {
		const mid = (lo + hi) >>> 1;
		const r = rows[mid] as Row;
		if (r.y + r.h <= y) lo = mid + 1;
		else hi = mid;
	}
	return lo;
}

export function visibleRows(rows: readonly Row[], top: CssPx, height: CssPx): Row[] {
	const out: Row[] = [];
	for (let i = firstVisible(rows, top); i < rows.length; i++) {
		const r = rows[i] as Row;
		if (r.y >= top + height) break;
		out.push(r);
	}
	return out;
}

export function rowAt(rows: readonly Row[], y: CssPx): Row | undefined {
	const r = rows[firstVisible(rows, y)];
	return r && r.y <= y ? r : undefined;
}

/** All groups for the list of lanes: those that live in the window by the time they wanted, then the others. */
export function groupsInWindow(all: readonly Group[], there: readonly Group[]): Group[] {
	const order = new Map(all.map((g, i) => [g.ix, i]));
	const known = new Set(there.map((g) => g.ix));
	const nothing = {
		alive: 0,
		wanted_ns: 0,
		execution_ns: 0,
		sched_wait_ns: 0,
		syscall_ns: 0,
		block_ns: 0,
		total_ns: 0,
		worst_wait_ns: 0,
	};
	const absent = all.filter((g) => !known.has(g.ix)).map((g) => ({ ...g, ...nothing }));
	const rank = (g: Group) => order.get(g.ix) ?? 0;
	return [...there, ...absent].sort(
		(a, b) =>
			Number(b.alive > 0) - Number(a.alive > 0) || b.wanted_ns - a.wanted_ns || rank(a) - rank(b),
	);
}
