/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "bench/cmd.h"
#include "bench/node_create.h"
#include "bench/opt.h"

const char *const node_words[] = {"host", "endpoint", NULL};
const char *const notify_words[] = {"poll", "event", "adaptive", NULL};

/* Keys of every device, behind those of its type. */
enum { KEY_DEVICE, KEY_NOTIFY, KEY_QUEUE_SIZE, KEY_NAME, KEYS_COMMON };
#define KEYS_ALL (VOP_SERVICE_KEYS_MAX + KEYS_COMMON)

/* The values of one --create, each with the same rules as an option. */
struct create_values {
	unsigned word[VOP_SERVICE_KEYS_MAX];
	union vop_service_value v[VOP_SERVICE_KEYS_MAX];
	unsigned device, notify;
	uint64_t queue_size;
	const char *name;
};

/* The key as an option that is stored in v; k is its place. */
static struct opt option_of(const struct vop_service_key *key, struct create_values *v, unsigned k)
{
	static const enum opt_kind kinds[] = {
		[VOP_KEY_NUMBER] = OPT_U64,
		[VOP_KEY_SIZE] = OPT_SIZE,
		[VOP_KEY_WORD] = OPT_ENUM,
		[VOP_KEY_TEXT] = OPT_STRING,
	};
	struct opt o = {
		.name = key->name,
		.kind = kinds[key->kind],
		.to = &v->v[k].number,
		.min = key->min,
		.max = key->max,
		.words = key->words,
	};

	if (key->kind == VOP_KEY_WORD)
		o.to = &v->word[k];
	else if (key->kind == VOP_KEY_TEXT)
		o.to = &v->v[k].text;
	return o;
}

/* The options of one --create; *v starts as what d holds. */
static void make_table(const struct vop_service_device *d, struct create_values *v,
		       struct opt table[KEYS_ALL + 1])
{
	const struct vop_service_key *key = d->type->keys;
	unsigned k;

	*v = (struct create_values){
		.device = d->device, .notify = d->notify, .queue_size = d->queue_size};
	memcpy(v->v, d->v, sizeof(v->v));
	for (k = 0; key[k].name; k++) {
		v->word[k] = key[k].kind == VOP_KEY_WORD ? (unsigned)d->v[k].number : 0;
		table[k] = option_of(&key[k], v, k);
	}
	table[k++] = (struct opt){
		.name = "device", .kind = OPT_ENUM, .to = &v->device, .words = node_words};
	table[k++] = (struct opt){
		.name = "notify", .kind = OPT_ENUM, .to = &v->notify, .words = notify_words};
	table[k++] = (struct opt){.name = "queue-size",
				  .kind = OPT_U64,
				  .to = &v->queue_size,
				  .min = 1,
				  .max = VOP_QUEUE_SIZE_MAX};
	table[k++] = (struct opt){.name = "name", .kind = OPT_STRING, .to = &v->name};
	table[k] = (struct opt){.name = NULL};
}

/* "a, b and c" */
static const char *names_of(const struct opt *keys, char *buf, size_t size)
{
	size_t at = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; keys[i].name && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s",
				       !i		  ? ""
				       : keys[i + 1].name ? ", "
							  : " and ",
				       keys[i].name);
	return buf;
}

static int set_key(const struct opt *keys, char *word)
{
	char *eq = strchr(word, '='), prefix[64], names[400];
	const struct opt *o;

	if (eq)
		*eq++ = '\0';
	for (o = keys; o->name; o++)
		if (strcmp(o->name, word) == 0)
			break;
	if (!o->name || !eq)
		return cmd_could_not("--create: '%s' is no KEY=VALUE; keys are %s", word,
				     names_of(keys, names, sizeof(names)));
	snprintf(prefix, sizeof(prefix), "vop-bench node: --create");
	return opt_set(o, eq, prefix, stderr) ? CMD_COULD_NOT : 0;
}

static int unknown_type(const char *word)
{
	char names[200] = "";
	size_t at = 0;
	unsigned i;

	for (i = 0; vop_service_types[i] && at < sizeof(names); i++)
		at += (size_t)snprintf(names + at, sizeof(names) - at, "%s%s",
				       !i			  ? ""
				       : vop_service_types[i + 1] ? ", "
								  : " and ",
				       vop_service_types[i]->name);
	return cmd_could_not("--create: device type '%s' is not known; there is %s", word, names);
}

int node_create_parse(char *text, const struct node_base *base, struct vop_service_device *out)
{
	struct opt table[KEYS_ALL + 1];
	struct vop_error err = {{0}};
	struct create_values v;
	char *rest = text, *word = strsep(&rest, ",");
	unsigned i, k;
	int r;

	for (i = 0; i < base->n && strcmp(word, base->dev[i].type->name) != 0; i++)
		;
	if (i == base->n)
		return unknown_type(word);
	*out = base->dev[i];
	make_table(out, &v, table);
	while ((word = strsep(&rest, ",")) != NULL) {
		r = set_key(table, word);
		if (r)
			return r;
	}
	if (v.name && strlen(v.name) >= VOP_NAME_MAX)
		return cmd_could_not("--create: name '%s' is longer than %d characters", v.name,
				     VOP_NAME_MAX - 1);
	memcpy(out->v, v.v, sizeof(out->v));
	for (k = 0; out->type->keys[k].name; k++)
		if (out->type->keys[k].kind == VOP_KEY_WORD)
			out->v[k].number = v.word[k];
	out->device = (enum vop_node_id)v.device;
	out->notify = (enum vop_notify)v.notify;
	out->queue_size = (uint16_t)v.queue_size;
	out->name = v.name;
	if (out->type->check && out->type->check(out, &err))
		return cmd_could_not("--create: %s", err.text);
	return 0;
}

/* --- help --- */

/* "null|source|echo" */
static void words_text(const char *const *words, char *buf, size_t size)
{
	size_t at = 0;
	unsigned i;

	buf[0] = '\0';
	for (i = 0; words[i] && at < size; i++)
		at += (size_t)snprintf(buf + at, size - at, "%s%s", i ? "|" : "", words[i]);
}

static void help_line(FILE *out, const char *name, const char *value, const char *about,
		      const char *more)
{
	enum { COLUMN = 28, WIDTH = 80 };
	char left[80], right[240];
	char *p = right;

	snprintf(left, sizeof(left), "%s=%s", name, value);
	snprintf(right, sizeof(right), "%s%s%s%s", about, more[0] ? " (" : "", more,
		 more[0] ? ")" : "");
	fprintf(out, "  %-*s", COLUMN - 2, left);
	if (strlen(left) > COLUMN - 4)
		fprintf(out, "\n%*s", COLUMN, "");
	while (strlen(p) > WIDTH - COLUMN) {
		char *cut = p + WIDTH - COLUMN;

		while (cut > p && *cut != ' ')
			cut--;
		if (cut == p)
			break;
		*cut = '\0';
		fprintf(out, "%s\n%*s", p, COLUMN, "");
		p = cut + 1;
	}
	fprintf(out, "%s\n", p);
}

static void help_key(FILE *out, const struct vop_service_key *key)
{
	struct create_values v = {0};
	struct opt o = option_of(key, &v, 0), low = o, high = o;
	char value[80] = "", def[32], min[32], max[32], more[120] = "";
	uint64_t lo = key->min, hi = key->max;

	if (key->kind == VOP_KEY_WORD)
		words_text(key->words, value, sizeof(value));
	v.v[0].number = key->def;
	v.word[0] = (unsigned)key->def;
	low.to = &lo;
	high.to = &hi;
	if (key->kind == VOP_KEY_NUMBER || key->kind == VOP_KEY_SIZE)
		snprintf(more, sizeof(more), "%s to %s%s%s", opt_text(&low, min, sizeof(min)),
			 opt_text(&high, max, sizeof(max)), key->def < key->min ? "" : "; default ",
			 key->def < key->min ? "" : opt_text(&o, def, sizeof(def)));
	else if (key->kind == VOP_KEY_WORD)
		snprintf(more, sizeof(more), "default %s", opt_text(&o, def, sizeof(def)));
	help_line(out, key->name, key->value ? key->value : value, key->help, more);
}

void node_create_help(FILE *out)
{
	const struct vop_service_key *key;
	char more[80];
	unsigned i;

	fprintf(out, "--create TYPE[,KEY=VALUE]... with the keys\n");
	help_line(out, "device", "host|endpoint", "who plays the device", "default: this node");
	help_line(out, "notify", "poll|event|adaptive", "how kicks are taken",
		  "default: as --notify");
	snprintf(more, sizeof(more), "1 to %u; default %u", VOP_QUEUE_SIZE_MAX,
		 VOP_SERVICE_QUEUE_SIZE);
	help_line(out, "queue-size", "N", "descriptors at most", more);
	snprintf(more, sizeof(more), "at most %u characters; default: by its slot",
		 VOP_NAME_MAX - 1);
	help_line(out, "name", "TEXT", "its name", more);
	for (i = 0; vop_service_types[i]; i++) {
		fprintf(out, "and of TYPE %s%s\n", vop_service_types[i]->name,
			vop_service_types[i]->keys->name ? "" : ": no others");
		for (key = vop_service_types[i]->keys; key->name; key++)
			help_key(out, key);
	}
}
