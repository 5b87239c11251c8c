// SPDX-License-Identifier: MIT
// The timeline page: overview and axis on top, names at the left, lanes in the middle.

import { useEffect, useRef } from "preact/hooks";
import { timeToX } from "../model/viewport.ts";
import { useStore } from "./ctx.ts";
import { attachGestures, wheel } from "./gestures.ts";
import { Labels } from "./labels.tsx";
import { Brush } from "./overview.tsx";
import { Resizer } from "./resizer.tsx";
import { Surface } from "./surface.ts";
import { Tooltip } from "./tooltip.tsx";

export function Timeline({ onSurface }: { onSurface: (s: Surface | null) => void }) {
	const store = useStore();
	const overview = useRef<HTMLCanvasElement>(null);
	const axis = useRef<HTMLCanvasElement>(null);
	const lanes = useRef<HTMLCanvasElement>(null);
	const overlay = useRef<HTMLCanvasElement>(null);
	useEffect(() => {
		const surface = new Surface(store, {
			overview: overview.current as HTMLCanvasElement,
			axis: axis.current as HTMLCanvasElement,
			lanes: lanes.current as HTMLCanvasElement,
			overlay: overlay.current as HTMLCanvasElement,
		});
		onSurface(surface);
		const detach = attachGestures(store, overlay.current as HTMLCanvasElement);
		const strip = axis.current as HTMLCanvasElement;
		const zoom = (e: WheelEvent) => wheel(store, e, strip.getBoundingClientRect(), true);
		strip.addEventListener("wheel", zoom, { passive: false });
		return () => {
			onSurface(null);
			strip.removeEventListener("wheel", zoom);
			detach();
			surface.close();
		};
	}, [store, onSurface]);
	const width = store.labelWidth.value;
	return (
		<main class="timeline" data-testid="timeline" style={{ "--labels": `${width}px` }}>
			<div class="overview-label">
				<b>Whole trace</b>
				<span>running · runnable (log)</span>
			</div>
			<div class="overview">
				<canvas
					ref={overview}
					role="img"
					aria-label="The whole trace: running and runnable goroutines over time"
				/>
				<Brush />
			</div>
			<div class="axis-label">time from start of trace</div>
			<div class="axis">
				<canvas ref={axis} />
			</div>
			<Labels width={width} />
			<div class="lanes">
				<canvas ref={lanes} />
				<canvas
					ref={overlay}
					class="overlay"
					data-testid="lanes"
					tabIndex={0}
					aria-label="Lanes of the timeline; ? lists the keys"
				/>
				<Cursor />
				<Scrollbar />
			</div>
			<Resizer side="left" value={store.labelWidth} min={120} max={480} />
			<Tooltip />
		</main>
	);
}

function Cursor() {
	const store = useStore();
	const t = store.cursor.value;
	const w = store.window.value;
	const width = store.view.value.width;
	const band = store.band.value;
	return (
		<>
			{t !== null && t >= w.from && t <= w.to && (
				<i
					class="cursor"
					style={{ transform: `translateX(${Math.round(timeToX(w, t, width))}px)` }}
				/>
			)}
			{band && (
				<i
					class="band"
					style={{ left: `${Math.min(...band)}px`, width: `${Math.abs(band[1] - band[0])}px` }}
				/>
			)}
		</>
	);
}

function Scrollbar() {
	const store = useStore();
	const { height } = store.view.value;
	const total = store.height.value;
	if (total <= height) return null;
	const size = Math.max(24, (height * height) / total);
	const travel = height - size;
	const y = (store.scroll.value / (total - height)) * travel;
	const grab = (e: PointerEvent) => {
		const el = e.currentTarget as HTMLElement;
		const from = { y: e.clientY, scroll: store.scroll.peek() };
		el.setPointerCapture(e.pointerId);
		el.onpointermove = (m) =>
			store.setScroll(from.scroll + ((m.clientY - from.y) / travel) * (total - height));
		el.onpointerup = () => {
			el.onpointermove = null;
		};
		e.preventDefault();
		e.stopPropagation();
	};
	return (
		<i
			class="scrollbar"
			style={{ height: `${size}px`, transform: `translateY(${y}px)` }}
			onPointerDown={grab}
		/>
	);
}
