/* SPDX-License-Identifier: BSD-2-Clause */
/* Options of `run net`, as a user typed them and as they are used. */
#ifndef BENCH_NET_OPTS_H
#define BENCH_NET_OPTS_H

#include "bench/against.h"
#include "bench/agent.h"
#include "bench/opt.h"

/* What is measured. */
enum net_dir { NET_TX, NET_RX, NET_BOTH, NET_LATENCY, NET_DIRS };
extern const char *const net_dir_words[NET_DIRS + 1];
/* Words of --placement and --notify, in the order of the options' values. */
extern const char *const net_placement_words[];
extern const char *const net_notify_words[];

struct net_opts {
	struct opt_sizes size, cpus;
	struct opt_words dir, features;
	unsigned ring, placement, notify, device_on, created_by;
	uint64_t queues, devices, queue_size, depth, batch, stride, rounds, duration, rate, spin,
		timeout, chaos, passes, burn;
	const char *target, *json;
	unsigned payload; /* 1: kept */
	bool ndr, idle, no_save, no_huge, small_rx, quiet, no_limit, device_polls, no_verify;
	struct against_opts against;
};

/* The table over o; lives as long as o. Static memory inside *table, OPT_MAX lines. */
void net_opts_table(struct net_opts *o, struct opt *table);

/* Derived values. */
struct net_plan {
	bool foreign; /* the target is not ours: one agent */
	bool packed;
	unsigned cpus_usable;
	int cpu[SIDES];
	bool yield;
	unsigned dirs;
	enum net_dir dir[NET_DIRS];
	enum vop_ring_placement ring_placement;
	enum vop_payload_placement payload_placement;
	uint64_t want[2], need[2];
	uint64_t window;
};

/*
 * Check the options against one another and derive the plan. 0; -EINVAL with *err.
 */
int net_plan_make(const struct net_opts *o, const struct opt *table, const struct opt_args *args,
		  struct net_plan *p, struct vop_error *err);

/* Requests out of both. */
void net_request_open(const struct net_opts *o, const struct net_plan *p, enum bench_side side,
		      const char *uri, struct agent_request *r);
void net_request_session(const struct net_opts *o, const struct net_plan *p, uint32_t size,
			 struct agent_request *r);

#endif
