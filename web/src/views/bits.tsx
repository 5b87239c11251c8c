// SPDX-License-Identifier: MIT
// Small pieces that several views are made of.

import type { ComponentChildren } from "preact";
import {
	baseName,
	durationParts,
	formatDuration,
	formatPercent,
	formatTime,
	shortFunction,
} from "../base/format.ts";
import type { Ns } from "../base/units.ts";
import { CLASS_NAMES, type Frame, type GoroutineRef } from "../model/trace.ts";
import { useStore } from "./ctx.ts";

const names = new Map(CLASS_NAMES);
export const className = (cls: number): string => names.get(cls) ?? "idle";

/** A duration as tables have it: three digits, the unit lighter than the number, "–" for none. */
export function Duration({ ns }: { ns: Ns }) {
	if (!(ns > 0)) return <span class="none">–</span>;
	const q = durationParts(ns, 3);
	return (
		<span class="num">
			{q.value}
			<span class="unit">{`\u202f${q.unit}`}</span>
		</span>
	);
}

export function Swatch({ cls }: { cls: number }) {
	return <i class={`swatch c${cls}`} />;
}

/** A life as one bar, always in the same order of classes, so that bars compare down a column. */
export function LifeBar({ parts }: { parts: ReadonlyMap<number, Ns> }) {
	const total = [...parts.values()].reduce((a, b) => a + b, 0);
	if (!(total > 0)) return <div class="life" />;
	return (
		<div class="life">
			{[...parts].map(([cls, ns]) => (
				<i
					key={cls}
					class={`c${cls}`}
					style={{ width: `${(100 * ns) / total}%` }}
					title={`${className(cls)} ${formatDuration(ns)}, ${formatPercent(ns, total)}`}
				/>
			))}
		</div>
	);
}

export function Stack({
	title,
	frames,
	testid,
}: {
	title: string;
	frames: readonly Frame[];
	testid?: string;
}) {
	if (!frames.length) return null;
	return (
		<section class="stack" data-testid={testid}>
			<h3>{title}</h3>
			<ol>
				{frames.map((f, i) => (
					<li key={i} title={`${f.func}\n${f.file}:${f.line}`}>
						{shortFunction(f.func)} <span>{f.file ? `${baseName(f.file)}:${f.line}` : ""}</span>
					</li>
				))}
			</ol>
		</section>
	);
}

/** A link to what a goroutine did at an instant. */
export function GoroutineLink(p: {
	who: GoroutineRef;
	t: Ns;
	testid?: string;
	children?: ComponentChildren;
}) {
	const store = useStore();
	return (
		<button
			type="button"
			class="link"
			data-testid={p.testid}
			title={`${p.who.name || "goroutine"} at ${formatTime(p.t)}`}
			onClick={() => void store.jump(p.who.row, p.t)}
		>
			{p.children ?? `goroutine ${p.who.id}`}
		</button>
	);
}
