// SPDX-License-Identifier: MIT
// Units as types. A plain number may become any of them, but one never silently becomes another: passing CssPx
// where DevicePx is wanted does not compile.

/** Nanoseconds since the trace's first event. Exact in a double for 104 days. */
export type Ns = number & { readonly unit?: "ns" };
/** Pixels as the page's layout counts them. */
export type CssPx = number & { readonly unit?: "css" };
/** Pixels as the screen has them: CssPx times devicePixelRatio. */
export type DevicePx = number & { readonly unit?: "device" };

export const clamp = (x: number, lo: number, hi: number): number => Math.max(lo, Math.min(x, hi));
