// SPDX-License-Identifier: MIT
// Goroutines: groups by start function, the goroutines of one, and the story of a single one.

import {
	formatCount,
	formatPercent,
	formatTime,
	groupName,
	shortFunction,
} from "../base/format.ts";
import { histOf } from "../model/histogram.ts";
import { kept, queryOf, windowOf } from "../model/pages.ts";
import {
	type Cell,
	cellAt,
	fieldOf,
	type Named,
	type ReportDoc,
	type TableDoc,
} from "../model/report.ts";
import { groupList } from "../model/targets.ts";
import { type Frame, lifeByClass, type Totals } from "../model/trace.ts";
import { api } from "../net/api.ts";
import { className, Duration, LifeBar, Stack, Swatch } from "../views/bits.tsx";
import { useStore } from "../views/ctx.ts";
import { type Crumb, Switch } from "./head.tsx";
import { Histogram } from "./histogram.tsx";
import { Lane, MiniLanesOf } from "./lane.tsx";
import { useLoaded } from "./load.ts";
import { LifeTable, NamedTable, ToPage, ToTimeline } from "./panel.tsx";
import { type Chosen, ReportPage } from "./report.tsx";

export function Goroutines() {
	const store = useStore();
	const params = store.params.value;
	const top: Crumb = { text: "Goroutines", to: () => store.go("goroutines", {}) };
	if (params.goroutine) return <Story id={params.goroutine} top={top} />;
	const listed = params.group !== undefined || params.list !== undefined;
	const switches = (
		<Switch
			label="Rows"
			value={listed ? "each" : "groups"}
			options={[
				["groups", "by function", "Goroutines that began in the same function are one row"],
				["each", "each", "A row for each goroutine"],
			]}
			onChange={(v) => {
				const { list: _, group, ...rest } = kept(params);
				store.go(
					"goroutines",
					v === "each" ? { ...rest, ...(group ? { group } : { list: "1" }) } : rest,
				);
			}}
		/>
	);
	if (!listed)
		return (
			<ReportPage
				report="goroutines"
				crumbs={[{ text: "Goroutines" }]}
				switches={switches}
				panel={(chosen) => <GroupPanel chosen={chosen} />}
			/>
		);
	const group = params.group;
	return (
		<ReportPage
			report="goroutines"
			crumbs={
				group === undefined
					? [{ text: "Goroutines" }]
					: [top, { text: groupName(group), title: group }]
			}
			switches={switches}
		/>
	);
}

/** Columns that a distribution over the group's goroutines says something about. */
const METRICS: Readonly<Record<string, readonly [string, number]>> = {
	execution_ns: ["Running time of each", 1],
	sched_wait_ns: ["Runnable time of each", 2],
	syscall_ns: ["Time of each in syscalls", 3],
	blocked_ns: ["Blocked time of each", 9],
	total_ns: ["Life of each", 0],
};
/** More goroutines than this are not fetched to draw their distribution; the percentiles are there. */
const MOST = 2000;
const WORST = 10;
const SETTLE_MS = 120;

const metricOf = (sort: string | null): string => {
	const key = (sort ?? "").replace(/_(p50|p90|p99|max)_ns$/, "_ns");
	return METRICS[key] ? key : "sched_wait_ns";
};

function GroupPanel({ chosen }: { chosen: Chosen }) {
	const store = useStore();
	const { table, row } = chosen;
	const params = store.params.value;
	const name = cellAt(table, row, "name") as string;
	const count = cellAt(table, row, "count") as number;
	const metric = metricOf(table.sort);
	const [title, cls] = METRICS[metric] as readonly [string, number];
	const asked = { ...kept(params), group: name, sort: metric, asc: "0" };
	const query = queryOf(asked, windowOf(params, store.window.value, store.duration.value));
	query.set("top", String(count <= MOST ? MOST : WORST));
	const loaded = useLoaded(query.toString(), async (signal) => {
		// Moving down the list by keys asks nothing of the rows in between.
		await new Promise((done) => setTimeout(done, SETTLE_MS));
		signal.throwIfAborted();
		return api.report("goroutines", query, signal);
	});
	const doc = loaded.value.key === query.toString() ? loaded.value.doc : null;
	const list = doc?.tables[0];
	const values = list ? column(list, metric).filter((v) => v > 0) : [];
	const lanes = store.trace.value?.groups.find((g) => g.name === name);
	return (
		<div data-testid="group-panel">
			<h2>{groupName(name)}</h2>
			<p class="sub">
				{formatCount(count)} {count === 1 ? "goroutine" : "goroutines"}
			</p>
			<div class="ways">
				<ToPage target={groupList(name, params)} text="Its goroutines" testid="open-row" />
				{lanes && (
					<button
						type="button"
						class="link way"
						data-testid="group-lanes"
						onClick={() => store.showGroup(lanes.ix)}
					>
						Its lanes on the timeline →
					</button>
				)}
			</div>
			{count > 1 && list && count <= MOST && values.length > 1 && (
				<section>
					<h3>{title}</h3>
					<Histogram
						hist={histOf(values)}
						height={120}
						cls={cls || undefined}
						what={`goroutines${values.length < count ? ` of ${formatCount(count)}` : ""}`}
					/>
				</section>
			)}
			<section>
				<h3>Time by state</h3>
				<LifeTable cell={cellAt(table, row, "life")} />
			</section>
			{list && list.rows.length > 0 && (
				<section>
					<h3>Longest {title.replace(/ (time )?(of each)?.*$/, "").toLowerCase()}</h3>
					<table class="worst">
						<tbody>
							{list.rows.slice(0, WORST).map((r) => {
								const id = cellAt(list, r, "goroutine") as number;
								return (
									<tr
										key={id}
										data-testid="worst-row"
										onClick={() =>
											store.go("goroutines", {
												goroutine: String(id),
												...(params.whole ? { whole: params.whole } : {}),
											})
										}
									>
										<td>
											<button type="button" class="link">
												G{id}
											</button>
										</td>
										<td>
											<LifeBar parts={lifeParts(cellAt(list, r, "life"))} />
										</td>
										<td>
											<Duration ns={cellAt(list, r, metric) as number} />
										</td>
									</tr>
								);
							})}
						</tbody>
					</table>
				</section>
			)}
			<Percentiles table={table} chosen={chosen} />
			<NamedTable title="Blocked for" named={(cellAt(table, row, "block_ns") ?? {}) as Named} />
			<NamedTable
				title="Inside ranges of the runtime"
				named={(cellAt(table, row, "range_ns") ?? {}) as Named}
			/>
		</div>
	);
}

const column = (t: TableDoc, key: string): number[] =>
	t.rows.flatMap((r) => {
		const v = cellAt(t, r, key);
		return typeof v === "number" ? [v] : [];
	});

const lifeParts = (cell: Cell) =>
	new Map(
		(Array.isArray(cell) ? (cell as number[]) : []).flatMap((ns, i) =>
			ns > 0 ? [[[1, 2, 3, 8, 4, 5, 6, 7, 9][i] as number, ns] as const] : [],
		),
	);

function Percentiles({ table, chosen }: { table: TableDoc; chosen: Chosen }) {
	const rows = [
		["running", "execution"],
		["runnable", "sched_wait"],
		["life", "total"],
	] as const;
	return (
		<section>
			<h3>Per goroutine</h3>
			<table class="percentiles">
				<thead>
					<tr>
						<td />
						{["p50", "p90", "p99", "max"].map((q) => (
							<th key={q} scope="col">
								{q}
							</th>
						))}
					</tr>
				</thead>
				<tbody>
					{rows.map(([text, key]) => (
						<tr key={key}>
							<th scope="row">{text}</th>
							{["p50", "p90", "p99", "max"].map((q) => (
								<td key={q}>
									<Duration ns={(cellAt(table, chosen.row, `${key}_${q}_ns`) as number) ?? 0} />
								</td>
							))}
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

function Story({ id, top }: { id: string; top: Crumb }) {
	const store = useStore();
	const params = store.params.value;
	const crumbs = (name: string): Crumb[] => [
		top,
		...(name
			? [
					{
						text: shortFunction(name),
						title: name,
						to: () => {
							const t = groupList(name, params);
							store.go(t.page, t.params);
						},
					},
				]
			: []),
		{ text: `Goroutine ${id}` },
	];
	const group = useLoaded(`g${id}`, async (signal) => {
		const found = await api.search(id, 1, signal);
		return found.goroutines.find((g) => String(g.id) === id)?.name ?? "";
	});
	return (
		<MiniLanesOf>
			<ReportPage
				report="goroutines"
				story
				crumbs={crumbs(group.value.doc ?? "")}
				fields={(doc) => <StoryHead doc={doc} />}
			/>
		</MiniLanesOf>
	);
}

function StoryHead({ doc }: { doc: ReportDoc }) {
	const store = useStore();
	const num = (key: string) => {
		const v = fieldOf(doc, key);
		return typeof v === "number" ? v : null;
	};
	const id = num("goroutine");
	const total = num("total_ns") ?? 0;
	const times: Totals = {
		total_ns: total,
		execution_ns: num("execution_ns") ?? 0,
		sched_wait_ns: num("sched_wait_ns") ?? 0,
		syscall_ns: num("syscall_ns") ?? 0,
		syscall_block_ns: num("syscall_block_ns") ?? 0,
		block_ns: (fieldOf(doc, "block_ns") ?? {}) as Record<string, number>,
		range_ns: (fieldOf(doc, "range_ns") ?? {}) as Record<string, number>,
	};
	const life = lifeByClass(times);
	const begin = num("begin_ns") ?? doc.from_ns;
	const end = num("end_ns") ?? doc.to_ns;
	const from = Math.max(begin, doc.from_ns);
	const to = Math.min(end, doc.to_ns);
	const creator = num("creator");
	const stack = (fieldOf(doc, "create_stack") ?? []) as readonly Frame[];
	if (id === null) return null;
	return (
		<div class="story-head" data-testid="story-head">
			<div class="story-lane">
				<Lane goroutine={id} from={from} to={to} span={[doc.from_ns, doc.to_ns]} tall />
				<div class="story-scale soft">
					<span>{formatTime(doc.from_ns)}</span>
					<ToTimeline interval={{ goroutine: id, from, to }} text="Its lane on the timeline" />
					<span>{formatTime(doc.to_ns)}</span>
				</div>
			</div>
			<div class="story-facts">
				<section class="story-life">
					<LifeBar parts={life} />
					<p class="parts">
						{[...life].map(([cls, ns]) => (
							<span key={cls}>
								<Swatch cls={cls} /> {className(cls)} <Duration ns={ns} />{" "}
								<span class="soft">{formatPercent(ns, total)}</span>
							</span>
						))}
						<span>
							{fieldOf(doc, "existed") ? "seen for" : "lived"} <Duration ns={total} />
						</span>
					</p>
				</section>
				<section class="story-origin">
					{creator !== null ? (
						<p>
							Created by{" "}
							<button
								type="button"
								class="link"
								onClick={() => store.go("goroutines", { goroutine: String(creator) })}
							>
								G{creator}
							</button>{" "}
							<span class="soft">at {formatTime(begin)}</span>
						</p>
					) : (
						<p class="soft">
							{fieldOf(doc, "existed")
								? "Existed before the trace"
								: `Began at ${formatTime(begin)}`}
						</p>
					)}
					<Stack title="" frames={stack.slice(0, 3)} />
				</section>
			</div>
		</div>
	);
}
