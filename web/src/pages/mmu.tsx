// SPDX-License-Identifier: MIT
// Minimum mutator utilisation: the curve with its options. A click on it chooses a window's length, and lists the
// windows of that length in which the collector left the program least.

import { columnIndex } from "../model/report.ts";
import { intervalOf } from "../model/targets.ts";
import { useStore } from "../views/ctx.ts";
import { Lane, MiniLanesOf } from "./lane.tsx";
import { ReportPage } from "./report.tsx";

const FLAGS = [
	["stw", "stop the world", "Time in which the collector stops everything"],
	["background", "background workers", "Procs given to dedicated and fractional mark workers"],
	["assist", "assists", "Goroutines made to mark"],
	["sweep", "sweeping", "Goroutines made to sweep"],
	["perproc", "per proc", "The worst proc instead of the mean of all"],
] as const;
const USUAL = "stw,background,assist";

export function Mmu() {
	const store = useStore();
	const params = store.params.value;
	const on = new Set((params.flags ?? USUAL).split(",").filter(Boolean));
	const toggle = (flag: string) => {
		const next = FLAGS.map(([f]) => f).filter((f) => (f === flag ? !on.has(f) : on.has(f)));
		const text = next.join(",");
		// Nothing at all cannot be asked for.
		if (!text) return;
		store.setParams({ flags: text === USUAL ? undefined : text }, false);
	};
	return (
		<MiniLanesOf>
			<ReportPage
				report="mmu"
				crumbs={[{ text: "Mutator utilisation" }]}
				switches={
					<div class="checks" role="group" aria-label="What counts as taken from the program">
						{FLAGS.map(([flag, text, title]) => (
							<label key={flag} title={title}>
								<input
									type="checkbox"
									checked={on.has(flag)}
									data-testid={`flag-${flag}`}
									onChange={() => toggle(flag)}
								/>
								{text}
							</label>
						))}
					</div>
				}
				plotHint="click: the worst windows of that length"
				onPlot={(_, __, x) => store.setParams({ window: String(Math.round(x)) }, false)}
				plotMark={(doc) => {
					const worst = doc.tables.find((t) => t.key === "worst");
					const length = worst?.rows[0]?.[columnIndex(worst, "window_ns")];
					const field = doc.fields.find((f) => f.key === "window_ns")?.value;
					const v = typeof length === "number" ? length : field;
					return typeof v === "number" ? v : undefined;
				}}
				drawing={(doc, table) =>
					table.key === "worst"
						? {
								title: "The collector in it",
								render: (row) => {
									const i = intervalOf(doc, table, row);
									return (
										i && <Lane goroutine={null} from={i.from} to={i.to} span={[i.from, i.to]} />
									);
								},
							}
						: null
				}
			/>
		</MiniLanesOf>
	);
}
