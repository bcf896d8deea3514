/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Slots of the device page: hot-add and hot-remove, by this node and by the peer (VOP-20 to
 * VOP-29).
 *
 * Callbacks may enter vop_node_service() again (a vop_drv_*() call waits by servicing), so nothing
 * here keeps a pointer or a snapshot across a callback but a struct vop_device, which stays until
 * no call on the stack can hold it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vop/node_internal.h"

#define GRAVES_MAX 128u /* devices kept for callers higher up on the stack */

/* --- devices: birth and death, the same for both creators --- */

void vop_node_free_device(struct vop_device *d)
{
	vop_drv_detach(d);
	free(d->srv);
	free(d);
}

/* Callers higher up on the stack may still hold the pointer: it stays until none does. */
void vop_node_bury(struct vop_node *n, struct vop_device *d)
{
	d->next_grave = n->graves;
	n->graves = d;
	n->n_graves++;
}

void vop_node_empty_graves(struct vop_node *n)
{
	struct vop_device *d;

	if (n->pins)
		return;
	while ((d = n->graves)) {
		n->graves = d->next_grave;
		vop_node_free_device(d);
	}
	n->n_graves = 0;
}

/*
 * Make the device and clear this node's role block for its generation. Requests and answers start
 * at 0 with every generation; the release of slot_gen comes last, and the peer reads slot_gen
 * before the sequence number, so it can never take an old number for a new generation (VOP-31).
 */
static struct vop_device *add_device(struct vop_node *n, const struct vop_device_info *info)
{
	struct vop_device *d = calloc(1, sizeof(*d));
	static const uint8_t zero[VOP_ROLE_STRIDE];
	uint64_t role;

	if (!d)
		return NULL;
	d->head.front = &vop_node_front;
	d->node = n;
	d->info = *info;
	if (info->driver == n->self && vop_drv_attach(d)) {
		free(d);
		return NULL;
	}
	role = vop_own_role(d);
	/* slot_gen is word 1 of both kinds of block. */
	vop_own_put(n, role, zero, 4);
	vop_own_put(n, role + 8, zero, VOP_ROLE_STRIDE - 8);
	vop_own_put32_rel(n, role + offsetof(struct vop_driver_block, slot_gen), info->gen);
	n->dev[info->creator][info->slot] = d;
	return d;
}

static void release_memory(struct vop_device *d)
{
	vop_srv_release_memory(d);
	vop_drv_release_memory(d);
}

/*
 * On return nobody on this node uses the device. `usable`: the driver's primitives still work in
 * the callback (the creator says good-bye before the peer knows).
 */
void vop_node_remove_device(struct vop_device *d, bool usable)
{
	struct vop_node *n = d->node;

	d->leaving = true;
	if (!usable)
		d->gone = true;
	vop_srv_quiesce(d);
	if (n->events.device_removed)
		n->events.device_removed(n->ctx, n, d);
	vop_drv_close_doorbells(d);
	d->gone = true;
	n->dev[d->info.creator][d->info.slot] = NULL;
}

/* --- slots of the peer --- */

static bool read_slot(struct vop_node *n, unsigned s, uint32_t word, struct vop_device_info *out)
{
	struct vop_slot slot;
	unsigned i;

	if (vop_peer_get(n, n->page.slot + s * sizeof(slot), &slot, sizeof(slot)))
		return false;
	*out = (struct vop_device_info){
		.creator = n->peer,
		.slot = s,
		.gen = VOP_SLOT_GEN(word),
		.device_id = le16toh(slot.device_id),
		.queues_max = le16toh(slot.queues_max),
		.queue_size_max = le16toh(slot.queue_size_max),
	};
	if (slot.device > 1 || slot.driver > 1 || slot.device == slot.driver)
		return false;
	out->device = slot.device;
	out->driver = slot.driver;
	/* For people, on a terminal: nothing but printable characters, and an end. */
	for (i = 0; i < VOP_NAME_MAX - 1 && slot.name[i]; i++)
		out->name[i] = slot.name[i] >= 0x20 && slot.name[i] < 0x7f ? slot.name[i] : '?';
	return out->device_id != 0 && out->queues_max <= VOP_QUEUES_MAX &&
	       (out->queues_max == 0 || out->queue_size_max != 0) &&
	       out->queue_size_max <= VOP_QUEUE_SIZE_MAX;
}

static void acknowledge(struct vop_node *n, unsigned s, uint32_t word)
{
	/* Pairs with the load-acquire in vop_own_slot_look(): all use of the device is over before
	 * the creator sees it. */
	vop_own_put32_rel(n, VOP_ACK_OFFSET + s * sizeof(vop_le32), word);
	vop_node_nudge(n, n->peer, s);
}

static void peer_slot_added(struct vop_node *n, unsigned s, uint32_t word)
{
	struct vop_device_info info;
	struct vop_device *d;

	if (!read_slot(n, s, word, &info)) {
		n->nonsense++; /* a device that makes no sense is ignored, never acknowledged */
		return;
	}
	d = add_device(n, &info);
	if (!d)
		return; /* no memory: as if ignored */
	acknowledge(n, s, word);
	if (n->events.device_added)
		n->events.device_added(n->ctx, n, d);
}

/*
 * `quiesced`: the creator stopped using the device before it said REMOVING (VOP-25), so what it had
 * of our memory comes back. Otherwise nobody knows what it still does, and the memory stays away.
 */
static void peer_slot_removed(struct vop_node *n, unsigned s, bool quiesced)
{
	struct vop_device *d = n->dev[n->peer][s];

	if (!d || d->leaving)
		return;
	vop_node_remove_device(d, false);
	if (quiesced && !n->fail)
		release_memory(d);
	vop_node_bury(n, d);
}

/* Is `next` what may follow `seen` of a creator that keeps the life cycle? See VOP-23. */
static bool slot_step_ok(uint32_t seen, uint32_t next)
{
	uint32_t g = VOP_SLOT_GEN(seen), ng = VOP_SLOT_GEN(next), after = (g + 1) & 0xffffffu;

	if (VOP_SLOT_STATE(next) > VOP_SLOT_REMOVING)
		return false;
	switch (VOP_SLOT_STATE(seen)) {
	case VOP_SLOT_FREE:
		return ng == g && VOP_SLOT_STATE(next) != VOP_SLOT_FREE;
	case VOP_SLOT_LIVE:
		return ng == g && VOP_SLOT_STATE(next) == VOP_SLOT_REMOVING;
	default:
		return ng == after; /* acknowledged: any state of the next generation */
	}
}

void vop_peer_slot_look(struct vop_node *n, unsigned s)
{
	struct vop_peer_slot *p = &n->seen[s];
	uint32_t word;

	/* Pairs with the creator's store-release of the word: the slot's other words are there. */
	if (p->poisoned || vop_peer_get32_acq(n, n->page.slot + s * sizeof(struct vop_slot), &word))
		return;
	if (word == p->word)
		return;
	if (!slot_step_ok(p->word, word)) {
		/* Nothing sensible can follow. The device goes, without acknowledgement. */
		p->poisoned = true;
		n->nonsense++;
		peer_slot_removed(n, s, false);
		return;
	}
	if (VOP_SLOT_STATE(word) == VOP_SLOT_LIVE && n->n_graves >= GRAVES_MAX) {
		n->look[n->peer] |= 1ull << s; /* when the call that holds the graves is over */
		return;
	}
	p->word = word;
	switch (VOP_SLOT_STATE(word)) {
	case VOP_SLOT_LIVE:
		peer_slot_added(n, s, word);
		break;
	case VOP_SLOT_REMOVING:
		peer_slot_removed(n, s, true);
		if (!n->fail && n->state == VOP_NODE_UP)
			acknowledge(n, s, word);
		break;
	}
}

/* --- own slots --- */

static void publish_slot(struct vop_node *n, unsigned s, uint32_t word)
{
	n->own[s].word = word;
	/* Pairs with vop_peer_slot_look(). */
	vop_own_put32_rel(n, VOP_SLOT_OFFSET + s * sizeof(struct vop_slot), word);
	vop_node_nudge(n, n->self, s);
}

void vop_own_slot_look(struct vop_node *n, unsigned s)
{
	struct vop_own_slot *o = &n->own[s];
	struct vop_device *d = o->dying;
	uint32_t ack, next = (VOP_SLOT_GEN(o->word) + 1) & 0xffffffu;

	if (VOP_SLOT_STATE(o->word) != VOP_SLOT_REMOVING)
		return;
	if (vop_peer_get32_acq(n, n->page.ack + s * sizeof(vop_le32), &ack) || ack != o->word)
		return; /* anything but the word that is waited for says nothing */
	o->dying = NULL;
	if (d) {
		release_memory(d);
		vop_node_bury(n, d);
	}
	publish_slot(n, s, VOP_SLOT_WORD(next, VOP_SLOT_FREE));
}

int vop_node_create(struct vop_node *n, const struct vop_device_create *c)
{
	struct vop_device_info info = {
		.creator = n->self,
		.device = c->device,
		.driver = c->device == VOP_HOST ? VOP_ENDPOINT : VOP_HOST,
		.device_id = c->device_id,
		.queues_max = c->queues_max,
		.queue_size_max = c->queue_size_max,
	};
	struct vop_slot slot = {
		.device_id = htole16(c->device_id),
		.device = (uint8_t)info.device,
		.driver = (uint8_t)info.driver,
		.queues_max = htole16(c->queues_max),
		.queue_size_max = htole16(c->queue_size_max),
	};
	struct vop_device *d;
	uint32_t word;
	unsigned s;

	if (n->fail)
		return n->fail;
	if (n->state != VOP_NODE_UP)
		return -ENOTCONN;
	if (c->device_id == 0 || (unsigned)c->device > 1 || c->queues_max > VOP_QUEUES_MAX ||
	    c->queue_size_max > VOP_QUEUE_SIZE_MAX || (c->queues_max && !c->queue_size_max) ||
	    (c->name && strlen(c->name) >= VOP_NAME_MAX))
		return -EINVAL;
	for (s = 0; s < VOP_SLOTS; s++)
		if (VOP_SLOT_STATE(n->own[s].word) == VOP_SLOT_FREE)
			break;
	if (s == VOP_SLOTS)
		return -ENOSPC;
	info.slot = s;
	info.gen = VOP_SLOT_GEN(n->own[s].word);
	if (c->name)
		snprintf(info.name, sizeof(info.name), "%s", c->name);
	else
		snprintf(info.name, sizeof(info.name), "device%u-%u", c->device_id, s);
	memcpy(slot.name, info.name, sizeof(slot.name));
	d = add_device(n, &info);
	if (!d)
		return -ENOMEM;
	word = VOP_SLOT_WORD(info.gen, VOP_SLOT_LIVE);
	vop_own_put(n, VOP_SLOT_OFFSET + s * sizeof(slot) + 4, (const uint8_t *)&slot + 4,
		    sizeof(slot) - 4);
	publish_slot(n, s, word);
	if (n->events.device_added)
		n->events.device_added(n->ctx, n, d);
	return (int)s;
}

struct slot_wait {
	struct vop_node *n;
	unsigned slot;
	uint32_t word;
};

static bool slot_moved_on(void *arg)
{
	struct slot_wait *w = arg;

	vop_own_slot_look(w->n, w->slot);
	return w->n->own[w->slot].word != w->word;
}

int vop_node_destroy(struct vop_node *n, unsigned slot, int timeout_ms)
{
	struct slot_wait w = {.n = n, .slot = slot};
	struct vop_device *d;

	if (n->fail || n->state != VOP_NODE_UP)
		return n->fail ? n->fail : -ENOTCONN;
	if (slot >= VOP_SLOTS || VOP_SLOT_STATE(n->own[slot].word) != VOP_SLOT_LIVE ||
	    !n->dev[n->self][slot] || n->dev[n->self][slot]->leaving)
		return -ENOENT;
	d = n->dev[n->self][slot];
	n->pins++;
	vop_node_remove_device(d, true);
	n->pins--;
	if (n->fail) {
		vop_node_bury(n, d);
		return n->fail;
	}
	/* From here on this node does not use it; only now the peer may let its memory go. */
	n->own[slot].dying = d;
	w.word = VOP_SLOT_WORD(d->info.gen, VOP_SLOT_REMOVING);
	publish_slot(n, slot, w.word);
	return vop_node_wait(n, slot_moved_on, &w, timeout_ms);
}
