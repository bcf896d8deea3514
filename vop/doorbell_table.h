/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The doorbells of one shm link: which this node listens on, which the peer offered, and what the
 * peer is still to be told. Private to the link; one thread.
 */
#ifndef VOP_DOORBELL_TABLE_H
#define VOP_DOORBELL_TABLE_H

#include <vop/doorbell.h>

/* Doorbell numbers on an shm link are below this. */
#define VOP_SHM_DOORBELLS 8192u

/* What the peer has to be told about one of our doorbells. */
enum vop_db_news {
	VOP_DB_NEWS_NONE = 0,
	VOP_DB_NEWS_LISTEN = 1,	  /* send DOORBELL with the descriptor */
	VOP_DB_NEWS_UNLISTEN = 2, /* send UNLISTEN */
};

struct vop_db_own {
	int rx; /* -1: not listening */
	int tx; /* the peer's end until it was sent; -1 after */
	uint8_t news;
};

struct vop_db_peer {
	int fd;	       /* -1: never offered, or gone */
	uint32_t refs; /* db_connect() minus db_close() */
	bool gone;     /* the peer stopped listening; fd rings nowhere, kept for its holders */
};

struct vop_db_table {
	struct vop_db_own *own;	  /* own_count entries */
	struct vop_db_peer *peer; /* peer_count entries */
	uint32_t own_count, peer_count;
	uint32_t news;	 /* entries of own with news */
	uint32_t cursor; /* where to look for the next one: all get their turn */
};

/*
 * How many doorbells of a peer this process can hold: half of the descriptors it may open, which it
 * raises to the hard limit first. A peer cannot take more than that from us.
 */
uint32_t vop_db_table_budget(void);
/* own_count: what the peer can hold of ours. peer_count: what we told it. -ENOMEM. */
int vop_db_table_open(struct vop_db_table *t, uint32_t own_count, uint32_t peer_count);
void vop_db_table_close(struct vop_db_table *t);

int vop_db_table_listen(struct vop_db_table *t, uint32_t n, struct vop_doorbell *db);
int vop_db_table_connect(struct vop_db_table *t, uint32_t n, struct vop_doorbell *db);
/* Close either kind; *db becomes none. */
void vop_db_table_release(struct vop_db_table *t, struct vop_doorbell *db);

/*
 * The peer offers doorbell n by a descriptor, which is consumed. -EPROTO: n is out of bounds, or
 * the descriptor is no UNIX datagram socket (which alone is sure to be rung without blocking).
 */
int vop_db_table_offered(struct vop_db_table *t, uint32_t n, int fd);
/* The peer no longer listens on n. -EPROTO: n is out of bounds. */
int vop_db_table_withdrawn(struct vop_db_table *t, uint32_t n);

/* Something to tell the peer: its doorbell number, or -1. */
int64_t vop_db_table_next_news(struct vop_db_table *t);
/* It was told. */
void vop_db_table_told(struct vop_db_table *t, uint32_t n);

#endif
