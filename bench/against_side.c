/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/against_side.h"

void side_word(struct side *s, const char *word)
{
	if (s->words < SIDE_WORDS)
		s->word[s->words++] = (char *)word;
	s->word[s->words] = NULL;
}

void side_own_word(struct side *s, const char *option, const char *value)
{
	char *w = s->own[s->owns++];

	snprintf(w, sizeof(s->own[0]), "%s=%s", option, value);
	side_word(s, w);
}

int side_start(struct side *s)
{
	int sv[2], fd, said;
	pid_t parent = getpid();

	s->said = tmpfile();
	if (!s->said || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		return -errno;
	/* Out of the way of the numbers the child gets its own at. */
	fd = fcntl(sv[1], F_DUPFD_CLOEXEC, TURNS_FD + 1);
	said = fcntl(fileno(s->said), F_DUPFD_CLOEXEC, TURNS_FD + 1);
	close(sv[1]);
	s->pid = fork();
	if (s->pid == 0) {
		int null = open("/dev/null", O_RDWR);

		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
		dup2(null, 0);
		dup2(null, 1);
		dup2(said, 2);
		dup2(fd, TURNS_FD);
		syscall(SYS_close_range, 3, TURNS_FD - 1, 0);
		syscall(SYS_close_range, TURNS_FD + 1, ~0u, 0);
		execv(s->program, s->word);
		dprintf(2, "vop-bench: cannot start %s: %s\n", s->program, strerror(errno));
		_exit(127);
	}
	close(fd);
	close(said);
	s->fd = sv[0];
	return s->pid < 0 ? -EAGAIN : 0;
}

static void wait_end(struct side *s)
{
	if (s->pid > 0)
		while (waitpid(s->pid, &s->status, 0) < 0 && errno == EINTR)
			;
	s->pid = 0;
}

bool side_question(struct side *s)
{
	while (s->fd >= 0) {
		struct pollfd p = {.fd = s->fd, .events = POLLIN};

		if (coord_interrupted())
			kill(s->pid, SIGTERM);
		if (poll(&p, 1, 1000) <= 0)
			continue;
		if (recv(s->fd, &s->q, sizeof(s->q), MSG_DONTWAIT) == (ssize_t)sizeof(s->q) &&
		    s->q.version == TURNS_VERSION)
			return true;
		close(s->fd);
		s->fd = -1;
	}
	wait_end(s);
	return false;
}

void side_answer(struct side *s, char a)
{
	if (s->fd < 0)
		return;
	send(s->fd, &a, 1, MSG_NOSIGNAL);
	side_question(s);
}

void side_end(struct side *s)
{
	if (s->fd >= 0)
		close(s->fd); /* it sees that nobody gives it turns any more */
	s->fd = -1;
	if (s->pid > 0)
		kill(s->pid, SIGTERM);
	wait_end(s);
}

void side_last_words(struct side *s, char *buf, size_t size)
{
	char line[512];

	buf[0] = '\0';
	rewind(s->said);
	while (fgets(line, sizeof(line), s->said)) {
		const char *at = strncmp(line, "vop-bench: ", 11) == 0 ? line + 11 : line;

		line[strcspn(line, "\n")] = '\0';
		if (*at)
			snprintf(buf, size, "%s", at);
	}
}
