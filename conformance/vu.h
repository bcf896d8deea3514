/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Words of the protocol vhost-user for checks: messages made by hand, sent beside the target's own.
 * Calls end the check when the device is gone or silent, as everything in conf.h does.
 */
#ifndef CONFORMANCE_VU_H
#define CONFORMANCE_VU_H

#include "conformance/conf.h"
#include "target/vhost_user.h"

/* In a check: for targets behind vhost-user only; and a section of the protocol's text. */
#define VU	     .vhost_user = true
#define RST(section) "text:vhost-user.rst:" section

struct vop_vu_msg vu_msg_u64(uint32_t request, uint64_t v);
struct vop_vu_msg vu_msg_state(uint32_t request, uint32_t index, uint32_t num);

/* Features offered, bit 30 included; protocol features offered, agreed. */
void vu_terms(struct conf *c, uint64_t *features, uint64_t *protocol, uint64_t *agreed);
/* Skip unless this protocol feature was agreed on; unless there are any. */
void vu_need(struct conf *c, enum vop_vu_protocol_feature f);
void vu_need_protocol(struct conf *c);

/* Send m as it is; *answer (NULL: none is waited for) keeps its descriptors. */
void vu_call(struct conf *c, const struct vop_vu_msg *m, struct vop_vu_msg *answer);
/* Send m, and be sure that it was looked at when this returns; it must not be refused. */
void vu_do(struct conf *c, const struct vop_vu_msg *m);
/* Ask for a number. */
uint64_t vu_number(struct conf *c, uint32_t request);
/* GET_VRING_BASE: the ring rests from here on. */
uint32_t vu_stop(struct conf *c, unsigned q);

/* Hand over the target's memory once more: in one region (first 0), or cut at `first` bytes, the
 * second part at another user address. Nothing beyond the cut is for rings. Returns the whole. Only
 * while no ring runs. The connection is renewed after the check. */
struct vop_vu_region vu_give_memory(struct conf *c, uint64_t first);
/* Hand it over as a whole, and once more elsewhere: returns what is added to an address there. As
 * above otherwise. */
uint64_t vu_give_memory_twice(struct conf *c);
/* A region of its own, far from everything, for ADD_MEM_REG or REM_MEM_REG. */
struct vop_vu_msg vu_spare_region(struct conf *c, uint32_t request);
/* A descriptor that is closed when the check is over; returns it. */
int vu_keep_fd(struct conf *c, int fd);

#endif
