/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notifications over a link with posted writes (docs/vop.md, "Notifications over a link with
 * posted writes"): with the read-back rule no wake-up is lost, without it wake-ups are lost
 * wherever a side arms by a posted write and looks again in its own window only.
 *
 * The two halves are threads of which one runs at a time. Before each of their accesses a seeded
 * generator decides who goes on and whether posted stores arrive: the same schedule every time.
 */
#define VOP_MEM VOP_MEM_CLASS_DELAYED
#include <semaphore.h>
#include <pthread.h>

#include "ring_rig.h"

#define SIZE	4u
#define BUFFERS 24u
#define SEEDS	25u
#define WINDOW	4096u

enum { DRIVER, DEVICE };

struct sched {
	struct vop_delayed_link link;
	struct rig_rng rng;
	sem_t go[2];
	bool asleep[2], rung[2], done[2];
	bool stop;
	unsigned lost;

	struct vop_drvq drv;
	struct vop_devq dev;
	struct vop_regions rt;
	uint8_t *window[2];
	uint8_t payload[64];
	uint64_t bad;
};

static _Thread_local unsigned me;

static void hand_over(struct sched *s)
{
	sem_post(&s->go[!me]);
	sem_wait(&s->go[me]);
}

static void step(void *arg)
{
	struct sched *s = arg;

	if (rig_below(&s->rng, 16) == 0)
		vop_delayed_pump(&s->link, rig_below(&s->rng, 2), 1 + rig_below(&s->rng, 3));
	if (rig_below(&s->rng, 3) == 0 && !s->asleep[!me] && !s->done[!me])
		hand_over(s);
}

static void ring(struct sched *s)
{
	VOP_MEM_FLUSH();
	s->rung[!me] = true;
	s->asleep[!me] = false;
}

/* Until rung. When both sleep and nobody rang, time passes, all stores arrive, and nobody wakes. */
static void sleep_until_rung(struct sched *s)
{
	while (!s->rung[me]) {
		s->asleep[me] = true;
		if (!s->asleep[!me] && !s->done[!me]) {
			hand_over(s);
			continue;
		}
		s->lost++;
		vop_delayed_pump(&s->link, DRIVER, UINT32_MAX);
		vop_delayed_pump(&s->link, DEVICE, UINT32_MAX);
		s->rung[0] = s->rung[1] = true;
		s->asleep[0] = s->asleep[1] = false;
	}
	s->rung[me] = false;
	s->asleep[me] = false;
}

static void begin(struct sched *s, unsigned who)
{
	me = who;
	sem_wait(&s->go[me]);
	vop_delayed_enter(&s->link, me);
}

static void end(struct sched *s)
{
	vop_delayed_enter(NULL, 0);
	s->done[me] = true;
	sem_post(&s->go[!me]);
}

static void *device(void *arg)
{
	struct sched *s = arg;
	struct vop_elem elem[SIZE];
	struct vop_iov iov[4 * SIZE];
	struct vop_batch b = {.iov_max = 4 * SIZE, .elem = elem, .iov = iov};

	begin(s, DEVICE);
	while (!s->stop) {
		if (vop_devq_pop(&s->dev, &s->rt, &b, 1 + rig_below(&s->rng, SIZE))) {
			vop_devq_push(&s->dev, elem, NULL, b.n);
			if (vop_devq_publish(&s->dev))
				ring(s);
		} else {
			if (!vop_devq_arm(&s->dev))
				sleep_until_rung(s);
			vop_devq_disarm(&s->dev);
		}
	}
	end(s);
	return NULL;
}

static void *driver(void *arg)
{
	struct sched *s = arg;
	uint32_t next = 0, got = 0;

	begin(s, DRIVER);
	while (got < BUFFERS) {
		struct vop_buf b[SIZE];
		struct vop_done done[SIZE];
		uint32_t cookie[SIZE], want = 1 + rig_below(&s->rng, SIZE), n;

		for (uint32_t i = 0; i < SIZE; i++) {
			b[i] = (struct vop_buf){RIG_LOW, sizeof(s->payload)};
			cookie[i] = next + i;
		}
		next += vop_drvq_add(&s->drv, b, cookie, VOP_MIN(want, BUFFERS - next), false);
		if (vop_drvq_publish(&s->drv))
			ring(s);
		n = vop_drvq_get(&s->drv, done, SIZE);
		for (uint32_t i = 0; i < n; i++)
			s->bad += done[i].cookie != got++;
		if (n == 0 && got < BUFFERS) {
			if (!vop_drvq_arm(&s->drv))
				sleep_until_rung(s);
			vop_drvq_disarm(&s->drv);
		}
	}
	s->stop = true;
	ring(s);
	end(s);
	return NULL;
}

/* Where the ring parts lie: node 0 is the driver's, 1 the device's (protocol, "Placement"). */
struct placement {
	const char *name;
	bool packed;
	uint8_t desc, driver, device; /* which node's window */
	bool lossy;		      /* without the rule */
};

static const struct placement placements[] = {
	/* Each look goes over the link or into the memory the peer reads: pushed anyway. */
	{"split, device", false, DEVICE, DEVICE, DEVICE, false},
	{"split, driver", false, DRIVER, DRIVER, DRIVER, false},
	/* Both arm by a posted write and look into their own window. */
	{"split, posted", false, DEVICE, DEVICE, DRIVER, true},
	/* Event structures at their readers: whoever owns the ring arms by a posted write. */
	{"packed, device", true, DEVICE, DEVICE, DRIVER, true},
	{"packed, driver", true, DRIVER, DEVICE, DRIVER, true},
};

/* One schedule. Returns how many wake-ups were lost. */
static unsigned schedule(const struct placement *p, bool event_idx, bool rule, uint64_t seed)
{
	struct sched *s = rig_alloc(sizeof(*s));
	struct vop_ring_features f = {.event_idx = event_idx};
	struct vop_queue_config cfg = {.size = SIZE, .packed = p->packed};
	pthread_t t[2];
	unsigned lost;

	s->window[0] = rig_alloc(WINDOW);
	s->window[1] = rig_alloc(WINDOW);
	vop_delayed_init(&s->link, s->window[0], WINDOW, s->window[1], WINDOW);
	s->link.read_back = rule;
	s->link.step = step;
	s->link.step_arg = s;
	s->rng.s = seed * 0x9e3779b97f4a7c15ull + 1;
	CU_ASSERT_EQUAL(vop_regions_add(&s->rt, RIG_LOW, sizeof(s->payload), s->payload), 0);
	cfg.desc = s->window[p->desc];
	cfg.driver = s->window[p->driver] + 1024;
	cfg.device = s->window[p->device] + 2048;
	cfg.read_back = s->window[DEVICE] + 3072;
	CU_ASSERT_EQUAL_FATAL(vop_drvq_open(&s->drv, &cfg, f, NULL, 0, 0), 0);
	cfg.read_back = s->window[DRIVER] + 3072;
	CU_ASSERT_EQUAL_FATAL(vop_devq_open(&s->dev, &cfg, f), 0);
	sem_init(&s->go[0], 0, 0);
	sem_init(&s->go[1], 0, 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t[DRIVER], NULL, driver, s), 0);
	CU_ASSERT_EQUAL_FATAL(pthread_create(&t[DEVICE], NULL, device, s), 0);
	sem_post(&s->go[rig_below(&s->rng, 2)]);
	pthread_join(t[DRIVER], NULL);
	pthread_join(t[DEVICE], NULL);
	CU_ASSERT_EQUAL(s->bad, 0);
	CU_ASSERT_EQUAL(vop_drvq_broken(&s->drv), VOP_V_NONE);
	CU_ASSERT_EQUAL(vop_devq_broken(&s->dev), VOP_V_NONE);
	lost = s->lost;
	sem_destroy(&s->go[0]);
	sem_destroy(&s->go[1]);
	vop_delayed_fini(&s->link);
	vop_drvq_close(&s->drv);
	free(s->window[0]);
	free(s->window[1]);
	free(s);
	return lost;
}

static void schedules(const struct placement *p, bool rule)
{
	for (unsigned event_idx = 0; event_idx < 2; event_idx++) {
		unsigned lost = 0;
		bool want = p->lossy && !rule;

		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			lost += schedule(p, event_idx, rule, seed);
		if ((lost > 0) != want)
			printf("\n    %s, event_idx %u, rule %u: %u lost\n", p->name, event_idx,
			       rule, lost);
		CU_ASSERT_EQUAL(lost > 0, want);
	}
}

static void none_lost_with_the_rule(void)
{
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(placements); i++)
		schedules(&placements[i], true);
}

static void lost_without_the_rule(void)
{
	for (unsigned i = 0; i < VOP_ARRAY_SIZE(placements); i++)
		schedules(&placements[i], false);
}

/* The link itself: what moves a posted store and what does not. */
static void what_moves_stores(void)
{
	struct vop_delayed_link l;
	uint32_t w[2][16] = {{0}};
	uint8_t buf[11] = "0123456789", back[11] = {0};

	vop_delayed_init(&l, w[0], sizeof(w[0]), w[1], sizeof(w[1]));
	vop_delayed_enter(&l, 0);
	VOP_MEM_ST(&w[0][0], 1); /* own window: at once */
	CU_ASSERT_EQUAL(w[0][0], 1);
	VOP_MEM_ST(&w[1][0], 2);
	VOP_MEM_ST_REL(&w[1][1], 3);
	VOP_MEM_FULL();
	CU_ASSERT_EQUAL(w[1][0], 0);
	CU_ASSERT_EQUAL(VOP_MEM_LD(&w[0][5]), 0); /* a load of the own window pushes nothing */
	CU_ASSERT_EQUAL(w[1][0], 0);
	CU_ASSERT_EQUAL(vop_delayed_pump(&l, 0, 1), 1);
	CU_ASSERT(w[1][0] == 2 && w[1][1] == 0);  /* in order */
	CU_ASSERT_EQUAL(VOP_MEM_LD(&w[1][1]), 3); /* a read over the link pushes */
	VOP_MEM_ST(&w[1][2], 4);
	vop_delayed_enter(&l, 1);
	CU_ASSERT_EQUAL(VOP_MEM_LD(&w[1][2]), 0);
	l.read_back = false;
	VOP_MEM_READ_BACK(&w[0][0]);
	CU_ASSERT_EQUAL(VOP_MEM_LD(&w[1][2]), 0);
	l.read_back = true;
	VOP_MEM_READ_BACK(&w[0][0]); /* its completion comes behind what the other posted */
	CU_ASSERT_EQUAL(VOP_MEM_LD(&w[1][2]), 4);
	vop_delayed_enter(&l, 0);
	VOP_MEM_COPY_TO((uint8_t *)w[1] + 21, buf, sizeof(buf));
	CU_ASSERT_EQUAL(memcmp((uint8_t *)w[1] + 21, buf, sizeof(buf)) == 0, false);
	VOP_MEM_FLUSH();
	CU_ASSERT_EQUAL(memcmp((uint8_t *)w[1] + 21, buf, sizeof(buf)), 0);
	VOP_MEM_COPY_TO((uint8_t *)w[1] + 21, buf + 1, 5);
	VOP_MEM_COPY_FROM(back, (uint8_t *)w[1] + 21, 5);
	CU_ASSERT_EQUAL(memcmp(back, buf + 1, 5), 0);
	/* More than the queue holds: the oldest arrive. */
	for (uint32_t i = 0; i < VOP_DELAYED_QUEUE + 1; i++)
		VOP_MEM_ST(&w[1][3], i + 1);
	CU_ASSERT_EQUAL(w[1][3], 1);
	vop_delayed_enter(NULL, 0);
	vop_delayed_fini(&l);
}

int suite_delayed(void)
{
	CU_pSuite s = CU_add_suite("posted writes", NULL, NULL);

	if (s == NULL)
		return (int)CU_get_error();
	CU_ADD_TEST(s, what_moves_stores);
	CU_ADD_TEST(s, none_lost_with_the_rule);
	CU_ADD_TEST(s, lost_without_the_rule);
	return 0;
}
