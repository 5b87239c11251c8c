/* SPDX-License-Identifier: MIT */
/* `kymo -d=MODE FILE`: what `go tool trace -d=MODE` prints. */
#include <string.h>

#include "cli/cli.h"

typedef enum kymo_status dump_fn(struct kymo_input *, const struct kymo_sink *, struct kymo_error *);

static const struct {
	const char *mode, *old_mode;  // the numbers of Go 1.22 and 1.23
	dump_fn *dump;
} modes[] = {
	{"parsed", "1", kymo_export_parsed},
	{"wire", "2", kymo_export_wire},
	{"footprint", NULL, kymo_export_footprint},
};

int cmd_dump(const char *mode, const char *file)
{
	dump_fn *dump = NULL;
	for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
		if (strcmp(mode, modes[i].mode) == 0 ||
		    (modes[i].old_mode && strcmp(mode, modes[i].old_mode) == 0))
			dump = modes[i].dump;
	if (!dump)
		return cli_error("invalid debug mode %s, want one of: parsed, wire, footprint", mode);
	struct kymo_error err = {0};
	struct kymo_input *in;
	struct cli_out out;
	if (kymo_input_open(file, &in, &err) != KYMO_OK)
		return cli_fail(file, &err);
	cli_out_open(&out);
	enum kymo_status st = dump(in, &out.sink, &err);
	kymo_input_close(in);
	int status = cli_out_close(&out);
	if (status != CLI_OK)
		return status;
	if (st != KYMO_OK)
		return cli_fail(file, &err);
	if (err.message[0])
		cli_warn("%s: %s", file, err.message);
	return CLI_OK;
}
