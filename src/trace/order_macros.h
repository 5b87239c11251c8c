/* SPDX-License-Identifier: MIT */
/*
 * The words in which order_rare.h and order_run.h say their rules. Part of that template: included by it, undone at
 * its end (this file again, with ORDER_MACROS_END defined).
 *
 * They take their context from the function they stand in: o, c, x, p (the place in the bytes), time.
 */
#ifndef ORDER_MACROS_END

#define FAIL(...) \
	do { \
		c->p = p; \
		return order_broken(o, c, __VA_ARGS__); \
	} while (0)
#define ARG() varint_fast(&p, &o->bad_varint)
/* All arguments are read: are they whole? */
#define ARGS_END() \
	do { \
		if (unlikely(o->bad_varint)) \
			FAIL("found invalid uvarint"); \
	} while (0)
#define STACK(var, id) \
	kymo_stack_ix var = gen_id(&o->gen.stacks, id); \
	if (unlikely(var == GEN_NO_ID)) \
	FAIL("found invalid stack ID %" PRIu64, (uint64_t)(id))
#define STRING(var, id) \
	kymo_string_ix var = gen_id(&o->gen.strings, id); \
	if (unlikely(var == GEN_NO_ID)) \
	FAIL("found invalid string ID %" PRIu64, (uint64_t)(id))
#define NEED(what, thing) \
	if (unlikely(!x.what)) \
	FAIL("expected a " thing " but didn't have one")
#define NEED_NOT(what, thing) \
	if (unlikely(x.what)) \
	FAIL("expected not to have a " thing " but had one")
#define NEED_MPG() \
	NEED(m, "thread"); \
	NEED(p, "proc"); \
	NEED(g, "goroutine")
#define TIME() (o->last = time > o->last ? time : o->last + 1)
#define SEQ_FOLLOWS(s, value) ((s)->gen == o->gen_ordinal && (value) == (uint64_t)(s)->seq + 1)
/* The event is applied: its bytes are consumed. */
#define DONE() \
	do { \
		c->p = p; \
		return STEP_OK; \
	} while (0)
/* The same in the inlined part; and the rare cases, which take the place from the cursor and leave it there. */
#define DONE_HERE() \
	do { \
		*place = p; \
		return STEP_OK; \
	} while (0)
#define RARE(call) \
	do { \
		c->type = type; \
		enum step rare_step = (call); \
		*place = c->p; \
		return rare_step; \
	} while (0)

#else

#undef FAIL
#undef ARG
#undef ARGS_END
#undef STACK
#undef STRING
#undef NEED
#undef NEED_NOT
#undef NEED_MPG
#undef TIME
#undef SEQ_FOLLOWS
#undef DONE
#undef DONE_HERE
#undef RARE
#undef ORDER_MACROS_END

#endif
