/* SPDX-License-Identifier: MIT */
/* Prints which goroutine waited longest for a processor, and when. cc longest-wait.c $(pkg-config --cflags --libs kymo) */
#include <inttypes.h>
#include <kymo/kymo.h>
#include <stdio.h>

int main(int argc, char **argv)
{
	struct kymo_error err;
	struct kymo_input *in;
	struct kymo_trace *t;
	if (kymo_input_open(argc > 1 ? argv[1] : "-", &in, &err) ||
	    kymo_trace_load(in, NULL, &t, &err)) {
		fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	const struct kymo_goroutines *gs = kymo_trace_goroutines(t);
	kymo_goroutine_ix worst = 0;
	struct kymo_span s, longest = {0};
	for (kymo_goroutine_ix g = 1; g < gs->count; g++) {
		struct kymo_span_cursor c;
		kymo_span_seek(t, g, 0, &c);
		while (kymo_span_next(&c, &s))
			if (s.state == KYMO_SPAN_RUNNABLE &&
			    s.end - s.start > longest.end - longest.start) {
				longest = s;
				worst = g;
			}
	}
	struct kymo_str name = kymo_trace_string(t, gs->name[worst]);
	printf("goroutine %" PRIu64 " (%.*s) waited %" PRId64 " ns at %" PRId64 " ns\n",
	       gs->id[worst], (int)name.len, name.ptr, longest.end - longest.start, longest.start);
	kymo_trace_free(t);
	kymo_input_close(in);
	return 0;
}
