// SPDX-License-Identifier: MIT
// Text cut to a width. Labels lose their head, since a function's tail tells; intervals lose their end.

export type Measure = (text: string) => number;

function longest(lo: number, hi: number, fits: (n: number) => boolean): number {
	while (lo < hi) {
		const mid = (lo + hi + 1) >> 1;
		if (fits(mid)) lo = mid;
		else hi = mid - 1;
	}
	return lo;
}

/** "net.(*persistConn).readLoop" -> "…Conn).readLoop" where the whole is wider than `width`. */
export function cutLeft(text: string, width: number, measure: Measure): string {
	if (measure(text) <= width) return text;
	const n = longest(0, text.length - 1, (k) => measure(`…${text.slice(text.length - k)}`) <= width);
	return n ? `…${text.slice(text.length - n)}` : "";
}

/** "GC concurrent mark phase" -> "GC concurr…". Empty where fewer than three letters would stay. */
export function cutRight(text: string, width: number, measure: Measure): string {
	if (measure(text) <= width) return text;
	const n = longest(0, text.length - 1, (k) => measure(`${text.slice(0, k).trimEnd()}…`) <= width);
	return n < 3 ? "" : `${text.slice(0, n).trimEnd()}…`;
}
