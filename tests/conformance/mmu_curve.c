/* SPDX-License-Identifier: MIT */
/* mmu_curve FILE: the lines of `oracle mmu FILE`, by the rules of Go 1.26. See tools/oracle/mmu.go. */
#include <inttypes.h>
#include <stdio.h>

#include <kymo/kymo.h>

/* As tools/oracle/mmu.go says. */
static kymo_ns sticking_out(const struct kymo_mmu *m)
{
	const struct kymo_mmu_series *s = kymo_mmu_series(m, 0);
	if (!s || kymo_mmu_series(m, 1))
		return 1000000;
	kymo_ns bands = s->count < 1000 ? (kymo_ns)s->count : 1000;
	kymo_ns band = (s->time[s->count - 1] - s->time[0] + bands - 1) / bands;
	return 4 * (band > 1 ? band : 1) - 1;
}

int main(int argc, char **argv)
{
	static const double q[] = {0.001, 0.05};
	struct kymo_input *in;
	struct kymo_trace *t;
	struct kymo_error err;
	if (argc != 2 || kymo_input_open(argv[1], &in, &err) != KYMO_OK ||
	    kymo_trace_load(in, NULL, &t, &err) != KYMO_OK) {
		fprintf(stderr, "mmu_curve: %s\n", argc == 2 ? err.message : "one file, please");
		return 1;
	}
	for (unsigned flags = 0; flags < 2 * KYMO_UTIL_PER_PROC; flags++) {
		struct kymo_mmu *m;
		double u[2];
		if (kymo_mmu_new(t, NULL, flags, KYMO_RULES_GO126, &m) != KYMO_OK)
			return 1;
		printf("%u", flags);
		for (kymo_ns window = 1000; window <= 1000000000; window *= 10)
			printf("\t%.12g", kymo_mmu_at(m, window));
		if (kymo_mmu_quantiles(m, 1000000, q, 2, u) != KYMO_OK)
			return 1;
		printf("\t%.12g\t%.12g", u[0], u[1]);
		printf("\t%.12g\n", kymo_mmu_at(m, sticking_out(m)));
		kymo_mmu_free(m);
	}
	kymo_trace_free(t);
	kymo_input_close(in);
	return 0;
}
