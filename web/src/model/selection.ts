// SPDX-License-Identifier: MIT
// What the address says after '#': the page and its parameters, the window, the selection and what is open. Reloading
// the page or sending the address to somebody shows the same. docs/internals/viewer.md has the grammar.

import type { Ns } from "../base/units.ts";
import type { Window } from "./viewport.ts";

/** An interval, named by its lane and any instant inside it. */
export interface Selection {
	lane: string;
	t: Ns;
}

/** "timeline", a page of pages.ts, or the name of a report that has no page of its own. */
export type Page = string;
/** What a page is about, by the names that the report takes: group, goroutine, type, sort … */
export type Params = Readonly<Record<string, string>>;

export interface Place {
	page: Page;
	params: Params;
	window: Window | null;
	selection: Selection | null;
	open: readonly number[];
}

const LANE = /^(?:[gpm]:\d+|grp:\d+|gc|stw|all|heap|goal)$/;
const NAME = /^[a-z][a-z0-9_-]{0,31}$/;
const MAX_VALUE = 4096;

export function formatPlace(p: Place): string {
	const parts: string[] = [];
	if (p.page !== "timeline") parts.push(`page=${p.page}`);
	for (const [key, value] of Object.entries(p.params))
		parts.push(`${key}=${encodeURIComponent(value)}`);
	if (p.window) parts.push(`t=${Math.round(p.window.from)}-${Math.round(p.window.to)}`);
	if (p.selection) parts.push(`sel=${p.selection.lane}@${Math.floor(p.selection.t)}`);
	if (p.open.length) parts.push(`open=${p.open.join(",")}`);
	return parts.length ? `#${parts.join("&")}` : "";
}

function decode(text: string): string | null {
	try {
		return decodeURIComponent(text);
	} catch {
		return null;
	}
}

/** Never throws: what is not understood is left out. */
export function parsePlace(hash: string): Place {
	const params: Record<string, string> = {};
	const place: Place = { page: "timeline", params, window: null, selection: null, open: [] };
	for (const part of hash.replace(/^#/, "").split("&")) {
		const eq = part.indexOf("=");
		const key = part.slice(0, eq);
		const value = part.slice(eq + 1);
		if (!NAME.test(key)) continue;
		if (key === "page") {
			if (NAME.test(value)) place.page = value;
		} else if (key === "t") {
			const m = /^(\d{1,16})-(\d{1,16})$/.exec(value);
			if (m && Number(m[1]) < Number(m[2])) place.window = { from: Number(m[1]), to: Number(m[2]) };
		} else if (key === "sel") {
			const m = /^([^@]+)@(\d{1,16})$/.exec(value);
			if (m && LANE.test(m[1] as string))
				place.selection = { lane: m[1] as string, t: Number(m[2]) };
		} else if (key === "open") {
			place.open = value
				.split(",")
				.filter((v) => /^\d{1,9}$/.test(v))
				.map(Number);
		} else {
			const text = decode(value);
			if (text !== null && text.length <= MAX_VALUE) params[key] = text;
		}
	}
	return place;
}
