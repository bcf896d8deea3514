/* SPDX-License-Identifier: BSD-2-Clause */
/* A driver half under a hostile device that writes between the calls. */
#ifndef FUZZ_DRV_H
#define FUZZ_DRV_H

#include "fuzz_ring.h"

#define FUZZ_TABLE 4u

struct fuzz_drv {
	struct fuzz_ring r;
	struct vop_drvq q;
	uint8_t *ind;
	bool out[256]; /* by cookie: outstanding */
	uint32_t in_len[256];
	uint64_t born[256], time;
	uint32_t cookie, n;
};

/* The next cookie that is not outstanding; at most FUZZ_SIZE_MAX are. */
static inline uint32_t fuzz_cookie(struct fuzz_drv *d)
{
	do
		d->cookie = (d->cookie + 1) % 256;
	while (d->out[d->cookie]);
	return d->cookie;
}

static inline void fuzz_drv_took(struct fuzz_drv *d, uint32_t cookie, uint32_t in_len)
{
	d->out[cookie] = true;
	d->in_len[cookie] = in_len;
	d->born[cookie] = d->time++;
	d->n++;
}

static inline void fuzz_drv_add(struct fuzz_drv *d, struct fuzz_in *in)
{
	uint32_t n = 1 + fuzz_byte(in) % FUZZ_SIZE_MAX, cookie[FUZZ_SIZE_MAX], got, i;
	struct vop_buf b[FUZZ_SIZE_MAX];
	bool write = n & 1;

	for (i = 0; i < n; i++) {
		cookie[i] = fuzz_cookie(d);
		b[i] = (struct vop_buf){0, fuzz_byte(in)};
	}
	got = vop_drvq_add(&d->q, b, cookie, n, write);
	FUZZ_ASSERT(got <= n && !(vop_drvq_broken(&d->q) && got));
	for (i = 0; i < got; i++)
		fuzz_drv_took(d, cookie[i], write ? b[i].len : 0);
}

static inline void fuzz_drv_chain(struct fuzz_drv *d, struct fuzz_in *in)
{
	uint32_t how = fuzz_byte(in), nout = how % 4, nin = (how >> 2) % 4, sum = 0;
	uint32_t cookie = fuzz_cookie(d);
	struct vop_buf b[8];

	for (uint32_t i = 0; i < nout + nin; i++) {
		b[i] = (struct vop_buf){0, fuzz_byte(in)};
		sum += i >= nout ? b[i].len : 0;
	}
	if (vop_drvq_add_chain(&d->q, b, nout, nin, cookie) == 0) {
		FUZZ_ASSERT(!vop_drvq_broken(&d->q));
		fuzz_drv_took(d, cookie, sum);
	}
}

static inline void fuzz_drv_get(struct fuzz_drv *d, uint32_t max)
{
	uint32_t was = vop_drvq_broken(&d->q);
	struct vop_done done[FUZZ_SIZE_MAX];
	unsigned n = vop_drvq_get(&d->q, done, max);

	FUZZ_ASSERT(n <= max && !(was && n));
	for (unsigned i = 0; i < n; i++) {
		FUZZ_ASSERT(done[i].cookie < 256 && d->out[done[i].cookie]);
		FUZZ_ASSERT(done[i].len <= d->in_len[done[i].cookie]);
		d->out[done[i].cookie] = false;
		d->n--;
	}
}

/* Those that come back without a name are the oldest. */
static inline void fuzz_drv_reclaim(struct fuzz_drv *d)
{
	uint32_t was = vop_drvq_broken(&d->q);
	unsigned n = vop_drvq_reclaim(&d->q);

	FUZZ_ASSERT(n <= d->n && !(was && n) && (d->r.f.in_order || n == 0));
	for (; n; n--) {
		uint32_t oldest = 256;

		for (uint32_t i = 0; i < 256; i++)
			if (d->out[i] && (oldest == 256 || d->born[i] < d->born[oldest]))
				oldest = i;
		d->out[oldest] = false;
		d->n--;
	}
}

static inline int fuzz_drv(const uint8_t *data, size_t size, bool packed)
{
	struct fuzz_in in = {data, size};
	struct fuzz_drv d = {0};

	fuzz_ring_open(&d.r, &in, packed);
	d.ind = fuzz_alloc((size_t)d.r.cfg.size * FUZZ_TABLE * 16);
	FUZZ_ASSERT(vop_drvq_open(&d.q, &d.r.cfg, d.r.f, d.ind, 1ull << 32, FUZZ_TABLE) == 0);
	while (in.left) {
		uint32_t op = fuzz_byte(&in);

		switch (op % 8) {
		case 0:
			fuzz_drv_add(&d, &in);
			break;
		case 1:
			fuzz_drv_chain(&d, &in);
			break;
		case 2:
			vop_drvq_publish(&d.q);
			break;
		case 3:
			fuzz_drv_get(&d, 1 + (op >> 3) % FUZZ_SIZE_MAX);
			break;
		case 4:
			if (op & 8)
				vop_drvq_disarm(&d.q);
			else if (!vop_drvq_arm(&d.q))
				FUZZ_ASSERT(!vop_drvq_pending(&d.q) && !vop_drvq_broken(&d.q));
			break;
		case 5:
			fuzz_drv_reclaim(&d);
			break;
		default:
			fuzz_scribble(&d.r, &in);
		}
		FUZZ_ASSERT(vop_drvq_outstanding(&d.q) == d.n && d.n <= d.r.cfg.size);
		FUZZ_ASSERT(vop_drvq_room(&d.q) <= d.r.cfg.size - d.n);
	}
	vop_drvq_close(&d.q);
	free(d.ind);
	fuzz_ring_close(&d.r);
	return 0;
}

#endif
