/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The control thread of an agent: takes requests, keeps the link alive, ends when the coordinator
 * goes away. What is particular to a role is in agent_driver.c and agent_device.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bench/agent_role.h"
#include "bench/cmd.h"

static void fill_stats(struct agent *a, struct agent_answer *ans)
{
	struct rusage u;

	if (getrusage(RUSAGE_SELF, &u) == 0)
		ans->resident = (uint64_t)u.ru_maxrss << 10;
	a->role->stats(a, ans);
}

static int answer(const struct agent_answer *ans)
{
	return send(AGENT_CTL_FD, ans, sizeof(*ans), MSG_NOSIGNAL) == (ssize_t)sizeof(*ans)
		       ? 0
		       : -EPIPE;
}

void agent_lost(const char *why)
{
	struct agent_answer ans = {.op = AGENT_LOST, .error = -EPIPE};

	snprintf(ans.text, sizeof(ans.text), "%s", why);
	answer(&ans);
}

void agent_quiet(struct agent *a)
{
	struct shared_side *me = &a->sh->side[a->worker.side];

	atomic_store(&a->sh->abort, 1);
	while (atomic_load(&me->done) != atomic_load(&a->sh->plan))
		usleep(200);
}

/* One request. -EPIPE: the coordinator is gone. */
static int serve(struct agent *a, bool *quit)
{
	struct agent_request req;
	struct agent_answer ans = {0};
	struct vop_error err = {""};
	ssize_t n = recv(AGENT_CTL_FD, &req, sizeof(req), 0);
	int e = 0;

	if (n != (ssize_t)sizeof(req))
		return n < 0 && errno == EINTR ? 0 : -EPIPE;
	ans.op = req.op;
	switch (req.op) {
	case AGENT_OPEN:
		a->open = req.open;
		e = a->role->open(a, &err);
		break;
	case AGENT_SESSION:
		a->session = req.session;
		e = a->role->session(a, &ans, &err);
		break;
	case AGENT_END:
		a->role->end(a);
		break;
	case AGENT_STATS:
		fill_stats(a, &ans);
		break;
	case AGENT_CLOSE:
		a->role->close(a);
		break;
	case AGENT_QUIT:
		*quit = true;
		break;
	default:
		e = -EINVAL;
	}
	ans.error = e;
	if (e)
		snprintf(ans.text, sizeof(ans.text), "%s", err.text[0] ? err.text : strerror(-e));
	return answer(&ans);
}

/* The coordinator is gone and can no longer remove the directory it made for the link's socket: the
 * last agent out does. */
static void remove_directory(const char *uri)
{
	char path[sizeof(((struct agent_open *)0)->uri)];
	const char *at = strchr(uri, ':');
	char *slash;

	snprintf(path, sizeof(path), "%s", at ? at + 1 : "");
	slash = strrchr(path, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	if (strstr(path, "/vop-bench-"))
		rmdir(path);
}

static int loop(struct agent *a)
{
	bool quit = false;

	while (!quit) {
		struct pollfd p[3] = {
			{.fd = AGENT_CTL_FD, .events = POLLIN}, {.fd = -1}, {.fd = -1}};

		a->role->fds(a, &p[1]);
		if (poll(p, 3, 500) < 0 && errno != EINTR)
			return -errno;
		if (p[1].revents || p[2].revents)
			a->role->service(a);
		if (p[0].revents && serve(a, &quit))
			return -EPIPE;
	}
	return 0;
}

static const struct agent_workload workloads[] = {
	{"net", &agent_net_driver, &served_net},
	{"blk", &agent_blk_driver, &served_blk},
};

/* agent driver|device CPU WORKLOAD: not for people. */
int cmd_agent(int argc, char **argv)
{
	const struct agent_workload *load = NULL;
	struct agent a = {0};
	int e;

	for (unsigned i = 0; argc == 4 && i < VOP_ARRAY_SIZE(workloads); i++)
		if (strcmp(argv[3], workloads[i].word) == 0)
			load = &workloads[i];
	if (load == NULL || (strcmp(argv[1], "driver") && strcmp(argv[1], "device")))
		return cmd_could_not(
			"agent is for vop-bench itself; you may want: vop-bench run net");
	/* What an agent starts has no business with these. */
	for (int fd = AGENT_CTL_FD; fd <= AGENT_WAKE_FD + 1; fd++)
		fcntl(fd, F_SETFD, FD_CLOEXEC);
	/* When the coordinator dies, however it does, the control socket ends and so do we, in
	 * order. */
	signal(SIGPIPE, SIG_IGN);
	signal(SIGINT, SIG_IGN); /* the coordinator takes ^C and ends us in order */
	a.sh = mmap(NULL, sizeof(*a.sh), PROT_READ | PROT_WRITE, MAP_SHARED, AGENT_SHARED_FD, 0);
	if (a.sh == MAP_FAILED)
		return cmd_could_not("agent cannot map the shared block: %s", strerror(errno));
	a.role = strcmp(argv[1], "driver") == 0 ? load->driver : &agent_device;
	a.served = load->served;
	a.worker.sh = a.sh;
	a.worker.side = a.role == &agent_device ? SIDE_DEVICE : SIDE_DRIVER;
	a.worker.cpu = atoi(argv[2]);
	a.worker.load = &a;
	a.worker.traffic = a.role->traffic;
	a.worker.idle = a.role->idle;
	e = worker_start(&a.worker);
	if (e)
		return cmd_could_not("agent cannot start its worker: %s", strerror(-e));
	e = loop(&a);
	agent_quiet(&a);
	a.role->close(&a);
	worker_stop(&a.worker);
	munmap(a.sh, sizeof(*a.sh));
	if (e)
		remove_directory(a.open.uri);
	return e ? CMD_FAILED : CMD_DONE;
}
