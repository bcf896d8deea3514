/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Messages of the vhost-user protocol (QEMU, docs/interop/vhost-user.rst): their forms, and how
 * they cross a UNIX stream socket. One codec for both sides: the back-end, which plays the device
 * (vop/front/vhost_user.h), and the front-end, which plays the driver.
 *
 * The protocol is spoken on one machine in its own byte order. The other side is not trusted: a
 * message is copied into private memory, and vop_vu_recv() hands out only messages whose size and
 * number of descriptors fit what they say they are. What the values in them mean is the caller's to
 * check. Descriptors that came with a message belong to whoever was handed the message.
 *
 * Threads: one stream belongs to one thread. Errors: negative errno; -EPIPE the other side is gone,
 * -EPROTO what it sent is no message (stream->why says what is wrong; nothing can follow).
 */
#ifndef VOP_VHOST_USER_H
#define VOP_VHOST_USER_H

#include <vop/base.h>

/*
 * Requests of the front-end. X(symbol, number, smallest payload, descriptors, answer)
 * descriptors: NONE, ONE, RING (one, or none when bit 8 of the payload says so), REGIONS (one for
 * each region of the table), MAYBE (one or none). answer: NEVER (but for REPLY_ACK), ALWAYS.
 */
#define VOP_VU_REQUESTS(X)                                                                         \
	X(GET_FEATURES, 1, 0, NONE, ALWAYS)                                                        \
	X(SET_FEATURES, 2, 8, NONE, NEVER)                                                         \
	X(SET_OWNER, 3, 0, NONE, NEVER)                                                            \
	X(RESET_OWNER, 4, 0, NONE, NEVER)                                                          \
	X(SET_MEM_TABLE, 5, 8, REGIONS, NEVER)                                                     \
	X(SET_LOG_BASE, 6, 16, MAYBE, NEVER)                                                       \
	X(SET_LOG_FD, 7, 0, ONE, NEVER)                                                            \
	X(SET_VRING_NUM, 8, 8, NONE, NEVER)                                                        \
	X(SET_VRING_ADDR, 9, 40, NONE, NEVER)                                                      \
	X(SET_VRING_BASE, 10, 8, NONE, NEVER)                                                      \
	X(GET_VRING_BASE, 11, 8, NONE, ALWAYS)                                                     \
	X(SET_VRING_KICK, 12, 8, RING, NEVER)                                                      \
	X(SET_VRING_CALL, 13, 8, RING, NEVER)                                                      \
	X(SET_VRING_ERR, 14, 8, RING, NEVER)                                                       \
	X(GET_PROTOCOL_FEATURES, 15, 0, NONE, ALWAYS)                                              \
	X(SET_PROTOCOL_FEATURES, 16, 8, NONE, NEVER)                                               \
	X(GET_QUEUE_NUM, 17, 0, NONE, ALWAYS)                                                      \
	X(SET_VRING_ENABLE, 18, 8, NONE, NEVER)                                                    \
	X(SEND_RARP, 19, 8, NONE, NEVER)                                                           \
	X(NET_SET_MTU, 20, 8, NONE, NEVER)                                                         \
	X(SET_BACKEND_REQ_FD, 21, 0, ONE, NEVER)                                                   \
	X(IOTLB_MSG, 22, 0, NONE, NEVER)                                                           \
	X(SET_VRING_ENDIAN, 23, 8, NONE, NEVER)                                                    \
	X(GET_CONFIG, 24, 12, NONE, ALWAYS)                                                        \
	X(SET_CONFIG, 25, 12, NONE, NEVER)                                                         \
	X(GET_INFLIGHT_FD, 31, 20, NONE, ALWAYS)                                                   \
	X(SET_INFLIGHT_FD, 32, 20, ONE, NEVER)                                                     \
	X(RESET_DEVICE, 34, 0, NONE, NEVER)                                                        \
	X(VRING_KICK, 35, 8, NONE, NEVER)                                                          \
	X(GET_MAX_MEM_SLOTS, 36, 0, NONE, ALWAYS)                                                  \
	X(ADD_MEM_REG, 37, 40, ONE, NEVER)                                                         \
	X(REM_MEM_REG, 38, 40, MAYBE, NEVER)                                                       \
	X(SET_STATUS, 39, 8, NONE, NEVER)                                                          \
	X(GET_STATUS, 40, 0, NONE, ALWAYS)

/* Requests of the back-end, on a socket of their own (SET_BACKEND_REQ_FD). */
#define VOP_VU_BACKEND_REQUESTS(X)                                                                 \
	X(CONFIG_CHANGE, 2, 0, NONE, NEVER)                                                        \
	X(VRING_HOST_NOTIFIER, 3, 24, MAYBE, NEVER)                                                \
	X(VRING_CALL, 4, 8, NONE, NEVER)                                                           \
	X(VRING_ERR, 5, 8, NONE, NEVER)

enum vop_vu_request {
#define VOP_VU_ENUM(sym, number, size, fds, answer) VOP_VU_##sym = (number),
	VOP_VU_REQUESTS(VOP_VU_ENUM)
#undef VOP_VU_ENUM
};
enum vop_vu_backend_request {
#define VOP_VU_ENUM(sym, number, size, fds, answer) VOP_VU_BACKEND_##sym = (number),
	VOP_VU_BACKEND_REQUESTS(VOP_VU_ENUM)
#undef VOP_VU_ENUM
};

/* Feature bit that brings protocol features; not a feature of the device. */
#define VOP_VU_F_PROTOCOL_FEATURES 30
/* Feature bit of dirty logging. */
#define VOP_VU_F_LOG_ALL 26

enum vop_vu_protocol_feature {
	VOP_VU_PF_MQ = 0,
	VOP_VU_PF_LOG_SHMFD = 1,
	VOP_VU_PF_RARP = 2,
	VOP_VU_PF_REPLY_ACK = 3,
	VOP_VU_PF_MTU = 4,
	VOP_VU_PF_BACKEND_REQ = 5,
	VOP_VU_PF_CROSS_ENDIAN = 6,
	VOP_VU_PF_CRYPTO_SESSION = 7,
	VOP_VU_PF_PAGEFAULT = 8,
	VOP_VU_PF_CONFIG = 9,
	VOP_VU_PF_BACKEND_SEND_FD = 10,
	VOP_VU_PF_HOST_NOTIFIER = 11,
	VOP_VU_PF_INFLIGHT_SHMFD = 12,
	VOP_VU_PF_RESET_DEVICE = 13,
	VOP_VU_PF_INBAND_NOTIFICATIONS = 14,
	VOP_VU_PF_CONFIGURE_MEM_SLOTS = 15,
	VOP_VU_PF_STATUS = 16,
};

/* Fields of flags in the header. */
#define VOP_VU_VERSION	    1u
#define VOP_VU_VERSION_MASK 3u
#define VOP_VU_REPLY	    4u
#define VOP_VU_NEED_REPLY   8u

#define VOP_VU_RING_MASK  0xffu /* of the payload of SET_VRING_KICK, CALL, ERR */
#define VOP_VU_RING_NOFD  0x100u
#define VOP_VU_REGIONS	  8u /* of one SET_MEM_TABLE */
#define VOP_VU_FDS	  8u
#define VOP_VU_CONFIG_MAX 256u
/* Longer payloads are refused: none of the messages above has one. */
#define VOP_VU_PAYLOAD 512u

struct vop_vu_header {
	uint32_t request;
	uint32_t flags;
	uint32_t size; /* of the payload, bytes */
};

struct vop_vu_vring_state {
	uint32_t index;
	uint32_t num;
};
struct vop_vu_vring_addr {
	uint32_t index;
	uint32_t flags; /* bit 0: log writes to the used ring */
	/* Addresses of the front-end's own address space. */
	uint64_t descriptor, used, available;
	uint64_t log;
};
struct vop_vu_region {
	uint64_t guest;	 /* address that descriptors use */
	uint64_t size;	 /* bytes */
	uint64_t user;	 /* address that SET_VRING_ADDR uses */
	uint64_t offset; /* in the file behind the descriptor, where it begins */
};
struct vop_vu_mem_table {
	uint32_t n, padding;
	struct vop_vu_region region[VOP_VU_REGIONS];
};
struct vop_vu_single_region {
	uint64_t padding;
	struct vop_vu_region region;
};
struct vop_vu_config {
	uint32_t offset, size, flags; /* flags: 0 driver, 1 migration */
	uint8_t data[VOP_VU_CONFIG_MAX];
};
struct vop_vu_inflight {
	uint64_t mmap_size, mmap_offset;
	uint16_t num_queues, queue_size;
};
struct vop_vu_log {
	uint64_t size, offset;
};

struct vop_vu_msg {
	struct vop_vu_header h;
	union {
		uint64_t u64;
		struct vop_vu_vring_state state;
		struct vop_vu_vring_addr addr;
		struct vop_vu_mem_table mem;
		struct vop_vu_single_region one;
		struct vop_vu_config config;
		struct vop_vu_inflight inflight;
		struct vop_vu_log log;
		uint8_t bytes[VOP_VU_PAYLOAD];
	};
	int fd[VOP_VU_FDS];
	unsigned fds;
};

/* Which side's requests arrive on a stream; the other way go their answers. */
enum vop_vu_side {
	VOP_VU_FROM_FRONT, /* we are the back-end: requests of the front-end arrive */
	VOP_VU_ANSWERS,	   /* we are the front-end: answers to our requests arrive */
	VOP_VU_FROM_BACK,  /* the back-end's own requests arrive (SET_BACKEND_REQ_FD) */
};

struct vop_vu_stream {
	int fd; /* the caller's; not blocking or blocking, both work */
	enum vop_vu_side side;
	size_t have; /* bytes of `in` that have arrived */
	struct vop_vu_msg in;
	const char *why; /* after -EPROTO; lives for ever */
};

/* Begin; nothing is allocated. vop_vu_stream_fini() closes descriptors of a message that was not
 * handed out; fd stays the caller's. */
void vop_vu_stream_init(struct vop_vu_stream *s, int fd, enum vop_vu_side side);
void vop_vu_stream_fini(struct vop_vu_stream *s);
/*
 * The next message, without blocking: 0 and *out, whose descriptors are the caller's from then on;
 * -EAGAIN: not all of it is here yet, call again when fd is readable; -EPIPE; -EPROTO. A request
 * that is not in the lists above is handed out too, with whatever it has.
 */
int vop_vu_recv(struct vop_vu_stream *s, struct vop_vu_msg *out);
/*
 * Does a complete message fit its form? 0 or -EPROTO with *why. Pure; called by vop_vu_recv().
 */
int vop_vu_check(const struct vop_vu_msg *m, enum vop_vu_side side, const char **why);
/*
 * Send m whole: header, h.size bytes of payload, descriptors (they stay the caller's). Waits up to
 * timeout_ms for room (0: not at all; negative: for ever). 0; -ETIMEDOUT, perhaps with a part sent,
 * after which the stream is of no use; -EPIPE. With nothing sent: -EMSGSIZE (longer than
 * VOP_VU_PAYLOAD, or more descriptors than VOP_VU_FDS), -EBADF, -ETOOMANYREFS.
 */
int vop_vu_send(int fd, const struct vop_vu_msg *m, int timeout_ms);
/* Close the descriptors of m that are there. */
void vop_vu_close_fds(struct vop_vu_msg *m);
/* Take descriptor i out of m: the caller's from then on; -1 when there is none. */
int vop_vu_take_fd(struct vop_vu_msg *m, unsigned i);
/* "SET_VRING_KICK"; "request 99" has no name: NULL. */
const char *vop_vu_name(uint32_t request, enum vop_vu_side side);
/* Does this request have an answer of its own (not REPLY_ACK's)? */
bool vop_vu_has_answer(uint32_t request);

#endif
