/* SPDX-License-Identifier: BSD-2-Clause */
/* State of one `run net`. Shared by run_net.c, net_ndr.c, net_chaos.c and net_report.c only. */
#ifndef BENCH_NET_RUN_H
#define BENCH_NET_RUN_H

#include "bench/measure.h"
#include "bench/net_opts.h"
#include "bench/result.h"
#include "report/table.h"

/* One direction at one size. */
struct net_case {
	enum net_dir dir;
	uint32_t size;
	enum bench_side keeper;
	unsigned rounds, room; /* measured so far; m has room for */
	struct measured *m;
	struct hist *hist[REGIMES]; /* latency, by regime; NULL where none was seen */
	double ndr;		    /* no-drop rate found; 0: not searched */
};

struct net_run {
	struct net_opts o;
	struct net_plan p;
	struct result *res; /* begun before the first round: its time is the run's */
	struct coord c;
	struct vop_error err;
	struct progress progress;
	unsigned done, total;
	unsigned pass;
	struct net_case *cases;
	unsigned cases_n;
	uint64_t features[2], offered[2];
	uint32_t queues, queue_size_max; /* the device's */
	bool opened; /* the device was reached: what goes wrong now is a failure */
	bool books_wrong;
	uint64_t frames_checked, frames_before; /* in the run; in the sessions before this one */
	uint64_t resident[SIDES];
	bool huge;
	uint64_t violations;
	char violation[128];
	bool idle_known;
	double idle_share[SIDES];
};

/* Join the link and find the devices; initialise them for a frame size. 0 or negative errno with
 * n->err. */
int net_run_open(struct net_run *n);
int net_run_session(struct net_run *n, uint32_t size);
/* The case of a direction and size: the one there is, or a new one with room for all its rounds.
 * NULL without memory. */
struct net_case *net_run_case(struct net_run *n, enum net_dir dir, uint32_t size);
/* Its next round has been measured: it is this one of the pass. */
void net_case_count(const struct net_run *n, struct net_case *k, unsigned number);
struct job net_run_job(const struct net_run *n, enum net_dir dir, uint32_t size);

/* Keep a round's latencies with those of its regime. 0 or -ENOMEM. */
int net_case_hist(struct net_case *k, enum regime r, const struct hist *h);
void net_case_free(struct net_case *k);

/* No-drop rate of a size, as one more case. */
int net_run_ndr(struct net_run *n, uint32_t size);
/* Kill, restart, check; prints its own summary. */
int net_run_chaos(struct net_run *n);
/* Table, result file; returns a cmd_status. */
int net_report(struct net_run *n);

#endif
