// SPDX-License-Identifier: MIT
// How wide and high an element is, as it changes.

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export function useSize<T extends HTMLElement>(): [RefObject<T | null>, number, number] {
	const ref = useRef<T>(null);
	const [size, set] = useState<readonly [number, number]>([0, 0]);
	useLayoutEffect(() => {
		const el = ref.current;
		if (!el) return;
		const read = () => set([el.clientWidth, el.clientHeight]);
		read();
		const observer = new ResizeObserver(read);
		observer.observe(el);
		return () => observer.disconnect();
	}, []);
	return [ref, size[0], size[1]];
}
