/* SPDX-License-Identifier: BSD-2-Clause */
/* The driver's loops, one per kind of job. Private to net_load*.c; see net_load_run(). */
#ifndef BENCH_NET_LOOPS_H
#define BENCH_NET_LOOPS_H

#include "bench/net_load.h"

int net_loop_tx(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r);
int net_loop_rx(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r);
int net_loop_both(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r);
int net_loop_echo(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r);
int net_loop_idle(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r);
/* What net_loop_tx() does in its window, as fast as it goes; the window has begun. */
/* As into our own device: what jobs begin with, whatever the one before chose. */
void net_loop_plain(struct net_load *L);
void net_loop_flood(struct net_load *L, struct worker *w, struct job_result *r, unsigned batch);
/* Into a device of somebody else's: find out which way of filling rings is the fastest now, and
 * keep to it. Takes some milliseconds. */
void net_loop_choose(struct net_load *L, struct worker *w, unsigned batch);
/*
 * Nothing to do: wait as the notification mode says. for_tx: also for transmit buffers.
 */
void net_loop_wait(struct net_load *L, struct worker *w, uint64_t *idle_since, bool for_tx,
		   int64_t timeout_us);
/* Never ends early: at least one ring is filled and drained. In frames and window_ns: the device's
 * pace, the middle one of many drains; 0 and 0 when none could be timed. */
int net_loop_drain(struct net_load *L, struct worker *w, const struct job *j, struct job_result *r);
/* The driver has drained, its totals are final: the end of each of them. */
void net_loop_flag(struct net_load *L);

#endif
