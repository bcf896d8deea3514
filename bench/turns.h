/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Two runs that measure in turn. The one that conducts them (against.c) gives each a socket; a run
 * measures only between being given the turn and asking for it again.
 *
 * One byte each way: TURNS_READY, "the next round may come", and TURNS_GO. A run has the turn from
 * its start to its first question, for all that lies before its first round; and keeps it from one
 * round to the next, so that everything between two rounds happens in its own time. While it waits
 * its workers are stopped: a poller would own a CPU that the other is measured on.
 */
#ifndef BENCH_TURNS_H
#define BENCH_TURNS_H

#include "bench/coord.h"

#define TURNS_READY 'r'
#define TURNS_GO    'g'
#define TURNS_FD    9 /* descriptor the conductor hands to a run */

/*
 * Give the turn away and wait for the next; at once 0 when c takes no turns. -ECANCELED when the
 * conductor has gone, -EINTR when the user wants out, with *err.
 */
int turns_wait(struct coord *c, struct vop_error *err);

#endif
