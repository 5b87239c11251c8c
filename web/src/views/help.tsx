// SPDX-License-Identifier: MIT
// The keys.

import { useStore } from "./ctx.ts";

const KEYS: readonly (readonly [string, readonly (readonly [string, string])[]])[] = [
	[
		"Move",
		[
			["A D  ← →", "earlier, later"],
			["W S  + −", "zoom in, out at the cursor"],
			["↑ ↓  PgUp PgDn", "scroll the lanes"],
			["F", "fit the selected interval"],
			["Home", "the whole trace"],
		],
	],
	[
		"Mouse",
		[
			["wheel", "scroll the lanes"],
			["Ctrl or Alt + wheel, pinch", "zoom at the cursor"],
			["Shift + wheel, sideways", "earlier, later"],
			["drag", "move in time and through the lanes"],
			["Shift + drag", "mark a stretch and zoom to it"],
			["click", "read what an interval was"],
			["double click", "fit the interval"],
		],
	],
	[
		"Lists",
		[
			["J K  ↓ ↑  PgUp PgDn", "the next, the row before"],
			["Home  End", "the first, the last row"],
			["Enter, double click", "open: list, story, timeline"],
			["click", "what is known of a row"],
			["/", "filter"],
			["Esc", "close the panel"],
		],
	],
	[
		"Find",
		[
			["Ctrl K  /", "search goroutines and functions"],
			[",  .", "the interval before, after"],
			["G", "goroutines, and back"],
			["T", "light or dark"],
			["Esc", "drop the selection, close"],
			["?", "these keys"],
		],
	],
];

export function Help() {
	const store = useStore();
	if (!store.help.value) return null;
	const close = () => {
		store.help.value = false;
	};
	return (
		<div class="veil-all" onClick={close}>
			<div
				class="help"
				role="dialog"
				aria-label="Keys"
				data-testid="help"
				onClick={(e) => e.stopPropagation()}
			>
				{KEYS.map(([title, keys]) => (
					<section key={title}>
						<h3>{title}</h3>
						<dl>
							{keys.map(([key, what]) => (
								<div key={key}>
									<dt>{key}</dt>
									<dd>{what}</dd>
								</div>
							))}
						</dl>
					</section>
				))}
				<button type="button" class="close" onClick={close} aria-label="Close">
					×
				</button>
			</div>
		</div>
	);
}
