// SPDX-License-Identifier: MIT
// What lies over the lanes and changes with the mouse: the row under the cursor, the outline of the selected
// interval, and the arrow from who woke it.

import type { Row } from "../model/rows.ts";
import type { Selection } from "../model/selection.ts";
import { isRange, type RangeDoc, type SpanDoc } from "../model/trace.ts";
import { Ink } from "./colours.ts";
import type { Frame } from "./drawlist.ts";
import { BAR, type Env, px, rowTop, Scale } from "./env.ts";

export function fillOverlay(
	env: Env,
	selection: Selection | null,
	detail: { selection: Selection; span: SpanDoc | RangeDoc | null } | null,
	hoverKey: string | null,
	out: Frame,
): void {
	const scale = new Scale(env.window, env.width);
	for (const row of env.rows)
		if (row.key === hoverKey && row.kind !== "section")
			out.back.add(0, rowTop(row, env), env.width, Math.round(row.h * env.dpr), Ink.hover);
	if (!selection || !detail?.span || detail.selection.lane !== selection.lane) return;
	const { span } = detail;
	const row = env.rows.find(
		(r) => r.lane === selection.lane || (selection.lane === "stw" && r.lane === "gc"),
	);
	if (row) outline(row, span.start, span.end, scale, env, out);
	if (!isRange(span) && span.woken_by?.goroutine) {
		const waker = env.rows.find((r) => r.lane === `g:${span.woken_by?.goroutine?.row}`);
		if (waker && row) arrow(waker, row, scale.x(span.woken_by.time), env, out);
	}
}

function outline(row: Row, start: number, end: number, scale: Scale, env: Env, out: Frame): void {
	const [top, h] = BAR[row.kind] ?? [0, row.h];
	const t = px(2, env.dpr);
	const gap = px(1, env.dpr);
	const x0 = Math.max(-2 * t, Math.round(scale.x(start)) - t);
	const x1 = Math.min(
		env.width + 2 * t,
		Math.max(Math.round(scale.x(end)), Math.round(scale.x(start)) + 1) + t,
	);
	if (x1 < 0 || x0 > env.width) return;
	const y0 = rowTop(row, env) + Math.round(top * env.dpr) - t - gap;
	const y1 = rowTop(row, env) + Math.round((top + h) * env.dpr) + t;
	out.front.add(x0, y0, x1 - x0, t, Ink.accent);
	out.front.add(x0, y1 - t, x1 - x0, t, Ink.accent);
	out.front.add(x0, y0, t, y1 - y0, Ink.accent);
	out.front.add(x1 - t, y0, t, y1 - y0, Ink.accent);
}

/** From the waker's lane to the woken one's, at the instant it happened, with a head of three pixels' steps. */
function arrow(from: Row, to: Row, atX: number, env: Env, out: Frame): void {
	const x = Math.round(atX);
	if (x < 0 || x > env.width) return;
	const mid = (r: Row) => rowTop(r, env) + Math.round((r.h / 2) * env.dpr);
	const [a, b] = [mid(from), mid(to)];
	const w = px(1, env.dpr);
	out.front.add(x, Math.min(a, b), w, Math.abs(b - a), Ink.accent);
	const toward = b > a ? -1 : 1;
	for (let i = 0; i < 4; i++) {
		const half = i * w;
		out.front.add(x - half, b + toward * i * w - (toward > 0 ? 0 : w), 2 * half + w, w, Ink.accent);
	}
	out.front.add(x - px(2, env.dpr), a - px(2, env.dpr), px(5, env.dpr), px(5, env.dpr), Ink.accent);
}
