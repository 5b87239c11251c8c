// SPDX-License-Identifier: MIT
// A histogram of durations with a logarithmic axis. Dragging over it chooses buckets, a click one of them.

import { useSignal } from "@preact/signals";
import { formatCount, formatDuration } from "../base/format.ts";
import { clamp } from "../base/units.ts";
import { barsOf, countIn, lowerBound } from "../model/histogram.ts";
import type { Hist } from "../model/report.ts";
import { useSize } from "./size.ts";

const LABELS = 20;

export interface HistogramProps {
	hist: Hist;
	height: number;
	/** First and last bucket that are chosen. */
	chosen?: readonly [number, number] | null;
	onChoose?: ((range: readonly [number, number] | null) => void) | undefined;
	/** A class's number, for its colour; else the accent's. */
	cls?: number | undefined;
	what: string;
}

export function Histogram(p: HistogramProps) {
	const [box, width] = useSize<HTMLDivElement>();
	const drag = useSignal<readonly [number, number] | null>(null);
	const hover = useSignal<number | null>(null);
	const bars = barsOf(p.hist);
	// A bucket to either side, so that bars have a middle even if there is one only.
	const first = Math.max(0, bars.first - 1);
	const n = Math.max(10, bars.first + bars.counts.length + 1 - first);
	const w = width / n;
	const h = p.height - LABELS;
	const chosen = drag.value ?? p.chosen ?? null;
	const bucketAt = (e: PointerEvent, el: HTMLElement) =>
		first + clamp(Math.floor((e.clientX - el.getBoundingClientRect().left) / w), 0, n - 1);
	const grab = (e: PointerEvent) => {
		const el = e.currentTarget as HTMLElement;
		if (!p.onChoose) return;
		const start = bucketAt(e, el);
		el.setPointerCapture(e.pointerId);
		drag.value = [start, start];
		el.onpointermove = (m) => {
			const now = bucketAt(m, el);
			drag.value = [Math.min(start, now), Math.max(start, now)];
		};
		el.onpointerup = () => {
			el.onpointermove = null;
			el.onpointerup = null;
			const range = drag.peek();
			drag.value = null;
			if (!range) return;
			const same = p.chosen && range[0] === p.chosen[0] && range[1] === p.chosen[1];
			p.onChoose?.(same || countIn(bars, range[0], range[1]) === 0 ? null : range);
		};
		e.preventDefault();
	};
	const look = hover.value;
	const told = chosen ?? (look === null ? null : ([look, look] as const));
	const ticks: number[] = [];
	const every = Math.max(5, 5 * Math.ceil(70 / Math.max(1, w) / 5));
	for (let k = Math.ceil(first / 5) * 5; k <= first + n; k += every) ticks.push(k);
	return (
		<div class="histogram" data-testid="histogram">
			<p class="sub">
				{told ? (
					<>
						<b>{formatCount(countIn(bars, told[0], told[1]))}</b> of {formatCount(bars.total)}{" "}
						{p.what}: {formatDuration(lowerBound(told[0]))} to{" "}
						{formatDuration(lowerBound(told[1] + 1))}
						{p.chosen && (
							<button type="button" class="link" onClick={() => p.onChoose?.(null)}>
								show all
							</button>
						)}
					</>
				) : (
					<>
						{formatCount(bars.total)} {p.what}
						{p.onChoose && <span class="soft"> · drag to filter</span>}
					</>
				)}
			</p>
			<div
				ref={box}
				class={p.onChoose ? "brushes" : ""}
				style={{ height: `${p.height}px` }}
				onPointerDown={grab}
				onPointerMove={(e) => {
					hover.value = bucketAt(e, e.currentTarget);
				}}
				onPointerLeave={() => {
					hover.value = null;
				}}
			>
				<svg
					width={Math.max(1, width)}
					height={p.height}
					role="img"
					aria-label={`Durations of ${p.what}`}
				>
					{bars.counts.map((c, i) => {
						if (!c) return null;
						const k = bars.first + i;
						// What occurs at all has two pixels.
						const bar = Math.max(2, (h - 4) * (c / bars.most));
						const out = chosen && (k < chosen[0] || k > chosen[1]);
						return (
							<rect
								key={k}
								data-bucket={k}
								data-count={c}
								x={(k - first) * w + 0.5}
								y={h - bar}
								width={Math.max(1, w - 1)}
								height={bar}
								class={`f${p.cls ?? "x"} ${out ? "out" : ""}`}
							/>
						);
					})}
					<line x1={0} x2={width} y1={h + 0.5} y2={h + 0.5} class="axis-line" />
					{ticks.map((k) => (
						<text
							key={k}
							x={clamp((k - first) * w, 14, Math.max(14, width - 20))}
							y={p.height - 5}
							class="middle"
						>
							{formatDuration(lowerBound(k))}
						</text>
					))}
					{chosen && (
						<rect
							class="brush-box"
							x={(chosen[0] - first) * w}
							y={1}
							width={(chosen[1] - chosen[0] + 1) * w}
							height={h - 1}
						/>
					)}
				</svg>
			</div>
		</div>
	);
}
