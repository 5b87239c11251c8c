// SPDX-License-Identifier: MIT
// The page as a whole.

import type { Signal } from "@preact/signals";
import { Page } from "../pages/page.tsx";
import { StoreContext } from "../views/ctx.ts";
import { Details } from "../views/details.tsx";
import { Footer, Header, Rail } from "../views/frame.tsx";
import { Groups } from "../views/groups.tsx";
import { Help } from "../views/help.tsx";
import { Resizer } from "../views/resizer.tsx";
import { Banners, Opening } from "../views/status.tsx";
import type { Store } from "../views/store.ts";
import type { Surface } from "../views/surface.ts";
import { Timeline } from "../views/timeline.tsx";

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
					{store.page.value !== "timeline" ? (
						<Page />
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
