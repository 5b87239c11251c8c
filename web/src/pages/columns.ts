// SPDX-License-Identifier: MIT
// Which columns of a table are shown, and how wide: those that do not fit go, the last ones first.

import type { Measure } from "../base/fit.ts";
import { groupName } from "../base/format.ts";
import { cellText } from "../model/cells.ts";
import type { Column, Row } from "../model/report.ts";

/** Where a page shows other columns than those that the report does not call quiet: their keys, in order of use. */
const SHOWN: Readonly<Record<string, readonly string[]>> = {
	"goroutines/groups": [
		"name",
		"count",
		"life",
		"execution_ns",
		"sched_wait_ns",
		"sched_wait_p99_ns",
		"syscall_ns",
		"blocked_ns",
		"block_ns",
		"total_ns",
		"syscall_block_ns",
	],
	"goroutines/goroutines": [
		"goroutine",
		"life",
		"begin_ns",
		"total_ns",
		"execution_ns",
		"sched_wait_ns",
		"syscall_ns",
		"blocked_ns",
		"block_ns",
		"creator",
		"create_stack",
	],
	"regions/types": [
		"type",
		"count",
		"total_ns",
		"p50_ns",
		"p90_ns",
		"p99_ns",
		"max_ns",
		"histogram",
		"place",
		"no_end",
		"left_open",
		"no_begin",
	],
	"sched/causes": ["cause", "reason", "count", "total_ns", "p50_ns", "p90_ns", "p99_ns", "max_ns"],
	"regions/regions": [
		"goroutine",
		"type",
		"life",
		"duration_ns",
		"begin_ns",
		"state",
		"execution_ns",
		"sched_wait_ns",
		"blocked_ns",
		"block_ns",
		"task",
		"begin_stack",
	],
};

export function shownColumns(report: string, table: string, columns: readonly Column[]): number[] {
	const wanted = SHOWN[`${report}/${table}`];
	if (!wanted) {
		const shown = columns.flatMap((c, i) => (c.flags.includes("quiet") ? [] : [i]));
		// A terminal has names at the right, where they may be cut; a page has room for them in front.
		const name = shown.findIndex((i) => (columns[i] as Column).flags.includes("last"));
		const first = columns[shown[0] as number]?.kind;
		if (name > 0 && first !== "time" && first !== "id" && !isStory(columns))
			shown.unshift(...shown.splice(name, 1));
		return shown;
	}
	return wanted.flatMap((key) => {
		const i = columns.findIndex((c) => c.key === key);
		return i < 0 ? [] : [i];
	});
}

const isStory = (columns: readonly Column[]): boolean =>
	columns.some((c) => c.key === "since_start_ns");

/** An empty column at the end: figures that are far apart cannot be read as a row. */
export const FILLER = -2;

export interface Placed {
	/** -1: the drawing. */
	index: number;
	width: number;
}

const PADDING = 20;
const BAR = 56;
const DRAWING = 220;
const SAMPLE = 80;
/** Texts are cut rather than push everything else off the page. */
const TEXT_MOST = 300;
const WIDTHS: Partial<Record<Column["kind"], number>> = {
	life: 190,
	hist: 130,
	stack: 180,
	named: 190,
};

/** How narrow what can be cut may become. */
/** The first says what a row is, if there is room for it. */
const LEAST_FIRST = 260;
const LEAST: Readonly<Record<string, number>> = { text: 170, stack: 170, named: 160, life: 120 };

function widthOf(c: Column, i: number, rows: readonly Row[], measure: Measure): number {
	// The head's arrow needs room too.
	let w = Math.max(34, 1.08 * measure(c.title) + 18);
	// Rows further down may be later: room for every digit.
	if (c.kind === "time") return Math.ceil(Math.max(w, measure("00.000 000 000 s") + 8)) + PADDING;
	const fixed = WIDTHS[c.kind];
	if (fixed) return Math.max(fixed, w) + PADDING;
	for (const r of rows.slice(0, SAMPLE)) {
		// Lighter units and group names are shorter than this at most.
		const empty = r[i] === "" && c.key === "name" && c.flags.includes("group");
		const text = empty ? groupName("") : cellText(c.kind, r[i] ?? null);
		const room = c.key === "state" ? 24 : c.kind === "id" ? 18 : 6;
		w = Math.max(w, measure(c.kind === "text" ? text.slice(0, 60) : text) + room);
	}
	if (c.flags.includes("bar")) w += BAR + 8;
	return Math.ceil(Math.min(w, c.kind === "text" ? TEXT_MOST : 400)) + PADDING;
}

/**
 * Places the columns `shown` into `width`. What is left over goes to the column that takes text of any length, and
 * what does not fit is left out, from the end; the first three stay.
 */
export function placeColumns(
	columns: readonly Column[],
	shown: readonly number[],
	rows: readonly Row[],
	width: number,
	measure: Measure,
): Placed[] {
	const wide = shown.map((index) =>
		index < 0 ? DRAWING : widthOf(columns[index] as Column, index, rows, measure),
	);
	// What can be cut is, before anything is left out; the first column last, since it says what a row is.
	let over = wide.reduce((a, b) => a + b, 0) - width;
	for (let i = shown.length - 1; i >= 0; i--) {
		const kind = columns[shown[i] as number]?.kind ?? "none";
		const first = i === 0 && kind === "text" ? Math.min(LEAST_FIRST, width / 4) : 0;
		const least = kind in LEAST ? Math.max(first, LEAST[kind] as number) : 0;
		const give = least ? Math.min(over, (wide[i] as number) - least) : 0;
		if (give <= 0) continue;
		wide[i] = (wide[i] as number) - give;
		over -= give;
	}
	const placed: Placed[] = [];
	let used = 0;
	shown.forEach((index, i) => {
		const w = wide[i] as number;
		if (placed.length >= 3 && used + w > width) return;
		placed.push({ index, width: w });
		used += w;
	});
	const rest = width - used;
	const takes = (kinds: readonly string[]) =>
		[...placed].reverse().find((p) => kinds.includes(columns[p.index]?.kind ?? ""));
	const flexible =
		placed.find((p) => p.index < 0) ??
		placed.find((p) => columns[p.index]?.flags.includes("last")) ??
		takes(["stack"]) ??
		takes(["text"]) ??
		takes(["life", "named"]);
	if (rest > 0) {
		if (flexible) flexible.width += rest;
		else placed.push({ index: FILLER, width: rest });
	}
	return placed;
}
