// SPDX-License-Identifier: MIT
// The way to the server: waiting while the trace loads, noticing that nobody answers any more, and going on when
// somebody does. And the names of ranges, which travel as indices in tiles and are asked for one by one.

import { batch } from "@preact/signals";
import type { Ns } from "../base/units.ts";
import type { Place } from "../model/selection.ts";
import { wholeTrace } from "../model/viewport.ts";
import { api, Gone, Loading, Refused } from "../net/api.ts";
import type { Store } from "./store.ts";

export type Load =
	| { state: "loading"; done: number; total: number }
	| { state: "ready" }
	| { state: "failed"; message: string };

const POLL_MS = 120;
const RETRY_MS = 1000;

const pause = (ms: number) => new Promise((r) => setTimeout(r, ms));

export class Connection {
	private retrying = false;

	constructor(private readonly store: Store) {}

	/** Asks for the trace until it is here. */
	async start(place: Place | null): Promise<void> {
		const { store } = this;
		for (;;) {
			try {
				const trace = await api.trace();
				const known = store.trace.peek();
				if (known && known.trace !== trace.trace) {
					// Another trace now answers at this address: nothing that is here belongs to it.
					location.reload();
					return;
				}
				batch(() => {
					store.trace.value = trace;
					if (!known) {
						store.groups.value = trace.groups;
						store.window.value = wholeTrace(trace.duration_ns);
						if (place) store.apply(place);
					}
					store.load.value = { state: "ready" };
					store.gone.value = false;
					store.arrivals.value++;
				});
				return;
			} catch (err) {
				if (err instanceof Loading) {
					store.load.value = { state: "loading", done: err.done, total: err.total };
					store.gone.value = false;
				} else if (err instanceof Gone) store.gone.value = true;
				else {
					const message = err instanceof Error ? err.message : String(err);
					store.load.value = { state: "failed", message };
					return;
				}
				await pause(err instanceof Gone ? RETRY_MS : POLL_MS);
			}
		}
	}

	/** Something could not be fetched. If nobody answers any more, says so and looks out for a return. */
	fail(err: unknown): void {
		if (err instanceof DOMException && err.name === "AbortError") return;
		if (err instanceof Refused) {
			console.warn(`kymo: ${err.message}`);
			return;
		}
		if (!(err instanceof Gone || err instanceof Loading)) {
			console.error(err);
			return;
		}
		if (this.retrying) return;
		this.retrying = true;
		this.store.gone.value = true;
		void pause(RETRY_MS / 2)
			.then(() => this.start(null))
			.finally(() => {
				this.retrying = false;
			});
	}
}

export class RangeNames {
	/** null: asked for. */
	private readonly known = new Map<number, string | null>();

	constructor(private readonly store: Store) {}

	/** Name of the range on `lane` at `t`, whose string is `ix`. Asks the server once for each; undefined until then. */
	get(ix: number, lane: string, t: Ns): string | undefined {
		const name = this.known.get(ix);
		if (name !== undefined) return name ?? undefined;
		this.known.set(ix, null);
		api.span(lane, t).then(
			(answer) => {
				if (!answer.span || !("name" in answer.span)) return;
				this.known.set(ix, answer.span.name);
				this.store.arrivals.value++;
			},
			(err) => {
				this.known.delete(ix);
				this.store.fail(err);
			},
		);
		return undefined;
	}
}
