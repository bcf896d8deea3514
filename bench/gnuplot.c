/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "bench/gnuplot.h"

#define OUTPUT_MAX (64u << 20) /* a picture of a megabyte is a large one */
#define WORDS_MAX  160u
#define STALL_S	   0.1 /* a nap that took longer was none of ours */

/* What the child gets: descriptors, and a way to say that it could not even begin. */
struct child {
	int in, out, words; /* script, picture, error messages: files in memory */
	int failed[2];	    /* pipe: errno of exec; closed by a successful one */
	char **env;
	pid_t pid, parent;
};

/* --- the environment: ours, less what changes gnuplot's output --- */

static bool unwanted(const char *s)
{
	static const char *const prefix[] = {"GNUPLOT", "GNUTERM=",  "GNUHELP=", "FIT_", "LC_",
					     "LANG=",	"LANGUAGE=", "PAGER=",	 NULL};

	for (unsigned i = 0; prefix[i]; i++)
		if (strncmp(s, prefix[i], strlen(prefix[i])) == 0)
			return true;
	return false;
}

/* The strings stay where they are; the array is freed by the caller. NULL: no memory. */
static char **environment(void)
{
	static char locale[] = "LC_ALL=C.UTF-8"; /* points in numbers, UTF-8 in text */
	size_t n = 0, to = 0;
	char **env;

	while (environ && environ[n])
		n++;
	env = malloc((n + 2) * sizeof(*env));
	if (!env)
		return NULL;
	for (size_t i = 0; i < n; i++)
		if (!unwanted(environ[i]))
			env[to++] = environ[i];
	env[to++] = locale;
	env[to] = NULL;
	return env;
}

/* --- the child --- */

__attribute__((noreturn)) static void become_gnuplot(const struct child *c)
{
	static char *const argv[] = {(char *)"gnuplot", (char *)"-d", NULL};
	struct rlimit limit = {OUTPUT_MAX, OUTPUT_MAX};
	sigset_t none;
	int e;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != c->parent)
		_exit(127); /* it died before we asked to be told */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGXFSZ, SIG_DFL);
	setrlimit(RLIMIT_FSIZE, &limit);
	if (dup2(c->in, 0) == 0 && dup2(c->out, 1) == 1 && dup2(c->words, 2) == 2) {
		/* The pipe stays: it closes by itself when gnuplot runs. */
		if (c->failed[1] > 3)
			syscall(SYS_close_range, 3, c->failed[1] - 1, 0);
		syscall(SYS_close_range, c->failed[1] + 1, ~0u, 0);
		execvpe(argv[0], argv, c->env);
	}
	e = errno;
	while (write(c->failed[1], &e, sizeof(e)) < 0 && errno == EINTR)
		;
	_exit(127);
}

/* --- the parent --- */

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Whole file in memory, ended by a 0. NULL: no memory. */
static char *contents(int fd, size_t *n)
{
	struct stat st;
	size_t got = 0;
	char *text;

	if (fstat(fd, &st))
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	while (text && got < (size_t)st.st_size) {
		ssize_t r = pread(fd, text + got, (size_t)st.st_size - got, (off_t)got);

		if (r <= 0 && errno != EINTR)
			break;
		got += r > 0 ? (size_t)r : 0;
	}
	if (text)
		text[got] = '\0';
	*n = got;
	return text;
}

static int fill(int fd, const char *text, size_t size)
{
	for (size_t at = 0; at < size;) {
		ssize_t r = write(fd, text + at, size - at);

		if (r < 0 && errno != EINTR)
			return -errno;
		at += r > 0 ? (size_t)r : 0;
	}
	return lseek(fd, 0, SEEK_SET) < 0 ? -errno : 0;
}

/* The last line gnuplot wrote that says something: the message stands below the place it shows. */
static void last_words(int fd, char words[WORDS_MAX])
{
	size_t n = 0, len;
	char *text = contents(fd, &n), *end = text + n, *line;

	words[0] = '\0';
	if (!text)
		return;
	while (end > text && (unsigned char)end[-1] <= ' ')
		end--;
	for (line = end; line > text && line[-1] != '\n';)
		line--;
	while (line < end && *line == ' ')
		line++;
	len = (size_t)(end - line) < WORDS_MAX - 1 ? (size_t)(end - line) : WORDS_MAX - 1;
	for (size_t i = 0; i < len; i++)
		words[i] = (char)((unsigned char)line[i] < ' ' || line[i] == 0x7f ? ' ' : line[i]);
	words[len] = '\0';
	free(text);
}

/* Wait for the end, or make one. 0: *status; -ETIMEDOUT. */
static int wait_for(pid_t pid, double timeout_s, int *status)
{
	const struct timespec nap = {0, 2000000};
	double waited = 0, last = now_s();
	bool late = false;
	pid_t r;

	while ((r = waitpid(pid, status, WNOHANG)) == 0 || (r < 0 && errno == EINTR)) {
		double now = now_s();

		/* While the whole machine stood still, gnuplot had no time either. */
		waited += now - last < STALL_S ? now - last : STALL_S;
		last = now;
		if (!late && waited > timeout_s) {
			/* All of its group: a wrapper script may have started others. */
			kill(-pid, SIGKILL);
			kill(pid, SIGKILL);
			late = true;
		}
		nanosleep(&nap, NULL);
	}
	if (r < 0)
		*status = 0; /* somebody else took the answer; the output tells */
	return late ? -ETIMEDOUT : 0;
}

/* It ran and ended: what came of it. */
static int judge(const struct child *c, int status, char **out, size_t *n, FILE *err)
{
	char words[WORDS_MAX];

	if (WIFSIGNALED(status)) {
		fprintf(err, "vop-bench: gnuplot was killed by signal %d%s\n", WTERMSIG(status),
			WTERMSIG(status) == SIGXFSZ ? ": the picture grew beyond 64 MiB" : "");
		return -EIO;
	}
	last_words(c->words, words);
	if (WEXITSTATUS(status) != 0) {
		fprintf(err, "vop-bench: gnuplot failed with status %d: %s\n", WEXITSTATUS(status),
			words[0] ? words : "it did not say why");
		return -EIO;
	}
	*out = contents(c->out, n);
	if (!*out) {
		fprintf(err, "vop-bench: no memory for the picture\n");
		return -ENOMEM;
	}
	if (*n)
		return 0;
	free(*out);
	*out = NULL;
	fprintf(err, "vop-bench: gnuplot drew nothing: %s\n",
		words[0] ? words : "it did not say why");
	return -EIO;
}

static int start_and_wait(struct child *c, double timeout_s, char **out, size_t *n, FILE *err)
{
	int status = 0, e = 0, late;

	c->parent = getpid();
	c->pid = fork();
	if (c->pid == 0)
		become_gnuplot(c);
	if (c->pid < 0) {
		e = -errno;
		fprintf(err, "vop-bench: cannot start gnuplot: %s\n", strerror(-e));
		return e;
	}
	setpgid(c->pid, c->pid); /* whoever is first */
	close(c->failed[1]);
	c->failed[1] = -1;
	while (read(c->failed[0], &e, sizeof(e)) < 0 && errno == EINTR)
		;
	late = wait_for(c->pid, timeout_s, &status);
	if (e == ENOENT || e == ENOTDIR) {
		fprintf(err, "vop-bench: plot needs gnuplot: install the package gnuplot-nox\n");
		return -ENOENT;
	}
	if (e) {
		fprintf(err,
			"vop-bench: cannot start gnuplot: %s; install the package "
			"gnuplot-nox, or mend the one in PATH\n",
			strerror(e));
		return -EIO;
	}
	if (late) {
		fprintf(err, "vop-bench: gnuplot did not end within %g s and was killed\n",
			timeout_s);
		return late;
	}
	return judge(c, status, out, n, err);
}

static int memory_file(const char *name)
{
	int fd = memfd_create(name, MFD_CLOEXEC), high;

	/* Above 0, 1, 2, which the child's are moved to one after another. */
	if (fd < 0 || fd > 2)
		return fd;
	high = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	close(fd);
	return high;
}

int gnuplot_run(const char *script, size_t size, double timeout_s, char **out, size_t *n, FILE *err)
{
	struct child c = {.in = -1, .out = -1, .words = -1, .failed = {-1, -1}};
	int e = 0;

	*out = NULL;
	*n = 0;
	c.env = environment();
	c.in = memory_file("gnuplot-in");
	c.out = memory_file("gnuplot-out");
	c.words = memory_file("gnuplot-err");
	if (!c.env)
		e = -ENOMEM;
	else if (c.in < 0 || c.out < 0 || c.words < 0 || pipe2(c.failed, O_CLOEXEC))
		e = -errno;
	if (!e && c.failed[1] < 3) {
		int high = fcntl(c.failed[1], F_DUPFD_CLOEXEC, 3);

		e = high < 0 ? -errno : 0;
		close(c.failed[1]);
		c.failed[1] = high;
	}
	if (!e)
		e = fill(c.in, script, size);
	if (e)
		fprintf(err, "vop-bench: cannot start gnuplot: %s\n", strerror(-e));
	else
		e = start_and_wait(&c, timeout_s > 0 ? timeout_s : GNUPLOT_TIMEOUT_S, out, n, err);
	for (unsigned i = 0; i < 2; i++)
		if (c.failed[i] >= 0)
			close(c.failed[i]);
	if (c.in >= 0)
		close(c.in);
	if (c.out >= 0)
		close(c.out);
	if (c.words >= 0)
		close(c.words);
	free(c.env);
	return e;
}
