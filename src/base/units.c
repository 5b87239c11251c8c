/* SPDX-License-Identifier: MIT */
#include "base/units.h"

#include <stdio.h>
#include <string.h>

bool units_time(const char *text, kymo_ns *out)
{
	static const struct {
		const char *name;
		uint64_t ns;
	} units[] = {{"ns", 1},       {"us", 1000},      {"\xc2\xb5s", 1000},
	             {"ms", 1000000}, {"s", 1000000000}, {"m", 60000000000ull},
	             {"", 1}};
	uint64_t whole = 0, part = 0, scale = 1, unit = 0;
	const char *p = text;
	if ((*p < '0' || *p > '9') && *p != '.')
		return false;
	for (; *p >= '0' && *p <= '9'; p++)
		if (__builtin_mul_overflow(whole, UINT64_C(10), &whole) ||
		    __builtin_add_overflow(whole, (uint64_t)(*p - '0'), &whole))
			return false;
	if (*p == '.') {
		const char *dot = p++;
		for (; *p >= '0' && *p <= '9'; p++)
			if (scale < 1000000000) {
				part = part * 10 + (uint64_t)(*p - '0');
				scale *= 10;
			}
		if (p == dot + 1)
			return false;
	}
	for (size_t i = 0; i < sizeof units / sizeof *units && !unit; i++)
		if (strcmp(p, units[i].name) == 0)
			unit = units[i].ns;
	uint64_t ns;
	if (!unit || __builtin_mul_overflow(whole, unit, &ns) ||
	    __builtin_add_overflow(ns, (uint64_t)((unsigned __int128)part * unit / scale), &ns) ||
	    ns > INT64_MAX)
		return false;
	*out = (kymo_ns)ns;
	return true;
}

/* Three significant digits and a unit. */
static const char *scaled(char *out, double v, double step, const char *const *units, size_t count)
{
	size_t u = 0;
	while (u + 1 < count && v >= step * (1 - 0.0005)) {
		v /= step;
		u++;
	}
	int digits = u == 0 || v >= 99.95 ? 0 : v >= 9.995 ? 1 : 2;
	snprintf(out, UNITS_SIZE, "%.*f %s", digits, v, units[u]);
	return out;
}

const char *units_duration(char *out, kymo_ns ns)
{
	static const char *const units[] = {"ns", "\xc2\xb5s", "ms", "s"};
	if (ns == 0) {
		snprintf(out, UNITS_SIZE, "0");
		return out;
	}
	double v = (double)ns;
	if (v < 0) {
		out[0] = '-';
		scaled(out + 1, -v, 1000, units, 4);
		return out;
	}
	if (v >= 999.5e9) {  // seconds keep their digits
		snprintf(out, UNITS_SIZE, "%.0f s", v / 1e9);
		return out;
	}
	return scaled(out, v, 1000, units, 4);
}

const char *units_bytes(char *out, uint64_t bytes)
{
	static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
	return scaled(out, (double)bytes, 1000, units, 5);
}

const char *units_count(char *out, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
	char *p = out;
	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			*p++ = ',';
		*p++ = digits[i];
	}
	*p = 0;
	return out;
}
