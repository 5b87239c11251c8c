// SPDX-License-Identifier: MIT
// A profile as /api/profile/KIND answers it, and the flame graph that is made of it: stacks added up from the
// outermost frame inwards, functions told apart by name.

import type { Ns } from "../base/units.ts";
import type { Interval } from "./targets.ts";
import { Class, classOfReason, type Frame, type GoroutineRef } from "./trace.ts";

export interface ProfileSample {
	/** Indices into frames, innermost first. */
	stack: readonly number[];
	count: number;
	value: Ns;
	group: string;
	reason: string;
	/** The longest of its waits, when it began and whose it was; null where none is known. */
	longest: Ns;
	at: Ns;
	of: GoroutineRef | null;
}

export interface ProfileDoc {
	kind: string;
	head: string;
	stack: string;
	/** Of the values: "ns" or "samples". */
	unit: string;
	/** Sums over the samples. */
	count: number;
	total: number;
	frames: readonly Frame[];
	samples: readonly ProfileSample[];
}

export interface FlameNode {
	/** Full name; "" for the root. */
	name: string;
	parent: FlameNode | null;
	depth: number;
	value: number;
	/** Of it, what ends here. */
	self: number;
	count: number;
	/** The longest wait beneath. */
	longest: Interval | null;
	/** The class of what is waited for, where the frame is one that waits; else 0. */
	cls: number;
	/** Widest first. */
	children: FlameNode[];
	/** Names of the outermost frame down to this one. */
	path: string;
}

/** The class that a profile's samples stand for. */
export function classOfSample(kind: string, reason: string): number {
	switch (kind) {
		case "sched":
		case "create":
			return Class.wait;
		case "syscall":
			return Class.sys;
		case "net":
			return Class.net;
		case "stw":
			return Class.stw;
		case "cpu":
			return Class.run;
		default:
			return classOfReason(reason);
	}
}

/** Frames of these packages wait on behalf of their callers: they have the colour of the wait. */
const WAITS = /^(runtime|sync|internal\/(sync|poll|runtime\/.*)|syscall|net|time|os)\./;

interface Building extends FlameNode {
	by: Map<string, Building>;
	classes: Map<number, number>;
}

function node(name: string, parent: Building | null): Building {
	return {
		name,
		parent,
		depth: parent ? parent.depth + 1 : 0,
		value: 0,
		self: 0,
		count: 0,
		longest: null,
		cls: 0,
		children: [],
		path: parent?.parent ? `${parent.path}\n${name}` : name,
		by: new Map(),
		classes: new Map(),
	};
}

function finish(n: Building): void {
	n.children = [...n.by.values()].sort((a, b) => b.value - a.value || (a.name < b.name ? -1 : 1));
	let most = 0;
	for (const [cls, v] of n.classes)
		if (v > most) {
			most = v;
			n.cls = cls;
		}
	for (const c of n.children) finish(c as Building);
	if (!n.parent || !(2 * n.self > n.value || WAITS.test(n.name))) n.cls = 0;
}

/** The longest wait of a sample as an interval of the timeline. */
export const longestOf = (s: ProfileSample): Interval | null =>
	s.of && s.longest > 0 ? { goroutine: s.of.id, from: s.at, to: s.at + s.longest } : null;

export const longer = (a: Interval | null, b: Interval | null): Interval | null =>
	a && b ? (b.to - b.from > a.to - a.from ? b : a) : (a ?? b);

/** What a sample weighs: its time, or how many there are where no time is known. */
export const weight = (doc: ProfileDoc, s: ProfileSample): number =>
	doc.unit === "ns" ? s.value : s.count;

export function buildFlame(doc: ProfileDoc): FlameNode {
	const root = node("", null);
	for (const s of doc.samples) {
		const w = weight(doc, s);
		const cls = classOfSample(doc.kind, s.reason);
		const longest = longestOf(s);
		let at = root;
		const add = () => {
			at.value += w;
			at.count += s.count;
			at.longest = longer(at.longest, longest);
			at.classes.set(cls, (at.classes.get(cls) ?? 0) + w);
		};
		add();
		for (let i = s.stack.length - 1; i >= 0; i--) {
			const name = doc.frames[s.stack[i] as number]?.func ?? "?";
			let next = at.by.get(name);
			if (!next) {
				next = node(name, at);
				at.by.set(name, next);
			}
			at = next;
			add();
		}
		at.self += w;
	}
	finish(root);
	return root;
}

/** The node of a path; the root where there is none. */
export function findPath(root: FlameNode, path: string): FlameNode {
	let at = root;
	if (path)
		for (const name of path.split("\n")) {
			const next = at.children.find((c) => c.name === name);
			if (!next) return root;
			at = next;
		}
	return at;
}

export interface FlameBox {
	node: FlameNode;
	/** Shares of the width. */
	x: number;
	w: number;
}

/**
 * What is to be drawn when `focus` fills the width: it, what is above it at full width, and below it all that is at
 * least `least` of the width wide.
 */
export function layoutFlame(focus: FlameNode, least: number): FlameBox[] {
	const out: FlameBox[] = [];
	for (let n = focus.parent; n; n = n.parent) out.unshift({ node: n, x: 0, w: 1 });
	const walk = (n: FlameNode, x: number, w: number) => {
		out.push({ node: n, x, w });
		let at = x;
		for (const c of n.children) {
			const share = n.value > 0 ? (w * c.value) / n.value : 0;
			// Sorted by width: the rest is narrower still.
			if (share < least) break;
			walk(c, at, share);
			at += share;
		}
	};
	walk(focus, 0, 1);
	return out;
}

/** Whether a function's name contains the text, case aside. */
export const matches = (name: string, text: string): boolean =>
	text !== "" && name.toLowerCase().includes(text.toLowerCase());

/** How much lies beneath functions that match: each sample once. */
export function matched(doc: ProfileDoc, text: string): number {
	const hit = doc.frames.map((f) => matches(f.func, text));
	let sum = 0;
	for (const s of doc.samples) if (s.stack.some((i) => hit[i])) sum += weight(doc, s);
	return sum;
}

/** The package of a function: what decides its tint. */
export function packageOf(name: string): string {
	const slash = name.lastIndexOf("/", name.search(/[[(]/) < 0 ? name.length : name.search(/[[(]/));
	const dot = name.indexOf(".", slash + 1);
	return dot < 0 ? name : name.slice(0, dot);
}

export const TINTS = 5;
export function tintOf(name: string): number {
	let h = 0;
	for (const c of packageOf(name)) h = (Math.imul(h, 31) + c.charCodeAt(0)) >>> 0;
	return h % TINTS;
}

/** The samples as rows: those of one stack are one, whatever group or reason they have. */
export interface StackRow {
	stack: readonly Frame[];
	path: string;
	cls: number;
	reason: string;
	group: string;
	count: number;
	value: number;
	longest: Interval | null;
}

export function stackRows(doc: ProfileDoc): StackRow[] {
	const by = new Map<string, StackRow & { most: number }>();
	for (const s of doc.samples) {
		const key = s.stack.join(",");
		const w = weight(doc, s);
		const row = by.get(key);
		if (!row) {
			const stack = s.stack.map((i) => doc.frames[i] as Frame);
			by.set(key, {
				stack,
				path: stack
					.map((f) => f.func)
					.reverse()
					.join("\n"),
				cls: classOfSample(doc.kind, s.reason),
				reason: s.reason,
				group: s.group,
				count: s.count,
				value: w,
				longest: longestOf(s),
				most: w,
			});
			continue;
		}
		row.count += s.count;
		row.value += w;
		row.longest = longer(row.longest, longestOf(s));
		if (w > row.most) {
			row.most = w;
			row.cls = classOfSample(doc.kind, s.reason);
			row.reason = s.reason;
			row.group = s.group;
		}
	}
	return [...by.values()].sort((a, b) => b.value - a.value);
}
