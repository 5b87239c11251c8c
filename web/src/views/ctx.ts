// SPDX-License-Identifier: MIT
// The store, handed down the tree of views.

import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { Store } from "./store.ts";

export const StoreContext = createContext<Store | null>(null);

export function useStore(): Store {
	const store = useContext(StoreContext);
	if (!store) throw new Error("a view outside of the store's context");
	return store;
}
