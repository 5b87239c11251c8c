/* SPDX-License-Identifier: MIT */
/*
 * Everything a cell holds is a sum or a maximum, so that a level follows exactly from the one below
 * it. Time is kept as whole nanoseconds (not as shares): shares are rounded once, when a tile is
 * written.
 */
#include "serve/pyramid.h"

#include <stdlib.h>

unsigned pyramid_base_for(kymo_ns begin, kymo_ns end, uint64_t cells)
{
	unsigned k = 0;
	uint64_t from = (uint64_t)begin, last = end > begin ? (uint64_t)end - 1 : from;
	while ((last >> k) - (from >> k) >= (cells ? cells : 1))
		k++;
	return k;
}

bool pyramid_init(struct pyramid *p, kymo_ns begin, kymo_ns end, uint64_t max_cells)
{
	uint64_t from = (uint64_t)begin, last = end > begin ? (uint64_t)end - 1 : from;
	uint64_t total = 0;
	unsigned k = pyramid_base_for(begin, end, max_cells), top = k;
	while ((last >> top) != (from >> top))
		top++;
	*p = (struct pyramid){.base = (uint8_t)k, .top = (uint8_t)top};
	p->levels = malloc((top - k + 1) * sizeof *p->levels);
	if (!p->levels)
		return false;
	for (unsigned l = k; l <= top; l++) {
		uint64_t count = (last >> l) - (from >> l) + 1;
		p->levels[l - k] =
			(struct pyramid_level){from >> l, (uint32_t)count, (uint32_t)total};
		total += count;
	}
	p->cell_count = total;
	p->cells = total < UINT32_MAX ? calloc(total, sizeof *p->cells) : NULL;
	if (!p->cells)
		pyramid_free(p);
	return p->cells != NULL;
}

static void add_piece(struct pyramid_cell *c, uint64_t ns, unsigned unit, enum plane plane)
{
	c->time[plane] += (uint32_t)((ns + ((1ull << unit) - 1)) >> unit);
}

void pyramid_add_time(struct pyramid *p, kymo_ns start, kymo_ns end, enum plane plane)
{
	unsigned k = p->base, unit = pyramid_unit(k);
	uint64_t from = (uint64_t)start, to = (uint64_t)end;
	struct pyramid_cell *c = p->cells + ((from >> k) - p->levels[0].first);
	while (from < to) {
		uint64_t edge = ((from >> k) + 1) << k;
		if (edge > to)
			edge = to;
		add_piece(c++, edge - from, unit, plane);
		from = edge;
	}
}

void pyramid_add_long(struct pyramid *p, kymo_ns start, kymo_ns end, enum plane plane, float worst,
                      uint32_t key)
{
	unsigned k = p->base;
	struct pyramid_cell *first = p->cells + (((uint64_t)start >> k) - p->levels[0].first);
	struct pyramid_cell *last = p->cells + (((uint64_t)(end - 1) >> k) - p->levels[0].first);
	pyramid_add_time(p, start, end, plane);
	first->begins = (uint8_t)(first->begins + (first->begins != 255));
	for (struct pyramid_cell *c = first; c <= last; c++)
		pyramid_grow_worst(c, worst, key);
}

void pyramid_add_begin(struct pyramid *p, kymo_ns start)
{
	struct pyramid_cell *c = p->cells + (((uint64_t)start >> p->base) - p->levels[0].first);
	c->begins = (uint8_t)(c->begins + (c->begins != 255));
}

static void add_child(struct pyramid_cell *up, const struct pyramid_cell *down, bool rescale)
{
	/*
	 * Only one of a parent's two children may exist (at the ends); each is rescaled by itself
	 * on purpose: the order in which they come does not matter then.
	 */
	for (unsigned i = 0; i < PLANE_COUNT; i++)
		up->time[i] += rescale ? (down->time[i] >> 1) + (down->time[i] & 1) : down->time[i];
	pyramid_grow_worst(up, down->worst, down->wait_key);
	unsigned begins = (unsigned)up->begins + down->begins;
	up->begins = (uint8_t)(begins > 255 ? 255 : begins);
}

void pyramid_merge(struct pyramid *p, const struct pyramid *other)
{
	for (uint32_t i = 0; i < p->levels[0].count; i++)
		add_child(&p->cells[i], &other->cells[i], false);
}

void pyramid_take_cells(struct pyramid *p, const struct pyramid *other, uint64_t first, uint64_t last)
{
	unsigned up = p->base - other->base,
		 rescale = pyramid_unit(p->base) - pyramid_unit(other->base);
	for (uint64_t i = first; i < last; i++) {
		struct pyramid_cell c = other->cells[i - other->levels[0].first];
		for (unsigned plane = 0; plane < PLANE_COUNT; plane++)
			c.time[plane] =
				(uint32_t)(((uint64_t)c.time[plane] + ((1ull << rescale) - 1)) >>
			                   rescale);
		add_child(&p->cells[(i >> up) - p->levels[0].first], &c, false);
	}
}

void pyramid_finish(struct pyramid *p)
{
	for (unsigned l = p->base + 1u; l <= p->top; l++) {
		const struct pyramid_level *down = &p->levels[l - 1 - p->base],
					   *up = &p->levels[l - p->base];
		bool rescale = pyramid_unit(l) != pyramid_unit(l - 1);
		for (uint32_t i = 0; i < down->count; i++)
			add_child(&p->cells[up->offset + (((down->first + i) >> 1) - up->first)],
			          &p->cells[down->offset + i], rescale);
	}
}

size_t pyramid_bytes(const struct pyramid *p)
{
	return p->cell_count * sizeof *p->cells;
}

void pyramid_free(struct pyramid *p)
{
	free(p->levels);
	free(p->cells);
	*p = (struct pyramid){0};
}
