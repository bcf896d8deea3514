/* SPDX-License-Identifier: BSD-2-Clause */
/* Faults of tests/vhost_back.c, and what the relay tells them. */
#ifndef TESTS_VHOST_BACK_H
#define TESTS_VHOST_BACK_H

#include "vop/front/vhost_user.h"
#include "vop/vhost_user.h"

#define RELAY_RINGS 256u

struct fault;

struct relay_ring {
	bool sized, kicked, enabled, ran;
	bool disabled; /* once at least since it was started */
};

struct relay {
	const struct fault *fault;
	struct vop_poller *poller;
	struct vop_vu_front *device;
	struct vop_vu_stream front, back;
	/* Of this connection. */
	uint64_t protocol;
	bool packed, features_set;
	struct vop_vu_region region[VOP_VU_REGIONS];
	unsigned regions;
	struct relay_ring ring[RELAY_RINGS]; /* before the message that is looked at */
};

enum act {
	PASS,
	SWALLOW,	/* claims to have done it; a question is answered with itself */
	REFUSE,		/* answers 1 where it can, and does not do it */
	SILENT,		/* neither does it nor answers */
	SPOIL,		/* does what .spoil made of it */
	STOP_RING,	/* stops the ring instead */
	ANSWER_UNASKED, /* answers in any case */
	HANG_UP,
	DIE,
};

struct fault {
	const char *name;
	/* Ids of checks that must not pass with it; NULL: a back-end may be like that, all pass. */
	const char *fails;
	uint32_t request; /* 0: every one */
	/* Before m is passed on. when: NULL: always. The relay knows nothing of m yet. */
	enum act act;
	bool (*when)(const struct relay *r, const struct vop_vu_msg *m);
	void (*spoil)(struct relay *r, struct vop_vu_msg *m);
	/* An answer on its way back; true: it is lost. */
	bool (*answer)(struct relay *r, struct vop_vu_msg *a);
	/* Answers GET_INFLIGHT_FD and takes SET_INFLIGHT_FD; true: m was that. */
	bool (*books)(struct relay *r, struct vop_vu_msg *m);
	const char *dies_of;  /* part of what the codec says of a message */
	bool dies_left;	      /* when a front-end goes in the middle */
	bool sticks;	      /* it does not die of it, but does nothing any more */
	unsigned connections; /* so many and no more; 0: any number */
};

/* Ends with one without a name. The first has none of it all. */
extern const struct fault faults[];

/* Send m to the front-end as an answer. */
void relay_answer(struct relay *r, struct vop_vu_msg *m);

#endif
