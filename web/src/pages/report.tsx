// SPDX-License-Identifier: MIT
// A report as a page: its sentence, figures, plots and tables, and a panel for the chosen row. Every page that is one
// report is this one, with switches or drawings of its own.

import { type Signal, useComputed, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo } from "preact/hooks";
import { nothingOf, queryOf, windowOf } from "../model/pages.ts";
import {
	columnIndex,
	type Hist,
	type PlotDoc,
	type ReportDoc,
	type Row,
	type TableDoc,
} from "../model/report.ts";
import type { Params } from "../model/selection.ts";
import { intervalOf, longestOf, pageOf } from "../model/targets.ts";
import { api, reportUrl } from "../net/api.ts";
import { useStore } from "../views/ctx.ts";
import { shownColumns } from "./columns.ts";
import { Fields } from "./fields.tsx";
import { type Crumb, Download, Filters, PageHead } from "./head.tsx";
import { Histogram } from "./histogram.tsx";
import { useLoaded } from "./load.ts";
import { Panel, RowPanel } from "./panel.tsx";
import { Plot } from "./plot.tsx";
import { CHUNK, LocalRows, RemoteRows, type Rows } from "./rows.ts";
import { Table, titleCase } from "./table.tsx";

export interface Chosen {
	doc: ReportDoc;
	table: TableDoc;
	row: Row;
	index: number;
}

/** What is asked of a report at the page's place. */
export function useQuery(params: Params): URLSearchParams {
	const store = useStore();
	return queryOf(params, windowOf(params, store.window.value, store.duration.value));
}

/** `tables`: just these, where the report has others that are too long to be fetched unasked. */
export function useReport(name: string, query: URLSearchParams, tables?: readonly string[]) {
	const q = new URLSearchParams(query);
	q.set("top", String(CHUNK));
	return useLoaded(`${name}?${q}`, async (signal) => {
		if (!tables) return api.report(name, q, signal);
		const parts = await Promise.all(
			tables.map((t) => {
				const one = new URLSearchParams(q);
				one.set("table", t);
				return api.report(name, one, signal);
			}),
		);
		return { ...(parts[0] as ReportDoc), tables: parts.flatMap((d) => d.tables) };
	});
}

export interface ReportPageProps {
	report: string;
	crumbs: readonly Crumb[];
	windowed?: boolean;
	/** The tables that are shown, where the report has longer ones. */
	tables?: readonly string[];
	/** Of one thing: there is nothing to filter by. */
	story?: boolean;
	switches?: ComponentChildren;
	/** Above the tables, below the figures. */
	above?: (doc: ReportDoc) => ComponentChildren;
	/** Instead of the usual panel. null: the usual one. */
	panel?: (chosen: Chosen) => ComponentChildren | null;
	/** Below the head instead of the report's fields. */
	fields?: (doc: ReportDoc) => ComponentChildren;
	/** Drawn for each row of a table, and its column's title. null: nothing for this table. */
	drawing?: (
		doc: ReportDoc,
		table: TableDoc,
	) => { title: string; render: (row: Row) => ComponentChildren } | null;
	/** A click on a plot's point. */
	onPlot?: (doc: ReportDoc, row: Row, x: number) => void;
	plotHint?: string;
	plotMark?: (doc: ReportDoc) => number | undefined;
}

export function ReportPage(p: ReportPageProps) {
	const store = useStore();
	const params = store.params.value;
	const query = useQuery(params);
	const loaded = useReport(p.report, query, p.tables);
	const { doc, error, waiting } = loaded.value;
	const place = `${p.report}?${new URLSearchParams(query)}`;
	const chosen = useSignal<{ table: string; index: number } | null>(
		store.chosenRows.get(place) ?? null,
	);
	useEffect(() => {
		chosen.value = store.chosenRows.get(place) ?? null;
	}, [place]);
	const answers = doc && loaded.value.key.startsWith(`${p.report}?`) ? doc : null;
	return (
		<main class="page" data-testid={`${store.page.value}-page`} data-report={p.report}>
			<PageHead
				crumbs={p.crumbs}
				sentence={answers?.head ?? (error ? "" : "…")}
				windowed={p.windowed ?? true}
			>
				{p.switches}
				<Download
					href={reportUrl(p.report, query, "csv")}
					text="CSV"
					title={`The ${answers && visible(answers).length > 1 ? "first table" : "table"}, every row and column`}
				/>
				<Download href={reportUrl(p.report, query, "json")} text="JSON" title="All of it" />
				{answers && answers.plots.length > 0 && (
					<Download href={reportUrl(p.report, query, "svg")} text="SVG" title="The plot" />
				)}
			</PageHead>
			{!p.story && <Filters />}
			{error && (
				<p class="banner" role="alert" data-testid="page-error">
					{error}
				</p>
			)}
			{answers && !error && (
				<Body
					{...p}
					doc={answers}
					query={query}
					place={place}
					chosen={chosen}
					stale={waiting || loaded.value.key !== keyOf(p.report, query)}
				/>
			)}
		</main>
	);
}

function keyOf(report: string, query: URLSearchParams): string {
	const q = new URLSearchParams(query);
	q.set("top", String(CHUNK));
	return `${report}?${q}`;
}

const visible = (doc: ReportDoc): TableDoc[] => doc.tables.filter((t) => !t.quiet);

function Body(
	p: ReportPageProps & {
		doc: ReportDoc;
		query: URLSearchParams;
		place: string;
		chosen: Signal<{ table: string; index: number } | null>;
		stale: boolean;
	},
) {
	const store = useStore();
	const { doc, chosen } = p;
	const tables = visible(doc);
	// Rows of a table, as the panel needs them too.
	const sources = useMemo(() => new Map<string, { rows: Rows; table: TableDoc }>(), [doc]);
	const many = tables.length > 1;
	const pick = chosen.value;
	const source = pick ? sources.get(pick.table) : undefined;
	void source?.rows.version.value;
	const row = pick && source ? source.rows.row(pick.index) : undefined;
	const plots = doc.plots.flatMap((plot) => {
		const table = doc.tables.find((t) => t.key === plot.table);
		return table && table.rows.length > 1 ? [{ plot, table }] : [];
	});
	const own =
		pick && source && row && p.panel
			? p.panel({ doc, table: source.table, row, index: pick.index })
			: null;
	return (
		<div class={`page-body ${p.stale ? "stale" : ""}`}>
			<div class={`page-main ${many || plots.length ? "scrolls" : ""}`}>
				{p.fields ? p.fields(doc) : <Fields fields={doc.fields} />}
				{p.above?.(doc)}
				{plots.length > 0 && (
					<div class={`plots${plots.length > 1 ? " many" : ""}`}>
						{plots.map(({ plot, table }, i) =>
							isHistogram(plot, table) ? (
								<div class="plot-hist" key={i}>
									<h3>{plot.title}</h3>
									<Histogram hist={histFrom(plot, table)} height={168} what="in all" />
								</div>
							) : (
								<Plot
									key={i}
									plot={plot}
									table={table}
									mark={p.plotMark?.(doc)}
									hint={p.plotHint ?? (timed(table, plot.x) ? "click → timeline" : undefined)}
									onPick={
										p.onPlot
											? (r, x) => p.onPlot?.(doc, r, x)
											: timed(table, plot.x)
												? (r, x) => showAt(store, doc, table, r, x)
												: undefined
									}
									testid={`plot-${i}`}
								/>
							),
						)}
					</div>
				)}
				<div class={many ? "tables" : "table-only"}>
					{tables.map((t, i) => (
						<ReportTable
							key={`${doc.report}.${t.key}`}
							report={p.report}
							doc={doc}
							table={t}
							query={p.query}
							main={i === 0}
							fit={many}
							heading={many || (plots.length > 0 && t.title !== null)}
							chosen={chosen}
							place={p.place}
							sources={sources}
							drawing={p.drawing?.(doc, t) ?? null}
						/>
					))}
				</div>
				{tables.every((t) => t.total === 0) && !doc.text && (
					<p class="hint" data-testid="nothing">
						{nothingOf(
							p.report,
							store.params.value,
							windowOf(store.params.value, store.window.value, store.duration.value),
						)}
					</p>
				)}
			</div>
			{pick && source && row && (
				<Panel
					onClose={() => {
						chosen.value = null;
					}}
				>
					{own ?? <RowPanel doc={doc} table={source.table} row={row} />}
				</Panel>
			)}
		</div>
	);
}

/** Counts over buckets of durations are bars, not a line. */
const isHistogram = (plot: PlotDoc, table: TableDoc): boolean =>
	plot.log_x &&
	plot.steps &&
	plot.y_kind === "count" &&
	plot.y.length === 1 &&
	table.columns[columnIndex(table, plot.x)]?.kind === "ns";

function histFrom(plot: PlotDoc, table: TableDoc): Hist {
	const [x, y] = [columnIndex(table, plot.x), columnIndex(table, plot.y[0] as string)];
	return table.rows.flatMap((r) => {
		const [lower, n] = [r[x], r[y]];
		return typeof lower === "number" && typeof n === "number" && n > 0 ? [[lower, n] as const] : [];
	});
}

const timed = (table: TableDoc, x: string): boolean =>
	table.columns.find((c) => c.key === x)?.kind === "time";

function showAt(
	store: ReturnType<typeof useStore>,
	doc: ReportDoc,
	table: TableDoc,
	row: Row,
	x: number,
): void {
	const i = intervalOf(doc, table, row);
	const next =
		table.rows[table.rows.indexOf(row) + 1]?.[table.columns.findIndex((c) => c.kind === "time")];
	const to = i && i.to > i.from ? i.to : typeof next === "number" ? next : x;
	void store.showInterval({ goroutine: null, from: x, to });
}

function ReportTable(p: {
	report: string;
	doc: ReportDoc;
	table: TableDoc;
	query: URLSearchParams;
	main: boolean;
	fit: boolean;
	heading: boolean;
	chosen: Signal<{ table: string; index: number } | null>;
	place: string;
	sources: Map<string, { rows: Rows; table: TableDoc }>;
	drawing: { title: string; render: (row: Row) => ComponentChildren } | null;
}) {
	const store = useStore();
	const { doc, chosen } = p;
	const params = store.params.value;
	// The first table's order is part of the address; those of the others are theirs alone.
	const own = useSignal<{ key: string; asc: boolean } | null>(null);
	const query = useMemo(() => {
		const q = new URLSearchParams(p.query);
		if (own.value) {
			q.set("sort", own.value.key);
			q.set("asc", own.value.asc ? "1" : "0");
			q.set("table", p.table.key);
			q.set("top", String(CHUNK));
		}
		return q;
	}, [p.query.toString(), own.value]);
	const sorted = useLoaded(own.value ? `${p.report}?${query}` : null, (signal) =>
		api.report(p.report, query, signal),
	);
	const table = (own.value && sorted.value.doc?.tables[0]) || p.table;
	const rows = useMemo<Rows>(
		() =>
			table.fixed
				? new LocalRows(table.columns, table.rows, null, false)
				: new RemoteRows(store, p.report, query, table),
		[table],
	);
	p.sources.set(p.table.key, { rows, table });
	const drawn = p.drawing !== null;
	const shown = useMemo(() => {
		const columns = shownColumns(p.report, table.key, table.columns);
		return drawn ? [...columns, -1] : columns;
	}, [p.report, table.columns, drawn]);
	const selected = useComputed(() =>
		chosen.value?.table === p.table.key ? chosen.value.index : null,
	);
	const select = useMemo(
		() => ({
			get value(): number | null {
				return selected.value;
			},
			set value(index: number | null) {
				chosen.value = index === null ? null : { table: p.table.key, index };
				if (chosen.value) store.chosenRows.set(p.place, chosen.value);
				else store.chosenRows.delete(p.place);
			},
			peek: () => selected.peek(),
		}),
		[selected, p.place],
	);
	const kind = table.columns.find((c) => c.key === table.sort)?.kind;
	const asc = own.value
		? own.value.asc
		: params.sort === table.sort && params.asc !== undefined
			? params.asc !== "0"
			: kind === "text" || kind === "time" || kind === "id";
	const sortBy = (key: string) => {
		const c = table.columns.find((x) => x.key === key);
		const first = c?.kind === "text" || c?.kind === "time";
		const next = key === table.sort ? !asc : first;
		if (p.main) store.setParams({ sort: key, asc: next ? "1" : "0" }, false);
		else own.value = { key, asc: next };
	};
	const open = (row: Row) => {
		const target = pageOf(doc, table, row, store.page.peek(), store.params.peek());
		const interval = intervalOf(doc, table, row) ?? longestOf(table, row);
		if (target) store.go(target.page, target.params);
		else if (interval) void store.showInterval(interval);
	};
	if (table.total === 0) return null;
	const csv = new URLSearchParams(p.query);
	csv.set("table", table.key);
	return (
		<section class={`table-part${p.fit ? " fit" : ""}${shown.length > 9 ? " broad" : ""}`}>
			{p.heading && (
				<h2>
					{titleCase(table.title ?? table.key)}
					<Download
						href={reportUrl(p.report, csv, "csv")}
						text="CSV"
						title="This table, every row and column"
					/>
				</h2>
			)}
			<Table
				rows={rows}
				shown={shown}
				ascending={asc}
				onSort={table.fixed ? () => {} : sortBy}
				selected={select}
				onOpen={open}
				intervalOf={(r) => intervalOf(doc, table, r)}
				main={p.main}
				testid={`table-${table.key}`}
				fit={p.fit}
				{...(p.drawing ? { drawing: p.drawing } : {})}
			/>
		</section>
	);
}
