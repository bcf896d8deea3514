/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The system under test: a target with somebody behind it who can die, and be started again. Two
 * kinds: a device inside this process (ref/), which works only when it is asked to and has an exact
 * end; and one elsewhere, started by us (spawn.c) or by somebody else.
 *
 * Threads: one. It owns the target.
 */
#ifndef CONFORMANCE_SUT_H
#define CONFORMANCE_SUT_H

#include "target/target.h"

struct sut;

struct sut_ops {
	/* Bring up the device and sut->target; also after it died. 0 or negative errno with *err.
	 */
	int (*start)(struct sut *s, struct vop_error *err);
	/* Take both down. */
	void (*stop)(struct sut *s);
	/* The connection was lost, and the device may be alive: another sut->target on the same
	 * one. 0; or negative errno with *err, and sut->target is NULL; -ENOTSUP: on this way of
	 * reaching a device the connection is the device, nothing changed. May be NULL: the same.
	 */
	int (*reconnect)(struct sut *s, struct vop_error *err);
	/* Inside this process: let the device work until it has nothing more to do; NULL: it works
	 * by itself. */
	void (*run)(struct sut *s);
	/* CPU time it has used so far, ns; false: not known. NULL: never known. */
	bool (*cpu)(struct sut *s, uint64_t *ns);
	/* Time it was ready to run and had no CPU, ns; false or NULL as above. */
	bool (*starved)(struct sut *s, uint64_t *ns);
	/* Why it is gone, as far as is known ("killed by signal 11"), or NULL: still there, or
	 * nobody knows. */
	const char *(*fate)(struct sut *s);
	void (*free)(struct sut *s);
};

struct sut {
	const struct sut_ops *ops;
	struct target *target; /* NULL: not up */
	char name[128];	       /* for people: the URI */
	uint16_t device;       /* VIRTIO device id */
	bool poll_mode;	       /* burns a core by design */
	bool can_restart;
	unsigned starts;
};

struct sut_spawn_config {
	const char *command; /* run by the shell, with VOP_SOCKET and VOP_DEVICE set; NULL: argv */
	const char *const *argv; /* "@" is replaced by the path of the socket */
	const char *uri;    /* attach only (command and argv NULL), or where the command serves */
	const char *scheme; /* of the URI of a socket of ours */
	uint16_t device;
	int timeout_ms;
	bool poll_mode;
	uint64_t window_size; /* of our own; 0: enough for checks */
};
/* A process of ours in its own process group, with a socket in a fresh temporary directory; gone
 * with us even when we are killed. Nothing is started before ops->start(). NULL: no memory. */
struct sut *sut_spawn(const struct sut_spawn_config *cfg);

/* start, stop and free, with their bookkeeping. sut_free() takes NULL. */
int sut_start(struct sut *s, struct vop_error *err);
void sut_stop(struct sut *s);
void sut_free(struct sut *s);

#endif
