// SPDX-License-Identifier: MIT
// What the address says after '#': the window, the selection, the page and what is open. Reloading the page or
// sending the address to somebody shows the same.

import type { Ns } from "../base/units.ts";
import type { Window } from "./viewport.ts";

/** An interval, named by its lane and any instant inside it. */
export interface Selection {
	lane: string;
	t: Ns;
}

export type Page = "timeline" | "goroutines";

export interface Place {
	page: Page;
	window: Window | null;
	selection: Selection | null;
	open: readonly number[];
}

const LANE = /^(?:[gpm]:\d+|grp:\d+|gc|stw|all|heap|goal)$/;

export function formatPlace(p: Place): string {
	const parts: string[] = [];
	if (p.page !== "timeline") parts.push(`page=${p.page}`);
	if (p.window) parts.push(`t=${Math.round(p.window.from)}-${Math.round(p.window.to)}`);
	if (p.selection) parts.push(`sel=${p.selection.lane}@${Math.floor(p.selection.t)}`);
	if (p.open.length) parts.push(`open=${p.open.join(",")}`);
	return parts.length ? `#${parts.join("&")}` : "";
}

/** Never throws: what is not understood is left out. */
export function parsePlace(hash: string): Place {
	const place: Place = { page: "timeline", window: null, selection: null, open: [] };
	for (const part of hash.replace(/^#/, "").split("&")) {
		const eq = part.indexOf("=");
		const key = part.slice(0, eq);
		const value = part.slice(eq + 1);
		if (key === "page" && value === "goroutines") place.page = "goroutines";
		else if (key === "t") {
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
		}
	}
	return place;
}
