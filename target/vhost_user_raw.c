/* SPDX-License-Identifier: BSD-2-Clause */
/* The raw escape of a target over vhost-user: what judges the protocol itself needs. */
#include <sys/socket.h>
#include <unistd.h>

#include "target/vhost_user_internal.h"

static struct vu_target *is_ours(struct target *t)
{
	return t->ops == &target_vhost_user_ops ? vu(t) : NULL;
}

int target_vhost_user_call(struct target *b, const struct vop_vu_msg *m, struct vop_vu_msg *answer)
{
	struct vu_target *t = is_ours(b);
	int r;

	if (!t)
		return -ENOTSUP;
	r = vu_settle(&t->conn);
	if (!r)
		r = vu_tell(&t->conn, m);
	if (!r && answer)
		r = vu_answer(&t->conn, m->h.request, answer);
	return vu_said(t, r);
}

int target_vhost_user_wait(struct target *b, int timeout_ms)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	t->conn.timeout_ms = vu_wait_of(timeout_ms);
	return vu_said(t, 0);
}

int target_vhost_user_features(struct target *b, uint64_t *features, uint64_t *protocol,
			       uint64_t *agreed)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	*features = t->conn.features;
	*protocol = t->conn.protocol;
	*agreed = t->conn.agreed;
	return vu_said(t, 0);
}

int target_vhost_user_memory(struct target *b, struct vop_vu_region *region, int *fd)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	*region = (struct vop_vu_region){
		.guest = VU_GUEST_BASE,
		.size = t->conn.mem.size,
		.user = (uintptr_t)t->conn.mem.map,
	};
	*fd = t->conn.mem.fd;
	return vu_said(t, 0);
}

int target_vhost_user_pid(struct target *b, pid_t *pid)
{
	struct vu_target *t = is_ours(b);
	struct ucred who;
	socklen_t len = sizeof(who);

	if (!t)
		return -ENOTSUP;
	if (t->conn.lost || getsockopt(t->conn.sock, SOL_SOCKET, SO_PEERCRED, &who, &len))
		return vu_said(t, -ESRCH);
	*pid = who.pid;
	return vu_said(t, who.pid > 0 ? 0 : -ESRCH);
}

int target_vhost_user_bytes(struct target *b, const void *bytes, size_t len)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	if (t->conn.lost)
		return vu_said(t, -EPIPE);
	return send(t->conn.sock, bytes, len, MSG_DONTWAIT | MSG_NOSIGNAL) == (ssize_t)len ? 0
											   : -EIO;
}

/* Not told to whoever waits for a loss: it is wanted. */
int target_vhost_user_hang_up(struct target *b)
{
	struct vu_target *t = is_ours(b);

	if (!t)
		return -ENOTSUP;
	if (!t->conn.lost)
		shutdown(t->conn.sock, SHUT_RDWR);
	vu_conn_lose(&t->conn, "it was hung up");
	return 0;
}

int target_vhost_user_again(struct target *b, unsigned q, uint32_t base)
{
	struct vu_target *t = is_ours(b);
	int r;

	if (!t)
		return -ENOTSUP;
	if (q >= VOP_QUEUES_MAX || !t->q[q].set_up)
		return vu_said(t, -EINVAL);
	r = vu_queue_describe(t, &t->q[q], base);
	return vu_said(t, r ? r : vu_queue_start(t, &t->q[q]));
}
