// SPDX-License-Identifier: MIT
// Which page stands beside the rail.

import { pageDef, reportOf } from "../model/pages.ts";
import { useStore } from "../views/ctx.ts";
import { ReportPage } from "./report.tsx";

export function Page() {
	const store = useStore();
	const page = store.page.value;
	const params = store.params.value;
	const def = pageDef(page);
	const report = reportOf(page, params);
	return <ReportPage key={page} report={report} crumbs={[{ text: def?.name ?? page }]} />;
}
