// SPDX-License-Identifier: MIT
// Which page stands beside the rail.

import { pageDef, reportOf } from "../model/pages.ts";
import { useStore } from "../views/ctx.ts";
import { Blocking } from "./blocking.tsx";
import { Goroutines } from "./goroutines.tsx";
import { Mmu } from "./mmu.tsx";
import { Regions } from "./regions.tsx";
import { ReportPage } from "./report.tsx";
import { Tasks } from "./tasks.tsx";
import { Waits } from "./waits.tsx";

export function Page() {
	const store = useStore();
	const page = store.page.value;
	const params = store.params.value;
	const def = pageDef(page);
	const report = reportOf(page, params);
	if (page === "blocking") return <Blocking />;
	if (page === "goroutines") return <Goroutines />;
	if (page === "tasks") return <Tasks />;
	if (page === "regions") return <Regions />;
	if (page === "mmu") return <Mmu />;
	if (page === "waits") return <Waits />;
	return <ReportPage key={page} report={report} crumbs={[{ text: def?.name ?? page }]} />;
}
