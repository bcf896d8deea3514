/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Which devices `conformance` judges, and how each is started: the VOP of this build (a node of its
 * own for each device), a command of the user's, a link or a vhost-user socket that somebody else
 * serves, the reference device. Threads: one.
 */
#ifndef BENCH_CONFORMANCE_TARGETS_H
#define BENCH_CONFORMANCE_TARGETS_H

#include "conformance/ref/ref.h"
#include "conformance/sut.h"

/* Words of --device, ended by NULL, and the VIRTIO device id of each. */
#define CONFORMANCE_DEVICES 5u
extern const char *const conformance_devices[CONFORMANCE_DEVICES + 1];
extern const uint16_t conformance_device_ids[CONFORMANCE_DEVICES];

struct conformance_target {
	/* From the options. */
	const char *uri;   /* "vop:", "vop:PATH", "vhost-user:PATH", "ref:", "ref:MUTANT" */
	const char *spawn; /* a command, or NULL */
	bool poll_mode;
	int timeout_ms;
	/* By conformance_target_check(). */
	bool self;	/* the VOP of this build */
	bool reference; /* the reference device */
	bool attached;	/* somebody else's: not every device need be there */
	bool mute;	/* it does not tell what kind of device it is: the options have to */
	const char *scheme;
	struct ref_mutant mutant;
};

/* What kind of target is it? 0, or CMD_COULD_NOT after one line on standard error. */
int conformance_target_check(struct conformance_target *t);
/*
 * Of a link that somebody else serves: the type of a device that is there, 0 with one line in *err
 * when nobody comes. Then others are not waited for as long.
 */
uint16_t conformance_target_find(const struct conformance_target *t, struct vop_error *err);
/*
 * The system under test of a device type; variant from 0, of which the reference device has several
 * for some types. NULL: there is no such variant, or no memory.
 */
struct sut *conformance_target_new(const struct conformance_target *t, uint16_t device,
				   unsigned variant);

#endif
