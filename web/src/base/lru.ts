// SPDX-License-Identifier: MIT
// A map that forgets what was used longest ago once the sizes of its values exceed a bound. Map keeps insertion
// order, so moving a key to the end on use is all the bookkeeping there is.

export class Lru<V> {
	private readonly map = new Map<string, { value: V; bytes: number }>();
	private total = 0;

	constructor(
		private readonly maxBytes: number,
		private readonly dropped: (value: V) => void = () => {},
	) {}

	get size(): number {
		return this.map.size;
	}

	get bytes(): number {
		return this.total;
	}

	/** The value, which becomes the last to be forgotten. */
	get(key: string): V | undefined {
		const hit = this.map.get(key);
		if (!hit) return undefined;
		this.map.delete(key);
		this.map.set(key, hit);
		return hit.value;
	}

	has(key: string): boolean {
		return this.map.has(key);
	}

	set(key: string, value: V, bytes: number): void {
		const old = this.map.get(key);
		if (old) {
			this.total -= old.bytes;
			this.map.delete(key);
			this.dropped(old.value);
		}
		this.map.set(key, { value, bytes });
		this.total += bytes;
		for (const [k, v] of this.map) {
			// The value just added stays, even if it alone is too large.
			if (this.total <= this.maxBytes || k === key) break;
			this.map.delete(k);
			this.total -= v.bytes;
			this.dropped(v.value);
		}
	}

	clear(): void {
		for (const v of this.map.values()) this.dropped(v.value);
		this.map.clear();
		this.total = 0;
	}
}
