/* SPDX-License-Identifier: MIT */
#include "wire/txtar.h"

#include <string.h>

/* Whether the line is a marker; *name is what stands in it. */
static bool is_marker(struct kymo_str line, struct kymo_str *name)
{
	if (line.len && line.ptr[line.len - 1] == '\r')
		line.len--;
	if (line.len < 7 || memcmp(line.ptr, "-- ", 3) != 0 ||
	    memcmp(line.ptr + line.len - 3, " --", 3) != 0)
		return false;
	*name = (struct kymo_str){line.ptr + 3, line.len - 6};
	while (name->len && name->ptr[0] == ' ')
		name->ptr++, name->len--;
	while (name->len && name->ptr[name->len - 1] == ' ')
		name->len--;
	return name->len > 0;
}

bool txtar_find(const char *text, size_t len, const char *name, struct kymo_str *content)
{
	const char *p = text, *end = text + len;
	bool found = false;
	while (p < end) {
		const char *nl = memchr(p, '\n', (size_t)(end - p));
		const char *next = nl ? nl + 1 : end;
		struct kymo_str line = {p, (size_t)((nl ? nl : end) - p)}, section;
		if (is_marker(line, &section)) {
			if (found) {
				content->len = (size_t)(p - content->ptr);
				return true;
			}
			found = section.len == strlen(name) &&
			        memcmp(section.ptr, name, section.len) == 0;
			*content = (struct kymo_str){next, (size_t)(end - next)};
		}
		p = next;
	}
	return found;
}
