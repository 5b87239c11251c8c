/* SPDX-License-Identifier: MIT */
/*
 * assemble FILE: the bytes of a trace on standard output, from a .test file, from an input of Go's fuzz corpus, or from
 * a trace that is packed.
 */
#include <stdio.h>
#include <string.h>

#include <kymo/input.h>

#include "wire/quote.h"
#include "wire/text.h"
#include "wire/txtar.h"

static bool read_file(const char *path, struct buf *b)
{
	FILE *f = fopen(path, "rb");
	char part[4096];
	size_t n;
	if (!f)
		return false;
	while ((n = fread(part, 1, sizeof part, f)) > 0)
		buf_put(b, part, n);
	bool ok = !ferror(f) && !b->failed;
	fclose(f);
	return ok;
}

/* Two lines: a version, and []byte("..."). */
static bool fuzz_input(const struct buf *text, struct buf *out)
{
	static const char head[] = "[]byte(";
	const char *end = text->ptr + text->len, *nl = memchr(text->ptr, '\n', text->len);
	if (!nl || (size_t)(end - nl - 1) < sizeof head || memcmp(nl + 1, head, sizeof head - 1) != 0)
		return false;
	const char *from = nl + sizeof head;
	while (end > from && end[-1] != ')')
		end--;
	return end > from && quote_parse(from, (size_t)(end - from) - 1, out);
}

static bool unpack(const char *path, struct buf *out)
{
	struct kymo_input *in;
	size_t len;
	if (kymo_input_open(path, &in, NULL) != KYMO_OK)
		return false;
	const uint8_t *bytes = kymo_input_bytes(in, &len);
	buf_put(out, bytes, len);
	kymo_input_close(in);
	return !out->failed;
}

int main(int argc, char **argv)
{
	struct buf text = {0}, out = {0};
	struct wire_text_error err = {0};
	struct kymo_str trace;
	bool ok = argc == 2 && read_file(argv[1], &text);
	if (ok && txtar_find(text.ptr, text.len, "trace", &trace))
		ok = wire_text_assemble(trace.ptr, trace.len, &out, &err);
	else
		ok = ok && (fuzz_input(&text, &out) || unpack(argv[1], &out));
	if (ok)
		ok = fwrite(out.ptr, 1, out.len, stdout) == out.len && fflush(stdout) == 0;
	if (!ok)
		fprintf(stderr, "assemble: %s: line %zu: %s\n", argc > 1 ? argv[1] : "?", err.line,
		        err.message);
	buf_free(&text);
	buf_free(&out);
	return ok ? 0 : 1;
}
