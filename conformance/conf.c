/* SPDX-License-Identifier: BSD-2-Clause */
/* The steps of a driver, and waiting for the device. */
#include <sched.h>
#include <string.h>
#include <time.h>

#include "conformance/internal.h"

#define PATIENCE_CAP_NS (60ull * 1000000000u)
#define SETTLE_MIN_NS	300000u
#define SETTLE_MAX_NS	4000000u
#define IDLE_NS		2500000u
/* What a device that polls must have run, of the patience, before its silence counts. */
#define POLLER_RAN 8u
/* Of the patience that is left for a device that never said NEEDS_RESET. */
#define MUTE_SHARE   16u
#define IDLE_WINDOWS 40u

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

/* --- what there is --- */

const struct lane *conf_lane(const struct conf *c)
{
	return c->lane;
}

struct target *conf_target(const struct conf *c)
{
	return c->t;
}

bool conf_packed(const struct conf *c)
{
	return c->packed;
}

const uint64_t *conf_offered(const struct conf *c)
{
	return c->offered;
}

const uint64_t *conf_features(const struct conf *c)
{
	return c->features;
}

bool conf_has(const struct conf *c, unsigned bit)
{
	return vop_feature_has(c->features, bit);
}

bool conf_has_offer(const struct conf *c, unsigned bit)
{
	return vop_feature_has(c->offered, bit);
}

struct cring *conf_ring(const struct conf *c)
{
	return c->ring;
}

void conf_set_ring(struct conf *c, struct cring *r)
{
	c->ring = r;
}

void *conf_lane_state(struct conf *c)
{
	return c->lane_state;
}

/* --- primitives --- */

int conf_try_status(struct conf *c, uint8_t status)
{
	int r = conf_said(c, c->t->ops->set_status(c->t, status),
			  status ? "its status was set" : "it was reset");

	if (status)
		conf_note(c, "status %#x written%s%s", status, r ? ": " : "",
			  r ? strerror(-r) : "");
	else
		conf_note(c, "reset");
	if (status == 0)
		cmem_stale(c);
	return r;
}

int conf_try_features(struct conf *c, const uint64_t f[2])
{
	int r = conf_said(c, c->t->ops->set_features(c->t, f), "features were set");

	conf_note(c, "features %#llx %#llx written%s%s", (unsigned long long)f[1],
		  (unsigned long long)f[0], r ? ": " : "", r ? strerror(-r) : "");
	return r;
}

int conf_try_config_write(struct conf *c, uint32_t off, const void *src, uint32_t len)
{
	int r = conf_said(c, c->t->ops->config_write(c->t, off, src, len),
			  "configuration was written");

	conf_note(c, "configuration written at %u, %u bytes%s%s", off, len, r ? ": " : "",
		  r ? strerror(-r) : "");
	return r;
}

int conf_try_queue_reset(struct conf *c, unsigned q)
{
	int r = conf_said(c, c->t->ops->queue_reset(c->t, q), "a queue was reset");

	conf_note(c, "queue %u: reset%s%s", q, r ? ": " : "", r ? strerror(-r) : "");
	return r;
}

int conf_try_config_read(struct conf *c, uint32_t off, void *dst, uint32_t len, uint32_t *gen)
{
	uint32_t g;

	return conf_said(c, c->t->ops->config_read(c->t, off, dst, len, gen ? gen : &g),
			 "configuration was read");
}

void conf_config(struct conf *c, uint32_t off, void *dst, uint32_t len)
{
	int r = conf_try_config_read(c, off, dst, len, NULL);

	if (r && c->t->caps.missing & TARGET_LACKS_CONFIG)
		conf_skip(c, "%s", target_lack_text(TARGET_LACKS_CONFIG));
	if (r)
		conf_fail(c, "configuration space cannot be read at %u, %u bytes: %s", off, len,
			  strerror(-r));
}

uint8_t conf_status(struct conf *c)
{
	uint8_t s = 0;
	int r = conf_said(c, c->t->ops->get_status(c->t, &s), "its status was read");

	if (r)
		conf_error(c, "the status cannot be read: %s", strerror(-r));
	return s;
}

void conf_set_status(struct conf *c, uint8_t status)
{
	int r = conf_try_status(c, status);
	uint8_t got;

	got = r ? 0 : conf_status(c);
	if (r || (got & ~VOP_STATUS_NEEDS_RESET) != status)
		conf_fail(c, "status %#x was set as it should be, and is %#x%s%s", status, got,
			  r ? "; the answer: " : "", r ? strerror(-r) : "");
}

void conf_reset(struct conf *c)
{
	int r = conf_try_status(c, 0);
	uint8_t got = conf_status(c);

	c->ring = NULL;
	memset(c->features, 0, sizeof(c->features));
	if (r || got)
		conf_fail(c, "the device was reset, and its status is %#x%s%s", got,
			  r ? "; the answer: " : "", r ? strerror(-r) : "");
}

unsigned conf_queue_count(struct conf *c)
{
	unsigned n = 0;
	int r = conf_said(c, c->t->ops->queue_count(c->t, &n), "queues were counted");

	if (r)
		conf_error(c, "the target does not say how many queues there are: %s",
			   strerror(-r));
	return n;
}

uint16_t conf_queue_size_max(struct conf *c, unsigned q)
{
	uint16_t size = 0;
	int r = conf_said(c, c->t->ops->queue_size_max(c->t, q, &size), "a queue was looked at");

	return r ? 0 : size;
}

/* --- sequences --- */

void conf_want(struct conf *c, unsigned bit)
{
	if (!vop_feature_has(c->offered, bit))
		conf_skip(c, "the device does not offer feature bit %u", bit);
	vop_feature_set(c->want, bit);
}

void conf_unwant(struct conf *c, unsigned bit)
{
	vop_feature_clear(c->want, bit);
}

bool conf_want_if_offered(struct conf *c, unsigned bit)
{
	if (!vop_feature_has(c->offered, bit))
		return false;
	vop_feature_set(c->want, bit);
	return true;
}

void conf_leave(struct conf *c, unsigned bit)
{
	vop_feature_set(c->leave, bit);
}

void conf_wanted(struct conf *c, uint64_t f[2])
{
	static const uint8_t always[] = {VOP_F_VERSION_1, VOP_F_ACCESS_PLATFORM,
					 VOP_F_ORDER_PLATFORM};
	unsigned i;

	f[0] = c->want[0];
	f[1] = c->want[1];
	for (i = 0; i < VOP_ARRAY_SIZE(always); i++)
		if (vop_feature_has(c->offered, always[i]))
			vop_feature_set(f, always[i]);
	for (i = 0; i < VOP_ARRAY_SIZE(c->lane->accepts) && c->lane->accepts[i]; i++)
		if (vop_feature_has(c->offered, c->lane->accepts[i] - 1u) &&
		    !vop_feature_has(c->leave, c->lane->accepts[i] - 1u))
			vop_feature_set(f, c->lane->accepts[i] - 1u);
	if (c->packed)
		vop_feature_set(f, VOP_F_RING_PACKED);
	for (i = 0; i < CONF_NEEDS_MAX && c->check->needs[i]; i++)
		vop_feature_set(f, c->check->needs[i] - 1u);
}

void conf_negotiate_on(struct conf *c)
{
	uint64_t f[2];
	int r;

	conf_wanted(c, f);
	r = conf_try_features(c, f);
	if (r)
		conf_fail(c, "features that were offered are refused: %s", strerror(-r));
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK);
	memcpy(c->features, f, sizeof(f));
}

void conf_negotiate(struct conf *c)
{
	conf_reset(c);
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE);
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER);
	conf_negotiate_on(c);
}

static void prepare_lane(struct conf *c)
{
	memset(c->lane_state, 0, sizeof(c->lane_state));
	c->probes = 0;
	if (c->lane->prepare)
		c->lane->prepare(c);
}

static void prepare(struct conf *c, uint16_t size)
{
	prepare_lane(c);
	c->ring = cring_open(c, c->lane->queue, size);
}

void conf_prepare_others(struct conf *c)
{
	conf_negotiate(c);
	prepare_lane(c);
}

void conf_prepare(struct conf *c, uint16_t size)
{
	conf_negotiate(c);
	prepare(c, size);
}

void conf_driver_ok(struct conf *c)
{
	conf_set_status(c, VOP_STATUS_ACKNOWLEDGE | VOP_STATUS_DRIVER | VOP_STATUS_FEATURES_OK |
				   VOP_STATUS_DRIVER_OK);
}

void conf_start_on(struct conf *c, uint16_t size)
{
	prepare(c, size);
	conf_driver_ok(c);
	if (c->lane->begin)
		c->lane->begin(c);
}

void conf_start(struct conf *c, uint16_t size)
{
	conf_negotiate(c);
	conf_start_on(c, size);
}

/* --- waiting --- */

static void work(struct conf *c)
{
	int r;

	if (c->sut->ops->run)
		c->sut->ops->run(c->sut);
	r = c->t->ops->service(c->t);
	c->events |= c->t->ops->events(c->t);
	conf_said(c, r, "it was being waited for");
}

static uint64_t starved(const struct conf *c)
{
	uint64_t ns = 0;

	if (c->sut->ops->starved)
		c->sut->ops->starved(c->sut, &ns);
	return ns;
}

static uint64_t ran(const struct conf *c)
{
	uint64_t ns = 0;

	if (c->sut->ops->cpu)
		c->sut->ops->cpu(c->sut, &ns);
	return ns;
}

/*
 * When is patience over that began so long ago? Who sleeps until there is work waits for a CPU only
 * then: that time does not count. Who polls may wait for one all the time, on a busy machine; it is
 * enough that it came round many times.
 */
struct patience {
	uint64_t begin, most, hungry, ran;
};

static bool is_over(const struct conf *c, struct patience *p)
{
	uint64_t most = c->patience_ns, took = now_ns() - p->begin, now;

	if (took <= p->most)
		return false;
	if (took >= PATIENCE_CAP_NS)
		return true;
	if (c->sut->poll_mode) {
		now = ran(c);
		return now == 0 || now < p->ran || now - p->ran >= p->most / POLLER_RAN;
	}
	now = starved(c);
	if (now > p->hungry) /* less: a thread has ended */
		most += 2 * (now - p->hungry);
	if (most <= p->most || p->most >= PATIENCE_CAP_NS)
		return true;
	p->most = VOP_MIN(most, PATIENCE_CAP_NS);
	return false;
}

static bool wait_elsewhere(struct conf *c, bool (*done)(struct conf *c, void *arg), void *arg)
{
	struct patience p = {now_ns(), c->patience_ns, starved(c), ran(c)};
	uint64_t took;
	unsigned i;

	for (i = 0;; i++) {
		if (done(c, arg)) {
			took = now_ns() - p.begin;
			/* Forgotten slowly: one slow answer speaks for some that follow. */
			c->slowest_ns = VOP_MAX(took, c->slowest_ns - c->slowest_ns / 16);
			return true;
		}
		if (i % 16 == 15) {
			work(c);
			sched_yield();
		}
		if (i % 1024 == 1023 && is_over(c, &p))
			return done(c, arg);
	}
}

bool conf_wait(struct conf *c, bool (*done)(struct conf *c, void *arg), void *arg)
{
	if (!c->sut->ops->run)
		return wait_elsewhere(c, done, arg);
	if (done(c, arg))
		return true;
	work(c);
	return done(c, arg);
}

void conf_settle(struct conf *c)
{
	uint64_t begin, most;

	work(c);
	if (c->sut->ops->run)
		return;
	most = VOP_MIN(VOP_MAX(2 * c->slowest_ns, SETTLE_MIN_NS), SETTLE_MAX_NS);
	for (begin = now_ns(); now_ns() - begin < most;) {
		sched_yield();
		work(c);
	}
}

uint32_t conf_events(struct conf *c)
{
	uint32_t e;

	work(c);
	e = c->events;
	c->events = 0;
	return e;
}

/* Asking for the status may be a message: now and then is enough, and when there is a sign. */
static bool needs_reset(struct conf *c, void *arg)
{
	unsigned *asked = arg;
	bool sign = c->events & TARGET_EVENT_NEEDS_RESET;

	c->events &= ~TARGET_EVENT_NEEDS_RESET;
	if (!sign && (*asked)++ % 64)
		return false;
	return conf_status(c) & VOP_STATUS_NEEDS_RESET;
}

bool conf_wait_needs_reset(struct conf *c)
{
	uint64_t patience = c->patience_ns;
	unsigned asked = 0;
	bool came;

	/* A device that knows nothing of this bit is not waited for each time anew. */
	if (c->mute)
		c->patience_ns /= MUTE_SHARE;
	came = conf_wait(c, needs_reset, &asked) || conf_status(c) & VOP_STATUS_NEEDS_RESET;
	c->patience_ns = patience;
	c->mute = !came;
	return came;
}

/* --- requests of the lane --- */

uint64_t conf_request(struct conf *c, uint8_t *out, uint32_t *out_len, uint32_t *in_len)
{
	c->lane->request(c, c->probes, out, out_len, in_len);
	return c->probes++;
}

struct cbuf *conf_probe(struct conf *c, unsigned pieces)
{
	uint8_t out[LANE_OUT_MAX];
	uint32_t out_len = 0, in_len = 0;
	uint64_t number = conf_request(c, out, &out_len, &in_len);
	struct cbuf *b;

	/* On a small ring as many as it has; cbuf_cut() makes one for each kind at least. */
	if (!pieces)
		pieces = c->ring ? VOP_MIN(c->lane->pieces, (unsigned)c->ring->size)
				 : c->lane->pieces;
	b = cbuf_cut(c, out, out_len, in_len, pieces);
	b->number = number;
	return b;
}

void conf_hurry(struct conf *c, bool on)
{
	c->hurry = on;
}

void conf_submit(struct conf *c, struct cbuf *b)
{
	cring_submit(c->ring, b);
	if (c->lane->trigger)
		c->lane->trigger(c, b);
}

void conf_finish(struct conf *c, struct cbuf *b)
{
	if (!b->used)
		cring_wait(c->ring, b);
	c->lane->verify(c, b);
}

void conf_serve(struct conf *c, unsigned n)
{
	while (n--) {
		struct cbuf *b = conf_probe(c, 0);

		conf_submit(c, b);
		conf_finish(c, b);
	}
}

void conf_serve_again(struct conf *c)
{
	conf_start(c, 0);
	conf_serve(c, 2);
}

/* --- chance: splitmix64 --- */

uint64_t conf_random(struct conf *c)
{
	uint64_t z = c->random += 0x9e3779b97f4a7c15ull;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ull;
	z = (z ^ z >> 27) * 0x94d049bb133111ebull;
	return z ^ z >> 31;
}

uint32_t conf_below(struct conf *c, uint32_t n)
{
	return n ? (uint32_t)((conf_random(c) >> 32) * n >> 32) : 0;
}

/* --- CPU time --- */

bool conf_cpu(struct conf *c, uint64_t *ns)
{
	return c->sut->ops->cpu && c->sut->ops->cpu(c->sut, ns);
}

/* CPU time used in one window: false when it is not known. A thread that ended takes its time
 * along. */
static bool burns(struct conf *c, uint64_t *used, uint64_t *wall)
{
	uint64_t before, after, begin = now_ns();

	if (!conf_cpu(c, &before))
		return false;
	if (c->sut->ops->run)
		work(c);
	else
		while (now_ns() - begin < IDLE_NS)
			nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	*wall = VOP_MAX(now_ns() - begin, (uint64_t)IDLE_NS);
	if (!conf_cpu(c, &after) || after < before)
		return false;
	*used = after - before;
	return *used > *wall / 2;
}

void conf_expect_idle(struct conf *c)
{
	uint64_t used = 0, wall = 0;
	unsigned i;

	if (c->sut->poll_mode)
		return;
	conf_settle(c);
	/* A device may spin for a while before it sleeps, or end what it has begun: only one that
	 * never comes to rest is at fault. */
	for (i = 0; i < IDLE_WINDOWS; i++)
		if (!burns(c, &used, &wall))
			return;
	conf_fail(c, "there is nothing to do, and the device used its CPU for %llu of %llu us",
		  (unsigned long long)used / 1000, (unsigned long long)wall / 1000);
}
