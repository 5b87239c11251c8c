// SPDX-License-Identifier: MIT
// Waits by call site: for locks, channels, the network, system calls; and who ended them.

import { reportOf } from "../model/pages.ts";
import { useStore } from "../views/ctx.ts";
import { Switch } from "./head.tsx";
import { ReportPage } from "./report.tsx";

export function Waits() {
	const store = useStore();
	const params = store.params.value;
	return (
		<ReportPage
			report={reportOf("waits", params)}
			crumbs={[{ text: "Waits" }]}
			switches={
				<Switch
					label="For what"
					value={params.of ?? "locks"}
					options={[
						["locks", "locks", "Mutexes, conditions, wait groups, semaphores"],
						["chans", "channels", "Sends, receives, selects"],
						["net", "network"],
						["syscalls", "syscalls"],
					]}
					onChange={(of) => store.setParams({ of, sort: undefined, asc: undefined })}
				/>
			}
		/>
	);
}
