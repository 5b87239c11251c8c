// SPDX-License-Identifier: MIT
// Puts the viewer together.

import "./style/all.css";
import { render } from "preact";
import { App } from "./app/app.tsx";
import { installHook } from "./app/hook.ts";
import { listenKeys } from "./app/keys.ts";
import { route } from "./app/router.ts";
import { followTheme, initTheme, readPalette, theme, toggleTheme } from "./app/theme.ts";
import { parsePlace } from "./model/selection.ts";
import { Store } from "./views/store.ts";
import type { Surface } from "./views/surface.ts";

initTheme();
const store = new Store(readPalette(new Set()));
let surface: Surface | null = null;
const onSurface = (s: Surface | null) => {
	surface = s;
};
const place = parsePlace(location.hash);
followTheme(store);
route(store);
listenKeys(store);
installHook(store, () => surface);
render(
	<App store={store} theme={theme} onTheme={toggleTheme} onSurface={onSurface} />,
	document.getElementById("app") as HTMLElement,
);
void store.connection.start(place);
