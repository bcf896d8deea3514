/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/env.h"
#include "bench/pair_opts.h"
#include "bench/turns.h"

unsigned pair_opts_table(struct pair_opts *o, struct opt *table)
{
	const struct opt t[] = {
		{"rounds", OPT_U64, &o->rounds, "N", "rounds of each measurement", "8", 1, 10000, 0,
		 0, NULL},
		{"duration", OPT_DURATION, &o->duration, NULL, "counted time of a round", "100ms",
		 1000000, 60000000000ull, 0, 0, NULL},
		{"cpus", OPT_SIZES, &o->cpus, "A,B",
		 "CPUs of the two sides (default: the first two usable ones)", NULL, 0, 0, 0, 0,
		 NULL},
		{"json", OPT_STRING, &o->json, "FILE",
		 "write the result there (default: a new file under results/)", NULL, 0, 0, 0, 0,
		 NULL},
		{"no-save", OPT_FLAG, &o->no_save, NULL, "write no result file", NULL, 0, 0, 0, 0,
		 NULL},
		{"quiet", OPT_FLAG, &o->quiet, NULL, "no progress line", NULL, 0, 0, 0, 0, NULL},
	};

	memcpy(table, t, sizeof(t));
	return VOP_ARRAY_SIZE(t) + against_opts_table(&o->against, table + VOP_ARRAY_SIZE(t));
}

int pair_cpus(const struct pair_opts *o, int cpu[SIDES])
{
	int usable[256];
	unsigned n = env_usable_cpus(usable, VOP_ARRAY_SIZE(usable));

	cpu[0] = o->cpus.n == SIDES ? (int)o->cpus.v[0] : n ? usable[0] : -1;
	cpu[1] = o->cpus.n == SIDES ? (int)o->cpus.v[1] : n > 1 ? usable[1] : cpu[0];
	if (o->cpus.n && o->cpus.n != SIDES)
		return cmd_could_not("--cpus takes two numbers, like --cpus 0,1");
	for (unsigned i = 0; i < o->cpus.n; i++) {
		bool ok = false;

		for (unsigned k = 0; k < n && k < VOP_ARRAY_SIZE(usable); k++)
			ok |= (uint64_t)usable[k] == o->cpus.v[i];
		if (!ok)
			return cmd_could_not("--cpus: CPU %llu is not usable by this process; see: "
					     "vop-bench doctor",
					     (unsigned long long)o->cpus.v[i]);
	}
	return 0;
}

static int start(const struct pair_opts *o, unsigned pass, const int cpu[SIDES], struct coord *c,
		 struct vop_error *err)
{
	return turns_start(c, o->against.turns, pass, SIDES, cpu, cpu[0] == cpu[1], err);
}

int pair_again(const struct pair_opts *o, unsigned pass, struct coord *c, struct vop_error *err)
{
	const int cpu[SIDES] = {c->cpu[0], c->cpu[1]};

	coord_stop(c);
	return start(o, pass, cpu, c, err);
}

int pair_begin(const struct opt *table, int argc, char **argv, const char *workload,
	       const char *about, struct pair_opts *o, struct coord *c, struct result **res,
	       int *status)
{
	int cpu[SIDES];
	struct opt_args args;
	struct vop_error err = {""};
	char words[32], *word = argv[0];
	int e;

	*status = CMD_COULD_NOT;
	/* Complaints name the command as it was typed: "vop-bench run ring: ...". */
	snprintf(words, sizeof(words), "run %s", workload);
	argv[0] = words;
	e = opt_parse(table, 0, argc, argv, &args, stderr);
	argv[0] = word;
	if (e)
		return -1;
	if (args.help) {
		printf("usage: vop-bench run %s [options]\n\n%s\n\n", workload, about);
		opt_help(table, stdout);
		*status = CMD_DONE;
		return -1;
	}
	if (pair_cpus(o, cpu) || against_check(&o->against, false))
		return -1;
	if (o->against.with) {
		*status = against_run(&o->against, &(struct against_job){.workload = workload,
									 .table = table,
									 .args = &args,
									 .argc = argc,
									 .argv = argv,
									 .json = o->json,
									 .save = !o->no_save,
									 .quiet = o->quiet});
		return -1;
	}
	if ((o->json || !o->no_save) && result_check_place(o->json, stderr))
		return -1;
	if (cpu[0] == cpu[1])
		fprintf(stderr, "vop-bench: one CPU for both sides: they take turns by yielding "
				"and no round trip is measured\n");
	if (start(o, 0, cpu, c, &err)) {
		coord_stop(c);
		cmd_could_not("%s", err.text);
		return -1;
	}
	*res = result_new(&(struct result_config){
		.workload = workload, .argc = argc, .argv = argv, .target = NULL, .opts = table});
	if (*res == NULL) {
		coord_stop(c);
		cmd_could_not("out of memory");
		return -1;
	}
	against_mark(&o->against, *res);
	return 0;
}

int pair_end(const struct pair_opts *o, struct coord *c, struct result *res, int e,
	     const struct vop_error *err)
{
	int status = CMD_DONE;
	char name[512];

	coord_stop(c);
	if (e == -ECHILD || e == -EPROTO || e == -ETIMEDOUT) {
		fprintf(stderr, "vop-bench: %s\n", err->text);
		status = CMD_FAILED;
	} else if (e) {
		status = cmd_could_not("%s", err->text[0] ? err->text : strerror(-e));
	} else if (o->json || !o->no_save) {
		if (result_write(res, o->json, name, sizeof(name), stderr))
			status = CMD_COULD_NOT;
		else
			printf("result: %s\n", name);
	}
	result_free(res);
	return status;
}
