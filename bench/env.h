/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Where a figure was measured: facts about the machine for a result file, and samples around a
 * round that tell whether it was disturbed.
 *
 * What cannot be read is an empty string, or -1 for a number: never a guess.
 */
#ifndef BENCH_ENV_H
#define BENCH_ENV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ENV_TEXT	128u
#define ENV_CPUS_MAX	64u /* CPUs described one by one */
#define ENV_CACHES	8u
#define ENV_MITIGATIONS 32u

struct env_cache {
	int level;
	char type[16];	 /* "Data", "Instruction", "Unified" */
	int64_t size;	 /* bytes */
	int line;	 /* bytes */
	char shared[64]; /* CPU list that shares it: "0-1" */
};

struct env_cpu {
	int cpu;
	int node;	   /* NUMA node; -1 unknown */
	int core, package; /* -1 unknown */
	char siblings[64]; /* CPU list of its core's threads, itself included; "0" when alone */
	char governor[32]; /* "" without frequency scaling */
};

struct env_mitigation {
	char name[48];
	char state[ENV_TEXT];
};

struct env {
	char time_utc[32]; /* 2024-05-06T07:08:09Z */
	char host_arch[32];
	char kernel[ENV_TEXT];
	char os[ENV_TEXT];
	char cpu_model[ENV_TEXT];
	char virtualised[8];	   /* "yes", "no", "" unknown */
	char hypervisor[ENV_TEXT]; /* who, where it says so: "KVM", "QEMU", "Xen" */
	char clocksource[32];
	char git_revision[64];
	char compiler[ENV_TEXT];
	char thp[32]; /* transparent huge pages: "madvise" */
	char thp_shmem[32];
	int cpus_online;
	int cpus_usable;   /* by this process (affinity) */
	int64_t page_size; /* bytes */
	int64_t memory;	   /* bytes */
	int64_t memory_available;
	int64_t huge_size;	       /* bytes of a default huge page */
	int64_t huge_total, huge_free; /* pages */
	int smt;		       /* 1 on, 0 off or absent, -1 unknown */
	unsigned cpus_n;
	struct env_cpu cpus[ENV_CPUS_MAX]; /* the CPUs asked for */
	unsigned caches_n;
	struct env_cache caches[ENV_CACHES]; /* of the first CPU asked for */
	unsigned mitigations_n;
	struct env_mitigation mitigations[ENV_MITIGATIONS];
};

/*
 * Fill e; cpus[0..n) are the CPUs the run uses (NULL: all usable ones). Takes milliseconds: not
 * inside a measured window.
 */
void env_collect(struct env *e, const int *cpus, unsigned n);

/* The part of env_collect() that env_machine.c holds: CPU model, mitigations, hypervisor. */
void env_describe_machine(struct env *e);

/* CPUs this process may run on, ascending. Returns how many there are (out gets at most max). */
unsigned env_usable_cpus(int *out, unsigned max);

/* The revision and the compiler this program was built from and by; never NULL. */
const char *env_git_revision(void);
const char *env_compiler(void);

/*
 * Time the hypervisor took from a CPU since boot, in seconds (1/100 s steps); cpu -1: all of them.
 * Negative when /proc/stat does not say.
 */
double env_steal_s(int cpu);

/* One thread, at one moment. */
struct env_thread {
	uint64_t cpu_ns;		 /* CPU time, user and system */
	uint64_t involuntary, voluntary; /* context switches */
	uint64_t migrations;		 /* as the kernel counts them; only with migrations_known */
	bool migrations_known;
	int cpu; /* where it runs at this moment */
};

/*
 * Sample the calling thread. Costs some microseconds and reads a file in /proc: take it outside the
 * counted window. 0 or a negative errno.
 */
int env_thread_sample(struct env_thread *out);

/*
 * What happened between two samples of one thread. Without the kernel's own count a migration is
 * seen only as a change of CPU between the samples, so 0 or 1.
 */
void env_thread_delta(const struct env_thread *before, const struct env_thread *after,
		      struct env_thread *out);

/*
 * Read the first line of a small text file, without its newline. 0, or a negative errno with buf
 * empty. doctor and env read /proc and /sys through it.
 */
int env_read_line(const char *path, char *buf, size_t size);

/* A line "KEY: number ..." of a file such as /proc/meminfo; -1 when it is not there. */
int64_t env_read_key(const char *path, const char *key);

#endif
