// SPDX-License-Identifier: MIT
// Colours by index, so that a draw list is numbers only. The first ones are the classes of model/trace.ts; the rest
// are named here. A palette gives each index its colour of the moment, read from the style sheet by app/theme.ts.

import { CLASS_COUNT } from "../model/trace.ts";

export const Ink = {
	line: CLASS_COUNT,
	line2: CLASS_COUNT + 1,
	ink: CLASS_COUNT + 2,
	ink2: CLASS_COUNT + 3,
	ink3: CLASS_COUNT + 4,
	accent: CLASS_COUNT + 5,
	accentFill: CLASS_COUNT + 6,
	gcTint: CLASS_COUNT + 7,
	exists: CLASS_COUNT + 8,
	hover: CLASS_COUNT + 9,
	stwMark: CLASS_COUNT + 10,
	stwTint: CLASS_COUNT + 11,
	bg: CLASS_COUNT + 12,
	panel: CLASS_COUNT + 13,
	/** Text on a class: onClass + class. */
	onClass: CLASS_COUNT + 14,
} as const;

/** The custom property behind each index up to onClass. */
export const PROPERTIES: readonly string[] = [
	"--idle",
	"--run",
	"--wait",
	"--sys",
	"--chan",
	"--sync",
	"--net",
	"--sleep",
	"--gc",
	"--other",
	"--stw",
	"--line",
	"--line2",
	"--ink",
	"--ink2",
	"--ink3",
	"--accent",
	"--accent-fill",
	"--gc-tint",
	"--exists",
	"--hover",
	"--stw-mark",
	"--stw-tint",
	"--bg",
	"--panel",
];

export interface Palette {
	/** Changes whenever any colour does; what was drawn with another version is stale. */
	version: number;
	/** CSS colours by index. */
	css: readonly string[];
	/** Pixels by index, as ImageData has them on a little-endian machine; 0 (clear) for classes that are switched off. */
	rgba: Uint32Array;
	/** Classes that the legend has switched off. */
	hidden: ReadonlySet<number>;
}

/** [r, g, b, a], each 0..255, of "#rrggbb" or "#rrggbbaa". */
export function parseColour(text: string): [number, number, number, number] {
	const m = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})?$/i.exec(text.trim());
	if (!m) throw new Error(`not a colour of the form #rrggbb: ${text}`);
	return [1, 2, 3, 4].map((i) => (m[i] ? Number.parseInt(m[i] as string, 16) : 255)) as [
		number,
		number,
		number,
		number,
	];
}

function luminance([r, g, b]: readonly number[]): number {
	const lin = (v: number) => {
		const s = v / 255;
		return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
	};
	return 0.2126 * lin(r as number) + 0.7152 * lin(g as number) + 0.0722 * lin(b as number);
}

/** Contrast ratio of two opaque colours, as WCAG defines it. */
export function contrast(a: string, b: string): number {
	const [hi, lo] = [luminance(parseColour(a)), luminance(parseColour(b))].sort((x, y) => y - x) as [
		number,
		number,
	];
	return (hi + 0.05) / (lo + 0.05);
}

const ON_LIGHT = "#101214";
const ON_DARK = "#ffffff";

/** Text that can be read on a colour: white where it reaches 4.5:1, else nearly black. */
export const textOn = (colour: string): string =>
	contrast(colour, ON_DARK) >= 4.5 ? ON_DARK : ON_LIGHT;

/** Builds a palette from the values of PROPERTIES, in their order. */
export function makePalette(
	version: number,
	values: readonly string[],
	hidden: ReadonlySet<number>,
): Palette {
	const css = [...values];
	for (let cls = 0; cls < CLASS_COUNT; cls++) css.push(textOn(values[cls] as string));
	const rgba = new Uint32Array(css.length);
	css.forEach((c, i) => {
		const [r, g, b, a] = parseColour(c);
		rgba[i] = hidden.has(i) ? 0 : ((a << 24) | (b << 16) | (g << 8) | r) >>> 0;
	});
	return { version, css, rgba, hidden };
}
