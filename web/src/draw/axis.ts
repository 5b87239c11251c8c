// SPDX-License-Identifier: MIT
// The time axis: ticks at 1, 2 or 5 times a power of ten, as close as their labels allow.

import type { Measure } from "../base/fit.ts";
import { formatTick } from "../base/format.ts";
import type { CssPx, Ns } from "../base/units.ts";
import type { Window } from "../model/viewport.ts";
import { Ink } from "./colours.ts";
import type { Frame } from "./drawlist.ts";
import { px, Scale } from "./env.ts";

export interface Ticks {
	step: Ns;
	times: Ns[];
}

export function niceStep(least: Ns): Ns {
	const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
	for (const m of [1, 2, 5]) if (power * m >= least - 1e-9) return power * m;
	return power * 10;
}

export function ticks(w: Window, width: CssPx, gap: CssPx): Ticks {
	const step = niceStep(((w.to - w.from) * gap) / Math.max(width, 1));
	const times: Ns[] = [];
	// Multiples, not sums: a sum of steps drifts.
	for (let i = Math.ceil(w.from / step); i * step <= w.to; i++) times.push(i * step);
	return { step, times };
}

/** Labels grow with the digits they need: ask for the gap twice, the second time knowing the step. */
export function axisTicks(w: Window, width: CssPx, measure: Measure): Ticks {
	const rough = ticks(w, width, 90);
	const sample = formatTick(rough.times[rough.times.length - 1] ?? w.to, rough.step);
	return ticks(w, width, Math.max(90, measure(sample) + 28));
}

export function fillAxis(
	w: Window,
	width: number,
	height: number,
	dpr: number,
	measure: Measure,
	out: Frame,
): void {
	const scale = new Scale(w, width);
	const t = axisTicks(w, width / dpr, measure);
	const minor = t.step / (String(t.step).startsWith("2") ? 4 : 5);
	for (let i = Math.ceil(w.from / minor); i * minor <= w.to; i++)
		out.rects.add(
			Math.round(scale.x(i * minor)),
			height - px(4, dpr),
			px(1, dpr),
			px(4, dpr),
			Ink.line,
		);
	for (const at of t.times) {
		const x = Math.round(scale.x(at));
		out.rects.add(x, px(6, dpr), px(1, dpr), height - px(6, dpr), Ink.line);
		const text = formatTick(at, t.step);
		// Never over an edge.
		if (x + px(5, dpr) + measure(text) * dpr <= width)
			out.texts.push({
				text,
				x: x + px(5, dpr),
				y: height / 2,
				colour: Ink.ink2,
				size: 11,
				align: "left",
			});
	}
}
