/* SPDX-License-Identifier: MIT */
#include "cli/load.h"

#include "cli/cli.h"

int cli_load(const char *file, struct kymo_trace **out)
{
	struct kymo_error err = {0};
	struct kymo_input *in;
	struct cli_progress progress;
	*out = NULL;
	if (kymo_input_open(file, &in, &err) != KYMO_OK)
		return cli_fail(file, &err);
	cli_progress_begin(&progress, "reading");
	const struct kymo_load_options how = {cli_progress_show, &progress};
	enum kymo_status st = kymo_trace_load(in, &how, out, &err);
	cli_progress_end(&progress);
	kymo_input_close(in);
	if (st != KYMO_OK)
		return cli_fail(file, &err);
	const struct kymo_trace_info *info = kymo_trace_info(*out);
	for (size_t i = 0; i < info->damage_count; i++)
		cli_warn_damage(file, &info->damage[i], info->bytes);
	return CLI_OK;
}
