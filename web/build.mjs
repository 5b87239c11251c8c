// SPDX-License-Identifier: MIT
// Bundles the viewer: node web/build.mjs [--out DIR] [--manifest FILE] [--depfile FILE] [--dev]
//
// DIR (web/dist unless told) gets index.html, favicon.svg, app.<hash>.js, app.<hash>.css and assets.txt, the list that the
// C build embeds: one line an asset, url-path TAB file TAB content-type, the file being relative to DIR. FILE gets the
// same list with the files' whole paths. The depfile, for ninja, says what the manifest was made from.

import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
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
const option = (name) => (args.includes(name) ? args[args.indexOf(name) + 1] : undefined);
const out = resolve(option("--out") ?? join(here, "dist"));
const manifest = option("--manifest");
const dev = args.includes("--dev");

mkdirSync(out, { recursive: true });
// Names change with the content: yesterday's would stay for ever.
for (const f of readdirSync(out)) if (/^app\.[0-9A-Z]+\.(js|css)$/.test(f)) rmSync(join(out, f));

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
const list = (place) =>
	assets.map(([url, file, type]) => `${url}\t${place(file)}\t${type}\n`).join("");
writeFileSync(
	join(out, "assets.txt"),
	list((f) => f),
);
if (manifest)
	writeFileSync(
		manifest,
		list((f) => join(out, f)),
	);

const depfile = option("--depfile");
if (manifest && depfile) {
	const inputs = Object.keys(result.metafile.inputs).map((f) => join(here, f));
	const own = ["build.mjs", "src/index.html", "src/favicon.svg", "package-lock.json"];
	const quoted = (path) => path.replace(/[ #\\]/g, "\\$&");
	const all = [...own.map((f) => join(here, f)), ...inputs];
	writeFileSync(depfile, `${quoted(manifest)}: ${all.map(quoted).join(" ")}\n`);
}
