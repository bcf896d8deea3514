/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vhost-user:PATH, somebody else's device in another process, this process being the front-end and
 * the driver (protocol: QEMU, docs/interop/vhost-user.rst). The back-end listens at PATH.
 *
 * What the specification's operations become: features are SET_FEATURES at once; a queue is NUM,
 * BASE, ADDR, CALL and ERR at its set-up and starts (KICK, ENABLE) with DRIVER_OK, or at its set-up
 * when DRIVER_OK is set already; a reset is GET_VRING_BASE for each queue that was set up, then
 * STATUS 0 or RESET_DEVICE where the back-end knows them. A back-end that does not answer
 * GET_VRING_BASE in time keeps the ring and all memory: the reset answers -ETIMEDOUT and may be
 * tried again. A back-end without STATUS leaves the status byte to us: caps.missing says
 * TARGET_LACKS_STATUS, reads answer what was written.
 *
 * Feature bits that are not the device's but the protocol's or the front-end's (30, 26,
 * NOTIFY_ON_EMPTY, ACCESS_PLATFORM: we answer no IOTLB misses, RING_RESET, what belongs to a bus
 * (NOTIFICATION_DATA, NOTIF_CONFIG_DATA, SR_IOV, ADMIN_VQ), a net device's control queue and what
 * goes through it) are not shown as offered.
 */
#ifndef TARGET_VHOST_USER_H
#define TARGET_VHOST_USER_H

#include <sys/types.h>

#include "target/target.h"
#include "vop/vhost_user.h"

extern const struct target_ops target_vhost_user_ops;

/*
 * Raw escape, for what judges the protocol itself. NULL or -ENOTSUP: t is no vhost-user: target.
 */

/* Send m as it is, and wait for its answer if `answer` is not NULL: 0, -ETIMEDOUT, -EPIPE. Its
 * descriptors stay the caller's; those of the answer become the caller's. */
int target_vhost_user_call(struct target *t, const struct vop_vu_msg *m, struct vop_vu_msg *answer);
/* How long an answer, or room for a message, is waited for from now on, ms; negative: for ever. */
int target_vhost_user_wait(struct target *t, int timeout_ms);
/* Features as the back-end offers them, bit 30 included; protocol features offered, and agreed. */
int target_vhost_user_features(struct target *t, uint64_t *features, uint64_t *protocol,
			       uint64_t *agreed);
/* Process that listened at the socket: *pid, as the kernel knows it; -ESRCH when it is of another
 * PID namespace. */
int target_vhost_user_pid(struct target *t, pid_t *pid);
/* The memory as the back-end was told of it. *fd stays the target's. */
int target_vhost_user_memory(struct target *t, struct vop_vu_region *region, int *fd);
/* Bytes on the socket, whatever they are: 0; -EIO when not all of them went. */
int target_vhost_user_bytes(struct target *t, const void *bytes, size_t len);
/* Hang up without a word to the rings: the target is lost, and can only be closed. 0. */
int target_vhost_user_hang_up(struct target *t);
/* Start a queue that was set up, and stopped by GET_VRING_BASE, once more, at `base`: as it was
 * described. -EINVAL: it was not set up. */
int target_vhost_user_again(struct target *t, unsigned q, uint32_t base);

#endif
