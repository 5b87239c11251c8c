/* SPDX-License-Identifier: MIT */
/* `kymo goroutines --json`: an array, a group a line; its keys are a contract (kymo-goroutines in the manual). */
#include "base/json.h"
#include "export/export.h"

static void number(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_i64(j, v);
}

static void put_named(struct json *j, const char *key, const struct kymo_trace *t,
                      const struct kymo_named_ns *rows, uint32_t from, uint32_t to)
{
	json_key(j, key);
	json_object(j);
	for (uint32_t i = from; i < to; i++) {
		struct kymo_str name = kymo_trace_string(t, rows[i].name);
		json_key_str(j, name.ptr, name.len);
		json_i64(j, rows[i].ns);
	}
	json_end(j);
}

bool kymo_export_goroutine_groups_json(const struct kymo_trace *t,
                                       const struct kymo_goroutine_groups *g,
                                       const struct kymo_sink *sink)
{
	struct buf out = export_buf(sink);
	struct json j = {.buf = &out};
	json_array(&j);
	for (size_t i = 0; i < g->count; i++) {
		struct kymo_str name = kymo_trace_string(t, g->name[i]);
		const struct kymo_times *x = &g->times[i];
		json_break(&j);
		json_object(&j);
		json_key(&j, "name");
		json_str(&j, name.ptr, name.len);
		number(&j, "count", g->goroutines[i]);
		number(&j, "total_ns", x->total);
		number(&j, "execution_ns", x->execution);
		number(&j, "sched_wait_ns", x->sched_wait);
		number(&j, "syscall_ns", x->syscall);
		number(&j, "syscall_block_ns", x->syscall_block);
		put_named(&j, "block_ns", t, g->block, g->block_from[i], g->block_from[i + 1]);
		put_named(&j, "range_ns", t, g->range, g->range_from[i], g->range_from[i + 1]);
		json_end(&j);
	}
	json_break(&j);
	json_end(&j);
	buf_putc(&out, '\n');
	return export_finish(&out, KYMO_OK, NULL) == KYMO_OK;
}
