/* SPDX-License-Identifier: BSD-2-Clause */
/* The CPU's name, mitigations, and whether all this is a virtual machine; see env.h. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

#include "bench/env.h"

/* Lines of /proc/cpuinfo that name the CPU, by architecture. */
static const char *const name_keys[] = {"model name", "Model", "Processor", "machine", "cpu model"};

struct cpuinfo {
	char model[ENV_TEXT];
	char arm[ENV_TEXT]; /* "implementer 0x41 part 0xd0c", where there is no name */
	bool flags_seen, hypervisor;
};

static void cpuinfo_line(struct cpuinfo *c, const char *key, const char *value)
{
	size_t i, at = strlen(c->arm);

	for (i = 0; i < sizeof(name_keys) / sizeof(name_keys[0]); i++)
		if (strcmp(key, name_keys[i]) == 0 && !c->model[0])
			snprintf(c->model, sizeof(c->model), "%s", value);
	if (strcmp(key, "CPU implementer") == 0 && !at)
		snprintf(c->arm, sizeof(c->arm), "implementer %.16s", value);
	if (strcmp(key, "CPU part") == 0 && !strstr(c->arm, "part"))
		snprintf(c->arm + at, sizeof(c->arm) - at, "%spart %.16s", at ? " " : "", value);
	if (strcmp(key, "flags") == 0 && !c->flags_seen) {
		const char *s = strstr(value, " hypervisor");

		c->flags_seen = true;
		c->hypervisor = s && (s[11] == ' ' || s[11] == '\0');
	}
}

static void read_cpuinfo(struct cpuinfo *c)
{
	char *line = NULL;
	size_t room = 0;
	FILE *f = fopen("/proc/cpuinfo", "re");

	memset(c, 0, sizeof(*c));
	while (f && getline(&line, &room, f) > 0) {
		char *colon = strchr(line, ':'), *value, *end;

		if (!colon)
			continue;
		for (end = colon; end > line && (end[-1] == '\t' || end[-1] == ' '); end--)
			;
		*end = '\0';
		value = colon + 1 + strspn(colon + 1, " \t");
		value[strcspn(value, "\n")] = '\0';
		cpuinfo_line(c, line, value);
	}
	free(line);
	if (f)
		fclose(f);
}

/* What the hypervisor calls itself to its guests (x86 only); "" elsewhere. */
static void cpuid_vendor(char *buf, size_t size)
{
	buf[0] = '\0';
#if defined(__x86_64__) || defined(__i386__)
	unsigned int eax, ebx, ecx, edx;
	char raw[13] = {0};
	static const struct {
		const char *raw, *name;
	} known[] = {
		{"KVMKVMKVM", "KVM"},		{"Microsoft Hv", "Hyper-V"},
		{"VMwareVMware", "VMware"},	{"XenVMMXenVMM", "Xen"},
		{"TCGTCGTCGTCG", "QEMU TCG"},	{"bhyve bhyve ", "bhyve"},
		{"VBoxVBoxVBox", "VirtualBox"},
	};
	size_t i;

	__cpuid(0x40000000, eax, ebx, ecx, edx);
	memcpy(raw, &ebx, 4);
	memcpy(raw + 4, &ecx, 4);
	memcpy(raw + 8, &edx, 4);
	(void)eax;
	snprintf(buf, size, "%s", raw);
	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strcmp(raw, known[i].raw) == 0)
			snprintf(buf, size, "%s", known[i].name);
#else
	(void)size;
#endif
}

/* Firmware names of virtual machines, for machines whose CPU does not say. */
static bool vendor_is_virtual(const char *vendor)
{
	static const char *const known[] = {"QEMU",
					    "KVM",
					    "Xen",
					    "VMware",
					    "innotek",
					    "Bochs",
					    "BHYVE",
					    "Amazon",
					    "Google",
					    "Parallels",
					    "Microsoft Corporation Virtual"};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (strstr(vendor, known[i]))
			return true;
	return false;
}

static void describe_virtualisation(struct env *e, const struct cpuinfo *c)
{
	char vendor[64], product[48], text[ENV_TEXT];

	env_read_line("/sys/class/dmi/id/sys_vendor", vendor, sizeof(vendor));
	env_read_line("/sys/class/dmi/id/product_name", product, sizeof(product));
	if (c->flags_seen && c->hypervisor) {
		snprintf(e->virtualised, sizeof(e->virtualised), "yes");
		cpuid_vendor(e->hypervisor, sizeof(e->hypervisor));
	} else if (c->flags_seen) {
		snprintf(e->virtualised, sizeof(e->virtualised), "no");
		return;
	} else if (env_read_line("/sys/hypervisor/type", text, sizeof(text)) == 0) {
		snprintf(e->virtualised, sizeof(e->virtualised), "yes");
		snprintf(e->hypervisor, sizeof(e->hypervisor), "%s", text);
	} else if (env_read_line("/proc/device-tree/hypervisor/compatible", text, sizeof(text)) ==
			   0 ||
		   vendor_is_virtual(vendor)) {
		snprintf(e->virtualised, sizeof(e->virtualised), "yes");
	}
	if (!e->hypervisor[0] && e->virtualised[0])
		snprintf(e->hypervisor, sizeof(e->hypervisor), "%s%s%s", vendor,
			 vendor[0] && product[0] ? " " : "", product);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct env_mitigation *)a)->name,
		      ((const struct env_mitigation *)b)->name);
}

static void describe_mitigations(struct env *e)
{
	static const char dir[] = "/sys/devices/system/cpu/vulnerabilities";
	struct dirent *d;
	DIR *list = opendir(dir);

	while (list && (d = readdir(list)) && e->mitigations_n < ENV_MITIGATIONS) {
		struct env_mitigation *m = &e->mitigations[e->mitigations_n];
		char path[512];

		if (d->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, d->d_name);
		if (env_read_line(path, m->state, sizeof(m->state)))
			continue;
		snprintf(m->name, sizeof(m->name), "%.47s", d->d_name);
		e->mitigations_n++;
	}
	if (list)
		closedir(list);
	/* In directory order two files of one machine would differ. */
	qsort(e->mitigations, e->mitigations_n, sizeof(e->mitigations[0]), by_name);
}

void env_describe_machine(struct env *e)
{
	struct cpuinfo c;

	read_cpuinfo(&c);
	snprintf(e->cpu_model, sizeof(e->cpu_model), "%s", c.model[0] ? c.model : c.arm);
	describe_virtualisation(e, &c);
	describe_mitigations(e);
}
