// SPDX-License-Identifier: MIT
// The only module that touches a canvas. Paints a Frame; keeps the images of tiles as long as the tiles live.

import type { DevicePx } from "../base/units.ts";
import { TILE_COLUMNS, type Tile } from "../model/tiles.ts";
import type { Palette } from "./colours.ts";
import { type Frame, type ImageOp, isEmpty, type Rects } from "./drawlist.ts";
import { rasterTile } from "./raster.ts";

export const FONT =
	'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';

type Image = OffscreenCanvas;

// One for all painters: a tile looks the same in each. Dropped with the tile by the collector.
const images = new WeakMap<Tile, Map<string, Image>>();

function imageOf(op: ImageOp, palette: Palette): Image {
	let byLook = images.get(op.tile);
	if (!byLook) {
		byLook = new Map();
		images.set(op.tile, byLook);
	}
	const look = `${op.style} ${op.h} ${op.scale} ${op.run} ${palette.version}`;
	let image = byLook.get(look);
	if (!image) {
		// Looks of another theme or pixel ratio are not coming back soon.
		byLook.clear();
		const pixels = rasterTile(op, palette);
		image = new OffscreenCanvas(TILE_COLUMNS, op.h);
		const data = new ImageData(
			new Uint8ClampedArray(pixels.buffer as ArrayBuffer),
			TILE_COLUMNS,
			op.h,
		);
		(image.getContext("2d") as OffscreenCanvasRenderingContext2D).putImageData(data, 0, 0);
		byLook.set(look, image);
	}
	return image;
}

export class Painter {
	private readonly ctx: CanvasRenderingContext2D;
	private empty = false;

	/** Opaque ones are painted over `background`, a colour by index; the browser then need not blend them. */
	constructor(
		private readonly canvas: HTMLCanvasElement,
		private readonly background: number | null,
	) {
		this.ctx = canvas.getContext("2d", { alpha: background === null }) as CanvasRenderingContext2D;
	}

	/** Gives the canvas its size; true if it changed, which clears it. */
	resize(width: DevicePx, height: DevicePx): boolean {
		if (this.canvas.width === width && this.canvas.height === height) return false;
		this.empty = false;
		this.canvas.width = width;
		this.canvas.height = height;
		return true;
	}

	paint(frame: Frame, palette: Palette, dpr: number): void {
		const { ctx } = this;
		if (this.background === null) {
			// Touching a canvas makes the browser compose all of it again.
			const empty = isEmpty(frame);
			if (empty && this.empty) return;
			this.empty = empty;
			ctx.clearRect(0, 0, this.canvas.width, this.canvas.height);
		} else {
			ctx.fillStyle = palette.css[this.background] as string;
			ctx.fillRect(0, 0, this.canvas.width, this.canvas.height);
		}
		this.rects(frame.back, palette);
		ctx.imageSmoothingEnabled = false;
		for (const op of frame.images)
			ctx.drawImage(imageOf(op, palette), op.sx, 0, op.sw, op.h, op.x, op.y, op.w, op.h);
		this.rects(frame.rects, palette);
		this.rects(frame.front, palette);
		ctx.textBaseline = "middle";
		let font = "";
		for (const t of frame.texts) {
			const f = `${t.size * dpr}px ${FONT}`;
			if (f !== font) {
				ctx.font = f;
				font = f;
			}
			ctx.textAlign = t.align;
			ctx.fillStyle = palette.css[t.colour] as string;
			ctx.fillText(t.text, t.x, t.y);
		}
	}

	private rects(r: Rects, palette: Palette): void {
		const { ctx } = this;
		const { box, colour } = r;
		let current = -1;
		for (let i = 0, k = 0; i < r.count; i++, k += 4) {
			if (colour[i] !== current) {
				current = colour[i] as number;
				ctx.fillStyle = palette.css[current] as string;
			}
			ctx.fillRect(
				box[k] as number,
				box[k + 1] as number,
				box[k + 2] as number,
				box[k + 3] as number,
			);
		}
	}
}

/** Widths of texts, remembered: the browser's own measuring is too slow to be asked every frame. */
export function makeMeasure(size: number): (text: string) => number {
	const ctx = new OffscreenCanvas(1, 1).getContext("2d") as OffscreenCanvasRenderingContext2D;
	ctx.font = `${size}px ${FONT}`;
	const known = new Map<string, number>();
	return (text) => {
		let w = known.get(text);
		if (w === undefined) {
			w = ctx.measureText(text).width;
			if (known.size > 20000) known.clear();
			known.set(text, w);
		}
		return w;
	};
}
