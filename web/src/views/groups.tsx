// SPDX-License-Identifier: MIT
// The goroutines by start function, beside the timeline: what each group did in the window. A click shows its lanes.

import { useSignal } from "@preact/signals";
import { formatCount, formatDuration, groupName, shortFunction } from "../base/format.ts";
import { Class, type Group } from "../model/trace.ts";
import { Duration, LifeBar } from "./bits.tsx";
import { useStore } from "./ctx.ts";

type Key = "name" | "count" | "execution_ns" | "sched_wait_ns" | "block_ns" | "worst_wait_ns";

const COLUMNS: readonly [Key, string, string][] = [
	["execution_ns", "Running", "Time on a proc"],
	["sched_wait_ns", "Runnable", "Time waiting for a proc"],
	["block_ns", "Blocked", "Time blocked, sleep included"],
];

export function sortGroups(groups: readonly Group[], key: Key, down: boolean): Group[] {
	const value = (g: Group) =>
		key === "count" ? g.alive : key === "name" ? shortFunction(g.name).toLowerCase() : g[key];
	const sign = down ? -1 : 1;
	return [...groups].sort((a, b) => {
		const [x, y] = [value(a), value(b)];
		return x < y ? -sign : x > y ? sign : b.wanted_ns - a.wanted_ns;
	});
}

export function groupLife(g: Group): Map<number, number> {
	const parts: [number, number][] = [
		[Class.run, g.execution_ns],
		[Class.wait, g.sched_wait_ns],
		[Class.sys, g.syscall_ns],
		[Class.other, Math.max(0, g.total_ns - g.execution_ns - g.sched_wait_ns - g.syscall_ns)],
	];
	return new Map(parts.filter(([, ns]) => ns > 0));
}

export function Groups() {
	const store = useStore();
	const key = useSignal<Key>("sched_wait_ns");
	const down = useSignal(true);
	const w = store.groupsWindow.value;
	const all = store.groups.value;
	const groups = sortGroups(
		all.filter((g) => g.alive > 0),
		key.value,
		down.value,
	);
	const absent = all.length - groups.length;
	const sortBy = (k: Key) => {
		down.value = k === key.value ? !down.value : k !== "name";
		key.value = k;
	};
	const whole = !w || (w.from <= 0 && w.to >= store.duration.value);
	const th = (k: Key, text: string, title: string) => (
		<th
			scope="col"
			key={k}
			class={k === key.value ? "sorted" : ""}
			title={title}
			aria-sort={k === key.value ? (down.value ? "descending" : "ascending") : "none"}
		>
			<button type="button" onClick={() => sortBy(k)}>
				{text}
				{k === key.value ? (down.value ? " ↓" : " ↑") : ""}
			</button>
		</th>
	);
	return (
		<div class="groups" data-testid="groups">
			<p class="sub">
				<span>
					{formatCount(groups.length)} {groups.length === 1 ? "group" : "groups"} ·{" "}
					{whole ? "whole trace" : `${formatDuration(w.to - w.from)} on screen`}
				</span>
				<button
					type="button"
					class={key.value === "count" ? "link" : ""}
					onClick={() => sortBy("count")}
					title="Sort by the number of goroutines"
				>
					by count
				</button>
			</p>
			<table>
				<thead>
					<tr>
						{th("name", "Function", "Start function")}
						{COLUMNS.map(([k, text, title]) => th(k, text, title))}
					</tr>
				</thead>
				{groups.map((g) => (
					<tbody
						key={g.ix}
						class={store.focusGroup.value === g.ix ? "focus" : ""}
						onClick={() => store.showGroup(g.ix)}
						title={`${g.name}\nlongest wait for a proc: ${formatDuration(g.worst_wait_ns)}`}
						data-testid="group-row"
						data-group={g.ix}
					>
						<tr class="names">
							<td colSpan={3}>
								<button type="button" class="name">
									<bdi>{groupName(g.name)}</bdi>
								</button>
							</td>
							<td class="soft">×{formatCount(g.alive)}</td>
						</tr>
						<tr class="numbers">
							<td>
								<LifeBar parts={groupLife(g)} />
							</td>
							<td class={key.value === "execution_ns" ? "sorted" : ""}>
								<Duration ns={g.execution_ns} />
							</td>
							<td class={key.value === "sched_wait_ns" ? "sorted" : ""}>
								<Duration ns={g.sched_wait_ns} />
							</td>
							<td class={key.value === "block_ns" ? "sorted" : ""}>
								<Duration ns={g.block_ns} />
							</td>
						</tr>
					</tbody>
				))}
			</table>
			{absent > 0 && (
				<p class="sub">{formatCount(absent)} more have no goroutine in this window.</p>
			)}
		</div>
	);
}
