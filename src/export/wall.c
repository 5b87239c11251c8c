/* SPDX-License-Identifier: MIT */
#include "export/wall.h"

#include <stdio.h>
#include <time.h>

/* Days since 1970-01-01 to a date of the Gregorian calendar; years begin in March here, so that leap days come last. */
static void civil(int64_t days, int64_t *year, unsigned *month, unsigned *day)
{
	days += 719468;  // since 0000-03-01
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t of_era = days - era * 146097;
	int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * of_year + 2) / 153;
	*day = (unsigned)(of_year - (153 * m + 2) / 5 + 1);
	*month = (unsigned)(m < 10 ? m + 3 : m - 9);
	*year = y + era * 400 + (*month <= 2);
}

void wall_put(struct buf *out, int64_t unix_sec, uint32_t nsec)
{
	struct tm tm;
	time_t t = (time_t)unix_sec;
	unix_sec += nsec / 1000000000;
	nsec %= 1000000000;
	tzset();
	// Outside the years that the C library can name, the zone is unknown: UTC then.
	int64_t offset = localtime_r(&t, &tm) ? tm.tm_gmtoff : 0, local, year;
	if (__builtin_add_overflow(unix_sec, offset, &local) ||
	    local > INT64_MAX - 86400 * INT64_C(800000))
		local = unix_sec, offset = 0;
	int64_t days = local / 86400, of_day = local % 86400;
	if (of_day < 0)
		of_day += 86400, days--;
	unsigned month, day, s = (unsigned)of_day;
	civil(days, &year, &month, &day);
	buf_printf(out, "%04lld-%02u-%02uT%02u:%02u:%02u", (long long)year, month, day, s / 3600,
	           s / 60 % 60, s % 60);
	if (nsec) {
		char digits[16];
		int n = snprintf(digits, sizeof digits, ".%09u", nsec);
		while (digits[n - 1] == '0')
			n--;
		buf_put(out, digits, (size_t)n);
	}
	if (offset == 0) {
		buf_putc(out, 'Z');
		return;
	}
	long long minutes = (offset < 0 ? -offset : offset) / 60;
	buf_printf(out, "%c%02lld:%02lld", offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
}
