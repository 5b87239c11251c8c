// SPDX-License-Identifier: MIT
// Regions by type and place; those of one, with what their goroutine did meanwhile.

import { kept } from "../model/pages.ts";
import { useStore } from "../views/ctx.ts";
import { type Crumb, Switch } from "./head.tsx";
import { ReportPage } from "./report.tsx";

export function Regions() {
	const store = useStore();
	const params = store.params.value;
	const listed = ["type", "at", "list"].some((k) => params[k] !== undefined);
	const crumbs: Crumb[] = listed
		? [
				{ text: "Regions", to: () => store.go("regions", {}) },
				{ text: params.type ?? params.at ?? "all" },
			]
		: [{ text: "Regions" }];
	return (
		<ReportPage
			report="regions"
			crumbs={crumbs}
			switches={
				<Switch
					label="Rows"
					value={listed ? "each" : "types"}
					options={[
						[
							"types",
							"by type and place",
							"Regions of one type that begin at one place are one row",
						],
						["each", "each", "A row for each region"],
					]}
					onChange={(v) => {
						const { type, at, list: _, ...rest } = kept(params);
						if (v === "types") store.go("regions", rest);
						else if (!type && !at) store.go("regions", { ...rest, list: "1" });
					}}
				/>
			}
		/>
	);
}
