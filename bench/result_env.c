/* SPDX-License-Identifier: BSD-2-Clause */
/* The "environment" object of a result file; see result.h. */
#include <errno.h>

#include "bench/result.h"
#include "report/json.h"

/* Append a new object to an array; borrowed, NULL without memory. */
static json_t *append_object(json_t *array)
{
	json_t *o = json_object();

	return json_array_append_new(array, o) ? NULL : o;
}

static int put_cpus(json_t *o, const struct env *e)
{
	json_t *a = json_put_array(o, "cpus"), *c;
	unsigned i;

	for (i = 0; a && i < e->cpus_n; i++) {
		const struct env_cpu *cpu = &e->cpus[i];

		c = append_object(a);
		if (!c || json_put_int(c, "cpu", cpu->cpu) ||
		    json_put_known(c, "node", cpu->node) || json_put_known(c, "core", cpu->core) ||
		    json_put_known(c, "package", cpu->package) ||
		    json_put_text(c, "siblings", cpu->siblings) ||
		    json_put_text(c, "governor", cpu->governor))
			return -ENOMEM;
	}
	return a ? 0 : -ENOMEM;
}

static int put_caches(json_t *o, const struct env *e)
{
	json_t *a = json_put_array(o, "caches"), *c;
	unsigned i;

	for (i = 0; a && i < e->caches_n; i++) {
		const struct env_cache *cache = &e->caches[i];

		c = append_object(a);
		if (!c || json_put_int(c, "level", cache->level) ||
		    json_put_text(c, "type", cache->type) ||
		    json_put_known(c, "size", cache->size) ||
		    json_put_known(c, "line", cache->line) ||
		    json_put_text(c, "shared", cache->shared))
			return -ENOMEM;
	}
	return a ? 0 : -ENOMEM;
}

static int put_mitigations(json_t *o, const struct env *e)
{
	json_t *m = json_put_object(o, "mitigations");
	unsigned i;

	for (i = 0; m && i < e->mitigations_n; i++)
		if (json_put_text(m, e->mitigations[i].name, e->mitigations[i].state))
			return -ENOMEM;
	return m ? 0 : -ENOMEM;
}

static int put_virtualised(json_t *o, const struct env *e)
{
	if (!e->virtualised[0])
		return json_put_text(o, "virtualised", NULL);
	return json_put_bool(o, "virtualised", e->virtualised[0] == 'y');
}

static int put_memory(json_t *o, const struct env *e)
{
	return json_put_known(o, "memory", e->memory) ||
			       json_put_known(o, "memory_available", e->memory_available) ||
			       json_put_known(o, "page_size", e->page_size) ||
			       json_put_known(o, "huge_page_size", e->huge_size) ||
			       json_put_known(o, "huge_pages_total", e->huge_total) ||
			       json_put_known(o, "huge_pages_free", e->huge_free) ||
			       json_put_text(o, "thp", e->thp) ||
			       json_put_text(o, "thp_shmem", e->thp_shmem)
		       ? -ENOMEM
		       : 0;
}

int result_put_environment(json_t *run, const struct env *e)
{
	json_t *o = json_put_object(run, "environment");

	if (!o || json_put_text(o, "kernel", e->kernel) || json_put_text(o, "os", e->os) ||
	    json_put_text(o, "arch", e->host_arch) || json_put_text(o, "cpu_model", e->cpu_model) ||
	    json_put_known(o, "cpus_online", e->cpus_online) ||
	    json_put_known(o, "cpus_usable", e->cpus_usable) || json_put_known(o, "smt", e->smt) ||
	    put_virtualised(o, e) || json_put_text(o, "hypervisor", e->hypervisor) ||
	    json_put_text(o, "clocksource", e->clocksource) ||
	    json_put_text(o, "git_revision", e->git_revision) ||
	    json_put_text(o, "compiler", e->compiler) || put_memory(o, e) || put_cpus(o, e) ||
	    put_caches(o, e) || put_mitigations(o, e))
		return -ENOMEM;
	return 0;
}
