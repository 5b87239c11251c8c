// SPDX-License-Identifier: MIT
// Histograms of durations: five buckets a decade, bucket k from 10^(k/5) ns on; 0 ns is in bucket 0.

import type { Ns } from "../base/units.ts";
import type { Hist } from "./report.ts";

const PER_DECADE = 5;
const WIDTH = Math.log(10 ** (1 / PER_DECADE));

/** As the server reckons: the same divisions, so that a duration on a bound falls to the same side. */
export const bucketOf = (ns: Ns): number => (ns <= 1 ? 0 : Math.floor(Math.log(ns) / WIDTH));

/** Exact where it is a power of ten. */
const bound = (bucket: number): number =>
	bucket % PER_DECADE === 0 ? Number(`1e${bucket / PER_DECADE}`) : 10 ** (bucket / PER_DECADE);

/** A bucket's lower bound in whole ns, as the server names it. */
export const lowerBound = (bucket: number): Ns => Math.floor(bound(bucket));

/** The shortest whole duration that is in a bucket or above. */
export function shortestIn(bucket: number): Ns {
	if (bucket <= 0) return 0;
	let d = Math.ceil(bound(bucket));
	while (bucketOf(d) < bucket) d++;
	return d;
}

/** The bucket that the server names by its lower bound. */
function bucketNamed(lower: Ns): number {
	let k = bucketOf(lower);
	while (lowerBound(k) < lower) k++;
	while (k > 0 && lowerBound(k) > lower) k--;
	return k;
}

/** Buckets in a row, those without anything included. */
export interface Bars {
	first: number;
	counts: number[];
	most: number;
	total: number;
}

export function barsOf(hist: Hist): Bars {
	const first = hist.length ? bucketNamed((hist[0] as readonly [Ns, number])[0]) : 0;
	const counts: number[] = [];
	let before = -1;
	for (const [lower, n] of hist) {
		// Buckets 0 and 1 are both called 1 ns.
		const k = bucketNamed(lower) - first + (lower === before ? 1 : 0);
		before = lower;
		while (counts.length < k) counts.push(0);
		counts[k] = (counts[k] ?? 0) + n;
	}
	return {
		first,
		counts,
		most: Math.max(0, ...counts),
		total: counts.reduce((a, b) => a + b, 0),
	};
}

export function histOf(values: Iterable<Ns>): Hist {
	const counts = new Map<number, number>();
	for (const v of values) {
		const k = bucketOf(v);
		counts.set(k, (counts.get(k) ?? 0) + 1);
	}
	return [...counts].sort((a, b) => a[0] - b[0]).map(([k, n]) => [lowerBound(k), n] as const);
}

/** How many lie in buckets `from` up to and with `to`. */
export function countIn(bars: Bars, from: number, to: number): number {
	return bars.counts.reduce(
		(n, c, i) => n + (bars.first + i >= from && bars.first + i <= to ? c : 0),
		0,
	);
}

/** What a report is filtered by so that just these buckets are left. */
export const between = ([from, to]: readonly [number, number]): {
	latmin: string;
	latmax: string;
} => ({
	latmin: String(shortestIn(from)),
	latmax: String(shortestIn(to + 1) - 1),
});

/** The buckets that such a filter stands for; null: none, or its bounds are not those of buckets. */
export function bucketsOf(
	latmin: string | undefined,
	latmax: string | undefined,
): [number, number] | null {
	if (!/^\d{1,16}$/.test(latmin ?? "") || !/^\d{1,16}$/.test(latmax ?? "")) return null;
	const range = [bucketOf(Number(latmin)), bucketOf(Number(latmax))] as [number, number];
	const made = between(range);
	return made.latmin === latmin && made.latmax === latmax ? range : null;
}
