// SPDX-License-Identifier: MIT
// Which columns of a table are shown, and how wide: those that do not fit go, the last ones first.

import type { Measure } from "../base/fit.ts";
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
	if (!wanted) return columns.flatMap((c, i) => (c.flags.includes("quiet") ? [] : [i]));
	return wanted.flatMap((key) => {
		const i = columns.findIndex((c) => c.key === key);
		return i < 0 ? [] : [i];
	});
}

export interface Placed {
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
	stack: 300,
	named: 190,
};

function widthOf(c: Column, i: number, rows: readonly Row[], measure: Measure): number {
	// The head's arrow needs room too.
	let w = Math.max(34, measure(c.title) + 14);
	const fixed = WIDTHS[c.kind];
	if (fixed) return Math.max(fixed, w) + PADDING;
	for (const r of rows.slice(0, SAMPLE)) {
		// Lighter units and group names are shorter than this at most.
		const text = cellText(c.kind, r[i] ?? null);
		const room = c.key === "state" ? 24 : c.kind === "time" ? 12 : 6;
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
	const placed: Placed[] = [];
	let used = 0;
	for (const index of shown) {
		const w = index < 0 ? DRAWING : widthOf(columns[index] as Column, index, rows, measure);
		if (placed.length >= 3 && used + w > width) continue;
		placed.push({ index, width: w });
		used += w;
	}
	const rest = width - used;
	const takes = (kinds: readonly string[]) =>
		[...placed].reverse().find((p) => kinds.includes(columns[p.index]?.kind ?? ""));
	const flexible =
		placed.find((p) => p.index < 0) ??
		placed.find((p) => columns[p.index]?.flags.includes("last")) ??
		takes(["stack"]) ??
		takes(["text"]) ??
		takes(["life", "named"]) ??
		placed[placed.length - 1];
	if (flexible && rest > 0) flexible.width += rest;
	return placed;
}
