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

struct vop_device;
struct vop_poller;

/*
 * What the device's agent serves: one type of the VOP's devices. Calls on the control thread unless
 * they say worker; dev is what open() returned.
 */
struct served_ops {
	uint16_t device_id;
	uint16_t (*queues_max)(const struct agent_open *o); /* of a device that is created */
	/* The i-th device of this agent. NULL with *err. */
	void *(*open)(struct agent *a, struct vop_device *d, unsigned i, struct vop_poller *p,
		      struct vop_error *err);
	void (*close)(void *dev);
	void (*attend)(void *dev);
	void (*stats)(void *dev, struct agent_answer *ans);
	/* Worker: a job begins, and has ended. */
	void (*begin)(void *dev, const struct job *j);
	void (*end)(void *dev);
	/* Worker: running sum of what counts for the job, and of all that moved either way. */
	uint64_t (*counted)(void *dev, const struct job *j);
	uint64_t (*moved)(void *dev);
	/* Worker: this device opens and closes the job's window. */
	bool (*keeps)(const struct job *j);
	/* Worker: all that was sent to it has arrived. */
	bool (*even)(void *dev, const struct job *j);
	/* Copies per frame on this side, times 100. */
	uint64_t (*copies)(const struct job *j);
};

/* A workload of two processes: its word and what plays the two sides. */
struct agent_workload {
	const char *word;
	const struct agent_role *driver;
	const struct served_ops *served;
};

extern const struct agent_role agent_net_driver, agent_blk_driver, agent_device;
extern const struct served_ops served_net, served_blk;

struct agent {
	struct shared *sh;
	const struct agent_role *role;
	const struct served_ops *served;
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
