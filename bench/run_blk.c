/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vop-bench run blk: patterns, sizes and depths, rounds, books. What is said about them is in
 * blk_report.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <vop/features.h>
#include "bench/blk_run.h"
#include "bench/cmd.h"
#include "bench/turns.h"

#define FILL_BYTES_PER_S 5000000u /* a disk slower than that runs into the time limit */

static int call_ms(const struct blk_run *n)
{
	return (int)(n->o.timeout / 1000000u) + 10000;
}

/* --- the two sides --- */

static void request_open(const struct blk_run *n, enum bench_side side, const char *uri,
			 struct agent_request *r)
{
	*r = (struct agent_request){.op = AGENT_OPEN};
	r->open = (struct agent_open){
		.self = side == SIDE_DEVICE ? VOP_ENDPOINT : VOP_HOST,
		.creates = side == SIDE_DEVICE,
		.foreign = n->p.foreign,
		.no_huge = n->o.no_huge,
		.notify = (uint8_t)n->o.notify,
		.devices = 1,
		.pairs = (uint16_t)n->o.queues,
		.queue_size_max = n->p.queue_size,
		.window = n->p.window,
		.spin_ns = n->o.spin,
		.timeout_ms = (int)(n->o.timeout / 1000000u),
		.disk_size = vop_align_up(n->o.span, BLK_SECTOR),
	};
	snprintf(r->open.uri, sizeof(r->open.uri), "%s", uri);
	snprintf(r->open.spawn, sizeof(r->open.spawn), "%s", n->o.spawn ? n->o.spawn : "");
	snprintf(r->open.disk_file, sizeof(r->open.disk_file), "%s", n->o.disk ? n->o.disk : "");
}

/* Can our own device keep its disk there? Asked before it starts: its process can only end. */
static int try_disk(const struct blk_run *n, struct vop_error *err)
{
	struct vop_blk_backend disk;
	int e;

	if (!n->o.disk)
		return 0;
	e = vop_blk_backend_file(&disk, n->o.disk, vop_align_up(n->o.span, BLK_SECTOR), false, err);
	if (!e && disk.free)
		disk.free(disk.ctx);
	return e;
}

static int open_sides(struct blk_run *n)
{
	struct agent_request req[SIDES];
	struct agent_answer ans[SIDES];

	request_open(n, SIDE_DRIVER, n->p.foreign ? n->o.target : n->c.uri, &req[SIDE_DRIVER]);
	if (n->p.foreign)
		return coord_call(&n->c, SIDE_DRIVER, &req[SIDE_DRIVER], &ans[SIDE_DRIVER],
				  call_ms(n), &n->err);
	request_open(n, SIDE_DEVICE, n->c.uri, &req[SIDE_DEVICE]);
	return coord_call_both(&n->c, req, ans, call_ms(n), &n->err);
}

static int open_session(struct blk_run *n)
{
	struct agent_request req = {.op = AGENT_SESSION};
	struct agent_answer ans = {0};
	int e = 0;

	req.session = (struct agent_session){
		.want = {n->p.want[0], n->p.want[1]},
		.need = {n->p.need[0], n->p.need[1]},
		.size = n->p.size_max,
		.size_unit = n->p.size_unit,
		.depth = n->p.depth_max,
		.queue_size = n->p.queue_size,
		.queue_size_default = n->o.queue_size == 0,
		.pairs = (uint16_t)n->o.queues,
		.notify = (uint8_t)n->o.notify,
		.spin_ns = n->o.spin,
		.span = n->o.span,
		.seed = n->o.seed,
		.verify = n->o.no_verify ? BLK_VERIFY_NONE : BLK_VERIFY_FULL,
		.mix = (uint8_t)n->o.mix,
		.may_write = n->p.may_write,
	};
	if (!n->p.foreign)
		e = coord_call(&n->c, SIDE_DEVICE, &req, &ans, 10000, &n->err);
	e = e ? e : coord_call(&n->c, SIDE_DRIVER, &req, &ans, call_ms(n), &n->err);
	memcpy(n->features, ans.features, sizeof(n->features));
	memcpy(n->offered, ans.offered, sizeof(n->offered));
	n->device_queues = ans.queues;
	n->disk = ans.disk;
	return e;
}

/* What is known only when the disk is: can it do what was asked? Leaves out what nobody named. */
static int fit_patterns(struct blk_run *n)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < n->p.patterns; i++) {
		enum blk_pattern w = n->p.pattern[i];
		bool cannot = (blk_pattern_writes(w) && n->disk.read_only) ||
			      (w == BLK_FLUSH && !n->disk.flush);

		if (cannot && !n->p.defaults) {
			snprintf(n->err.text, sizeof(n->err.text),
				 w == BLK_FLUSH ? "--pattern %s: the device offers no flush, or it "
						  "was left out of --features"
						: "--pattern %s: the disk is read-only",
				 blk_pattern_words[w]);
			return -EREMOTEIO;
		}
		if (!cannot)
			n->p.pattern[kept++] = w;
	}
	n->p.patterns = kept;
	return 0;
}

/* --- books --- */

static uint64_t outstanding(const struct blk_count *b)
{
	return atomic_load(&b->submitted) - atomic_load(&b->ok) - atomic_load(&b->status) -
	       atomic_load(&b->length) - atomic_load(&b->altered);
}

static void say_more(struct vop_error *err, const char *what)
{
	size_t at = strlen(err->text);

	snprintf(err->text + at, sizeof(err->text) - at, "%s", what);
}

/* What is known about the end of a job that failed with e, into n->err. */
static int explain(struct blk_run *n, const char *doing, int e)
{
	const struct blk_count *b = &n->c.sh->blk;
	struct agent_request req = {.op = AGENT_STATS};
	struct vop_error other = {""};
	char text[400], wrong[200];

	blk_wrong_text(b, wrong, sizeof(wrong));
	if (wrong[0]) {
		uint64_t failed = atomic_load(&b->status), length = atomic_load(&b->length),
			 altered = atomic_load(&b->altered), stray = atomic_load(&b->stray);

		snprintf(n->err.text, sizeof(n->err.text), "%.50s: %.140s", doing, wrong);
		snprintf(text, sizeof(text),
			 "; %llu submitted, %llu right, %llu wrong, %llu doubled, %llu lost",
			 (unsigned long long)atomic_load(&b->submitted),
			 (unsigned long long)atomic_load(&b->ok),
			 (unsigned long long)(failed + length + altered), (unsigned long long)stray,
			 (unsigned long long)outstanding(b));
		say_more(&n->err, text);
		return -EBADMSG;
	}
	if (e == -ETIMEDOUT)
		snprintf(n->err.text, sizeof(n->err.text),
			 "%s: the device has given nothing back for %llu ms", doing,
			 (unsigned long long)(n->o.timeout / 1000000u));
	if (e != -EPROTO && e != -ETIMEDOUT && e != -ECANCELED && e != -ECHILD && e != -ENOTCONN)
		return e;
	/* Who broke which rule, or why is it gone? */
	for (unsigned s = 0; s < n->c.sh->sides; s++) {
		struct agent_answer ans = {0};

		if (n->c.agent[s].pid > 0 && coord_call(&n->c, s, &req, &ans, 2000, &other) == 0 &&
		    ans.text[0]) {
			snprintf(text, sizeof(text), " (%.250s)", ans.text);
			say_more(&n->err, text);
			break;
		}
	}
	snprintf(text, sizeof(text), "; %llu requests were outstanding",
		 (unsigned long long)outstanding(b));
	say_more(&n->err, text);
	return e == -ENOTCONN ? -ECANCELED : e;
}

static void keep_sums(struct blk_run *n)
{
	const struct blk_count *b = &n->c.sh->blk;

	n->submitted += atomic_load(&b->submitted);
	n->compared += atomic_load(&b->compared);
	n->written += atomic_load(&b->written);
}

/* --- rounds --- */

/* Write, learn or check the whole span, once. */
static int whole_span(struct blk_run *n, enum job_kind kind)
{
	struct job j = {
		.kind = kind,
		.run_ns = 10000000000u + n->disk.span / FILL_BYTES_PER_S * 1000000000u,
		.bytes = n->p.size_max,
		.slots = VOP_MIN(n->p.depth_max, 32u),
	};
	const char *doing = kind == JOB_BLK_CHECK		? "the verify pass"
			    : n->disk.verify == BLK_VERIFY_FULL ? "filling the span"
								: "reading the span";
	int e;

	progress_update(&n->progress, n->done, n->total, "%s", doing);
	e = coord_plan(&n->c, &j, 1, &n->err);
	return e ? explain(n, doing, e) : 0;
}

static struct blk_case *case_of(struct blk_run *n, enum blk_pattern w, uint32_t size,
				uint32_t depth)
{
	struct blk_case *k;
	unsigned i;

	for (i = 0; i < n->cases_n; i++) {
		k = &n->cases[i];
		if (k->pattern == w && k->size == size && k->depth == depth)
			return k;
	}
	k = &n->cases[i];
	*k = (struct blk_case){.pattern = w,
			       .size = size,
			       .depth = depth,
			       .room = (unsigned)(n->o.pair.rounds * n->o.passes)};
	k->m = calloc(k->room, sizeof(*k->m));
	if (k->m == NULL)
		return NULL;
	n->cases_n++;
	return k;
}

/* Copies of so many bytes in caches of all levels and beyond: the best of them bounds what a device
 * can do that copies every byte once. */
static void copy_limit(const struct blk_run *n, uint32_t size, struct limit_set *set)
{
	static const uint64_t working_set[LIMIT_BEST] = {32u << 10, 1u << 20, 16u << 20};

	*set = (struct limit_set){.kind = JOB_COPY, .from = SIDE_DEVICE, .bytes = size};
	if (n->p.foreign || n->p.yield || n->o.no_limit || size == 0)
		return;
	for (unsigned i = 0; i < LIMIT_BEST; i++) {
		uint32_t slots = (uint32_t)VOP_MAX(working_set[i] / (2ull * size), 1u);

		if (set->n == 0 || set->way[set->n - 1].slots != slots)
			set->way[set->n++] = (struct limit_way){.slots = slots};
	}
}

static int run_case(struct blk_run *n, enum blk_pattern w, uint32_t size, uint32_t depth)
{
	struct blk_case *k = case_of(n, w, size, depth);
	struct limit_set set;
	struct job work = {
		.kind = JOB_BLK,
		.pattern = w,
		.warm_ns = VOP_MIN(n->o.pair.duration / 10, 20000000u),
		.run_ns = n->o.pair.duration,
		.slice_ns = n->o.pair.duration / 10,
		.bytes = size ? size : BLK_SECTOR,
		.slots = depth,
		.batch = (uint32_t)n->o.batch,
		.rate = n->o.rate,
	};
	char doing[64];
	int e = 0;

	if (k == NULL)
		return -ENOMEM;
	copy_limit(n, size, &set);
	if (size)
		snprintf(doing, sizeof(doing), "%s, %u B, depth %u", blk_pattern_words[w], size,
			 depth);
	else
		snprintf(doing, sizeof(doing), "%s, depth %u", blk_pattern_words[w], depth);
	for (uint64_t i = 0; i < n->o.pair.rounds && !e; i++) {
		struct measured *m = &k->m[k->rounds];

		progress_update(&n->progress, n->done++, n->total, "%s: round %u of %u", doing,
				k->rounds + 1, k->room);
		e = measure_round(&n->c, &work, SIDE_DRIVER, set.n ? &set : NULL, m, &n->err);
		if (e == MEASURE_SKIPPED) {
			e = 0;
			continue;
		}
		if (e)
			return explain(n, doing, e);
		m->round.value = result_rate(&m->result[SIDE_DRIVER]);
		m->round.busy = n->o.notify == VOP_NOTIFY_POLL ? measured_busy(&n->c, m) : 0;
		m->round.pass = n->pass;
		m->round.number = (unsigned)i;
		round_judge(&m->round);
		m->p[0] = (double)hist_percentile(&n->c.sh->latency, 50);
		m->p[1] = (double)hist_percentile(&n->c.sh->latency, 99);
		m->p[2] = (double)hist_percentile(&n->c.sh->latency, 99.9);
		e = blk_case_hist(k, m->round.regime, &n->c.sh->latency);
		k->rounds++;
	}
	return e;
}

static int run_pattern(struct blk_run *n, enum blk_pattern w)
{
	int e = 0;

	for (unsigned s = 0; s < n->o.size.n && !e; s++) {
		for (unsigned d = 0; d < n->o.depth.n && !e; d++)
			e = run_case(n, w, w == BLK_FLUSH ? 0 : (uint32_t)n->o.size.v[s],
				     (uint32_t)n->o.depth.v[d]);
		if (w == BLK_FLUSH)
			break;
	}
	return e;
}

static int gather_stats(struct blk_run *n)
{
	struct agent_request req = {.op = AGENT_STATS};

	for (unsigned s = 0; s < n->c.sh->sides; s++) {
		struct agent_answer ans = {0};
		int e = coord_call(&n->c, s, &req, &ans, 5000, &n->err);

		if (e)
			return e;
		n->resident[s] = ans.resident;
		n->huge |= ans.huge;
		if (ans.violations) {
			snprintf(n->err.text, sizeof(n->err.text),
				 "the %s counted %llu violations (%.120s)",
				 s == SIDE_DRIVER ? "driver" : "device",
				 (unsigned long long)ans.violations, ans.text);
			return -EPROTO;
		}
	}
	return 0;
}

static int run_pass(struct blk_run *n)
{
	int e = open_sides(n);

	e = e ? e : open_session(n);
	e = e ? e : fit_patterns(n);
	if (e)
		return e;
	n->opened = true;
	if (n->disk.verify != BLK_VERIFY_NONE)
		e = whole_span(n, JOB_BLK_FILL);
	for (unsigned i = 0; i < n->p.patterns && !e; i++)
		e = run_pattern(n, n->p.pattern[i]);
	if (!e && n->disk.verify != BLK_VERIFY_NONE)
		e = whole_span(n, JOB_BLK_CHECK);
	e = e ? e : gather_stats(n);
	keep_sums(n);
	return e;
}

static int start(struct blk_run *n)
{
	n->c.workload = "blk";
	return turns_start(&n->c, n->o.pair.against.turns, n->pass, n->p.foreign ? 1 : SIDES,
			   n->p.cpu, n->p.yield, &n->err);
}

static int run_all(struct blk_run *n)
{
	int e = run_pass(n);

	for (n->pass = 1; n->pass < n->o.passes && !e && !n->c.turns.over; n->pass++) {
		coord_stop(&n->c);
		e = start(n);
		if (!e)
			e = run_pass(n);
	}
	return e;
}

static int outcome(struct blk_run *n, int e)
{
	if (e == 0)
		return blk_report(n);
	if (n->opened &&
	    (e == -ECHILD || e == -EPROTO || e == -ETIMEDOUT || e == -ECANCELED || e == -EBADMSG)) {
		fprintf(stderr, "vop-bench: %s\n", n->err.text);
		return CMD_FAILED;
	}
	return cmd_could_not("%s", n->err.text[0] ? n->err.text : strerror(-e));
}

static int measure(struct blk_run *n)
{
	unsigned per = (unsigned)(n->o.size.n * n->o.depth.n);
	int e;

	n->total = (unsigned)(n->p.patterns * per * n->o.pair.rounds * n->o.passes);
	n->cases = calloc((size_t)n->p.patterns * per + 1, sizeof(*n->cases));
	e = n->cases ? start(n) : -ENOMEM;
	if (!e) {
		if (n->p.yield && !n->p.foreign)
			fprintf(stderr,
				"vop-bench: one CPU for both sides: they take turns by yielding, "
				"no round trip is probed and no limit applies\n");
		if (!n->o.pair.quiet)
			progress_begin(&n->progress, stderr);
		e = run_all(n);
		progress_end(&n->progress);
	}
	if (n->cases)
		coord_stop(&n->c);
	return outcome(n, e);
}

static int run(struct blk_run *n, int argc, char **argv)
{
	static char words[] = "run blk";
	struct opt table[OPT_MAX];
	struct opt_args args;
	char *word = argv[0];
	int e;

	blk_opts_table(&n->o, table);
	/* Complaints name the command as it was typed. */
	argv[0] = words;
	e = opt_parse(table, 0, argc, argv, &args, stderr);
	argv[0] = word;
	if (e)
		return CMD_COULD_NOT;
	if (args.help) {
		printf("usage: vop-bench run blk [options]\n\nHow fast a virtio block device "
		       "answers requests: rate, share of the machine's limit,\nlatency, CPU time. "
		       "Every byte written is verified. The disk of our own device is made\nfor "
		       "the "
		       "run; that of any other target is written only with --destroy.\n\n");
		opt_help(table, stdout);
		return CMD_DONE;
	}
	if (against_check(&n->o.pair.against, false))
		return CMD_COULD_NOT;
	if (blk_plan_make(&n->o, table, &args, &n->p, &n->err))
		return cmd_could_not("%s", n->err.text);
	if (pair_cpus(&n->o.pair, n->p.cpu))
		return CMD_COULD_NOT;
	n->p.yield = n->p.cpu[0] == n->p.cpu[1];
	if ((n->o.pair.json || !n->o.pair.no_save) && result_check_place(n->o.pair.json, stderr))
		return CMD_COULD_NOT;
	if (n->o.pair.against.with)
		return against_run(&n->o.pair.against,
				   &(struct against_job){.workload = "blk",
							 .table = table,
							 .args = &args,
							 .argc = argc,
							 .argv = argv,
							 .json = n->o.pair.json,
							 .save = !n->o.pair.no_save,
							 .quiet = n->o.pair.quiet});
	if (try_disk(n, &n->err))
		return cmd_could_not("--disk: %s", n->err.text);
	n->res = result_new(&(struct result_config){.workload = "blk",
						    .argc = argc,
						    .argv = argv,
						    .target = n->o.target,
						    .opts = table});
	if (n->res == NULL)
		return cmd_could_not("out of memory");
	against_mark(&n->o.pair.against, n->res);
	return measure(n);
}

int run_blk(int argc, char **argv)
{
	struct blk_run *n = calloc(1, sizeof(*n));
	int status;

	if (n == NULL)
		return cmd_could_not("out of memory");
	status = run(n, argc, argv);
	for (unsigned i = 0; n->cases && i < n->cases_n; i++)
		blk_case_free(&n->cases[i]);
	free(n->cases);
	result_free(n->res);
	free(n);
	return status;
}
