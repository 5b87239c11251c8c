// SPDX-License-Identifier: MIT
// The column of names at the left of the lanes. Only what is on screen exists in the page.

import { cutLeft, type Measure } from "../base/fit.ts";
import { formatBytes, formatCount, shortFunction } from "../base/format.ts";
import { clamp } from "../base/units.ts";
import { makeMeasure } from "../draw/paint.ts";
import { counterAt } from "../draw/plots.ts";
import { type Row, visibleRows } from "../model/rows.ts";
import { levelFor } from "../model/tiles.ts";
import { useStore } from "./ctx.ts";
import type { Store } from "./store.ts";

let measure: Measure | undefined;

export function Labels({ width }: { width: number }) {
	const store = useStore();
	const top = store.scroll.value;
	const rows = visibleRows(store.rows.value, top, store.view.value.height);
	return (
		<div class="labels" onWheel={(e) => store.setScroll(store.scroll.peek() + e.deltaY)}>
			{rows.map((r) => (
				<Label key={r.key} row={r} top={r.y - top} width={width} />
			))}
		</div>
	);
}

function Label({ row, top, width }: { row: Row; top: number; width: number }) {
	const store = useStore();
	measure ??= makeMeasure(12);
	const place = { transform: `translateY(${top}px)`, height: `${row.h}px` };
	const hovered = store.hover.value?.row.key === row.key;
	const cls = `label k-${row.kind}${row.faint ? " faint" : ""}${hovered ? " hovered" : ""}${store.selection.value?.lane === row.lane ? " selected" : ""}`;
	const chevron = row.open ? "▾" : "▸";
	if (row.kind === "section")
		return (
			<button
				type="button"
				class={cls}
				style={place}
				onClick={() => store.toggleSection(row.section)}
				aria-expanded={row.open}
				data-testid={`section-${row.section}`}
			>
				<i class="chevron">{chevron}</i>
				<b>{row.label}</b> <span class="note">{row.note}</span>
			</button>
		);
	if (row.kind === "group") {
		const note = measure(row.note) + 14;
		return (
			<button
				type="button"
				class={cls}
				style={place}
				onClick={() => store.toggleGroup(row.group as number)}
				aria-expanded={row.open}
				title={row.label}
				data-testid="group"
				data-group={row.group}
			>
				<i class="chevron">{chevron}</i>
				<span class="name">{cutLeft(shortFunction(row.label), width - 34 - note, measure)}</span>
				<span class="note">{row.note}</span>
			</button>
		);
	}
	if (row.kind === "more")
		return (
			<button
				type="button"
				class={cls}
				style={place}
				onClick={() => store.moreMembers(row.group as number)}
				data-testid="more"
			>
				… {formatCount(row.hidden ?? 0)} more
			</button>
		);
	if (row.kind === "member")
		return (
			<button
				type="button"
				class={cls}
				style={place}
				onClick={() => selectMember(store, row)}
				data-testid="member"
				data-lane={row.lane}
			>
				{row.label}
			</button>
		);
	return (
		<div class={cls} style={place} data-lane={row.lane}>
			<span class="name">{row.label}</span>
			<span class="note">{noteOf(store, row)}</span>
		</div>
	);
}

/** The goroutine as a whole: what it is doing in the middle of the window, or nearest to it. */
function selectMember(store: Store, row: Row): void {
	const w = store.window.peek();
	const member = [
		...(store.open.peek().get(row.group as number)?.rows ?? []),
		...(store.open.peek().get(row.group as number)?.pinned ?? []),
	].find((m) => m.row === row.subject);
	const mid = (w.from + w.to) / 2;
	store.select({
		lane: row.lane,
		t: Math.floor(member ? clamp(mid, member.begin, Math.max(member.begin, member.end - 1)) : mid),
	});
}

/** The heap, or the number of goroutines, at the cursor or else at the window's end. */
function noteOf(store: Store, row: Row): string {
	if (row.kind !== "heap" && row.kind !== "counts") return row.note;
	void store.arrivals.value;
	const w = store.window.value;
	const level = levelFor(
		w.to - w.from,
		Math.round(store.view.value.width * (window.devicePixelRatio || 1)),
	);
	const v = counterAt(store.tiles, row.lane, level, store.cursor.value ?? w.to - 1);
	return Number.isNaN(v) ? "" : row.kind === "heap" ? formatBytes(v) : formatCount(v);
}
