// SPDX-License-Identifier: MIT
// What lies under the cursor, in three lines. The state and the length come from the tile at once; the reason and the
// function follow from the server when the cursor rests.

import { useSignal, useSignalEffect } from "@preact/signals";
import { formatCount, formatDuration, formatTime, shortFunction } from "../base/format.ts";
import type { ColumnHit, Hit, SpanHit } from "../model/hit.ts";
import type { Row } from "../model/rows.ts";
import { worstNs } from "../model/tiles.ts";
import { Class, isRange, type SpanAnswer, State } from "../model/trace.ts";
import { api } from "../net/api.ts";
import { className, Swatch } from "./bits.tsx";
import { useStore } from "./ctx.ts";
import { hitAt } from "./gestures.ts";
import type { Store } from "./store.ts";

const REST_MS = 70;

export function Tooltip() {
	const store = useStore();
	const answer = useSignal<{ key: string; value: SpanAnswer } | null>(null);
	useSignalEffect(() => {
		const hover = store.hover.value;
		if (!hover) return;
		const { lane, hit } = hitAt(store, hover.row, hover.t);
		if (!hit || lane.startsWith("grp") || lane === "all" || lane === "heap") return;
		const key = keyOf(lane, hit);
		if (answer.peek()?.key === key) return;
		const timer = setTimeout(() => {
			api.span(lane, hit.t).then(
				(value) => {
					answer.value = { key, value };
				},
				(err) => store.fail(err),
			);
		}, REST_MS);
		return () => clearTimeout(timer);
	});
	const hover = store.hover.value;
	if (!hover || hover.row.kind === "section" || hover.row.kind === "more") return null;
	const { lane, hit } = hitAt(store, hover.row, hover.t);
	if (!hit) return null;
	const known = answer.value?.key === keyOf(lane, hit) ? answer.value.value : null;
	// Beside the cursor, on the side where there is room.
	const right = hover.x > window.innerWidth - 380;
	const low = hover.y > window.innerHeight - 130;
	const style = {
		transform: `translate(${hover.x + (right ? -12 : 14)}px, ${hover.y + (low ? -12 : 16)}px) translate(${right ? "-100%" : "0"}, ${low ? "-100%" : "0"})`,
	};
	return (
		<div class="tooltip" style={style} data-testid="tooltip" role="tooltip">
			{hit.what === "span" ? (
				<OfSpan hit={hit} row={hover.row} known={known} store={store} />
			) : (
				<OfColumn hit={hit} row={hover.row} known={known} />
			)}
		</div>
	);
}

const keyOf = (lane: string, hit: NonNullable<Hit>): string => `${lane} ${hit.start} ${hit.end}`;

function stateName(state: number, cls: number): string {
	if (state === State.waiting) return `waiting · ${className(cls)}`;
	return (
		{
			[State.runnable]: "runnable",
			[State.running]: "running",
			[State.syscall]: "syscall",
			[State.syscallBlocked]: "syscall, proc lost",
		}[state] ?? className(cls)
	);
}

function OfSpan({
	hit,
	row,
	known,
	store,
}: {
	hit: SpanHit;
	row: Row;
	known: SpanAnswer | null;
	store: Store;
}) {
	const span = known?.span;
	if (row.kind === "gc")
		return (
			<>
				<b>{span && isRange(span) ? span.name : hit.cls === Class.stw ? "stop the world" : "GC"}</b>
				<div>{formatDuration(hit.end - hit.start)}</div>
				<div class="soft">from {formatTime(hit.start)}</div>
			</>
		);
	const who =
		row.kind === "member"
			? `${row.label} ${shortFunction(store.groupNames.value.get(row.group ?? -1) ?? "")}`
			: hit.row
				? `G${hit.id} ${shortFunction(store.groupNames.value.get(hit.group) ?? "")}`
				: `holds P${hit.id}`;
	// On procs and threads the server answers with the goroutine's own interval, which may be shorter.
	const reason = span && !isRange(span) && row.kind === "member" ? span.reason : "";
	return (
		<>
			<div>
				<Swatch cls={hit.cls} />{" "}
				<b>
					{hit.row === 0 && row.kind === "thread" ? "no goroutine" : stateName(hit.state, hit.cls)}
				</b>{" "}
				{formatDuration(hit.end - hit.start)}
			</div>
			{reason && (
				<div>{hit.state === State.waiting ? `for ${reason}` : `stopped for ${reason}`}</div>
			)}
			<div class="mono">{who}</div>
			{span && !isRange(span) && span.stack[0] && (
				<div class="mono soft">{shortFunction(span.stack[0].func)}</div>
			)}
			<div class="soft">from {formatTime(hit.start)}</div>
		</>
	);
}

function OfColumn({ hit, row, known }: { hit: ColumnHit; row: Row; known: SpanAnswer | null }) {
	const { tile, column: c } = hit;
	const head = (
		<div class="soft">
			within {formatDuration(hit.end - hit.start)} at {formatTime(hit.start)}
		</div>
	);
	if (tile.kind === 3) {
		const n = (v: number) => (v > 0 && v < 10 ? v.toFixed(v < 0.095 ? 2 : 1) : formatCount(v));
		const worst = tile.worst[c] as number;
		return (
			<>
				<b>{row.kind === "group" ? shortFunction(row.label) : "goroutines"}</b>
				<div>
					<Swatch cls={Class.run} /> {n(tile.running[c] as number)} running
				</div>
				<div>
					<Swatch cls={Class.wait} /> {n(tile.runnable[c] as number)} runnable
					{worst > 0 ? `, longest wait ${formatDuration(worst)}` : ""}
				</div>
				<div>
					<Swatch cls={Class.sys} /> {n(tile.syscall[c] as number)} in syscalls
				</div>
				<div>
					<Swatch cls={Class.idle} /> {n(tile.waiting[c] as number)} waiting
				</div>
				{head}
			</>
		);
	}
	if (tile.kind === 5)
		return (
			<>
				<b>
					{row.label}: {Math.round((100 * (tile.share[c] as number)) / 255)} %
				</b>
				{head}
			</>
		);
	const part = (v: number | undefined, cls: number, name: string) =>
		v ? (
			<div>
				<Swatch cls={cls} /> {v < 3 ? "≤1" : Math.round((100 * v) / 255)} % {name}
			</div>
		) : null;
	const worst = worstNs(tile.worst[c] as number);
	const span = known?.span;
	return (
		<>
			<b>{row.label}</b>
			{part(
				tile.run[c],
				row.kind === "member" ? Class.run : (tile.cls[c] as number) || Class.run,
				"running",
			)}
			{part(tile.syscall[c], Class.sys, "syscall")}
			{part(tile.runnable[c], Class.wait, "runnable")}
			{part(tile.wait[c], tile.cls[c] as number, `waiting · ${className(tile.cls[c] as number)}`)}
			{worst > 0 && row.kind === "member" && (
				<div>longest wait for a proc ≈ {formatDuration(worst)}</div>
			)}
			{span && !isRange(span) && (
				<div>
					at the cursor: {span.state_name}
					{span.reason ? ` · ${span.reason}` : ""}, {formatDuration(span.duration)}
				</div>
			)}
			{known?.goroutine && row.kind !== "member" && (
				<div class="mono">
					G{known.goroutine.id} {shortFunction(known.goroutine.name)}
				</div>
			)}
			{head}
		</>
	);
}
