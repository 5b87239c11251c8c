// SPDX-License-Identifier: MIT
// Starts `kymo view` and a browser, and ends both.

import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { chromium } from "playwright-core";

const BROWSERS = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const browserPath = process.env.KYMO_CHROMIUM ?? BROWSERS.find((p) => existsSync(p));

const START_MS = 60_000;

/** Runs `kymo view FILE` on a free port; resolves with its address once it says so. */
export function startKymo(binary, file) {
	const child = spawn(binary, ["view", file, "--no-open", "--http", "127.0.0.1:0"], {
		stdio: ["ignore", "pipe", "pipe"],
	});
	let text = "";
	return new Promise((resolve, reject) => {
		const timer = setTimeout(
			() => reject(new Error(`kymo printed no address within ${START_MS} ms:\n${text}`)),
			START_MS,
		);
		const read = (chunk) => {
			text += chunk;
			const m = /http:\/\/127\.0\.0\.1:\d+\//.exec(text);
			if (!m) return;
			clearTimeout(timer);
			resolve({ url: m[0], stop: () => stop(child) });
		};
		child.stdout.on("data", read);
		child.stderr.on("data", read);
		child.on("error", reject);
		child.on("exit", (code) => {
			clearTimeout(timer);
			reject(new Error(`kymo ended with status ${code}:\n${text}`));
		});
	});
}

/** Ctrl-C; resolves with the exit status. */
function stop(child) {
	return new Promise((resolve) => {
		if (child.exitCode !== null) return resolve(child.exitCode);
		const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
		child.on("exit", (code) => {
			clearTimeout(timer);
			resolve(code);
		});
		child.kill("SIGINT");
	});
}

export function startBrowser() {
	return chromium.launch({
		executablePath: browserPath,
		args: [
			"--no-sandbox",
			"--disable-gpu",
			"--disable-background-networking",
			"--disable-component-update",
			"--disable-sync",
			"--no-first-run",
		],
	});
}
