/* SPDX-License-Identifier: BSD-2-Clause */
/* What an agent does in its role. Private to agent*.c. */
#ifndef BENCH_AGENT_ROLE_H
#define BENCH_AGENT_ROLE_H

#include <poll.h>
#include <stdlib.h>

#include "bench/agent.h"
#include "bench/worker.h"

struct agent;

struct agent_role {
	/* Control thread. 0 or negative errno with *err. */
	int (*open)(struct agent *a, struct vop_error *err);
	int (*session)(struct agent *a, struct agent_answer *ans, struct vop_error *err);
	void (*end)(struct agent *a);
	void (*close)(struct agent *a);
	void (*stats)(struct agent *a, struct agent_answer *ans);
	/* Up to two descriptors to wait for; service() when one is ready. */
	void (*fds)(struct agent *a, struct pollfd p[2]);
	void (*service)(struct agent *a);
	/* Worker thread. */
	worker_fn traffic;
	bool (*idle)(struct worker *w);
};

extern const struct agent_role agent_driver, agent_device;

struct agent {
	struct shared *sh;
	const struct agent_role *role;
	struct worker worker;
	struct agent_open open;
	struct agent_session session;
	void *state; /* the role's */
};

/* Tell the coordinator that the link is gone. */
void agent_lost(const char *why);
/* Stop whatever plan runs and wait until the worker is outside of it. */
void agent_quiet(struct agent *a);

#endif
