/* SPDX-License-Identifier: MIT */
/* /mmu?mode=plot and mode=details, as Go's page asks for them and by Go's rules. */
#include <kymo/mmu.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "serve/go_paths.h"

#define SAMPLES 100
#define WORST 10

static const double quantiles[] = {0, 1 - .999, 1 - .99, 1 - .95};
#define QUANTILES (sizeof quantiles / sizeof *quantiles)

/* Whether the list, parted by '|', has the word. */
static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);
	for (const char *p = list; p; p = strchr(p, '|') ? strchr(p, '|') + 1 : NULL)
		if (strncmp(p, word, n) == 0 && (p[n] == 0 || p[n] == '|'))
			return true;
	return false;
}

static unsigned flags_of(const char *list)
{
	static const struct {
		const char *name;
		unsigned flag;
	} names[] = {
		{"stw", KYMO_UTIL_STW},          {"background", KYMO_UTIL_BACKGROUND},
		{"assist", KYMO_UTIL_ASSIST},    {"sweep", KYMO_UTIL_SWEEP},
		{"perProc", KYMO_UTIL_PER_PROC},
	};
	unsigned flags = 0;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (has_word(list, names[i].name))
			flags |= names[i].flag;
	return flags;
}

/* From where the curve is drawn: down from a second, by thousands, until nothing is left to the program. */
static kymo_ns least_window(const struct kymo_mmu *m)
{
	kymo_ns x = 1000000000;
	while (x > 1 && !(kymo_mmu_at(m, x) < 0.0001))
		x /= 1000;
	return x;
}

static void put_point(struct json *j, const struct kymo_mmu *m, kymo_ns window, bool all)
{
	double at[QUANTILES];
	json_array(j);
	json_i64(j, window);
	if (!all || kymo_mmu_quantiles(m, window, quantiles, QUANTILES, at) != KYMO_OK)
		json_f64(j, kymo_mmu_at(m, window));
	else
		for (size_t i = 0; i < QUANTILES; i++)
			json_f64(j, at[i]);
	json_end(j);
}

static void reply_plot(struct http_request *req, const struct kymo_mmu *m, bool all)
{
	struct api_doc d = {.j.buf = &d.buf};
	kymo_ns min = least_window(m), max = kymo_mmu_span(m);
	if (max > min * 1000000)
		max = min * 1000000;
	double low = log((double)(min > 0 ? min : 1)), high = log((double)(max > 0 ? max : 1));
	json_object(&d.j);
	json_key(&d.j, "curve");
	json_array(&d.j);
	for (int i = 0; i < SAMPLES; i++)
		put_point(&d.j, m, (kymo_ns)exp((double)i / (SAMPLES - 1) * (high - low) + low), all);
	json_end(&d.j);
	json_key(&d.j, "quantiles");
	if (all) {
		json_array(&d.j);
		for (size_t i = 0; i < QUANTILES; i++)
			json_f64(&d.j, quantiles[i]);
		json_end(&d.j);
	} else {
		json_null(&d.j);
	}
	api_put_ns(&d.j, "xMax", max);
	api_put_ns(&d.j, "xMin", min);
	json_end(&d.j);
	api_send(req, &d);
}

static void reply_details(struct api *a, struct http_request *req, const struct kymo_mmu *m)
{
	struct api_doc d = {.j.buf = &d.buf};
	struct kymo_mmu_window worst[WORST];
	size_t count = 0;
	uint64_t window;
	if (http_request_query_u64(req, "window", &window) != 1 || window > INT64_MAX) {
		http_reply_error(req, 400, "window must be a whole number of nanoseconds");
		return;
	}
	if (kymo_mmu_worst(m, (kymo_ns)window, WORST, worst, &count) != KYMO_OK) {
		http_reply_error(req, 500, "no memory left");
		return;
	}
	json_array(&d.j);
	for (size_t i = 0; i < count; i++) {
		char url[96];
		snprintf(url, sizeof url, "/#t=%lld-%lld", (long long)worst[i].time,
		         (long long)worst[i].time + (long long)window);
		json_object(&d.j);
		api_put_ns(&d.j, "Time", kymo_trace_info(a->trace)->start + worst[i].time);
		json_key(&d.j, "MutatorUtil");
		json_f64(&d.j, worst[i].utilization);
		json_key(&d.j, "URL");
		json_cstr(&d.j, url);
		json_end(&d.j);
	}
	json_end(&d.j);
	api_send(req, &d);
}

void go_mmu_reply(struct api *a, struct http_request *req, bool details)
{
	const char *list = http_request_query(req, "flags");
	struct kymo_mmu *m;
	if (kymo_mmu_new(a->trace, NULL, flags_of(list), KYMO_RULES_GO126, &m) != KYMO_OK) {
		http_reply_error(req, 500, "no memory left");
		return;
	}
	if (kymo_mmu_span(m) <= 0)
		http_reply_error(req, 500, "the trace does not say how many processors there were");
	else if (details)
		reply_details(a, req, m);
	else
		reply_plot(req, m, list && has_word(list, "mut"));
	kymo_mmu_free(m);
}
