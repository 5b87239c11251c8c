// SPDX-License-Identifier: MIT
// Tasks: the types with their durations beside the tasks of one, drawn as small timelines on one scale so that the eye
// finds what the slow ones have in common; and one task's story with its tree.

import { type Signal, useComputed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { formatCount, formatDuration } from "../base/format.ts";
import { between, bucketsOf } from "../model/histogram.ts";
import { kept, nothingOf, queryOf, windowOf } from "../model/pages.ts";
import {
	cellAt,
	columnIndex,
	type Hist,
	type ReportDoc,
	type Row,
	type TableDoc,
} from "../model/report.ts";
import type { Params } from "../model/selection.ts";
import { intervalOf, taskStory } from "../model/targets.ts";
import { reportUrl } from "../net/api.ts";
import { useStore } from "../views/ctx.ts";
import { type Crumb, Download, Filters, PageHead } from "./head.tsx";
import { Histogram } from "./histogram.tsx";
import { Lane, MiniLanesOf } from "./lane.tsx";
import { ReportPage, useReport } from "./report.tsx";
import { RemoteRows } from "./rows.ts";
import { Table } from "./table.tsx";

export function Tasks() {
	const store = useStore();
	const params = store.params.value;
	if (params.id) return <TaskStory id={params.id} />;
	return (
		<MiniLanesOf>
			<TaskLists params={params} />
		</MiniLanesOf>
	);
}

/** What decides which tasks are looked at; the type and the durations choose among those. */
function typesParams(params: Params): Record<string, string> {
	const { type: _, latmin: _1, latmax: _2, sort: _3, asc: _4, list: _5, ...rest } = params;
	return rest;
}

function TaskLists({ params }: { params: Params }) {
	const store = useStore();
	const window = windowOf(params, store.window.value, store.duration.value);
	// The order of the types is not part of the address: that of the tasks beside them is.
	const order = useSignal<{ key: string; asc: boolean } | null>(null);
	const typesQuery = queryOf(
		{
			...typesParams(params),
			...(order.value ? { sort: order.value.key, asc: order.value.asc ? "1" : "0" } : {}),
		},
		window,
	);
	const types = useReport("tasks", typesQuery);
	const doc = types.value.doc;
	const table = doc?.tables.find((t) => t.key === "types") ?? null;
	const first = table?.rows[0] && cellAt(table, table.rows[0], "type");
	const type = params.type ?? (typeof first === "string" ? first : null);
	const complete = params.complete === "1";
	const query = queryOf(params, window);
	return (
		<main class="page" data-testid="tasks-page">
			<PageHead crumbs={[{ text: "Tasks" }]} sentence={doc?.head ?? "…"} windowed>
				<button
					type="button"
					class={complete ? "on" : ""}
					aria-pressed={complete}
					data-testid="only-complete"
					title="Leave out tasks of which the trace has no begin or no end"
					onClick={() => store.setParams({ complete: complete ? undefined : "1" })}
				>
					only complete{complete ? " ✓" : ""}
				</button>
				<Download
					href={reportUrl("tasks", query, "csv")}
					text="CSV"
					title="The list, every column"
				/>
				<Download href={reportUrl("tasks", query, "json")} text="JSON" title="All of it" />
			</PageHead>
			<Filters
				without={[
					"type",
					"complete",
					...(bucketsOf(params.latmin, params.latmax) ? ["latmin", "latmax"] : []),
				]}
			/>
			{types.value.error && (
				<p class="banner" role="alert" data-testid="page-error">
					{types.value.error}
				</p>
			)}
			{doc && table && (
				<div class="page-body">
					{table.total === 0 || type === null ? (
						<p class="hint" data-testid="nothing">
							{nothingOf(
								"tasks",
								params,
								windowOf(params, store.window.value, store.duration.value),
							)}
						</p>
					) : (
						<>
							<Types table={table} type={type} query={typesQuery} order={order} />
							<Instances key={type} type={type} params={params} />
						</>
					)}
				</div>
			)}
		</main>
	);
}

function Types(p: {
	table: TableDoc;
	type: string;
	query: URLSearchParams;
	order: Signal<{ key: string; asc: boolean } | null>;
}) {
	const store = useStore();
	const params = store.params.value;
	const rows = useMemo(() => new RemoteRows(store, "tasks", p.query, p.table, true), [p.table]);
	const at = p.table.rows.findIndex((r) => cellAt(p.table, r, "type") === p.type);
	const row = p.table.rows[at];
	const shown = useMemo(
		() =>
			["type", "count", "p50_ns", "p90_ns", "p99_ns", "max_ns", "histogram"]
				.map((k) => columnIndex(p.table, k))
				.filter((i) => i >= 0),
		[p.table],
	);
	const choose = (type: string) => store.go("tasks", { ...typesParams(params), type });
	const selected = useMemo(
		() => ({
			get value(): number | null {
				return at >= 0 ? at : null;
			},
			set value(i: number | null) {
				const r = i === null ? undefined : rows.row(i);
				const type = r && cellAt(p.table, r, "type");
				if (typeof type === "string" && type !== p.type) choose(type);
			},
			peek: () => (at >= 0 ? at : null),
		}),
		[rows, at, p.type],
	);
	const hist = row ? (cellAt(p.table, row, "histogram") as Hist | null) : null;
	const complete = row ? (cellAt(p.table, row, "complete") as number) : 0;
	return (
		<div class="task-types">
			<Table
				rows={rows}
				shown={shown}
				ascending={p.order.value?.asc ?? false}
				onSort={(key) => {
					const now = p.order.peek();
					p.order.value = {
						key,
						asc: key === p.table.sort ? !(now?.asc ?? false) : key === "type",
					};
				}}
				selected={selected}
				onOpen={(r) => choose(String(cellAt(p.table, r, "type")))}
				intervalOf={() => null}
				main={false}
				testid="table-types"
				fit={false}
			/>
			<div class="task-hist">
				<h3>Durations of {p.type}</h3>
				{hist && complete > 0 ? (
					<Histogram
						hist={hist}
						height={190}
						what="complete tasks"
						chosen={bucketsOf(params.latmin, params.latmax)}
						onChoose={(range) =>
							store.setParams({
								type: p.type,
								...(range ? between(range) : { latmin: undefined, latmax: undefined }),
							})
						}
					/>
				) : (
					<p class="sub">None of them is complete in this trace.</p>
				)}
			</div>
		</div>
	);
}

function Instances({ type, params }: { type: string; params: Params }) {
	const store = useStore();
	const asked: Record<string, string> = { ...params, type };
	const query = queryOf(asked, windowOf(params, store.window.value, store.duration.value));
	const loaded = useReport("tasks", query);
	const { doc, error } = loaded.value;
	const table = doc?.tables.find((t) => t.key === "tasks");
	const rows = useMemo(
		() => (table ? new RemoteRows(store, "tasks", query, table, true) : null),
		[table],
	);
	const chosen = useSignal<number | null>(null);
	const selected = useComputed(() => chosen.value);
	const shown = useMemo(
		() =>
			table
				? [
						"id",
						"duration_ns",
						"-",
						"begin_ns",
						"goroutines",
						"regions",
						"logs",
						"gc_ns",
						"state",
					].flatMap((k) => (k === "-" ? [-1] : [columnIndex(table, k)]))
				: [],
		[table],
	);
	if (error)
		return (
			<p class="banner" role="alert" data-testid="page-error">
				{error}
			</p>
		);
	if (!doc || !table || !rows) return <div class="task-list" />;
	const duration = columnIndex(table, "duration_ns");
	void rows.version.value;
	const most = Math.max(1, rows.most(duration));
	const sort = table.sort;
	const asc = params.sort === sort && params.asc !== undefined ? params.asc !== "0" : false;
	const filtered = params.latmin !== undefined || params.latmax !== undefined;
	const open = (r: Row) => {
		const t = taskStory(cellAt(table, r, "id") as number, params);
		if (t) store.go(t.page, t.params);
	};
	return (
		<div class="task-list" data-testid="task-list">
			<h3>
				{type}, {sort === "duration_ns" ? (asc ? "fastest first" : "slowest first") : `by ${sort}`}{" "}
				· {formatCount(table.total)}
				{filtered ? " of the chosen durations" : ""}
				<span class="soft"> · all on the scale of {formatDuration(most)}</span>
			</h3>
			<Table
				rows={rows}
				shown={shown}
				ascending={asc}
				onSort={(key) =>
					store.setParams(
						{
							type,
							sort: key,
							asc: key === sort && !asc ? "1" : key === "begin_ns" && key !== sort ? "1" : "0",
						},
						false,
					)
				}
				selected={{
					get value() {
						return selected.value;
					},
					set value(i: number | null) {
						chosen.value = i;
					},
					peek: () => chosen.peek(),
				}}
				onOpen={open}
				intervalOf={(r) => intervalOf(doc, table, r)}
				main
				testid="table-tasks"
				fit={false}
				drawing={{
					title: "",
					render: (r) => <TaskLane doc={doc} table={table} row={r} most={most} />,
				}}
			/>
		</div>
	);
}

function TaskLane(p: { doc: ReportDoc; table: TableDoc; row: Row; most: number }) {
	const i = intervalOf(p.doc, p.table, p.row);
	if (!i || i.goroutine === null) return null;
	const to = i.from + ((cellAt(p.table, p.row, "duration_ns") as number) ?? i.to - i.from);
	return <Lane goroutine={i.goroutine} from={i.from} to={to} span={[i.from, i.from + p.most]} />;
}

function TaskStory({ id }: { id: string }) {
	const store = useStore();
	const params = store.params.value;
	const type = useSignal("");
	const crumbs: Crumb[] = [
		{ text: "Tasks", to: () => store.go("tasks", {}) },
		...(type.value
			? [{ text: type.value, to: () => store.go("tasks", { ...kept({}), type: type.value }) }]
			: []),
		{ text: `Task ${id}` },
	];
	return (
		<MiniLanesOf>
			<ReportPage
				report="tasks"
				crumbs={crumbs}
				windowed={false}
				story
				above={(doc) => {
					const field = doc.fields.find((f) => f.key === "type")?.value;
					if (typeof field === "string" && field !== type.peek())
						queueMicrotask(() => {
							type.value = field;
						});
					const tree = doc.tables.find((t) => t.key === "tree");
					return tree && <Tree table={tree} doc={doc} params={params} />;
				}}
			/>
		</MiniLanesOf>
	);
}

/** More sub-tasks than this are counted, not drawn. */
const TREE_MOST = 200;

/** The task and its sub-tasks, each a lane below its parent's, on the task's own scale. */
function Tree({ table, doc, params }: { table: TableDoc; doc: ReportDoc; params: Params }) {
	const store = useStore();
	const lines = table.rows.slice(0, TREE_MOST).flatMap((r) => {
		const from = cellAt(table, r, "begin_ns");
		const length = cellAt(table, r, "duration_ns");
		const goroutine = cellAt(table, r, "goroutine");
		if (typeof from !== "number" || typeof goroutine !== "number") return [];
		return [{ row: r, from, to: from + (typeof length === "number" ? length : 0), goroutine }];
	});
	const root = lines[0];
	if (!root) return null;
	const span = [
		Math.min(...lines.map((l) => l.from)),
		Math.max(...lines.map((l) => l.to), root.from + 1),
	] as const;
	return (
		<section class="task-tree" data-testid="task-tree">
			<h2 class="part-title">
				{lines.length === 1
					? "The task"
					: `The task and its ${formatCount(table.total - 1)} sub-tasks`}
				<span class="soft">{formatDuration(span[1] - span[0])} from side to side</span>
			</h2>
			<div class="tree-lines">
				{lines.map(({ row, from, to, goroutine }) => {
					const id = cellAt(table, row, "id") as number;
					const depth = (cellAt(table, row, "depth") as number) ?? 0;
					return (
						<div key={id} class="tree-line">
							<span class="tree-name" style={{ paddingLeft: `${12 * Math.min(depth, 12)}px` }}>
								<button
									type="button"
									class="link"
									disabled={depth === 0}
									onClick={() => {
										const t = taskStory(id, params);
										if (t) store.go(t.page, t.params);
									}}
								>
									{String(cellAt(table, row, "type") ?? "") || "(no type)"}
								</button>{" "}
								<span class="soft">{id}</span>
							</span>
							<Lane goroutine={goroutine} from={from} to={to} span={span} />
							<span class="tree-length">{formatDuration(to - from)}</span>
						</div>
					);
				})}
				{table.total > lines.length && (
					<p class="sub">{formatCount(table.total - lines.length)} more are not drawn.</p>
				)}
			</div>
			{doc.tables.some((t) => t.key === "events") && <h2 class="part-title">What happened</h2>}
		</section>
	);
}
