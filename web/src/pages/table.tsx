// SPDX-License-Identifier: MIT
// A table of any number of rows: only those in view are elements, only those near are fetched. A browser's elements
// end at some millions of pixels, so a long table's scroll bar is a scale: the row at the top is kept apart from it.

import type { Signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { clamp } from "../base/units.ts";
import { makeMeasure } from "../draw/paint.ts";
import { barsOf } from "../model/histogram.ts";
import { cellAt, type Hist, type Row, sortable } from "../model/report.ts";
import { type Interval, intervalOfCell, longestOf } from "../model/targets.ts";
import { useStore } from "../views/ctx.ts";
import { CellView, cellTitle, isNumeric } from "./cells.tsx";
import { FILLER, placeColumns } from "./columns.ts";
import type { Rows } from "./rows.ts";
import { useSize } from "./size.ts";

export const ROW = 26;
const HEAD = 28;
/** Below what every browser can lay out. */
const MAX_HEIGHT = 6_000_000;
const MARGIN_ROWS = 6;

export interface TableProps {
	rows: Rows;
	/** Columns to show, by index. */
	shown: readonly number[];
	ascending: boolean;
	onSort: (key: string) => void;
	selected: Pick<Signal<number | null>, "value" | "peek">;
	onOpen: (row: Row, index: number) => void;
	intervalOf: (row: Row) => Interval | null;
	/** Takes the keys of the page. */
	main: boolean;
	testid: string;
	/** The column that is called -1: drawn, not told; it takes what room is left. */
	drawing?: { title: string; render: (row: Row) => preact.ComponentChildren };
	/** Not higher than its rows. */
	fit: boolean;
}

let measureText: ReturnType<typeof makeMeasure> | null = null;

export function Table(p: TableProps) {
	const store = useStore();
	const [box, width, height] = useSize<HTMLDivElement>();
	const { rows, selected } = p;
	void rows.version.value;
	const view = Math.max(0, height - HEAD);
	const inView = view / ROW;
	const last = Math.max(0, rows.total - inView);
	const scaled = rows.total * ROW > MAX_HEIGHT;
	const total = scaled ? MAX_HEIGHT : rows.total * ROW;
	const [top, setTop] = useState(0); // rows above the view
	const place = useRef({ top: 0, scroll: 0 });
	measureText ??= makeMeasure(13);

	// Widths are of the rows that were there first: columns that move while one scrolls cannot be read.
	const placed = useMemo(() => {
		const first: Row[] = [];
		for (let i = 0; i < Math.min(rows.total, 80); i++) {
			const r = rows.row(i);
			if (r) first.push(r);
		}
		return placeColumns(rows.columns, p.shown, first, width, measureText as (t: string) => number);
	}, [rows, p.shown, width]);

	const domain = useMemo(() => histDomain(rows), [rows]);

	const show = (row: number) => {
		const el = box.current;
		const now = clamp(row, 0, last);
		place.current.top = now;
		if (el) {
			const room = Math.max(0, total - view);
			const scroll = Math.round(scaled ? (last > 0 ? (now / last) * room : 0) : now * ROW);
			if (Math.abs(el.scrollTop - scroll) >= 1) {
				place.current.scroll = scroll;
				el.scrollTop = scroll;
			}
		}
		setTop(now);
	};
	const scrolled = () => {
		const el = box.current;
		if (!el || Math.abs(el.scrollTop - place.current.scroll) < 1) return;
		place.current.scroll = el.scrollTop;
		const room = Math.max(1, total - view);
		const now = scaled ? (el.scrollTop / room) * last : el.scrollTop / ROW;
		place.current.top = clamp(now, 0, last);
		setTop(place.current.top);
	};
	useLayoutEffect(() => {
		const at = selected.peek();
		show(at === null ? 0 : at - Math.max(2, inView / 3));
	}, [rows]);
	useEffect(() => {
		const el = box.current;
		if (!el || !scaled) return;
		// A pixel of the bar is many rows: the wheel moves by rows instead.
		const wheel = (e: WheelEvent) => {
			if (e.ctrlKey || !e.deltaY) return;
			e.preventDefault();
			show(place.current.top + (e.deltaMode === 1 ? 3 * e.deltaY : e.deltaY / ROW));
		};
		el.addEventListener("wheel", wheel, { passive: false });
		return () => el.removeEventListener("wheel", wheel);
	}, [scaled, rows, view]);

	const from = Math.max(0, Math.floor(top) - MARGIN_ROWS);
	const to = Math.min(rows.total, Math.ceil(top + inView) + MARGIN_ROWS);
	useLayoutEffect(() => rows.want(from, to), [rows, from, to]);

	const reveal = (i: number) => {
		const now = place.current.top;
		if (i < now) show(i);
		else if (i + 1 > now + inView) show(i + 1 - inView);
	};
	const move = (by: number) => {
		const now = selected.peek();
		if (rows.total === 0) return;
		// The first step is to where one looks; to either end it is a jump all the same.
		const far = Math.abs(by) >= rows.total;
		const next = now === null && !far ? Math.ceil(top) : (now ?? 0) + by;
		const at = clamp(next, 0, rows.total - 1);
		selected.value = at;
		reveal(at);
	};
	useLayoutEffect(() => {
		if (!p.main) return;
		const page = Math.max(1, Math.floor(inView) - 1);
		const steps: Record<string, number> = {
			j: 1,
			k: -1,
			ArrowDown: 1,
			ArrowUp: -1,
			PageDown: page,
			PageUp: -page,
			Home: -rows.total,
			End: rows.total,
		};
		const keys = (key: string): boolean => {
			const step = steps[key];
			if (step !== undefined) move(step);
			else if (key === "Enter") {
				const i = selected.peek();
				const row = i === null ? undefined : rows.row(i);
				if (i === null || !row) return false;
				p.onOpen(row, i);
			} else if (key === "Escape" && selected.peek() !== null) selected.value = null;
			else return false;
			return true;
		};
		store.tableKey = keys;
		return () => {
			if (store.tableKey === keys) store.tableKey = null;
		};
	});

	// Where the scroll bar is a scale, the rows stand where the view is.
	const offset = scaled ? place.current.scroll - (top - from) * ROW : from * ROW;
	const lines = [];
	for (let i = from; i < to; i++) lines.push(i);
	const sum = placed.reduce((n, c) => n + c.width, 0);
	return (
		<div
			class={`table-box${p.fit ? " fit" : ""}`}
			ref={box}
			onScroll={scrolled}
			style={p.fit ? { height: `${HEAD + Math.min(12, rows.total) * ROW + 1}px` } : undefined}
			data-testid={p.testid}
			data-total={rows.total}
		>
			<table class="wide" style={{ width: `${sum}px` }}>
				<colgroup>
					{placed.map((c) => (
						<col key={c.index} style={{ width: `${c.width}px` }} />
					))}
				</colgroup>
				<thead>
					<tr>
						{placed.map(({ index }) => {
							if (index < 0)
								return (
									<th key={index} scope="col" class="left">
										{index === FILLER ? "" : p.drawing?.title}
									</th>
								);
							const c = rows.columns[index] as (typeof rows.columns)[number];
							const on = rows.sort === c.key;
							const title = titleCase(c.title);
							return (
								<th
									key={c.key}
									scope="col"
									class={`${on ? "sorted" : ""} ${isNumeric(c) ? "" : "left"}`}
									aria-sort={on ? (p.ascending ? "ascending" : "descending") : "none"}
								>
									{sortable(c.kind) ? (
										<button
											type="button"
											aria-label={title ? undefined : c.key.replaceAll("_", " ")}
											onClick={() => p.onSort(c.key)}
											data-sort={c.key}
										>
											{title}
											{on ? (p.ascending ? " ↑" : " ↓") : ""}
										</button>
									) : (
										title
									)}
								</th>
							);
						})}
					</tr>
				</thead>
				<tbody>
					<Spacer height={offset} span={placed.length} />
					{lines.map((i) => {
						const row = rows.row(i);
						if (!row) return <tr key={i} class="pending" />;
						const interval = p.intervalOf(row);
						const longest = longestOf(rows, row);
						const reason = cellAt(rows, row, "reason");
						return (
							<tr
								key={i}
								class={selected.value === i ? "on" : ""}
								aria-selected={selected.value === i}
								data-testid="row"
								data-index={i}
								onClick={() => {
									selected.value = i;
								}}
								onDblClick={() => p.onOpen(row, i)}
							>
								{placed.map(({ index }) => {
									if (index === FILLER) return <td key={index} />;
									if (index < 0)
										return (
											<td key={index} class="drawing">
												{p.drawing?.render(row)}
											</td>
										);
									const c = rows.columns[index] as (typeof rows.columns)[number];
									const cell = row[index] ?? null;
									return (
										<td
											key={c.key}
											class={`${rows.sort === c.key ? "sorted" : ""} ${isNumeric(c) ? "" : "left"} k-${c.kind}`}
											title={cellTitle(c.kind, cell)}
										>
											<CellView
												column={c}
												cell={cell}
												most={rows.most(index)}
												interval={intervalOfCell(c, interval, longest)}
												domain={domain}
												reason={typeof reason === "string" ? reason : ""}
											/>
										</td>
									);
								})}
							</tr>
						);
					})}
					<Spacer height={total - offset - lines.length * ROW} span={placed.length} />
				</tbody>
			</table>
		</div>
	);
}

/** "p99" stays as it is. */
export const titleCase = (t: string): string =>
	/^p\d/.test(t) ? t : t.charAt(0).toUpperCase() + t.slice(1);

/** First and last bucket of the small plots in a table. */
function histDomain(rows: Rows): [number, number] | null {
	const i = rows.columns.findIndex((c) => c.kind === "hist");
	if (i < 0) return null;
	let [first, last] = [Number.POSITIVE_INFINITY, 0];
	for (let r = 0; r < Math.min(rows.total, 80); r++) {
		const bars = barsOf((rows.row(r)?.[i] ?? []) as Hist);
		if (!bars.total) continue;
		first = Math.min(first, bars.first);
		last = Math.max(last, bars.first + bars.counts.length - 1);
	}
	return last > 0 ? [first, last] : null;
}

function Spacer({ height, span }: { height: number; span: number }) {
	if (!(height > 0)) return null;
	return (
		<tr class="spacer">
			<td colSpan={span} style={{ height: `${height}px` }} />
		</tr>
	);
}
