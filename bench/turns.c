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

static int wait_for_go(int fd, struct vop_error *err)
{
	char said;

	while (!coord_interrupted()) {
		struct pollfd p = {.fd = fd, .events = POLLIN};

		if (poll(&p, 1, 1000) <= 0)
			continue;
		if (recv(fd, &said, 1, MSG_DONTWAIT) == 1 && said == TURNS_GO)
			return 0;
		snprintf(err->text, sizeof(err->text), "the run this one takes turns with is gone");
		return -ECANCELED;
	}
	snprintf(err->text, sizeof(err->text), "interrupted");
	return -EINTR;
}

int turns_wait(struct coord *c, struct vop_error *err)
{
	const char ready = TURNS_READY;
	int e;

	if (c->turns_fd <= 0)
		return 0;
	signal_workers(c, SIGSTOP);
	/* Whether it arrives shows in the answer. */
	send(c->turns_fd, &ready, 1, MSG_NOSIGNAL);
	e = wait_for_go(c->turns_fd, err);
	signal_workers(c, SIGCONT);
	return e;
}
