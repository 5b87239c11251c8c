/* SPDX-License-Identifier: MIT */
/*
 * Pyramids by themselves, over intervals that no generated trace has: up to 2^52 ns, one cell, ends
 * on the grid; and the small tables beside them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "property/gen_write.h"
#include "serve/cache.h"
#include "serve/classes.h"
#include "serve/density.h"

#define SPANS 300

struct piece {
	kymo_ns start, end;
	enum plane plane;
	unsigned class;
};

/* Gap-free pieces of very different lengths over [begin, end). */
static kymo_ns make_pieces(struct gen_rng *rng, kymo_ns begin, unsigned bits, struct piece *out)
{
	kymo_ns at = begin;
	for (unsigned i = 0; i < SPANS; i++) {
		kymo_ns len = 1 + (kymo_ns)(gen_random(rng) >> (64 - 1 - gen_below(rng, bits)));
		if (gen_chance(rng, 30))
			len = (at | (kymo_ns)((1ull << gen_below(rng, bits)) - 1)) + 1 - at;
		out[i] = (struct piece){at, at + len, (enum plane)gen_below(rng, 4),
		                        4 + (unsigned)gen_below(rng, 6)};
		at += len;
	}
	return at;
}

static void check_cell(const struct piece *pieces, const struct pyramid_cell *c, uint64_t index,
                       unsigned k)
{
	uint64_t left = index << k, right = left + (1ull << k), begins = 0;
	unsigned __int128 ns[PLANE_COUNT] = {0};
	kymo_ns worst = 0;
	uint32_t key = 0;
	unsigned n[PLANE_COUNT] = {0};
	for (unsigned i = 0; i < SPANS; i++) {
		uint64_t a = (uint64_t)pieces[i].start, b = (uint64_t)pieces[i].end;
		kymo_ns length = pieces[i].end - pieces[i].start;
		begins += a >= left && a < right;
		if (a >= right || b <= left)
			continue;
		ns[pieces[i].plane] += (b < right ? b : right) - (a > left ? a : left);
		n[pieces[i].plane]++;
		if (pieces[i].plane == PLANE_RUNNABLE && length > worst)
			worst = length;
		if (pieces[i].plane == PLANE_WAIT && pyramid_wait_key(length, pieces[i].class) > key)
			key = pyramid_wait_key(length, pieces[i].class);
	}
	assert_int_equal(c->begins, begins > 255 ? 255 : begins);
	assert_true(c->worst == (float)worst);
	assert_int_equal(c->wait_key, key);
	unsigned unit = pyramid_unit(k);
	for (unsigned p = 0; p < PLANE_COUNT; p++) {
		uint64_t exact = (uint64_t)((ns[p] + ((1ull << unit) - 1)) >> unit);
		assert_true(c->time[p] >= exact);
		/* Rounded up once for each interval and level above 31, and never for nothing. */
		assert_true(c->time[p] <= exact + (unit ? n[p] + 1u : 0));
		assert_true((c->time[p] != 0) == (ns[p] != 0));
	}
}

static void test_pyramid(void **state)
{
	static struct piece pieces[SPANS];
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gen_rng rng = {seed};
		struct pyramid p;
		unsigned bits = 4 + (unsigned)gen_below(&rng, 40);
		kymo_ns begin = (kymo_ns)(gen_random(&rng) >> (64 - gen_below(&rng, 44) - 1));
		kymo_ns end = make_pieces(&rng, begin, bits, pieces);
		uint64_t cells = gen_chance(&rng, 10) ? 0 : 1 + gen_below(&rng, 200);
		assert_true(pyramid_init(&p, begin, end, cells));
		assert_true(p.levels[0].count <= (cells ? cells : 1));
		assert_int_equal(p.levels[p.top - p.base].count, 1);
		for (unsigned i = 0; i < SPANS; i++) {
			kymo_ns length = pieces[i].end - pieces[i].start;
			pyramid_add(&p, pieces[i].start, pieces[i].end, pieces[i].plane,
			            pieces[i].plane == PLANE_RUNNABLE ? (float)length : 0,
			            pieces[i].plane == PLANE_WAIT
			                    ? pyramid_wait_key(length, pieces[i].class)
			                    : 0);
		}
		pyramid_finish(&p);
		for (unsigned k = p.base; k <= p.top; k++) {
			const struct pyramid_level *l = &p.levels[k - p.base];
			for (uint32_t i = 0; i < l->count; i++)
				check_cell(pieces, &p.cells[l->offset + i], l->first + i, k);
		}
		pyramid_free(&p);
	}
}

/* Overlapping intervals in any order, as members of a group are. */
static void test_density(void **state)
{
	static struct piece pieces[SPANS];
	(void)state;
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct gen_rng rng = {seed + 1000};
		unsigned k = (unsigned)gen_below(&rng, 40);
		uint32_t count = 1 + (uint32_t)gen_below(&rng, 300);
		uint64_t limit = (uint64_t)count << k;
		struct density_sum s;
		struct density d;
		assert_true(density_sum_init(&s, 0, 0, 300));
		density_sum_reset(&s, k, 0, count);
		for (unsigned i = 0; i < SPANS; i++) {
			kymo_ns a = (kymo_ns)gen_below(&rng, limit),
				b = a + 1 + (kymo_ns)gen_below(&rng, limit - (uint64_t)a);
			if (gen_chance(&rng, 50))
				b = a + 1 + (b - a - 1) / 1000;
			pieces[i] = (struct piece){a, b, (enum plane)gen_below(&rng, 4), 0};
			density_sum_add(&s, a, b, pieces[i].plane,
			                pieces[i].plane == PLANE_RUNNABLE ? (float)(b - a) : 0);
		}
		density_sum_settle(&s);
		assert_true(density_make(&d, &s));
		for (unsigned l = k; l <= d.top; l++)
			for (uint32_t c = 0; c < d.levels[l - k].count; c++) {
				uint64_t left = (uint64_t)c << l, right = left + (1ull << l);
				double ns[PLANE_COUNT] = {0};
				kymo_ns worst = 0;
				for (unsigned i = 0; i < SPANS; i++) {
					uint64_t a = (uint64_t)pieces[i].start,
						 b = (uint64_t)pieces[i].end;
					if (a >= right || b <= left)
						continue;
					ns[pieces[i].plane] += (double)((b < right ? b : right) -
					                                (a > left ? a : left));
					if (pieces[i].plane == PLANE_RUNNABLE &&
					    (kymo_ns)(b - a) > worst)
						worst = (kymo_ns)(b - a);
				}
				for (unsigned p = 0; p < PLANE_COUNT; p++) {
					double want = ns[p] / (double)(1ull << l),
					       got = (double)density_values(&d, l, p)[c];
					assert_true(got >= want * 0.999999 && got <= want * 1.000001);
				}
				assert_true(density_values(&d, l, PLANE_COUNT)[c] == (float)worst);
			}
		density_free(&d);
		density_sum_free(&s);
	}
}

static void test_classes(void **state)
{
	static const struct {
		const char *reason;
		enum serve_class class;
	} cases[] = {
		{"chan send", CLASS_CHAN},
		{"chan receive", CLASS_CHAN},
		{"select", CLASS_CHAN},
		{"sync", CLASS_SYNC},
		{"sync.(*Cond).Wait", CLASS_SYNC},
		{"network", CLASS_NET},
		{"sleep", CLASS_SLEEP},
		{"GC mark assist wait for work", CLASS_GC},
		{"GC background sweeper wait", CLASS_GC},
		{"wait until GC ends", CLASS_GC},
		{"system goroutine wait", CLASS_OTHER},
		{"forever", CLASS_OTHER},
		{"", CLASS_OTHER},
		{"chan", CLASS_OTHER},
		{"networks", CLASS_OTHER},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(class_of_reason(cases[i].reason, strlen(cases[i].reason)),
		                 cases[i].class);
}

/* What is kept is what was put; the bound holds; what was used last stays. */
static void test_cache(void **state)
{
	(void)state;
	struct cache *c = cache_make(10000);
	char bytes[1000];
	for (uint32_t i = 0; i < 100; i++) {
		memset(bytes, (int)i, sizeof bytes);
		cache_put(c, (struct cache_key){1, i, i * 3, 7}, bytes, sizeof bytes);
		struct buf out = {0};
		assert_true(cache_get(c, (struct cache_key){1, 0, 0, 7}, &out));  // in use all the time
		assert_int_equal(out.len, sizeof bytes);
		assert_int_equal(out.ptr[999], 0);
		buf_free(&out);
	}
	unsigned kept = 0;
	for (uint32_t i = 0; i < 100; i++) {
		struct buf out = {0};
		if (cache_get(c, (struct cache_key){1, i, i * 3, 7}, &out)) {
			kept++;
			assert_int_equal(out.ptr[0], (char)i);
		}
		buf_free(&out);
	}
	assert_in_range(kept, 5, 10);
	struct buf none = {0};
	assert_false(cache_get(c, (struct cache_key){2, 0, 0, 7}, &none));
	cache_put(c, (struct cache_key){2, 0, 0, 7}, bytes, sizeof bytes);
	cache_put(c, (struct cache_key){2, 0, 0, 7}, bytes, sizeof bytes);
	assert_true(cache_get(c, (struct cache_key){2, 0, 0, 7}, &none));
	buf_free(&none);
	cache_free(c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pyramid),
		cmocka_unit_test(test_density),
		cmocka_unit_test(test_classes),
		cmocka_unit_test(test_cache),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
