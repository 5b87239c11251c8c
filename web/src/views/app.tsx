// SPDX-License-Identifier: MIT
// The page as a whole.

import type { Signal } from "@preact/signals";
import { StoreContext } from "./ctx.ts";
import { Details } from "./details.tsx";
import { Footer, Header, Rail } from "./frame.tsx";
import { Goroutines } from "./goroutines.tsx";
import { Groups } from "./groups.tsx";
import { Help } from "./help.tsx";
import { Resizer } from "./resizer.tsx";
import { Banners, Opening } from "./status.tsx";
import type { Store } from "./store.ts";
import type { Surface } from "./surface.ts";
import { Timeline } from "./timeline.tsx";

export interface AppProps {
	store: Store;
	theme: Signal<string>;
	onTheme: () => void;
	onSurface: (s: Surface | null) => void;
}

export function App({ store, theme, onTheme, onSurface }: AppProps) {
	if (!store.trace.value)
		return (
			<StoreContext.Provider value={store}>
				<Opening />
			</StoreContext.Provider>
		);
	return (
		<StoreContext.Provider value={store}>
			<div class="app">
				<Header theme={theme.value} onTheme={onTheme} />
				<Banners />
				<div class="body">
					<Rail />
					{store.page.value === "goroutines" ? (
						<Goroutines />
					) : (
						<>
							<Timeline onSurface={onSurface} />
							<Panel store={store} />
						</>
					)}
				</div>
				<Footer />
				<Help />
			</div>
		</StoreContext.Provider>
	);
}

function Panel({ store }: { store: Store }) {
	const tab = store.panel.value;
	const button = (name: "details" | "groups", text: string) => (
		<button
			type="button"
			role="tab"
			aria-selected={tab === name}
			class={tab === name ? "on" : ""}
			onClick={() => (store.panel.value = name)}
			data-testid={`tab-${name}`}
		>
			{text}
		</button>
	);
	return (
		<aside class="panel" style={{ width: `${store.panelWidth.value}px` }}>
			<Resizer side="right" value={store.panelWidth} min={240} max={720} />
			<div class="tabs" role="tablist">
				{button("details", "Interval")}
				{button("groups", "Goroutine groups")}
			</div>
			<div class="panel-body">{tab === "details" ? <Details /> : <Groups />}</div>
		</aside>
	);
}
