/* SPDX-License-Identifier: BSD-2-Clause */
/* A device half under a hostile driver that writes between the calls. */
#ifndef FUZZ_DEV_H
#define FUZZ_DEV_H

#include "fuzz_ring.h"

struct fuzz_dev {
	struct fuzz_ring r;
	struct vop_devq q;
	struct vop_elem elem[FUZZ_SIZE_MAX], held[FUZZ_SIZE_MAX];
	struct vop_iov iov[64];
	struct vop_batch b;
	uint32_t nheld, ndesc; /* taken and not pushed */
};

static inline void fuzz_dev_pop(struct fuzz_dev *d, uint32_t max)
{
	uint32_t was = vop_devq_broken(&d->q);
	unsigned n = vop_devq_pop(&d->q, &d->r.rt, &d->b, max);
	uint32_t pieces = 0;

	FUZZ_ASSERT(n == d->b.n && n <= max && d->b.niov <= d->b.iov_max);
	FUZZ_ASSERT(!was || n == 0);
	FUZZ_ASSERT(d->nheld + n <= d->r.cfg.size);
	for (unsigned i = 0; i < n; i++) {
		struct vop_elem *e = &d->elem[i];
		uint64_t in = 0;

		FUZZ_ASSERT(e->id < d->r.cfg.size);
		FUZZ_ASSERT(e->ndesc > 0 && e->ndesc <= d->r.cfg.size);
		FUZZ_ASSERT(e->first == pieces);
		for (unsigned j = 0; j < (unsigned)e->nout + e->nin; j++) {
			FUZZ_ASSERT(pieces < d->b.iov_max);
			fuzz_touch(&d->r, &d->iov[pieces]);
			in += j >= e->nout ? d->iov[pieces].len : 0;
			pieces++;
		}
		FUZZ_ASSERT(in == e->in_len);
		d->held[d->nheld++] = *e;
		d->ndesc += e->ndesc;
	}
	FUZZ_ASSERT(!d->r.cfg.packed || d->ndesc <= d->r.cfg.size);
}

/* The short way. Which buffers it takes is the driver's affair; what it takes must be in reach. */
static inline void fuzz_dev_pop_plain(struct fuzz_dev *d, struct fuzz_in *in, uint32_t max)
{
	uint32_t was = vop_devq_broken(&d->q), op = fuzz_byte(in);
	uint32_t front = op & 2 ? op >> 2 : 0;
	struct vop_plain v[FUZZ_SIZE_MAX];
	unsigned n = vop_devq_pop_plain(&d->q, &d->r.rt, v, max, op & 1, front);

	FUZZ_ASSERT(n <= max && (!was || n == 0));
	FUZZ_ASSERT(d->nheld + n <= d->r.cfg.size);
	for (unsigned i = 0; i < n; i++) {
		struct vop_iov all = {.ptr = v[i].ptr - front, .len = v[i].len + front};

		FUZZ_ASSERT(v[i].len > 0 && v[i].id < d->r.cfg.size);
		fuzz_touch(&d->r, &all);
		d->held[d->nheld++] = (struct vop_elem){
			.id = v[i].id, .ndesc = 1, .in_len = op & 1 ? all.len : 0};
		d->ndesc++;
	}
	FUZZ_ASSERT(!d->r.cfg.packed || d->ndesc <= d->r.cfg.size);
}

static inline void fuzz_dev_push_plain(struct fuzz_dev *d, struct fuzz_in *in)
{
	uint32_t len[FUZZ_SIZE_MAX], op = fuzz_byte(in), n;
	struct vop_plain v[FUZZ_SIZE_MAX];

	for (n = 0; n < VOP_MIN(op >> 1, d->nheld) && d->held[n].ndesc == 1; n++) {
		if (op & 1 ? d->held[n].in_len == 0 : d->r.f.in_order && d->held[n].in_len)
			break;
		v[n] = (struct vop_plain){.id = d->held[n].id};
		len[n] = d->held[n].in_len;
	}
	if (op & 1)
		vop_devq_push_written(&d->q, v, len, n);
	else
		vop_devq_push_read(&d->q, v, n);
	d->ndesc -= n;
	d->nheld -= n;
	memmove(d->held, d->held + n, d->nheld * sizeof(*d->held));
}

static inline void fuzz_dev_push(struct fuzz_dev *d, struct fuzz_in *in)
{
	uint32_t len[FUZZ_SIZE_MAX], n = fuzz_byte(in), i;

	n = d->nheld ? 1 + n % d->nheld : 0;
	for (i = 0; i < n; i++) {
		uint32_t l = fuzz_byte(in);

		len[i] = l & 1 ? d->held[i].in_len : VOP_MIN(l, d->held[i].in_len);
		d->ndesc -= d->held[i].ndesc;
	}
	vop_devq_push(&d->q, d->held, len, n);
	d->nheld -= n;
	memmove(d->held, d->held + n, d->nheld * sizeof(*d->held));
}

static inline int fuzz_dev(const uint8_t *data, size_t size, bool packed)
{
	struct fuzz_in in = {data, size};
	struct fuzz_dev d = {0};

	fuzz_ring_open(&d.r, &in, packed);
	d.b = (struct vop_batch){.iov_max = 2 + fuzz_byte(&in) % 63, .elem = d.elem, .iov = d.iov};
	FUZZ_ASSERT(vop_devq_open(&d.q, &d.r.cfg, d.r.f) == 0);
	while (in.left) {
		uint32_t op = fuzz_byte(&in);

		switch (op % 10) {
		case 0:
			fuzz_dev_pop(&d, 1 + (op >> 3) % FUZZ_SIZE_MAX);
			break;
		case 1:
			fuzz_dev_push(&d, &in);
			break;
		case 2:
			vop_devq_publish(&d.q);
			break;
		case 3:
			if (op & 8)
				vop_devq_disarm(&d.q);
			else if (!vop_devq_arm(&d.q))
				FUZZ_ASSERT(!vop_devq_pending(&d.q) && !vop_devq_broken(&d.q));
			break;
		case 4:
			fuzz_dev_pop_plain(&d, &in, 1 + (op >> 3) % FUZZ_SIZE_MAX);
			break;
		case 5:
			fuzz_dev_push_plain(&d, &in);
			break;
		default:
			fuzz_scribble(&d.r, &in);
		}
	}
	fuzz_ring_close(&d.r);
	return 0;
}

#endif
