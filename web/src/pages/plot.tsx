// SPDX-License-Identifier: MIT
// A plot of a table: lines over a linear or logarithmic axis, values read under the cursor. A click on a point says
// which row it was.

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { formatDuration, formatTick } from "../base/format.ts";
import { clamp } from "../base/units.ts";
import { cellText } from "../model/cells.ts";
import {
	type Cell,
	classOfColumn,
	columnIndex,
	type Kind,
	type PlotDoc,
	type Row,
	type TableDoc,
} from "../model/report.ts";
import { extent, linear, logarithmic, niceStep, type Scale } from "../model/scale.ts";
import { useSize } from "./size.ts";

const HEIGHT = 190;
const LEFT = 64;
const RIGHT = 16;
const TOP = 10;
const BOTTOM = 24;
/** Lines of columns that stand for no state. */
const COLOURS = ["var(--accent)", "var(--wait)", "var(--sync)", "var(--sys)"];

const num = (c: Cell | undefined): number | null => (typeof c === "number" ? c : null);

function xText(kind: Kind, v: number, step: number): string {
	if (kind === "time") return formatTick(v, step);
	if (kind === "ns") return formatDuration(v).replace(".000", "").replace(".00", "");
	return cellText(kind, v);
}

interface Series {
	key: string;
	title: string;
	colour: string;
	values: (number | null)[];
}

export interface PlotProps {
	plot: PlotDoc;
	table: TableDoc;
	/** A mark along the axis: the window that is looked at. */
	mark?: number | undefined;
	onPick?: ((row: Row, x: number) => void) | undefined;
	hint?: string | undefined;
	testid?: string;
}

export function Plot({ plot, table, mark, onPick, hint, testid }: PlotProps) {
	const [box, width] = useSize<HTMLElement>();
	const hover = useSignal<number | null>(null);
	const xi = columnIndex(table, plot.x);
	const xKind = table.columns[xi]?.kind ?? "number";
	const data = useMemo(() => {
		const rows = table.rows.filter((r) => {
			const x = num(r[xi]);
			return x !== null && (!plot.log_x || x > 0);
		});
		const xs = rows.map((r) => r[xi] as number);
		const series: Series[] = plot.y.map((key, i) => {
			const c = columnIndex(table, key);
			const cls = classOfColumn(key);
			return {
				key,
				title: table.columns[c]?.title ?? key,
				colour: cls ? `var(--${["", "run", "wait", "sys"][cls] || "gc"})` : (COLOURS[i] as string),
				values: rows.map((r) => num(r[c])),
			};
		});
		// Two lines of one colour could not be told apart.
		if (new Set(series.map((s) => s.colour)).size < series.length)
			series.forEach((s, i) => {
				s.colour = COLOURS[i % COLOURS.length] as string;
			});
		return { rows, xs, series };
	}, [plot, table, xi]);
	const { rows, xs, series } = data;
	const xr = extent(xs);
	if (xi < 0 || !xr)
		return (
			<figure class="plot" ref={box}>
				<p class="hint">{plot.title ?? "Plot"}: there is nothing to draw.</p>
			</figure>
		);
	const w = Math.max(80, width - LEFT - RIGHT);
	const h = HEIGHT - TOP - BOTTOM;
	const most = Math.max(2, Math.floor(w / 90));
	const x: Scale = plot.log_x ? logarithmic(xr[0], xr[1], most) : linear(xr[0], xr[1], most);
	const found = extent(series.flatMap((s) => s.values));
	const fixed = plot.y_min !== 0 || plot.y_max !== 0;
	// Lines that say how much of something there is begin at nothing.
	const y0 = fixed ? plot.y_min : Math.min(0, found?.[0] ?? 0);
	const y1 = fixed ? plot.y_max : (found?.[1] ?? 1) || 1;
	const y = linear(
		y0,
		fixed ? y1 : y1 + (y1 - y0) * 0.04,
		4,
		plot.y_kind === "bytes" ? 1024 : 1000,
	);
	// A half of something that is counted has no name of its own.
	if (plot.y_kind === "count") y.ticks = y.ticks.filter(Number.isInteger);
	const px = (v: number) => LEFT + x.at(v) * w;
	const py = (v: number) => TOP + (1 - y.at(v)) * h;
	const xStep = plot.log_x ? 1 : niceStep(xr[1] - xr[0], most);
	const at = hover.value;

	const nearest = (clientX: number, el: Element): number => {
		const left = el.getBoundingClientRect().left;
		const v = x.value(clamp((clientX - left - LEFT) / w, 0, 1));
		let lo = 0;
		let hi = xs.length - 1;
		while (lo < hi) {
			const mid = (lo + hi) >> 1;
			if ((xs[mid] as number) < v) lo = mid + 1;
			else hi = mid;
		}
		if (plot.steps) return lo > 0 && (xs[lo] as number) > v ? lo - 1 : lo;
		const before = xs[lo - 1];
		return before !== undefined &&
			Math.abs(px(before) - px(v)) < Math.abs(px(xs[lo] as number) - px(v))
			? lo - 1
			: lo;
	};
	return (
		<figure class="plot" ref={box} data-testid={testid}>
			<figcaption>
				<b>{plot.title}</b>
				{at === null ? (
					<>
						{series.length > 1 &&
							series.map((s) => (
								<span key={s.key}>
									<i style={{ background: s.colour }} />
									{s.title}
								</span>
							))}
						{hint && <span class="soft">{hint}</span>}
					</>
				) : (
					<>
						<span class="mark">{cellText(xKind, xs[at] ?? null)}</span>
						{series.map((s) => (
							<span key={s.key}>
								<i style={{ background: s.colour }} />
								{series.length > 1 && `${s.title} `}
								<b>{s.values[at] === null ? "–" : cellText(plot.y_kind, s.values[at] ?? null)}</b>
							</span>
						))}
					</>
				)}
			</figcaption>
			<svg
				width={Math.max(1, width)}
				height={HEIGHT}
				class={onPick ? "picks" : ""}
				role="img"
				aria-label={plot.title ?? "Plot"}
				onPointerMove={(e) => {
					hover.value = nearest(e.clientX, e.currentTarget);
				}}
				onPointerLeave={() => {
					hover.value = null;
				}}
				onClick={(e) => {
					const i = nearest(e.clientX, e.currentTarget);
					const row = rows[i];
					if (row) onPick?.(row, xs[i] as number);
				}}
			>
				<rect x={LEFT} y={TOP} width={w} height={h} class="ground" />
				{y.ticks.map((t) => (
					<g key={t}>
						<line x1={LEFT} x2={LEFT + w} y1={py(t)} y2={py(t)} class="grid" />
						<text x={LEFT - 8} y={py(t) + 4} class="end">
							{t === 0 ? "0" : cellText(plot.y_kind, t).replace(/\.0+(?=\D)/, "")}
						</text>
					</g>
				))}
				{x.ticks.map((t) => (
					<g key={t}>
						<line x1={px(t)} x2={px(t)} y1={TOP} y2={TOP + h} class="grid" />
						<text x={px(t)} y={HEIGHT - 8} class="middle">
							{xText(xKind, t, xStep)}
						</text>
					</g>
				))}
				{mark !== undefined && mark >= xr[0] && mark <= xr[1] && (
					<line x1={px(mark)} x2={px(mark)} y1={TOP} y2={TOP + h} class="chosen" />
				)}
				{[...series].reverse().map((s) => (
					<path
						key={s.key}
						d={line(xs, s.values, px, py, plot.steps)}
						style={{ stroke: s.colour }}
					/>
				))}
				{at !== null && xs[at] !== undefined && (
					<g>
						<line x1={px(xs[at])} x2={px(xs[at])} y1={TOP} y2={TOP + h} class="cursor-line" />
						{series.map((s) => {
							const v = s.values[at];
							return v === null || v === undefined ? null : (
								<circle
									key={s.key}
									cx={px(xs[at] as number)}
									cy={py(v)}
									r={3}
									style={{ fill: s.colour }}
								/>
							);
						})}
					</g>
				)}
			</svg>
		</figure>
	);
}

/** An SVG path; gaps where there is no value. Of points in one pixel the first, least, greatest and last are drawn. */
export function line(
	xs: readonly number[],
	ys: readonly (number | null)[],
	px: (v: number) => number,
	py: (v: number) => number,
	steps: boolean,
): string {
	const out: string[] = [];
	let pen = false;
	let before = 0;
	const r = (v: number) => Math.round(v * 10) / 10;
	for (let i = 0; i < xs.length; ) {
		const v = ys[i];
		if (v === null || v === undefined) {
			pen = false;
			i++;
			continue;
		}
		const column = Math.floor(px(xs[i] as number));
		const [x, y] = [r(px(xs[i] as number)), r(py(v))];
		if (!pen) out.push(`M${x} ${y}`);
		else if (steps) out.push(`H${x}V${y}`);
		else out.push(`L${x} ${y}`);
		pen = true;
		before = v;
		let [lo, hi] = [v, v];
		let j = i + 1;
		for (; j < xs.length && Math.floor(px(xs[j] as number)) === column; j++) {
			const u = ys[j];
			if (u === null || u === undefined) break;
			lo = Math.min(lo, u);
			hi = Math.max(hi, u);
			before = u;
		}
		if (j > i + 1) {
			if (lo < v) out.push(`L${x} ${r(py(lo))}`);
			if (hi > v || lo < v) out.push(`L${x} ${r(py(hi))}`);
			out.push(`L${x} ${r(py(before))}`);
		}
		i = j;
	}
	return out.join("");
}
