// SPDX-License-Identifier: MIT
// What is known of the chosen row: where it leads, its distribution, every figure, its stacks in full.

import type { ComponentChildren } from "preact";
import { formatDuration, formatPercent, formatTime, groupName } from "../base/format.ts";
import { between } from "../model/histogram.ts";
import {
	byLength,
	type Cell,
	type Column,
	cellAt,
	type Hist,
	isNothing,
	lifeOf,
	type Named,
	type ReportDoc,
	type Row,
	type TableDoc,
} from "../model/report.ts";
import {
	goroutineStory,
	groupList,
	type Interval,
	intervalOf,
	intervalOfCell,
	longestOf,
	type PageTarget,
	pageOf,
	taskStory,
} from "../model/targets.ts";
import { classOfReason, type Frame } from "../model/trace.ts";
import { className, Duration, LifeBar, Stack, Swatch } from "../views/bits.tsx";
import { useStore } from "../views/ctx.ts";
import { Resizer } from "../views/resizer.tsx";
import { CellView, classOfState } from "./cells.tsx";
import { Histogram } from "./histogram.tsx";

export function Panel({ children, onClose }: { children: ComponentChildren; onClose: () => void }) {
	const store = useStore();
	return (
		<aside class="panel" style={{ width: `${store.panelWidth.value}px` }} data-testid="row-panel">
			<Resizer side="right" value={store.panelWidth} min={240} max={720} />
			<button type="button" class="close" onClick={onClose} aria-label="Close (Esc)">
				×
			</button>
			<div class="panel-body details">{children}</div>
		</aside>
	);
}

/** "at 12.3 ms for 4 ms": the way to the timeline. */
export function ToTimeline({ interval, text }: { interval: Interval; text?: string }) {
	const store = useStore();
	return (
		<button
			type="button"
			class="link way"
			data-testid="to-timeline"
			data-from={interval.from}
			data-to={interval.to}
			title={`${formatTime(interval.from)} to ${formatTime(interval.to)}`}
			onClick={() => void store.showInterval(interval)}
		>
			{text ?? "Show on the timeline"} →
		</button>
	);
}

export function ToPage({
	target,
	text,
	testid,
}: {
	target: PageTarget;
	text: string;
	testid?: string;
}) {
	const store = useStore();
	return (
		<button
			type="button"
			class="link way"
			data-testid={testid}
			onClick={() => store.go(target.page, target.params)}
		>
			{text} →
		</button>
	);
}

export function LifeTable({ cell }: { cell: Cell }) {
	const parts = lifeOf(cell);
	const total = [...parts.values()].reduce((a, b) => a + b, 0);
	return (
		<>
			<LifeBar parts={parts} />
			<table class="life-table">
				<tbody>
					{[...parts].map(([cls, ns]) => (
						<tr key={cls}>
							<td>
								<Swatch cls={cls} /> {className(cls)}
							</td>
							<td>
								<Duration ns={ns} />
							</td>
							<td class="soft">{formatPercent(ns, total)}</td>
						</tr>
					))}
				</tbody>
			</table>
		</>
	);
}

export function NamedTable({ title, named }: { title: string; named: Named }) {
	const all = byLength(named);
	if (!all.length) return null;
	return (
		<section>
			<h3>{title}</h3>
			<table class="life-table">
				<tbody>
					{all.map(([name, ns]) => (
						<tr key={name}>
							<td title={name}>
								<Swatch cls={classOfReason(name)} /> {name}
							</td>
							<td>
								<Duration ns={ns} />
							</td>
						</tr>
					))}
				</tbody>
			</table>
		</section>
	);
}

/** What a row is called: a name, an id, a state; else the report's. */
function titleOf(table: TableDoc, row: Row): ComponentChildren {
	const find = (test: (c: Column) => boolean) =>
		table.columns.findIndex((c, i) => test(c) && !isNothing(c.kind, row[i] ?? null));
	for (const test of [
		(c: Column) => c.key === "state" && table.key === "states",
		(c: Column) => c.flags.includes("group") && table.key === "groups",
		(c: Column) => c.key === "place" && table.key === "sites",
		(c: Column) => c.key === "message",
		(c: Column) => c.key === "id" && c.flags.includes("task"),
		(c: Column) => c.flags.includes("goroutine") && c.key === "goroutine",
		(c: Column) => ["type", "name", "site", "func", "reason", "group"].includes(c.key),
		(c: Column) => c.kind === "text",
		(c: Column) => c.kind === "time",
	]) {
		const i = find(test);
		if (i < 0) continue;
		const c = table.columns[i] as Column;
		const v = row[i] as Cell;
		if (c.flags.includes("task")) return `Task ${v}`;
		if (c.flags.includes("goroutine")) return `Goroutine ${v}`;
		if (c.kind === "time") return formatTime(v as number);
		if (c.key === "state") {
			const r = row[table.columns.findIndex((x) => x.key === "reason")];
			const reason = typeof r === "string" ? r : "";
			const cls = classOfState(String(v), reason);
			return (
				<>
					{cls >= 0 && <Swatch cls={cls} />} {String(v)}
					{reason && ` · ${reason}`}
				</>
			);
		}
		return c.flags.includes("group") ? groupName(String(v)) : String(v).trim();
	}
	return table.title ?? table.key;
}

export function RowPanel(p: {
	doc: ReportDoc;
	table: TableDoc;
	row: Row;
	/** More ways from here. */
	ways?: ComponentChildren;
}) {
	const { doc, table, row } = p;
	const store = useStore();
	const page = store.page.value;
	const params = store.params.value;
	const interval = intervalOf(doc, table, row);
	const longest = longestOf(table, row);
	const target = pageOf(doc, table, row, page, params);
	const why = cellAt(table, row, "reason");
	const reason = typeof why === "string" ? why : "";
	const columns = table.columns.map((c, i) => ({ c, cell: row[i] ?? null }));
	const of = (kind: Column["kind"]) =>
		columns.filter(({ c, cell }) => c.kind === kind && !isNothing(kind, cell));
	const plain = columns.filter(
		({ c, cell }) =>
			!["life", "hist", "named", "stack"].includes(c.kind) && !isNothing(c.kind, cell),
	);
	return (
		<div data-testid="row-details">
			<h2>{titleOf(table, row)}</h2>
			<div class="ways">
				{target && <ToPage target={target} text={opens(table)} testid="open-row" />}
				{interval && <ToTimeline interval={interval} />}
				{longest && <ToTimeline interval={longest} text={`The longest, ${lengthOf(longest)}`} />}
				{p.ways}
			</div>
			{of("life").map(({ c, cell }) => (
				<section key={c.key}>
					<h3>Time by state</h3>
					<LifeTable cell={cell} />
				</section>
			))}
			{of("hist").map(({ c, cell }) => (
				<section key={c.key}>
					<h3>{c.title}</h3>
					<Histogram
						hist={cell as Hist}
						height={130}
						what={page === "tasks" ? "tasks" : page === "regions" ? "regions" : "in all"}
						onChoose={
							target && table.key === "types"
								? (range) => {
										if (range) store.go(target.page, { ...target.params, ...between(range) });
									}
								: undefined
						}
					/>
				</section>
			))}
			<section>
				<h3>All figures</h3>
				<dl class="figures">
					{plain.map(({ c, cell }) => (
						<div key={c.key}>
							<dt title={c.key}>{c.title || c.key}</dt>
							<dd title={c.kind === "ns" ? formatTime(cell as number) : undefined}>
								<PanelCell
									column={c}
									cell={cell}
									interval={intervalOfCell(c, interval, longest)}
									reason={reason}
								/>
							</dd>
						</div>
					))}
				</dl>
			</section>
			{of("named").map(({ c, cell }) => (
				<NamedTable
					key={c.key}
					title={c.key.startsWith("range") ? "Inside ranges of the runtime" : "Blocked for"}
					named={cell as Named}
				/>
			))}
			{of("stack").map(({ c, cell }) => (
				<Stack
					key={c.key}
					title={c.title || c.key}
					frames={cell as readonly Frame[]}
					testid={`stack-${c.key}`}
				/>
			))}
		</div>
	);
}

const opens = (table: TableDoc): string =>
	({ groups: "Its goroutines", goroutines: "Its story", tasks: "Its story", types: "List them" })[
		table.key
	] ?? "Open";

/** Names lead to their group here, where there is room to hit them. */
function PanelCell({
	column: c,
	cell,
	interval,
	reason,
}: {
	column: Column;
	cell: Cell;
	interval: Interval | null;
	reason: string;
}) {
	const store = useStore();
	const params = store.params.value;
	const link = (target: PageTarget | null, text: string) => (
		<button
			type="button"
			class="link"
			title={text}
			onClick={() => target && store.go(target.page, target.params)}
		>
			{text}
		</button>
	);
	if (c.flags.includes("group"))
		return link(groupList(cell as string, params), groupName(cell as string));
	if (c.flags.includes("goroutine"))
		return link(goroutineStory(cell as number, params), `G${cell}`);
	if (c.flags.includes("task")) return link(taskStory(cell as number, params), `task ${cell}`);
	const bare = { ...c, flags: [] };
	return <CellView column={bare} cell={cell} most={0} interval={interval} reason={reason} />;
}

export const lengthOf = (i: Interval): string => formatDuration(i.to - i.from);
