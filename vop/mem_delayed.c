/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include <vop/mem_delayed.h>

/* Which node the thread acts for. */
static _Thread_local struct vop_delayed_link *here_link;
static _Thread_local unsigned here_node;

void vop_delayed_init(struct vop_delayed_link *l, void *window0, size_t size0, void *window1,
		      size_t size1)
{
	*l = (struct vop_delayed_link){
		.read_back = true,
		.node = {{.window = window0, .window_size = size0},
			 {.window = window1, .window_size = size1}},
	};
	pthread_mutex_init(&l->lock, NULL);
}

void vop_delayed_fini(struct vop_delayed_link *l)
{
	pthread_mutex_destroy(&l->lock);
}

void vop_delayed_enter(struct vop_delayed_link *l, unsigned node)
{
	here_link = l;
	here_node = node;
}

static void put(volatile void *to, unsigned size, uint64_t v)
{
	switch (size) {
	case 1:
		__atomic_store_n((volatile uint8_t *)to, (uint8_t)v, __ATOMIC_RELEASE);
		break;
	case 2:
		__atomic_store_n((volatile uint16_t *)to, (uint16_t)v, __ATOMIC_RELEASE);
		break;
	case 4:
		__atomic_store_n((volatile uint32_t *)to, (uint32_t)v, __ATOMIC_RELEASE);
		break;
	default:
		__atomic_store_n((volatile uint64_t *)to, v, __ATOMIC_RELEASE);
	}
}

static uint64_t take(const volatile void *from, unsigned size)
{
	switch (size) {
	case 1:
		return __atomic_load_n((const volatile uint8_t *)from, __ATOMIC_ACQUIRE);
	case 2:
		return __atomic_load_n((const volatile uint16_t *)from, __ATOMIC_ACQUIRE);
	case 4:
		return __atomic_load_n((const volatile uint32_t *)from, __ATOMIC_ACQUIRE);
	default:
		return __atomic_load_n((const volatile uint64_t *)from, __ATOMIC_ACQUIRE);
	}
}

/* Locked. */
static unsigned deliver(struct vop_delayed_node *n, unsigned max)
{
	unsigned i;

	for (i = 0; i < max && n->n; i++) {
		struct vop_delayed_store *s = &n->queue[n->first];

		put(s->to, s->size, s->value);
		n->first = (n->first + 1) % VOP_DELAYED_QUEUE;
		n->n--;
	}
	return i;
}

unsigned vop_delayed_pump(struct vop_delayed_link *l, unsigned node, unsigned max)
{
	unsigned n;

	pthread_mutex_lock(&l->lock);
	n = deliver(&l->node[node], max);
	pthread_mutex_unlock(&l->lock);
	return n;
}

static bool remote(const struct vop_delayed_link *l, const volatile void *p)
{
	const struct vop_delayed_node *peer = &l->node[!here_node];

	return (uintptr_t)p - (uintptr_t)peer->window < peer->window_size;
}

static void step(struct vop_delayed_link *l)
{
	if (l && l->step)
		l->step(l->step_arg);
}

/* A read over the link: what both posted before it arrives before its answer does. Locked. */
static void cross(struct vop_delayed_link *l)
{
	deliver(&l->node[here_node], UINT32_MAX);
	deliver(&l->node[!here_node], UINT32_MAX);
}

uint64_t vop_delayed_load(const volatile void *from, unsigned size)
{
	struct vop_delayed_link *l = here_link;
	uint64_t v;

	step(l);
	if (l == NULL || !remote(l, from))
		return take(from, size);
	pthread_mutex_lock(&l->lock);
	cross(l);
	v = take(from, size);
	pthread_mutex_unlock(&l->lock);
	return v;
}

/* Locked. */
static void post(struct vop_delayed_link *l, void *to, unsigned size, uint64_t value)
{
	struct vop_delayed_node *n = &l->node[here_node];

	if (n->n == VOP_DELAYED_QUEUE)
		deliver(n, 1);
	n->queue[(n->first + n->n++) % VOP_DELAYED_QUEUE] =
		(struct vop_delayed_store){.to = to, .value = value, .size = size};
}

void vop_delayed_store(volatile void *to, unsigned size, uint64_t value)
{
	struct vop_delayed_link *l = here_link;

	step(l);
	if (l == NULL || !remote(l, to)) {
		put(to, size, value);
		return;
	}
	pthread_mutex_lock(&l->lock);
	post(l, (void *)(uintptr_t)to, size, value);
	pthread_mutex_unlock(&l->lock);
}

void vop_delayed_read_back(const volatile void *word)
{
	struct vop_delayed_link *l = here_link;

	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (l && l->read_back && word)
		(void)vop_delayed_load(word, 1);
}

void vop_delayed_copy_to(void *dst, const void *src, size_t len)
{
	struct vop_delayed_link *l = here_link;
	const uint8_t *s = src;
	uint8_t *d = dst;

	step(l);
	if (l == NULL || !remote(l, dst)) {
		memcpy(dst, src, len);
		return;
	}
	pthread_mutex_lock(&l->lock);
	while (len) {
		unsigned n = len >= 8 && ((uintptr_t)d & 7) == 0 ? 8 : 1;
		uint64_t w = *s;

		if (n == 8)
			memcpy(&w, s, 8);
		post(l, d, n, w);
		d += n;
		s += n;
		len -= n;
	}
	pthread_mutex_unlock(&l->lock);
}

void vop_delayed_copy_from(void *dst, const void *src, size_t len)
{
	struct vop_delayed_link *l = here_link;

	step(l);
	if (l == NULL || !remote(l, src)) {
		memcpy(dst, src, len);
		return;
	}
	pthread_mutex_lock(&l->lock);
	cross(l);
	memcpy(dst, src, len);
	pthread_mutex_unlock(&l->lock);
}

void vop_delayed_flush(void)
{
	if (here_link)
		vop_delayed_pump(here_link, here_node, UINT32_MAX);
}
