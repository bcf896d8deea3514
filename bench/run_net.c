/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vop-bench run net: sizes and directions, rounds, books. What is said about them is in
 * net_report.c.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/net_run.h"
#include "bench/turns.h"
#include "vop/dev/net.h"

/* Books of all lanes. */
struct books {
	uint64_t sent, delivered, lost, doubled, altered;
};

static struct books books_of(const struct shared *sh, unsigned lanes)
{
	struct books b = {0};

	for (unsigned d = 0; d < 3; d++) {
		for (unsigned i = 0; i < lanes; i++) {
			const struct lane_count *l = &sh->lane[d][i];

			b.sent += atomic_load(&l->sent);
			b.delivered += atomic_load(&l->delivered);
			b.lost += atomic_load(&l->lost);
			b.doubled += atomic_load(&l->doubled);
			b.altered += atomic_load(&l->altered);
		}
	}
	return b;
}

/* Frames that went wrong make the run fail, however fast it was. */
static int check_books(struct net_run *n, const char *what)
{
	struct books b = books_of(n->c.sh, (unsigned)(n->o.devices * n->o.queues));

	n->frames_checked = n->frames_before + b.delivered;
	if (b.lost + b.doubled + b.altered == 0)
		return 0;
	snprintf(n->err.text, sizeof(n->err.text),
		 "%s: %llu frames lost, %llu doubled, %llu altered of %llu delivered", what,
		 (unsigned long long)b.lost, (unsigned long long)b.doubled,
		 (unsigned long long)b.altered, (unsigned long long)b.delivered);
	n->books_wrong = true;
	return -EBADMSG;
}

int net_run_open(struct net_run *n)
{
	struct agent_request req[SIDES];
	struct agent_answer ans[SIDES];
	int wait_ms = (int)(n->o.timeout / 1000000u) + 2000;

	if (n->p.foreign) {
		net_request_open(&n->o, &n->p, SIDE_DRIVER, n->o.target, &req[0]);
		return coord_call(&n->c, SIDE_DRIVER, &req[0], &ans[0], wait_ms, &n->err);
	}
	for (unsigned s = 0; s < SIDES; s++)
		net_request_open(&n->o, &n->p, s, n->c.uri, &req[s]);
	return coord_call_both(&n->c, req, ans, wait_ms, &n->err);
}

int net_run_session(struct net_run *n, uint32_t size)
{
	struct agent_request req;
	struct agent_answer ans;
	int e;

	/* A session begins its books anew; the run's total goes on. */
	n->frames_before = n->frames_checked;
	net_request_session(&n->o, &n->p, size, &req);
	if (!n->p.foreign) {
		e = coord_call(&n->c, SIDE_DEVICE, &req, &ans, 10000, &n->err);
		if (e)
			return e;
	}
	req.session.numbered =
		n->p.foreign && !n->o.no_verify && n->p.dirs == 1 && n->p.dir[0] == NET_RX;
	e = coord_call(&n->c, SIDE_DRIVER, &req, &ans, (int)(n->o.timeout / 1000000u) + 10000,
		       &n->err);
	n->features[0] = ans.features[0];
	n->features[1] = ans.features[1];
	n->offered[0] = ans.offered[0];
	n->offered[1] = ans.offered[1];
	n->queues = ans.queues;
	n->queue_size_max = ans.queue_size_max;
	return e;
}

struct job net_run_job(const struct net_run *n, enum net_dir dir, uint32_t size)
{
	static const enum job_kind kinds[NET_DIRS] = {JOB_TX, JOB_RX, JOB_BOTH, JOB_ECHO};

	return (struct job){
		.kind = kinds[dir],
		.warm_ns = VOP_MIN(n->o.duration / 10, 20000000u),
		.run_ns = n->o.duration,
		.slice_ns = n->o.duration / 10,
		.bytes = size,
		.batch = (uint32_t)n->o.batch,
		.slots = 1,
		.rate = dir == NET_LATENCY ? n->o.rate : 0,
		.burn = (uint32_t)n->o.burn,
	};
}

struct net_case *net_run_case(struct net_run *n, enum net_dir dir, uint32_t size)
{
	struct net_case *k;
	unsigned i;

	for (i = 0; i < n->cases_n; i++)
		if (n->cases[i].dir == dir && n->cases[i].size == size)
			return &n->cases[i];
	k = &n->cases[i];
	*k = (struct net_case){.dir = dir,
			       .size = size,
			       .keeper = dir == NET_TX && !n->p.foreign ? SIDE_DEVICE : SIDE_DRIVER,
			       .room = (unsigned)(n->o.rounds * n->o.passes)};
	k->m = calloc(k->room, sizeof(*k->m));
	if (k->m == NULL)
		return NULL;
	n->cases_n++;
	return k;
}

void net_case_count(const struct net_run *n, struct net_case *k, unsigned number)
{
	struct round *r = &k->m[k->rounds++].round;

	r->pass = n->pass;
	r->number = number;
}

/* The bound of a direction: the same bytes the same way; receive also moves descriptors back and
 * forth. */
static int sweep(struct net_run *n, enum net_dir dir, uint32_t size, struct limit_set *set)
{
	uint32_t bytes = size + VOP_NET_HDR;
	bool dense = n->o.stride % 64;

	*set = (struct limit_set){.kind = JOB_NONE};
	/* The device of somebody else is no part of ours that could be left out; but it can be
	 * asked for its best. */
	if (n->p.foreign && dir == NET_TX && !n->o.no_limit)
		*set = (struct limit_set){
			.kind = JOB_DRAIN, .bytes = size, .batch = (uint32_t)n->o.batch, .n = 1};
	if (n->p.foreign || dir == NET_LATENCY || n->p.yield || n->o.no_limit)
		return 0;
	if (dir == NET_TX)
		return limit_sweep(&n->c, JOB_LINE, SIDE_DRIVER, bytes, 0, dense, set, NULL, NULL,
				   &n->err);
	if (dir == NET_RX)
		return limit_sweep(&n->c, JOB_LINE, SIDE_DEVICE, bytes, 16, dense, set, NULL, NULL,
				   &n->err);
	return limit_sweep(&n->c, JOB_DUPLEX, SIDE_DRIVER, bytes, 0, dense, set, NULL, NULL,
			   &n->err);
}

/* A target of somebody else's may be unable to do what was asked: say what it would have to be. */
static int explain_foreign(struct net_run *n, const struct net_case *k, int e)
{
	bool nothing = e == 0;

	for (unsigned i = 0; i < k->rounds; i++)
		nothing &= k->m[i].round.value == 0;
	if (k->dir == NET_TX)
		return e;
	if (!nothing && e != -ETIMEDOUT && !(e == -EBADMSG && (k->dir != NET_RX || n->o.no_verify)))
		return e;
	if (k->dir == NET_RX && n->o.no_verify)
		snprintf(n->err.text, sizeof(n->err.text),
			 "rx: the target sends no frames of %u bytes", k->size);
	else if (k->dir == NET_RX)
		snprintf(n->err.text, sizeof(n->err.text),
			 "rx: the target sends no numbered frames; give it a source (node: "
			 "--create net,backend=source), or --no-verify to count what comes");
	else
		snprintf(n->err.text, sizeof(n->err.text),
			 "%s: frames do not come back as they were sent; give the target an echo "
			 "(node: --create net,backend=echo; testpmd: --forward-mode=io "
			 "--port-topology=loop)",
			 net_dir_words[k->dir]);
	n->books_wrong = true;
	return e ? e : -EBADMSG;
}

static int run_case(struct net_run *n, enum net_dir dir, uint32_t size)
{
	struct net_case *k = net_run_case(n, dir, size);
	struct job work = net_run_job(n, dir, size);
	struct limit_set set;
	int e;

	if (k == NULL)
		return -ENOMEM;
	progress_update(&n->progress, n->done, n->total, "%s %u B: limit", net_dir_words[dir],
			size);
	e = sweep(n, dir, size, &set);
	set.duty = set.kind != JOB_DRAIN && set.n;
	for (uint64_t i = 0; i < n->o.rounds && !e; i++) {
		struct measured *m = &k->m[k->rounds];

		progress_update(&n->progress, n->done, n->total, "%s %u B: round %u of %u",
				net_dir_words[dir], size, k->rounds + 1, k->room);
		e = measure_round(&n->c, &work, k->keeper, set.n ? &set : NULL, m, &n->err);
		if (e == MEASURE_SKIPPED) {
			e = 0;
			continue;
		}
		if (e)
			break;
		m->round.value = result_rate(&m->result[k->keeper]);
		m->round.busy = n->o.notify == VOP_NOTIFY_POLL ? measured_busy(&n->c, m) : 0;
		round_judge(&m->round);
		if (dir == NET_LATENCY) {
			m->p[0] = (double)hist_percentile(&n->c.sh->latency, 50);
			m->p[1] = (double)hist_percentile(&n->c.sh->latency, 99);
			m->p[2] = (double)hist_percentile(&n->c.sh->latency, 99.9);
			e = net_case_hist(k, m->round.regime, &n->c.sh->latency);
		}
		net_case_count(n, k, (unsigned)i);
		n->done++;
		if (!e)
			e = check_books(n, net_dir_words[dir]);
	}
	return n->p.foreign ? explain_foreign(n, k, e) : e;
}

/* CPU time when nothing is to do. */
static int run_idle(struct net_run *n)
{
	struct job idle = {.kind = JOB_IDLE, .run_ns = 1000000000ull, .bytes = 64};
	int e = coord_plan(&n->c, &idle, 1, &n->err);

	for (unsigned s = 0; s < SIDES && !e; s++) {
		const struct job_result *r = &n->c.sh->side[s].result[0];

		n->idle_share[s] = r->window_ns ? (double)r->cpu_ns / (double)r->window_ns : 0;
	}
	n->idle_known = e == 0;
	return e;
}

static int gather_stats(struct net_run *n)
{
	struct agent_request req = {.op = AGENT_STATS};

	for (unsigned s = 0; s < n->c.sh->sides; s++) {
		struct agent_answer ans = {0};
		int e = coord_call(&n->c, s, &req, &ans, 5000, &n->err);

		if (e)
			return e;
		n->resident[s] = ans.resident;
		n->huge |= ans.huge;
		n->violations += ans.violations;
		if (ans.violations && !n->violation[0])
			snprintf(n->violation, sizeof(n->violation), "%.120s", ans.text);
	}
	return 0;
}

static int run_pass(struct net_run *n)
{
	bool last = n->pass + 1 == n->o.passes;
	int e = net_run_open(n);

	n->opened |= e == 0;
	for (unsigned s = 0; s < n->o.size.n && !e; s++) {
		uint32_t size = (uint32_t)n->o.size.v[s];

		e = net_run_session(n, size);
		if (n->o.ndr && !e) {
			e = net_run_ndr(n, size);
			continue;
		}
		for (unsigned d = 0; d < n->p.dirs && !e; d++)
			e = run_case(n, n->p.dir[d], size);
		if (n->o.idle && last && s + 1 == n->o.size.n && !e)
			e = run_idle(n);
	}
	if (e == -EPROTO || e == -ETIMEDOUT || e == -ECANCELED || e == -ENOTCONN) {
		struct vop_error first = n->err;

		/* Who broke which rule? */
		if (gather_stats(n) == 0 && n->violations)
			snprintf(first.text + strlen(first.text),
				 sizeof(first.text) - strlen(first.text), " (%s)", n->violation);
		else if (n->c.lost[0])
			snprintf(first.text, sizeof(first.text), "the device is gone: %.150s",
				 n->c.lost);
		n->err = first;
	}
	return e ? e : gather_stats(n);
}

static int start(struct net_run *n)
{
	return turns_start(&n->c, n->o.against.turns, n->pass, n->p.foreign ? 1 : SIDES, n->p.cpu,
			   n->p.yield, &n->err);
}

/*
 * Each pass has processes, and so memory and addresses, of its own: what a layout happens to cost
 * changes from pass to pass instead of favouring one run.
 */
static int run_all(struct net_run *n)
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

/* What was changed because this machine asked for it. */
static void say_changes(const struct net_run *n)
{
	if (n->p.yield)
		fprintf(stderr, "vop-bench: one CPU for both sides: they take turns by yielding, "
				"no round trip is probed and no "
				"limit applies\n");
}

static int outcome(struct net_run *n, int e)
{
	if (e == 0)
		return net_report(n);
	if (n->books_wrong || (n->opened && (e == -ECHILD || e == -EPROTO || e == -ETIMEDOUT ||
					     e == -ECANCELED || e == -ENOTCONN))) {
		fprintf(stderr, "vop-bench: %s\n", n->err.text);
		return CMD_FAILED;
	}
	return cmd_could_not("%s", n->err.text[0] ? n->err.text : strerror(-e));
}

int run_net(int argc, char **argv)
{
	struct net_run *n = calloc(1, sizeof(*n));
	struct opt table[OPT_MAX];
	struct opt_args args;
	static char words[] = "run net";
	char *word = argv[0];
	int e, status;

	if (n == NULL)
		return cmd_could_not("out of memory");
	net_opts_table(&n->o, table);
	/* Complaints name the command as it was typed: "vop-bench run net: ...". */
	argv[0] = words;
	e = opt_parse(table, 0, argc, argv, &args, stderr);
	argv[0] = word;
	if (e) {
		free(n);
		return CMD_COULD_NOT;
	}
	if (args.help) {
		printf("usage: vop-bench run net [options]\n\nHow fast virtio-net frames cross a "
		       "link between two processes:\nrate, "
		       "share of the machine's limit, round trip, CPU time.\n\n");
		opt_help(table, stdout);
		free(n);
		return CMD_DONE;
	}
	if (against_check(&n->o.against, n->o.chaos || n->o.ndr || n->o.idle)) {
		free(n);
		return CMD_COULD_NOT;
	}
	if (net_plan_make(&n->o, table, &args, &n->p, &n->err)) {
		status = cmd_could_not("%s", n->err.text);
		free(n);
		return status;
	}
	if ((n->o.json || !n->o.no_save) && !n->o.chaos && result_check_place(n->o.json, stderr)) {
		free(n);
		return CMD_COULD_NOT;
	}
	n->total = (unsigned)(n->o.size.n * n->p.dirs * n->o.rounds * n->o.passes);
	if (n->o.against.with) {
		status = against_run(&n->o.against, &(struct against_job){.workload = "net",
									  .table = table,
									  .args = &args,
									  .argc = argc,
									  .argv = argv,
									  .json = n->o.json,
									  .save = !n->o.no_save,
									  .quiet = n->o.quiet});
		free(n);
		return status;
	}
	n->cases = calloc(n->o.size.n * NET_DIRS, sizeof(*n->cases));
	n->res = result_new(&(struct result_config){.workload = "net",
						    .argc = argc,
						    .argv = argv,
						    .target = n->o.target,
						    .opts = table});
	if (n->res)
		against_mark(&n->o.against, n->res);
	e = n->cases && n->res ? start(n) : -ENOMEM;
	if (!e) {
		say_changes(n);
		if (!n->o.quiet)
			progress_begin(&n->progress, stderr);
		e = n->o.chaos ? net_run_chaos(n) : run_all(n);
		progress_end(&n->progress);
	}
	if (n->cases && n->res)
		coord_stop(&n->c);
	status = n->o.chaos && !e ? CMD_DONE : outcome(n, e);
	for (unsigned i = 0; n->cases && i < n->cases_n; i++)
		net_case_free(&n->cases[i]);
	free(n->cases);
	result_free(n->res);
	free(n);
	return status;
}
