// SPDX-License-Identifier: MIT
// The address and the store, kept equal. Moving about replaces the entry of the history; jumps and selections add
// one, so that "back" returns to where one came from.

import { formatPlace, parsePlace } from "../model/selection.ts";
import type { Store } from "../views/store.ts";

export function route(store: Store): void {
	let current = location.hash;
	store.onPlace = (push) => {
		const next = formatPlace(store.place());
		if (next === current) return;
		current = next;
		const url = next || location.pathname;
		if (push) history.pushState(null, "", url);
		else history.replaceState(null, "", url);
	};
	const follow = () => {
		if (location.hash === current) return;
		current = location.hash;
		if (store.trace.peek()) store.apply(parsePlace(current));
	};
	addEventListener("popstate", follow);
	addEventListener("hashchange", follow);
}
