// SPDX-License-Identifier: MIT
// When a page has done all that it set out to do: tests wait for that, not for a time.

/** Counts the timers and frames that the page still waits for. Before it is opened. */
export function watch(page) {
	return page.addInitScript(() => {
		const due = new Set();
		const counted = (set, clear, prefix) => {
			const start = window[set].bind(window);
			const stop = window[clear].bind(window);
			window[set] = (f, ...rest) => {
				const id = start(
					(...args) => {
						due.delete(prefix + id);
						f(...args);
					},
					...rest,
				);
				due.add(prefix + id);
				return id;
			};
			window[clear] = (id) => {
				due.delete(prefix + id);
				stop(id);
			};
		};
		counted("setTimeout", "clearTimeout", "t");
		counted("requestAnimationFrame", "cancelAnimationFrame", "f");
		window.__due = due;
	});
}

/**
 * Nothing that is on screen is missing, and nothing is to come. Two frames first, so that what was typed, clicked or
 * scrolled has reached the page.
 */
export async function quiet(page) {
	await page.evaluate(
		() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done()))),
	);
	await page.waitForFunction(() => window.__kymo?.ready && window.__due.size === 0, null, {
		timeout: 30_000,
	});
}
