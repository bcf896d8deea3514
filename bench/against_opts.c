/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of runs in turn; apart from their conduct, which pulls in processes and comparisons. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "bench/against.h"
#include "bench/cmd.h"
#include "bench/result.h"
#include "bench/turns.h"

unsigned against_opts_table(struct against_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"against", OPT_STRING, &o->with, "WHAT",
		 "run twice in turn and compare: WHAT is another target (vop:PATH), another build "
		 "(a "
		 "program or a checkout), options that the second run gets as well "
		 "(--against='--ring split'), "
		 "or both ('../old --batch 8'); '.' is this build again",
		 NULL, 0, 0, 0, 0, NULL},
		{"gate", OPT_DOUBLE, &o->gate, "PCT",
		 "with --against: status 1 when a metric is worse by more than this", NULL, 0, 0, 0,
		 1000, NULL},
		{"verdict", OPT_STRING, &o->verdict, "FILE",
		 "with --against: write the comparison there as JSON", NULL, 0, 0, 0, 0, NULL},
		{"junit", OPT_STRING, &o->junit, "FILE",
		 "with --against: write the comparison there as JUnit XML", NULL, 0, 0, 0, 0, NULL},
		{"patience", OPT_DURATION, &o->patience, NULL,
		 "with --against: longest wait for one of the two to come back for its next round",
		 "5min", 1000000000, 86400000000000ull, 0, 0, NULL},
		{"turns", OPT_STRING, &o->turns, NULL, NULL, NULL, 0, 0, 0, 0, NULL},
	};

	o->gate = -1;
	memcpy(table, t, sizeof(t));
	return sizeof(t) / sizeof(t[0]);
}

int against_check(const struct against_opts *o, bool alone)
{
	struct stat st;

	if (o->turns && (fstat(TURNS_FD, &st) || !S_ISSOCK(st.st_mode))) {
		cmd_could_not("--turns is between two runs of vop-bench; use --against");
		return -EINVAL;
	}
	if (!o->with && (o->gate >= 0 || o->junit || o->verdict)) {
		cmd_could_not(
			"--gate, --verdict and --junit are about a comparison: add --against, or "
			"use: vop-bench compare OLD NEW");
		return -EINVAL;
	}
	if ((o->with || o->turns) && alone) {
		cmd_could_not("--against compares rates and times: leave out --chaos, --ndr and "
			      "--idle");
		return -EINVAL;
	}
	return 0;
}

void against_mark(const struct against_opts *o, struct result *r)
{
	if (o->turns && o->turns[0])
		result_run_fact(r, "turns",
				json_pack("{s:s#,s:s}", "side", o->turns, 1, "id",
					  o->turns[1] ? o->turns + 2 : ""));
}
