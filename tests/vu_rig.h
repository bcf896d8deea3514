/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A vhost-user front-end of the plainest kind, in the test's thread together with the front that
 * offers a device to it: legal sequences made of raw messages, so that a test can send any other.
 *
 * Its memory is one memfd, announced as two regions: guest addresses of the two touch, the parts of
 * the file and the user addresses do not.
 */
#ifndef TESTS_VU_RIG_H
#define TESTS_VU_RIG_H

#include <vop/features.h>
#include <vop/vq.h>
#include "vop/front/vhost_user.h"
#include "vop/vhost_user.h"

#define VU_RIG_HALF    (1u << 20) /* bytes of a region */
#define VU_RIG_FILE    (4u * VU_RIG_HALF)
#define VU_RIG_GUEST   0x40000000ull
#define VU_RIG_USER    0x7f0000000000ull
#define VU_RIG_QUEUES  6u
#define VU_RIG_BUFFERS 16u
#define VU_RIG_BUFFER  4096u

struct vu_rig_config {
	const char *type; /* "net" */
	/* Change what the type has by default; may be NULL. */
	void (*as)(struct vop_service_device *d);
	bool packed;
	uint64_t want; /* features beside VERSION_1 and RING_PACKED, PROTOCOL_FEATURES */
	unsigned queues;
	uint16_t size;	  /* of a ring; 0: 16 */
	bool no_protocol; /* PROTOCOL_FEATURES is not accepted */
	bool thread;	  /* the poller has one */
	bool polled;	  /* no kick and no call descriptors */
};

struct vu_rig_queue {
	struct vop_queue_config cfg;
	struct vop_drvq vq;
	bool open;
	int kick, call, err;
	uint64_t at; /* of its buffers, in the guest's memory */
	uint64_t ring;
};

struct vu_rig {
	struct vu_rig_config cfg;
	struct vop_poller *poller;
	struct vop_vu_front *front;
	int sock; /* -1: not connected */
	struct vop_vu_stream answers;
	bool ack; /* ask for answers */
	int file;
	uint8_t *low, *high; /* the two regions */
	uint64_t next;	     /* guest memory not yet given to rings */
	struct vu_rig_queue q[VU_RIG_QUEUES];
	unsigned said[VOP_SERVICE_DOWN + 1]; /* events, by kind */
	char last[300];			     /* what was said last */
};

void vu_rig_open(struct vu_rig *r, const struct vu_rig_config *cfg);
void vu_rig_close(struct vu_rig *r);
void vu_rig_connect(struct vu_rig *r);
void vu_rig_disconnect(struct vu_rig *r);

/* Bytes of the guest's memory; len within a region. */
uint8_t *vu_rig_mem(struct vu_rig *r, uint64_t guest);

/*
 * Send m, let the front act, take the answer there must be into m. 0; 1: refused; -EPIPE: the
 * connection has ended. The descriptors of m stay the caller's.
 */
int vu_rig_send(struct vu_rig *r, struct vop_vu_msg *m);
int vu_rig_u64(struct vu_rig *r, uint32_t request, uint64_t value);
int vu_rig_get(struct vu_rig *r, uint32_t request, uint64_t *value);
int vu_rig_state(struct vu_rig *r, uint32_t request, uint32_t index, uint32_t num);
int vu_rig_fd(struct vu_rig *r, uint32_t request, uint32_t index, int fd);
int vu_rig_base(struct vu_rig *r, uint32_t index, uint32_t *num);
int vu_rig_memory(struct vu_rig *r);

/* Features and memory, then every queue, enabled. */
void vu_rig_start(struct vu_rig *r);
/* One queue, from the start (resume false) or from where it stands. */
int vu_rig_queue(struct vu_rig *r, unsigned q, bool resume, uint32_t base);
/* GET_VRING_BASE of every queue. */
void vu_rig_stop(struct vu_rig *r, uint32_t base[VU_RIG_QUEUES]);

/* The device's turn, and the control thread's. False: the connection has ended. */
bool vu_rig_turn(struct vu_rig *r);
/* Publish, and kick when asked to. */
void vu_rig_kick(struct vu_rig *r, unsigned q);
void vu_rig_give(struct vu_rig *r, unsigned q, unsigned buffer, uint32_t len, bool write);
bool vu_rig_done(struct vu_rig *r, unsigned q, struct vop_done *done);
uint8_t *vu_rig_buf(struct vu_rig *r, unsigned q, unsigned buffer);
/* Has its descriptor been rung since the last look? */
bool vu_rig_rang(int fd);

/* What is open or mapped of ours: descriptors, mappings of the rig's file. */
struct vu_rig_held {
	unsigned fds, maps;
};
struct vu_rig_held vu_rig_held(void);

#endif
