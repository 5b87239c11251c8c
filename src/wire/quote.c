/* SPDX-License-Identifier: MIT */
#include "wire/quote.h"

#include <string.h>

#include "base/utf8.h"

struct run {
	uint32_t first, last;
};

static const struct run printable[] = {
#define RUN(first, last) {first, last},
#include "wire/printable.def"
#undef RUN
};

static bool is_printable(uint32_t rune)
{
	size_t low = 0, high = sizeof printable / sizeof *printable;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (rune > printable[mid].last)
			low = mid + 1;
		else
			high = mid;
	}
	return low < sizeof printable / sizeof *printable && rune >= printable[low].first;
}

static void put_hex(struct buf *b, char letter, uint32_t v, unsigned digits)
{
	static const char hex[] = "0123456789abcdef";
	buf_putc(b, '\\');
	buf_putc(b, letter);
	while (digits--)
		buf_putc(b, hex[v >> digits * 4 & 15]);
}

/* The letter of \a, \b ...; 0 if the character has none. */
static char short_escape(unsigned char c)
{
	switch (c) {
	case '\a': return 'a';
	case '\b': return 'b';
	case '\f': return 'f';
	case '\n': return 'n';
	case '\r': return 'r';
	case '\t': return 't';
	case '\v': return 'v';
	case '\\': return '\\';
	case '"': return '"';
	default: return 0;
	}
}

void quote_put(struct buf *b, const char *s, size_t len)
{
	size_t run = 0;  // bytes of [run, i) go out as they are
	buf_putc(b, '"');
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
			i++;
			continue;
		}
		uint32_t rune = c;
		size_t n = utf8_decode(s + i, len - i, &rune);
		if (n > 1 && is_printable(rune)) {
			i += n;
			continue;
		}
		buf_put(b, s + run, i - run);
		char letter = short_escape(c);
		if (letter) {
			buf_putc(b, '\\');
			buf_putc(b, letter);
		} else if (n <= 1) {
			put_hex(b, 'x', c, 2);
		} else if (rune < 0x10000) {
			put_hex(b, 'u', rune, 4);
		} else {
			put_hex(b, 'U', rune, 8);
		}
		i += n ? n : 1;
		run = i;
	}
	buf_put(b, s + run, len - run);
	buf_putc(b, '"');
}

static int digit_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : 16;
}

/* Reads `count` digits of a base from s[*at]. */
static bool read_digits(const char *s, size_t len, size_t *at, unsigned count, int base, uint32_t *out)
{
	uint32_t v = 0;
	if (len - *at < count)
		return false;
	while (count--) {
		int d = digit_value(s[(*at)++]);
		if (d >= base)
			return false;
		v = v * (uint32_t)base + (uint32_t)d;
	}
	*out = v;
	return true;
}

static bool put_rune(struct buf *b, uint32_t rune)
{
	char utf8[4];
	if (rune > 0x10ffff || (rune >= 0xd800 && rune <= 0xdfff))
		return false;
	buf_put(b, utf8, utf8_encode(rune, utf8));
	return true;
}

/* One escape; s[*at] is what follows the backslash. */
static bool parse_escape(const char *s, size_t len, size_t *at, char quote, struct buf *b)
{
	static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
	uint32_t v;
	if (*at == len)
		return false;
	char c = s[(*at)++];
	const char *l = c ? strchr(letters, c) : NULL;
	if (l) {
		buf_putc(b, meanings[l - letters]);
		return true;
	}
	switch (c) {
	case 'x':
		if (!read_digits(s, len, at, 2, 16, &v))
			return false;
		buf_putc(b, (char)v);
		return true;
	case 'u': return read_digits(s, len, at, 4, 16, &v) && put_rune(b, v);
	case 'U': return read_digits(s, len, at, 8, 16, &v) && put_rune(b, v);
	default: break;
	}
	if (c >= '0' && c <= '7') {
		--*at;
		if (!read_digits(s, len, at, 3, 8, &v) || v > 255)
			return false;
		buf_putc(b, (char)v);
		return true;
	}
	if (c != '\\' && c != quote)
		return false;
	buf_putc(b, c);
	return true;
}

static bool parse_raw(const char *s, size_t len, struct buf *b)
{
	for (size_t i = 1; i + 1 < len; i++) {
		if (s[i] == '`')
			return false;
		if (s[i] != '\r')  // as in Go source: carriage returns do not count
			buf_putc(b, s[i]);
	}
	return true;
}

bool quote_parse(const char *s, size_t len, struct buf *b)
{
	if (len < 2 || s[0] != s[len - 1])
		return false;
	char quote = s[0];
	if (quote == '`')
		return parse_raw(s, len, b);
	if (quote != '"' && quote != '\'')
		return false;
	size_t characters = 0, at = 1;
	len--;
	for (; at < len; characters++) {
		uint32_t rune;
		char c = s[at];
		if (c == quote || c == '\n')
			return false;
		if (c == '\\') {
			at++;
			if (!parse_escape(s, len, &at, quote, b))
				return false;
			continue;
		}
		// Bytes that are not UTF-8 stand for U+FFFD, one each, as Go reads them.
		size_t n = utf8_decode(s + at, len - at, &rune);
		if (n)
			buf_put(b, s + at, n);
		else
			put_rune(b, 0xfffd);
		at += n ? n : 1;
	}
	return quote == '"' || characters == 1;
}
