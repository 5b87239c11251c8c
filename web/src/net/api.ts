// SPDX-License-Identifier: MIT
// The server's documents, as promises. Three things can go wrong, and the page says different things about them:
// the trace is still loading, the server said no, the server is gone.

import type { Ns } from "../base/units.ts";
import type {
	GoroutineDoc,
	Group,
	GroupTotals,
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

export async function request(path: string, init?: RequestInit): Promise<Response> {
	let res: Response;
	try {
		res = await fetch(path, init);
	} catch (err) {
		if (init?.signal?.aborted) throw err;
		throw new Gone("the server does not answer");
	}
	if (res.ok) return res;
	const body = (await res.json().catch(() => ({}))) as {
		loading?: { done: number; total: number };
		error?: string;
	};
	if (res.status === 503 && body.loading) throw new Loading(body.loading.done, body.loading.total);
	throw new Refused(res.status, body.error ?? `the server answered ${res.status}`);
}

async function json<T>(path: string, signal?: AbortSignal): Promise<T> {
	const res = await request(path, signal ? { signal } : undefined);
	return (await res.json()) as T;
}

const ns = (t: Ns): string => Math.max(0, Math.round(t)).toString();

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
	totals: () => json<GroupTotals[]>("/api/goroutine-groups"),
};
