/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The loops behind the limits. They use the same copy routine as the traffic, from and into private
 * memory that stays in the first-level cache, and synchronise with two counters on lines of their
 * own: nothing a protocol could save is left in them.
 */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <vop/copy.h>
#include "bench/frame.h"
#include "bench/limit.h"
#include "bench/worker.h"

#define CHUNK 4096u
/* Private memory for frames that are made a batch at a time; larger ones in chunks. */
#define DUTY_BYTES 8192u
#define DUTY_SMALL 268u /* a frame of 256 bytes and its header */
#define DUTY_HEAD  12u
/* Probe: round trips counted; a fraction of a millisecond near, about a millisecond far. */
#define PROBE_WARM  200u
#define PROBE_TRIPS 2000u

static int probe(struct worker *w, const struct job *j, struct job_result *r)
{
	struct shared *sh = w->sh;
	uint64_t i, n = j->slots ? j->slots : PROBE_TRIPS, t0 = 0;

	if (sh->sides < SIDES || sh->yield)
		return 0; /* one worker, or one CPU: there is no round trip */
	for (i = 1; i <= PROBE_WARM + n; i++) {
		_Atomic uint64_t *mine = w->side == SIDE_DRIVER ? &sh->ping.v : &sh->pong.v;
		_Atomic uint64_t *other = w->side == SIDE_DRIVER ? &sh->pong.v : &sh->ping.v;
		uint32_t spins = 0;

		if (i == PROBE_WARM)
			t0 = clock_ns();
		if (w->side == SIDE_DRIVER)
			atomic_store_explicit(mine, i, memory_order_release);
		while (atomic_load_explicit(other, memory_order_acquire) != i) {
			if ((++spins & 0xfffff) == 0 && atomic_load(&sh->abort))
				return -ECANCELED;
		}
		if (w->side == SIDE_DEVICE)
			atomic_store_explicit(mine, i, memory_order_release);
	}
	r->window_ns = clock_ns() - t0;
	r->frames = n;
	r->ns_per_op = (double)r->window_ns / (double)(n + 1);
	return 0;
}

/* One direction's memory. */
struct line {
	uint8_t *payload; /* slots of stride */
	uint8_t *fwd;	  /* 16 bytes a slot, producer to consumer */
	uint8_t *back;	  /* 16 bytes a slot, consumer to producer */
	_Atomic uint64_t *head, *tail;
	uint64_t at, seen; /* own position; the other's as last read */
	uint32_t stride, slots, batch, bytes;
	bool backs, duty;
	uint32_t prefetch;
	bool odd; /* duty: a frame was not what it should be */
};

static bool line_open(struct line *l, struct worker *w, const struct job *j, unsigned dir)
{
	uint64_t half = ARENA_BYTES / 2;
	uint8_t *base = w->sh->arena + dir * half;
	uint64_t need = (uint64_t)j->slots * j->stride + 32ull * j->slots + 8192;

	if (j->slots == 0 || (j->slots & (j->slots - 1)) || j->bytes > j->stride || need > half ||
	    j->batch == 0 || j->batch > j->slots)
		return false;
	*l = (struct line){
		.fwd = base,
		.back = base + 16ull * j->slots + 128,
		.payload = base + vop_align_up(32ull * j->slots + 4096, 4096),
		.head = &w->sh->head[dir].v,
		.tail = &w->sh->tail[dir].v,
		.stride = j->stride,
		.slots = j->slots,
		.batch = j->batch,
		.bytes = j->bytes,
		.backs = j->back_bytes != 0,
		.duty = j->duty,
		.prefetch = j->prefetch,
	};
	return true;
}

VOP_INLINE uint8_t *line_slot(const struct line *l, uint64_t i)
{
	return l->payload + (i & (l->slots - 1)) * l->stride;
}

VOP_INLINE void line_touch(const struct line *l, uint64_t from, bool write)
{
	for (uint64_t i = from; i < from + l->batch; i++) {
		uint8_t *p = line_slot(l, i);

		vop_prefetch_pair(p, l->bytes, write);
	}
}

/* Move one frame between private memory (one chunk, hot) and its slot. */
VOP_INLINE void line_move(uint8_t *slot, uint8_t *priv, uint32_t bytes, bool in)
{
	while (bytes > CHUNK) {
		vop_copy(in ? slot : priv, in ? priv : slot, CHUNK);
		slot += CHUNK;
		bytes -= CHUNK;
		__asm__ volatile("" ::: "memory");
	}
	vop_copy(in ? slot : priv, in ? priv : slot, bytes);
	__asm__ volatile("" ::: "memory"); /* each frame is really copied */
}

/*
 * With the duties of the traffic: frames are made in private memory, then copied in; small ones a
 * batch at a time, large ones in chunks. The header's bytes go behind the frame, which so starts a
 * line.
 */
VOP_INLINE void line_make(struct line *l, uint8_t *priv, uint32_t bytes)
{
	uint32_t size = bytes - DUTY_HEAD, room = (size + 63) & ~63u, at, k;
	unsigned most = DUTY_BYTES / room, n;

	if (bytes > DUTY_SMALL) {
		for (unsigned i = 0; i < l->batch; i++) {
			uint8_t *slot = line_slot(l, l->at + i);

			for (at = 0; at < size; at += k) {
				k = VOP_MIN(size - at, FRAME_CHUNK);
				frame_fill(priv, at, k, l->at + i);
				vop_copy(slot + at, priv, k);
			}
			vop_copy(slot + size, priv, DUTY_HEAD);
		}
		return;
	}
	for (unsigned b = 0; b < l->batch; b += n) {
		n = VOP_MIN(l->batch - b, most);
		for (unsigned i = 0; i < n; i++)
			frame_fill(priv + i * room, 0, size, l->at + b + i);
		for (unsigned i = 0; i < n; i++) {
			uint8_t *slot = line_slot(l, l->at + b + i);

			vop_copy(slot, priv + i * room, size);
			vop_copy(slot + size, priv, DUTY_HEAD);
		}
	}
}

/* ... copied out and compared to the byte. */
VOP_INLINE void line_verify(struct line *l, uint8_t *priv, uint32_t bytes, unsigned n)
{
	uint32_t size = bytes - DUTY_HEAD, at, k;
	uint8_t head[DUTY_HEAD];
	frame_block odd = {0};

	for (unsigned i = 0; i < n; i++) {
		const uint8_t *slot = line_slot(l, l->at + i);

		for (at = 0; at < size; at += k) {
			k = VOP_MIN(size - at, FRAME_CHUNK);
			vop_copy(priv, slot + at, k);
			frame_differ(&odd, priv, at, k, l->at + i);
		}
		vop_copy(head, slot + size, DUTY_HEAD);
		__asm__ volatile("" : : "r"(head) : "memory");
	}
	l->odd |= frame_odd(&odd);
}

/* Produce a batch when there is room; 0 or the batch. */
VOP_INLINE unsigned line_produce(struct line *l, uint8_t *priv, bool backs)
{
	if (l->at + l->batch - l->seen > l->slots) {
		/* Pairs with the release in line_consume. */
		l->seen = atomic_load_explicit(l->tail, memory_order_acquire);
		if (l->at + l->batch - l->seen > l->slots)
			return 0;
	}
	if (l->prefetch & 2)
		line_touch(l, l->at + l->batch, true);
	if (l->duty) {
		if (l->bytes == 76)
			line_make(l, priv, 76);
		else
			line_make(l, priv, l->bytes);
	}
	for (unsigned i = 0; i < l->batch; i++) {
		uint64_t s = l->at + i;

		if (backs) {
			uint64_t *b = (void *)(l->back + 16 * (s & (l->slots - 1)));
			uint64_t *f = (void *)(l->fwd + 16 * (s & (l->slots - 1)));

			f[0] = b[0];
			f[1] = b[1] + s;
		}
		if (!l->duty)
			line_move(line_slot(l, s), priv, l->bytes, true);
	}
	l->at += l->batch;
	atomic_store_explicit(l->head, l->at, memory_order_release);
	return l->batch;
}

/* Consume what is there, at most a batch. */
VOP_INLINE unsigned line_consume(struct line *l, uint8_t *priv, bool backs)
{
	unsigned n;

	if (l->seen == l->at) {
		/* Pairs with the release in line_produce. */
		l->seen = atomic_load_explicit(l->head, memory_order_acquire);
		if (l->seen == l->at)
			return 0;
	}
	n = (unsigned)VOP_MIN(l->seen - l->at, (uint64_t)l->batch);
	if (l->prefetch & 1)
		line_touch(l, l->at, false);
	if (l->duty) {
		if (l->bytes == 76)
			line_verify(l, priv, 76, n);
		else
			line_verify(l, priv, l->bytes, n);
	}
	for (unsigned i = 0; i < n; i++) {
		uint64_t s = l->at + i;

		if (!l->duty)
			line_move(line_slot(l, s), priv, l->bytes, false);
		if (backs) {
			uint64_t *b = (void *)(l->back + 16 * (s & (l->slots - 1)));
			uint64_t *f = (void *)(l->fwd + 16 * (s & (l->slots - 1)));

			b[0] = f[0];
			b[1] = f[1] + s;
		}
	}
	l->at += n;
	atomic_store_explicit(l->tail, l->at, memory_order_release);
	return n;
}

static __attribute__((noinline)) void line_run_produce(struct worker *w, const struct job *j,
						       struct job_result *r, struct line *l)
{
	uint8_t priv[DUTY_BYTES] __attribute__((aligned(64)));
	uint32_t turn = 0;

	memset(priv, 0x5a, sizeof(priv));
	window_begin(w, j, false, 0, 0);
	do {
		if (!(l->backs ? line_produce(l, priv, true) : line_produce(l, priv, false)))
			worker_relax(w);
	} while ((++turn & 15) || window_more(w, r, l->at, l->at * l->bytes));
}

static __attribute__((noinline)) void line_run_consume(struct worker *w, const struct job *j,
						       struct job_result *r, struct line *l)
{
	uint8_t priv[DUTY_BYTES] __attribute__((aligned(64)));
	uint32_t turn = 0;

	window_begin(w, j, true, 0, 0);
	do {
		if (!(l->backs ? line_consume(l, priv, true) : line_consume(l, priv, false)))
			worker_relax(w);
	} while ((++turn & 15) || window_more(w, r, l->at, l->at * l->bytes));
}

static int duplex(struct worker *w, const struct job *j, struct job_result *r)
{
	uint8_t in[CHUNK] __attribute__((aligned(64))),
		out[DUTY_BYTES] __attribute__((aligned(64)));
	struct line give, take;
	uint32_t turn = 0;

	if (!line_open(&give, w, j, w->side) || !line_open(&take, w, j, !w->side))
		return -EINVAL;
	memset(out, 0xa5, sizeof(out));
	window_begin(w, j, w->side == SIDE_DRIVER, 0, 0);
	do {
		unsigned n = give.backs ? line_produce(&give, out, true)
					: line_produce(&give, out, false);

		n += take.backs ? line_consume(&take, in, true) : line_consume(&take, in, false);
		if (!n)
			worker_relax(w);
	} while ((++turn & 15) || window_more(w, r, take.at, take.at * take.bytes));
	return 0;
}

static int line(struct worker *w, const struct job *j, struct job_result *r)
{
	struct line l;

	if (!line_open(&l, w, j, j->from))
		return -EINVAL;
	if (l.duty && l.bytes < FRAME_MIN + DUTY_HEAD)
		return -EINVAL;
	if (w->side == j->from)
		line_run_produce(w, j, r, &l);
	else
		line_run_consume(w, j, r, &l);
	return l.odd ? -EBADMSG : 0;
}

/* Plain memory copy on the driver's CPU: `bytes` between two buffers that a working set of `slots`
 * of them makes up. */
static int copy(struct worker *w, const struct job *j, struct job_result *r)
{
	uint64_t n = 0;
	uint32_t half = j->slots;

	if (w->side != SIDE_DRIVER)
		return 0;
	if (half == 0 || 2ull * half * j->bytes > ARENA_BYTES)
		return -EINVAL;
	window_begin(w, j, true, 0, 0);
	do {
		uint64_t s = n % half;

		memcpy(w->sh->arena + (half + s) * j->bytes, w->sh->arena + s * j->bytes, j->bytes);
		__asm__ volatile("" ::: "memory");
		n++;
	} while ((n & 3) || window_more(w, r, n, n * j->bytes));
	if (r->frames)
		r->ns_per_op = (double)r->window_ns / (double)r->frames;
	return 0;
}

/* eventfd there and back. The descriptors were made before the processes (coordinator); given as
 * slots and stride. */
static int wake(struct worker *w, const struct job *j, struct job_result *r)
{
	int mine = (int)(w->side == SIDE_DRIVER ? j->slots : j->stride);
	int other = (int)(w->side == SIDE_DRIVER ? j->stride : j->slots);
	uint64_t trips = j->batch, t0 = clock_ns(), one = 1, got;

	for (uint64_t i = 0; i < trips; i++) {
		struct pollfd p = {.fd = mine, .events = POLLIN};

		if (w->side == SIDE_DRIVER && write(other, &one, 8) != 8)
			return -errno;
		while (poll(&p, 1, 100) == 0)
			if (atomic_load(&w->sh->abort))
				return -ECANCELED;
		if (read(mine, &got, 8) != 8)
			return -errno;
		if (w->side == SIDE_DEVICE && write(other, &one, 8) != 8)
			return -errno;
	}
	r->window_ns = clock_ns() - t0;
	r->frames = trips;
	r->ns_per_op = (double)r->window_ns / (double)trips;
	return 0;
}

int limit_run(struct worker *w, const struct job *j, struct job_result *r)
{
	switch (j->kind) {
	case JOB_PROBE:
		return probe(w, j, r);
	case JOB_LINE:
		return line(w, j, r);
	case JOB_DUPLEX:
		return duplex(w, j, r);
	case JOB_COPY:
		return copy(w, j, r);
	case JOB_WAKE:
		return wake(w, j, r);
	default:
		return -EINVAL;
	}
}

unsigned limit_ways(uint32_t bytes, bool dense, struct limit_way *way)
{
	/* Dense; lines of their own; an odd number of lines, so that neither cache sets nor line
	 * pairs repeat. */
	uint32_t lines = (bytes + 63) / 64;
	uint32_t stride[] = {(bytes + 15) & ~15u, lines * 64, (lines | 1) * 64,
			     (lines | 1) * 64 + 2048};
	static const uint32_t batch_small[] = {32, 64, 128}, batch_large[] = {1, 2, 4},
			      batch_mid[] = {4, 8, 32};
	const uint32_t *batch = bytes > 16384 ? batch_large : bytes > 512 ? batch_mid : batch_small;
	uint32_t slots_a = bytes > 16384 ? 8 : bytes > 2048 ? 32 : 256;
	uint32_t slots_b = bytes > 16384 ? 16 : bytes > 2048 ? 128 : 1024;
	unsigned n = 0, strides = bytes > 512 ? 3 : 4;

	for (unsigned s = 0; s < strides; s++) {
		if ((s == 0 && !dense && stride[0] % 64) || (s == 2 && stride[2] == stride[1]))
			continue;
		for (unsigned b = 0; b < 3; b++) {
			way[n++] = (struct limit_way){stride[s], batch[b], slots_a, 1};
			way[n++] = (struct limit_way){stride[s], batch[b], slots_a, 3};
			way[n++] = (struct limit_way){stride[s], batch[b], slots_b, 0};
		}
	}
	return n;
}

struct job limit_job(enum job_kind kind, enum bench_side from, uint32_t bytes, uint32_t back_bytes,
		     const struct limit_way *way, uint64_t warm_ns, uint64_t run_ns)
{
	return (struct job){
		.kind = kind,
		.from = from,
		.warm_ns = warm_ns,
		.run_ns = run_ns,
		.bytes = bytes,
		.stride = way->stride,
		.slots = way->slots,
		.batch = way->batch,
		.prefetch = way->prefetch,
		.back_bytes = back_bytes,
	};
}
