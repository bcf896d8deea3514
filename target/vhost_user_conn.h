/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The connection behind a vhost-user: target: socket, requests and answers, protocol features, the
 * memory the back-end maps. Knows nothing of queues and status. Shared by target/vhost_user*.c
 * only.
 */
#ifndef TARGET_VHOST_USER_CONN_H
#define TARGET_VHOST_USER_CONN_H

#include "target/target.h"
#include "vop/vhost_user.h"
#include "vop/window.h"

/* Where the memory lies in the addresses that descriptors use. */
#define VU_GUEST_BASE 0x100000000ull

struct vu_conn {
	int sock;    /* -1: gone */
	int back[2]; /* the back-end's own requests: ours, its; -1: none */
	struct vop_vu_stream answers, requests;
	int timeout_ms;
	uint64_t features;	   /* as offered */
	uint64_t protocol, agreed; /* protocol features */
	unsigned queues;	   /* GET_QUEUE_NUM; 0: not said */
	struct vop_window mem;
	uint32_t events; /* TARGET_EVENT_* since they were asked for */
	/* A request whose answer did not come in time, 0: none. Messages have no numbers: a late
	 * answer would pass for that of the next request of its kind, which waits for it first. */
	uint32_t owed;
	bool lost;
	char reason[160]; /* of the loss, or of what went wrong last */
};

/*
 * Connect (a socket that is not there yet is waited for), agree on protocol features, hand over
 * memory. 0 or negative errno with *err, and nothing is left behind then.
 */
int vu_conn_open(struct vu_conn *c, const struct target_config *cfg, const char *path,
		 struct vop_error *err);
void vu_conn_close(struct vu_conn *c);
/* The other side is gone, or broke the protocol: -EPIPE, c->reason says why. */
int vu_conn_lose(struct vu_conn *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* What to put into timeout_ms: negative is for ever, which is weeks here. */
int vu_wait_of(int ms);

bool vu_agreed(const struct vu_conn *c, enum vop_vu_protocol_feature f);
/*
 * Send m and wait for what the back-end has to say of it: the answer of a request that has one into
 * *answer (may be NULL for others), else REPLY_ACK's where it was agreed: -EINVAL when the back-end
 * refuses. -ETIMEDOUT, also when an earlier answer is still owed (m was not sent then); -EPIPE. The
 * back-end's own requests are taken meanwhile: it may wait for our answer before it gives its own.
 */
int vu_ask(struct vu_conn *c, struct vop_vu_msg *m, struct vop_vu_msg *answer);
/* As it is, without a word added and without waiting for anything but room. */
int vu_tell(struct vu_conn *c, const struct vop_vu_msg *m);
/* Wait for the answer to a request that was told; what is late then is not expected any more. */
int vu_answer(struct vu_conn *c, uint32_t request, struct vop_vu_msg *answer);
/* Wait for the answer that is owed and throw it away: 0, -ETIMEDOUT, -EPIPE. */
int vu_settle(struct vu_conn *c);
/* Short forms. */
int vu_ask_u64(struct vu_conn *c, uint32_t request, uint64_t v);
int vu_get_u64(struct vu_conn *c, uint32_t request, uint64_t *v);
int vu_ask_state(struct vu_conn *c, uint32_t request, uint32_t index, uint32_t num);
/* With a descriptor, which stays the caller's; fd -1: none, and the message says so. */
int vu_ask_ring_fd(struct vu_conn *c, uint32_t request, uint32_t index, int fd);
/* Take what the back-end sent unasked. 0 or -EPIPE. */
int vu_service(struct vu_conn *c);
/* The user address that stands for a guest address; also of addresses where no memory is. */
uint64_t vu_user(const struct vu_conn *c, uint64_t guest);

#endif
