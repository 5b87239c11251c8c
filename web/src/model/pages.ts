// SPDX-License-Identifier: MIT
// The pages of the rail, what the report behind each can be filtered by, and what is asked of the server for a place.

import type { Ns } from "../base/units.ts";
import type { Page, Params } from "./selection.ts";
import type { Window } from "./viewport.ts";

export interface PageDef {
	page: Page;
	/** In the rail. */
	name: string;
	/** A path of 16 by 16. */
	icon: string;
	/** Parameters that can be filtered by, the box of the page first. */
	filters: readonly string[];
	/** What the filter box is for. */
	find?: { key: string; hint: string };
}

const WHO = ["goroutine", "func", "group", "task", "region", "latmin", "latmax"];

export const PAGES: readonly PageDef[] = [
	{ page: "timeline", name: "Timeline", icon: "M3 4h8M6 8h7M3 12h5", filters: [] },
	{
		page: "goroutines",
		name: "Goroutines",
		icon: "M5 3.500a2 2 0 1 0 .01 0M11 8.500a2 2 0 1 0 .01 0M6.500 7l2.800 2.200",
		filters: WHO,
		find: { key: "func", hint: "Start function, a regular expression" },
	},
	{
		page: "blocking",
		name: "Blocking",
		icon: "M3 3h5M3 6.300h9M3 9.600h4M3 13h10",
		filters: WHO,
		find: { key: "q", hint: "Search the stacks" },
	},
	{
		page: "waits",
		name: "Waits",
		icon: "M4 2.500h8M4 13.500h8M5 2.500v2l6 7v2M11 2.500v2l-6 7v2",
		filters: WHO,
		find: { key: "func", hint: "Start function, a regular expression" },
	},
	{
		page: "sched",
		name: "Scheduler",
		icon: "M8 2.500a5.500 5.500 0 1 0 .01 0M8 5v3.200l2.200 1.300",
		filters: WHO,
		find: { key: "func", hint: "Start function, a regular expression" },
	},
	{
		page: "tasks",
		name: "Tasks",
		icon: "M2.500 3.500h5v3h-5zM8.500 9.500h5v3h-5zM5 6.500v4.500h3.500",
		filters: ["type", "complete", ...WHO],
		find: { key: "logtext", hint: "Text in type, regions or logs" },
	},
	{
		page: "regions",
		name: "Regions",
		icon: "M5 3H3v10h2M11 3h2v10h-2M6 8h4",
		filters: ["type", "at", ...WHO],
		find: { key: "func", hint: "Start function, a regular expression" },
	},
	{ page: "gc", name: "GC", icon: "M2.500 12.500l3-8 3 5 2-3 3 6", filters: WHO },
	{
		page: "mmu",
		name: "MMU",
		icon: "M2.500 13.500c1-7 4-8.500 11-9.500M2.500 2.500v11h11",
		filters: [],
	},
	{
		page: "logs",
		name: "Logs",
		icon: "M3.500 2.500h9v11h-9zM6 6h4M6 8.500h4M6 11h2",
		filters: ["category", ...WHO],
		find: { key: "text", hint: "Text of message or category" },
	},
];

export const pageDef = (page: Page): PageDef | undefined => PAGES.find((p) => p.page === page);

/** Parameters that say how a page looks, not what is asked of the report. */
const OF_THE_PAGE = new Set(["whole", "of", "kind", "q", "task_of"]);
/** Parameters that are not a filter: they have switches of their own, or say where in a list one is. */
const NO_FILTER = new Set([
	...OF_THE_PAGE,
	"sort",
	"asc",
	"offset",
	"top",
	"list",
	"stack",
	"flags",
	"window",
	"regex",
	"compat",
]);

export const filtersIn = (params: Params): [string, string][] =>
	Object.entries(params).filter(([key]) => !NO_FILTER.has(key));

/** What a report or a profile has none of, and how a program comes by it. */
const NONE: Readonly<Record<string, readonly [string, string?]>> = {
	goroutines: ["goroutines"],
	tasks: ["tasks", "A program makes them with runtime/trace.NewTask."],
	regions: ["regions", "A program makes them with runtime/trace.WithRegion and StartRegion."],
	logs: ["logs", "A program makes them with runtime/trace.Log and Logf."],
	gc: ["garbage collections or stops of the world"],
	sched: ["waits for a proc"],
	locks: ["waits for locks"],
	chans: ["waits for channels"],
	net: ["waits for the network"],
	syscalls: ["system calls"],
	syscall: ["system calls"],
	sync: ["waits for locks or channels"],
	block: ["waits"],
	create: ["creations of goroutines"],
	stw: ["stops of the world"],
	cpu: ["CPU samples", "They are there where the CPU profiler runs while the trace is made."],
};

/** Says that there is nothing to show, of what, and where it was looked for. */
export function nothingOf(name: string, params: Params, window: Window | null): string {
	const [what, how] = NONE[name] ?? ["rows"];
	const filtered = filtersIn(params).length > 0 || Boolean(params.q);
	const where = window ? "in this part of the trace" : "in this trace";
	const which = filtered ? " that the filters let through" : "";
	const more = how && !filtered && !window ? ` ${how}` : "";
	return `There are no ${what} ${where}${which}.${more}`;
}

/** What stays when one goes from a list to what one of its rows stands for. */
export function kept(params: Params): Record<string, string> {
	const out: Record<string, string> = {};
	for (const [key, value] of Object.entries(params))
		if (!["sort", "asc", "offset", "top", "q", "list"].includes(key)) out[key] = value;
	return out;
}

/** The report behind a page. */
export function reportOf(page: Page, params: Params): string {
	return page === "waits" ? (params.of ?? "locks") : page;
}

/** The part of the trace that a page is about; null: all of it. */
export function windowOf(params: Params, window: Window, duration: Ns): Window | null {
	if (params.whole === "1") return null;
	if (window.from <= 0 && window.to >= duration) return null;
	return { from: Math.max(0, Math.round(window.from)), to: Math.round(window.to) };
}

/** What is asked of the report, in the order of the names: the same question is the same address. */
export function queryOf(params: Params, window: Window | null): URLSearchParams {
	const all: [string, string][] = Object.entries(params).filter(([k]) => !OF_THE_PAGE.has(k));
	if (window) all.push(["from", String(window.from)], ["to", String(window.to)]);
	return new URLSearchParams(all.sort((a, b) => (a[0] < b[0] ? -1 : 1)));
}
