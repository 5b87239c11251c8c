// SPDX-License-Identifier: MIT
// The documents that the server answers, as docs/internals/http.md defines them.

import type { Ns } from "../base/units.ts";

/** enum kymo_span_state. */
export const State = {
	none: 0,
	runnable: 1,
	running: 2,
	waiting: 3,
	syscall: 4,
	syscallBlocked: 5,
} as const;

/** What decides the colour. */
export const Class = {
	idle: 0,
	run: 1,
	wait: 2,
	sys: 3,
	chan: 4,
	sync: 5,
	net: 6,
	sleep: 7,
	gc: 8,
	other: 9,
	stw: 10,
} as const;
export const CLASS_COUNT = 11;

/** How a class is called beside its colour; the order is the legend's, and that of a life's bar. */
export const CLASS_NAMES: readonly (readonly [number, string])[] = [
	[Class.run, "running"],
	[Class.wait, "runnable"],
	[Class.sys, "syscall"],
	[Class.gc, "GC"],
	[Class.chan, "channel"],
	[Class.sync, "sync"],
	[Class.net, "network"],
	[Class.sleep, "sleep"],
	[Class.other, "other"],
	[Class.stw, "stop the world"],
];

/** The class of a reason to wait, by the names that the runtime gives its reasons; as src/serve/classes.c has it. */
export function classOfReason(reason: string): number {
	if (/^(chan |select)/.test(reason)) return Class.chan;
	if (reason.startsWith("sync")) return Class.sync;
	if (reason === "network") return Class.net;
	if (reason === "sleep") return Class.sleep;
	if (reason.startsWith("GC ") || reason === "wait until GC ends") return Class.gc;
	return Class.other;
}

export interface Damage {
	offset: number;
	lost_bytes: number;
	message: string;
}

export interface Group {
	ix: number;
	name: string;
	count: number;
	alive: number;
	wanted_ns: Ns;
	execution_ns: Ns;
	sched_wait_ns: Ns;
	syscall_ns: Ns;
	block_ns: Ns;
	total_ns: Ns;
	worst_wait_ns: Ns;
}

export interface TraceDoc {
	trace: string;
	file: string;
	format: string;
	bytes: number;
	events: number;
	generations: number;
	start_ns: number;
	duration_ns: Ns;
	wall_ns: string | null;
	goroutines: number;
	gc_cycles: number;
	gomaxprocs: number;
	procs: { row: number; id: number; busy_ns: Ns }[];
	threads: { row: number; id: number }[];
	groups: Group[];
	heap_max: number;
	damage: Damage[];
}

export interface Member {
	row: number;
	id: number;
	begin: Ns;
	end: Ns;
	execution_ns: Ns;
	sched_wait_ns: Ns;
}

export interface GoroutineRef {
	row: number;
	id: number;
	name: string;
}

export interface Frame {
	func: string;
	file: string;
	line: number;
}

export interface GoroutineDoc extends GoroutineRef {
	group: number;
	begin: Ns;
	end: Ns;
	existed: boolean;
	ended: boolean;
	creator: GoroutineRef | null;
	create_stack: Frame[];
	total_ns: Ns;
	execution_ns: Ns;
	sched_wait_ns: Ns;
	syscall_ns: Ns;
	syscall_block_ns: Ns;
	block_ns: Record<string, Ns>;
	range_ns: Record<string, Ns>;
}

export interface RowId {
	row: number;
	id: number;
}

export interface SpanDoc {
	lane: string;
	state: number;
	class: number;
	state_name: string;
	reason: string;
	start: Ns;
	end: Ns;
	duration: Ns;
	open: boolean;
	rank: number;
	of: number;
	proc: RowId | null;
	thread: RowId | null;
	stack: Frame[];
	end_stack: Frame[];
	cause: string;
	woken_by: {
		goroutine: GoroutineRef | null;
		proc: number | null;
		time: Ns;
		stack: Frame[];
	} | null;
	next: { state: number; duration: Ns; proc: RowId | null } | null;
	ranges: { name: string; start: Ns; end: Ns }[];
}

/** What stands on the lanes `gc` and `stw`. */
export interface RangeDoc {
	name: string;
	start: Ns;
	end: Ns;
	duration: Ns;
	stack: Frame[];
	goroutine: GoroutineRef | null;
}

export interface SpanAnswer {
	span: SpanDoc | RangeDoc | null;
	goroutine?: GoroutineDoc;
}

export const isRange = (s: SpanDoc | RangeDoc): s is RangeDoc => !("state" in s);

export interface SearchAnswer {
	goroutines: (GoroutineRef & { begin: Ns; end: Ns })[];
	groups: Group[];
}

/** A goroutine's time by state. */
export interface Totals {
	total_ns: Ns;
	execution_ns: Ns;
	sched_wait_ns: Ns;
	syscall_ns: Ns;
	syscall_block_ns: Ns;
	block_ns: Record<string, Ns>;
	range_ns: Record<string, Ns>;
}

/** A goroutine's time by class, in the order of the bar. Sums to its total. */
export function lifeByClass(t: Totals): Map<number, Ns> {
	const by = new Map<number, Ns>();
	const add = (cls: number, ns: Ns) => {
		if (ns > 0) by.set(cls, (by.get(cls) ?? 0) + ns);
	};
	add(Class.run, t.execution_ns);
	add(Class.wait, t.sched_wait_ns);
	add(Class.sys, t.syscall_ns + t.syscall_block_ns);
	for (const [reason, ns] of Object.entries(t.block_ns)) add(classOfReason(reason), ns);
	const known = [...by.values()].reduce((a, b) => a + b, 0);
	add(Class.other, t.total_ns - known);
	return new Map(
		CLASS_NAMES.flatMap(([cls]) => (by.has(cls) ? [[cls, by.get(cls) as Ns] as const] : [])),
	);
}
