// SPDX-License-Identifier: MIT
// What all views share: signals, and the actions that change them. Views read signals and call actions; nobody else
// writes. Documents of the server are fetched here, tiles by the tile client.

import { batch, computed, effect, type Signal, signal } from "@preact/signals";
import { formatCount, formatPercent } from "../base/format.ts";
import { type CssPx, clamp, type Ns } from "../base/units.ts";
import type { Palette } from "../draw/colours.ts";
import {
	buildRows,
	groupsInWindow,
	type OpenGroup,
	type Row,
	type SectionName,
	totalHeight,
} from "../model/rows.ts";
import type { Page, Params, Place, Selection } from "../model/selection.ts";
import type { Interval } from "../model/targets.ts";
import { TileCache } from "../model/tilecache.ts";
import type { GoroutineDoc, Group, Member, RangeDoc, SpanDoc, TraceDoc } from "../model/trace.ts";
import { around, centre, clampWindow, type Window, wholeTrace } from "../model/viewport.ts";
import { api, Refused } from "../net/api.ts";
import { TileClient } from "../net/tileclient.ts";
import { Connection, type Load, RangeNames } from "./connection.ts";

export interface Detail {
	selection: Selection;
	span: SpanDoc | RangeDoc | null;
	goroutine: GoroutineDoc | null;
}

export interface Hover {
	row: Row;
	t: Ns;
	/** On the page. */
	x: CssPx;
	y: CssPx;
}

const FIRST_MEMBERS = 20;
const MORE_MEMBERS = 100;
/** What the server gives at once at most. */
const MEMBERS_PAGE = 1000;
/** A window counts as settled this long after its last change. */
const SETTLE_MS = 200;

export class Store {
	readonly trace = signal<TraceDoc | null>(null);
	readonly load = signal<Load>({ state: "loading", done: 0, total: 0 });
	readonly gone = signal(false);
	readonly page = signal<Page>("timeline");
	/** Of the page. */
	readonly params = signal<Params>({});
	/** The page's keys, while it has some: true if it took one. */
	pageKey: ((key: string) => boolean) | null = null;
	/** Those of the page's table, where the page takes none of its own. */
	tableKey: ((key: string) => boolean) | null = null;
	/** The row that was chosen at each place of a page: the way back leads there. */
	readonly chosenRows = new Map<string, { table: string; index: number }>();
	/** Requests of pages under way. */
	readonly busy = signal(0);
	readonly panel = signal<"details" | "groups">("groups");
	readonly window = signal<Window>({ from: 0, to: 1 });
	readonly scroll = signal<CssPx>(0);
	/** Of the lanes' canvas. */
	readonly view = signal<{ width: CssPx; height: CssPx }>({ width: 1, height: 1 });
	readonly groups = signal<readonly Group[]>([]);
	/** The window that `groups` is about. */
	readonly groupsWindow = signal<Window | null>(null);
	readonly open = signal<ReadonlyMap<number, OpenGroup>>(new Map());
	readonly collapsed = signal<ReadonlySet<SectionName>>(new Set(["threads"]));
	readonly selection = signal<Selection | null>(null);
	readonly detail = signal<Detail | null>(null);
	readonly focusGroup = signal<number | null>(null);
	readonly hover = signal<Hover | null>(null);
	/** Time under the cursor. */
	readonly cursor = signal<Ns | null>(null);
	/** A stretch being marked with shift and the mouse, from and to in CSS pixels of the lanes. */
	readonly band = signal<[CssPx, CssPx] | null>(null);
	readonly hidden = signal<ReadonlySet<number>>(new Set());
	readonly labelWidth = signal<CssPx>(216);
	readonly panelWidth = signal<CssPx>(320);
	readonly help = signal(false);
	readonly searchFocus = signal(0);
	readonly palette: Signal<Palette>;
	/** Counts what cannot be seen in the signals: tiles that arrived, names that became known. */
	readonly arrivals = signal(0);

	readonly tiles = new TileCache();
	readonly connection = new Connection(this);
	readonly rangeNames = new RangeNames(this);
	readonly client: TileClient;
	/** Written by the router: the address follows. */
	onPlace: (push: boolean) => void = () => {};

	readonly duration = computed(() => this.trace.value?.duration_ns ?? 1);
	readonly groupNames = computed(
		() => new Map(this.trace.value?.groups.map((g) => [g.ix, g.name]) ?? []),
	);
	readonly rows = computed(() => this.makeRows());
	readonly height = computed(() => totalHeight(this.rows.value));

	private reveal: string | null = null;
	private settleTimer = 0;
	private spanAbort: AbortController | null = null;
	private groupsAbort: AbortController | null = null;

	constructor(palette: Palette) {
		this.palette = signal(palette);
		this.client = new TileClient(
			this.tiles,
			() => {
				this.arrivals.value++;
			},
			(err) => this.fail(err),
		);
		effect(() => {
			this.window.value;
			this.trace.value;
			clearTimeout(this.settleTimer);
			this.settleTimer = window.setTimeout(() => this.settled(), SETTLE_MS);
		});
		effect(() => {
			const sel = this.selection.value;
			void this.loadDetail(sel);
		});
		effect(() => {
			const rows = this.rows.value;
			if (!this.reveal) return;
			const row = rows.find((r) => r.key === this.reveal);
			if (row) this.scrollTo(row);
		});
	}

	fail(err: unknown): void {
		this.connection.fail(err);
	}

	// ---- place ----

	place(): Place {
		const w = this.window.peek();
		const all = w.from <= 0 && w.to >= this.duration.peek();
		return {
			page: this.page.peek(),
			params: this.params.peek(),
			window: all ? null : w,
			selection: this.selection.peek(),
			open: [...this.open.peek().keys()],
		};
	}

	apply(place: Place): void {
		batch(() => {
			const duration = this.duration.peek();
			this.page.value = place.page;
			this.params.value = place.page === "timeline" ? {} : place.params;
			this.window.value = place.window
				? clampWindow(place.window.from, place.window.to, duration)
				: wholeTrace(duration);
			const wanted = new Set(place.open);
			for (const ix of this.open.peek().keys()) if (!wanted.has(ix)) this.closeGroup(ix);
			for (const ix of wanted) if (this.groupNames.peek().has(ix)) this.openGroup(ix);
			const sel = place.selection;
			const now = this.selection.peek();
			if (sel?.lane !== now?.lane || sel?.t !== now?.t) {
				this.selection.value = sel;
				if (sel) {
					this.panel.value = "details";
					if (sel.lane.startsWith("g:")) void this.revealGoroutine(Number(sel.lane.slice(2)));
				}
			}
		});
		if (place.page === "timeline") void this.follow(place.params);
	}

	/** Goes to a page; `push` false: the same place of the history, told otherwise. */
	go(page: Page, params: Params = {}, push = true): void {
		batch(() => {
			this.page.value = page;
			this.params.value = params;
		});
		this.onPlace(push);
	}

	setPage(page: Page): void {
		if (page !== this.page.peek() || Object.keys(this.params.peek()).length) this.go(page);
	}

	/** Changes some of the page's parameters; undefined takes one away. */
	setParams(change: Readonly<Record<string, string | undefined>>, push = true): void {
		const next: Record<string, string> = {};
		for (const [key, value] of Object.entries({ ...this.params.peek(), ...change }))
			if (value !== undefined) next[key] = value;
		this.go(this.page.peek(), next, push);
	}

	/** What an address asks of the timeline beyond a window: the life of a goroutine, or a task. */
	private async follow(params: Params): Promise<void> {
		try {
			if (params.goroutine) {
				const id = Number(params.goroutine);
				const g = (await api.search(String(id), 1)).goroutines.find((x) => x.id === id);
				if (g) await this.showInterval({ goroutine: id, from: g.begin, to: g.end }, false);
			} else if (params.task) {
				const query = new URLSearchParams({ id: params.task, top: "1" });
				const { fields } = await api.report("tasks", query);
				const value = (key: string) => Number(fields.find((f) => f.key === key)?.value ?? 0);
				const from = value("begin_ns");
				const interval = { goroutine: null, from, to: from + value("duration_ns") };
				await this.showInterval(interval, false);
			}
		} catch (err) {
			this.fail(err);
		}
	}

	/** Brings an interval onto the timeline: three fifths of the window, selected where it is a goroutine's. */
	async showInterval(i: Interval, push = true): Promise<void> {
		const id = i.goroutine;
		try {
			const found = id === null ? [] : (await api.search(String(id), 1)).goroutines;
			const g = found.find((x) => x.id === id);
			const from = g ? clamp(i.from, g.begin, g.end) : i.from;
			if (push) this.go("timeline");
			this.setWindow(around(from, Math.max(from, i.to), 0.6, this.duration.peek()));
			if (g) {
				this.select({ lane: `g:${g.row}`, t: Math.min(from, Math.max(0, g.end - 1)) }, false);
				await this.revealGoroutine(g.row);
			}
			this.onPlace(false);
		} catch (err) {
			this.fail(err);
		}
	}

	// ---- window ----

	setWindow(w: Window): void {
		const now = this.window.peek();
		if (w.from !== now.from || w.to !== now.to) this.window.value = w;
	}

	fit(): void {
		this.setWindow(wholeTrace(this.duration.peek()));
	}

	/** The selected interval in the middle; the whole trace if nothing is selected. */
	fitSelection(): void {
		const span = this.detail.peek()?.span;
		if (span && this.selection.peek())
			this.setWindow(around(span.start, span.end, 0.6, this.duration.peek()));
		else this.fit();
	}

	private settled(): void {
		if (!this.trace.peek()) return;
		this.onPlace(false);
		void this.loadGroups();
		for (const ix of this.open.peek().keys()) void this.loadMembers(ix);
	}

	// ---- groups and their goroutines ----

	private async loadGroups(): Promise<void> {
		const w = this.window.peek();
		const known = this.groupsWindow.peek();
		if (known && known.from === w.from && known.to === w.to) return;
		this.groupsAbort?.abort();
		this.groupsAbort = new AbortController();
		try {
			const { groups } = await api.groups(w.from, w.to, this.groupsAbort.signal);
			this.keepInPlace(() => {
				this.groups.value = groupsInWindow(this.trace.peek()?.groups ?? [], groups);
				this.groupsWindow.value = w;
			});
		} catch (err) {
			this.fail(err);
		}
	}

	/** Changes the order of rows without moving the one that the cursor or the selection is on. */
	private keepInPlace(change: () => void): void {
		const key = this.reveal ?? this.hover.peek()?.row.key ?? this.selection.peek()?.lane;
		const before = this.rows.peek().find((r) => r.key === key);
		const top = this.scroll.peek();
		const seen = before && before.y + before.h > top && before.y < top + this.view.peek().height;
		batch(() => {
			change();
			const after = seen ? this.rows.peek().find((r) => r.key === key) : undefined;
			if (before && after && top > 0) this.setScroll(top + after.y - before.y, true);
		});
	}

	toggleGroup(ix: number): void {
		if (this.open.peek().has(ix)) this.closeGroup(ix);
		else this.openGroup(ix);
		this.onPlace(false);
	}

	closeGroup(ix: number): void {
		const open = new Map(this.open.peek());
		open.delete(ix);
		this.open.value = open;
	}

	openGroup(ix: number): void {
		if (this.open.peek().has(ix)) return;
		this.setOpen(ix, { rows: [], total: 0, pinned: [], limit: FIRST_MEMBERS });
		void this.loadMembers(ix);
	}

	moreMembers(ix: number): void {
		const g = this.open.peek().get(ix);
		if (!g) return;
		this.setOpen(ix, { ...g, limit: g.limit + MORE_MEMBERS });
		void this.loadMembers(ix);
	}

	private setOpen(ix: number, g: OpenGroup): void {
		this.open.value = new Map(this.open.peek()).set(ix, g);
	}

	private async loadMembers(ix: number): Promise<void> {
		const g = this.open.peek().get(ix);
		if (!g) return;
		const w = this.window.peek();
		try {
			const rows: Member[] = [];
			let total = 1;
			while (rows.length < Math.min(g.limit, total)) {
				const most = Math.min(MEMBERS_PAGE, g.limit - rows.length);
				const answer = await api.members(ix, w.from, w.to, rows.length, most);
				const now = this.open.peek().get(ix);
				// Asked for more meanwhile, or the window moved on: a later answer replaces this one.
				if (now?.limit !== g.limit || this.window.peek() !== w) return;
				total = answer.total;
				rows.push(...answer.rows);
				if (!answer.rows.length) break;
			}
			const now = this.open.peek().get(ix);
			if (now) this.keepInPlace(() => this.setOpen(ix, { ...now, rows, total }));
		} catch (err) {
			this.fail(err);
		}
	}

	/** Opens a group and brings its lanes into view. */
	showGroup(ix: number): void {
		batch(() => {
			this.page.value = "timeline";
			this.params.value = {};
			this.focusGroup.value = ix;
			this.expand("goroutines");
			this.openGroup(ix);
			this.revealRow(`grp:${ix}`, true);
		});
		this.onPlace(true);
	}

	/** Says in the panel what is known of a group. */
	pickGroup(ix: number): void {
		batch(() => {
			this.focusGroup.value = ix;
			this.panel.value = "groups";
		});
	}

	toggleSection(name: SectionName): void {
		const c = new Set(this.collapsed.peek());
		if (!c.delete(name)) c.add(name);
		this.collapsed.value = c;
	}

	private expand(name: SectionName): void {
		if (this.collapsed.peek().has(name)) this.toggleSection(name);
	}

	toggleClass(cls: number): void {
		const h = new Set(this.hidden.peek());
		if (!h.delete(cls)) h.add(cls);
		this.hidden.value = h;
	}

	// ---- selection ----

	select(sel: Selection | null, push = true): void {
		batch(() => {
			this.selection.value = sel;
			if (sel) this.panel.value = "details";
		});
		if (push) this.onPlace(true);
	}

	private async loadDetail(sel: Selection | null): Promise<void> {
		this.spanAbort?.abort();
		if (!sel) {
			this.detail.value = null;
			return;
		}
		const abort = new AbortController();
		this.spanAbort = abort;
		try {
			const answer = await api.span(sel.lane, sel.t, abort.signal);
			if (abort.signal.aborted) return;
			this.detail.value = {
				selection: sel,
				span: answer.span,
				goroutine: answer.goroutine ?? null,
			};
		} catch (err) {
			if (abort.signal.aborted) return;
			if (err instanceof Refused)
				this.detail.value = { selection: sel, span: null, goroutine: null };
			this.fail(err);
		}
	}

	/** The interval before (-1) or after (+1) the selected one on its lane. */
	step(direction: -1 | 1): void {
		const span = this.detail.peek()?.span;
		const sel = this.selection.peek();
		if (!span || !sel) return;
		const t = direction < 0 ? span.start - 1 : span.end;
		if (t < 0 || t >= this.duration.peek()) return;
		this.select({ lane: sel.lane, t });
		const w = this.window.peek();
		if (t < w.from || t > w.to) this.setWindow(centre(w, t, this.duration.peek()));
	}

	/** Goes to what a goroutine did at `t`: its lane into view, the time into the middle, the interval selected. */
	async jump(row: number, t: Ns): Promise<void> {
		batch(() => {
			this.page.value = "timeline";
			this.params.value = {};
			this.select({ lane: `g:${row}`, t: clamp(t, 0, Math.max(0, this.duration.peek() - 1)) });
			this.setWindow(centre(this.window.peek(), t, this.duration.peek()));
		});
		await this.revealGoroutine(row);
		this.onPlace(false);
	}

	/** Goes to a proc's lane. */
	jumpToProc(row: number, t: Ns): void {
		batch(() => {
			this.page.value = "timeline";
			this.params.value = {};
			this.expand("procs");
			this.setWindow(centre(this.window.peek(), t, this.duration.peek()));
			this.select({ lane: `p:${row}`, t });
			this.revealRow(`p:${row}`);
		});
	}

	private async revealGoroutine(row: number): Promise<void> {
		try {
			const { goroutine: g } = await api.goroutine(row);
			batch(() => {
				this.expand("goroutines");
				this.openGroup(g.group);
				const open = this.open.peek().get(g.group) as OpenGroup;
				if (!open.pinned.some((m) => m.row === row) && !open.rows.some((m) => m.row === row)) {
					const member = {
						row,
						id: g.id,
						begin: g.begin,
						end: g.end,
						execution_ns: 0,
						sched_wait_ns: 0,
					};
					this.setOpen(g.group, { ...open, pinned: [member, ...open.pinned].slice(0, 10) });
				}
				this.revealRow(`g:${row}`);
			});
		} catch (err) {
			this.fail(err);
		}
	}

	// ---- scroll ----

	private revealRow(key: string, atTop = false): void {
		this.reveal = key;
		const row = this.rows.value.find((r) => r.key === key);
		if (row) this.scrollTo(row, atTop);
	}

	private scrollTo(row: Row, atTop = false): void {
		const { height } = this.view.peek();
		const top = this.scroll.peek();
		if (!atTop && row.y >= top + 24 && row.y + row.h <= top + height - 24) return;
		this.setScroll(atTop ? row.y - 60 : row.y - height / 2, true);
	}

	setScroll(y: CssPx, byProgram = false): void {
		if (!byProgram) this.reveal = null;
		const max = Math.max(0, this.height.peek() - this.view.peek().height);
		this.scroll.value = Math.round(clamp(y, 0, max));
	}

	private makeRows(): Row[] {
		const trace = this.trace.value;
		if (!trace) return [];
		const busy = trace.procs.reduce((sum, p) => sum + p.busy_ns, 0);
		return buildRows({
			trace,
			groups: this.groups.value,
			collapsed: this.collapsed.value,
			open: this.open.value,
			notes: {
				runtime: "",
				procs: `${trace.procs.length} · ${formatPercent(busy, trace.procs.length * trace.duration_ns)} busy`,
				threads: formatCount(trace.threads.length),
				goroutines: `${formatCount(trace.groups.length)} groups, by time wanted`,
			},
		});
	}
}
