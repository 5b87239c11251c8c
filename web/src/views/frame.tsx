// SPDX-License-Identifier: MIT
// What stands around every page: header, rail of pages, footer.

import { formatCount, formatDuration, formatTime } from "../base/format.ts";
import { PAGES } from "../model/pages.ts";
import { CLASS_NAMES } from "../model/trace.ts";
import { useStore } from "./ctx.ts";
import { Search } from "./search.tsx";

const plural = (n: number, one: string, many = `${one}s`) =>
	`${formatCount(n)} ${n === 1 ? one : many}`;

export function Header({ theme, onTheme }: { theme: string; onTheme: () => void }) {
	const store = useStore();
	const t = store.trace.value;
	const facts = t
		? [
				t.format,
				formatDuration(t.duration_ns),
				plural(t.goroutines, "goroutine"),
				plural(t.procs.length, "proc"),
				plural(t.gc_cycles, "GC cycle"),
			].join(" · ")
		: "";
	return (
		<header>
			<b class="brand">kymo</b>
			<b
				class="file"
				data-testid="file"
				title={t ? `${t.file}, ${formatCount(t.bytes)} bytes, ${formatCount(t.events)} events` : ""}
			>
				{t?.file ?? ""}
			</b>
			<span class="trace-facts" data-testid="facts">
				{facts}
			</span>
			<Search />
			<div class="tools">
				<button
					type="button"
					onClick={onTheme}
					title="Light or dark"
					data-testid="theme"
					aria-label={`Theme: ${theme}`}
				>
					<svg viewBox="0 0 16 16" aria-hidden="true">
						<circle cx="8" cy="8" r="5.500" />
						<path d="M8 2.500a5.500 5.500 0 0 1 0 11z" class="filled" />
					</svg>
					{theme}
				</button>
				<button type="button" onClick={() => (store.help.value = true)} data-testid="keys">
					<kbd>?</kbd> keys
				</button>
			</div>
		</header>
	);
}

export function Rail() {
	const store = useStore();
	return (
		<nav class="rail">
			{PAGES.map(({ page, name, icon }) => (
				<button
					key={page}
					type="button"
					class={store.page.value === page ? "on" : ""}
					aria-current={store.page.value === page ? "page" : undefined}
					onClick={() => store.setPage(page)}
					data-testid={`page-${page}`}
				>
					<svg viewBox="0 0 16 16" aria-hidden="true">
						<path d={icon} />
					</svg>
					{name}
				</button>
			))}
		</nav>
	);
}

export function Footer() {
	const store = useStore();
	const w = store.window.value;
	const t = store.cursor.value;
	const band = store.band.value;
	const hidden = store.hidden.value;
	const marked = band
		? (Math.abs(band[1] - band[0]) / store.view.value.width) * (w.to - w.from)
		: 0;
	return (
		<footer>
			<span>
				window <b data-testid="window-length">{formatDuration(w.to - w.from)}</b>
			</span>
			{t !== null && <span class="time">{formatTime(t)}</span>}
			{marked > 0 && (
				<span>
					marked <b>{formatDuration(marked)}</b>
				</span>
			)}
			<div class="legend">
				{CLASS_NAMES.map(([cls, name]) => (
					<button
						key={cls}
						type="button"
						class={hidden.has(cls) ? "off" : ""}
						aria-pressed={!hidden.has(cls)}
						title={hidden.has(cls) ? `Show ${name}` : `Hide ${name}`}
						onClick={() => store.toggleClass(cls)}
					>
						<i class={`swatch c${cls}`} />
						{name}
					</button>
				))}
			</div>
		</footer>
	);
}
