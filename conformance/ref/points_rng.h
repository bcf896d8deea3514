/* SPDX-License-Identifier: BSD-2-Clause */
/* Fault points of rng.c; see point.h. */
#ifndef CONFORMANCE_REF_POINTS_RNG_H
#define CONFORMANCE_REF_POINTS_RNG_H

/* clang-format off */
#define REF_POINTS_RNG(X)                                                                          \
	X(RNG_LEN, VALUE, 4, "rng/used-length", "the bytes a buffer is said to hold") \
	X(RNG_FILL, STEP, 4, "rng/fill", "random bytes are written") \
	X(RNG_FEATURE, BUG, 4, "rng/feature", "offers a feature bit that is not defined") \
	X(RNG_LAST, BUG, 4, "rng/not-the-last", "the last byte of a buffer is left as it was") \
	X(RNG_FIRST_PIECE, BUG, 4, "rng/first-piece",                                              \
	  "fills the first piece of a buffer, counts all")                                         \
	X(RNG_LONG_PIECE, BUG, 4, "rng/long-piece", "uses the length of all for the first piece") \
	X(RNG_ROUND, BUG, 4, "rng/whole-words", "writes whole words, beyond an odd end") \
	X(RNG_16_BITS, BUG, 4, "rng/16-bit-length", "keeps the length of a buffer in 16 bits") \
	X(RNG_SAME, BUG, 4, "rng/same", "starts its generator anew for each buffer") \
	X(RNG_RESEED, BUG, 4, "rng/reset-reseeds", "starts its generator anew at a reset") \
	X(RNG_CACHED, BUG, 4, "rng/cached", "gives a buffer of the same length the same bytes") \
	X(RNG_REPEAT, BUG, 4, "rng/repeats", "repeats 64 bytes all over a buffer") \
	X(RNG_7_BITS, BUG, 4, "rng/seven-bits", "never sets the highest bit") \
	X(RNG_NO_ZERO, BUG, 4, "rng/no-zero", "no byte is 0, as if it were text") \
	X(RNG_COUNTS, BUG, 4, "rng/counts", "gives out a counter from a random start") \
	X(RNG_BIASED, BUG, 4, "rng/biased", "a bit is set three times in four") \
	X(RNG_LATE, BUG, 4, "rng/late", "writes once more into a buffer it gave back") \
	X(RNG_ONE, BUG, 4, "rng/one-a-kick", "serves one buffer for each kick, loses the others") \
	X(RNG_EMPTY_SPINS, BUG, 4, "rng/empty-spins", "turns forever at a buffer without room") \
	X(RNG_EMPTY_STUCK, BUG, 4, "rng/empty-stuck",                                              \
	  "waits for ever at a buffer without room, resets or not")                                \
	X(RNG_READABLE, BUG, 4, "rng/writes-readable", "fills readable pieces as well") \
	X(RNG_READABLE_DIES, BUG, 4, "rng/readable-dies",                                          \
	  "dies of a buffer without writable pieces")                                              \
	X(RNG_FLOOD, BUG, 4, "rng/flood", "loses requests beyond the eighth that wait at once") \
	X(RNG_MANY_PIECES, BUG, 4, "rng/many-pieces", "dies of more than 16 pieces") \
	X(RNG_BUSY, BUG, 4, "rng/busy", "burns its CPU to gather entropy that nobody asked for")
/* clang-format on */

#endif
