/* SPDX-License-Identifier: MIT */
/*
 * embed OUT.c [LIST]: writes the C file that puts the viewer's files into the program
 * (src/serve/assets.h).
 *
 * LIST is web/dist/assets.txt: a line an asset, "url-path TAB file TAB content-type", the files
 * beside the list or by their whole paths. Without LIST, or with one that is empty, the table is empty. The bytes
 * themselves are taken in by the assembler (.incbin), so the compiler never sees a hundred thousand
 * numbers.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *name)
{
	fprintf(stderr, "embed: %s: %s\n", name, what);
	exit(1);
}

/* Size of the file, and an FNV-1a hash of its bytes. */
static size_t measure(const char *path, uint64_t *hash)
{
	FILE *f = fopen(path, "rb");
	size_t len = 0;
	int c;
	if (!f)
		fail("cannot be opened", path);
	*hash = 0xcbf29ce484222325u;
	while ((c = getc(f)) != EOF) {
		*hash = (*hash ^ (uint64_t)c) * 0x100000001b3u;
		len++;
	}
	if (ferror(f))
		fail("cannot be read", path);
	fclose(f);
	return len;
}

/* As a string of C or the assembler. */
static void put_quoted(FILE *out, const char *s)
{
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"' || *s == '\\')
			putc('\\', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void put_bytes(FILE *out, unsigned n, const char *path)
{
	fprintf(out,
	        "__asm__(\".section .rodata\\n\"\n\t\"asset_%u:\\n\"\n\t\".incbin \\\"%s\\\"\\n\"\n\t\".byte 0\\n\"\n"
	        "\t\".previous\\n\");\n"
	        "extern const unsigned char asset_%u[] __attribute__((visibility(\"hidden\")));\n",
	        n, path, n);
}

int main(int argc, char **argv)
{
	char line[4096], path[4096], folder[2048] = ".";
	char *rows = NULL;
	size_t rows_len = 0;
	unsigned count = 0;
	if (argc != 2 && argc != 3) {
		fprintf(stderr, "usage: embed OUT.c [LIST]\n");
		return 2;
	}
	const char *list_name = argc == 3 ? argv[2] : NULL;
	FILE *list = list_name ? fopen(list_name, "r") : NULL;
	FILE *out = fopen(argv[1], "w"), *table = open_memstream(&rows, &rows_len);
	if (list_name && !list)
		fail("cannot be opened", list_name);
	if (!out || !table)
		fail("cannot be written", argv[1]);
	const char *slash = list_name ? strrchr(list_name, '/') : NULL;
	if (slash)
		snprintf(folder, sizeof folder, "%.*s", (int)(slash - list_name), list_name);
	fprintf(out, "/* Made by tools/embed. */\n#include \"serve/assets.h\"\n\n");
	while (list && fgets(line, sizeof line, list)) {
		char *url = strtok(line, "\t\n"), *file = strtok(NULL, "\t\n"),
		     *type = strtok(NULL, "\t\n");
		uint64_t hash;
		if (!url)
			continue;
		if (!file || !type ||
		    (size_t)snprintf(path, sizeof path, "%s%s%s", *file == '/' ? "" : folder,
		                     *file == '/' ? "" : "/", file) >= sizeof path ||
		    strpbrk(path, "\"\\"))
			fail("has a line that is not PATH, FILE, TYPE", list_name);
		size_t len = measure(path, &hash);
		put_bytes(out, count, path);
		fprintf(table, "\t{");
		put_quoted(table, url);
		fprintf(table, ", ");
		put_quoted(table, type);
		fprintf(table, ", \"\\\"%016" PRIx64 "\\\"\", asset_%u, %zu},\n", hash, count++, len);
	}
	if (list)
		fclose(list);
	fclose(table);
	fprintf(out,
	        "\n/* The last row is no file: an empty table is not C. */\nconst struct asset assets_table[] = {\n%s"
	        "\t{0},\n};\nconst size_t assets_count = %u;\n",
	        rows, count);
	free(rows);
	if (fclose(out) != 0)
		fail("cannot be written", argv[1]);
	return 0;
}
