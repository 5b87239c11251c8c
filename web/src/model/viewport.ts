// SPDX-License-Identifier: MIT
// The window of time on screen. Plain values; every change gives a new one, clamped to the trace.

import { clamp, type Ns } from "../base/units.ts";

export interface Window {
	readonly from: Ns;
	readonly to: Ns;
}

/** Below this a pixel is less than a tenth of a nanosecond, and the clock has no more to tell. */
export const MIN_WINDOW: Ns = 100;

export function clampWindow(from: Ns, to: Ns, duration: Ns): Window {
	const limit = Math.max(duration, MIN_WINDOW);
	const length = clamp(to - from, MIN_WINDOW, limit);
	const start = clamp(from, 0, limit - length);
	return { from: start, to: start + length };
}

export const wholeTrace = (duration: Ns): Window => clampWindow(0, duration, duration);

export function pan(w: Window, by: Ns, duration: Ns): Window {
	return clampWindow(w.from + by, w.to + by, duration);
}

/** `factor` < 1 zooms in. The instant `at` keeps its place on screen unless an end of the trace is in the way. */
export function zoomAt(w: Window, at: Ns, factor: number, duration: Ns): Window {
	const length = w.to - w.from;
	const next = clamp(length * factor, MIN_WINDOW, Math.max(duration, MIN_WINDOW));
	const share = length > 0 ? (at - w.from) / length : 0.5;
	const from = at - share * next;
	return clampWindow(from, from + next, duration);
}

/** A window in which [start, end) takes about `share` of the width, centred. */
export function around(start: Ns, end: Ns, share: number, duration: Ns): Window {
	const length = Math.max((end - start) / share, MIN_WINDOW);
	const mid = (start + end) / 2;
	return clampWindow(mid - length / 2, mid + length / 2, duration);
}

/** The same length with `at` in the middle. */
export function centre(w: Window, at: Ns, duration: Ns): Window {
	const half = (w.to - w.from) / 2;
	return clampWindow(at - half, at + half, duration);
}

export const timeToX = (w: Window, t: Ns, width: number): number =>
	((t - w.from) / (w.to - w.from)) * width;
export const xToTime = (w: Window, x: number, width: number): Ns =>
	w.from + (x / width) * (w.to - w.from);
