/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What the files behind conf.h share: conf.c (steps of the driver), outcome.c (how a check ends),
 * mem.c, ring*.c, run.c (the runner). Checks and lanes do not include this.
 */
#ifndef CONFORMANCE_INTERNAL_H
#define CONFORMANCE_INTERNAL_H

#include <setjmp.h>
#include "conformance/conf.h"
#include "conformance/lane.h"
#include "conformance/sut.h"

#define CMEM_CHUNKS   32u
#define CMEM_CHUNK    ((size_t)256 << 10)
#define CONF_RINGS    512u
#define CONF_NOTES    64u
#define CONF_NOTE_LEN 160u

/* One allocation of the target's, its shadow, and for each byte whether the device may write it. */
struct cmem_chunk {
	uint8_t *mem, *shadow, *open;
	uint64_t bus;
	size_t size, top;
	const char *name[256]; /* of the pieces, for messages */
	size_t at[256];
	unsigned names;
	bool hole; /* untouched pages */
};

struct conf {
	struct sut *sut;
	struct target *t;
	const struct conf_check *check;
	const struct lane *lane;
	bool packed;
	uint64_t random;
	uint64_t offered[2], features[2], want[2], leave[2];
	uint32_t events;

	struct cmem_chunk chunk[CMEM_CHUNKS];
	unsigned chunks; /* in use by this check */
	bool stale;	 /* they are of a life that a reset ended */
	struct cring *ring, *rings[CONF_RINGS];
	unsigned n_rings;
	int kept_fd[64]; /* closed when the check is over */
	unsigned kept_fds;
	struct cbuf *bufs; /* list, by `next` in ring.c */
	uint64_t probes;
	bool hurry;	   /* conf_hurry() */
	unsigned unlooked; /* buffers that came back in a hurry */
	uint64_t lane_state[LANE_STATE / 8];
	uint64_t slowest_ns; /* wait that ended well, of the last ones */
	uint64_t patience_ns;
	bool mute; /* NEEDS_RESET did not come when it was waited for last */

	/* How it ends. */
	jmp_buf out;
	bool may_drop; /* a device that drops the connection now does what it may */
	bool renew;    /* the connection is not to be used by another check */
	bool dropped;  /* it did, and nobody says that it died of it */
	enum conf_outcome outcome;
	char text[512];
	char note[CONF_NOTES][CONF_NOTE_LEN]; /* the last ones, in a circle */
	unsigned notes;
};

/* outcome.c */
_Noreturn void conf_end(struct conf *c, enum conf_outcome o, const char *fmt, ...)
	CONF_PRINTF(3, 4);
/* r as a target returned it: ends the check when the device is gone or silent, else r. */
int conf_said(struct conf *c, int r, const char *doing);

/* mem.c */
void cmem_reset(struct conf *c); /* everything so far is forgotten: the target takes it back */
void cmem_stale(struct conf *c); /* the device was reset: its memory is looked at, not used */
void cmem_free(struct conf *c);

/* ring.c */
void cring_free_all(struct conf *c);

#endif
