// SPDX-License-Identifier: MIT
// What one frame shows, as data: rectangles in typed arrays, tile images by reference, texts. Filled by pure
// functions, painted by paint.ts, compared as text by the tests. All coordinates are device pixels.

import type { DevicePx } from "../base/units.ts";
import type { Tile } from "../model/tiles.ts";

export class Rects {
	count = 0;
	private capacity = 1024;
	/** x, y, w, h of each. */
	box = new Float32Array(4 * this.capacity);
	colour = new Uint8Array(this.capacity);

	add(x: DevicePx, y: DevicePx, w: DevicePx, h: DevicePx, colour: number): void {
		if (this.count === this.capacity) this.grow();
		const i = 4 * this.count;
		this.box[i] = x;
		this.box[i + 1] = y;
		this.box[i + 2] = w;
		this.box[i + 3] = h;
		this.colour[this.count++] = colour;
	}

	clear(): void {
		this.count = 0;
	}

	private grow(): void {
		this.capacity *= 2;
		const box = new Float32Array(4 * this.capacity);
		box.set(this.box);
		this.box = box;
		const colour = new Uint8Array(this.capacity);
		colour.set(this.colour);
		this.colour = colour;
	}
}

export type ImageStyle = "goroutine" | "proc" | "counts";

/** A tile's columns as an image, stretched from 512 columns (or some of them) to w pixels, nearest neighbour. */
export interface ImageOp {
	tile: Tile;
	style: ImageStyle;
	/** Height of the bars; the image is as high. */
	h: DevicePx;
	/** First column and number of columns. */
	sx: number;
	sw: number;
	x: DevicePx;
	y: DevicePx;
	w: DevicePx;
	/** Procs, the scale of `counts`. */
	scale: number;
	/** Class whose colour running has in `counts`. */
	run: number;
	/** CSS pixel in device pixels, for lines that are to look equally thick everywhere. */
	dpr: number;
}

export interface TextOp {
	text: string;
	x: DevicePx;
	/** The text's middle. */
	y: DevicePx;
	colour: number;
	/** CSS pixels. */
	size: number;
	align: "left" | "right" | "center";
}

/** Layers, painted in this order. */
export class Frame {
	readonly back = new Rects();
	readonly images: ImageOp[] = [];
	readonly rects = new Rects();
	readonly front = new Rects();
	readonly texts: TextOp[] = [];

	clear(): void {
		this.back.clear();
		this.rects.clear();
		this.front.clear();
		this.images.length = 0;
		this.texts.length = 0;
	}
}

export const isEmpty = (f: Frame): boolean =>
	f.back.count + f.rects.count + f.front.count + f.images.length + f.texts.length === 0;

/** One line a thing, for tests: "rect 10,4 32x12 run". */
export function describeFrame(f: Frame, colourName: (ix: number) => string): string {
	const lines: string[] = [];
	const rects = (name: string, r: Rects) => {
		for (let i = 0; i < r.count; i++) {
			const [x, y, w, h] = r.box.subarray(4 * i, 4 * i + 4);
			lines.push(`${name} ${x},${y} ${w}x${h} ${colourName(r.colour[i] as number)}`);
		}
	};
	rects("back", f.back);
	for (const m of f.images)
		lines.push(
			`image ${m.style} L${m.tile.level} B${m.tile.block} ${m.sx}+${m.sw} at ${m.x},${m.y} ${m.w}x${m.h}`,
		);
	rects("rect", f.rects);
	rects("front", f.front);
	for (const t of f.texts) lines.push(`text "${t.text}" ${t.x},${t.y} ${colourName(t.colour)}`);
	return lines.join("\n");
}
