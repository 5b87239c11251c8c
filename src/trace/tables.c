/* SPDX-License-Identifier: MIT */
#include "trace/tables.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

static uint64_t mix(uint64_t a, uint64_t b)
{
	unsigned __int128 p = (unsigned __int128)a * b;
	return (uint64_t)(p >> 64) ^ (uint64_t)p;
}

static uint64_t hash_bytes(const struct tables *t, const void *ptr, size_t len)
{
	const unsigned char *p = ptr;
	uint64_t h = t->secret ^ len, w;
	for (; len >= 8; p += 8, len -= 8) {
		memcpy(&w, p, 8);
		h = mix(h ^ w, 0x9fb21c651e98df25u) + t->secret;
	}
	w = 0;
	if (len)
		memcpy(&w, p, len);
	return mix(h ^ w, 0xa0761d6478bd642fu ^ t->secret);
}

static uint32_t string_hash(struct tables *t, uint32_t ix)
{
	return (uint32_t)hash_bytes(t, t->strings.at[ix].ptr, t->strings.at[ix].len);
}

static uint32_t stack_hash(struct tables *t, uint32_t ix)
{
	const struct stack_span *s = &t->stacks.at[ix];
	return (uint32_t)hash_bytes(t, &t->frames.at[s->from], s->count * sizeof(struct kymo_frame));
}

static bool room_for_slot(uint32_t **slots, size_t *slot_count, size_t count,
                          uint32_t (*const rehash)(struct tables *, uint32_t), struct tables *t)
{
	if (count * 2 < *slot_count)
		return true;
	size_t n = *slot_count ? *slot_count * 2 : 256;
	uint32_t *s = calloc(n, sizeof *s);
	if (!s)
		return false;
	for (uint32_t ix = 1; ix < count; ix++) {
		size_t i = rehash(t, ix) & (n - 1);
		while (s[i])
			i = (i + 1) & (n - 1);
		s[i] = ix;
	}
	free(*slots);
	*slots = s;
	*slot_count = n;
	return true;
}

bool tables_init(struct tables *t)
{
	*t = (struct tables){0};
	if (getrandom(&t->secret, sizeof t->secret, GRND_NONBLOCK) != (ssize_t)sizeof t->secret)
		t->secret = (uint64_t)(uintptr_t)t * 0x9e3779b97f4a7c15u;
	t->secret |= 1;
	return vec_push(&t->strings, ((struct kymo_str){"", 0})) &&
	       vec_push(&t->stacks, ((struct stack_span){0, 0}));
}

kymo_string_ix tables_string(struct tables *t, const char *ptr, size_t len)
{
	if (len == 0)
		return 0;
	if (!room_for_slot(&t->string_slots, &t->string_slot_count, t->strings.count, string_hash, t))
		return TABLES_FAILED;
	size_t mask = t->string_slot_count - 1, i = (uint32_t)hash_bytes(t, ptr, len) & mask;
	for (; t->string_slots[i]; i = (i + 1) & mask) {
		struct kymo_str s = t->strings.at[t->string_slots[i]];
		if (s.len == len && memcmp(s.ptr, ptr, len) == 0)
			return t->string_slots[i];
	}
	uint32_t ref = arena_alloc(&t->text, len);
	if (!ref || t->strings.count >= UINT32_MAX - 1)
		return TABLES_FAILED;
	char *copy = arena_at(&t->text, ref);
	memcpy(copy, ptr, len);
	if (!vec_push(&t->strings, ((struct kymo_str){copy, len})))
		return TABLES_FAILED;
	return t->string_slots[i] = (uint32_t)t->strings.count - 1;
}

kymo_stack_ix tables_stack(struct tables *t, const struct kymo_frame *frames, uint32_t count)
{
	if (!room_for_slot(&t->stack_slots, &t->stack_slot_count, t->stacks.count, stack_hash, t))
		return TABLES_FAILED;
	size_t mask = t->stack_slot_count - 1, bytes = count * sizeof *frames;
	size_t i = (uint32_t)hash_bytes(t, frames, bytes) & mask;
	for (; t->stack_slots[i]; i = (i + 1) & mask) {
		struct stack_span s = t->stacks.at[t->stack_slots[i]];
		if (s.count == count &&
		    (count == 0 || memcmp(&t->frames.at[s.from], frames, bytes) == 0))
			return t->stack_slots[i];
	}
	if (t->frames.count + count > UINT32_MAX - 1 || t->stacks.count >= UINT32_MAX - 1)
		return TABLES_FAILED;
	if (!vec_reserve(&t->frames, t->frames.count + count))
		return TABLES_FAILED;
	if (!vec_push(&t->stacks, ((struct stack_span){(uint32_t)t->frames.count, count})))
		return TABLES_FAILED;
	if (count)
		memcpy(&t->frames.at[t->frames.count], frames, bytes);
	t->frames.count += count;
	return t->stack_slots[i] = (uint32_t)t->stacks.count - 1;
}

void tables_seal(struct tables *t)
{
	free(t->string_slots);
	free(t->stack_slots);
	t->string_slots = t->stack_slots = NULL;
	t->string_slot_count = t->stack_slot_count = 0;
	vec_trim(&t->strings);
	vec_trim(&t->frames);
	vec_trim(&t->stacks);
}

size_t tables_bytes(const struct tables *t)
{
	return arena_bytes(&t->text) + t->strings.cap * sizeof *t->strings.at +
	       t->frames.cap * sizeof *t->frames.at + t->stacks.cap * sizeof *t->stacks.at +
	       (t->string_slot_count + t->stack_slot_count) * sizeof(uint32_t);
}

void tables_free(struct tables *t)
{
	arena_free(&t->text);
	vec_free(&t->strings);
	vec_free(&t->frames);
	vec_free(&t->stacks);
	free(t->string_slots);
	free(t->stack_slots);
	*t = (struct tables){0};
}
