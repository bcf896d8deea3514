/* SPDX-License-Identifier: BSD-2-Clause */
/* vop-bench conformance: thin thread. */
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/cmd.h"
#include "bench/opt.h"
#include "conformance/ref/ref.h"
#include "conformance/run.h"
#include "conformance/sections.h"

struct tally {
	unsigned n[8];
	unsigned *fails; /* by check, in order */
};

static int all(struct sut *s, bool verbose, const char *glob, struct tally *t)
{
	struct conf_runner_config cfg = {.seed = 1, .patience_ms = 1000};
	struct conf_runner *r = conf_runner_new(s, &cfg);
	const struct conf_section *const *sec;
	const struct lane *const *l;
	struct vop_error err;
	unsigned i, number = 0;
	int packed;

	for (sec = conf_sections; *sec; sec++)
		for (i = 0; i < (*sec)->n; i++, number++) {
			const struct conf_check *k = &(*sec)->checks[i];
			bool first = true;

			for (l = conf_lanes; *l; l++) {
				if ((*l)->device != s->device)
					continue;
				for (packed = 0; packed < 2; packed++) {
					struct conf_result res;

					if (fnmatch(glob, k->id, 0) ||
					    !conf_applies(k, *l, first, packed))
						continue;
					if (conf_run(r, k, *l, packed, &res, &err)) {
						printf("cannot start: %s\n", err.text);
						return 2;
					}
					t->n[res.outcome]++;
					if (conf_outcome_bad(res.outcome) && t->fails)
						t->fails[number]++;
					if (verbose && res.outcome != CONF_PASS)
						printf("%-5s %s %s %s %.1f ms %s\n%s",
						       conf_outcome_word(res.outcome), k->id,
						       (*l)->name, packed ? "packed" : "split",
						       res.seconds * 1e3, res.text,
						       res.notes ? res.notes : "");
					free(res.notes);
				}
				first = false;
			}
		}
	conf_runner_free(r);
	return 0;
}

static void total(const struct tally *t)
{
	unsigned o;

	for (o = 0; o <= CONF_ERROR; o++)
		printf("%s%u %s", o ? ", " : "", t->n[o], conf_outcome_word((enum conf_outcome)o));
	putchar('\n');
}

/* conformance ref|self|vop [DEVICE-ID [GLOB [MUTANT]]] */
int cmd_conformance(int argc, char **argv)
{
	static const char *const types[] = {[1] = "net,backend=echo",
					    [2] = "blk,size=64M",
					    [3] = "console,backend=echo",
					    [4] = "rng"};
	unsigned device = argc > 2 ? (unsigned)atoi(argv[2]) : 1;
	const char *glob = argc > 3 ? argv[3] : "*", *what = argc > 1 ? argv[1] : "vop";
	const char *node[] = {"/proc/self/exe",
			      "node",
			      "endpoint",
			      "--at",
			      "@",
			      "--create",
			      types[device & 3 ? device & 3 : 4],
			      "--notify",
			      "event",
			      "--no-huge",
			      "--quiet",
			      "--reconnect",
			      "never",
			      NULL};
	struct sut_spawn_config cfg = {
		.argv = node, .device = (uint16_t)device, .timeout_ms = 5000};
	struct ref_mutant m = {0};
	const struct conf_section *const *sec;
	struct tally t = {{0}, NULL};
	unsigned i, caught = 0, n = 0, number = 0, dead = 0;
	struct sut *s;
	char name[64];

	if (strcmp(what, "self") != 0) {
		s = strcmp(what, "ref") == 0
			    ? ref_new((uint16_t)device,
				      argc > 4 && ref_mutant_find(argv[4], &m) ? &m : NULL)
			    : sut_spawn(&cfg);
		if (!s)
			return cmd_could_not("no such device");
		all(s, true, glob, &t);
		total(&t);
		sut_free(s);
		return 0;
	}
	t.fails = calloc(4096, sizeof(unsigned));
	for (i = 0; ref_mutant_at(i, &m); i++) {
		struct tally one = {{0}, t.fails};
		unsigned bad;

		if (ref_mutant_device(&m) && ref_mutant_device(&m) != device)
			continue;
		s = ref_new((uint16_t)device, &m);
		all(s, false, glob, &one);
		sut_free(s);
		ref_mutant_name(&m, name, sizeof(name));
		bad = one.n[CONF_FAIL] + one.n[CONF_HANG] + one.n[CONF_CRASH];
		if (one.n[CONF_ERROR])
			printf("%s: %u harness errors\n", name, one.n[CONF_ERROR]);
		if (!bad)
			printf("%s: not caught\n", name);
		if (bad > one.n[CONF_PASS])
			dead++;
		caught += bad > 0;
		n++;
	}
	for (sec = conf_sections; *sec; sec++)
		for (i = 0; i < (*sec)->n; i++, number++)
			if (!t.fails[number] && !fnmatch(glob, (*sec)->checks[i].id, 0))
				printf("%s: failed by no mutant\n", (*sec)->checks[i].id);
	printf("%u of %u mutants caught, %u of them hardly serve\n", caught, n, dead);
	return 0;
}
