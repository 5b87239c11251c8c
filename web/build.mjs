// SPDX-License-Identifier: MIT
// Bundles the viewer: node web/build.mjs [--out DIR] [--dev]
//
// DIR (web/dist unless told) gets index.html, favicon.svg, app.<hash>.js, app.<hash>.css and assets.txt, the list that the
// C build embeds: one line an asset, url-path TAB file TAB content-type, the file being relative to DIR.

import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));

let esbuild;
try {
	esbuild = await import("esbuild");
} catch {
	console.error("web/build.mjs: esbuild is not installed; run: npm ci --prefix web");
	process.exit(1);
}

const args = process.argv.slice(2);
const outIx = args.indexOf("--out");
const out = resolve(outIx >= 0 ? args[outIx + 1] : join(here, "dist"));
const dev = args.includes("--dev");

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

const result = await esbuild.build({
	entryPoints: [join(here, "src/main.tsx")],
	entryNames: "app.[hash]",
	outdir: out,
	bundle: true,
	format: "esm",
	target: ["es2022"],
	minify: !dev,
	sourcemap: dev ? "inline" : false,
	legalComments: "none",
	jsx: "automatic",
	jsxImportSource: "preact",
	define: { "process.env.NODE_ENV": '"production"' },
	metafile: true,
	logLevel: "warning",
	absWorkingDir: here,
});

const files = Object.keys(result.metafile.outputs).map((f) => basename(f));
const js = files.find((f) => f.endsWith(".js"));
const css = files.find((f) => f.endsWith(".css"));
const html = readFileSync(join(here, "src/index.html"), "utf8")
	.replaceAll("@JS@", `/${js}`)
	.replaceAll("@CSS@", `/${css}`);
writeFileSync(join(out, "index.html"), html);
copyFileSync(join(here, "src/favicon.svg"), join(out, "favicon.svg"));

const assets = [
	["/", "index.html", "text/html; charset=utf-8"],
	[`/${js}`, js, "text/javascript; charset=utf-8"],
	[`/${css}`, css, "text/css; charset=utf-8"],
	["/favicon.svg", "favicon.svg", "image/svg+xml"],
];
writeFileSync(join(out, "assets.txt"), assets.map((a) => `${a.join("\t")}\n`).join(""));
