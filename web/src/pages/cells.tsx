// SPDX-License-Identifier: MIT
// A cell as a page shows it: figures at the right with a lighter unit, links, bars, small plots.

import {
	durationParts,
	formatDuration,
	formatTime,
	groupName,
	shortFunction,
} from "../base/format.ts";
import { cellText, placeOf, siteOf } from "../model/cells.ts";
import { barsOf, lowerBound } from "../model/histogram.ts";
import {
	byLength,
	type Cell,
	type Column,
	classOfColumn,
	type Hist,
	isNothing,
	lifeOf,
	type Named,
} from "../model/report.ts";
import {
	goroutineStory,
	type groupList,
	type Interval,
	LONGEST,
	taskStory,
} from "../model/targets.ts";
import { Class, classOfReason, type Frame } from "../model/trace.ts";
import { LifeBar, Swatch } from "../views/bits.tsx";
import { useStore } from "../views/ctx.ts";

/** The class of a state as reports name it. */
export function classOfState(state: string, reason: string): number {
	if (state.startsWith("run")) return state === "runnable" ? Class.wait : Class.run;
	if (state.startsWith("syscall")) return Class.sys;
	return state.startsWith("wait") || state.startsWith("blocked") ? classOfReason(reason) : -1;
}

export const isNumeric = (c: Column): boolean =>
	["ns", "time", "count", "id", "bytes", "ratio", "number"].includes(c.kind);

/** The text without its unit, and the unit. */
function Quantity({ text }: { text: string }) {
	const at = text.lastIndexOf("\u202f");
	const unit = at < 0 ? "" : text.slice(at);
	if (!/[a-zµ%]/i.test(unit)) return <span class="num">{text}</span>;
	return (
		<span class="num">
			{text.slice(0, at)}
			<span class="unit">{unit}</span>
		</span>
	);
}

export function Link(p: {
	title?: string;
	testid?: string;
	to: () => void;
	/** Of the interval it leads to. */
	from?: number;
	children: preact.ComponentChildren;
}) {
	return (
		<button
			type="button"
			class="link"
			title={p.title}
			data-testid={p.testid}
			data-from={p.from}
			tabIndex={-1}
			onClick={(e) => {
				e.stopPropagation();
				p.to();
			}}
		>
			{p.children}
		</button>
	);
}

/** `domain`: first and last bucket of the column, so that small plots compare down it. */
export function Spark({ hist, domain }: { hist: Hist; domain: readonly [number, number] | null }) {
	const bars = barsOf(hist);
	const first = Math.min(bars.first, domain?.[0] ?? bars.first);
	const last = Math.max(bars.first + bars.counts.length - 1, domain?.[1] ?? 0);
	const w = 100 / Math.max(12, last - first + 1);
	const from = formatDuration(lowerBound(bars.first));
	const to = formatDuration(lowerBound(bars.first + bars.counts.length));
	return (
		<svg
			class="spark"
			viewBox="0 0 100 20"
			preserveAspectRatio="none"
			aria-label={`${from} to ${to}`}
		>
			<title>{`${from} to ${to}, five buckets a decade`}</title>
			{bars.counts.map((n, i) => {
				if (!n) return null;
				const h = Math.max(1.5, (19 * n) / bars.most);
				return (
					<rect key={i} x={(bars.first + i - first) * w} y={20 - h} width={w - 0.6} height={h} />
				);
			})}
		</svg>
	);
}

export interface CellProps {
	column: Column;
	cell: Cell;
	/** The largest of the column, for a bar. */
	most: number;
	/** What the row stands for on the timeline. */
	interval: Interval | null;
	domain?: readonly [number, number] | null;
	/** The row's state and reason, for their colour. */
	reason: string;
}

export function CellView({ column: c, cell, most, interval, reason, domain = null }: CellProps) {
	const store = useStore();
	const params = store.params.value;
	if (c.key.startsWith("since_") && cell === 0) return <span class="num">0</span>;
	if (isNothing(c.kind, cell)) {
		if (cell === "" && c.key === "name" && c.flags.includes("group"))
			return <span class="none">{groupName("")}</span>;
		return <span class="none">–</span>;
	}
	const go = (t: ReturnType<typeof groupList> | null) => t && store.go(t.page, t.params);
	switch (c.kind) {
		case "life":
			return <LifeBar parts={lifeOf(cell)} />;
		case "hist":
			return <Spark hist={cell as Hist} domain={domain} />;
		case "time": {
			const t = cell as number;
			const target = interval ?? { goroutine: null, from: t, to: t };
			return (
				<Link title="Show on the timeline" to={() => void store.showInterval(target)}>
					{formatTime(t)}
				</Link>
			);
		}
		case "id":
			if (c.flags.includes("goroutine"))
				return (
					<Link title="Its story" to={() => go(goroutineStory(cell as number, params))}>
						G{String(cell)}
					</Link>
				);
			if (c.flags.includes("task"))
				return (
					<Link title="Its story" to={() => go(taskStory(cell as number, params))}>
						{String(cell)}
					</Link>
				);
			return <span class="num">{String(cell)}</span>;
		case "text":
			return <TextCell column={c} text={cell as string} reason={reason} />;
		case "named": {
			const [name, ns] = byLength(cell as Named)[0] as [string, number];
			const q = durationParts(ns, 3);
			return (
				<span class="named">
					<Swatch cls={classOfReason(name)} />
					<span>{name}</span>
					<span class="num">
						{q.value}
						<span class="unit">{`\u202f${q.unit}`}</span>
					</span>
				</span>
			);
		}
		case "stack":
			return <StackCell stack={cell as readonly Frame[]} />;
		default: {
			const quantity = <Quantity text={cellText(c.kind, cell)} />;
			const text =
				interval && LONGEST.includes(c.key) ? (
					<Link
						title={`The longest, at ${formatTime(interval.from)}: show on the timeline`}
						testid="longest"
						from={interval.from}
						to={() => void store.showInterval(interval)}
					>
						{quantity}
					</Link>
				) : (
					quantity
				);
			if (!c.flags.includes("bar")) return text;
			const share = most > 0 ? Math.min(1, (cell as number) / most) : 0;
			return (
				<span class="with-bar">
					<i>
						<b
							class={`c${classOfColumn(c.key) || "x"}`}
							style={{ width: `${Math.max(1, 100 * share)}%` }}
						/>
					</i>
					{text}
				</span>
			);
		}
	}
}

function TextCell({ column: c, text, reason }: { column: Column; text: string; reason: string }) {
	if (c.flags.includes("group")) return <span class="name">{groupName(text)}</span>;
	if (c.key === "state" || c.key === "reason") {
		const cls = c.key === "state" ? classOfState(text, reason) : -1;
		return (
			<span class="state">
				{cls >= 0 && <Swatch cls={cls} />}
				{text}
			</span>
		);
	}
	// Leading blanks say how deep a line of a story is.
	const indent = text.length - text.trimStart().length;
	return <span style={indent ? { paddingLeft: `${0.7 * indent}em` } : undefined}>{text}</span>;
}

function StackCell({ stack }: { stack: readonly Frame[] }) {
	const site = siteOf(stack);
	if (!site) return <span class="none">–</span>;
	return (
		<span class="at">
			{shortFunction(site.leaf.func)}
			{site.caller && (
				<>
					<span class="soft"> ‹ </span>
					{shortFunction(site.caller.func)}
				</>
			)}{" "}
			<span class="soft">{placeOf(site.caller ?? site.leaf)}</span>
		</span>
	);
}

/** What a tooltip over a cell says: all of what the cell cuts or sums up. */
export function cellTitle(kind: Column["kind"], cell: Cell): string | undefined {
	if (isNothing(kind, cell)) return undefined;
	if (kind === "named")
		return byLength(cell as Named)
			.map(([name, ns]) => `${name} ${formatDuration(ns)}`)
			.join("\n");
	if (kind === "stack")
		return (cell as readonly Frame[]).map((f) => `${f.func} ${placeOf(f)}`).join("\n");
	if (kind === "text") return (cell as string).length > 24 ? (cell as string) : undefined;
	if (kind === "ns") return formatTime(cell as number);
	return undefined;
}
