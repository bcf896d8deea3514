/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench run WORKLOAD: hands over to the workload's own file. */
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/opt.h"

struct workload {
	const char *word, *help;
	int (*fn)(int argc, char **argv);
};

static const struct workload workloads[] = {
#define WORKLOAD_LINE(word, help) {#word, help, run_##word},
	BENCH_WORKLOADS(WORKLOAD_LINE)
#undef WORKLOAD_LINE
};

static const char *const words[] = {
#define WORKLOAD_WORD(word, help) #word,
	BENCH_WORKLOADS(WORKLOAD_WORD)
#undef WORKLOAD_WORD
		NULL,
};

int cmd_run(int argc, char **argv)
{
	const char *near;

	if (argc < 2)
		return cmd_could_not("run what? One of: vop-bench run net, run blk, run fs, run "
				     "ring, run limits "
				     "(see: vop-bench list workloads)");
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
		printf("usage: vop-bench run WORKLOAD [options]\n\n");
		for (unsigned i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
			printf("  %-8s %s\n", workloads[i].word, workloads[i].help);
		printf("\nOptions of a workload: vop-bench run WORKLOAD --help\n");
		return CMD_DONE;
	}
	for (unsigned i = 0; i < sizeof(workloads) / sizeof(workloads[0]); i++)
		if (strcmp(argv[1], workloads[i].word) == 0)
			return workloads[i].fn(argc - 1, argv + 1);
	near = opt_nearest(argv[1], words);
	if (near)
		return cmd_could_not("unknown workload '%s'; did you mean '%s'?", argv[1], near);
	return cmd_could_not("unknown workload '%s'; 'vop-bench list workloads' shows them",
			     argv[1]);
}
