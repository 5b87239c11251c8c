// SPDX-License-Identifier: MIT
// The scales of plots and histograms: a value to 0..1 and back, and where ticks stand.

export interface Scale {
	at: (value: number) => number;
	value: (share: number) => number;
	ticks: readonly number[];
}

/** The step of 1, 2 or 5 times a power of ten that gives at most `most` ticks. */
export function niceStep(length: number, most: number): number {
	const raw = length / Math.max(1, most);
	const power = 10 ** Math.floor(Math.log10(raw));
	const m = raw / power;
	return power * (m <= 1 + 1e-9 ? 1 : m <= 2 + 1e-9 ? 2 : m <= 5 + 1e-9 ? 5 : 10);
}

/** `base` 1024: ticks at round numbers of KiB, MiB … */
export function linear(from: number, to: number, most = 5, base: 1000 | 1024 = 1000): Scale {
	const length = to > from ? to - from : 1;
	const unit =
		base === 1000 ? 1 : 1024 ** Math.max(0, Math.floor(Math.log(length) / Math.log(1024)));
	const step = unit * niceStep(length / unit, most);
	const ticks: number[] = [];
	// Counted, not added up: sums of 0.1 drift.
	for (let i = Math.ceil(from / step - 1e-9) + 0; i * step <= from + length * (1 + 1e-9); i++)
		ticks.push(i * step);
	return { at: (v) => (v - from) / length, value: (s) => from + s * length, ticks };
}

/** Both ends above 0. */
export function logarithmic(from: number, to: number, most = 8): Scale {
	const lo = Math.log10(from);
	const length = Math.max(1e-9, Math.log10(to) - lo);
	const ticks: number[] = [];
	const every = Math.max(1, Math.ceil(length / most));
	for (let p = Math.ceil(lo - 1e-9); p <= lo + length + 1e-9; p++)
		if (p % every === 0) ticks.push(10 ** p);
	return {
		at: (v) => (Math.log10(Math.max(v, 1e-300)) - lo) / length,
		value: (s) => 10 ** (lo + s * length),
		ticks,
	};
}

/** Least and greatest of what is a number; null if nothing is. */
export function extent(values: Iterable<number | null | undefined>): [number, number] | null {
	let lo = Number.POSITIVE_INFINITY;
	let hi = Number.NEGATIVE_INFINITY;
	for (const v of values) {
		if (typeof v !== "number" || Number.isNaN(v)) continue;
		if (v < lo) lo = v;
		if (v > hi) hi = v;
	}
	return lo <= hi ? [lo, hi] : null;
}
