/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vop-bench run fs: a session with a virtio-fs device, a scratch directory, patterns, books. What
 * is said about them is in fs_report.c.
 */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "bench/cmd.h"
#include "bench/fs_round.h"
#include "bench/fs_tour.h"
#include "bench/turns.h"

#define DATA_LEAST 16384u /* bytes that requests may carry, whatever sizes are measured */
#define PAGE	   4096u

/* --- the session --- */

static int refuse_sizes(struct fs_run *n)
{
	uint64_t most = n->terms.max_write;

	if (n->terms.max_pages)
		most = VOP_MIN(most, (uint64_t)n->terms.max_pages * PAGE);
	else
		most = VOP_MIN(most, 32u * PAGE);
	if (!n->p.data || n->p.size_max <= most)
		return 0;
	snprintf(n->err.text, sizeof(n->err.text),
		 "the device takes requests of at most %llu bytes; try a smaller --size than %u",
		 (unsigned long long)most, n->p.size_max);
	return -EREMOTEIO;
}

static void keep_books(struct fs_run *n)
{
	const struct fs_books *b = fs_conn_books(n->link.conn);

	n->books = *b;
}

/* All that was asked was answered, once. */
static int check_books(struct fs_run *n)
{
	const struct fs_books *b = fs_conn_books(n->link.conn);

	if (b->asked == b->answered && fs_conn_flying(n->link.conn) == 0)
		return 0;
	return fs_conn_fail(n->link.conn, -EBADMSG, "%llu requests, %llu answers",
			    (unsigned long long)b->asked, (unsigned long long)b->answered);
}

static int open_session(struct fs_run *n)
{
	int e = fs_link_open(&n->link, &n->lc, &n->err);

	if (e)
		return e;
	memcpy(n->features, n->link.s->features, sizeof(n->features));
	memcpy(n->offered, n->link.s->offered, sizeof(n->offered));
	n->queues_there = n->link.queues_there;
	n->queue_size = n->link.queue_size;
	n->opened = true;
	return 0;
}

/* --- measuring --- */

static void pin(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	if (cpu < 0)
		return;
	CPU_SET(cpu, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Every block once. */
static int whole(struct fs_run *n, enum fs_pattern what)
{
	struct fs_job j = {
		.pattern = what, .depth = VOP_MIN(n->p.depth_max, 32u), .stop = coord_interrupted};
	struct fs_job_result *r = malloc(sizeof(*r));
	int e = r ? fs_load_run(n->link.conn, &n->tree, &j, r) : -ENOMEM;

	progress_update(&n->progress, n->done, n->total,
			what == FS_FILL ? "writing the files" : "comparing the files");
	free(r);
	return e;
}

static int run_case(struct fs_run *n, enum fs_pattern w, uint32_t size, uint32_t depth)
{
	struct fs_case *k = &n->cases[n->cases_n];
	int e = 0;

	*k = (struct fs_case){.pattern = w, .size = size, .depth = depth};
	k->m = calloc(n->o.pair.rounds, sizeof(*k->m));
	if (!k->m)
		return -ENOMEM;
	n->cases_n++;
	for (unsigned i = 0; i < n->o.pair.rounds && !e && !n->c.turns.over; i++) {
		progress_update(&n->progress, n->done++, n->total,
				"%s, %u B, depth %u: round %u of %llu", fs_pattern_words[w], size,
				depth, i + 1, (unsigned long long)n->o.pair.rounds);
		e = fs_round(n, k, i);
		e = e == MEASURE_SKIPPED ? 0 : e;
	}
	return e;
}

static int run_pattern(struct fs_run *n, enum fs_pattern w, uint32_t size)
{
	int e = 0;

	for (unsigned d = 0; d < n->o.depth.n && !e; d++)
		e = run_case(n, w, size, (uint32_t)n->o.depth.v[d]);
	if (e || !fs_pattern_writes(w))
		return e;
	/* What was written is there, also for who opens the files anew. */
	e = whole(n, FS_CHECK);
	e = e ? e : fs_tree_reopen(&n->tree, n->link.conn);
	return e ? e : whole(n, FS_CHECK);
}

static int run_size(struct fs_run *n, uint32_t size)
{
	int e = fs_tree_blocks(&n->tree, n->o.span, size);

	e = e ? e : whole(n, FS_FILL);
	for (unsigned i = 0; i < n->p.patterns && !e; i++)
		if (fs_pattern_data(n->p.pattern[i]))
			e = run_pattern(n, n->p.pattern[i], size);
	return e;
}

static int run_patterns(struct fs_run *n)
{
	int e = 0;

	for (unsigned i = 0; i < n->p.patterns && !e; i++)
		if (!fs_pattern_data(n->p.pattern[i]))
			e = run_pattern(n, n->p.pattern[i], 0);
	for (unsigned s = 0; s < n->o.size.n && n->p.data && !e; s++)
		e = run_size(n, (uint32_t)n->o.size.v[s]);
	return e;
}

static int in_scratch(struct fs_run *n)
{
	struct fs_conn *c = n->link.conn;
	unsigned checked = 0;
	int e = fs_tree_make(&n->tree, c);

	if (!e && !n->o.pair.quiet)
		fprintf(stderr,
			"vop-bench: all is done in %s, in the root of the target's file system, "
			"removed at the end\n",
			n->tree.name);
	e = e ? e : fs_tour(c, &n->tree, &checked);
	n->checked = checked;
	e = e ? e : fs_tree_files(&n->tree, c, (unsigned)n->o.files);
	if (!n->o.pair.quiet)
		progress_begin(&n->progress, stderr);
	pin(n->p.cpu[SIDE_DRIVER]);
	e = e ? e : run_patterns(n);
	progress_end(&n->progress);
	return e ? e : fs_tree_list(&n->tree, c);
}

/* --- taking down --- */

/*
 * Something went wrong: what is left is removed over a new session, with a new process where it is
 * ours to start. Best effort: what could not be removed is named.
 */
static void clean_up_anew(struct fs_run *n)
{
	struct vop_error err = {""};
	struct fs_terms terms;
	int e = 0;

	n->tree.files = 0;
	n->tree.dir.lookups = 0;
	n->lc.timeout_ms = VOP_MIN(n->lc.timeout_ms, 5000);
	if (n->o.spawn) {
		fs_link_close(&n->link);
		e = fs_link_open(&n->link, &n->lc, &err);
	} else {
		e = fs_link_again(&n->link, &n->lc, &err);
	}
	e = e ? e : fs_init(n->link.conn, n->lc.data_max, &terms);
	e = e ? e : fs_tree_remove(&n->tree, n->link.conn);
	if (e && n->tree.name[0])
		snprintf(n->left, sizeof(n->left), "%s", n->tree.name);
}

static int take_down(struct fs_run *n, int e)
{
	struct fs_conn *c = n->link.conn;

	if (e == -EINTR && !fs_conn_failed(c))
		snprintf(n->err.text, sizeof(n->err.text), "interrupted");
	if (!fs_conn_failed(c)) {
		int r = fs_tree_remove(&n->tree, c);

		r = r ? r : fs_destroy(c);
		r = r ? r : check_books(n);
		if (r && !fs_conn_failed(c))
			fs_conn_fail(c, -EBADMSG, "the directory cannot be removed: %s",
				     strerror(-r));
		e = e ? e : r;
	}
	keep_books(n);
	if (fs_conn_failed(c)) {
		e = fs_conn_failed(c);
		snprintf(n->err.text, sizeof(n->err.text), "%s", fs_conn_words(c));
		if (n->tree.name[0])
			clean_up_anew(n);
	}
	return e;
}

static int session(struct fs_run *n)
{
	cpu_set_t before;
	int e = open_session(n);

	if (e)
		return e;
	sched_getaffinity(0, sizeof(before), &before);
	e = fs_init(n->link.conn, n->lc.data_max, &n->terms);
	e = e ? e : refuse_sizes(n);
	e = e ? e : in_scratch(n);
	/* What is started from here on runs where it likes. */
	sched_setaffinity(0, sizeof(before), &before);
	e = take_down(n, e);
	fs_link_close(&n->link);
	return e;
}

static int outcome(struct fs_run *n, int e)
{
	if (n->left[0])
		fprintf(stderr,
			"vop-bench: the directory %s is left in the target's file system; remove "
			"it there: rm -r %s\n",
			n->left, n->left);
	if (e == 0)
		return fs_report(n);
	if (n->opened && e != -EREMOTEIO && e != -EINTR && e != -ENOMEM) {
		fprintf(stderr, "vop-bench: %s\n", n->err.text);
		return CMD_FAILED;
	}
	return cmd_could_not("%s", n->err.text[0] ? n->err.text : strerror(-e));
}

/* --spawn, with the scheme alone or nothing as its target: the socket's place is chosen here. */
static bool ours_to_place(const struct fs_opts *o)
{
	return o->spawn && (!o->target || strcmp(o->target, "vhost-user:") == 0);
}

static unsigned count_cases(const struct fs_run *n)
{
	unsigned cases = 0;

	for (unsigned i = 0; i < n->p.patterns; i++)
		cases += (unsigned)((fs_pattern_data(n->p.pattern[i]) ? n->o.size.n : 1) *
				    n->o.depth.n);
	return cases;
}

static int measure(struct fs_run *n)
{
	unsigned cases = count_cases(n);
	int e;

	n->total = (unsigned)(cases * n->o.pair.rounds);
	n->tree.seed = n->o.seed;
	n->cases = calloc(cases, sizeof(*n->cases));
	n->lc = (struct fs_link_config){
		.uri = ours_to_place(&n->o) ? NULL : n->o.target,
		.spawn = n->o.spawn,
		.queues = (unsigned)n->o.queues,
		.queue_size = (uint16_t)n->o.queue_size,
		.packed = n->o.ring == 1,
		.slots = (unsigned)(n->p.depth_max * n->o.queues),
		.data_max = VOP_MAX(n->p.data ? n->p.size_max : 0, DATA_LEAST),
		.notify = n->o.notify,
		.spin_ns = n->o.spin,
		.timeout_ms = (int)(n->o.timeout / 1000000u),
	};
	e = n->cases ? turns_start(&n->c, n->o.pair.against.turns, 0, SIDES, n->p.cpu, n->p.yield,
				   &n->err)
		     : -ENOMEM;
	e = e ? e : session(n);
	if (n->cases)
		coord_stop(&n->c);
	return outcome(n, e);
}

static int run(struct fs_run *n, int argc, char **argv)
{
	static char words[] = "run fs";
	struct opt table[OPT_MAX];
	struct opt_args args;
	char *word = argv[0];
	int e;

	fs_opts_table(&n->o, table);
	/* Complaints name the command as it was typed. */
	argv[0] = words;
	e = opt_parse(table, 0, argc, argv, &args, stderr);
	argv[0] = word;
	if (e)
		return CMD_COULD_NOT;
	if (args.help) {
		printf("usage: vop-bench run fs --target vhost-user:PATH|--spawn CMD [options]\n\n"
		       "How fast a virtio-fs device answers file system requests: rate, goodput, "
		       "latency. Every\nanswer is judged and every byte compared. The run works "
		       "in a directory of its own,\nvop-bench-*, in the root of the target's file "
		       "system, and removes it; one that was\nkilled leaves it there.\n\n");
		opt_help(table, stdout);
		return CMD_DONE;
	}
	if (against_check(&n->o.pair.against, false))
		return CMD_COULD_NOT;
	if (fs_plan_make(&n->o, &n->p, &n->err))
		return cmd_could_not("%s", n->err.text);
	if (pair_cpus(&n->o.pair, n->p.cpu))
		return CMD_COULD_NOT;
	n->p.yield = n->p.cpu[0] == n->p.cpu[1];
	if ((n->o.pair.json || !n->o.pair.no_save) && result_check_place(n->o.pair.json, stderr))
		return CMD_COULD_NOT;
	if (n->o.pair.against.with)
		return against_run(&n->o.pair.against,
				   &(struct against_job){.workload = "fs",
							 .table = table,
							 .args = &args,
							 .argc = argc,
							 .argv = argv,
							 .json = n->o.pair.json,
							 .save = !n->o.pair.no_save,
							 .quiet = n->o.pair.quiet});
	n->res = result_new(&(struct result_config){.workload = "fs",
						    .argc = argc,
						    .argv = argv,
						    .target = n->o.target,
						    .opts = table});
	if (!n->res)
		return cmd_could_not("out of memory");
	against_mark(&n->o.pair.against, n->res);
	return measure(n);
}

int run_fs(int argc, char **argv)
{
	struct fs_run *n = calloc(1, sizeof(*n));
	int status;

	if (!n)
		return cmd_could_not("out of memory");
	status = run(n, argc, argv);
	for (unsigned i = 0; n->cases && i < n->cases_n; i++) {
		for (unsigned g = 0; g < REGIMES; g++)
			free(n->cases[i].hist[g]);
		free(n->cases[i].m);
	}
	free(n->cases);
	fs_tree_free(&n->tree);
	result_free(n->res);
	free(n);
	return status;
}
