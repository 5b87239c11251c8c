// SPDX-License-Identifier: MIT
// Reports and profiles of the synthetic trace, as far as the mock server has them.

import { DURATION, STATE, STRINGS } from "./mock-trace.mjs";

export const emptyReport = (name) => ({
	report: name,
	summary: "",
	head: "",
	text: null,
	from_ns: 0,
	to_ns: DURATION,
	fields: [],
	tables: [],
	plots: [],
});

const COLUMNS = [
	["name", "function", "text", ["last", "group"]],
	["count", "count", "count", []],
	["total_ns", "total", "ns", []],
	["execution_ns", "running", "ns", ["bar"]],
	["sched_wait_ns", "runnable", "ns", []],
	["block_ns", "mostly", "named", []],
];

/** Groups by start function; sorted and cut as `sort`, `asc`, `offset`, `top` say. */
export function goroutinesReport(groups, q) {
	if (q.get("format") !== "page") return groups;
	const columns = COLUMNS.map(([key, title, kind, flags]) => ({ key, title, kind, flags }));
	const sort = q.get("sort") ?? "execution_ns";
	const sign = q.get("asc") === "1" ? 1 : -1;
	const sorted = [...groups].sort((a, b) => (a[sort] < b[sort] ? -sign : sign));
	const offset = Number(q.get("offset") ?? 0);
	const top = Number(q.get("top") ?? 0) || sorted.length;
	const rows = sorted.slice(offset, offset + top).map((g) => columns.map((c) => g[c.key]));
	const table = { key: "groups", title: null, sort, quiet: false, fixed: false };
	return {
		...emptyReport("goroutines"),
		head: `${groups.length} start functions`,
		tables: [{ ...table, total: groups.length, offset, columns, rows }],
	};
}

const KINDS = { net: /^network$/, sync: /^(sync|chan|select)/, block: /./ };

/** Waits of the kind by start function and reason; other kinds are empty. */
export function mockProfile(kind, trace, stack) {
	const frames = [];
	const frame = (func) => {
		const at = frames.findIndex((f) => f.func === func);
		return at >= 0 ? at : frames.push({ func, file: "/src/workloads.go", line: 214 }) - 1;
	};
	const by = new Map();
	for (const g of trace.goroutines)
		for (const s of g?.spans ?? []) {
			const reason = STRINGS[s.reason];
			if (s.state !== STATE.waiting || !KINDS[kind]?.test(reason)) continue;
			const key = `${g.name} ${reason}`;
			const one = by.get(key) ?? {
				stack: [frame(`runtime.${reason.replaceAll(" ", "")}`), frame(g.name)],
				count: 0,
				value: 0,
				longest: 0,
				at: 0,
				of: null,
				group: g.name,
				reason,
			};
			one.count++;
			one.value += s.end - s.start;
			if (s.end - s.start > one.longest) {
				one.longest = s.end - s.start;
				one.at = s.start;
				one.of = { row: g.row, id: g.id, name: g.name };
			}
			by.set(key, one);
		}
	const samples = [...by.values()].sort((a, b) => b.value - a.value);
	const sum = (k) => samples.reduce((n, s) => n + s[k], 0);
	return {
		kind,
		head: "",
		stack,
		unit: "ns",
		count: sum("count"),
		total: sum("value"),
		frames,
		samples,
	};
}
