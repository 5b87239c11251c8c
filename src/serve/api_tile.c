/* SPDX-License-Identifier: MIT */
/* Tiles, one at an address of its own that never changes, or many in one answer. */
#include <stdlib.h>
#include <string.h>

#include "serve/api.h"
#include "serve/tile.h"

#define TILES_MAX 1024u

static void send_tiles(struct http_request *req, struct buf *out, bool immutable)
{
	if (out->failed) {
		buf_free(out);
		http_reply_error(req, 500, "no memory left");
		return;
	}
	http_reply(req, &(struct http_reply){.type = "application/octet-stream",
	                                     .body = out->ptr,
	                                     .len = out->len,
	                                     .own = HTTP_FREE,
	                                     .immutable = immutable});
}

void api_tile(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct tile tile;
	struct buf out = {0};
	uint64_t level, block;
	if (args->at[0].len != strlen(a->id) || memcmp(args->at[0].ptr, a->id, args->at[0].len) != 0) {
		http_reply_error(req, 404,
		                 "this is not the trace that is served; ask /api/trace again");
		return;
	}
	if (!lane_parse(args->at[1].ptr, args->at[1].len, &tile.lane) ||
	    !http_arg_u64(args, 2, &level) || !http_arg_u64(args, 3, &block) ||
	    level > TILE_MAX_LEVEL || block > UINT32_MAX) {
		http_reply_error(req, 400, "a tile is LANE/LEVEL/BLOCK with a level of 0 to %u",
		                 TILE_MAX_LEVEL);
		return;
	}
	if (!lane_exists(a->model, tile.lane)) {
		http_reply_error(req, 404, "there is no such lane");
		return;
	}
	tile.level = (unsigned)level;
	tile.block = (uint32_t)block;
	tile_write(a->model, &tile, &out);
	send_tiles(req, &out, true);
}

/* A decimal number up to `max`, then `end`. */
static bool take_number(const char **s, const char *limit, char end, uint64_t max, uint64_t *v)
{
	const char *p = *s;
	uint64_t n = 0;
	for (; p < limit && *p >= '0' && *p <= '9'; p++) {
		n = n * 10 + (uint64_t)(*p - '0');
		if (n > max)
			return false;
	}
	if (p == *s || p == limit || *p != end)
		return false;
	*s = p + 1;
	*v = n;
	return true;
}

/* "LANE K B\n" */
static bool take_line(const char **s, const char *limit, struct tile *tile)
{
	uint64_t level, block;
	const char *space = memchr(*s, ' ', (size_t)(limit - *s));
	if (!space || !lane_parse(*s, (size_t)(space - *s), &tile->lane))
		return false;
	*s = space + 1;
	if (!take_number(s, limit, ' ', TILE_MAX_LEVEL, &level) ||
	    !take_number(s, limit, '\n', UINT32_MAX, &block))
		return false;
	tile->level = (unsigned)level;
	tile->block = (uint32_t)block;
	return true;
}

void api_tiles(void *ctx, struct http_request *req, const struct http_args *args)
{
	struct api *a = ctx;
	struct buf out = {0};
	struct tile tile;
	size_t len;
	const char *s = http_request_body(req, &len), *limit = s + len;
	(void)args;
	/* All lines are read before the first tile is made: a malformed request costs nothing. */
	unsigned count = 0;
	for (const char *p = s; p < limit; count++) {
		if (count == TILES_MAX || !take_line(&p, limit, &tile)) {
			http_reply_error(
				req, 400,
				"line %u is no tile (LANE LEVEL BLOCK), or one of more than %u",
				count + 1, TILES_MAX);
			return;
		}
	}
	while (s < limit && take_line(&s, limit, &tile))
		tile_write(a->model, &tile, &out);
	send_tiles(req, &out, false);
}
