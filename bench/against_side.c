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
#include "bench/clock.h"

/* A run that is told to end gives its workers some seconds each. */
#define END_NS 10000000000ull

void side_word(struct side *s, const char *word)
{
	if (s->words < SIDE_WORDS)
		s->word[s->words++] = (char *)word;
	else
		s->words_lost = true;
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
	if (s->pid < 0)
		return -EAGAIN;
	s->pidfd = (int)syscall(SYS_pidfd_open, s->pid, 0);
	return 0;
}

/* Has it ended? Waits until `until` for that. */
static bool ended(struct side *s, uint64_t until)
{
	while (s->pid > 0) {
		pid_t got = waitpid(s->pid, &s->status, WNOHANG);
		struct pollfd p = {.fd = s->pidfd, .events = POLLIN};

		if (got == s->pid || (got < 0 && errno != EINTR))
			s->pid = 0;
		else if (clock_ns() >= until)
			return false;
		else
			poll(&p, 1, s->pidfd < 0 ? 20 : 1000);
	}
	if (s->pidfd >= 0)
		close(s->pidfd);
	s->pidfd = -1;
	return true;
}

/* Let it end, then make it: by asking, then by force. at_once: do not wait for it to do so. */
static void finish(struct side *s, bool at_once)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
	s->q = (struct turns_question){0};
	if (s->pid <= 0 || ended(s, clock_ns() + (at_once ? 0 : END_NS)))
		return;
	s->put_down = true;
	kill(s->pid, SIGTERM);
	if (ended(s, clock_ns() + END_NS))
		return;
	kill(s->pid, SIGKILL);
	ended(s, UINT64_MAX);
}

/* Read a question; false: none will come any more. */
static bool take_question(struct side *s)
{
	ssize_t n = recv(s->fd, &s->q, sizeof(s->q), MSG_DONTWAIT | MSG_TRUNC);

	if (n == (ssize_t)sizeof(s->q) && s->q.version == TURNS_VERSION) {
		s->asked = true;
		return true;
	}
	s->foreign = n > 0;
	return false;
}

bool side_question(struct side *s)
{
	uint64_t until = clock_ns() + s->patience_ns;
	bool at_once = false;

	while (s->fd >= 0) {
		struct pollfd p[2] = {{.fd = s->fd, .events = POLLIN},
				      {.fd = s->pidfd, .events = POLLIN}};

		s->late = clock_ns() > until;
		at_once = s->late || coord_interrupted();
		/* A signal may come right before the poll: look again every second. */
		if (!at_once && poll(p, 2, 1000) <= 0)
			continue;
		if (!at_once && p[0].revents && take_question(s))
			return true;
		/* It ended, although its children may have kept the socket; or it is to end. */
		at_once |= s->foreign;
		break;
	}
	finish(s, at_once);
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
	finish(s, true);
}

bool side_failed(const struct side *s)
{
	return s->said && s->pid <= 0 && s->status && !s->put_down;
}

void side_last_words(const struct side *s, char *buf, size_t size)
{
	char line[512];

	if (WIFSIGNALED(s->status))
		snprintf(buf, size, "it was killed by signal %d", WTERMSIG(s->status));
	else
		snprintf(buf, size, "it said nothing, and ended with status %d",
			 WEXITSTATUS(s->status));
	rewind(s->said);
	while (!WIFSIGNALED(s->status) && fgets(line, sizeof(line), s->said)) {
		const char *at = strncmp(line, "vop-bench: ", 11) == 0 ? line + 11 : line;

		line[strcspn(line, "\n")] = '\0';
		if (*at)
			snprintf(buf, size, "%s", at);
	}
}

void side_pass_on(const struct side *s, FILE *out)
{
	char line[512];

	rewind(s->said);
	while (fgets(line, sizeof(line), s->said))
		fputs(line, out);
}
