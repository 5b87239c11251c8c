// SPDX-License-Identifier: MIT
// Waits by call site: for locks, channels, the network, system calls; and who ended them.

import { useMemo } from "preact/hooks";
import { formatCount, shortFunction } from "../base/format.ts";
import { cellText, placeOf, siteOf } from "../model/cells.ts";
import { kept, reportOf } from "../model/pages.ts";
import { cellAt, type Row, type TableDoc } from "../model/report.ts";
import type { Frame } from "../model/trace.ts";
import { api } from "../net/api.ts";
import { Duration } from "../views/bits.tsx";
import { useStore } from "../views/ctx.ts";
import { Switch } from "./head.tsx";
import { useLoaded } from "./load.ts";
import { RowPanel, ToPage } from "./panel.tsx";
import { type Chosen, ReportPage, useQuery } from "./report.tsx";

/** The profile that has the same waits as stacks. */
const PROFILES: Readonly<Record<string, string>> = {
	locks: "sync",
	chans: "sync",
	net: "net",
	syscalls: "syscall",
};

/** Who ended which waits can be many times more than the sites: it is asked for when a site is chosen. */
const TABLES = ["sites", "wakers"];
/** Nobody ends a system call. */
const CALL_TABLES = ["sites"];

export function Waits() {
	const store = useStore();
	const params = store.params.value;
	const report = reportOf("waits", params);
	return (
		<ReportPage
			report={report}
			crumbs={[{ text: "Waits" }]}
			tables={report === "syscalls" ? CALL_TABLES : TABLES}
			switches={
				<Switch
					label="For what"
					value={params.of ?? "locks"}
					options={[
						["locks", "locks", "Mutexes, conditions, wait groups, semaphores"],
						["chans", "channels", "Sends, receives, selects"],
						["net", "network"],
						["syscalls", "syscalls"],
					]}
					onChange={(of) => store.setParams({ of, sort: undefined, asc: undefined })}
				/>
			}
			panel={(chosen) => (chosen.table.key === "sites" ? <SitePanel chosen={chosen} /> : null)}
		/>
	);
}

const WAKERS = 30;

/** The rows of who ended waits that are about one site. */
function pairsOf(pairs: TableDoc | undefined, table: TableDoc, row: Row): Row[] {
	if (!pairs) return [];
	const key = (t: TableDoc, r: Row) =>
		JSON.stringify([cellAt(t, r, "stack"), cellAt(t, r, "reason")]);
	const wanted = key(table, row);
	return pairs.rows.filter((r) => key(pairs, r) === wanted);
}

function SitePanel({ chosen }: { chosen: Chosen }) {
	const store = useStore();
	const { doc, table, row } = chosen;
	const params = store.params.value;
	const query = useQuery(params);
	for (const k of ["sort", "asc"]) query.delete(k);
	query.set("table", "pairs");
	const some = doc.tables.some((t) => t.key === "pairs");
	const loaded = useLoaded(some ? `${doc.report}?${query}` : null, (signal) =>
		api.report(doc.report, query, signal),
	);
	const pairs = loaded.value.doc?.report === doc.report ? loaded.value.doc.tables[0] : undefined;
	const ended = useMemo(() => pairsOf(pairs, table, row), [pairs, table, row]);
	const kind = PROFILES[doc.report];
	const func = cellAt(table, row, "func");
	const { of: _, ...rest } = kept(params);
	return (
		<>
			<RowPanel
				doc={doc}
				table={table}
				row={row}
				ways={
					kind &&
					typeof func === "string" &&
					func && (
						<ToPage
							target={{ page: "blocking", params: { ...rest, kind, q: func } }}
							text="In the flame graph"
						/>
					)
				}
			/>
			{pairs && ended.length > 0 && (
				<section data-testid="ended-by">
					<h3>Who ended them</h3>
					<table class="worst">
						<tbody>
							{ended.slice(0, WAKERS).map((r, i) => {
								const stack = (cellAt(pairs, r, "waker_stack") ?? []) as readonly Frame[];
								const site = siteOf(stack);
								const at = site?.caller ?? site?.leaf;
								return (
									<tr key={i} title={stack.map((f) => `${f.func} ${placeOf(f)}`).join("\n")}>
										<td class="who">
											{at ? (
												<>
													{shortFunction(at.func)} <span class="soft">{placeOf(at)}</span>
												</>
											) : (
												String(cellAt(pairs, r, "woken_by") ?? "")
											)}
										</td>
										<td>
											<Duration ns={cellAt(pairs, r, "total_ns") as number} />
										</td>
										<td class="soft">{cellText("ratio", cellAt(pairs, r, "share"))}</td>
									</tr>
								);
							})}
						</tbody>
					</table>
					{ended.length > WAKERS && (
						<p class="sub">and {formatCount(ended.length - WAKERS)} more</p>
					)}
				</section>
			)}
		</>
	);
}
