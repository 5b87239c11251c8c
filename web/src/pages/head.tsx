// SPDX-License-Identifier: MIT
// The head of a page: what it is, in a sentence; the window it is about; filters as chips; files to take away.

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { formatDuration, formatTime, groupName } from "../base/format.ts";
import { filtersIn, pageDef, windowOf } from "../model/pages.ts";
import { useStore } from "../views/ctx.ts";

const TYPING_MS = 250;

const FILTER_NAMES: Readonly<Record<string, string>> = {
	func: "function",
	"region-at": "region at",
	latmin: "at least",
	latmax: "at most",
	logtext: "text",
	id: "task",
};

export interface Crumb {
	text: string;
	title?: string;
	to?: () => void;
}

export function PageHead(p: {
	crumbs: readonly Crumb[];
	sentence: string;
	/** This page is about a window. */
	windowed: boolean;
	children?: ComponentChildren;
}) {
	return (
		<div class="page-head" data-testid="page-head">
			<h1>
				{p.crumbs.map((c, i) => (
					<span key={i}>
						{i > 0 && <i class="sep">›</i>}
						{c.to ? (
							<button type="button" class="crumb" title={c.title} onClick={c.to}>
								{c.text}
							</button>
						) : (
							<span title={c.title}>{c.text}</span>
						)}
					</span>
				))}
			</h1>
			<span class="sub" data-testid="page-sentence">
				{p.sentence.replace(/(\d),(?=\d{3})/g, "$1\u202f")}
			</span>
			<div class="switches">
				{p.children}
				{p.windowed && <WindowSwitch />}
			</div>
		</div>
	);
}

/** The part of the trace that is on the timeline, or all of it. */
function WindowSwitch() {
	const store = useStore();
	const w = store.window.value;
	const duration = store.duration.value;
	const whole = store.params.value.whole === "1";
	const part = windowOf({}, w, duration);
	if (!part)
		return (
			<span class="fact" title="The timeline shows the whole trace, and so does this page">
				whole trace
			</span>
		);
	return (
		<div class="switch" role="group" aria-label="Part of the trace">
			<button
				type="button"
				class={whole ? "" : "on"}
				aria-pressed={!whole}
				title={`${formatTime(part.from)} to ${formatTime(part.to)}, as on the timeline`}
				onClick={() => store.setParams({ whole: undefined })}
				data-testid="window-part"
			>
				{formatDuration(part.to - part.from)} on the timeline
			</button>
			<button
				type="button"
				class={whole ? "on" : ""}
				aria-pressed={whole}
				onClick={() => store.setParams({ whole: "1" })}
				data-testid="window-whole"
			>
				whole trace
			</button>
		</div>
	);
}

/** Several that exclude each other. */
export function Switch(p: {
	label: string;
	value: string;
	options: readonly (readonly [string, string, string?])[];
	onChange: (value: string) => void;
}) {
	return (
		<div class="switch" role="group" aria-label={p.label}>
			{p.options.map(([value, text, title]) => (
				<button
					key={value}
					type="button"
					class={value === p.value ? "on" : ""}
					aria-pressed={value === p.value}
					title={title}
					data-testid={`switch-${value}`}
					onClick={() => p.onChange(value)}
				>
					{text}
				</button>
			))}
		</div>
	);
}

export function Download({ href, text, title }: { href: string; text: string; title: string }) {
	// What the file is called where the server does not say.
	const name = href.replace(/\?.*/, "").replace(/.*\//, "");
	return (
		<a
			class="download"
			href={href}
			download={`${name}.${text.toLowerCase()}`}
			title={title}
			data-testid={`get-${text.toLowerCase()}`}
		>
			{text}
		</a>
	);
}

/** The filter box and the chips. Nothing where a page cannot be filtered. */
export function Filters({ without = [] }: { without?: readonly string[] }) {
	const store = useStore();
	const page = pageDef(store.page.value);
	const params = store.params.value;
	const find = page?.find;
	const chips = filtersIn(params).filter(([k]) => k !== find?.key && !without.includes(k));
	const free = (page?.filters ?? []).filter(
		(k) => !(k in params) && k !== find?.key && !without.includes(k),
	);
	if (!find && !chips.length && !free.length) return null;
	return (
		<div class="filters" data-testid="filters">
			{find && <Find param={find.key} hint={find.hint} key={`${store.page.value}.${find.key}`} />}
			{chips.map(([key, value]) => (
				<span class="chip" key={key} data-testid={`chip-${key}`}>
					<i>{FILTER_NAMES[key] ?? key}</i> {told(key, value)}
					<button
						type="button"
						aria-label={`Without ${FILTER_NAMES[key] ?? key}`}
						onClick={() => store.setParams({ [key]: undefined })}
					>
						×
					</button>
				</span>
			))}
			{free.length > 0 && <AddFilter keys={free} />}
		</div>
	);
}

const told = (key: string, value: string): string =>
	key.startsWith("lat") && /^\d+$/.test(value)
		? formatDuration(Number(value))
		: key === "group"
			? value || groupName("")
			: value;

function Find({ param, hint }: { param: string; hint: string }) {
	const store = useStore();
	const input = useRef<HTMLInputElement>(null);
	const value = store.params.value[param] ?? "";
	const text = useSignal(value);
	const timer = useRef(0);
	useEffect(() => {
		if (document.activeElement !== input.current) text.value = value;
	}, [value]);
	useEffect(() => {
		const focus = (key: string): boolean => {
			if (key !== "/") return false;
			input.current?.select();
			return true;
		};
		store.pageKey = focus;
		return () => {
			if (store.pageKey === focus) store.pageKey = null;
			clearTimeout(timer.current);
		};
	}, [store]);
	const set = () => {
		clearTimeout(timer.current);
		if (text.peek() !== (store.params.peek()[param] ?? ""))
			store.setParams({ [param]: text.peek() || undefined }, false);
	};
	return (
		<label class="find">
			<svg viewBox="0 0 16 16" aria-hidden="true">
				<path d="M7 2.500a4.500 4.500 0 1 0 .01 0M10.300 10.300l3.200 3.200" />
			</svg>
			<input
				ref={input}
				type="search"
				spellcheck={false}
				placeholder={hint}
				aria-label={hint}
				value={text.value}
				data-testid="find"
				onInput={(e) => {
					text.value = e.currentTarget.value;
					clearTimeout(timer.current);
					timer.current = window.setTimeout(set, TYPING_MS);
				}}
				onKeyDown={(e) => {
					if (e.key === "Escape") {
						text.value = "";
						set();
						input.current?.blur();
					} else if (e.key === "Enter" || e.key === "ArrowDown") {
						set();
						input.current?.blur();
						store.tableKey?.("ArrowDown");
						e.preventDefault();
					}
				}}
			/>
			<kbd>/</kbd>
		</label>
	);
}

function AddFilter({ keys }: { keys: readonly string[] }) {
	const store = useStore();
	const key = useSignal<string | null>(null);
	const chosen = key.value && keys.includes(key.value) ? key.value : null;
	if (!chosen)
		return (
			<select
				class="add"
				aria-label="Add a filter"
				data-testid="add-filter"
				value=""
				onChange={(e) => {
					key.value = e.currentTarget.value;
				}}
			>
				<option value="">+ filter</option>
				{keys.map((k) => (
					<option key={k} value={k}>
						{FILTER_NAMES[k] ?? k}
					</option>
				))}
			</select>
		);
	return (
		<form
			class="chip"
			onSubmit={(e) => {
				e.preventDefault();
				const value = new FormData(e.currentTarget).get("value");
				key.value = null;
				if (typeof value === "string" && value) store.setParams({ [chosen]: value });
			}}
		>
			<i>{FILTER_NAMES[chosen] ?? chosen}</i>
			<input
				name="value"
				spellcheck={false}
				aria-label={`Filter by ${FILTER_NAMES[chosen] ?? chosen}`}
				data-testid="filter-value"
				ref={(el) => el?.focus()}
				placeholder={chosen.startsWith("lat") ? "1.5ms" : ""}
				onKeyDown={(e) => {
					if (e.key === "Escape") key.value = null;
				}}
			/>
		</form>
	);
}
