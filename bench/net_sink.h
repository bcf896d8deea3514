/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The device's end of the traffic: a backend of the VOP's net device that verifies what it is
 * given, makes what it is asked for, or echoes.
 */
#ifndef BENCH_NET_SINK_H
#define BENCH_NET_SINK_H

#include "bench/verify.h"
#include "bench/worker.h"
#include "vop/dev/net.h"

struct net_sink;

/* pairs lanes from first_lane on. NULL: no memory. One sink per device. */
struct net_sink *net_sink_new(struct shared *sh, unsigned first_lane, unsigned pairs,
			      struct vop_net_backend *out);

/* What it does from now on; while the poller is outside its turns. */
void net_sink_mode(struct net_sink *s, enum job_kind kind, uint32_t frame_size);
/* Make no more frames; say how many were made. Poller thread. */
void net_sink_stop_source(struct net_sink *s);
/* Verified and made since the start; poller thread. */
uint64_t net_sink_delivered(const struct net_sink *s);
uint64_t net_sink_made(const struct net_sink *s);
/* All that the driver says it sent (books) has been delivered or counted as wrong. */
bool net_sink_even(const struct net_sink *s);

#endif
