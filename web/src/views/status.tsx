// SPDX-License-Identifier: MIT
// When there is something to say instead of the trace, or above it.

import { formatBytes, formatPercent } from "../base/format.ts";
import { useStore } from "./ctx.ts";

export function Opening() {
	const store = useStore();
	const load = store.load.value;
	if (load.state === "failed")
		return (
			<div class="opening" data-testid="failed">
				<b class="brand">kymo</b>
				<p>The trace could not be opened: {load.message}.</p>
			</div>
		);
	if (load.state !== "loading") return null;
	if (store.gone.value)
		return (
			<div class="opening" data-testid="gone">
				<b class="brand">kymo</b>
				<p>Nobody answers at {location.host}. Start kymo again, and this page goes on by itself.</p>
			</div>
		);
	const share = load.total > 0 ? (100 * load.done) / load.total : 0;
	return (
		<div class="opening" data-testid="loading">
			<b class="brand">kymo</b>
			<progress max={100} value={share} aria-label="Reading the trace" />
			<p>
				{load.total > 0 ? (
					<>
						Reading the trace: {formatBytes(load.done)} of {formatBytes(load.total)},{" "}
						{formatPercent(load.done, load.total)}
					</>
				) : (
					"Opening…"
				)}
			</p>
		</div>
	);
}

export function Banners() {
	const store = useStore();
	const trace = store.trace.value;
	const damage = trace?.damage ?? [];
	const lost = damage.reduce((sum, d) => sum + d.lost_bytes, 0);
	const first = damage[0];
	return (
		<>
			{store.gone.value && store.load.value.state === "ready" && (
				<div class="banner" role="alert" data-testid="gone">
					kymo has stopped answering: what was already fetched stays on screen. Start it again on{" "}
					{location.host} to go on.
				</div>
			)}
			{first && (
				<div
					class="banner warn"
					role="status"
					data-testid="damage"
					title={damage.map((d) => `at byte ${d.offset}: ${d.message}`).join("\n")}
				>
					This trace is damaged. Everything up to byte{" "}
					{first.offset.toLocaleString("en").replaceAll(",", "\u202f")} is shown;{" "}
					{formatBytes(lost)} {lost === 1 ? "was" : "were"} lost: {first.message}.
				</div>
			)}
		</>
	);
}
