// SPDX-License-Identifier: MIT
// A report's figures, above its tables. Titles that begin with blanks are parts of the figure before.

import { byLength, type Field, isNothing, type Named } from "../model/report.ts";
import { classOfReason } from "../model/trace.ts";
import { Duration, Swatch } from "../views/bits.tsx";
import { CellView, cellTitle } from "./cells.tsx";

/** The figures that stand above the tables. */
export function Fields({ fields }: { fields: readonly Field[] }) {
	const plain = fields.filter(
		(f) => !["stack", "named", "life", "hist"].includes(f.kind) && f.value !== null,
	);
	const named = fields.filter((f) => f.kind === "named" && !isNothing("named", f.value));
	const stacks = fields.filter((f) => f.kind === "stack" && !isNothing("stack", f.value));
	if (!fields.length) return null;
	return (
		<dl class="fields" data-testid="fields">
			{grouped(plain).map(([f, parts]) => (
				<div key={f.key}>
					<dt>{f.title}</dt>
					<dd data-field={f.key}>
						<FieldValue field={f} />
					</dd>
					{parts.length > 0 && (
						<dd class="parts-of">
							{parts.map((q) => (
								<span key={q.key} data-field={q.key}>
									{q.title.trim()} <FieldValue field={q} />
								</span>
							))}
						</dd>
					)}
				</div>
			))}
			{named.map((f) => (
				<div key={f.key}>
					<dt>{f.title.replace(/,? mostly$/, "")}</dt>
					<dd>
						{byLength(f.value as Named)
							.slice(0, 4)
							.map(([name, ns]) => (
								<span key={name} class="part">
									<Swatch cls={classOfReason(name)} /> {name} <Duration ns={ns} />
								</span>
							))}
					</dd>
				</div>
			))}
			{stacks.map((f) => (
				<div key={f.key}>
					<dt>{f.title}</dt>
					<dd title={cellTitle("stack", f.value)}>
						<FieldValue field={f} />
					</dd>
				</div>
			))}
		</dl>
	);
}

/** Titles that begin with blanks are parts of the figure before. */
function grouped(fields: readonly Field[]): [Field, Field[]][] {
	const out: [Field, Field[]][] = [];
	for (const f of fields) {
		const last = out[out.length - 1];
		if (last && f.title.startsWith(" ")) last[1].push(f);
		else out.push([f, []]);
	}
	return out;
}

function FieldValue({ field: f }: { field: Field }) {
	return (
		<CellView
			column={{ key: f.key, title: f.title, kind: f.kind, flags: linkFlags(f.key) }}
			cell={f.value}
			most={0}
			interval={null}
			reason=""
		/>
	);
}

function linkFlags(key: string): string[] {
	if (key === "creator") return ["goroutine"];
	return key === "parent" ? ["task"] : [];
}
