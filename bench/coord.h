/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The coordinator: starts the two agents, hands them plans, and knows when one of them died. Sleeps
 * while they measure.
 */
#ifndef BENCH_COORD_H
#define BENCH_COORD_H

#include <sys/types.h>
#include "bench/agent.h"

struct coord_agent {
	pid_t pid; /* 0: not running */
	int ctl;
};

/* Takes turns with another run; turns.h. */
struct coord_turns {
	int fd;	   /* 0: it does not */
	bool over; /* no more rounds are wanted */
	uint32_t pass;
	uint32_t last;
	bool fit;
	double value, rtt_ns;
};

struct coord {
	struct shared *sh;
	int shared_fd;
	int wake[2]; /* eventfds for JOB_WAKE */
	int cpu[SIDES];
	struct coord_agent agent[SIDES];
	char dir[64]; /* temporary directory of the link's socket; "" when the target is foreign */
	char uri[128];
	char died[128]; /* who died and how; "" while all live */
	struct coord_turns turns;
	/* The agents' (agent_role.h), set before the start and kept; NULL: "net". */
	char lost[160]; /* an agent said that its link went down, and why */
	const char *workload;
};

/*
 * Make the shared block and start the agents (the driver's only when sides is 1). cpu[side] -1: not
 * pinned. yield: both share a CPU. 0; negative errno with *err.
 */
int coord_start(struct coord *c, unsigned sides, const int cpu[SIDES], bool yield,
		struct vop_error *err);
/* End the agents, in order or by force, and remove what was made. Safe after a failed start. */
void coord_stop(struct coord *c);

/* Start one agent (again). */
int coord_spawn(struct coord *c, enum bench_side side, struct vop_error *err);

/* One request to one agent; waits. The agent's error is returned with its text in *err. */
int coord_call(struct coord *c, enum bench_side side, const struct agent_request *req,
	       struct agent_answer *ans, int timeout_ms, struct vop_error *err);
/* Requests to both at once, for what needs both (joining a link); req[side]. */
int coord_call_both(struct coord *c, const struct agent_request req[SIDES],
		    struct agent_answer ans[SIDES], int timeout_ms, struct vop_error *err);

/*
 * Run jobs[0..n) on the workers and wait. Results lie in c->sh->side[].result[]. 0; the first error
 * a side reported; -ETIMEDOUT; -ECHILD: an agent died (*err says which and how); -EINTR: the user
 * wants out.
 */
int coord_plan(struct coord *c, const struct job *jobs, unsigned n, struct vop_error *err);
/* Hand over a plan without waiting, and wait for it later (faults are injected in between). */
void coord_plan_begin(struct coord *c, const struct job *jobs, unsigned n);
int coord_plan_end(struct coord *c, int timeout_ms, struct vop_error *err);

/* From now on SIGINT, SIGTERM and SIGHUP do not end the process, but show in coord_interrupted().
 */
void coord_catch_signals(void);
/* One of them came. */
bool coord_interrupted(void);

#endif
