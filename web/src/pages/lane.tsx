// SPDX-License-Identifier: MIT
// A small timeline as a component; a click shows that stretch on the real one.

import { createContext } from "preact";
import { useContext, useEffect, useMemo, useRef } from "preact/hooks";
import { formatDuration, formatTime } from "../base/format.ts";
import type { Ns } from "../base/units.ts";
import { useStore } from "../views/ctx.ts";
import { MiniLanes } from "./minilanes.ts";

const Lanes = createContext<MiniLanes | null>(null);

/** Around all small timelines of a page. */
export function MiniLanesOf({ children }: { children: preact.ComponentChildren }) {
	const store = useStore();
	const lanes = useMemo(() => new MiniLanes(store), [store]);
	useEffect(() => () => lanes.close(), [lanes]);
	return <Lanes.Provider value={lanes}>{children}</Lanes.Provider>;
}

export interface LaneProps {
	/** Id; null: the collector's lane. */
	goroutine: number | null;
	from: Ns;
	to: Ns;
	/** The stretch of time that the whole width stands for. */
	span: readonly [Ns, Ns];
	tall?: boolean;
}

export function Lane({ goroutine, from, to, span, tall }: LaneProps) {
	const store = useStore();
	const lanes = useContext(Lanes);
	const canvas = useRef<HTMLCanvasElement>(null);
	const length = Math.max(1, span[1] - span[0]);
	const left = (100 * (from - span[0])) / length;
	const width = (100 * (to - from)) / length;
	useEffect(() => {
		const el = canvas.current;
		if (!el || !lanes) return;
		const detach = lanes.attach(el, { goroutine, from, to });
		const observer = new ResizeObserver(() => lanes.schedule());
		observer.observe(el);
		return () => {
			observer.disconnect();
			detach();
		};
	}, [lanes, goroutine, from, to]);
	const told = `${goroutine === null ? "GC and stops of the world" : `goroutine ${goroutine}`}, ${formatTime(from)}, ${formatDuration(to - from)}`;
	return (
		<div class={`lane${tall ? " tall" : ""}`}>
			<canvas
				ref={canvas}
				data-testid="mini-lane"
				role="img"
				aria-label={told}
				title={told}
				style={{ left: `${left}%`, width: `max(2px, ${width}%)` }}
				onClick={(e) => {
					e.stopPropagation();
					const box = e.currentTarget.getBoundingClientRect();
					if (!tall) return void store.showInterval({ goroutine, from, to });
					// Of a long one, the place that was hit.
					const t = from + ((e.clientX - box.left) / box.width) * (to - from);
					const half = (to - from) / 40;
					void store.showInterval({ goroutine, from: Math.floor(t), to: Math.floor(t + half) });
				}}
			/>
		</div>
	);
}
