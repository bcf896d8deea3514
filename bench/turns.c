/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "bench/turns.h"

static void signal_workers(const struct coord *c, int sig)
{
	for (unsigned s = 0; s < SIDES; s++)
		if (c->agent[s].pid > 0)
			kill(c->agent[s].pid, sig);
}

/* A number for what a job measures: what tells cases of one run apart (FNV-1a). */
static uint32_t case_of(const struct job *j)
{
	const uint64_t what[] = {j->kind,      j->from,	 j->bytes,  j->stride,
				 j->slots,     j->batch, j->packed, j->in_order,
				 j->event_idx, j->rate,	 j->pattern};
	uint32_t h = 2166136261u;

	for (unsigned i = 0; i < VOP_ARRAY_SIZE(what); i++)
		for (unsigned k = 0; k < 64; k += 8)
			h = (h ^ (uint8_t)(what[i] >> k)) * 16777619u;
	return h ? h : 1;
}

static int wait_for_answer(int fd, struct vop_error *err)
{
	char said;

	while (!coord_interrupted()) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 1000) <= 0)
			continue;
		if (recv(fd, &said, 1, MSG_DONTWAIT) == 1 &&
		    (said == TURNS_GO || said == TURNS_SKIP || said == TURNS_OVER))
			return said;
		snprintf(err->text, sizeof(err->text), "the run this one takes turns with is gone");
		return -ECANCELED;
	}
	snprintf(err->text, sizeof(err->text), "interrupted");
	return -EINTR;
}

int turns_wait(struct coord *c, const struct job *next, struct vop_error *err)
{
	struct coord_turns *t = &c->turns;
	struct turns_question q = {.version = TURNS_VERSION,
				   .next = case_of(next),
				   .pass = t->pass,
				   .last = t->last,
				   .fit = t->fit,
				   .value = t->value,
				   .rtt_ns = t->rtt_ns};
	int answer;

	if (t->fd <= 0)
		return 0;
	if (t->over)
		return 1;
	t->last = 0;
	signal_workers(c, SIGSTOP);
	/* Whether it arrives shows in the answer. */
	send(t->fd, &q, sizeof(q), MSG_NOSIGNAL);
	answer = wait_for_answer(t->fd, err);
	signal_workers(c, SIGCONT);
	t->over = answer == TURNS_OVER;
	return answer < 0 ? answer : answer != TURNS_GO;
}

int turns_start(struct coord *c, const char *id, unsigned pass, unsigned sides,
		const int cpu[SIDES], bool yield, struct vop_error *err)
{
	struct coord_turns t = c->turns;
	int e = coord_start(c, sides, cpu, yield, err);

	c->turns = t;
	c->turns.fd = id ? TURNS_FD : 0;
	c->turns.pass = pass;
	return e;
}

void turns_measured(struct coord *c, const struct job *j, double value, double rtt_ns, bool fit)
{
	c->turns.last = case_of(j);
	c->turns.value = value;
	c->turns.rtt_ns = rtt_ns;
	c->turns.fit = fit;
}
