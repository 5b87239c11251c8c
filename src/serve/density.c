/* SPDX-License-Identifier: MIT */
/*
 * An interval adds its two ends to their cells, and to the cells between them a difference (+1 at
 * the first, -1 behind the last) that a running sum turns into counts afterwards. A maximum has no
 * such inverse: there the levels above the cells serve as a segment tree. A long runnable interval
 * is noted at the O(log n) nodes that make it up, and settling carries the notes down.
 */
#include "serve/density.h"

#include <stdlib.h>
#include <string.h>

static size_t round8(size_t n)
{
	return (n + 7) & ~(size_t)7;
}

/* Lays the arrays out in s->memory, or says how much that takes. */
static size_t lay_out(struct density_sum *s, uint32_t count, char *memory)
{
	size_t at = 0, nodes = 0;
	uint32_t n = count;
	s->heights = 0;
	for (;; n = (n + 1) / 2) {
		s->tree_at[s->heights++] = (uint32_t)nodes;
		nodes += n;
		if (n <= 1)
			break;
	}
	for (unsigned i = 0; i < PLANE_COUNT; i++) {
		s->ns[i] = memory ? (int64_t *)(void *)(memory + at) : NULL;
		at += (size_t)count * sizeof(int64_t);
	}
	for (unsigned i = 0; i < PLANE_COUNT; i++) {
		s->whole[i] = memory ? (int32_t *)(void *)(memory + at) : NULL;
		at += round8(((size_t)count + 1) * sizeof(int32_t));
	}
	s->worst = memory ? (float *)(void *)(memory + at) : NULL;
	return at + nodes * sizeof(float);
}

bool density_sum_init(struct density_sum *s, unsigned k, uint64_t first, uint32_t count)
{
	*s = (struct density_sum){.k = k, .first = first, .count = count};
	s->memory_bytes = lay_out(s, count, NULL);
	s->memory = calloc(1, s->memory_bytes);
	if (s->memory)
		lay_out(s, count, s->memory);
	return s->memory != NULL;
}

void density_sum_reset(struct density_sum *s, unsigned k, uint64_t first, uint32_t count)
{
	s->k = k;
	s->first = first;
	s->count = count;
	memset(s->memory, 0, lay_out(s, count, s->memory));
}

void density_sum_free(struct density_sum *s)
{
	free(s->memory);
	*s = (struct density_sum){0};
}

static void note_worst(struct density_sum *s, uint64_t c0, uint64_t c1, float worst)
{
	uint64_t l = c0, r = c1 + 1;
	for (unsigned h = 0; l < r; h++, l >>= 1, r >>= 1) {
		float *nodes = s->worst + s->tree_at[h];
		if (l & 1) {
			if (worst > nodes[l])
				nodes[l] = worst;
			l++;
		}
		if (r & 1) {
			r--;
			if (worst > nodes[r])
				nodes[r] = worst;
		}
	}
}

void density_sum_add_long(struct density_sum *s, kymo_ns start, kymo_ns end, enum plane plane,
                          float worst)
{
	uint64_t c0 = ((uint64_t)start >> s->k) - s->first,
		 c1 = ((uint64_t)(end - 1) >> s->k) - s->first;
	s->ns[plane][c0] += (int64_t)((c0 + s->first + 1) << s->k) - start;
	s->ns[plane][c1] += end - (int64_t)((c1 + s->first) << s->k);
	if (c1 > c0 + 1) {
		s->whole[plane][c0 + 1]++;
		s->whole[plane][c1]--;
	}
	if (worst > 0)
		note_worst(s, c0, c1, worst);
}

void density_sum_add_cells(struct density_sum *s, const struct pyramid *p)
{
	const struct pyramid_level *level = &p->levels[s->k - p->base];
	unsigned unit = pyramid_unit(s->k);
	for (uint32_t i = 0; i < level->count; i++) {
		const struct pyramid_cell *c = &p->cells[level->offset + i];
		uint64_t at = level->first + i - s->first;
		for (unsigned plane = 0; plane < PLANE_COUNT; plane++)
			s->ns[plane][at] += (int64_t)c->time[plane] << unit;
		if (c->worst > s->worst[at])
			s->worst[at] = c->worst;
	}
}

static uint32_t tree_nodes(const struct density_sum *s)
{
	return s->tree_at[s->heights - 1] + 1;
}

void density_sum_merge(struct density_sum *s, const struct density_sum *other)
{
	for (unsigned plane = 0; plane < PLANE_COUNT; plane++)
		for (uint32_t c = 0; c < s->count; c++) {
			s->ns[plane][c] += other->ns[plane][c];
			s->whole[plane][c] += other->whole[plane][c];
		}
	for (uint32_t n = 0; n < tree_nodes(s); n++)
		if (other->worst[n] > s->worst[n])
			s->worst[n] = other->worst[n];
}

void density_sum_add_finer(struct density_sum *s, const struct density_sum *finer)
{
	unsigned up = s->k - finer->k;
	for (unsigned plane = 0; plane < PLANE_COUNT; plane++)
		for (uint32_t c = 0; c < finer->count; c++)
			s->ns[plane][c >> up] += finer->ns[plane][c];
	for (uint32_t c = 0; c < finer->count; c++)
		if (finer->worst[c] > s->worst[c >> up])
			s->worst[c >> up] = finer->worst[c];
}

void density_sum_settle(struct density_sum *s)
{
	for (unsigned plane = 0; plane < PLANE_COUNT; plane++) {
		int64_t covering = 0;
		for (uint32_t i = 0; i < s->count; i++) {
			covering += s->whole[plane][i];
			s->ns[plane][i] += covering << s->k;
		}
	}
	uint32_t n[33];
	n[0] = s->count;
	for (unsigned h = 1; h < s->heights; h++)
		n[h] = (n[h - 1] + 1) / 2;
	for (unsigned h = s->heights - 1; h > 0; h--) {
		const float *up = s->worst + s->tree_at[h];
		float *down = s->worst + s->tree_at[h - 1];
		for (uint32_t i = 0; i < n[h - 1]; i++)
			if (up[i / 2] > down[i])
				down[i] = up[i / 2];
	}
}

static void write_level(float *to, const struct density_sum *s, uint32_t count, unsigned k)
{
	double width = (double)(1ull << k);
	for (unsigned i = 0; i < PLANE_COUNT; i++)
		for (uint32_t c = 0; c < count; c++)
			to[(size_t)i * count + c] = (float)((double)s->ns[i][c] / width);
	memcpy(to + (size_t)PLANE_COUNT * count, s->worst, count * sizeof *to);
}

bool density_make(struct density *d, struct density_sum *s)
{
	unsigned heights = s->heights;
	*d = (struct density){.base = (uint8_t)s->k, .top = (uint8_t)(s->k + heights - 1)};
	d->levels = malloc(heights * sizeof *d->levels);
	if (!d->levels)
		return false;
	uint32_t count = s->count;
	for (unsigned h = 0; h < heights; h++, count = (count + 1) / 2) {
		d->levels[h] = (struct density_level){count, (uint32_t)d->value_count};
		d->value_count += (size_t)count * DENSITY_PLANES;
	}
	d->values = malloc(d->value_count * sizeof *d->values);
	if (!d->values) {
		density_free(d);
		return false;
	}
	for (unsigned h = 0; h < heights; h++) {
		uint32_t n = d->levels[h].count;
		write_level(d->values + d->levels[h].offset, s, n, s->k + h);
		for (uint32_t c = 0; c < n; c += 2) {
			bool pair = c + 1 < n;
			for (unsigned i = 0; i < PLANE_COUNT; i++)
				s->ns[i][c / 2] = s->ns[i][c] + (pair ? s->ns[i][c + 1] : 0);
			s->worst[c / 2] = pair && s->worst[c + 1] > s->worst[c] ? s->worst[c + 1]
			                                                        : s->worst[c];
		}
	}
	return true;
}

size_t density_bytes(const struct density *d)
{
	return d->value_count * sizeof *d->values;
}

void density_free(struct density *d)
{
	free(d->levels);
	free(d->values);
	*d = (struct density){0};
}
