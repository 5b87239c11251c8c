// SPDX-License-Identifier: MIT
// A flame graph, outermost frames on top. Hover names the whole path, a click zooms, what a search does not find is dim.

import { useComputed, useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { formatCount, formatDuration, formatPercent, shortFunction } from "../base/format.ts";
import { clamp } from "../base/units.ts";
import {
	type FlameBox,
	type FlameNode,
	findPath,
	layoutFlame,
	matches,
	tintOf,
} from "../model/flame.ts";
import { useSize } from "./size.ts";

const ROW = 21;
/** Boxes narrower than this are not drawn, CSS pixels. */
const LEAST = 1.5;
/** Narrower ones carry no text. */
const TEXT = 30;

export interface FlameProps {
	root: FlameNode;
	/** What the root is called. */
	title: string;
	/** Times, or numbers of samples. */
	timed: boolean;
	search: string;
	/** Path of the node that fills the width; "" for all. */
	focus: string;
	onFocus: (path: string) => void;
	/** What the longest wait is called. */
	longest: string;
	/** Path that is marked. */
	marked: string | null;
}

export function Flame(p: FlameProps) {
	const [box, width] = useSize<HTMLDivElement>();
	const hover = useSignal<{ node: FlameNode; x: number; y: number } | null>(null);
	const focus = useMemo(() => findPath(p.root, p.focus), [p.root, p.focus]);
	const boxes = useMemo(() => (width > 0 ? layoutFlame(focus, LEAST / width) : []), [focus, width]);
	const depth = boxes.reduce((d, b) => Math.max(d, b.node.depth), 0);
	const amount = (n: FlameNode) =>
		p.timed ? formatDuration(n.value) : `${formatCount(n.value)} samples`;
	const find = (e: Event): FlameBox | undefined => {
		const el = (e.target as Element).closest<HTMLElement>("[data-box]");
		return el ? boxes[Number(el.dataset.box)] : undefined;
	};
	const told = useComputed(() => hover.value);
	return (
		<div
			class={`flame ${p.search ? "searching" : ""}`}
			ref={box}
			style={{ height: `${(depth + 1) * ROW + 2}px` }}
			data-testid="flame"
			onPointerMove={(e) => {
				const b = find(e);
				hover.value = b ? { node: b.node, x: e.clientX, y: e.clientY } : null;
			}}
			onPointerLeave={() => {
				hover.value = null;
			}}
			onClick={(e) => {
				const b = find(e);
				if (b) p.onFocus(b.node === focus && b.node.parent ? b.node.parent.path : b.node.path);
			}}
		>
			{boxes.map((b, i) => (
				<Box
					key={b.node.path || "/"}
					index={i}
					box={b}
					width={width}
					text={b.node.parent ? shortFunction(b.node.name) : p.title}
					above={b.node !== focus && b.node.depth < focus.depth}
					hit={p.search !== "" && matches(b.node.name, p.search)}
					on={p.marked !== null && isOn(b.node, p.marked)}
				/>
			))}
			{told.value && (
				<div
					class="tooltip flame-tip"
					role="tooltip"
					data-testid="flame-tip"
					style={{
						transform: `translate(${clamp(told.value.x + 14, 0, innerWidth - 430)}px, ${clamp(told.value.y + 16, 0, innerHeight - 40 - 17 * Math.min(22, told.value.node.depth + 2))}px)`,
					}}
				>
					<div>
						<b>{amount(told.value.node)}</b> in {formatCount(told.value.node.count)}
						{p.timed ? " waits" : ""} · {formatPercent(told.value.node.value, p.root.value)} of all
						{told.value.node.parent?.parent &&
							` · ${formatPercent(told.value.node.value, told.value.node.parent.value)} of its caller`}
					</div>
					{told.value.node.self > 0 && told.value.node.self < told.value.node.value && (
						<div class="soft">
							{amount({ ...told.value.node, value: told.value.node.self })} in it alone
						</div>
					)}
					{told.value.node.longest && (
						<div class="soft" data-testid="tip-longest">
							{p.longest}:{" "}
							{formatDuration(told.value.node.longest.to - told.value.node.longest.from)}
						</div>
					)}
					{lines(told.value.node).map((name, i) => (
						<div key={i} class={`mono ${i === 0 ? "" : "soft"}`}>
							{name}
						</div>
					))}
				</div>
			)}
		</div>
	);
}

/** The path, innermost first; the middle of a very deep one is left out. */
function lines(n: FlameNode): string[] {
	const all = n.path ? n.path.split("\n").reverse() : [];
	return all.length > 20
		? [...all.slice(0, 14), `… ${all.length - 18} more`, ...all.slice(-4)]
		: all;
}

const isOn = (n: FlameNode, path: string): boolean =>
	n.path !== "" && (path === n.path || path.startsWith(`${n.path}\n`));

function Box(p: {
	index: number;
	box: FlameBox;
	width: number;
	text: string;
	above: boolean;
	hit: boolean;
	on: boolean;
}) {
	const { node, x, w } = p.box;
	const px = w * p.width;
	const look = node.parent
		? node.cls
			? `c${node.cls} k${node.cls}`
			: `t${tintOf(node.name)}`
		: "root";
	return (
		<div
			class={`box ${look}${p.above ? " above" : ""}${p.hit ? " hit" : ""}${p.on ? " on" : ""}`}
			data-box={p.index}
			data-name={node.name}
			style={{
				transform: `translate(${x * p.width}px, ${node.depth * ROW}px)`,
				width: `${Math.max(1, px - (px > 4 ? 1 : 0))}px`,
			}}
		>
			{px >= TEXT ? p.text : ""}
		</div>
	);
}
