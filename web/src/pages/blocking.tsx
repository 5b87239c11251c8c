// SPDX-License-Identifier: MIT
// The blocking profiles: where goroutines waited, as a flame graph over a table of stacks.

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import {
	formatCount,
	formatDuration,
	formatPercent,
	groupName,
	shortFunction,
} from "../base/format.ts";
import { placeOf, siteOf } from "../model/cells.ts";
import {
	buildFlame,
	findPath,
	matched,
	matches,
	type ProfileDoc,
	type StackRow,
	stackRows,
} from "../model/flame.ts";
import { nothingOf, queryOf, windowOf } from "../model/pages.ts";
import type { Column, Row } from "../model/report.ts";
import { groupList } from "../model/targets.ts";
import { api, profileUrl } from "../net/api.ts";
import { Duration, Stack, Swatch } from "../views/bits.tsx";
import { useStore } from "../views/ctx.ts";
import { Flame } from "./flame.tsx";
import { Download, Filters, PageHead, Switch } from "./head.tsx";
import { useLoaded } from "./load.ts";
import { lengthOf, Panel, ToPage, ToTimeline } from "./panel.tsx";
import { LocalRows } from "./rows.ts";
import { Table } from "./table.tsx";

const KINDS = [
	["net", "network", "Waiting for the network"],
	[
		"sync",
		"sync & channels",
		"Waiting for other goroutines: mutexes, conditions, channels, select",
	],
	["syscall", "syscalls", "In system calls"],
	["sched", "scheduler", "Ready to run, waiting for a proc"],
] as const;
const MORE = [
	["block", "all waits", "Waiting for anything at all"],
	["create", "created", "Where goroutines were created"],
	["stw", "stopped", "Where the world was stopped"],
	["cpu", "CPU", "Samples of the CPU profiler"],
] as const;
const ROOT: Readonly<Record<string, string>> = {
	net: "waiting for the network",
	sync: "waiting on sync and channels",
	syscall: "in system calls",
	sched: "waiting for a proc",
	block: "waiting for anything",
	create: "from creation to the first run",
	stw: "the world stopped",
	cpu: "on a CPU",
};
const LONGEST: Readonly<Record<string, string>> = {
	syscall: "longest call",
	stw: "longest stop",
};
/** Those that can be asked for either stack. */
const TWO_STACKS = new Set(["net", "sync", "sched", "block"]);

const COLUMNS: readonly Column[] = [
	{ key: "leaf", title: "waiting in", kind: "text", flags: [] },
	{ key: "caller", title: "called from", kind: "text", flags: ["last"] },
	{ key: "share", title: "share", kind: "ratio", flags: ["bar"] },
	{ key: "count", title: "waits", kind: "count", flags: [] },
	{ key: "total", title: "total", kind: "ns", flags: [] },
	{ key: "mean", title: "mean", kind: "ns", flags: [] },
	{ key: "longest_ns", title: "longest", kind: "ns", flags: [] },
	{ key: "longest_at_ns", title: "at", kind: "time", flags: ["quiet"] },
	{ key: "longest_goroutine", title: "of", kind: "id", flags: ["quiet", "goroutine"] },
	{ key: "reason", title: "reason", kind: "text", flags: [] },
	{ key: "group", title: "goroutines", kind: "text", flags: ["group"] },
];
const FIRST_WORD: Readonly<Record<string, string>> = {
	cpu: "running in",
	create: "created in",
	stw: "stopped in",
	syscall: "in",
};

function columnsOf(doc: ProfileDoc): Column[] {
	const timed = doc.unit === "ns";
	return COLUMNS.flatMap((c) => {
		if (c.key === "leaf")
			return [
				{ ...c, title: doc.stack === "waker" ? "woken in" : (FIRST_WORD[doc.kind] ?? c.title) },
			];
		if (c.key === "count") return [{ ...c, title: timed ? "waits" : "samples" }];
		if (!timed && (c.kind === "ns" || c.flags.includes("quiet"))) return [];
		return [c];
	});
}

function rowOf(r: StackRow, total: number, columns: readonly Column[]): Row {
	const site = siteOf(r.stack);
	const from = site?.caller ?? r.stack[1] ?? null;
	const cells: Record<string, string | number | null> = {
		leaf: site ? shortFunction(site.leaf.func) : "(no stack)",
		caller: from ? `${shortFunction(from.func)} ${placeOf(from)}` : "",
		share: total > 0 ? r.value / total : 0,
		count: r.count,
		total: r.value,
		mean: r.count > 0 ? r.value / r.count : null,
		longest_ns: r.longest ? r.longest.to - r.longest.from : null,
		longest_at_ns: r.longest?.from ?? null,
		longest_goroutine: r.longest?.goroutine ?? null,
		reason: r.reason,
		group: r.group,
	};
	return columns.map((c) => cells[c.key] ?? null);
}

/** "6 096 waits, 14.0 s in all, by where they waited". */
function sentenceOf(doc: ProfileDoc): string {
	const n = formatCount(doc.count);
	if (doc.unit !== "ns") return `${n} samples of what was running`;
	const all = `${formatDuration(doc.total)} in all`;
	switch (doc.kind) {
		case "create":
			return `${n} goroutines created; ${all} until they first ran`;
		case "stw":
			return `the world stopped ${n} times, ${all}`;
		case "syscall":
			return `${n} system calls, ${all}`;
		default:
			return `${n} waits, ${all}, by ${doc.stack === "waker" ? "who ended them" : "where they waited"}`;
	}
}

export function Blocking() {
	const store = useStore();
	const params = store.params.value;
	const kind = params.kind ?? "sync";
	const asked: Record<string, string> = { ...params };
	delete asked.sort;
	delete asked.asc;
	if (!TWO_STACKS.has(kind)) delete asked.stack;
	const query = queryOf(asked, windowOf(params, store.window.value, store.duration.value));
	const loaded = useLoaded(`${kind}?${query}`, (signal) => api.profile(kind, query, signal));
	const { doc, error, waiting } = loaded.value;
	return (
		<main class="page" data-testid="blocking-page">
			<PageHead
				crumbs={[{ text: "Blocking" }]}
				sentence={doc ? sentenceOf(doc) : error ? "" : "…"}
				windowed
			>
				<Download
					href={profileUrl(kind, query, "pprof")}
					text="pprof"
					title="For go tool pprof, with labels"
				/>
				<Download href={profileUrl(kind, query, "csv")} text="CSV" title="A row for each stack" />
				<Download href={profileUrl(kind, query)} text="JSON" title="All of it" />
			</PageHead>
			<div class="kinds">
				<Switch
					label="Profile"
					value={kind}
					options={KINDS}
					onChange={(v) => store.setParams({ kind: v, sort: undefined, asc: undefined })}
				/>
				<Switch
					label="More profiles"
					value={kind}
					options={MORE}
					onChange={(v) => store.setParams({ kind: v, sort: undefined, asc: undefined })}
				/>
				{doc && TWO_STACKS.has(kind) && (
					<Switch
						label="Whose stack"
						value={doc.stack}
						options={[
							["waiter", "waiter's stack", "Where the goroutine stopped"],
							["waker", "waker's stack", "Where somebody let it go on"],
						]}
						onChange={(v) => store.setParams({ stack: v })}
					/>
				)}
			</div>
			<Filters />
			{error && (
				<p class="banner" role="alert" data-testid="page-error">
					{error}
				</p>
			)}
			{doc && !error && <Profile doc={doc} stale={waiting} />}
		</main>
	);
}

function Profile({ doc, stale }: { doc: ProfileDoc; stale: boolean }) {
	const store = useStore();
	const params = store.params.value;
	const search = params.q ?? "";
	const root = useMemo(() => buildFlame(doc), [doc]);
	const all = useMemo(() => stackRows(doc), [doc]);
	const columns = useMemo(() => columnsOf(doc), [doc]);
	const focus = useSignal("");
	const chosen = useSignal<number | null>(null);
	useEffect(() => {
		focus.value = "";
		chosen.value = null;
	}, [doc.kind, doc.stack]);
	useEffect(() => {
		chosen.value = null;
	}, [doc, search, focus.value]);
	const sort = columns.some((c) => c.key === params.sort)
		? (params.sort as string)
		: doc.unit === "ns"
			? "total"
			: "count";
	const ascending = params.asc === "1";
	const timed = doc.unit === "ns";
	const sum = root.value;
	// Beneath what is zoomed to, and with a frame that the search finds.
	const rows = useMemo(() => {
		const seen = all.filter(
			(r) =>
				(!focus.value || r.path === focus.value || r.path.startsWith(`${focus.value}\n`)) &&
				(!search || r.stack.some((f) => matches(f.func, search))),
		);
		const made = seen.map((r) => rowOf(r, sum, columns));
		const back = new Map(made.map((cells, i) => [cells, seen[i] as StackRow]));
		return { local: new LocalRows(columns, made, sort, ascending), back };
	}, [all, focus.value, search, sort, ascending, columns]);
	const row = chosen.value === null ? undefined : rows.local.row(chosen.value);
	const stack = row && rows.back.get(row);
	const hits = search ? matched(doc, search) : 0;
	const shown = useMemo(
		() => columns.flatMap((c, i) => (c.flags.includes("quiet") ? [] : [i])),
		[columns],
	);
	const longest = findPath(root, focus.value).longest;
	const called = LONGEST[doc.kind] ?? "longest wait";
	const amount = (v: number) => (timed ? formatDuration(v) : `${formatCount(v)} samples`);
	if (!all.length)
		return (
			<div class="page-body">
				<p class="hint" data-testid="nothing">
					{nothingOf(doc.kind, params, windowOf(params, store.window.value, store.duration.value))}
				</p>
			</div>
		);
	return (
		<div class={`page-body ${stale ? "stale" : ""}`}>
			<div class="page-main">
				<div class="flame-box" data-zoomed={focus.value ? "1" : "0"}>
					<Flame
						root={root}
						title={`${ROOT[doc.kind] ?? doc.kind} · ${amount(sum)} in ${formatCount(root.count)}${timed ? " waits" : ""}`}
						timed={timed}
						search={search}
						focus={focus.value}
						onFocus={(path) => {
							focus.value = path;
						}}
						longest={called}
						marked={stack?.path ?? null}
					/>
				</div>
				<div class="flame-foot">
					<span>
						{formatCount(rows.local.total)} {rows.local.total === 1 ? "stack" : "stacks"}
						{focus.value && (
							<>
								{" "}
								beneath <b>{shortFunction(focus.value.slice(focus.value.lastIndexOf("\n") + 1))}</b>{" "}
								<button
									type="button"
									class="link"
									data-testid="unzoom"
									onClick={() => {
										focus.value = "";
									}}
								>
									show all
								</button>
							</>
						)}
					</span>
					{longest && (
						<span data-testid="longest-beneath">
							<ToTimeline interval={longest} text={`${called} ${lengthOf(longest)}`} />
						</span>
					)}
					{search && (
						<span data-testid="search-share">
							<b>{amount(hits)}</b>, {formatPercent(hits, sum)}, have “{search}” on their stack
						</span>
					)}
				</div>
				<Table
					rows={rows.local}
					shown={shown}
					ascending={ascending}
					onSort={(key) =>
						store.setParams({ sort: key, asc: key === sort && !ascending ? "1" : "0" }, false)
					}
					selected={chosen}
					onOpen={(r) => {
						const s = rows.back.get(r);
						if (s) focus.value = s.path.slice(0, Math.max(0, s.path.lastIndexOf("\n")));
					}}
					intervalOf={() => null}
					main
					testid="table-stacks"
					fit={false}
				/>
			</div>
			{stack && (
				<Panel
					onClose={() => {
						chosen.value = null;
					}}
				>
					<h2>{shortFunction(stack.stack[0]?.func ?? "(no stack)")}</h2>
					<p class="sub">
						<Swatch cls={stack.cls} /> {stack.reason || ROOT[doc.kind]}
					</p>
					{timed && (
						<p class="big">
							<Duration ns={stack.value} />
							<span class="soft">
								{" "}
								in {formatCount(stack.count)} waits, {formatPercent(stack.value, sum)} of all
							</span>
						</p>
					)}
					<div class="ways">
						{stack.longest && (
							<ToTimeline
								interval={stack.longest}
								text={`The ${called}, ${lengthOf(stack.longest)}`}
							/>
						)}
						{(stack.group || stack.longest) && (
							<ToPage
								target={groupList(stack.group, params)}
								text={`Goroutines of ${groupName(stack.group)}`}
							/>
						)}
					</div>
					<Stack
						title={doc.stack === "waker" ? "Woken at" : "Where"}
						frames={stack.stack}
						testid="profile-stack"
					/>
				</Panel>
			)}
		</div>
	);
}
