// SPDX-License-Identifier: MIT
// Small timelines outside of the timeline: a stretch of a goroutine's lane on a canvas of its own. All of a page are
// drawn together, so that what they miss is asked for in one batch.

import { effect } from "@preact/signals";
import type { Ns } from "../base/units.ts";
import { Ink } from "../draw/colours.ts";
import { Frame } from "../draw/drawlist.ts";
import { type Env, Scale } from "../draw/env.ts";
import { makeMeasure, Painter } from "../draw/paint.ts";
import { fillRanges } from "../draw/ranges.ts";
import { fillPieces } from "../draw/spans.ts";
import { Class } from "../model/trace.ts";
import { api } from "../net/api.ts";
import type { Store } from "../views/store.ts";

export interface MiniLane {
	/** Id of the goroutine; null: the collector's lane. */
	goroutine: number | null;
	from: Ns;
	to: Ns;
}

interface Attached {
	canvas: HTMLCanvasElement;
	painter: Painter;
	lane: MiniLane;
	/** "" until it is known. */
	key: string;
}

export class MiniLanes {
	private readonly all = new Set<Attached>();
	private readonly frame = new Frame();
	private readonly measure = makeMeasure(11);
	private readonly rows = new Map<number, Promise<number | null>>();
	private readonly dispose: () => void;
	private due = 0;

	constructor(private readonly store: Store) {
		this.dispose = effect(() => {
			void [store.arrivals.value, store.palette.value];
			this.schedule();
		});
	}

	close(): void {
		this.dispose();
		cancelAnimationFrame(this.due);
		this.due = 0;
		this.store.client.update([]);
	}

	/** Draws `lane` on the canvas until the answer is called. */
	attach(canvas: HTMLCanvasElement, lane: MiniLane): () => void {
		const id = lane.goroutine;
		const key = id === null ? "gc" : "";
		const one: Attached = { canvas, painter: new Painter(canvas, Ink.panel), lane, key };
		this.all.add(one);
		if (id !== null)
			void this.rowOf(id).then((row) => {
				if (row === null) return;
				one.key = `g:${row}`;
				this.schedule();
			});
		this.schedule();
		return () => {
			this.all.delete(one);
		};
	}

	schedule(): void {
		if (this.due || !this.all.size) return;
		this.due = requestAnimationFrame(() => {
			this.due = 0;
			this.draw();
		});
	}

	private rowOf(id: number): Promise<number | null> {
		let row = this.rows.get(id);
		if (!row) {
			this.store.busy.value++;
			row = api
				.search(String(id), 1)
				.then((a) => a.goroutines.find((g) => g.id === id)?.row ?? null)
				.catch((err) => {
					this.rows.delete(id);
					this.store.fail(err);
					return null;
				})
				.finally(() => {
					this.store.busy.value--;
				});
			this.rows.set(id, row);
		}
		return row;
	}

	private draw(): void {
		const { store, frame } = this;
		const dpr = window.devicePixelRatio || 1;
		const palette = store.palette.peek();
		store.tiles.beginFrame();
		for (const one of this.all) {
			const width = Math.max(1, Math.round(one.canvas.clientWidth * dpr));
			const height = Math.max(1, Math.round(one.canvas.clientHeight * dpr));
			const w = { from: one.lane.from, to: Math.max(one.lane.from + 1, one.lane.to) };
			frame.clear();
			if (one.key) {
				const scale = new Scale(w, width);
				const env: Env = {
					tiles: store.tiles,
					window: w,
					duration: store.duration.peek(),
					width,
					height,
					dpr,
					scroll: 0,
					rows: [],
					procs: 1,
					heapMax: 1,
					groupName: () => "",
					rangeName: () => undefined,
					measure: this.measure,
					hidden: store.hidden.peek(),
				};
				const bar = { y: 0, h: height };
				const pieces = store.tiles.cover(one.key, scale.level, w.from, w.to);
				if (one.key === "gc") {
					const stw = store.tiles.cover("stw", scale.level, w.from, w.to);
					fillRanges(pieces, Class.gc, bar, scale, env, frame);
					fillRanges(stw, Class.stw, bar, scale, env, frame);
				} else fillPieces(pieces, "member", bar, scale, env, frame);
			}
			one.painter.resize(width, height);
			one.painter.paint(frame, palette, dpr);
		}
		store.client.update(store.tiles.takeWanted());
	}
}
