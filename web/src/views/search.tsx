// SPDX-License-Identifier: MIT
// The search box: goroutines by id, functions by any part of their name. Enter goes to the one that is marked.

import { effect, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { formatCount, formatTime, groupName, shortFunction } from "../base/format.ts";
import { clamp } from "../base/units.ts";
import type { SearchAnswer } from "../model/trace.ts";
import { api } from "../net/api.ts";
import { useStore } from "./ctx.ts";

const TYPING_MS = 60;
const LIMIT = 12;

interface Entry {
	key: string;
	title: string;
	note: string;
	go: () => void;
}

export function Search() {
	const store = useStore();
	const input = useRef<HTMLInputElement>(null);
	const text = useSignal("");
	const answer = useSignal<SearchAnswer | null>(null);
	const marked = useSignal(0);
	const focused = useSignal(false);
	// At once, not with the next rendering: the letters typed right after the key must not be lost.
	useEffect(
		() =>
			effect(() => {
				if (store.searchFocus.value) input.current?.select();
			}),
		[store],
	);
	useEffect(() => {
		const q = text.value.trim().replace(/^g(?=\d+$)/i, "");
		marked.value = 0;
		if (!q) {
			answer.value = null;
			return;
		}
		const abort = new AbortController();
		const timer = setTimeout(() => {
			api.search(q, LIMIT, abort.signal).then(
				(a) => {
					answer.value = a;
				},
				(err) => {
					if (!abort.signal.aborted) store.fail(err);
				},
			);
		}, TYPING_MS);
		return () => {
			clearTimeout(timer);
			abort.abort();
		};
	}, [text.value]);

	const done = () => {
		text.value = "";
		input.current?.blur();
	};
	const entries: Entry[] = [];
	const digits = /^g?\d+$/i.test(text.value.trim());
	const groups = (answer.value?.groups ?? []).slice(0, LIMIT).map((g) => ({
		key: `grp:${g.ix}`,
		title: groupName(g.name),
		note: `×${formatCount(g.count)}`,
		go: () => store.showGroup(g.ix),
	}));
	const goroutines = (answer.value?.goroutines ?? []).slice(0, LIMIT).map((g) => ({
		key: `g:${g.row}`,
		title: `G${g.id}  ${shortFunction(g.name)}`,
		note: `from ${formatTime(g.begin)}`,
		go: () => {
			// Where it lives: the middle of the window if it lives then, else the nearest end of its life.
			const w = store.window.peek();
			const t = clamp((w.from + w.to) / 2, g.begin, Math.max(g.begin, g.end - 1));
			void store.jump(g.row, Math.floor(t));
		},
	}));
	entries.push(...(digits ? [...goroutines, ...groups] : [...groups, ...goroutines]));

	const onKey = (e: KeyboardEvent) => {
		e.stopPropagation();
		if (e.key === "Escape") done();
		else if (e.key === "ArrowDown" || e.key === "ArrowUp") {
			marked.value = clamp(
				marked.value + (e.key === "ArrowDown" ? 1 : -1),
				0,
				Math.max(0, entries.length - 1),
			);
			e.preventDefault();
		} else if (e.key === "Enter") {
			const entry = entries[marked.value];
			if (entry) {
				entry.go();
				done();
			}
		}
	};
	return (
		<div class="search">
			<svg viewBox="0 0 16 16" aria-hidden="true">
				<path d="M7 2.500a4.500 4.500 0 1 0 .01 0M10.300 10.300l3.200 3.200" />
			</svg>
			<input
				ref={input}
				type="search"
				value={text.value}
				placeholder="Goroutine, function…"
				aria-label="Search goroutines and functions"
				data-testid="search"
				spellcheck={false}
				autocomplete="off"
				onInput={(e) => (text.value = e.currentTarget.value)}
				onKeyDown={onKey}
				onFocus={() => (focused.value = true)}
				onBlur={() => (focused.value = false)}
			/>
			<kbd>Ctrl K</kbd>
			{focused.value && text.value.trim() && answer.value && (
				<ul class="results" data-testid="results">
					{entries.map((entry, i) => (
						<li key={entry.key}>
							<button
								type="button"
								class={i === marked.value ? "on" : ""}
								onPointerDown={(e) => {
									// Before the box loses the focus, and the list with it.
									e.preventDefault();
									entry.go();
									done();
								}}
							>
								<span>{entry.title}</span>
								<span class="soft">{entry.note}</span>
							</button>
						</li>
					))}
					{!entries.length && <li class="empty">Nothing by that id or name.</li>}
				</ul>
			)}
		</div>
	);
}
