// SPDX-License-Identifier: MIT
// A report as /api/report/NAME?format=page answers it: figures, tables of typed cells, plots of tables.

import type { Ns } from "../base/units.ts";
import { Class, type Frame } from "./trace.ts";

export type Kind =
	| "text"
	| "ns"
	| "time"
	| "count"
	| "id"
	| "bytes"
	| "ratio"
	| "number"
	| "bool"
	| "stack"
	| "named"
	| "hist"
	| "life";

/** [lower bound in ns, count] of the buckets that are not empty; five buckets a decade. */
export type Hist = readonly (readonly [Ns, number])[];
export type Named = Readonly<Record<string, Ns>>;
/** null: nothing. */
export type Cell =
	| null
	| string
	| number
	| boolean
	| readonly Frame[]
	| Named
	| Hist
	| readonly Ns[];
export type Row = readonly Cell[];

export interface Column {
	key: string;
	title: string;
	kind: Kind;
	flags: readonly string[];
}

export interface Field {
	key: string;
	title: string;
	kind: Kind;
	value: Cell;
}

export interface TableDoc {
	key: string;
	title: string | null;
	/** The column that the rows are sorted by; null: as they stand. */
	sort: string | null;
	quiet: boolean;
	fixed: boolean;
	total: number;
	offset: number;
	columns: readonly Column[];
	rows: readonly Row[];
}

export interface PlotDoc {
	title: string | null;
	table: string;
	x: string;
	y: readonly string[];
	y_kind: Kind;
	log_x: boolean;
	steps: boolean;
	y_min: number;
	y_max: number;
}

export interface ReportDoc {
	report: string;
	summary: string;
	head: string;
	text: string | null;
	from_ns: Ns;
	to_ns: Ns;
	fields: readonly Field[];
	tables: readonly TableDoc[];
	plots: readonly PlotDoc[];
}

/** The classes of a life's nine parts, in their order. */
export const LIFE_CLASSES: readonly number[] = [
	Class.run,
	Class.wait,
	Class.sys,
	Class.gc,
	Class.chan,
	Class.sync,
	Class.net,
	Class.sleep,
	Class.other,
];

export function lifeOf(cell: Cell): Map<number, Ns> {
	const parts = Array.isArray(cell) ? (cell as readonly number[]) : [];
	return new Map(
		parts.flatMap((ns, i) => (ns > 0 ? [[LIFE_CLASSES[i] as number, ns] as const] : [])),
	);
}

export const columnIndex = (table: { columns: readonly Column[] }, key: string): number =>
	table.columns.findIndex((c) => c.key === key);

export function cellAt(table: { columns: readonly Column[] }, row: Row, key: string): Cell {
	const i = columnIndex(table, key);
	return i < 0 ? null : (row[i] ?? null);
}

export function fieldOf(doc: ReportDoc, key: string): Cell {
	return doc.fields.find((f) => f.key === key)?.value ?? null;
}

/** Whether nothing is to be seen: null, and what is zero or empty. */
export function isNothing(kind: Kind, cell: Cell): boolean {
	if (cell === null || cell === undefined) return true;
	if (kind === "ns" || kind === "count" || kind === "bytes") return cell === 0;
	if (kind === "text") return cell === "";
	if (kind === "stack" || kind === "hist") return (cell as readonly unknown[]).length === 0;
	if (kind === "named") return Object.keys(cell as Named).length === 0;
	return false;
}

export const byLength = (named: Named): [string, Ns][] =>
	Object.entries(named).sort((a, b) => b[1] - a[1]);

/** What sorts on the server. */
export const sortable = (kind: Kind): boolean => !["stack", "named", "hist", "life"].includes(kind);

/** The class that a column of times stands for, by its key; 0 where it stands for none. */
export function classOfColumn(key: string): number {
	if (key.startsWith("execution")) return Class.run;
	if (key.startsWith("sched_wait") || key.startsWith("latency")) return Class.wait;
	if (key.startsWith("syscall")) return Class.sys;
	if (/^(gc|assist|mark|sweep)/.test(key)) return Class.gc;
	if (key.startsWith("stopped") || key.startsWith("stw")) return Class.stw;
	return 0;
}
