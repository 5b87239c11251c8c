// SPDX-License-Identifier: MIT
// Where a row of a report leads: to a list, to a story, or to an interval on the timeline.

import type { Ns } from "../base/units.ts";
import { kept } from "./pages.ts";
import {
	type Cell,
	type Column,
	cellAt,
	fieldOf,
	type ReportDoc,
	type Row,
	type TableDoc,
} from "./report.ts";
import type { Page, Params } from "./selection.ts";

export interface Interval {
	/** Id of the goroutine whose it is; null: all of the program's. */
	goroutine: number | null;
	from: Ns;
	to: Ns;
}

export interface PageTarget {
	page: Page;
	params: Params;
}

const number = (c: Cell): number | null => (typeof c === "number" ? c : null);
const BEGINS = ["start_ns", "begin_ns", "time_ns", "from_ns", "worst_begin_ns", "worst_start_ns"];
/** Columns whose figure is the length of the longest wait. */
export const LONGEST = ["longest_ns", "max_ns"];
const LENGTHS = ["duration_ns", "window_ns", "length_ns", "total_ns", "worst_ns"];

/** The goroutine that a row is about: its column's, or the one that the whole report is about. */
function goroutineOf(doc: ReportDoc, table: TableDoc, row: Row): number | null {
	const i = table.columns.findIndex((c) => c.key === "goroutine" && c.flags.includes("goroutine"));
	return i >= 0 ? number(row[i] ?? null) : number(fieldOf(doc, "goroutine"));
}

/** The interval that a row stands for; null: none. */
export function intervalOf(doc: ReportDoc, table: TableDoc, row: Row): Interval | null {
	const key = BEGINS.find((k) => number(cellAt(table, row, k)) !== null);
	if (!key) return null;
	const from = cellAt(table, row, key) as number;
	const goroutine = goroutineOf(doc, table, row);
	let to = number(cellAt(table, row, "end_ns")) ?? number(cellAt(table, row, "to_ns"));
	if (to === null) {
		const length = LENGTHS.map((k) => number(cellAt(table, row, k))).find((v) => v !== null);
		to = from + (length ?? number(fieldOf(doc, "window_ns")) ?? 0);
	}
	return { goroutine, from, to: Math.max(from, to) };
}

/** The longest of the waits that a row sums up: its length, when it began and whose it was; null: not told. */
export function longestOf(table: Pick<TableDoc, "columns">, row: Row): Interval | null {
	const [from, goroutine] = ["longest_at_ns", "longest_goroutine"].map((k) =>
		number(cellAt(table, row, k)),
	);
	const length = LONGEST.map((k) => number(cellAt(table, row, k))).find((v) => v !== null);
	return from == null || goroutine == null || !length
		? null
		: { goroutine, from, to: from + length };
}

/** Where a cell leads on the timeline: to the row's interval, or to its longest wait. */
export function intervalOfCell(
	column: Pick<Column, "key" | "kind">,
	interval: Interval | null,
	longest: Interval | null,
): Interval | null {
	if (LONGEST.includes(column.key) || column.key === "longest_at_ns") return longest;
	return column.kind === "time" ? interval : null;
}

/** The page that a row opens; null: it has none, and leads to its interval if it has one. */
export function pageOf(
	doc: ReportDoc,
	table: TableDoc,
	row: Row,
	page: Page,
	params: Params,
): PageTarget | null {
	const rest = kept(params);
	const at = (key: string) => cellAt(table, row, key);
	if (table.key === "types" && (page === "tasks" || page === "regions")) {
		const type = at("type");
		if (typeof type !== "string" || type === "") return null;
		const pc = page === "regions" ? number(at("pc")) : null;
		return { page, params: { ...rest, type, ...(pc ? { at: `0x${pc.toString(16)}` } : {}) } };
	}
	if (page === "tasks" && table.key === "tasks") return taskStory(number(at("id")), params);
	if (page === "tasks" && table.key === "tree") return taskStory(number(at("id")), params);
	if (page === "goroutines" && table.key === "groups") {
		const name = at("name");
		return typeof name === "string" ? { page, params: { ...rest, group: name } } : null;
	}
	if (page === "goroutines" && table.key === "goroutines")
		return goroutineStory(number(at("goroutine")), params);
	if (intervalOf(doc, table, row)) return null;
	const group = table.columns.findIndex((c) => c.flags.includes("group"));
	const name = group >= 0 ? row[group] : null;
	// A waker's or creator's name is empty where there is none; a row's own is that of a group without one.
	const named = name || table.columns[group]?.key === "name";
	return typeof name === "string" && named ? groupList(name, params) : null;
}

const only = (params: Params, ...keys: string[]): Record<string, string> =>
	Object.fromEntries(keys.flatMap((k) => (params[k] ? [[k, params[k] as string]] : [])));

export function goroutineStory(id: number | null, params: Params): PageTarget | null {
	return id === null
		? null
		: { page: "goroutines", params: { ...only(params, "whole"), goroutine: String(id) } };
}

export function taskStory(id: number | null, params: Params): PageTarget | null {
	return id === null
		? null
		: { page: "tasks", params: { ...only(params, "whole"), id: String(id) } };
}

export function groupList(name: string, params: Params): PageTarget {
	return { page: "goroutines", params: { ...only(params, "whole"), group: name } };
}
