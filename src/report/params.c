/* SPDX-License-Identifier: MIT */
/* Parameters: what all reports take, and the window in its several spellings. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "report/internal.h"

const char *report_param(const struct report *r, const char *key)
{
	for (size_t i = r->param_count; i-- > 0;)  // the last one counts
		if (strcmp(r->params[i].key, key) == 0)
			return r->params[i].value;
	return NULL;
}

bool report_flag(const struct report *r, const char *key)
{
	const char *v = report_param(r, key);
	return v && strcmp(v, "0") != 0 && strcmp(v, "false") != 0;
}

/* Those that apply by def->common; 0: to all. */
static const struct {
	const char *key;
	unsigned when;
} common[] = {
	{"from", PARAM_WINDOW},
	{"to", PARAM_WINDOW},
	{"goroutine", PARAM_GOROUTINES},
	{"func", PARAM_GOROUTINES},
	{"group", PARAM_GOROUTINES},
	{"task", PARAM_TASK},
	{"region", PARAM_REGION},
	{"region-at", PARAM_REGION},
	{"latmin", PARAM_REGION},
	{"latmax", PARAM_REGION},
	{"sort", 0},
	{"asc", 0},
	{"top", 0},
	{"offset", 0},
	{"compat", 0},
};

/* One of the report's own; where it has the name of a common one, it has its own meaning. */
static bool is_own(const struct report_def *def, const char *key)
{
	for (const struct report_param_def *p = def->params; p && p->key; p++)
		if (strcmp(p->key, key) == 0)
			return true;
	return false;
}

static bool known(const struct report_def *def, const char *key)
{
	if (is_own(def, key))
		return true;
	for (size_t i = 0; i < sizeof common / sizeof *common; i++)
		if (strcmp(common[i].key, key) == 0)
			return !common[i].when || def->common & common[i].when;
	return false;
}

bool report_time(const struct kymo_trace *t, const char *text, kymo_ns *out)
{
	const struct kymo_trace_info *info = kymo_trace_info(t);
	if (!units_time(text, out))
		return false;
	if (text[strspn(text, "0123456789")] == 0 && *out > info->duration && *out >= info->start)
		*out -= info->start;
	return true;
}

static enum kymo_status take_time(const struct report *r, const char *key, kymo_ns *out,
                                  struct kymo_error *err)
{
	const char *v = report_param(r, key);
	if (v && !report_time(r->trace, v, out))
		return error_set(err, KYMO_E_RANGE, 0, 0,
		                 "'%s' is no time for %s: write 1.5ms, 2s, 100us or plain nanoseconds",
		                 v, key);
	return KYMO_OK;
}

static enum kymo_status take_number(const struct report *r, const char *key, uint64_t *out,
                                    struct kymo_error *err)
{
	const char *v = report_param(r, key);
	char *end;
	if (!v)
		return KYMO_OK;
	errno = 0;
	*out = strtoull(v, &end, 10);
	if (*v < '0' || *v > '9' || *end || errno)
		return error_set(err, KYMO_E_RANGE, 0, 0, "'%s' is no whole number for %s", v, key);
	return KYMO_OK;
}

enum kymo_status report_take_params(struct report *r, struct kymo_error *err)
{
	struct kymo_filter f = KYMO_FILTER_ALL;
	uint64_t number = 0;
	for (size_t i = 0; i < r->param_count; i++)
		if (!known(r->def, r->params[i].key))
			return error_set(err, KYMO_E_RANGE, 0, 0, "%s does not take '%s'",
			                 r->def->name, r->params[i].key);
	const char *compat = report_param(r, "compat");
	if (compat && strcmp(compat, "go1.26") != 0)
		return error_set(err, KYMO_E_RANGE, 0, 0, "compat can be go1.26, not '%s'", compat);
	r->compat = compat != NULL;
	f.rules = r->compat ? KYMO_RULES_GO126 : KYMO_RULES_EXACT;
	enum kymo_status st = take_time(r, "from", &f.from, err);
	if (st == KYMO_OK)
		st = take_time(r, "to", &f.to, err);
	bool lengths = r->def->common & PARAM_REGION && !is_own(r->def, "latmin");
	if (st == KYMO_OK && lengths)
		st = take_time(r, "latmin", &f.region_min, err);
	if (st == KYMO_OK && lengths)
		st = take_time(r, "latmax", &f.region_max, err);
	if (st == KYMO_OK)
		st = take_number(r, "goroutine", &f.goroutine, err);
	if (st == KYMO_OK)
		st = take_number(r, "top", &number, err);
	if (st == KYMO_OK)
		st = take_number(r, "offset", &number, err);
	if (st != KYMO_OK)
		return st;
	f.func = report_param(r, "func");
	f.group = report_param(r, "group");
	f.task = r->def->common & PARAM_TASK ? report_param(r, "task") : NULL;
	f.region = r->def->common & PARAM_REGION ? report_param(r, "region") : NULL;
	f.region_at = r->def->common & PARAM_REGION ? report_param(r, "region-at") : NULL;
	st = kymo_select(r->trace, &f, &r->sel, err);
	return st == KYMO_OK ? report_check_named(r->trace, &f, &r->sel, err) : st;
}

bool report_param_is_paging(const char *key)
{
	static const char *const keys[] = {"sort", "asc", "top", "offset"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
		if (strcmp(keys[i], key) == 0)
			return true;
	return false;
}

struct report_page report_page(const struct report *r)
{
	const char *top = report_param(r, "top"), *offset = report_param(r, "offset"),
		   *asc = report_param(r, "asc");
	return (struct report_page){
		.sort = report_param(r, "sort"),
		.direction = !asc                    ? 0
	                     : report_flag(r, "asc") ? 1
	                                             : -1,
		.offset = offset ? strtoull(offset, NULL, 10) : 0,
		.limit = top ? strtoull(top, NULL, 10) : 0,
	};
}
