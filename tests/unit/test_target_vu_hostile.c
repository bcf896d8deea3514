/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The vhost-user: target against a back-end that goes wrong, at every message in every way: a clear
 * error, nothing left behind, and memory that is not used again while the back-end may write to it.
 */
#include <fcntl.h>
#include <sys/socket.h>

#include "tests/unit/target_vu_rig.h"

/* --- every fault at every message --- */

static bool fatal(enum fake_fault fault)
{
	return fault >= FAKE_CLOSE && fault != FAKE_OTHER_RING;
}

static bool expected(int r)
{
	return r == 0 || r == -EPIPE || r == -ETIMEDOUT || r == -EINVAL || r == -EPROTO ||
	       r == -ENOTSUP;
}

/* A whole life: handshake, session, configuration, traffic, end. Messages that took. */
static unsigned life(const struct vhost_fake_config *fc, int *result)
{
	struct session_config sc = session_default();
	struct target_config tc = target_default();
	bool slow = fc->fault == FAKE_SILENT || fc->fault == FAKE_LATE;
	unsigned n;
	uint8_t b[4];
	int r;

	CU_ASSERT_EQUAL_FATAL(vhost_fake_start(&fake, fc), 0);
	tc.timeout_ms = slow ? 2 : RIG_WAIT;
	r = try_target(&tc);
	if (!r) {
		r = session_open(&s, t, &sc, &err);
		if (r)
			CU_ASSERT_TRUE(one_line());
		if (!r) {
			r = t->ops->config_read(t, 0, b, 4, NULL);
			r = r ? r : t->ops->config_write(t, 8, b, 4);
			if (r == -ENOTSUP) /* no configuration space without protocol features */
				r = 0;
			if (!r)
				some_traffic(&s.q[0], 2, slow ? 2 : RIG_WAIT);
			session_close(&s);
		}
		/* What is there to be noticed is there by now. */
		vhost_fake_call(&fake, NULL, NULL);
		r = r ? r : t->ops->service(t);
		if (t->ops->lost_reason(t)) {
			CU_ASSERT_EQUAL(t->ops->service(t), -EPIPE);
			CU_ASSERT_EQUAL(lost, 1);
			all_gone(t);
			CU_ASSERT_EQUAL(lost, 1);
			r = -EPIPE;
		} else {
			CU_ASSERT_EQUAL(lost, 0);
		}
		target_close(t);
		t = NULL;
	}
	vhost_fake_call(&fake, NULL, NULL);
	n = fake.logged;
	vhost_fake_stop(&fake);
	*result = r;
	return n;
}

static void each_message(uint64_t features_off, uint64_t protocol)
{
	struct vhost_fake_config fc;
	unsigned n, at;
	int r;

	names();
	fc = fake_default();
	fc.features &= ~features_off;
	fc.protocol = protocol;
	n = life(&fc, &r);
	CU_ASSERT_EQUAL_FATAL(r, 0);
	nothing_left();
	for (fc.fault = FAKE_REFUSE; (unsigned)fc.fault < FAKE_FAULTS; fc.fault++)
		for (at = 1; at <= n; at++) {
			names();
			fc.at = at;
			fc.path = path;
			life(&fc, &r);
			if (!expected(r) || (fatal(fc.fault) && r == 0))
				printf("[fault %u at %u of %u: %d %s] ", fc.fault, at, n, r,
				       err.text);
			CU_ASSERT_TRUE(expected(r) && (r != 0 || !fatal(fc.fault)));
			if (fc.fault == FAKE_CLOSE || fc.fault == FAKE_CUT)
				CU_ASSERT_EQUAL(r, -EPIPE);
			nothing_left();
		}
}

static void test_each_message(void)
{
	each_message(0, PF_ALL);
}

static void test_each_message_plain(void)
{
	each_message(BIT(VOP_VU_F_PROTOCOL_FEATURES), 0);
}

/* --- answers --- */

/* A request with an answer, and what becomes of it. */
static void one_answer(uint32_t request, enum fake_fault fault, int want, const char *words)
{
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t b[4] = {0};
	int r = 0;

	names();
	fc = fake_default();
	tc = target_default();
	fc.fault = fault;
	fc.request = request;
	begin_with(&fc, &tc);
	if (request == VOP_VU_GET_STATUS)
		r = t->ops->get_status(t, b);
	if (request == VOP_VU_GET_CONFIG)
		r = t->ops->config_read(t, 0, b, 4, NULL);
	if (request == VOP_VU_SET_CONFIG)
		r = t->ops->config_write(t, 0, b, 4);
	CU_ASSERT_EQUAL(r, want);
	if (want == -EPIPE) {
		CU_ASSERT_EQUAL(lost, 1);
		all_gone(t);
		if (!strstr(t->ops->lost_reason(t), words))
			printf("[%s] ", t->ops->lost_reason(t));
		CU_ASSERT_PTR_NOT_NULL(strstr(t->ops->lost_reason(t), words));
	} else {
		CU_ASSERT_EQUAL(t->ops->service(t), 0);
	}
	CU_ASSERT_EQUAL(lost, want == -EPIPE);
	end();
}

static void test_answers(void)
{
	static const uint32_t requests[] = {VOP_VU_GET_STATUS, VOP_VU_GET_CONFIG,
					    VOP_VU_SET_CONFIG};
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(requests); i++) {
		uint32_t q = requests[i];

		one_answer(q, FAKE_CLOSE, -EPIPE, "closed the connection after");
		one_answer(q, FAKE_CUT, -EPIPE, "breaks off");
		one_answer(q, FAKE_OTHER, -EPIPE, "an answer to request 1");
		one_answer(q, FAKE_SHORT, -EPIPE, "short");
		one_answer(q, FAKE_LONG, -EPIPE, "longer");
		one_answer(q, FAKE_HUGE, -EPIPE, "longer");
		one_answer(q, FAKE_VERSION, -EPIPE, "another version");
		one_answer(q, FAKE_REQUEST, -EPIPE, "a request where an answer was due");
		one_answer(q, FAKE_FDS_MANY, -EPIPE, "descriptors");
	}
	one_answer(VOP_VU_GET_STATUS, FAKE_FDS, -EPIPE, "descriptors that do not belong");
	one_answer(VOP_VU_SET_CONFIG, FAKE_FDS, -EPIPE, "descriptors that do not belong");
	one_answer(VOP_VU_GET_STATUS, FAKE_EMPTY, -EPIPE, "short");
	one_answer(VOP_VU_SET_CONFIG, FAKE_EMPTY, -EPIPE, "short");
	one_answer(VOP_VU_GET_CONFIG, FAKE_FDS, -EPIPE, "descriptors that do not belong");
	one_answer(VOP_VU_GET_CONFIG, FAKE_EMPTY, -EINVAL, "");
	one_answer(VOP_VU_SET_CONFIG, FAKE_REFUSE, -EINVAL, "");
}

/* What nobody asked for. */
static void test_unasked(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t status;

	names();
	fc = fake_default();
	tc = target_default();
	fc.fault = FAKE_TWICE;
	fc.request = VOP_VU_GET_STATUS;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	vhost_fake_call(&fake, NULL, NULL);
	CU_ASSERT_EQUAL(lost, 0);
	CU_ASSERT_EQUAL(t->ops->service(t), -EPIPE);
	CU_ASSERT_EQUAL(lost, 1);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->ops->lost_reason(t), "not asked"));
	all_gone(t);
	end();
}

/* Who registers late is told late, and once. */
static void test_lost_once(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t status;

	names();
	fc = fake_default();
	tc = target_default();
	fc.fault = FAKE_CLOSE;
	fc.request = VOP_VU_GET_STATUS;
	begin_with(&fc, &tc);
	t->ops->on_lost(t, NULL, NULL);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), -EPIPE);
	CU_ASSERT_EQUAL(lost, 0);
	t->ops->on_lost(t, count_loss, NULL);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), -EPIPE);
	CU_ASSERT_EQUAL(lost, 1);
	all_gone(t);
	CU_ASSERT_EQUAL(lost, 1);
	end();
}

/* The words of an error name what was refused or not answered. */
static void test_words(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;

	names();
	fc = fake_default();
	tc = target_default();
	fc.fault = FAKE_REFUSE;
	fc.request = VOP_VU_ADD_MEM_REG;
	CU_ASSERT_EQUAL_FATAL(vhost_fake_start(&fake, &fc), 0);
	CU_ASSERT_EQUAL(try_target(&tc), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "refuses ADD_MEM_REG"));
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, path));
	end();
	names();
	fc.path = path;
	fc.fault = FAKE_SILENT;
	fc.request = VOP_VU_GET_FEATURES;
	tc.timeout_ms = RIG_SOON;
	CU_ASSERT_EQUAL_FATAL(vhost_fake_start(&fake, &fc), 0);
	CU_ASSERT_EQUAL(try_target(&tc), -ETIMEDOUT);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "does not answer GET_FEATURES"));
	end();
	names();
	fc.path = path;
	fc.fault = FAKE_SHORT;
	fc.request = VOP_VU_SET_OWNER;
	tc.timeout_ms = RIG_WAIT;
	CU_ASSERT_EQUAL_FATAL(vhost_fake_start(&fake, &fc), 0);
	CU_ASSERT_EQUAL(try_target(&tc), -EPIPE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "answers SET_OWNER with"));
	end();
}

/* --- late, or never --- */

/* An answer that does not come is waited for shortly, every other one as long as it takes. */
static void be_short(void)
{
	CU_ASSERT_EQUAL(target_vhost_user_wait(t, RIG_SOON), 0);
}

static void be_patient(void)
{
	CU_ASSERT_EQUAL(target_vhost_user_wait(t, RIG_WAIT), 0);
}

static void begin_slow(enum fake_fault fault, uint32_t request)
{
	struct vhost_fake_config fc;
	struct target_config tc;

	names();
	fc = fake_default();
	tc = target_default();
	fc.fault = fault;
	fc.request = request;
	begin_with(&fc, &tc);
}

static void give_status(struct vhost_fake *f, void *arg)
{
	f->cfg.fault = FAKE_SOUND;
	f->status = *(uint8_t *)arg;
}

/* A late answer does not pass for the answer to the next request of its kind. */
static void test_late(void)
{
	uint8_t status = 0, seven = 7;
	unsigned n;

	begin_slow(FAKE_LATE, VOP_VU_GET_STATUS);
	be_short();
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), -ETIMEDOUT);
	vhost_fake_call(&fake, NULL, NULL);
	n = fake.logged;
	/* As long as it is owed nothing else is asked. */
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), -ETIMEDOUT);
	vhost_fake_call(&fake, give_status, &seven);
	CU_ASSERT_EQUAL(fake.logged, n);
	vhost_fake_call(&fake, vhost_fake_release, NULL);
	be_patient();
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 7);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	CU_ASSERT_EQUAL(lost, 0);
	end();
	/* Or it comes while nobody waits for anything. */
	begin_slow(FAKE_LATE, VOP_VU_SET_STATUS);
	be_short();
	CU_ASSERT_EQUAL(t->ops->set_status(t, 1), -ETIMEDOUT);
	vhost_fake_call(&fake, give_status, &seven);
	vhost_fake_call(&fake, vhost_fake_release, NULL);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	CU_ASSERT_EQUAL(lost, 0);
	be_patient();
	CU_ASSERT_EQUAL(t->ops->set_status(t, 1), 0);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(status, 1);
	end();
	/* Late again: owed again, and nothing else is asked. */
	begin_slow(FAKE_LATE, VOP_VU_SET_STATUS);
	be_short();
	CU_ASSERT_EQUAL(t->ops->set_status(t, 1), -ETIMEDOUT);
	vhost_fake_call(&fake, vhost_fake_release, NULL);
	CU_ASSERT_EQUAL(t->ops->set_status(t, 3), -ETIMEDOUT);
	CU_ASSERT_EQUAL(t->ops->config_write(t, 8, "abcd", 4), -ETIMEDOUT);
	end();
}

static void sound(struct vhost_fake *f, void *arg)
{
	(void)arg;
	f->cfg.fault = FAKE_SOUND;
	vhost_fake_release(f, NULL);
}

/*
 * A ring that is not known to have stopped: its memory is not handed out a second time, whatever is
 * tried; once it has stopped all is well again.
 */
static void test_reset_unanswered(void)
{
	struct session_config sc = session_default();
	uint64_t bus, size = RIG_WINDOW * 3 / 4;
	unsigned asked, i;

	begin_slow(FAKE_LATE, VOP_VU_GET_VRING_BASE);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(t->ops->alloc(t, VOP_AT_DRIVER, size, 64, &bus));
	be_short();
	session_close(&s);
	vhost_fake_call(&fake, NULL, NULL);
	asked = fake.logged;
	for (i = 0; i < 3; i++) {
		CU_ASSERT_EQUAL(t->ops->set_status(t, 0), -ETIMEDOUT);
		CU_ASSERT_PTR_NULL(t->ops->alloc(t, VOP_AT_DRIVER, size, 64, &bus));
	}
	CU_ASSERT_EQUAL(session_open(&s, t, &sc, &err), -ETIMEDOUT);
	CU_ASSERT_TRUE(one_line());
	vhost_fake_call(&fake, NULL, NULL);
	CU_ASSERT_EQUAL(fake.logged, asked);
	CU_ASSERT_EQUAL(lost, 0);
	vhost_fake_call(&fake, sound, NULL);
	be_patient();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	CU_ASSERT_PTR_NOT_NULL(t->ops->alloc(t, VOP_AT_DRIVER, size, 64, &bus));
	traffic(&s.q[0]);
	traffic(&s.q[1]);
	session_close(&s);
	end();
}

/* The rings have stopped, only the reset itself is refused: memory is free, the error is told. */
static void test_reset_refused(void)
{
	struct session_config sc = session_default();
	uint64_t bus, size = RIG_WINDOW * 3 / 4;
	struct vhost_fake_config fc;
	struct target_config tc;

	names();
	fc = fake_default();
	tc = target_default();
	fc.protocol &= ~BIT(VOP_VU_PF_STATUS);
	fc.fault = FAKE_REFUSE;
	fc.request = VOP_VU_RESET_DEVICE;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(t->ops->set_status(t, 3), 0);
	CU_ASSERT_PTR_NOT_NULL(t->ops->alloc(t, VOP_AT_DRIVER, size, 64, &bus));
	CU_ASSERT_EQUAL(t->ops->set_status(t, 0), -EINVAL);
	CU_ASSERT_PTR_NOT_NULL(t->ops->alloc(t, VOP_AT_DRIVER, size, 64, &bus));
	vhost_fake_call(&fake, sound, NULL);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	session_close(&s);
	end();
}

static void test_other_ring(void)
{
	struct session_config sc = session_default();

	begin_slow(FAKE_OTHER_RING, VOP_VU_GET_VRING_BASE);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	session_close(&s);
	CU_ASSERT_EQUAL(lost, 1);
	all_gone(t);
	CU_ASSERT_PTR_NOT_NULL(strstr(t->ops->lost_reason(t), "ring 1"));
	end();
}

/* The descriptors that a queue listens to are the back-end's as well: nothing waits in them, or the
 * run is seen to hang. */
static void test_blocking_calls(void)
{
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;

	names();
	fc = fake_default();
	tc = target_default();
	fc.call_blocks = true;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[0]);
	session_close(&s);
	end();
}

/* Closing waits once, not for each queue: it ends in time, or the run is seen to hang. */
static void test_close_unanswered(void)
{
	struct session_config sc = session_default();
	unsigned n;

	begin_slow(FAKE_SILENT, VOP_VU_GET_VRING_BASE);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	vhost_fake_call(&fake, NULL, NULL);
	n = fake.logged;
	be_short();
	target_close(t);
	t = NULL;
	vhost_fake_call(&fake, NULL, NULL);
	CU_ASSERT_EQUAL(fake.logged, n + 1);
	s.t = NULL; /* it outlived its target; its private memory is left */
	session_close(&s);
	end();
}

/* --- odd contents --- */

static void test_config_size(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t b[4] = {9, 9, 9, 9};

	names();
	fc = fake_default();
	tc = target_default();
	fc.config_other = true;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(t->ops->config_read(t, 0, b, 4, NULL), -EINVAL);
	CU_ASSERT_EQUAL(memcmp(b, "\x9\x9\x9\x9", 4), 0);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	end();
}

static void test_inflight(void)
{
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;
	unsigned i, set;

	for (i = FAKE_BOOKS; i <= FAKE_ODD_BOOKS; i++) {
		names();
		fc = fake_default();
		tc = target_default();
		fc.inflight = i;
		begin_with(&fc, &tc);
		CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
		traffic(&s.q[0]);
		session_close(&s);
		vhost_fake_call(&fake, NULL, NULL);
		for (set = 0; fake.logged && fake.log[fake.logged - 1].h.request; fake.logged--)
			if (fake.log[fake.logged - 1].h.request == VOP_VU_SET_INFLIGHT_FD) {
				set++;
				CU_ASSERT_EQUAL(fake.log[fake.logged - 1].fds, 1);
			}
		CU_ASSERT_EQUAL(set, i == FAKE_NO_BOOKS ? 0 : 1);
		end();
	}
}

/* --- the back-end's own requests --- */

static void put_garbage(struct vhost_fake *f, void *arg)
{
	const struct vop_vu_msg *m = arg;

	if (f->back >= 0)
		CU_ASSERT_EQUAL(send(f->back, m->bytes, m->h.size, MSG_NOSIGNAL),
				(ssize_t)m->h.size);
}

/* Has the front-end closed its end of the back-end's channel? */
static void is_closed(struct vhost_fake *f, void *arg)
{
	char c;

	*(bool *)arg = recv(f->back, &c, 1, MSG_PEEK | MSG_DONTWAIT) == 0 || errno == ECONNRESET;
}

/* The channel is closed, the device goes on. */
static void test_garbage(void)
{
	static const uint32_t heads[][3] = {
		{2, 0, 0},	    /* version 0 */
		{2, 5, 0},	    /* an answer */
		{2, 1, UINT32_MAX}, /* a long one */
		{4, 1, 4},	    /* a short one */
		{0xffffffff, 0xffffffff, 0xffffffff},
	};
	struct session_config sc = session_default();
	struct vop_vu_msg m = {0};
	bool closed;
	unsigned i;

	for (i = 0; i < VOP_ARRAY_SIZE(heads); i++) {
		begin();
		CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
		memcpy(m.bytes, heads[i], 12);
		m.h.size = 16;
		vhost_fake_call(&fake, put_garbage, &m);
		CU_ASSERT_EQUAL(t->ops->service(t), 0);
		CU_ASSERT_EQUAL(t->ops->events(t), 0);
		vhost_fake_call(&fake, is_closed, &closed);
		CU_ASSERT_TRUE(closed);
		traffic(&s.q[0]);
		session_close(&s);
		CU_ASSERT_EQUAL(lost, 0);
		end();
	}
}

static void with_descriptors(struct vhost_fake *f, void *arg)
{
	struct vop_vu_msg m = {.h = {3, VOP_VU_VERSION, 24}, .fds = *(unsigned *)arg};
	unsigned i;

	for (i = 0; i < m.fds; i++)
		m.fd[i] = f->back;
	vop_vu_send(f->back, &m, 0);
}

static void test_back_descriptors(void)
{
	unsigned n, fds;

	for (n = 0; n <= VOP_VU_FDS; n++) {
		begin();
		vhost_fake_call(&fake, NULL, NULL);
		fds = leaks_now().fds;
		vhost_fake_call(&fake, with_descriptors, &n);
		CU_ASSERT_EQUAL(t->ops->service(t), 0);
		/* Not taken; two are worth closing the channel. */
		CU_ASSERT_EQUAL(leaks_now().fds, n > 1 ? fds - 1 : fds);
		end();
	}
}

static void flood(struct vhost_fake *f, void *arg)
{
	struct vop_vu_msg m = {
		.h = {VOP_VU_BACKEND_CONFIG_CHANGE, VOP_VU_VERSION | VOP_VU_NEED_REPLY, 0}};
	int small = 4096;

	*(int *)arg = 0;
	setsockopt(f->back, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
	while (vop_vu_send(f->back, &m, 0) == 0)
		++*(int *)arg;
}

/* A back-end that asks and does not listen: service never blocks. */
static void test_flood(void)
{
	uint8_t status;
	int n = 1, rounds;

	begin();
	for (rounds = 0; n && rounds < 1000; rounds++) {
		vhost_fake_call(&fake, flood, &n);
		CU_ASSERT_EQUAL(t->ops->service(t), 0);
	}
	CU_ASSERT_EQUAL(n, 0); /* it was closed at last */
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(lost, 0);
	end();
}

/* It asks before it answers, and waits: so does nobody. */
static void test_asks_first(void)
{
	struct vhost_fake_config fc;
	struct target_config tc;
	uint8_t status;

	names();
	fc = fake_default();
	tc = target_default();
	fc.request = VOP_VU_GET_STATUS;
	fc.asks_first = true;
	begin_with(&fc, &tc);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	vhost_fake_call(&fake, NULL, NULL);
	CU_ASSERT_EQUAL(fake.ack, 0);
	CU_ASSERT_EQUAL(t->ops->events(t), TARGET_EVENT_CONFIG);
	end();
}

static void drop_back(struct vhost_fake *f, void *arg)
{
	(void)arg;
	close(f->back);
	f->back = -1;
}

static void test_back_gone(void)
{
	uint8_t status;

	begin();
	vhost_fake_call(&fake, drop_back, NULL);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	CU_ASSERT_EQUAL(lost, 0);
	end();
}

/* --- descriptors that both hold --- */

static void make_blocking(int fd)
{
	CU_ASSERT_EQUAL(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK), 0);
}

static void blocking_queues(struct vhost_fake *f, void *arg)
{
	(void)arg;
	make_blocking(f->q[0].err_fd);
	make_blocking(f->q[0].kick_fd);
	make_blocking(f->q[0].call_fd);
}

static void ring_err(struct vhost_fake *f, void *arg)
{
	uint64_t one = 1;

	(void)arg;
	CU_ASSERT_EQUAL(write(f->q[0].err_fd, &one, sizeof(one)), 8);
}

static void test_blocking_descriptors(void)
{
	struct session_config sc = session_default();
	uint8_t status;
	uint32_t e;

	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	vhost_fake_call(&fake, blocking_queues, NULL);
	CU_ASSERT_EQUAL(t->ops->service(t), 0);
	CU_ASSERT_EQUAL(t->ops->events(t), 0);
	CU_ASSERT_EQUAL(t->ops->get_status(t, &status), 0);
	traffic(&s.q[0]);
	vhost_fake_call(&fake, ring_err, NULL);
	CU_ASSERT_EQUAL(until(&e), 0);
	CU_ASSERT_EQUAL(e, TARGET_EVENT_NEEDS_RESET);
	session_close(&s);
	end();
}

static void fill_kick(struct vhost_fake *f, void *arg)
{
	uint64_t most = UINT64_MAX - 1;

	(void)arg;
	f->q[0].running = false; /* nobody takes it out again */
	CU_ASSERT_EQUAL(write(f->q[0].kick_fd, &most, sizeof(most)), 8);
	make_blocking(f->q[0].kick_fd);
}

static void test_full_kick(void)
{
	struct session_config sc = session_default();
	unsigned i;

	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	vhost_fake_call(&fake, fill_kick, NULL);
	for (i = 0; i < 3; i++)
		CU_ASSERT_EQUAL(vop_doorbell_ring(s.q[0].cfg.kick), 0);
	CU_ASSERT_EQUAL(s.q[0].cfg.kick->dropped, 3);
	/* The guard watches over what no look beforehand can prevent. */
	CU_ASSERT_PTR_NOT_NULL(s.q[0].cfg.kick->watch);
	session_close(&s);
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[0]);
	session_close(&s);
	end();
}

/* --- the end of it --- */

static void test_gone_at_traffic(void)
{
	struct session_config sc = session_default();
	uint32_t e;

	begin();
	CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
	traffic(&s.q[0]);
	vhost_fake_stop(&fake);
	CU_ASSERT_EQUAL(until(&e), -EPIPE);
	CU_ASSERT_EQUAL(lost, 1);
	/* The rings' memory and the doorbells stay until the close. */
	CU_ASSERT_EQUAL(vop_doorbell_ring(s.q[0].cfg.kick), 0);
	all_gone(t);
	session_close(&s);
	CU_ASSERT_EQUAL(session_open(&s, t, &sc, &err), -EPIPE);
	CU_ASSERT_PTR_NOT_NULL(strstr(err.text, "closed the connection"));
	target_close(t);
	nothing_left();
}

/* Again and again, by a back-end that is not tired of it. */
static void test_reconnect(void)
{
	struct session_config sc = session_default();
	struct vhost_fake_config fc;
	struct target_config tc;
	unsigned i;

	names();
	fc = fake_default();
	tc = target_default();
	CU_ASSERT_EQUAL_FATAL(vhost_fake_start(&fake, &fc), 0);
	for (i = 0; i < 30; i++) {
		CU_ASSERT_EQUAL_FATAL(try_target(&tc), 0);
		if (i & 1) {
			CU_ASSERT_EQUAL_FATAL(session_open(&s, t, &sc, &err), 0);
			traffic(&s.q[0]);
		}
		if (i & 2)
			session_close(&s);
		target_close(t);
		/* As above. */
		if (i & 1 && !(i & 2)) {
			s.t = NULL;
			session_close(&s);
		}
	}
	vhost_fake_call(&fake, NULL, NULL);
	CU_ASSERT_EQUAL(fake.accepted, 30);
	t = NULL;
	end();
}

int suite_target_vu_hostile(void)
{
	static const struct {
		const char *name;
		void (*fn)(void);
	} tests[] = {
		{"answers", test_answers},
		{"answers nobody asked for", test_unasked},
		{"lost once", test_lost_once},
		{"words of errors", test_words},
		{"late answers", test_late},
		{"reset without an answer", test_reset_unanswered},
		{"reset refused", test_reset_refused},
		{"another ring stops", test_other_ring},
		{"calls that block", test_blocking_calls},
		{"close without an answer", test_close_unanswered},
		{"configuration of another size", test_config_size},
		{"in-flight books", test_inflight},
		{"garbage on the back-end's channel", test_garbage},
		{"descriptors on the back-end's channel", test_back_descriptors},
		{"flood on the back-end's channel", test_flood},
		{"a question before the answer", test_asks_first},
		{"the back-end's channel goes", test_back_gone},
		{"descriptors made to block", test_blocking_descriptors},
		{"a full kick", test_full_kick},
		{"gone while the rings run", test_gone_at_traffic},
		{"reconnect", test_reconnect},
		{"every fault at every message", test_each_message},
		{"every fault without protocol features", test_each_message_plain},
	};
	CU_pSuite suite = CU_add_suite("target_vu_hostile", NULL, NULL);
	unsigned i;

	for (i = 0; suite && i < VOP_ARRAY_SIZE(tests); i++)
		CU_add_test(suite, tests[i].name, tests[i].fn);
	return CU_get_error();
}
