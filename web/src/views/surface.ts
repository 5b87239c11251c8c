// SPDX-License-Identifier: MIT
// The three canvases of the timeline page (overview, axis, lanes) and the one that lies over the lanes. Draws at most
// once a frame of the browser, and only what changed; after drawing it hands the tiles that were missed to the client.

import { effect } from "@preact/signals";
import type { Measure } from "../base/fit.ts";
import { fillAxis } from "../draw/axis.ts";
import { Ink } from "../draw/colours.ts";
import { Frame } from "../draw/drawlist.ts";
import type { Env } from "../draw/env.ts";
import { fillOverlay } from "../draw/overlay.ts";
import { makeMeasure, Painter } from "../draw/paint.ts";
import { fillOverview, fillTimeline } from "../draw/timeline.ts";
import { visibleRows } from "../model/rows.ts";
import type { Store } from "./store.ts";

export interface Canvases {
	overview: HTMLCanvasElement;
	axis: HTMLCanvasElement;
	lanes: HTMLCanvasElement;
	overlay: HTMLCanvasElement;
}

export class Surface {
	private readonly measure: Measure = makeMeasure(11);
	private readonly painters: Record<keyof Canvases, Painter>;
	private readonly frame = new Frame();
	private readonly dispose: (() => void)[] = [];
	private readonly observer: ResizeObserver;
	private scheduled = 0;
	private lanesDirty = true;
	private overviewDirty = true;
	/** How long drawing took, the last 240 times: what the tests and the curious look at. */
	readonly times: number[] = [];

	constructor(
		private readonly store: Store,
		private readonly canvases: Canvases,
	) {
		this.painters = {
			overview: new Painter(canvases.overview, Ink.panel),
			axis: new Painter(canvases.axis, Ink.panel),
			lanes: new Painter(canvases.lanes, Ink.bg),
			overlay: new Painter(canvases.overlay, null),
		};
		this.observer = new ResizeObserver(() => this.resized());
		this.observer.observe(canvases.lanes);
		this.dispose.push(
			effect(() => {
				// Whatever is read here makes a frame when it changes.
				void [store.window.value, store.scroll.value, store.rows.value, store.view.value];
				this.schedule(true, false);
			}),
			effect(() => {
				void [store.arrivals.value, store.palette.value, store.trace.value];
				this.schedule(true, true);
			}),
			effect(() => {
				void [store.selection.value, store.detail.value, store.hover.value];
				this.schedule(false, false);
			}),
		);
	}

	/** A frame is due. */
	get waiting(): boolean {
		return this.scheduled !== 0;
	}

	close(): void {
		for (const d of this.dispose) d();
		this.observer.disconnect();
		cancelAnimationFrame(this.scheduled);
	}

	private resized(): void {
		const box = this.canvases.lanes.getBoundingClientRect();
		const now = this.store.view.peek();
		if (now.width !== box.width || now.height !== box.height)
			this.store.view.value = { width: Math.max(1, box.width), height: Math.max(1, box.height) };
		this.store.setScroll(this.store.scroll.peek(), true);
		this.schedule(true, true);
	}

	private schedule(lanes: boolean, overview: boolean): void {
		this.lanesDirty ||= lanes;
		this.overviewDirty ||= overview;
		if (this.scheduled) return;
		this.scheduled = requestAnimationFrame(() => {
			this.scheduled = 0;
			this.draw();
		});
	}

	private env(): Env {
		const { store } = this;
		const dpr = window.devicePixelRatio || 1;
		const { width, height } = store.view.peek();
		const trace = store.trace.peek();
		return {
			tiles: store.tiles,
			window: store.window.peek(),
			duration: store.duration.peek(),
			width: Math.max(1, Math.round(width * dpr)),
			height: Math.max(1, Math.round(height * dpr)),
			dpr,
			scroll: store.scroll.peek(),
			rows: visibleRows(store.rows.peek(), store.scroll.peek(), height),
			procs: trace?.gomaxprocs || trace?.procs.length || 1,
			heapMax: trace?.heap_max ?? 1,
			groupName: (ix) => store.groupNames.peek().get(ix) ?? "",
			rangeName: (ix, lane, t) => store.rangeNames.get(ix, lane, t),
			measure: this.measure,
			hidden: store.hidden.peek(),
		};
	}

	private draw(): void {
		const { store, frame } = this;
		if (!store.trace.peek()) return;
		const begin = performance.now();
		const env = this.env();
		const palette = store.palette.peek();
		if (this.lanesDirty) {
			store.tiles.beginFrame();
			frame.clear();
			fillTimeline(env, frame);
			this.show("lanes", frame, env, env.height);
			frame.clear();
			const axisHeight = Math.round(this.canvases.axis.clientHeight * env.dpr);
			fillAxis(env.window, env.width, axisHeight, env.dpr, this.measure, frame);
			this.show("axis", frame, env, axisHeight);
		}
		if (this.overviewDirty) {
			frame.clear();
			const height = Math.round(this.canvases.overview.clientHeight * env.dpr);
			fillOverview({ ...env, height }, frame);
			this.show("overview", frame, env, height);
		}
		frame.clear();
		fillOverlay(
			env,
			store.selection.peek(),
			store.detail.peek(),
			store.hover.peek()?.row.key ?? null,
			frame,
		);
		this.painters.overlay.resize(env.width, env.height);
		this.painters.overlay.paint(frame, palette, env.dpr);
		if (this.lanesDirty || this.overviewDirty) store.client.update(store.tiles.takeWanted());
		this.lanesDirty = false;
		this.overviewDirty = false;
		this.times.push(performance.now() - begin);
		if (this.times.length > 240) this.times.shift();
	}

	private show(which: keyof Canvases, frame: Frame, env: Env, height: number): void {
		this.painters[which].resize(env.width, height);
		this.painters[which].paint(frame, this.store.palette.peek(), env.dpr);
	}
}
