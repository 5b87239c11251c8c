/* SPDX-License-Identifier: MIT */
/* From Go's pages to ours: a path is a page, its parameters are renamed. */
#include "serve/go_paths.h"

#include <stdio.h>
#include <string.h>

#include "serve/api_profile.h"

struct rename {
	const char *go, *ours;
};

struct path {
	const char *go;
	const char *page;     // of the viewer, with what the path itself says
	const char *profile;  // kind of the profile that ?raw=1 gives; NULL: none
	struct rename params[8];
};

#define NAME \
	{ \
		{ \
			"name", "group" \
		} \
	}
#define REGION \
	{ \
		{"type", "region"}, {"pc", "region-at"}, {"latmin", "latmin"}, \
		{ \
			"latmax", "latmax" \
		} \
	}

static const struct path paths[] = {
	{"/goroutines", "goroutines", NULL, {{0}}},
	{"/goroutine", "goroutines", NULL, NAME},
	{"/io", "blocking&kind=net", "net", NAME},
	{"/block", "blocking&kind=sync", "sync", NAME},
	{"/syscall", "blocking&kind=syscall", "syscall", NAME},
	{"/sched", "blocking&kind=sched", "sched", NAME},
	{"/regionio", "blocking&kind=net", "net", REGION},
	{"/regionblock", "blocking&kind=sync", "sync", REGION},
	{"/regionsyscall", "blocking&kind=syscall", "syscall", REGION},
	{"/regionsched", "blocking&kind=sched", "sched", REGION},
	{"/usertasks", "tasks", NULL, {{0}}},
	{"/usertask",
         "tasks",
         NULL,
         {{"type", "type"},
          {"complete", "complete"},
          {"latmin", "latmin"},
          {"latmax", "latmax"},
          {"logtext", "logtext"}}},
	{"/userregions", "regions", NULL, {{0}}},
	{"/userregion",
         "regions",
         NULL,
         {{"type", "type"}, {"pc", "at"}, {"latmin", "latmin"}, {"latmax", "latmax"}}},
	{"/mmu", "mmu", NULL, {{0}}},
	{"/trace", "timeline", NULL, {{"goid", "goroutine"}, {"focustask", "task"}, {"taskid", "task"}}},
};

static void put_escaped(struct buf *b, const char *s)
{
	for (; *s; s++) {
		unsigned char c = (unsigned char)*s;
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
		             (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';
		if (plain)
			buf_putc(b, *s);
		else
			buf_printf(b, "%%%02X", c);
	}
}

static void put_param(struct buf *b, const struct rename *r, const char *value)
{
	buf_printf(b, "&%s=", r->ours);
	if (strcmp(r->go, "pc") == 0 && strncmp(value, "0x", 2) != 0)
		buf_puts(b, "0x");  // Go's are hexadecimal without it
	put_escaped(b, value);
}

static void redirect(struct http_request *req, const struct path *p)
{
	struct buf to = {0};
	buf_printf(&to, "/#page=%s", p->page);
	for (const struct rename *r = p->params; r->go; r++) {
		const char *value = http_request_query(req, r->go);
		if (value)
			put_param(&to, r, value);
	}
	buf_putc(&to, 0);
	if (to.failed)
		http_reply_error(req, 500, "no memory left");
	else
		http_reply(req, &(struct http_reply){.status = 302,
		                                     .location = to.ptr,
		                                     .body = "",
		                                     .own = HTTP_STATIC});
	buf_free(&to);
}

/* Go: what ?raw=1 gives, by its own rules. */
static void reply_raw(struct api *a, struct http_request *req, const struct path *p)
{
	struct report_param params[8] = {{"kind", p->profile}, {"compat", "go1.26"}};
	size_t count = 2;
	char pc[32];
	for (const struct rename *r = p->params; r->go; r++) {
		const char *value = http_request_query(req, r->go);
		if (!value || !*value)
			continue;  // Go: no name is every name
		if (strcmp(r->go, "pc") == 0 && strncmp(value, "0x", 2) != 0) {
			snprintf(pc, sizeof pc, "0x%.20s", value);
			value = pc;
		}
		params[count++] = (struct report_param){r->ours, value};
	}
	api_profile_reply(a, req, params, count, "pprof", p->go + 1);
}

bool go_paths_handle(struct api *a, struct http_request *req)
{
	const char *at = http_request_path(req);
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(paths[i].go, at) == 0) {
			const char *raw = http_request_query(req, "raw"),
				   *mode = http_request_query(req, "mode");
			bool details = mode && strcmp(mode, "details") == 0,
			     plot = mode && strcmp(mode, "plot") == 0;
			bool mmu = strcmp(at, "/mmu") == 0 && (details || plot);
			bool profile = paths[i].profile && raw && *raw;
			if (!mmu && !profile)
				redirect(req, &paths[i]);
			else if (!a)
				return false;  // still loading
			else if (mmu)
				go_mmu_reply(a, req, details);
			else
				reply_raw(a, req, &paths[i]);
			return true;
		}
	return false;
}

bool go_paths_is(const char *path)
{
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (strcmp(paths[i].go, path) == 0)
			return true;
	return false;
}
