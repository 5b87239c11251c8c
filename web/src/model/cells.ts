// SPDX-License-Identifier: MIT
// Cells as text: what a tooltip says and what a column's width is measured by. views/cells.tsx has the same in colour.

import {
	baseName,
	durationParts,
	formatBytes,
	formatCount,
	formatTime,
	shortFunction,
} from "../base/format.ts";
import { byLength, type Cell, isNothing, type Kind, type Named } from "./report.ts";
import type { Frame } from "./trace.ts";

const GAP = "\u202f";

export function formatRatio(v: number): string {
	const p = 100 * v;
	const digits = p === 0 || p >= 99.995 ? 0 : p >= 10 ? 1 : 2;
	return `${p.toFixed(digits)}${GAP}%`;
}

/** At most four digits, never scientific. */
export function formatNumber(v: number): string {
	const abs = Math.abs(v);
	if (Number.isInteger(v) || abs >= 1000) return (v < 0 ? "−" : "") + formatCount(abs);
	const digits = abs >= 100 ? 1 : abs >= 10 ? 2 : abs >= 0.01 ? 3 : 6;
	return v.toFixed(digits).replace("-", "−");
}

/** The packages in which a goroutine waits; the caller is what one wants to know. */
const RUNTIME =
	/^(runtime|sync|time|syscall|net|os|internal\/[\w/]+|runtime\/trace|io|sync\/atomic|reflect)\./;

/** The innermost frame, and the first one above that is the program's own. */
export function siteOf(stack: readonly Frame[]): { leaf: Frame; caller: Frame | null } | null {
	const leaf = stack[0];
	if (!leaf) return null;
	const caller = stack.find((f) => !RUNTIME.test(f.func));
	return { leaf, caller: caller && caller !== leaf ? caller : null };
}

export const placeOf = (f: Frame): string =>
	f.file ? `${baseName(f.file)}${f.line ? `:${f.line}` : ""}` : "";

export function cellText(kind: Kind, cell: Cell): string {
	if (isNothing(kind, cell)) return "–";
	switch (kind) {
		case "ns": {
			const q = durationParts(cell as number, 3);
			return `${q.value}${GAP}${q.unit}`;
		}
		case "time":
			return formatTime(cell as number);
		case "count":
			return formatCount(cell as number);
		case "bytes":
			return formatBytes(cell as number);
		case "ratio":
			return formatRatio(cell as number);
		case "number":
			return formatNumber(cell as number);
		case "bool":
			return cell ? "yes" : "no";
		case "named": {
			const [name, ns] = byLength(cell as Named)[0] as [string, number];
			return `${name} ${cellText("ns", ns)}`;
		}
		case "stack": {
			const site = siteOf(cell as readonly Frame[]);
			if (!site) return "–";
			const caller = site.caller ? ` ‹ ${shortFunction(site.caller.func)}` : "";
			return `${shortFunction(site.leaf.func)}${caller} ${placeOf(site.caller ?? site.leaf)}`;
		}
		case "text":
		case "id":
			return String(cell);
		default:
			return "";
	}
}
