// SPDX-License-Identifier: MIT
// Light or dark: as the system says until somebody chooses. The choice is an attribute of the root element; the
// colours themselves are in the style sheet and are read back for the canvas.

import { effect, signal } from "@preact/signals";
import { makePalette, type Palette, PROPERTIES } from "../draw/colours.ts";
import type { Store } from "../views/store.ts";

export type Theme = "auto" | "light" | "dark";
const KEY = "kymo-theme";
let version = 0;

export const theme = signal<Theme>("auto");

export function readPalette(hidden: ReadonlySet<number>): Palette {
	const style = getComputedStyle(document.documentElement);
	return makePalette(
		++version,
		PROPERTIES.map((p) => style.getPropertyValue(p).trim()),
		hidden,
	);
}

const systemIsDark = () => matchMedia("(prefers-color-scheme: dark)").matches;

/** Before the first paint. */
export function initTheme(): void {
	let saved: string | null = null;
	try {
		saved = localStorage.getItem(KEY);
	} catch {
		// Storage may be forbidden; the choice then lasts as long as the page.
	}
	if (saved === "light" || saved === "dark") theme.value = saved;
	apply();
}

function apply(): void {
	const dark = theme.peek() === "dark" || (theme.peek() === "auto" && systemIsDark());
	document.documentElement.dataset.theme = dark ? "dark" : "light";
}

export function toggleTheme(): void {
	theme.value = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
	try {
		localStorage.setItem(KEY, theme.value);
	} catch {
		// As above.
	}
}

/** Keeps the store's palette in step with the theme and the legend. */
export function followTheme(store: Store): void {
	const update = () => {
		apply();
		store.palette.value = readPalette(store.hidden.peek());
	};
	effect(() => {
		void [theme.value, store.hidden.value];
		update();
	});
	matchMedia("(prefers-color-scheme: dark)").addEventListener("change", update);
}
