// SPDX-License-Identifier: MIT
// Unit tests of the viewer: bundles web/test/*.test.ts and runs them under node's own runner, as TAP.
//     node web/test/run.mjs

import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = mkdtempSync(join(tmpdir(), "kymo-web-test-"));
const tests = readdirSync(here).filter((f) => f.endsWith(".test.ts"));
try {
	await build({
		entryPoints: tests.map((f) => join(here, f)),
		outdir: out,
		outExtension: { ".js": ".mjs" },
		bundle: true,
		platform: "node",
		format: "esm",
		target: "node18",
		sourcemap: "inline",
		logLevel: "warning",
	});
	const files = tests.map((f) => join(out, f.replace(/\.ts$/, ".mjs")));
	const run = spawnSync(
		process.execPath,
		["--enable-source-maps", "--test", "--test-reporter=tap", ...files],
		{ stdio: "inherit" },
	);
	process.exitCode = run.status ?? 1;
} finally {
	rmSync(out, { recursive: true, force: true });
}
