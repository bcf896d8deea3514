/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/clock.h"
#include "bench/coord.h"

static volatile sig_atomic_t interrupted; /* a signal handler has nowhere else to put it */

static void on_signal(int sig)
{
	(void)sig;
	interrupted = 1;
}

void coord_catch_signals(void)
{
	struct sigaction sa = {.sa_handler = on_signal};

	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGHUP, &sa, NULL);
}

bool coord_interrupted(void)
{
	return interrupted;
}

static const char *side_name(enum bench_side side)
{
	return side == SIDE_DRIVER ? "driver" : "device";
}

static const char *job_name(uint32_t kind)
{
	static const char *const names[] = {
		[JOB_PROBE] = "probing the round trip",
		[JOB_LINE] = "measuring the line rate",
		[JOB_DUPLEX] = "measuring the line rate both ways",
		[JOB_WAKE] = "measuring wake-ups",
		[JOB_COPY] = "measuring copies",
		[JOB_TX] = "transmit",
		[JOB_RX] = "receive",
		[JOB_BOTH] = "both directions",
		[JOB_ECHO] = "round trips",
		[JOB_RING] = "the bare ring",
		[JOB_IDLE] = "idling",
		[JOB_BLK] = "requests",
		[JOB_BLK_FILL] = "writing the whole span",
		[JOB_BLK_CHECK] = "reading the whole span",
		[JOB_DRAIN] = "letting the device drain full rings",
	};

	return kind < VOP_ARRAY_SIZE(names) && names[kind] ? names[kind] : "a job";
}

/* Errors of jobs in the words of what went wrong. */
static const char *job_error(int e)
{
	switch (e) {
	case -EBADMSG:
		return "bytes arrived that were not sent";
	case -ETIMEDOUT:
		return "the other side did not give back what it was given within 3 s";
	case -EPROTO:
		return "the other side broke the protocol";
	case -ECANCELED:
		return "cut short, the link went down";
	default:
		return strerror(-e);
	}
}

/* Has an agent died? Notes how. */
static bool reap(struct coord *c, enum bench_side side)
{
	struct coord_agent *a = &c->agent[side];
	int status;

	if (a->pid <= 0 || waitpid(a->pid, &status, WNOHANG) != a->pid)
		return false;
	if (WIFSIGNALED(status))
		snprintf(c->died, sizeof(c->died), "the %s's process (%d) was killed by signal %d",
			 side_name(side), (int)a->pid, WTERMSIG(status));
	else
		snprintf(c->died, sizeof(c->died), "the %s's process (%d) ended with status %d",
			 side_name(side), (int)a->pid, WEXITSTATUS(status));
	a->pid = 0;
	close(a->ctl);
	a->ctl = -1;
	return true;
}

static void move_fd(int from, int to)
{
	/* `to` is below 10 and `from` above it: coord_start() saw to that. */
	dup2(from, to);
}

int coord_spawn(struct coord *c, enum bench_side side, struct vop_error *err)
{
	char cpu[16];
	int sv[2], ctl;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv)) {
		snprintf(err->text, sizeof(err->text), "cannot make a control socket: %s",
			 strerror(errno));
		return -errno;
	}
	ctl = fcntl(sv[1], F_DUPFD_CLOEXEC, 10);
	snprintf(cpu, sizeof(cpu), "%d", c->cpu[side]);
	pid = fork();
	if (pid == 0) {
		/* While it is stopped (turns.h) it would not see the socket close, and end. */
		prctl(PR_SET_PDEATHSIG, SIGCONT);
		move_fd(ctl, AGENT_CTL_FD);
		move_fd(c->shared_fd, AGENT_SHARED_FD);
		move_fd(c->wake[0], AGENT_WAKE_FD);
		move_fd(c->wake[1], AGENT_WAKE_FD + 1);
		syscall(SYS_close_range, AGENT_WAKE_FD + 2, ~0u, 0);
		execl("/proc/self/exe", "vop-bench", "agent", side_name(side), cpu,
		      c->workload ? c->workload : "net", (char *)NULL);
		_exit(127);
	}
	close(sv[1]);
	close(ctl);
	if (pid < 0) {
		snprintf(err->text, sizeof(err->text), "cannot start the %s's process: %s",
			 side_name(side), strerror(errno));
		close(sv[0]);
		return -EAGAIN;
	}
	c->agent[side] = (struct coord_agent){.pid = pid, .ctl = sv[0]};
	return 0;
}

/* A descriptor above those the agents get theirs at. */
static int high_fd(int fd)
{
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 10);

	if (fd >= 0)
		close(fd);
	return high;
}

int coord_start(struct coord *c, unsigned sides, const int cpu[SIDES], bool yield,
		struct vop_error *err)
{
	const char *tmp = getenv("TMPDIR");
	int e;

	*c = (struct coord){
		.shared_fd = -1, .wake = {-1, -1}, .sh = MAP_FAILED, .workload = c->workload};
	c->agent[0].ctl = c->agent[1].ctl = -1;
	coord_catch_signals();
	c->shared_fd = high_fd(memfd_create("vop-bench-shared", MFD_CLOEXEC));
	c->wake[0] = high_fd(eventfd(0, EFD_CLOEXEC));
	c->wake[1] = high_fd(eventfd(0, EFD_CLOEXEC));
	if (c->shared_fd < 0 || ftruncate(c->shared_fd, sizeof(struct shared)) == 0)
		c->sh = mmap(NULL, sizeof(*c->sh), PROT_READ | PROT_WRITE, MAP_SHARED, c->shared_fd,
			     0);
	if (c->sh == MAP_FAILED || c->wake[0] < 0 || c->wake[1] < 0) {
		snprintf(err->text, sizeof(err->text),
			 "cannot make the block shared with the workers: %s", strerror(errno));
		return -errno;
	}
	c->sh->sides = sides;
	c->sh->yield = yield;
	snprintf(c->dir, sizeof(c->dir), "%.40s/vop-bench-XXXXXX",
		 tmp && tmp[0] == '/' && strlen(tmp) < 40 ? tmp : "/tmp");
	if (sides == SIDES) {
		if (mkdtemp(c->dir) == NULL) {
			snprintf(err->text, sizeof(err->text),
				 "cannot make a directory in %.40s: %s", c->dir, strerror(errno));
			c->dir[0] = '\0';
			return -errno;
		}
		snprintf(c->uri, sizeof(c->uri), "vop:%s/link", c->dir);
	} else {
		c->dir[0] = '\0';
	}
	for (unsigned s = 0; s < sides; s++) {
		c->cpu[s] = cpu[s];
		e = coord_spawn(c, s, err);
		if (e)
			return e;
	}
	return 0;
}

static void end_agent(struct coord *c, enum bench_side side)
{
	struct agent_request req = {.op = AGENT_QUIT};
	struct coord_agent *a = &c->agent[side];

	if (a->pid <= 0)
		return;
	send(a->ctl, &req, sizeof(req), MSG_NOSIGNAL | MSG_DONTWAIT);
	for (unsigned i = 0; i < 300 && a->pid > 0; i++) {
		if (reap(c, side))
			return;
		usleep(10000);
	}
	kill(a->pid, SIGKILL);
	waitpid(a->pid, NULL, 0);
	close(a->ctl);
	a->pid = 0;
}

void coord_stop(struct coord *c)
{
	char died[sizeof(c->died)];

	memcpy(died, c->died, sizeof(died));
	if (c->sh != MAP_FAILED)
		atomic_store(&c->sh->abort, 1);
	end_agent(c, SIDE_DRIVER);
	end_agent(c, SIDE_DEVICE);
	memcpy(c->died, died, sizeof(died));
	if (c->sh != MAP_FAILED)
		munmap(c->sh, sizeof(*c->sh));
	for (unsigned i = 0; i < 2; i++)
		if (c->wake[i] >= 0)
			close(c->wake[i]);
	if (c->shared_fd >= 0)
		close(c->shared_fd);
	if (c->dir[0]) {
		/* Both agents are gone; a socket of one that was killed may still be there. */
		unlink(strchr(c->uri, ':') + 1);
		rmdir(c->dir);
	}
	c->sh = MAP_FAILED;
	c->shared_fd = -1;
	c->dir[0] = '\0';
}

/* Wait for the answer of one agent. */
static int receive(struct coord *c, enum bench_side side, uint32_t op, struct agent_answer *ans,
		   uint64_t deadline, struct vop_error *err)
{
	for (;;) {
		struct pollfd p = {.fd = c->agent[side].ctl, .events = POLLIN};

		if (reap(c, side) || c->agent[side].pid <= 0) {
			snprintf(err->text, sizeof(err->text), "%s", c->died);
			return -ECHILD;
		}
		if (interrupted)
			return -EINTR;
		if (clock_ns() > deadline) {
			snprintf(err->text, sizeof(err->text), "the %s's process does not answer",
				 side_name(side));
			return -ETIMEDOUT;
		}
		if (poll(&p, 1, 100) <= 0)
			continue;
		if (recv(p.fd, ans, sizeof(*ans), MSG_DONTWAIT) != (ssize_t)sizeof(*ans)) {
			usleep(1000); /* it is dying: reap() will tell */
			continue;
		}
		if (ans->op == AGENT_LOST && op != AGENT_LOST) {
			/* What follows from it is said by the plan or the next call. */
			snprintf(c->lost, sizeof(c->lost), "%.150s", ans->text);
			continue;
		}
		if (ans->op != op)
			continue;
		if (ans->error)
			snprintf(err->text, sizeof(err->text), "%.255s", ans->text);
		return ans->error;
	}
}

static int request(struct coord *c, enum bench_side side, const struct agent_request *req,
		   struct vop_error *err)
{
	if (c->agent[side].pid <= 0 ||
	    send(c->agent[side].ctl, req, sizeof(*req), MSG_NOSIGNAL) != (ssize_t)sizeof(*req)) {
		for (unsigned i = 0; i < 100 && !reap(c, side); i++)
			usleep(1000);
		snprintf(err->text, sizeof(err->text), "%s",
			 c->died[0] ? c->died : "an agent is gone");
		return -ECHILD;
	}
	return 0;
}

int coord_call(struct coord *c, enum bench_side side, const struct agent_request *req,
	       struct agent_answer *ans, int timeout_ms, struct vop_error *err)
{
	int e = request(c, side, req, err);

	return e ? e
		 : receive(c, side, req->op, ans, clock_ns() + (uint64_t)timeout_ms * 1000000u,
			   err);
}

int coord_call_both(struct coord *c, const struct agent_request req[SIDES],
		    struct agent_answer ans[SIDES], int timeout_ms, struct vop_error *err)
{
	uint64_t deadline = clock_ns() + (uint64_t)timeout_ms * 1000000u;
	int e[SIDES];

	for (unsigned s = 0; s < SIDES; s++) {
		e[s] = request(c, s, &req[s], err);
		if (e[s])
			return e[s];
	}
	e[0] = receive(c, 0, req[0].op, &ans[0], deadline, err);
	/*
	 * When the first has failed, the second's words are only a consequence, but must be
	 * taken.
	 */
	if (e[0]) {
		struct vop_error other = {""};

		receive(c, 1, req[1].op, &ans[1], deadline, &other);
		return e[0];
	}
	return receive(c, 1, req[1].op, &ans[1], deadline, err);
}

void coord_plan_begin(struct coord *c, const struct job *jobs, unsigned n)
{
	struct shared *sh = c->sh;

	n = VOP_MIN(n, PLAN_JOBS);
	memcpy(sh->job, jobs, n * sizeof(*jobs));
	sh->jobs = n;
	atomic_store(&sh->abort, 0);
	/* Release: the plan before its number. */
	atomic_store_explicit(&sh->plan, atomic_load(&sh->plan) + 1, memory_order_release);
	syscall(SYS_futex, &sh->plan, FUTEX_WAKE, 2, NULL, NULL, 0);
}

int coord_plan_end(struct coord *c, int timeout_ms, struct vop_error *err)
{
	struct timespec nap = {0, 200000000};
	struct shared *sh = c->sh;
	uint64_t deadline = clock_ns() + (uint64_t)timeout_ms * 1000000u;
	uint32_t plan = atomic_load(&sh->plan);
	int e = 0;

	for (unsigned s = 0; s < sh->sides; s++) {
		uint32_t done;

		while ((done = atomic_load_explicit(&sh->side[s].done, memory_order_acquire)) !=
		       plan) {
			if ((int)reap(c, SIDE_DRIVER) + (int)reap(c, SIDE_DEVICE))
				e = -ECHILD;
			else if (interrupted)
				e = -EINTR;
			else if (clock_ns() > deadline)
				e = -ETIMEDOUT;
			if (e)
				atomic_store(&sh->abort, 1);
			if (c->agent[s].pid <= 0 || (e && clock_ns() > deadline + 3000000000ull))
				break;
			syscall(SYS_futex, &sh->side[s].done, FUTEX_WAIT, done, &nap, NULL, 0);
		}
	}
	if (e == -ECHILD || c->died[0]) {
		snprintf(err->text, sizeof(err->text), "%s", c->died);
		return -ECHILD;
	}
	if (e) {
		snprintf(err->text, sizeof(err->text), "%s",
			 e == -EINTR ? "interrupted"
				     : "the workers do not come back from a measurement");
		return e;
	}
	for (unsigned i = 0; i < sh->jobs && !e; i++) {
		for (unsigned s = 0; s < sh->sides && !e; s++) {
			e = sh->side[s].result[i].error;
			if (e)
				snprintf(err->text, sizeof(err->text), "the %s's worker, %s: %s",
					 side_name(s), job_name(sh->job[i].kind), job_error(e));
		}
	}
	return e;
}

int coord_plan(struct coord *c, const struct job *jobs, unsigned n, struct vop_error *err)
{
	uint64_t ns = 0;

	for (unsigned i = 0; i < n; i++)
		ns += jobs[i].warm_ns + jobs[i].run_ns;
	coord_plan_begin(c, jobs, n);
	return coord_plan_end(c, (int)(ns / 1000000u) * 4 + 20000, err);
}
