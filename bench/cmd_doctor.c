/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * vop-bench doctor: is this machine fit to measure on? One line per check: ok, warn (it works, the
 * figures suffer) or fail (it will not work), and what to do. Exit 0 unless something fails.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "bench/cmd.h"
#include "bench/env.h"
#include "bench/opt.h"
#include "report/table.h"

enum grade { OK, WARN, FAIL };

struct doctor {
	struct env env;
	struct table *table;
	unsigned count[3];
};

/* One line of the report. advice NULL when nothing needs doing. */
static void say(struct doctor *d, enum grade g, const char *what, const char *advice,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

static void say(struct doctor *d, enum grade g, const char *what, const char *advice,
		const char *fmt, ...)
{
	static const char *const words[] = {"ok", "warn", "fail"};
	static const enum table_style styles[] = {TABLE_GOOD, TABLE_WARN, TABLE_BAD};
	char text[256];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	d->count[g]++;
	table_row(d->table);
	table_cell(d->table, styles[g], "%s", words[g]);
	table_cell(d->table, TABLE_PLAIN, "%s", what);
	table_cell(d->table, TABLE_PLAIN, "%s%s%s", text, advice ? ": " : "", advice ? advice : "");
}

static void check_cpus(struct doctor *d)
{
	if (d->env.cpus_usable >= 2)
		say(d, OK, "CPUs", NULL, "%d usable of %d", d->env.cpus_usable, d->env.cpus_online);
	else
		say(d, WARN, "CPUs",
		    "both nodes share it and figures say little; give this "
		    "process two (taskset, cpuset, more CPUs)",
		    "%d usable of %d", d->env.cpus_usable, d->env.cpus_online);
}

/* Two workers on the two threads of one core measure that core, not the link between cores. */
static void check_smt(struct doctor *d)
{
	const struct env *e = &d->env;
	unsigned i;

	if (e->cpus_n < 2 || !e->cpus[0].siblings[0]) {
		say(d, OK, "SMT siblings", NULL, "%s",
		    e->cpus_n < 2 ? "one CPU only" : "not told by this machine");
		return;
	}
	for (i = 1; i < e->cpus_n; i++)
		if (strcmp(e->cpus[0].siblings, e->cpus[i].siblings)) {
			say(d, OK, "SMT siblings", NULL, "CPUs %d and %d are two cores",
			    e->cpus[0].cpu, e->cpus[i].cpu);
			return;
		}
	say(d, WARN, "SMT siblings", "allow CPUs of another core (taskset)",
	    "all usable CPUs are threads of one core (%s)", e->cpus[0].siblings);
}

static void check_numa(struct doctor *d)
{
	const struct env *e = &d->env;
	unsigned i;

	for (i = 1; i < e->cpus_n; i++)
		if (e->cpus[i].node != e->cpus[0].node) {
			say(d, WARN, "NUMA", "pin both nodes to one (numactl, taskset), or mean it",
			    "usable CPUs lie in several nodes");
			return;
		}
	say(d, OK, "NUMA", NULL, "usable CPUs lie in one node");
}

static void check_governor(struct doctor *d)
{
	const char *g = d->env.cpus_n ? d->env.cpus[0].governor : "";

	if (!g[0])
		say(d, OK, "governor", NULL, "no frequency scaling visible");
	else if (strcmp(g, "performance") == 0)
		say(d, OK, "governor", NULL, "%s", g);
	else
		say(d, WARN, "governor", "'cpupower frequency-set -g performance' steadies figures",
		    "%s", g);
}

static void check_virtualisation(struct doctor *d)
{
	const struct env *e = &d->env;

	if (e->virtualised[0] == 'y')
		say(d, WARN, "virtualisation",
		    "figures move with the neighbours; compare within one regime only",
		    "virtual machine%s%s", e->hypervisor[0] ? ", " : "", e->hypervisor);
	else
		say(d, OK, "virtualisation", NULL, "%s",
		    e->virtualised[0] ? "none" : "not told by this machine");
}

/* Share of CPU time stolen over a moment; it is short, so the total since boot stands beside it. */
static void check_steal(struct doctor *d)
{
	const struct timespec moment = {.tv_nsec = 200000000};
	double before = env_steal_s(-1), after, share;

	nanosleep(&moment, NULL);
	after = env_steal_s(-1);
	if (before < 0 || after < 0) {
		say(d, OK, "steal", NULL, "not counted by this kernel");
		return;
	}
	share = (after - before) / 0.2 / (d->env.cpus_online > 0 ? d->env.cpus_online : 1);
	if (share > 0.02)
		say(d, WARN, "steal", "the hypervisor is busy with others; measure later",
		    "%.0f %% of CPU time in the last 0.2 s", 100 * share);
	else
		say(d, OK, "steal", NULL, "none in the last 0.2 s, %.2f s since boot", after);
}

static void check_clock(struct doctor *d)
{
	const char *c = d->env.clocksource;

	/* These are read without entering the kernel; others cost up to a microsecond a stamp. */
	if (strcmp(c, "tsc") == 0 || strcmp(c, "kvm-clock") == 0 ||
	    strcmp(c, "arch_sys_counter") == 0 || strcmp(c, "hyperv_clocksource_tsc_page") == 0 ||
	    strcmp(c, "tod") == 0)
		say(d, OK, "clock", NULL, "%s", c);
	else
		say(d, WARN, "clock",
		    "reading the time costs much; see "
		    "/sys/devices/system/clocksource/clocksource0",
		    "%s", c[0] ? c : "unknown");
}

static void check_huge_pages(struct doctor *d)
{
	const struct env *e = &d->env;

	if (e->huge_size <= 0)
		say(d, WARN, "huge pages", "windows use normal pages", "none in this kernel");
	else if (e->huge_free > 0)
		say(d, OK, "huge pages", NULL, "%lld of %lld free, %lld KiB each",
		    (long long)e->huge_free, (long long)e->huge_total,
		    (long long)(e->huge_size >> 10));
	else
		say(d, WARN, "huge pages", "'sysctl vm.nr_hugepages=64' (as root) steadies figures",
		    "%lld of %lld free; windows use normal pages", (long long)e->huge_free,
		    (long long)e->huge_total);
}

static void check_thp(struct doctor *d)
{
	const char *s = d->env.thp_shmem;

	if (strcmp(s, "always") == 0 || strcmp(s, "advise") == 0 || strcmp(s, "within_size") == 0 ||
	    strcmp(s, "force") == 0)
		say(d, OK, "THP", NULL, "%s, for shared memory %s", d->env.thp, s);
	else
		say(d, d->env.huge_free > 0 ? OK : WARN, "THP",
		    d->env.huge_free > 0 ? NULL
					 : "'echo advise > "
					   "/sys/kernel/mm/transparent_hugepage/shmem_enabled' (as "
					   "root) helps where no huge pages are",
		    "%s, for shared memory %s", d->env.thp[0] ? d->env.thp : "none",
		    s[0] ? s : "none");
}

/* Windows must be sealed: without it a peer could truncate memory under us. Tried, not guessed. */
static void check_memfd(struct doctor *d)
{
	int fd = memfd_create("vop-doctor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	const char *wrong = NULL;

	if (fd < 0 || ftruncate(fd, 65536))
		wrong = strerror(errno);
	else if (fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_SEAL))
		wrong = strerror(errno);
	else if (ftruncate(fd, 4096) == 0)
		wrong = "a sealed file could be shrunk";
	if (fd >= 0)
		close(fd);
	if (wrong)
		say(d, FAIL, "sealed memfd", "the shm link needs memfd_create with seals", "%s",
		    wrong);
	else
		say(d, OK, "sealed memfd", NULL, "works");
}

/* A descriptor must survive the trip over a socket. */
static bool pass_descriptor(int from, int to)
{
	union {
		struct cmsghdr align;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = {0};
	char byte = 0;
	struct iovec iov = {&byte, 1};
	struct msghdr m = {.msg_iov = &iov,
			   .msg_iovlen = 1,
			   .msg_control = control.bytes,
			   .msg_controllen = sizeof(control.bytes)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	int fd = -1;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &from, sizeof(int));
	if (sendmsg(from, &m, MSG_DONTWAIT) != 1 ||
	    recvmsg(to, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC) != 1)
		return false;
	c = CMSG_FIRSTHDR(&m);
	if (!c || c->cmsg_type != SCM_RIGHTS) {
		errno = EPROTO;
		return false;
	}
	memcpy(&fd, CMSG_DATA(c), sizeof(int));
	close(fd);
	return true;
}

static void check_sockets(struct doctor *d)
{
	int s[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, s)) {
		say(d, FAIL, "UNIX sockets", "nodes meet and ring doorbells over them", "%s",
		    strerror(errno));
		return;
	}
	if (pass_descriptor(s[0], s[1]))
		say(d, OK, "UNIX sockets", NULL, "work, and pass descriptors");
	else
		say(d, FAIL, "UNIX sockets", "windows are handed over as descriptors",
		    "no descriptor passes: %s", strerror(errno));
	close(s[0]);
	close(s[1]);
}

static void check_memory(struct doctor *d)
{
	long long mib = (long long)(d->env.memory_available >> 20);

	if (d->env.memory_available < 0)
		say(d, OK, "memory", NULL, "not told by this kernel");
	else if (mib >= 512)
		say(d, OK, "memory", NULL, "%lld MiB available", mib);
	else
		say(d, WARN, "memory", "a run needs up to 64 MiB a process and must not swap",
		    "%lld MiB available", mib);
}

static void check_limits(struct doctor *d)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r))
		say(d, WARN, "open files", NULL, "%s", strerror(errno));
	else if (r.rlim_cur >= 1024)
		say(d, OK, "open files", NULL, "%llu allowed", (unsigned long long)r.rlim_cur);
	else
		say(d, WARN, "open files", "many devices on one link need more: 'ulimit -n 4096'",
		    "%llu allowed", (unsigned long long)r.rlim_cur);
	if (getrlimit(RLIMIT_MEMLOCK, &r))
		say(d, WARN, "locked memory", NULL, "%s", strerror(errno));
	else if (r.rlim_cur == RLIM_INFINITY)
		say(d, OK, "locked memory", NULL, "unlimited");
	else if (r.rlim_cur >= 64u << 20)
		say(d, OK, "locked memory", NULL, "%llu KiB allowed",
		    (unsigned long long)r.rlim_cur >> 10);
	else
		say(d, geteuid() == 0 ? OK : WARN, "locked memory",
		    geteuid() == 0
			    ? NULL
			    : "BPF before Linux 5.11 needs more: 'ulimit -l 65536' allows it",
		    "%llu KiB allowed%s", (unsigned long long)r.rlim_cur >> 10,
		    geteuid() == 0 ? ", root is exempt" : "");
}

/* Only needed to see where time goes, so never more than a warning. */
static void check_probes(struct doctor *d)
{
	char text[32];
	long level = 4;
	bool btf = access("/sys/kernel/btf/vmlinux", R_OK) == 0;

	if (env_read_line("/proc/sys/kernel/perf_event_paranoid", text, sizeof(text)) == 0)
		level = strtol(text, NULL, 10);
	if (geteuid() == 0 || level <= 1)
		say(d, OK, "perf", NULL, "allowed (perf_event_paranoid %ld)", level);
	else
		say(d, WARN, "perf", "'sysctl kernel.perf_event_paranoid=1' (as root) allows it",
		    "perf_event_paranoid %ld", level);
	if (btf && geteuid() == 0)
		say(d, OK, "BPF", NULL, "kernel types are there, root");
	else
		say(d, WARN, "BPF",
		    btf ? "probes need root" : "probes need a kernel built with DEBUG_INFO_BTF",
		    "%s", btf ? "not root" : "no /sys/kernel/btf/vmlinux");
}

static void (*const checks[])(struct doctor *) = {
	check_cpus,  check_smt,	    check_numa,	  check_governor,   check_virtualisation,
	check_steal, check_clock,   check_memory, check_huge_pages, check_thp,
	check_memfd, check_sockets, check_limits, check_probes,
};

int cmd_doctor(int argc, char **argv)
{
	static const struct opt none[] = {{.name = NULL}};
	struct opt_args args;
	struct doctor *d;
	size_t i;
	int status;

	if (opt_parse(none, 0, argc, argv, &args, stderr))
		return CMD_COULD_NOT;
	if (args.help) {
		printf("usage: vop-bench doctor\n\nChecks what a run needs; one line each: ok, "
		       "warn "
		       "(it works, the figures suffer), fail.\nExit status 1 when something "
		       "fails.\n");
		return CMD_DONE;
	}
	d = calloc(1, sizeof(*d));
	if (!d)
		return cmd_could_not("out of memory");
	env_collect(&d->env, NULL, 0);
	d->table = table_new();
	table_column(d->table, "", NULL, TABLE_LEFT);
	table_column(d->table, "check", NULL, TABLE_LEFT);
	table_column(d->table, "what was found", NULL, TABLE_LEFT);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		checks[i](d);
	status = table_print(d->table, stdout, table_colour(stdout))
			 ? cmd_could_not("out of memory")
			 : (d->count[FAIL] ? CMD_FAILED : CMD_DONE);
	printf("%u ok, %u warn, %u fail\n", d->count[OK], d->count[WARN], d->count[FAIL]);
	table_free(d->table);
	free(d);
	return status;
}
