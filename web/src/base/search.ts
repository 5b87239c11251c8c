// SPDX-License-Identifier: MIT
// Binary searches over sorted columns.

/** The first index whose value is greater than x; values.length if there is none. */
export function upperBound(values: ArrayLike<number>, x: number): number {
	let lo = 0;
	let hi = values.length;
	while (lo < hi) {
		const mid = (lo + hi) >>> 1;
		if ((values[mid] as number) <= x) lo = mid + 1;
		else hi = mid;
	}
	return lo;
}
