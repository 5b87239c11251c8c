// SPDX-License-Identifier: MIT
// Fetches what the last frame wanted, in batches. At most two batches are under way; what is wanted but not yet sent
// is only a list, which the next frame replaces, so a request that went stale while waiting is never sent. A batch
// under way of which nothing is wanted any more is broken off.

import type { TileCache, Want } from "../model/tilecache.ts";
import { request } from "./api.ts";
import { decodeTiles } from "./decode.ts";

const BATCH_TILES = 256;
const MAX_BATCHES = 2;

interface Batch {
	wants: Want[];
	abort: AbortController;
}

export class TileClient {
	private queue: Want[] = [];
	private readonly batches = new Set<Batch>();
	private readonly inFlight = new Set<string>();

	constructor(
		private readonly cache: TileCache,
		/** Tiles have arrived: draw again. */
		private readonly arrived: () => void,
		private readonly failed: (err: unknown) => void,
	) {}

	/** Tiles on their way or waiting to be sent. */
	get pending(): number {
		return this.inFlight.size + this.queue.length;
	}

	/** Call once a frame, after drawing. */
	update(wants: Want[]): void {
		const wanted = new Set(wants.map((w) => w.key));
		for (const b of this.batches)
			if (!b.wants.some((w) => wanted.has(w.key))) {
				b.abort.abort();
				this.forget(b);
			}
		this.queue = wants.filter((w) => !this.inFlight.has(w.key));
		this.pump();
	}

	private pump(): void {
		while (this.queue.length && this.batches.size < MAX_BATCHES) {
			const batch: Batch = {
				wants: this.queue.splice(0, BATCH_TILES),
				abort: new AbortController(),
			};
			this.batches.add(batch);
			for (const w of batch.wants) this.inFlight.add(w.key);
			void this.send(batch);
		}
	}

	private forget(batch: Batch): void {
		if (!this.batches.delete(batch)) return;
		for (const w of batch.wants) this.inFlight.delete(w.key);
	}

	private async send(batch: Batch): Promise<void> {
		try {
			const bytes = await request("/api/tiles", (res) => res.arrayBuffer(), {
				method: "POST",
				body: batch.wants.map((w) => `${w.lane} ${w.level} ${w.block}\n`).join(""),
				headers: { "Content-Type": "text/plain" },
				signal: batch.abort.signal,
			});
			const tiles = decodeTiles(bytes);
			if (tiles.length !== batch.wants.length) throw new RangeError("the server left tiles out");
			tiles.forEach((tile, i) => {
				this.cache.put((batch.wants[i] as Want).lane, tile);
			});
			this.forget(batch);
			this.arrived();
			this.pump();
		} catch (err) {
			this.forget(batch);
			if (!batch.abort.signal.aborted) this.failed(err);
		}
	}
}
