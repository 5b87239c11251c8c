// SPDX-License-Identifier: MIT
// The selected interval, read as a sentence: what, since when, how long and how that compares, who ended it, what
// came next. Then the stacks, then the goroutine's whole life.

import {
	formatCount,
	formatDuration,
	formatPercent,
	formatRank,
	formatTime,
	tailFunction,
} from "../base/format.ts";
import {
	type GoroutineDoc,
	isRange,
	lifeByClass,
	type RangeDoc,
	type SpanDoc,
	State,
} from "../model/trace.ts";
import { className, Duration, GoroutineLink, LifeBar, Stack, Swatch } from "./bits.tsx";
import { useStore } from "./ctx.ts";

export function Details() {
	const store = useStore();
	const detail = store.detail.value;
	const selection = store.selection.value;
	if (!selection)
		return (
			<p class="hint">
				Click an interval on the timeline to read what it was: its state and reason, who ended it,
				where it stood.
			</p>
		);
	if (!detail) return <p class="hint">…</p>;
	const { span, goroutine } = detail;
	return (
		<div class="details" data-testid="details" data-lane={detail.selection.lane}>
			{span && isRange(span) && <h2>{span.name}</h2>}
			{goroutine && !(span && isRange(span)) && (
				<>
					<h2 data-testid="details-goroutine">Goroutine {goroutine.id}</h2>
					<p class="sub">{goroutine.name || "no stack was ever seen"}</p>
					<p class="ways">
						<button
							type="button"
							class="link"
							data-testid="details-story"
							onClick={() =>
								store.go("goroutines", { goroutine: String(goroutine.id), whole: "1" })
							}
						>
							Its story →
						</button>
						{goroutine.name && (
							<button
								type="button"
								class="link"
								data-testid="details-group"
								onClick={() => store.go("goroutines", { group: goroutine.name, whole: "1" })}
							>
								Its group →
							</button>
						)}
					</p>
				</>
			)}
			{!span && <p class="hint">Nothing is known of this lane at {formatTime(selection.t)}.</p>}
			{span && (isRange(span) ? <Range span={span} /> : <Interval span={span} />)}
			{goroutine && <Life goroutine={goroutine} />}
		</div>
	);
}

function Pill({ span }: { span: SpanDoc }) {
	const text =
		span.state === State.waiting
			? `blocked · ${span.reason || "unknown"}`
			: span.state === State.syscallBlocked
				? "syscall · proc lost"
				: span.state_name;
	return (
		<span class={`pill c${span.class}`} data-testid="details-state">
			{text}
		</span>
	);
}

function Interval({ span }: { span: SpanDoc }) {
	const store = useStore();
	const waker = span.woken_by;
	return (
		<>
			<dl class="facts">
				<dt>State</dt>
				<dd>
					<Pill span={span} />
				</dd>
				<dt>Start</dt>
				<dd data-testid="details-start" data-ns={span.start}>
					{formatTime(span.start)}
				</dd>
				<dt>Duration</dt>
				<dd>
					<b data-testid="details-duration" data-ns={span.duration}>
						{formatDuration(span.duration)}
					</b>
					{span.open && <span class="soft"> and still so at the trace's end</span>}
					{span.of > 1 && (
						<span class="soft">{` · ${formatRank(span.rank)} of ${formatCount(span.of)} like it`}</span>
					)}
				</dd>
				{span.state !== State.waiting && span.reason && (
					<>
						<dt>Stopped for</dt>
						<dd>{span.reason}</dd>
					</>
				)}
				{waker && <Waker span={span} />}
				{span.next && (
					<>
						<dt>{span.next.state === State.runnable ? "Then queued" : "Then"}</dt>
						<dd data-testid="details-next">
							{span.next.state === State.runnable
								? `${formatDuration(span.next.duration)} for a proc`
								: `${nextName(span.next.state)} for ${formatDuration(span.next.duration)}`}
							{span.next.proc && ", ran on "}
							{span.next.proc && (
								<ProcLink
									proc={span.next.proc}
									t={span.end + (span.next.state === State.runnable ? span.next.duration : 0)}
								/>
							)}
						</dd>
					</>
				)}
				{span.proc && (
					<>
						<dt>Ran on</dt>
						<dd>
							<ProcLink proc={span.proc} t={span.start} />
							{span.thread && `, thread ${span.thread.id}`}
						</dd>
					</>
				)}
				{span.ranges.length > 0 && (
					<>
						<dt>Meanwhile</dt>
						<dd>
							{span.ranges.slice(0, 6).map((r) => (
								<div key={`${r.name}${r.start}`}>
									{r.name} <span class="soft">{formatDuration(r.end - r.start)}</span>
								</div>
							))}
							{span.ranges.length > 6 && <div class="soft">and {span.ranges.length - 6} more</div>}
						</dd>
					</>
				)}
			</dl>
			<div class="steps">
				<button type="button" onClick={() => store.step(-1)} title="The interval before (,)">
					‹ before
				</button>
				<button
					type="button"
					onClick={() => store.fitSelection()}
					title="Fit the interval (F)"
					data-testid="details-fit"
				>
					fit
				</button>
				<button type="button" onClick={() => store.step(1)} title="The interval after (.)">
					after ›
				</button>
			</div>
			<Stack title={stackTitle(span)} frames={span.stack} testid="details-stack" />
			{waker && (
				<Stack
					title={span.cause === "created" ? "Created at" : "Woken at"}
					frames={waker.stack}
					testid="details-waker-stack"
				/>
			)}
			<Stack title="Next stopped at" frames={span.end_stack} testid="details-end-stack" />
		</>
	);
}

function stackTitle(span: SpanDoc): string {
	if (span.state === State.waiting) return "Blocked at";
	if (span.state === State.syscall || span.state === State.syscallBlocked)
		return "Entered the kernel at";
	return span.state === State.runnable ? "Stopped at" : "Began at";
}

const nextName = (state: number): string =>
	({
		[State.running]: "ran",
		[State.waiting]: "blocked",
		[State.syscall]: "in a syscall",
		[State.syscallBlocked]: "in a syscall",
	})[state] ?? "gone";

function Waker({ span }: { span: SpanDoc }) {
	const waker = span.woken_by;
	if (!waker) return null;
	const created = span.state === State.runnable && span.cause === "created";
	// The innermost frame is the call that woke it: Unlock, chansend1, Done.
	const call = waker.stack[0] ? lastName(waker.stack[0].func) : "";
	return (
		<>
			<dt>{created ? "Created by" : "Woken by"}</dt>
			<dd data-testid="details-waker">
				{waker.goroutine ? (
					<GoroutineLink who={waker.goroutine} t={waker.time} testid="woken-by" />
				) : (
					<span>{waker.proc === null ? "the runtime" : `the runtime on P${waker.proc}`}</span>
				)}
				{call && !created && ` ${call}`}
				{span.state === State.waiting && `, after ${formatDuration(span.duration)}`}
			</dd>
		</>
	);
}

function lastName(func: string): string {
	const tail = tailFunction(func);
	return tail.slice(tail.lastIndexOf(".") + 1);
}

function ProcLink({ proc, t }: { proc: { row: number; id: number }; t: number }) {
	const store = useStore();
	return (
		<button type="button" class="link" onClick={() => store.jumpToProc(proc.row, t)}>
			P{proc.id}
		</button>
	);
}

function Range({ span }: { span: RangeDoc }) {
	return (
		<>
			<dl class="facts">
				<dt>Start</dt>
				<dd data-testid="details-start" data-ns={span.start}>
					{formatTime(span.start)}
				</dd>
				<dt>Duration</dt>
				<dd>
					<b data-testid="details-duration" data-ns={span.duration}>
						{formatDuration(span.duration)}
					</b>
				</dd>
				{span.goroutine && (
					<>
						<dt>By</dt>
						<dd>
							<GoroutineLink who={span.goroutine} t={span.start} />{" "}
							<span class="soft">{span.goroutine.name}</span>
						</dd>
					</>
				)}
			</dl>
			<Stack title="Began at" frames={span.stack} testid="details-stack" />
		</>
	);
}

function Life({ goroutine: g }: { goroutine: GoroutineDoc }) {
	const parts = lifeByClass(g);
	const rows: [number, string, number][] = [...parts].map(([cls, ns]) => [cls, lifeName(cls), ns]);
	return (
		<>
			<section data-testid="details-life">
				<h3>This goroutine</h3>
				<LifeBar parts={parts} />
				<table class="life-table">
					<tbody>
						{rows.map(([cls, name, ns]) => (
							<tr key={cls}>
								<td>
									<Swatch cls={cls} /> {name}
								</td>
								<td>
									<Duration ns={ns} />
								</td>
								<td class="soft">{formatPercent(ns, g.total_ns)}</td>
							</tr>
						))}
						{Object.entries(g.range_ns).map(([name, ns]) => (
							<tr key={name} class="soft">
								<td title="time inside such a range; it is part of the times above">
									<i class="swatch" /> {name}
								</td>
								<td>
									<Duration ns={ns} />
								</td>
								<td>{formatPercent(ns, g.total_ns)}</td>
							</tr>
						))}
						<tr class="total">
							<td>
								{g.existed
									? g.ended
										? "Seen until its end"
										: "Seen"
									: g.ended
										? "Lived"
										: "Lived so far"}
							</td>
							<td>
								<Duration ns={g.total_ns} />
							</td>
							<td />
						</tr>
					</tbody>
				</table>
			</section>
			{(g.creator || g.create_stack.length > 0) && (
				<section class="creator">
					<Stack title="Created by" frames={g.create_stack} />
					{g.creator && (
						<p>
							<GoroutineLink who={g.creator} t={g.begin} testid="created-by" />{" "}
							<span class="soft">
								{tailFunction(g.creator.name)} at {formatTime(g.begin)}
							</span>
						</p>
					)}
				</section>
			)}
		</>
	);
}

function lifeName(cls: number): string {
	const name = className(cls);
	if (cls >= 4 && cls <= 6) return `Blocked: ${name}`;
	return cls === 8 ? "GC" : (name[0] as string).toUpperCase() + name.slice(1);
}
