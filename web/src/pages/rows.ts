// SPDX-License-Identifier: MIT
// The rows of a table: those of a report, fetched in chunks as they come into view, or some that are here already.

import { type Signal, signal } from "@preact/signals";
import type { Column, Row, TableDoc } from "../model/report.ts";
import { columnIndex } from "../model/report.ts";
import { api } from "../net/api.ts";
import type { Store } from "../views/store.ts";

export interface Rows {
	readonly columns: readonly Column[];
	readonly total: number;
	readonly sort: string | null;
	/** Counts the arrivals. */
	readonly version: Signal<number>;
	row(i: number): Row | undefined;
	/** These come into view. */
	want(from: number, to: number): void;
	/** The largest of a column, where it is known; a bar is drawn by it. */
	most(column: number): number;
}

export const CHUNK = 200;
/** Chunks kept: a way back needs no question, and millions of rows do not stay. */
const KEEP = 60;

function most(rows: Iterable<Row>, column: number): number {
	let n = 0;
	for (const r of rows) {
		const v = r[column];
		if (typeof v === "number" && v > n) n = v;
	}
	return n;
}

export class RemoteRows implements Rows {
	readonly version = signal(0);
	readonly columns: readonly Column[];
	readonly total: number;
	readonly sort: string | null;
	private readonly chunks = new Map<number, readonly Row[]>();
	private readonly asked = new Map<number, AbortController>();
	private readonly largest = new Map<number, number>();

	/** `table` came with its first rows; `query` is what was asked for it. */
	constructor(
		private readonly store: Store,
		private readonly report: string,
		private readonly query: URLSearchParams,
		private readonly table: TableDoc,
		/** Without bars; `most` still knows the largest. */
		plain = false,
	) {
		// Beside lives, which are bars, more bars are noise.
		this.columns =
			plain || table.columns.some((c) => c.kind === "life")
				? table.columns.map((c) => ({ ...c, flags: c.flags.filter((f) => f !== "bar") }))
				: table.columns;
		this.total = table.total;
		this.sort = table.sort;
		for (let i = 0; i * CHUNK < table.rows.length; i++) {
			const rows = table.rows.slice(i * CHUNK, (i + 1) * CHUNK);
			if (rows.length === CHUNK || (i + 1) * CHUNK >= this.total) this.chunks.set(i, rows);
		}
		this.askLargest();
	}

	private ask(change: Record<string, string>, signal?: AbortSignal): Promise<TableDoc | undefined> {
		const q = new URLSearchParams(this.query);
		q.set("table", this.table.key);
		for (const [k, v] of Object.entries(change)) q.set(k, v);
		return api.report(this.report, q, signal).then((doc) => doc.tables[0]);
	}

	/** Bars are shares of the column's largest, which may lie in a chunk that is not here. */
	private askLargest(): void {
		this.table.columns.forEach((c, i) => {
			if (!c.flags.includes("bar")) return;
			this.largest.set(i, most(this.table.rows, i));
			if (this.table.rows.length >= this.total) return;
			this.ask({ sort: c.key, asc: "0", top: "1", offset: "0" }).then(
				(t) => {
					if (!t) return;
					this.largest.set(i, Math.max(most(t.rows, i), this.largest.get(i) ?? 0));
					this.version.value++;
				},
				(err) => this.store.fail(err),
			);
		});
	}

	row(i: number): Row | undefined {
		return this.chunks.get(Math.floor(i / CHUNK))?.[i % CHUNK];
	}

	most(column: number): number {
		return this.largest.get(column) ?? 0;
	}

	want(from: number, to: number): void {
		const first = Math.max(0, Math.floor(from / CHUNK));
		const last = Math.min(Math.floor((to - 1) / CHUNK), Math.ceil(this.total / CHUNK) - 1);
		for (const [chunk, abort] of this.asked)
			if (chunk < first || chunk > last) {
				abort.abort();
				this.asked.delete(chunk);
			}
		for (let chunk = first; chunk <= last; chunk++) {
			const known = this.chunks.get(chunk);
			if (known) {
				this.chunks.delete(chunk);
				this.chunks.set(chunk, known);
			} else if (!this.asked.has(chunk)) void this.fetch(chunk);
		}
	}

	private async fetch(chunk: number): Promise<void> {
		const abort = new AbortController();
		this.asked.set(chunk, abort);
		this.store.busy.value++;
		try {
			const top = String(CHUNK);
			const t = await this.ask({ offset: String(chunk * CHUNK), top }, abort.signal);
			if (!t) return;
			this.chunks.set(chunk, t.rows);
			for (const old of this.chunks.keys()) {
				if (this.chunks.size <= KEEP) break;
				this.chunks.delete(old);
			}
			this.version.value++;
		} catch (err) {
			if (!abort.signal.aborted) this.store.fail(err);
		} finally {
			if (this.asked.get(chunk) === abort) this.asked.delete(chunk);
			this.store.busy.value--;
		}
	}
}

/** Rows that are all here, sorted here. */
export class LocalRows implements Rows {
	readonly version = signal(0);
	readonly total: number;
	private readonly rows: readonly Row[];

	constructor(
		readonly columns: readonly Column[],
		rows: readonly Row[],
		readonly sort: string | null,
		ascending: boolean,
	) {
		const i = sort ? columnIndex({ columns }, sort) : -1;
		const sign = ascending ? 1 : -1;
		this.rows =
			i < 0
				? rows
				: [...rows].sort((a, b) => {
						const [x, y] = [a[i] ?? null, b[i] ?? null];
						if (x === y) return 0;
						if (x === null) return 1;
						if (y === null) return -1;
						return x < y ? -sign : sign;
					});
		this.total = rows.length;
	}

	row(i: number): Row | undefined {
		return this.rows[i];
	}

	want(): void {}

	most(column: number): number {
		return most(this.rows, column);
	}
}
