/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "bench/cmd.h"
#include "bench/conformance_targets.h"

const char *const conformance_devices[CONFORMANCE_DEVICES + 1] = {"net", "blk", "console",
								  "rng", "fs",	NULL};
const uint16_t conformance_device_ids[CONFORMANCE_DEVICES] = {1, 2, 3, 4, 26};

/* As the node makes them; NULL: it does not. Frames and characters come back, so that contents can
 * be compared. */
static const char *const created[CONFORMANCE_DEVICES] = {
	"net,backend=echo,pairs=2", "blk,size=64M", "console,backend=echo,ports=2", "rng", NULL};

int conformance_target_check(struct conformance_target *t)
{
	size_t scheme = strcspn(t->uri, ":");
	const char *rest = t->uri + scheme + (t->uri[scheme] == ':');

	t->mutant = (struct ref_mutant){0, REF_SOUND};
	if (strncmp(t->uri, "ref:", 4) == 0) {
		t->reference = true;
		if (*rest && !ref_mutant_find(rest, &t->mutant))
			return cmd_could_not("conformance: there is no mutant '%s'; --self-check "
					     "--verbose lists them",
					     rest);
		if (t->spawn)
			return cmd_could_not("conformance: the reference device runs inside this "
					     "program: leave out --spawn");
		return 0;
	}
	t->mute = strncmp(t->uri, "vhost-user:", 11) == 0;
	if (!t->mute && strncmp(t->uri, "vop:", 4) != 0)
		return cmd_could_not("conformance: target '%s' is none of vop:, vop:PATH, "
				     "vhost-user:PATH, ref:",
				     t->uri);
	t->scheme = t->mute ? "vhost-user" : "vop";
	if (t->mute && !*rest && !t->spawn)
		return cmd_could_not("conformance: vhost-user: names no socket; write "
				     "vhost-user:PATH, or start a back-end with --spawn");
	t->self = !*rest && !t->spawn;
	t->attached = *rest && !t->spawn;
	return 0;
}

static const char *creation(uint16_t device)
{
	unsigned i;

	for (i = 0; i < CONFORMANCE_DEVICES; i++)
		if (conformance_device_ids[i] == device)
			return created[i];
	return NULL;
}

static struct sut *of_this_build(const struct conformance_target *t, uint16_t device)
{
	const char *argv[] = {
		"/proc/self/exe", "node",	 "endpoint", "--at",	 "@",	"--create",
		creation(device), "--notify",	 "event",    "--window", "16M", "--no-huge",
		"--quiet",	  "--reconnect", "never",    NULL};
	struct sut_spawn_config cfg = {
		.argv = argv, .device = device, .timeout_ms = t->timeout_ms, .scheme = "vop"};

	return sut_spawn(&cfg);
}

struct sut *conformance_target_new(const struct conformance_target *t, uint16_t device,
				   unsigned variant)
{
	struct sut_spawn_config cfg = {
		.command = t->spawn,
		.uri = strchr(t->uri, ':')[1] ? t->uri : NULL,
		.scheme = t->scheme,
		.device = device,
		.timeout_ms = t->timeout_ms,
		.poll_mode = t->poll_mode,
	};

	if (t->reference)
		return ref_new(device, variant, &t->mutant);
	/* Nodes of the VOP serve no file system. */
	if (variant || (!t->mute && device && !creation(device)))
		return NULL;
	return t->self ? of_this_build(t, device) : sut_spawn(&cfg);
}

uint16_t conformance_target_find(const struct conformance_target *t, struct vop_error *err)
{
	struct sut *s = conformance_target_new(t, 0, 0);
	uint16_t device = 0;

	if (!s)
		snprintf(err->text, sizeof(err->text), "out of memory");
	else if (sut_start(s, err) == 0)
		device = s->target->device_id;
	sut_free(s);
	return device;
}
