// SPDX-License-Identifier: MIT
// The server's documents, as promises. Three things can go wrong, and the page says different things about them:
// the trace is still loading, the server said no, the server is gone.

import type { Ns } from "../base/units.ts";
import type { ProfileDoc } from "../model/flame.ts";
import type { ReportDoc } from "../model/report.ts";
import type {
	GoroutineDoc,
	Group,
	Member,
	SearchAnswer,
	SpanAnswer,
	TraceDoc,
} from "../model/trace.ts";

export class Loading extends Error {
	constructor(
		readonly done: number,
		readonly total: number,
	) {
		super("the trace is still loading");
	}
}

/** Nobody answers: kymo has ended, or the way to it is cut. */
export class Gone extends Error {}

/** The server answered with an error of its own. */
export class Refused extends Error {
	constructor(
		readonly status: number,
		message: string,
	) {
		super(message);
	}
}

/** What the network gives; a connection that breaks, before the answer or in its body, is Gone. */
async function reached<T>(what: Promise<T>, signal?: AbortSignal | null): Promise<T> {
	try {
		return await what;
	} catch (err) {
		if (signal?.aborted || err instanceof SyntaxError) throw err;
		throw new Gone("the server does not answer");
	}
}

/** Asks, and reads the body with `read`. */
export async function request<T>(
	path: string,
	read: (res: Response) => Promise<T>,
	init?: RequestInit,
): Promise<T> {
	const res = await reached(fetch(path, init), init?.signal);
	if (res.ok) return reached(read(res), init?.signal);
	const body = (await res.json().catch(() => ({}))) as {
		loading?: { done: number; total: number };
		error?: string;
	};
	if (res.status === 503 && body.loading) throw new Loading(body.loading.done, body.loading.total);
	throw new Refused(res.status, body.error ?? `the server answered ${res.status}`);
}

function json<T>(path: string, signal?: AbortSignal): Promise<T> {
	return request(path, (res) => res.json() as Promise<T>, signal ? { signal } : undefined);
}

const ns = (t: Ns): string => Math.max(0, Math.round(t)).toString();

function withFormat(path: string, query: URLSearchParams, format: string | null): string {
	const q = new URLSearchParams(query);
	if (format) q.set("format", format);
	const text = q.toString();
	return text ? `${path}?${text}` : path;
}

/** Where a report is to be had: "page", "json", "csv" or "svg". */
export const reportUrl = (name: string, query: URLSearchParams, format: string): string =>
	withFormat(`/api/report/${encodeURIComponent(name)}`, query, format);

/** Where a profile is to be had: as JSON, or as CSV, or gzip'd as `go tool pprof` reads it. */
export const profileUrl = (
	kind: string,
	query: URLSearchParams,
	format?: "pprof" | "csv",
): string => withFormat(`/api/profile/${encodeURIComponent(kind)}`, query, format ?? null);

export const api = {
	trace: () => json<TraceDoc>("/api/trace"),
	groups: (from: Ns, to: Ns, signal?: AbortSignal) =>
		json<{ groups: Group[] }>(`/api/groups?from=${ns(from)}&to=${ns(to)}`, signal),
	members: (ix: number, from: Ns, to: Ns, offset: number, limit: number, signal?: AbortSignal) =>
		json<{ total: number; rows: Member[] }>(
			`/api/group/${ix}/goroutines?from=${ns(from)}&to=${ns(to)}&offset=${offset}&limit=${limit}`,
			signal,
		),
	span: (lane: string, t: Ns, signal?: AbortSignal) =>
		json<SpanAnswer>(
			`/api/span?lane=${encodeURIComponent(lane)}&t=${Math.max(0, Math.floor(t))}`,
			signal,
		),
	goroutine: (row: number, signal?: AbortSignal) =>
		json<{ goroutine: GoroutineDoc }>(`/api/goroutine/${row}`, signal),
	search: (q: string, limit: number, signal?: AbortSignal) =>
		json<SearchAnswer>(`/api/search?q=${encodeURIComponent(q)}&limit=${limit}`, signal),
	report: (name: string, query: URLSearchParams, signal?: AbortSignal) =>
		json<ReportDoc>(reportUrl(name, query, "page"), signal),
	profile: (kind: string, query: URLSearchParams, signal?: AbortSignal) =>
		json<ProfileDoc>(profileUrl(kind, query), signal),
};
