/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Rings written by hand: a driver half that does one obvious step after another, keeps everything
 * it needs in private memory, and can be wrong in every way. Not the shipped driver half on
 * purpose: that one cannot be made to break rules.
 *
 * The usual way: cbuf_new() with its pieces, cring_add(), cring_publish(), cring_kick(),
 * cring_wait(). A check that breaks rules writes parts of the ring itself with cmem_put*().
 *
 * VIRTIO 1.4: 2.7 split, 2.8 packed.
 */
#ifndef CONFORMANCE_RING_H
#define CONFORMANCE_RING_H

#include "conformance/conf.h"
#include "conformance/mem.h"

#define CSEG_MAX 300u /* pieces of a buffer */

/* A piece of a buffer. */
struct cseg {
	uint8_t *p;
	uint64_t bus;
	uint32_t len;
	bool write; /* by the device */
};

/* A buffer: device-readable pieces, then device-writable ones. Lives until the check ends. */
struct cbuf {
	struct cseg *seg;
	unsigned n, cap;
	uint32_t out_len, in_len; /* bytes of all pieces */
	bool indirect;		  /* put the pieces into a table (INDIRECT_DESC) */
	uint64_t table_bus;	  /* of that table, once added */
	void *table;
	uint16_t id;	/* head (split) or buffer id (packed), once added */
	uint16_t at;	/* packed: where its first descriptor lies */
	uint16_t ndesc; /* ring descriptors it takes */
	bool wrap;	/* packed: the driver's wrap counter at its first descriptor */
	bool added, used;
	bool batched;		/* IN_ORDER: a later buffer's used element stands for it */
	uint32_t used_len;	/* as the device said; packed: 0 without WRITE */
	uint64_t number;	/* the lane's: which request it is */
	uint64_t order;		/* in which it was added */
	struct cbuf *next_used; /* that came back after it, while it is listed */
	bool listed;
};

struct cring {
	struct conf *c;
	uint16_t index, size;
	bool packed;
	struct vop_queue_config cfg; /* as given to the target; kick and call */

	/* Split. */
	struct vop_split_desc *desc;
	struct vop_split_avail *avail;
	struct vop_split_used *used;
	/* Packed. */
	struct vop_packed_desc *pdesc;
	vop_le32 *driver_event, *device_event;

	/* Where the driver is. Split: free-running indexes; packed: slots with wrap counters. */
	uint16_t avail_idx;	/* of the next entry to add */
	uint16_t published;	/* avail_idx as the device was told */
	uint16_t used_idx;	/* of the next used entry to look at */
	uint16_t next, used_at; /* packed */
	bool wrap, used_wrap;	/* packed */
	uint16_t kicked; /* `published` when the device was last told or did not want to be */
	bool event_idx, in_order;

	uint16_t *free_id;  /* stack of free descriptors (split) or ids (packed) */
	uint16_t free_n;    /* on it */
	uint16_t room;	    /* free descriptors */
	struct cbuf **out;  /* outstanding by head or id */
	struct cbuf **held; /* packed: added, not published; n_held of them */
	unsigned n_held, outstanding;
	uint64_t orders;
	/* That came back and cring_next() did not return yet, in that order. */
	struct cbuf *first_used, *last_used;

	bool quiet;	   /* the driver asked for no used buffer notifications */
	bool may_be_quiet; /* a notification may or may not come: not judged */
	bool crossed;	   /* split, EVENT_IDX: the index lay behind already when it was set */
	bool called;	   /* seen and not asked about yet */
	bool carried;	   /* one came after the last look: whose it is, the next one says */
	uint64_t calls, kicks;
};

/* A ring for queue q; memory for its parts, zeroed, with canaries. size 0: 16, or less where the
 * device has less. Not set up yet: cfg may be changed. */
struct cring *cring_new(struct conf *c, unsigned q, uint16_t size);
/* Tell the device. cring_setup() must succeed, cring_try_setup() returns the errno. */
void cring_setup(struct cring *r);
int cring_try_setup(struct cring *r);
/* cring_new() and cring_setup(). */
struct cring *cring_open(struct conf *c, unsigned q, uint16_t size);
/* Start over from index 0, nothing outstanding (after a queue reset). The parts are zeroed. */
void cring_restart(struct cring *r);

/* An empty buffer, and its pieces; out ones first. Any alignment. */
struct cbuf *cbuf_new(struct conf *c);
void cbuf_out(struct conf *c, struct cbuf *b, const void *data, uint32_t len);
void cbuf_in(struct conf *c, struct cbuf *b, uint32_t len);
/* out and in bytes cut at random into `pieces` pieces, at least one for each kind present. */
struct cbuf *cbuf_cut(struct conf *c, const void *out, uint32_t out_len, uint32_t in_len,
		      unsigned pieces);
/* One readable and one writable piece, back to back in memory. */
struct cbuf *cbuf_joined(struct conf *c, const void *out, uint32_t out_len, uint32_t in_len);
/* Copy out of the writable pieces: len bytes from byte `from` on. */
void cbuf_read(const struct cbuf *b, uint32_t from, void *dst, uint32_t len);
/* Contents of the pieces, readable and writable alike, as one run of bytes. */
struct cseg *cbuf_seg(struct cbuf *b, unsigned i);

/* Write the descriptors; the device is not told yet. Ends the check when there is no room. */
void cring_add(struct cring *r, struct cbuf *b);
/* Tell it. */
void cring_publish(struct cring *r);
/* Ring the doorbell if the device asked for it (cring_kick_wanted()); always. */
void cring_kick(struct cring *r);
void cring_kick_always(struct cring *r);
bool cring_kick_wanted(struct cring *r);
/* Add, publish, kick. */
void cring_submit(struct cring *r, struct cbuf *b);

/* The next buffer that came back, or NULL. Checks everything about the used element. */
struct cbuf *cring_take(struct cring *r);
/* The next one in the order in which they came back, each of a batch by itself, whoever took it;
 * NULL: none. Where data is a stream, this order is that of the bytes. */
struct cbuf *cring_next(struct cring *r);
/* Wait for all buffers that are outstanding; for that one. Also judges the notification. */
void cring_wait_all(struct cring *r);
void cring_wait(struct cring *r, struct cbuf *b);
/* As cring_wait(), but silence is no failure: false. */
bool cring_wait_maybe(struct cring *r, struct cbuf *b);

/* Notifications of used buffers: ask for none; for all; for one at a used index (EVENT_IDX):
 * ahead buffers (split) or descriptors (packed) beyond what was taken. */
void cring_calls_off(struct cring *r);
void cring_calls_on(struct cring *r);
void cring_calls_at(struct cring *r, uint16_t ahead);
/* Has one come since the last question? Waits for it (false: patience over), or only looks. */
bool cring_wait_call(struct cring *r);
bool cring_called(struct cring *r);
/* Put a picture of the ring into the notes of the check. */
void cring_dump(const struct cring *r);
/* Words of the device's. */
uint16_t cring_used_flags(const struct cring *r);   /* split */
uint16_t cring_used_idx(const struct cring *r);	    /* split */
uint32_t cring_device_event(const struct cring *r); /* packed */

#endif
