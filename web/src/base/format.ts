// SPDX-License-Identifier: MIT
// Numbers as people read them: units by magnitude, digits grouped by three with a narrow space, never scientific.

import type { Ns } from "./units.ts";

const GAP = "\u202f"; // narrow no-break space

const UNITS: readonly (readonly [string, number])[] = [
	["s", 1e9],
	["ms", 1e6],
	["µs", 1e3],
	["ns", 1],
];

export interface Quantity {
	value: string;
	unit: string;
}

function groupInteger(digits: string): string {
	return digits.replace(/\B(?=(\d{3})+(?!\d))/g, GAP);
}

/** 2756 -> "2 756". */
export function formatCount(n: number): string {
	return groupInteger(Math.round(n).toString());
}

/** A duration to `digits` significant digits at most: 1842118 -> "1.842 ms", 118000 -> "118 µs". */
export function durationParts(ns: Ns, digits = 4): Quantity {
	const abs = Math.abs(ns);
	const half = 0.5 * 10 ** (3 - digits);
	// 999.96 µs would print as "1000 µs": step to the next unit where rounding carries over.
	const [unit, scale] = UNITS.find(
		([name, s]) => abs >= (name === "ns" ? 1 : s - half * (s / 1e3)),
	) ?? ["ns", 1];
	const v = abs / scale;
	const whole = v >= 100 - half / 10 ? 3 : v >= 10 - half / 100 ? 2 : 1;
	const decimals = unit === "ns" ? 0 : Math.max(0, digits - whole);
	let text = v.toFixed(decimals);
	if (decimals && Number.isInteger(v)) text = v.toFixed(0);
	const dot = text.indexOf(".");
	const integer = dot < 0 ? text : text.slice(0, dot);
	return {
		value: (ns < 0 ? "−" : "") + groupInteger(integer) + (dot < 0 ? "" : text.slice(dot)),
		unit,
	};
}

export function formatDuration(ns: Ns): string {
	const q = durationParts(ns);
	return q.value + GAP + q.unit;
}

/** A point in time, every nanosecond of it: 41203118 -> "41.203 118 ms". */
export function formatTime(ns: Ns): string {
	const abs = Math.abs(Math.round(ns));
	const [unit, scale] = UNITS.find(([, s]) => abs >= s) ?? ["ns", 1];
	const whole = groupInteger(Math.floor(abs / scale).toString());
	const places = Math.round(Math.log10(scale));
	const sign = ns < 0 ? "−" : "";
	if (places === 0) return sign + whole + GAP + unit;
	const rest = (abs % scale).toString().padStart(places, "0");
	return `${sign}${whole}.${rest.replace(/(\d{3})(?=\d)/g, `$1${GAP}`)}${GAP}${unit}`;
}

/** A tick of an axis whose ticks are `step` apart: just the digits that differ. */
export function formatTick(ns: Ns, step: Ns): string {
	if (ns === 0) return "0";
	const [unit, scale] = UNITS.find(([, s]) => Math.abs(ns) >= s) ?? ["ns", 1];
	const decimals = Math.max(0, Math.ceil(Math.log10(scale / step) - 1e-9));
	const text = (ns / scale).toFixed(decimals);
	const [whole = "", rest = ""] = text.split(".");
	const tail = rest ? `.${rest.replace(/(\d{3})(?=\d)/g, `$1${GAP}`)}` : "";
	return groupInteger(whole) + tail + GAP + unit;
}

export function formatBytes(n: number): string {
	const units = ["B", "KiB", "MiB", "GiB", "TiB"];
	let i = 0;
	let v = n;
	while (v >= 1024 && i < units.length - 1) {
		v /= 1024;
		i++;
	}
	return `${i === 0 || v >= 100 ? groupInteger(Math.round(v).toString()) : v.toFixed(1)}${GAP}${units[i]}`;
}

export function formatPercent(part: number, whole: number): string {
	if (!(whole > 0)) return "–";
	const p = (100 * part) / whole;
	return `${p > 0 && p < 1 ? "<1" : Math.round(p)}${GAP}%`;
}

/** 1 -> "longest", 2 -> "2nd longest". */
export function formatRank(rank: number): string {
	if (rank === 1) return "longest";
	const tens = rank % 100;
	const suffix =
		tens >= 11 && tens <= 13
			? "th"
			: (({ 1: "st", 2: "nd", 3: "rd" } as Record<number, string>)[rank % 10] ?? "th");
	return `${formatCount(rank)}${suffix} longest`;
}

/** "net/http.(*conn).serve" -> "http.(*conn).serve": the last element of the import path says enough in a label. */
export function shortFunction(name: string): string {
	// Type arguments may hold slashes of their own; the path ends before the first bracket.
	const bracket = name.search(/[[(]/);
	const slash = name.lastIndexOf("/", bracket < 0 ? name.length : bracket);
	return slash < 0 ? name : name.slice(slash + 1);
}

/** What a group of goroutines is called: its start function. */
export const groupName = (name: string): string => shortFunction(name) || "(no stack seen)";

/** The same without the package: what fits into an interval. */
export function tailFunction(name: string): string {
	const short = shortFunction(name);
	const dot = short.indexOf(".");
	return dot < 0 ? short : short.slice(dot + 1);
}

export function baseName(path: string): string {
	return path.slice(path.lastIndexOf("/") + 1);
}
