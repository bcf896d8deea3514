/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * `run net --chaos N`: during traffic in both directions one of the two processes, chosen at
 * random, is killed with SIGKILL; the other must notice within a second; the killed one is started
 * again, the link is joined anew, the device is reset, and traffic goes on. After each kill the
 * books, which lie outside both processes, must hold: what came back to the driver as used had been
 * verified by the device, and no frame was lost, doubled or altered.
 */
#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/net_run.h"

#define NOTICE_MS 1000

/* Small, repeatable, good enough to choose moments: xorshift. */
static uint64_t next_random(uint64_t *s)
{
	*s ^= *s << 13;
	*s ^= *s >> 7;
	*s ^= *s << 17;
	return *s;
}

/* Descriptors a process holds; -1 when that cannot be seen. */
static int count_fds(pid_t pid)
{
	char path[64];
	DIR *d;
	int n = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	d = opendir(path);
	if (d == NULL)
		return -1;
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* The survivor says that the link is gone. Milliseconds it took, or -1. */
static int wait_notice(struct net_run *n, enum bench_side side)
{
	uint64_t since = clock_ns();
	struct agent_answer ans;

	for (;;) {
		struct pollfd p = {.fd = n->c.agent[side].ctl, .events = POLLIN};
		int ms = (int)((clock_ns() - since) / 1000000u);

		if (ms > NOTICE_MS)
			return -1;
		if (poll(&p, 1, NOTICE_MS - ms + 1) > 0 &&
		    recv(p.fd, &ans, sizeof(ans), MSG_DONTWAIT) == (ssize_t)sizeof(ans) &&
		    ans.op == AGENT_LOST)
			return (int)((clock_ns() - since) / 1000000u);
	}
}

static int check(struct net_run *n, unsigned kill_no, uint64_t *delivered)
{
	const struct shared *sh = n->c.sh;

	for (unsigned i = 0; i < n->o.devices * n->o.queues; i++) {
		uint64_t completed = atomic_load(&sh->lane[0][i].completed);
		uint64_t got = atomic_load(&sh->lane[0][i].delivered);

		*delivered += got + atomic_load(&sh->lane[1][i].delivered);
		if (completed > got) {
			snprintf(n->err.text, sizeof(n->err.text),
				 "kill %u: lane %u: %llu frames came back as used, only %llu had "
				 "been verified",
				 kill_no, i, (unsigned long long)completed,
				 (unsigned long long)got);
			return -EBADMSG;
		}
		for (unsigned d = 0; d < 2; d++) {
			const struct lane_count *l = &sh->lane[d][i];
			uint64_t wrong = atomic_load(&l->lost) + atomic_load(&l->doubled) +
					 atomic_load(&l->altered);

			if (wrong) {
				snprintf(
					n->err.text, sizeof(n->err.text),
					"kill %u: lane %u %s: %llu frames lost, doubled or altered",
					kill_no, i, d ? "rx" : "tx", (unsigned long long)wrong);
				return -EBADMSG;
			}
		}
	}
	return 0;
}

static int one_kill(struct net_run *n, unsigned no, uint64_t *seed, uint64_t *delivered,
		    int *slowest)
{
	struct job work = net_run_job(n, NET_BOTH, (uint32_t)n->o.size.v[0]);
	enum bench_side victim = next_random(seed) & 1 ? SIDE_DEVICE : SIDE_DRIVER;
	struct vop_error ignored;
	int e, ms;

	work.run_ns = 30000000000ull;
	work.slice_ns = 0;
	coord_plan_begin(&n->c, &work, 1);
	usleep((useconds_t)(next_random(seed) % 40000));
	kill(n->c.agent[victim].pid, SIGKILL);
	ms = wait_notice(n, !victim);
	e = coord_plan_end(&n->c, 5000, &ignored);
	if (e != -ECHILD) {
		snprintf(n->err.text, sizeof(n->err.text), "kill %u: the survivor's worker hangs",
			 no);
		return -ETIMEDOUT;
	}
	if (ms < 0) {
		snprintf(n->err.text, sizeof(n->err.text),
			 "kill %u of the %s: the other did not notice within %d ms", no,
			 victim == SIDE_DRIVER ? "driver" : "device", NOTICE_MS);
		return -ETIMEDOUT;
	}
	*slowest = VOP_MAX(*slowest, ms);
	e = check(n, no, delivered);
	if (e)
		return e;
	n->c.died[0] = '\0';
	e = coord_spawn(&n->c, victim, &n->err);
	if (e == 0)
		e = net_run_open(n);
	return e ? e : net_run_session(n, (uint32_t)n->o.size.v[0]);
}

int net_run_chaos(struct net_run *n)
{
	uint64_t seed = clock_ns() | 1, first_seed = seed, delivered = 0;
	int slowest = 0, fds[SIDES], now[SIDES];
	int e = net_run_open(n);

	n->opened = e == 0;
	if (e == 0)
		e = net_run_session(n, (uint32_t)n->o.size.v[0]);
	for (unsigned s = 0; s < SIDES; s++)
		fds[s] = count_fds(n->c.agent[s].pid);
	for (unsigned i = 1; i <= n->o.chaos && e == 0; i++) {
		progress_update(&n->progress, i, (unsigned)n->o.chaos, "kill %u of %u", i,
				(unsigned)n->o.chaos);
		e = one_kill(n, i, &seed, &delivered, &slowest);
		for (unsigned s = 0; s < SIDES && e == 0; s++) {
			now[s] = count_fds(n->c.agent[s].pid);
			if (now[s] > fds[s] + 4) {
				snprintf(n->err.text, sizeof(n->err.text),
					 "kill %u: the %s's process holds %d descriptors, %d at "
					 "the start",
					 i, s == SIDE_DRIVER ? "driver" : "device", now[s], fds[s]);
				e = -EMFILE;
				n->books_wrong = true;
			}
		}
	}
	progress_end(&n->progress);
	n->books_wrong |= e == -EBADMSG || e == -ETIMEDOUT;
	if (e == 0)
		printf("%llu kills: the survivor noticed within %d ms each time and took the "
		       "restarted peer back; %llu frames delivered, "
		       "none lost, doubled or altered, none reported as used before it was "
		       "verified\n",
		       (unsigned long long)n->o.chaos, slowest, (unsigned long long)delivered);
	else
		fprintf(stderr, "vop-bench: chaos seed %llu\n", (unsigned long long)first_seed);
	return e;
}
