/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What a check is and what it works with. A check is one function in the file of its section of
 * VIRTIO 1.4, and one row of that file's table; nothing else has to be edited to add one.
 *
 * A check plays the driver. It is run once for each ring format it asks for and each lane (lane.h)
 * it fits, always on a device that was just reset. It speaks through the calls below, through
 * ring.h (rings written by hand) and mem.h (memory with canaries), and says what it found with
 * conf_fail() and the like, which do not return. It cleans up nothing: the runner resets the
 * device, looks at all memory once more and asks whether the device still serves.
 *
 * Threads: one. Errors: none are returned; what goes wrong ends the check with an outcome.
 */
#ifndef CONFORMANCE_CONF_H
#define CONFORMANCE_CONF_H

#include <stdarg.h>
#include <vop/features.h>
#include <vop/vring.h>
#include "target/target.h"

struct conf;
struct cring;
struct cbuf;
struct lane;

enum conf_level { CONF_MUST, CONF_SHOULD, CONF_TEXT };

enum conf_kind {
	CONF_CONFORMANCE, /* a correct driver: the device answers as specified */
	CONF_ROBUSTNESS,  /* a driver that breaks a rule: the device stays alive, stays inside the
			     memory it was given, and serves again after a reset */
};

/* Which ring formats a check is run with. */
enum conf_rings {
	CONF_SPLIT = 1,
	CONF_PACKED = 2,
	CONF_BOTH = 3,
	CONF_ANY = 4, /* the format does not matter: once, with the one the target has */
};

/* A feature bit for .needs, whose 0 ends the list. */
#define CONF_F(bit) ((uint8_t)((bit) + 1))
/* For .lane: one lane is enough, the first one of each device. */
#define CONF_FIRST_LANE "first"
#define CONF_NEEDS_MAX	6

struct conf_check {
	const char *id;	     /* "packed/wrap/event-off": section word, subject, case */
	const char *what;    /* what is expected of the device, half a sentence */
	const char *clauses; /* what it judges: "2.1.2:dev:1 text:packed-ring.tex:310" */
	enum conf_level level;
	enum conf_kind kind;
	unsigned rings;		       /* enum conf_rings */
	uint16_t device;	       /* VIRTIO device id; 0: every device */
	const char *lane;	       /* only this lane of the device; NULL: all for a check of
					   rings (device 0), the first one otherwise */
	uint8_t needs[CONF_NEEDS_MAX]; /* CONF_F(bit): features it cannot do without; they are
					   negotiated by conf_start() */
	uint32_t lacks;		       /* enum target_lack: skipped on a target that lacks one */
	bool vop;	   /* judges VOP-n: only devices on a VOP link (and the reference
			      device, which keeps them too) are held to it */
	bool vhost_user;   /* judges the protocol vhost-user: only devices behind it */
	const char *since; /* version of the specification; NULL: by the clauses */
	bool slow;	   /* it takes tens of thousands of requests */
	void (*run)(struct conf *c);
};

/* A section: one file. Listed in sections.c. */
struct conf_section {
	const char *number; /* "2.8" */
	const char *title;
	const struct conf_check *checks;
	unsigned n;
	const char *since; /* version that brought what all of it needs; NULL: 1.0 */
};
#define CONF_SECTION(sym, num, name, table) CONF_SECTION_SINCE(sym, num, name, table, NULL)
#define CONF_SECTION_SINCE(sym, num, name, table, version)                                         \
	const struct conf_section sym = {num, name, table, VOP_ARRAY_SIZE(table), version}

enum conf_outcome {
	CONF_PASS,
	CONF_WARN, /* a SHOULD is not kept, or something superfluous */
	CONF_SKIP, /* cannot be judged here; the reason is told */
	CONF_FAIL,
	CONF_HANG,  /* the device answers nothing any more */
	CONF_CRASH, /* the device is gone */
	CONF_ERROR, /* the harness could not do its part */
};

/* --- ending a check, and saying things --- */

#define CONF_PRINTF(a, b) __attribute__((format(printf, a, b)))

_Noreturn void conf_fail(struct conf *c, const char *fmt, ...) CONF_PRINTF(2, 3);
_Noreturn void conf_skip(struct conf *c, const char *fmt, ...) CONF_PRINTF(2, 3);
_Noreturn void conf_error(struct conf *c, const char *fmt, ...) CONF_PRINTF(2, 3);
/* Goes on; the check ends with CONF_WARN if it does not fail. */
void conf_warn(struct conf *c, const char *fmt, ...) CONF_PRINTF(2, 3);
/* What was sent or came back, in order: shown when the check does not pass. */
void conf_note(struct conf *c, const char *fmt, ...) CONF_PRINTF(2, 3);
/* Fail unless cond; the text says what was expected and what was found. */
#define CONF_EXPECT(c, cond, ...)                                                                  \
	do {                                                                                       \
		if (!(cond))                                                                       \
			conf_fail(c, __VA_ARGS__);                                                 \
	} while (0)

/* --- the device under test: steps of the driver, legal or not --- */

const struct lane *conf_lane(const struct conf *c);
struct target *conf_target(const struct conf *c);
bool conf_packed(const struct conf *c);
/* Offered by the device; features[2]. */
const uint64_t *conf_offered(const struct conf *c);
/* Negotiated by the last conf_negotiate(). */
const uint64_t *conf_features(const struct conf *c);
bool conf_has(const struct conf *c, unsigned bit);
bool conf_has_offer(const struct conf *c, unsigned bit);

/* Raw: a refused request is no failure, its errno is returned; a device that is gone or silent ends
 * the check. */
int conf_try_status(struct conf *c, uint8_t status);
int conf_try_features(struct conf *c, const uint64_t f[2]);
int conf_try_config_write(struct conf *c, uint32_t off, const void *src, uint32_t len);
int conf_try_queue_reset(struct conf *c, unsigned q);
/* Must succeed. */
uint8_t conf_status(struct conf *c);
void conf_set_status(struct conf *c, uint8_t status); /* and reads back what was set */
void conf_reset(struct conf *c);
/* A range beyond the configuration space is an errno, everything else ends the check. */
int conf_try_config_read(struct conf *c, uint32_t off, void *dst, uint32_t len, uint32_t *gen);
void conf_config(struct conf *c, uint32_t off, void *dst, uint32_t len);
unsigned conf_queue_count(struct conf *c);
uint16_t conf_queue_size_max(struct conf *c, unsigned q);

/*
 * Features to ask for: what every driver needs (VERSION_1, the platform bits that are offered, the
 * ring format of this run), the check's needs, and what conf_want() named since the last reset.
 * f[2] is filled.
 */
void conf_wanted(struct conf *c, uint64_t f[2]);
void conf_want(struct conf *c, unsigned bit);
void conf_unwant(struct conf *c, unsigned bit);
/* For this check: also this bit if it is offered. Returns whether it is. */
bool conf_want_if_offered(struct conf *c, unsigned bit);
/* For this check: not this bit, although the lane accepts it (lane.h). */
void conf_leave(struct conf *c, unsigned bit);
/* Reset to FEATURES_OK (3.1.1, steps 1 to 6). */
void conf_negotiate(struct conf *c);
/* Its last part, on a device that was brought to DRIVER already. */
void conf_negotiate_on(struct conf *c);
/* conf_negotiate(), the queues of the lane with ring size `size` (0: a usual one), DRIVER_OK.
 * conf_ring() is then the ring under test. */
void conf_start(struct conf *c, uint16_t size);
/* conf_start() on a device that was brought to FEATURES_OK already. */
void conf_start_on(struct conf *c, uint16_t size);
/* As conf_start() up to the queues, without DRIVER_OK. */
void conf_prepare(struct conf *c, uint16_t size);
/* The same without the ring under test: the lane's other queues only. */
void conf_prepare_others(struct conf *c);
void conf_driver_ok(struct conf *c);
struct cring *conf_ring(const struct conf *c);
void conf_set_ring(struct conf *c, struct cring *r);

/* --- the connection to the device, where there is one (vhost-user) --- */

/* Give it up and make another: memory and rings are gone with it. A device that takes no other has
 * died. */
void conf_reconnect(struct conf *c);
/* After this check there is to be another, whatever comes of it. */
void conf_renew(struct conf *c);

/* --- waiting --- */

/*
 * Until done(c, arg), or the patience is over: false then. Patience adapts: it is stretched while
 * the device waits for a CPU. A device that runs inside this process has an exact end: false at
 * once when it has nothing more to do.
 */
bool conf_wait(struct conf *c, bool (*done)(struct conf *c, void *arg), void *arg);
/* Let the device do whatever it has to do. */
void conf_settle(struct conf *c);
/* Events since the last call: TARGET_EVENT_*. */
uint32_t conf_events(struct conf *c);
/* Until NEEDS_RESET is set: false when patience is over. */
bool conf_wait_needs_reset(struct conf *c);

/* --- requests that every device understands (lane.h) --- */

/* The next request of the lane, cut into `pieces` descriptors (0: its natural number). */
struct cbuf *conf_probe(struct conf *c, unsigned pieces);
/* Its bytes alone, for buffers built otherwise; out has room for LANE_OUT_MAX. Returns its number,
 * which goes into cbuf.number. */
uint64_t conf_request(struct conf *c, uint8_t *out, uint32_t *out_len, uint32_t *in_len);
/* Hand it over and let the device work on it. */
void conf_submit(struct conf *c, struct cbuf *b);
/* Wait for it, check length and contents. */
void conf_finish(struct conf *c, struct cbuf *b);
/* n requests one after another. */
void conf_serve(struct conf *c, unsigned n);
/* Reset, start anew, serve: the device must come through whatever was done to it. */
void conf_serve_again(struct conf *c);

/* From here on (false: no more) thousands of buffers pass: nothing is noted, and memory is looked
 * at every 64th time a buffer comes back. */
void conf_hurry(struct conf *c, bool on);

/* --- chance --- */

uint64_t conf_random(struct conf *c);		 /* by the seed, the check and the format */
uint32_t conf_below(struct conf *c, uint32_t n); /* 0..n-1 */

/* --- CPU time of the device, if it can be known --- */
bool conf_cpu(struct conf *c, uint64_t *ns);
/* Fail when the device burns its CPU although nothing is to be done; nothing on targets that poll.
 */
void conf_expect_idle(struct conf *c);

#endif
