/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * A device in another process: started by us, or there already. The process leads a group of its
 * own, so that a shell and what it started end together; the kernel tells it when we die. What it
 * prints goes to a file beside its socket, whose last line is part of what is said about its end.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "conformance/sut.h"

#define ARGV_MAX     32u
#define END_MS	     2000
#define FIRST_TRY_MS 250

struct spawned {
	struct sut base;
	struct sut_spawn_config cfg;
	char dir[64], path[96], log[96], uri[256];
	char fate[256];
	char *argv[ARGV_MAX + 1]; /* copies */
	pid_t pid;		  /* 0: none */
	int silence;		  /* its standard input's other end: open, and nothing comes */
	int status;
	bool ended;  /* status is its exit status .. */
	bool killed; /* .. or the signal that killed it */
};

static struct spawned *of(struct sut *s)
{
	return (struct spawned *)(void *)s;
}

static bool ours(const struct spawned *p)
{
	return p->cfg.command || p->argv[0];
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* --- the process --- */

_Noreturn static void become(const struct spawned *p, int input)
{
	char device[8];
	sigset_t none;
	int fd;

	setpgid(0, 0);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL);
	dup2(input, 0);
	fd = open(p->log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	dup2(fd, 1);
	dup2(fd, 2);
	snprintf(device, sizeof(device), "%u", p->cfg.device);
	setenv("VOP_SOCKET", p->path, 1);
	setenv("VOP_DEVICE", device, 1);
	if (p->cfg.command) {
		execl("/bin/sh", "sh", "-c", p->cfg.command, (char *)NULL);
		_exit(127);
	}
	execv(p->argv[0], p->argv);
	_exit(127);
}

static int launch(struct spawned *p, struct vop_error *err)
{
	int input[2];
	pid_t pid;

	unlink(p->path);
	fflush(NULL);
	/* Programs with a prompt end when their input does: theirs does with us. */
	if (pipe2(input, O_CLOEXEC))
		return target_error(err, -errno, "cannot start a process: %s", strerror(errno));
	pid = fork();
	if (pid < 0) {
		close(input[0]);
		close(input[1]);
		return target_error(err, -errno, "cannot start a process: %s", strerror(errno));
	}
	if (pid == 0)
		become(p, input[0]);
	close(input[0]);
	p->silence = input[1];
	setpgid(pid, pid); /* whichever of the two comes first */
	p->pid = pid;
	p->ended = false;
	p->fate[0] = 0;
	return 0;
}

static bool has_ended(struct spawned *p)
{
	siginfo_t si = {0};

	/* It stays a zombie until its group is gone too: so its number is nobody else's. */
	if (p->pid && !p->ended &&
	    waitid(P_PID, (id_t)p->pid, &si, WEXITED | WNOHANG | WNOWAIT) == 0 && si.si_pid) {
		p->ended = true;
		p->killed = si.si_code != CLD_EXITED;
		p->status = si.si_status;
	}
	return p->pid && p->ended;
}

static void last_line(const struct spawned *p, char *out, size_t size)
{
	FILE *f = fopen(p->log, "r");
	char line[256];

	out[0] = 0;
	while (f && fgets(line, sizeof(line), f)) {
		line[strcspn(line, "\n")] = 0;
		if (line[0])
			snprintf(out, size, "%.*s", (int)size - 1, line);
	}
	if (f)
		fclose(f);
}

static const char *fate(struct sut *s)
{
	struct spawned *p = of(s);
	char line[160];
	int i;

	/* The link tells of a death before the system does. */
	for (i = 0; i < 50 && ours(p) && !has_ended(p); i++)
		nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
	if (!ours(p) || !has_ended(p))
		return NULL;
	last_line(p, line, sizeof(line));
	if (p->killed)
		snprintf(p->fate, sizeof(p->fate), "killed by signal %d (%s)%s%s", p->status,
			 strsignal(p->status), line[0] ? ": " : "", line);
	else
		snprintf(p->fate, sizeof(p->fate), "ended with status %d%s%s", p->status,
			 line[0] ? ": " : "", line);
	return p->fate;
}

/* The leader first, in good order; then whatever is left of the group. */
static void end_process(struct spawned *p)
{
	int64_t end = now_ms() + END_MS;

	if (!p->pid)
		return;
	if (!has_ended(p))
		kill(p->pid, SIGTERM);
	while (!has_ended(p) && now_ms() < end)
		nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
	kill(-p->pid, SIGKILL);
	waitpid(p->pid, NULL, 0);
	p->pid = 0;
	close(p->silence);
}

/* --- up and down --- */

static int reach(struct spawned *p, int timeout_ms, struct vop_error *err)
{
	struct target_config cfg = {
		.uri = p->uri,
		.device_id = p->cfg.device,
		.timeout_ms = timeout_ms,
		.request_ms = p->cfg.timeout_ms,
		.self = VOP_HOST,
		.window_size = p->cfg.window_size ? p->cfg.window_size : 32u << 20,
		.no_huge = true,
	};

	return target_open(&cfg, &p->base.target, err);
}

/* In short tries, so that a process that ends at once is noticed at once. */
static int reach_ours(struct spawned *p, struct vop_error *err)
{
	int64_t end = now_ms() + p->cfg.timeout_ms;
	int r;

	do {
		r = reach(p, FIRST_TRY_MS, err);
		if (r && has_ended(p)) {
			target_error(err, -ECHILD, "the device that was started %s%s",
				     p->killed ? "was " : "", fate(&p->base));
			return -ECHILD;
		}
	} while (r && now_ms() < end);
	return r;
}

static int start(struct sut *s, struct vop_error *err)
{
	struct spawned *p = of(s);
	int r;

	if (!ours(p))
		return reach(p, p->cfg.timeout_ms, err);
	r = launch(p, err);
	if (r)
		return r;
	r = reach_ours(p, err);
	if (r)
		end_process(p);
	return r;
}

/* Only where losing a connection does not mean losing the device. */
static int reconnect(struct sut *s, struct vop_error *err)
{
	struct spawned *p = of(s);

	if (strncmp(p->uri, "vhost-user:", 11) != 0)
		return -ENOTSUP;
	target_close(s->target);
	s->target = NULL;
	return ours(p) ? reach_ours(p, err) : reach(p, p->cfg.timeout_ms, err);
}

static void stop(struct sut *s)
{
	struct spawned *p = of(s);

	target_close(s->target);
	end_process(p);
}

/* --- what the system knows of it --- */

/* /proc/PID/task/.../schedstat: time on a CPU, time waiting for one, both ns; of all threads. */
static bool schedstat(const struct spawned *p, uint64_t *ran, uint64_t *waited)
{
	char path[300];
	const struct dirent *e;
	unsigned long long a, b;
	bool any = false;
	DIR *d;

	*ran = *waited = 0;
	if (!p->pid)
		return false;
	snprintf(path, sizeof(path), "/proc/%d/task", (int)p->pid);
	d = opendir(path);
	while (d && (e = readdir(d)) != NULL) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%s/schedstat", (int)p->pid, e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "r");
		if (f && fscanf(f, "%llu %llu", &a, &b) == 2) {
			*ran += a;
			*waited += b;
			any = true;
		}
		if (f)
			fclose(f);
	}
	if (d)
		closedir(d);
	return any;
}

static bool cpu(struct sut *s, uint64_t *ns)
{
	uint64_t waited;

	return schedstat(of(s), ns, &waited);
}

static bool starved(struct sut *s, uint64_t *ns)
{
	uint64_t ran;

	return schedstat(of(s), &ran, ns);
}

static void free_it(struct sut *s)
{
	struct spawned *p = of(s);
	unsigned i;

	if (p->dir[0]) {
		unlink(p->path);
		unlink(p->log);
		rmdir(p->dir);
	}
	for (i = 0; p->argv[i]; i++)
		free(p->argv[i]);
	free((char *)p->cfg.command);
	free(p);
}

static const struct sut_ops ops = {
	.start = start,
	.stop = stop,
	.reconnect = reconnect,
	.cpu = cpu,
	.starved = starved,
	.fate = fate,
	.free = free_it,
};

static bool take_command(struct spawned *p, const struct sut_spawn_config *cfg)
{
	unsigned i;

	p->cfg.command = cfg->command ? strdup(cfg->command) : NULL;
	p->cfg.argv = NULL;
	for (i = 0; cfg->argv && i < ARGV_MAX && cfg->argv[i]; i++) {
		/* The socket's place is known only now. */
		p->argv[i] = strdup(cfg->argv[i]);
		if (!p->argv[i])
			return false;
	}
	return !cfg->command || p->cfg.command;
}

/* A directory for the socket, unless somebody else serves; the target's URI. */
static bool take_place(struct spawned *p, const struct sut_spawn_config *cfg)
{
	const char *tmp = getenv("TMPDIR");
	unsigned i;

	if (!ours(p)) {
		snprintf(p->uri, sizeof(p->uri), "%s", cfg->uri);
		return true;
	}
	/* A name short enough for a socket's, whatever TMPDIR is. */
	snprintf(p->dir, sizeof(p->dir), "%s/vop-bench-XXXXXX",
		 tmp && strlen(tmp) < 40 ? tmp : "/tmp");
	if (!mkdtemp(p->dir)) {
		p->dir[0] = 0;
		return false;
	}
	snprintf(p->path, sizeof(p->path), "%s/link", p->dir);
	snprintf(p->log, sizeof(p->log), "%s/log", p->dir);
	if (cfg->uri)
		snprintf(p->uri, sizeof(p->uri), "%s", cfg->uri);
	else
		snprintf(p->uri, sizeof(p->uri), "%s:%s", cfg->scheme, p->path);
	for (i = 0; p->argv[i]; i++)
		if (strcmp(p->argv[i], "@") == 0) {
			free(p->argv[i]);
			p->argv[i] = strdup(p->path);
			if (!p->argv[i])
				return false;
		}
	return true;
}

struct sut *sut_spawn(const struct sut_spawn_config *cfg)
{
	struct spawned *p = calloc(1, sizeof(*p));

	if (!p)
		return NULL;
	p->cfg = *cfg;
	p->base.ops = &ops;
	p->base.device = cfg->device;
	p->base.poll_mode = cfg->poll_mode;
	if (!take_command(p, cfg) || !take_place(p, cfg)) {
		free_it(&p->base);
		return NULL;
	}
	p->base.can_restart = ours(p);
	snprintf(p->base.name, sizeof(p->base.name), "%.127s", p->uri);
	return &p->base;
}
