/* SPDX-License-Identifier: MIT */
/*
 * Every input ends as one run of bytes in memory: a private map of a regular file, or an anonymous buffer that a
 * pipe was read into or gzip and zstd were unpacked into. Unpacking a cut file keeps what was unpacked before the
 * cut: the trace's reader then reports the damage with its own offset.
 */
#include "base/input.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/error.h"
#include "base/vec.h"

struct kymo_input {
	const uint8_t *ptr;
	size_t len;
	uint8_t *mapped;  // of a file; NULL if there is none
	size_t mapped_len;
	uint8_t *owned;  // malloced
	char *name;
	size_t released;
};

typedef VEC(uint8_t) bytes_vec;

static bool room(bytes_vec *v)
{
	return v->cap - v->count >= 1u << 16 ||
	       vec_reserve(v, v->count + (v->count < 1u << 20 ? 1u << 20 : 1u << 16));
}

static enum kymo_status gunzip(const uint8_t *src, size_t len, bytes_vec *out, struct kymo_error *err)
{
	z_stream z = {0};
	if (inflateInit2(&z, 15 + 16) != Z_OK)
		return error_memory(err);
	enum kymo_status st = KYMO_OK;
	size_t at = 0;
	for (;;) {
		if (!room(out)) {
			st = error_memory(err);
			break;
		}
		size_t in_len = len - at > 1u << 30 ? 1u << 30 : len - at;
		size_t out_len = out->cap - out->count > 1u << 30 ? 1u << 30 : out->cap - out->count;
		z.next_in = (Bytef *)(uintptr_t)(src + at);
		z.avail_in = (uInt)in_len;
		z.next_out = out->at + out->count;
		z.avail_out = (uInt)out_len;
		int r = inflate(&z, Z_NO_FLUSH);
		at += in_len - z.avail_in;
		out->count += out_len - z.avail_out;
		if (r == Z_STREAM_END) {
			// Members may follow one another; anything else after the end is ignored, as gzip does.
			if (len - at < 2 || src[at] != 0x1f || src[at + 1] != 0x8b)
				break;
			inflateReset(&z);
		} else if (r != Z_OK && r != Z_BUF_ERROR) {
			if (out->count == 0)
				st = error_set(err, KYMO_E_DAMAGED, at, 0,
				               "broken gzip data at offset %zu: %s", at,
				               z.msg ? z.msg : "cannot be unpacked");
			break;
		} else if (at == len && z.avail_out != 0) {
			if (out->count == 0)
				st = error_set(err, KYMO_E_DAMAGED, at, 0,
				               "gzip data ends at offset %zu, before any content",
				               at);
			break;  // cut: keep what came out
		}
	}
	inflateEnd(&z);
	return st;
}

static enum kymo_status unzstd(const uint8_t *src, size_t len, bytes_vec *out, struct kymo_error *err)
{
	ZSTD_DCtx *d = ZSTD_createDCtx();
	if (!d)
		return error_memory(err);
	enum kymo_status st = KYMO_OK;
	ZSTD_inBuffer in = {src, len, 0};
	for (;;) {
		if (!room(out)) {
			st = error_memory(err);
			break;
		}
		ZSTD_outBuffer o = {out->at + out->count, out->cap - out->count, 0};
		size_t before = in.pos;
		size_t r = ZSTD_decompressStream(d, &o, &in);
		out->count += o.pos;
		if (ZSTD_isError(r)) {
			if (out->count == 0)
				st = error_set(err, KYMO_E_DAMAGED, in.pos, 0,
				               "broken zstd data at offset %zu: %s", in.pos,
				               ZSTD_getErrorName(r));
			break;
		}
		if (in.pos == len && o.pos < o.size) {
			if (out->count == 0)
				st = error_set(err, KYMO_E_DAMAGED, len, 0,
				               "zstd data ends at offset %zu, before any content",
				               len);
			break;
		}
		if (in.pos == before && o.pos == 0)
			break;  // no progress possible
	}
	ZSTD_freeDCtx(d);
	return st;
}

static bool is_gzip(const uint8_t *p, size_t len)
{
	return len >= 3 && p[0] == 0x1f && p[1] == 0x8b && p[2] == 8;
}

static bool is_zstd(const uint8_t *p, size_t len)
{
	return len >= 4 && p[0] == 0x28 && p[1] == 0xb5 && p[2] == 0x2f && p[3] == 0xfd;
}

static void drop_bytes(struct kymo_input *in)
{
	if (in->mapped)
		munmap(in->mapped, in->mapped_len);
	free(in->owned);
	in->mapped = NULL;
	in->owned = NULL;
	in->ptr = NULL;
	in->len = 0;
}

static enum kymo_status unpack(struct kymo_input *in, struct kymo_error *err)
{
	bytes_vec out = {0};
	enum kymo_status st;
	if (is_gzip(in->ptr, in->len))
		st = gunzip(in->ptr, in->len, &out, err);
	else if (is_zstd(in->ptr, in->len))
		st = unzstd(in->ptr, in->len, &out, err);
	else
		return KYMO_OK;
	if (st != KYMO_OK) {
		vec_free(&out);
		return st;
	}
	drop_bytes(in);
	vec_trim(&out);
	in->owned = out.at;
	in->ptr = out.at;
	in->len = out.count;
	return KYMO_OK;
}

static enum kymo_status read_all(int fd, struct kymo_input *in, struct kymo_error *err)
{
	bytes_vec v = {0};
	for (;;) {
		if (!room(&v)) {
			vec_free(&v);
			return error_memory(err);
		}
		ssize_t n = read(fd, v.at + v.count, v.cap - v.count);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			int e = errno;
			size_t at = v.count;
			vec_free(&v);
			return error_set(err, KYMO_E_IO, at, 0, "cannot read %s at offset %zu: %s",
			                 in->name, at, strerror(e));
		}
		if (n == 0)
			break;
		v.count += (size_t)n;
	}
	vec_trim(&v);
	in->owned = v.at;
	in->ptr = v.at;
	in->len = v.count;
	return KYMO_OK;
}

static enum kymo_status map_file(int fd, size_t len, struct kymo_input *in, struct kymo_error *err)
{
	void *p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return read_all(fd, in, err);
	madvise(p, len, MADV_SEQUENTIAL);
	in->mapped = p;
	in->mapped_len = len;
	in->ptr = p;
	in->len = len;
	return KYMO_OK;
}

static struct kymo_input *new_input(const char *name)
{
	struct kymo_input *in = calloc(1, sizeof *in);
	if (in)
		in->name = strdup(name);
	if (in && !in->name) {
		free(in);
		in = NULL;
	}
	return in;
}

enum kymo_status kymo_input_open_fd(int fd, const char *name, struct kymo_input **out,
                                    struct kymo_error *err)
{
	*out = NULL;
	struct stat sb;
	if (fstat(fd, &sb) != 0)
		return error_set(err, KYMO_E_IO, 0, 0, "cannot look at %s: %s", name,
		                 strerror(errno));
	if (S_ISDIR(sb.st_mode))
		return error_set(err, KYMO_E_IO, 0, 0, "%s is a directory, not a trace file", name);
	struct kymo_input *in = new_input(name);
	if (!in)
		return error_memory(err);
	enum kymo_status st;
	if (S_ISREG(sb.st_mode) && sb.st_size > 0)
		st = map_file(fd, (size_t)sb.st_size, in, err);
	else
		st = read_all(fd, in, err);
	if (st == KYMO_OK)
		st = unpack(in, err);
	if (st != KYMO_OK) {
		kymo_input_close(in);
		return st;
	}
	*out = in;
	return KYMO_OK;
}

enum kymo_status kymo_input_open(const char *path, struct kymo_input **out, struct kymo_error *err)
{
	*out = NULL;
	if (strcmp(path, "-") == 0)
		return kymo_input_open_fd(STDIN_FILENO, "standard input", out, err);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return error_set(err, KYMO_E_IO, 0, 0, "cannot open %s: %s", path, strerror(errno));
	enum kymo_status st = kymo_input_open_fd(fd, path, out, err);
	close(fd);
	return st;
}

enum kymo_status kymo_input_open_memory(const void *bytes, size_t len, struct kymo_input **out,
                                        struct kymo_error *err)
{
	*out = NULL;
	struct kymo_input *in = new_input("memory");
	if (!in)
		return error_memory(err);
	in->ptr = bytes;
	in->len = len;
	enum kymo_status st = unpack(in, err);
	if (st != KYMO_OK) {
		kymo_input_close(in);
		return st;
	}
	*out = in;
	return KYMO_OK;
}

const uint8_t *kymo_input_bytes(const struct kymo_input *in, size_t *len)
{
	*len = in->len;
	return in->ptr;
}

const char *kymo_input_name(const struct kymo_input *in)
{
	return in->name;
}

void input_release(struct kymo_input *in, size_t upto)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	upto &= ~(page - 1);
	if (!in->mapped || upto <= in->released)
		return;
	madvise(in->mapped + in->released, upto - in->released, MADV_DONTNEED);
	in->released = upto;
}

void kymo_input_close(struct kymo_input *in)
{
	if (!in)
		return;
	drop_bytes(in);
	free(in->name);
	free(in);
}
