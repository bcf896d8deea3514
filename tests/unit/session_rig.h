/* SPDX-License-Identifier: BSD-2-Clause */
/* A target over a shm link and its peer, for tests of sessions. One for each file including it. */
#ifndef TESTS_UNIT_SESSION_RIG_H
#define TESTS_UNIT_SESSION_RIG_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <CUnit/CUnit.h>

#include "target/session.h"
#include "target/vop.h"
#include "tests/target_peer.h"

#define BIT(n) (1ull << (n))

static char dir[64], path[96], uri[112];
static struct peer peer;
static struct target *t;
static struct session s;
static struct vop_error err;

static inline struct peer_config peer_default(void)
{
	return (struct peer_config){
		.path = path,
		.self = VOP_HOST,
		.create = 1,
		.create_id = 1,
		.offer =
			{
				.features = {BIT(5) | BIT(15), BIT(6)},
				.queues = 4,
				.queue_size_max = 100,
				.config_size = 8,
				.pool_size = 1 << 20,
				.notify = VOP_NOTIFY_EVENT,
			},
	};
}

static inline void begin_with(const struct peer_config *pc, uint64_t window)
{
	struct target_config c = {
		.uri = uri,
		.device_id = 1,
		.timeout_ms = PEER_WAIT_MS,
		.self = VOP_ENDPOINT,
		.window_size = window,
		.no_huge = true,
	};
	int r;

	CU_ASSERT_EQUAL_FATAL(peer_start(&peer, pc), 0);
	err.text[0] = '\0';
	r = target_open(&c, &t, &err);
	if (r)
		printf("[%d: %s] ", r, err.text);
	CU_ASSERT_EQUAL_FATAL(r, 0);
}

static inline void names(void)
{
	strcpy(dir, "/tmp/vop-test-session-XXXXXX");
	CU_ASSERT_PTR_NOT_NULL_FATAL(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/link", dir);
	snprintf(uri, sizeof(uri), "vop:%s", path);
}

static inline void begin(void)
{
	struct peer_config pc = peer_default();

	names();
	begin_with(&pc, 4 << 20);
}

static inline void end(void)
{
	target_close(t);
	peer_stop(&peer);
	CU_ASSERT_EQUAL(rmdir(dir), 0);
}

static inline struct session_config config(void)
{
	struct session_config c = {
		.want = {BIT(5) | BIT(VOP_F_EVENT_IDX), 0},
		.queues = 4,
		.queue_use = {true, true, false, true},
	};

	return c;
}

static inline bool one_line(void)
{
	return err.text[0] && !strchr(err.text, '\n');
}

/* What the device is at, asked on its thread. */
struct seen {
	uint8_t status;
	unsigned resets, failed, running;
	uint16_t size[VOP_QUEUES_MAX];
};

static inline void look(struct peer *p, void *arg)
{
	const struct peer_device *pd = &p->dev[0];
	struct seen *o = arg;
	unsigned q;

	*o = (struct seen){
		.status = pd->d ? vop_device_status(pd->d) : 0xff,
		.resets = pd->resets,
		.failed = pd->failed,
	};
	for (q = 0; q < VOP_QUEUES_MAX; q++) {
		o->running += pd->q[q].running;
		o->size[q] = pd->q_size[q];
	}
}

static inline struct seen device(void)
{
	struct seen o = {0};

	CU_ASSERT_TRUE(peer_call(&peer, look, &o));
	return o;
}

#endif
