// SPDX-License-Identifier: MIT
// Documents for pages: asked for when the question changes; the last answer stays on screen until the next is here.

import { type Signal, useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { Refused } from "../net/api.ts";
import { useStore } from "../views/ctx.ts";

export interface Loaded<T> {
	/** The question that `doc` answers. */
	key: string;
	doc: T | null;
	error: string | null;
	waiting: boolean;
}

export function useLoaded<T>(
	key: string | null,
	ask: (signal: AbortSignal) => Promise<T>,
): Signal<Loaded<T>> {
	const store = useStore();
	const state = useSignal<Loaded<T>>({ key: "", doc: null, error: null, waiting: true });
	// Asked anew when a lost server is back.
	const back = store.gone.value ? 0 : 1;
	// With the rendering, not after it: between the two a page would seem to wait for nothing.
	useLayoutEffect(() => {
		if (key === null || !back) return;
		const abort = new AbortController();
		state.value = { ...state.peek(), waiting: true };
		store.busy.value++;
		ask(abort.signal)
			.then(
				(doc) => {
					if (!abort.signal.aborted) state.value = { key, doc, error: null, waiting: false };
				},
				(err) => {
					if (abort.signal.aborted) return;
					if (err instanceof Refused)
						state.value = { key, doc: null, error: err.message, waiting: false };
					else store.fail(err);
				},
			)
			.finally(() => {
				store.busy.value--;
			});
		return () => abort.abort();
	}, [key, back]);
	return state;
}
