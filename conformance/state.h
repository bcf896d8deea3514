/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Random ring states: a case is a short list of actions of a driver on one queue of a lane, made
 * from a number. Most of it is legal (requests of the lane, handed over as they should be), a few
 * things in it are broken, because pure noise dies at the first look a device takes.
 *
 * What holds after a case, whatever it did: the device is alive, no byte changed that it may not
 * write, what it used was outstanding and is right as long as the case was legal, and after a reset
 * it serves again.
 *
 * The same number, lane, format and offer give the same case, and a case gives the same steps.
 *
 * Threads: one. VIRTIO 1.4, 2.7 and 2.8.
 */
#ifndef CONFORMANCE_STATE_H
#define CONFORMANCE_STATE_H

#include <stdio.h>
#include "conformance/conf.h"
#include "conformance/lane.h"

#define STATE_ACTIONS 96u

/* How much of a case is broken. */
enum state_mix {
	STATE_LEGAL,  /* nothing */
	STATE_NEARLY, /* one to three things among legal requests */
	STATE_WILD,   /* most of it */
	STATE_MIXES
};

/*
 * X(symbol, word, operands). The operands a, b, c (16 bits), v (64 bits) and w (enum state_where)
 * stand in the text in this order.
 *
 * Legal: request: a pieces, b 1: in a table; qreset, calls: a 0 off, 1 on, 2 at a used index v
 * ahead. A request is named by how many were added after it (a), a piece of it by b; beyond its
 * pieces, of one in a table: the ring's descriptor.
 *
 * Broken: addr, len, next (packed: id) of such a descriptor are overwritten, flags inverted by v;
 * desc, entry: one of the ring (packed: so many slots beyond the next one, available) or of the
 * table of entries: a index, b flags, c next or id, v length, w address; slots: packed: the next
 * descriptor lies a slots further; head: split: an available entry a; index: split: the available
 * index by v further than it is; event: the driver's event word, low 16 bits event index (packed:
 * offset and wrap), high ones flags; status: a written.
 */
#define STATE_OPS(X)                                                                               \
	X(REQUEST, "request", "ab")                                                                \
	X(PUBLISH, "publish", "")                                                                  \
	X(KICK, "kick", "")                                                                        \
	X(WORK, "work", "")                                                                        \
	X(CALLS, "calls", "av")                                                                    \
	X(QRESET, "qreset", "")                                                                    \
	X(ADDR, "addr", "abwv")                                                                    \
	X(LEN, "len", "abv")                                                                       \
	X(FLAGS, "flags", "abv")                                                                   \
	X(NEXT, "next", "abv")                                                                     \
	X(DESC, "desc", "abcwv")                                                                   \
	X(ENTRY, "entry", "abcwv")                                                                 \
	X(SLOTS, "slots", "a")                                                                     \
	X(HEAD, "head", "a")                                                                       \
	X(INDEX, "index", "v")                                                                     \
	X(EVENT, "event", "v")                                                                     \
	X(STATUS, "status", "a")

enum state_op {
#define STATE_OP_ENUM(sym, word, operands) STATE_##sym,
	STATE_OPS(STATE_OP_ENUM)
#undef STATE_OP_ENUM
		STATE_OP_COUNT
};

/* Where an address points. X(symbol, word) */
#define STATE_WHERES(X)                                                                            \
	X(ZERO, "zero")	      /* address 0 */                                                      \
	X(NOWHERE, "nowhere") /* nobody has memory there */                                        \
	X(TOP, "top")	      /* 16 bytes below 2^64 */                                            \
	X(EDGE, "edge")	      /* 16 bytes below the end of the driver's memory */                  \
	X(AREA, "area")	      /* memory for such addresses */                                      \
	X(TAIL, "tail")	      /* 16 bytes below its end; canaries follow */                        \
	X(TABLE, "table")     /* the table of entries */                                           \
	X(RING, "ring")	      /* the descriptors */                                                \
	X(DRIVER, "driver")   /* available ring or driver event structure */                       \
	X(DEVICE, "device")   /* used ring or device event structure */

enum state_where {
#define STATE_WHERE_ENUM(sym, word) STATE_AT_##sym,
	STATE_WHERES(STATE_WHERE_ENUM)
#undef STATE_WHERE_ENUM
		STATE_WHERE_COUNT
};

struct state_action {
	uint8_t op;    /* enum state_op */
	uint8_t where; /* enum state_where */
	uint16_t a, b, c;
	uint64_t v;
};

struct state_case {
	uint64_t seed;
	bool packed;
	uint16_t size;			       /* of the ring */
	bool indirect, event, in_order, reset; /* features, where they are offered */
	unsigned n;
	struct state_action act[STATE_ACTIONS];
};

/* The case of that number. size_max: of the queue, at least 1. */
void state_generate(struct state_case *s, uint64_t seed, enum state_mix mix, bool packed,
		    uint16_t size_max);
/* Is it legal from end to end? */
bool state_legal(const struct state_case *s);

/* One action a line, after a line with what the ring is. */
void state_print(const struct state_case *s, FILE *to);
/* Reads what state_print() writes; lines that begin with '#' or are empty are skipped. 0, or
 * -EINVAL with *line the number of the line that makes no sense. */
int state_read(struct state_case *s, FILE *from, unsigned *line);

/*
 * Run it within a check, on a device in any state and with nothing of the check's in use: rings,
 * buffers and memory of before are forgotten. Ends the check when something does not hold.
 *
 * state_begin() makes the rings and has one request served: that is where a device fails which an
 * earlier case has damaged. state_play() does the actions and resets the device; whether the case
 * was legal. state_run() is both, and afterwards, where a rule was broken, the device serves again.
 */
void state_begin(struct conf *c, const struct state_case *s);
bool state_play(struct conf *c, const struct state_case *s);
void state_run(struct conf *c, const struct state_case *s);
/*
 * As state_run(), but a failure is returned in place of ending the check: CONF_PASS, CONF_FAIL,
 * CONF_HANG ...; the reason stands in text[n], may be NULL. A device that is gone is started again.
 */
enum conf_outcome state_try(struct conf *c, const struct state_case *s, char *text, size_t n);

/*
 * Make a failing case smaller: leave out halves, quarters ... single actions, then make numbers
 * small, as long as fails() says that it still fails the same way, at most `tries` calls. Returns
 * how many were made.
 */
unsigned state_shrink(struct state_case *s, bool (*fails)(void *ctx, const struct state_case *s),
		      void *ctx, unsigned tries);
/* Do two reasons say the same? Numbers in them do not count. */
bool state_same(const char *a, const char *b);

#endif
