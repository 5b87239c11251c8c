/* SPDX-License-Identifier: MIT */
/* `kymo stat --json`: one object; its keys are a contract (kymo-stat in the manual). */
#include <stdio.h>

#include "base/json.h"
#include "export/export.h"

static void number(struct json *j, const char *key, uint64_t v)
{
	json_key(j, key);
	json_u64(j, v);
}

static void signed_number(struct json *j, const char *key, int64_t v)
{
	json_key(j, key);
	json_i64(j, v);
}

static void put_damage(struct json *j, const struct kymo_damage *d)
{
	json_object(j);
	number(j, "offset", d->offset);
	number(j, "lost_bytes", d->lost_bytes);
	number(j, "generation", d->generation);
	json_key(j, "message");
	json_cstr(j, d->message);
	json_end(j);
}

bool kymo_export_stat_json(const struct kymo_stat *s, const struct kymo_sink *sink)
{
	struct buf out = export_buf(sink);
	struct json j = {.buf = &out};
	char format[32];
	snprintf(format, sizeof format, "go 1.%u", s->version);
	json_object(&j);
	json_key(&j, "format");
	json_cstr(&j, format);
	number(&j, "bytes", s->bytes);
	number(&j, "generations", s->generations);
	signed_number(&j, "start_ns", s->start);
	signed_number(&j, "end_ns", s->end);
	signed_number(&j, "duration_ns", s->end - s->start);
	number(&j, "events", s->events);
	json_key(&j, "kinds");
	json_object(&j);
	for (unsigned k = 0; k < KYMO_EV_KIND_COUNT; k++)
		if (s->kinds[k])
			number(&j, kymo_event_kind_name((enum kymo_event_kind)k), s->kinds[k]);
	json_end(&j);
	number(&j, "goroutines", s->goroutines);
	number(&j, "procs", s->procs);
	number(&j, "threads", s->threads);
	number(&j, "gomaxprocs", s->gomaxprocs);
	number(&j, "gc_cycles", s->gc_cycles);
	number(&j, "stw_count", s->stw_count);
	signed_number(&j, "stw_total_ns", s->stw_total);
	number(&j, "tasks", s->tasks);
	number(&j, "regions", s->regions);
	number(&j, "logs", s->logs);
	number(&j, "cpu_samples", s->cpu_samples);
	number(&j, "stacks", s->stacks);
	number(&j, "strings", s->strings);
	json_key(&j, "damage");
	json_array(&j);
	for (size_t i = 0; i < s->damage_count; i++)
		put_damage(&j, &s->damage[i]);
	json_end(&j);
	json_end(&j);
	buf_putc(&out, '\n');
	return export_finish(&out, KYMO_OK, NULL) == KYMO_OK;
}
