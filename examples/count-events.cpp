// SPDX-License-Identifier: MIT
// Counts the events of a trace by kind: the library from C++. c++ count-events.cpp $(pkg-config --cflags --libs kymo)
#include <cstdio>
#include <kymo/kymo.h>

int main(int argc, char **argv)
{
	kymo_error err;
	kymo_input *in;
	kymo_reader *reader;
	if (kymo_input_open(argc > 1 ? argv[1] : "-", &in, &err) || kymo_reader_open(in, nullptr, &reader, &err)) {
		std::fprintf(stderr, "%s\n", err.message);
		return 1;
	}
	unsigned long counts[KYMO_EV_KIND_COUNT] = {};
	while (const kymo_event *event = kymo_reader_next(reader))
		counts[event->kind]++;
	bool whole = kymo_reader_status(reader, &err) == KYMO_OK;
	for (int kind = 1; kind < KYMO_EV_KIND_COUNT; kind++)
		if (counts[kind])
			std::printf("%s %lu\n", kymo_event_kind_name(static_cast<kymo_event_kind>(kind)), counts[kind]);
	if (!whole)
		std::fprintf(stderr, "%s\n", err.message);
	kymo_reader_close(reader);
	kymo_input_close(in);
	return whole ? 0 : 1;
}
