// SPDX-License-Identifier: MIT
// The page of goroutine groups over the whole trace: how long all goroutines of a start function were in each state.

import { useComputed, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { formatCount, formatDuration, shortFunction } from "../base/format.ts";
import type { Ns } from "../base/units.ts";
import { Class, type GroupTotals, lifeByClass } from "../model/trace.ts";
import { api } from "../net/api.ts";
import { className, Duration, LifeBar } from "./bits.tsx";
import { useStore } from "./ctx.ts";

interface Line extends GroupTotals {
	life: Map<number, Ns>;
}

const COLUMNS: readonly number[] = [
	Class.run,
	Class.wait,
	Class.sys,
	Class.chan,
	Class.sync,
	Class.net,
	Class.sleep,
	Class.gc,
	Class.other,
];
const title = (cls: number) => {
	const n = className(cls);
	return n === "GC" ? n : (n[0] as string).toUpperCase() + n.slice(1);
};

type Key = "name" | "count" | "total" | number;

function cellOf(line: Line, key: Key): string | number {
	if (key === "name") return shortFunction(line.name).toLowerCase();
	if (key === "count") return line.count;
	if (key === "total") return line.total_ns;
	return line.life.get(key) ?? 0;
}

export function csvOf(lines: readonly GroupTotals[]): string {
	const cell = (v: string | number) =>
		typeof v === "number" ? String(v) : `"${v.replaceAll('"', '""')}"`;
	const reasons = [...new Set(lines.flatMap((l) => Object.keys(l.block_ns)))].sort();
	const ranges = [...new Set(lines.flatMap((l) => Object.keys(l.range_ns)))].sort();
	const head = [
		"name",
		"count",
		"total_ns",
		"execution_ns",
		"sched_wait_ns",
		"syscall_ns",
		"syscall_block_ns",
	];
	const rows = [
		[...head, ...reasons.map((r) => `block_ns ${r}`), ...ranges.map((r) => `range_ns ${r}`)],
	];
	const out = lines.map((l) => [
		l.name,
		l.count,
		l.total_ns,
		l.execution_ns,
		l.sched_wait_ns,
		l.syscall_ns,
		l.syscall_block_ns,
		...reasons.map((r) => l.block_ns[r] ?? 0),
		...ranges.map((r) => l.range_ns[r] ?? 0),
	]);
	return [...rows, ...out].map((r) => `${r.map(cell).join(",")}\n`).join("");
}

function save(name: string, type: string, text: string): void {
	const url = URL.createObjectURL(new Blob([text], { type }));
	const a = document.createElement("a");
	a.href = url;
	a.download = name;
	a.click();
	URL.revokeObjectURL(url);
}

export function Goroutines() {
	const store = useStore();
	const lines = useSignal<Line[] | null>(null);
	const key = useSignal<Key>(Class.wait);
	const down = useSignal(true);
	useEffect(() => {
		api.totals().then(
			(t) => {
				lines.value = t.map((g) => ({ ...g, life: lifeByClass(g) }));
			},
			(err) => store.fail(err),
		);
	}, [store]);
	const sorted = useComputed(() => {
		const sign = down.value ? -1 : 1;
		return [...(lines.value ?? [])].sort((a, b) => {
			const [x, y] = [cellOf(a, key.value), cellOf(b, key.value)];
			return x < y ? -sign : x > y ? sign : b.total_ns - a.total_ns;
		});
	});
	const th = (k: Key, text: string) => (
		<th
			key={k}
			class={`${k === key.value ? "sorted" : ""} ${k === "name" ? "left" : ""}`}
			aria-sort={k === key.value ? (down.value ? "descending" : "ascending") : "none"}
		>
			<button
				type="button"
				onClick={() => {
					down.value = k === key.value ? !down.value : k !== "name";
					key.value = k;
				}}
			>
				{text}
				{k === key.value ? (down.value ? " ↓" : " ↑") : ""}
			</button>
		</th>
	);
	const used = COLUMNS.filter((cls) => sorted.value.some((l) => l.life.has(cls)));
	const show = (name: string) => {
		const group = store.trace.value?.groups.find((g) => g.name === name);
		if (group) store.showGroup(group.ix);
	};
	const file = store.trace.value?.file ?? "trace";
	return (
		<main class="page" data-testid="goroutines-page">
			<div class="page-head">
				<h1>Goroutines</h1>
				<span class="sub">
					{formatCount(store.trace.value?.goroutines ?? 0)} goroutines in{" "}
					{formatCount(sorted.value.length)} groups by start function · whole trace,{" "}
					{formatDuration(store.duration.value)}
				</span>
				<div class="switches">
					<button
						type="button"
						onClick={() => save(`${file}.goroutines.csv`, "text/csv", csvOf(lines.value ?? []))}
					>
						CSV
					</button>
					<button
						type="button"
						onClick={() =>
							save(
								`${file}.goroutines.json`,
								"application/json",
								JSON.stringify(
									(lines.value ?? []).map(({ life: _, ...rest }) => rest),
									null,
									"\t",
								),
							)
						}
					>
						JSON
					</button>
				</div>
			</div>
			<div class="table-box">
				<table class="wide">
					<thead>
						<tr>
							{th("name", "Start function")}
							{th("count", "Count")}
							<th class="left">Life by state</th>
							{used.map((cls) => th(cls, title(cls)))}
							{th("total", "Total")}
						</tr>
					</thead>
					<tbody>
						{sorted.value.map((l) => (
							<tr
								key={l.name}
								onClick={() => show(l.name)}
								title="Show its lanes on the timeline"
								data-testid="totals-row"
							>
								<td class="left">
									<button type="button" class="name">
										{shortFunction(l.name) || "(no stack seen)"}
									</button>
								</td>
								<td class="num">{formatCount(l.count)}</td>
								<td class="life-cell">
									<LifeBar parts={l.life} />
								</td>
								{used.map((cls) => (
									<td key={cls} class={key.value === cls ? "sorted" : ""}>
										<Duration ns={l.life.get(cls) ?? 0} />
									</td>
								))}
								<td class={key.value === "total" ? "sorted" : ""}>
									<Duration ns={l.total_ns} />
								</td>
							</tr>
						))}
					</tbody>
				</table>
			</div>
		</main>
	);
}
