// SPDX-License-Identifier: MIT
// Who may import whom in web/src: base <- model <- {net, draw} <- views <- pages <- app <- main. Prints each breach; exits with 1.
//     node web/tools/layers.mjs

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const src = join(dirname(fileURLToPath(import.meta.url)), "../src");
const MAY = {
	base: ["base"],
	model: ["base", "model"],
	net: ["base", "model", "net"],
	draw: ["base", "model", "draw"],
	views: ["base", "model", "net", "draw", "views"],
	pages: ["base", "model", "net", "draw", "views", "pages"],
	app: ["base", "model", "net", "draw", "views", "pages", "app"],
};
// Names of the DOM that model and draw must not know; draw/paint.ts is the one that does.
const DOM =
	/\b(document|globalThis|HTML\w*Element|OffscreenCanvas|CanvasRenderingContext2D|fetch)\b\s*[.([]/;

let breaches = 0;
const complain = (file, text) => {
	breaches++;
	console.log(`web/src/${file}: ${text}`);
};
for (const layer of Object.keys(MAY))
	for (const name of readdirSync(join(src, layer))) {
		const file = `${layer}/${name}`;
		const text = readFileSync(join(src, file), "utf8");
		for (const [, to] of text.matchAll(/from "(\.[^"]+)"/g)) {
			const target = relative(src, normalize(join(src, layer, to))).split("/")[0];
			if (!MAY[layer].includes(target)) complain(file, `${layer} may not import ${target}`);
		}
		if (!text.includes("SPDX-License-Identifier: MIT")) complain(file, "no SPDX line");
		if (
			(layer === "base" || layer === "model" || (layer === "draw" && name !== "paint.ts")) &&
			DOM.test(text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/\/\/.*$/gm, ""))
		)
			complain(file, "knows the DOM");
	}
process.exit(breaches ? 1 : 0);
