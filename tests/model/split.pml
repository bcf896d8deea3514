/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Publication over a split ring (VIRTIO 1.4, 2.7): descriptor table, available ring, used ring.
 *
 * Every word carries, beside its meaning, the number of the item (1, 2, ...) it was written for, so
 * that an old value is told from a new one even where the protocol would store the same bits.
 *
 * The indices count modulo 2 * SIZE, as 16 bits do for the largest queue.
 *
 * Weakened variants: AVAIL_PLAIN, AVAIL_WMB, AVAIL_EARLY, AVAIL_NO_ACQUIRE, USED_PLAIN, USED_WMB,
 * USED_EARLY, USED_NO_ACQUIRE; USED_TWICE, USED_SHORT show that a doubled and a lost buffer are
 * seen. SHOW: the end is reachable (must fail).
 */
#ifndef ITEMS
#define ITEMS 5 /* two laps and a half */
#endif
#define SIZE 2
#define IDX(n) ((n) & (2 * SIZE - 1))

#define DESC(i)	 (i)	       /* item: stands for address and length */
#define PAY(i)	 (SIZE + (i))  /* what the device reads from the buffer */
#define AVAIL(n) (4 + (n) % SIZE) /* item * SIZE + descriptor */
#define AVAIL_IDX 6
#define USED(n)	 (7 + (n) % SIZE) /* completion * SIZE + descriptor */
#define USED_IDX 9
#define RES(i)	 (10 + (i))    /* what the device writes into the buffer */
#define NLOC	 12

#define DRV 0
#define DEV 1
#define READS(a) ((a) == DRV -> 3968 : 127) /* words 7 to 11 : words 0 to 6 */

#include "weak.pmh"

byte drv_entry, dev_entry, dev_desc, drv_res, dev_pay; /* what was loaded, for the assertions */

inline ld_index(who, word, val)
{
	val = mem[word];
	cpu[who].old[word] = mem[word]
}

inline make_available(nth) /* item nth: descriptor, payload, ring entry; no index yet */
{
	if
	:: free & 1 -> d = 0
	:: !(free & 1) -> d = 1
	fi;
	free = free & ~BIT(d);
	item[d] = nth;
	st(DRV, PAY(d), nth);
	st(DRV, DESC(d), nth);
	st(DRV, AVAIL((nth) - 1), (nth) * SIZE + d);
}

inline publish_available(idx)
{
#if defined(AVAIL_PLAIN)
	st(DRV, AVAIL_IDX, IDX(idx))
#elif defined(AVAIL_WMB)
	st_wmb(DRV, AVAIL_IDX, IDX(idx))
#else
	st_rel(DRV, AVAIL_IDX, IDX(idx))
#endif
}

active proctype driver()
{
	byte pub = 0, got = 0, seen = 0, free = 3, d = 0, n = 0;
	byte item[SIZE];

	do
	/* Publish one buffer, or a batch of two with one index. */
	:: atomic { pub < ITEMS && free != 0 ->
		if
		:: n = 1
		:: pub + 2 <= ITEMS && free == 3 -> n = 2
		fi;
#ifdef AVAIL_EARLY
		publish_available(pub + n);
		(cpu[DRV].pend == 0); /* fenced, and still wrong: the order itself is */
#endif
		make_available(pub + 1);
		if
		:: n == 2 -> make_available(pub + 2); printf("KEY driver publishes two")
		:: else
		fi;
#ifndef AVAIL_EARLY
		publish_available(pub + n);
#endif
		pub = pub + n;
		n = 0;
		d = 0
	   }
	/* Take back what the device has used. The load of the index pairs with the device's
	 * store-release of it: used element and written payload are then at least as new. */
	:: atomic { seen == IDX(got) && !SEES(DRV, USED_IDX, IDX(got)) ->
		ld_index(DRV, USED_IDX, seen);
		assert(IDX(seen - got) <= IDX(pub - got)); /* no jump */
#ifndef USED_NO_ACQUIRE
		acquire(DRV)
#endif
	   }
	:: seen != IDX(got) ->
		ld(DRV, USED(got), drv_entry);
		atomic {
			assert(drv_entry / SIZE == got + 1);
			d = drv_entry % SIZE;
			drv_entry = 0;
			assert(!(free & BIT(d))); /* used twice */
		}
		ld_payload(DRV, RES(d), item[d], drv_res);
		atomic {
			item[d] = 0;
			free = free | BIT(d);
			got++;
			d = 0
		}
	:: atomic { got == ITEMS ->
		assert(free == 3 && pub == ITEMS);
		break
	   }
	od;
#ifdef SHOW
	assert(false);
#endif
	printf("KEY driver ends")
}

inline take(k, dk) /* the device takes item done + k; its descriptor in dk */
{
	ld(DEV, AVAIL(done + (k) - 1), dev_entry);
	atomic {
		assert(dev_entry / SIZE == done + (k));
		dk = dev_entry % SIZE;
		dev_entry = 0;
	}
	ld(DEV, DESC(dk), dev_desc);
	atomic {
		assert(dev_desc == done + k);
		dev_desc = 0;
	}
	ld_payload(DEV, PAY(dk), done + k, dev_pay);
}

inline use(nth, dk, seq) /* the nth-th completion is descriptor dk, which carried item seq */
{
	st(DEV, RES(dk), seq);
	st(DEV, USED((nth) - 1), (nth) * SIZE + dk);
}

inline publish_used(idx)
{
#if defined(USED_PLAIN)
	st(DEV, USED_IDX, IDX(idx))
#elif defined(USED_WMB)
	st_wmb(DEV, USED_IDX, IDX(idx))
#else
	st_rel(DEV, USED_IDX, IDX(idx))
#endif
}

active proctype device()
{
	byte done = 0, seen = 0, d1 = 0, d2 = 0;

	do
	:: atomic { seen == IDX(done) && !SEES(DEV, AVAIL_IDX, IDX(done)) ->
		ld_index(DEV, AVAIL_IDX, seen);
		assert(IDX(seen - done) <= SIZE); /* no jump */
#ifndef AVAIL_NO_ACQUIRE
		acquire(DEV) /* pairs with the driver's store-release of the index */
#endif
	   }
	:: seen != IDX(done) -> /* one buffer */
#ifdef USED_EARLY
		publish_used(done + 1);
		(cpu[DEV].pend == 0);
#endif
		take(1, d1);
		atomic {
			use(done + 1, d1, done + 1);
#ifndef USED_EARLY
			publish_used(done + 1);
#endif
			done++;
			d1 = 0
		}
	:: IDX(seen - done) == 2 -> /* a batch of two, completed in either order */
		take(1, d1);
		take(2, d2);
		atomic {
			if
#ifdef USED_TWICE
			:: use(done + 1, d1, done + 1); use(done + 2, d1, done + 1)
#else
			:: use(done + 1, d1, done + 1); use(done + 2, d2, done + 2)
			:: use(done + 1, d2, done + 2); use(done + 2, d1, done + 1);
				printf("KEY completed out of order")
#endif
			fi;
#ifdef USED_SHORT
			publish_used(done + 1);
#else
			publish_used(done + 2);
#endif
			done = done + 2;
			d1 = 0;
			d2 = 0
		}
	:: done == ITEMS -> break
	od;
	printf("KEY device ends")
}

active proctype memory()
{
end:
	do
	:: LEAVE(DRV, 0)
	:: LEAVE(DRV, 1)
	:: LEAVE(DRV, 2)
	:: LEAVE(DRV, 3)
	:: LEAVE(DRV, 4)
	:: LEAVE(DRV, 5)
	:: LEAVE(DRV, 6)
	:: LEAVE(DEV, 7)
	:: LEAVE(DEV, 8)
	:: LEAVE(DEV, 9)
	:: LEAVE(DEV, 10)
	:: LEAVE(DEV, 11)
	:: LATE(DRV)
	:: LATE(DEV)
	od
}
