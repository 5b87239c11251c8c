/* SPDX-License-Identifier: MIT */
/* Any report of src/report as a verb. */
#ifndef KYMO_CLI_CMD_REPORT_H
#define KYMO_CLI_CMD_REPORT_H

#include "report/report.h"

/* argv[0] is the verb. Returns the program's exit status. */
int cmd_report(const struct report_def *def, int argc, char **argv);
/* `kymo help VERB`, `kymo VERB --help`. */
int cmd_report_help(const struct report_def *def);

#endif
