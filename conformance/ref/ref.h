/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The reference device: slow and plain, one obvious step after another, with a named fault point at
 * each. Built sound it proves that a check passes what is right; with one fault it is a mutant, and
 * proves that a check can fail. It lives inside this process and works only when it is told to, so
 * a run against it is exact: when it has nothing more to do, nothing will ever come.
 *
 * Threads: one. What a mutant does stays inside the memory of the target.
 */
#ifndef CONFORMANCE_REF_H
#define CONFORMANCE_REF_H

#include "conformance/ref/point.h"
#include "conformance/sut.h"

/* What a mutant does at its point. Which apply follows from the point's kind. */
enum ref_op {
	REF_SOUND,
	/* values */
	REF_PLUS,  /* one more */
	REF_MINUS, /* one less */
	REF_ZERO,
	REF_STALE, /* what it was the last time */
	/* steps */
	REF_SKIP,   /* never done */
	REF_FORGET, /* not done now and then */
	/* tests */
	REF_ALWAYS,
	REF_NEVER,
	/* mistakes written by hand */
	REF_BUG,
};

struct ref_mutant {
	enum ref_point point;
	enum ref_op op;
};

/* Device types go up to there; of some there are several variants (a disk that is read-only, say),
 * each with what its checks need. */
#define REF_DEVICE_MAX 26u
unsigned ref_variants(uint16_t device); /* 0: no such type */
/* A device of that type, sound when m is NULL or its op REF_SOUND. NULL: no such type or variant,
 * or no memory. */
struct sut *ref_new(uint16_t device, unsigned variant, const struct ref_mutant *m);

/*
 * Which fault points the device has passed since the last call: hit[REF_POINT_COUNT], 1 each. A run
 * that does not pass a mutant's point comes out as with the sound device.
 */
void ref_hits(struct sut *s, uint8_t *hit);

/* All mutants there are, in order: false beyond the last. */
bool ref_mutant_at(unsigned i, struct ref_mutant *m);
/* "split/used-id:plus"; buf of 64 bytes. */
void ref_mutant_name(const struct ref_mutant *m, char *buf, size_t size);
bool ref_mutant_find(const char *name, struct ref_mutant *m);
/* Half a sentence: what is wrong with it. */
void ref_mutant_what(const struct ref_mutant *m, char *buf, size_t size);
/* Device types it can matter to: VIRTIO id, 0 all. */
uint16_t ref_mutant_device(const struct ref_mutant *m);

#endif
