/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Publication over a packed ring (VIRTIO 1.4, 2.8) of three descriptors, an odd size, with the wrap
 * counters of both sides and the real AVAIL and USED bits.
 *
 * A descriptor is two words here: its flags, and the rest (address, length, id), which carries the
 * number of the item, or USED_TAG + the number of the last item when the device wrote it. Words
 * that an implementation stores in one access are fewer cases of this one. A slot has its buffer.
 *
 * The device takes one or two descriptors at a time, whatever the batches of the driver were, and
 * answers a batch with one used descriptor (IN_ORDER), or with -DPER_BUFFER with one for each
 * buffer, the first slot's flags last.
 *
 * Weakened variants: AVAIL_PLAIN, AVAIL_WMB, AVAIL_FIRST, AVAIL_NO_ACQUIRE, AVAIL_ACQUIRE_ONCE,
 * USED_PLAIN, USED_WMB, USED_NO_ACQUIRE, USED_AT_LAST, IGNORE_WRAP, STUCK_WRAP, REST_LATE (only
 * with PER_BUFFER). SHOW: the end is reachable (must fail).
 */
#ifndef ITEMS
#define ITEMS 8 /* two laps and two thirds */
#endif
#define SIZE 3

#define SLOT(n)	 (((n) - 1) % SIZE)
#define REST(n)	 SLOT(n)
#define FLAGS(n) (3 + SLOT(n))
#define PAY(n)	 (6 + SLOT(n)) /* what the device reads from the buffer */
#define RES(n)	 (9 + SLOT(n)) /* what the device writes into it */
#define NLOC	 12
#define USED_TAG 64

/* The flags of item n: bit 0 is VIRTQ_DESC_F_AVAIL, bit 1 VIRTQ_DESC_F_USED. */
#ifdef STUCK_WRAP
#define DRV_WRAP(n) 1
#else
#define DRV_WRAP(n) ((((n) - 1) / SIZE + 1) & 1)
#endif
#define DEV_WRAP(n)  ((((n) - 1) / SIZE + 1) & 1)
#define AVAILABLE(w) ((w) -> 1 : 2)
#define USED(w)	     ((w) -> 3 : 0)

#define DRV 0
#define DEV 1
#define READS(a) ((a) == DRV -> 3647 : 511) /* all but the payload words it writes itself */

#include "weak.pmh"

byte drv_rest, dev_rest, drv_res, dev_pay; /* what was loaded, for the assertions */

inline flags_first(who, word, val)
{
	if
#if defined(AVAIL_PLAIN)
	:: who == DRV -> st(DRV, word, val)
#elif defined(AVAIL_WMB)
	:: who == DRV -> st_wmb(DRV, word, val)
#else
	:: who == DRV -> st_rel(DRV, word, val)
#endif
#if defined(USED_PLAIN)
	:: who == DEV -> st(DEV, word, val)
#elif defined(USED_WMB)
	:: who == DEV -> st_wmb(DEV, word, val)
#else
	:: who == DEV -> st_rel(DEV, word, val)
#endif
	fi
}

/* Poll: take the flags of item `nth` once they say what is waited for. */
inline ld_flags(who, nth)
{
	cpu[who].old[FLAGS(nth)] = mem[FLAGS(nth)]
}

#ifdef IGNORE_WRAP /* available is where the two bits differ: necessary, not sufficient */
#define SEES_AVAILABLE(n) (SEES(DEV, FLAGS(n), 1) || SEES(DEV, FLAGS(n), 2))
#else
#define SEES_AVAILABLE(n) SEES(DEV, FLAGS(n), AVAILABLE(DEV_WRAP(n)))
#endif

active proctype driver()
{
	byte pub = 0, got = 0, last = 0;

	do
	/* One buffer. */
	:: atomic { pub < ITEMS && pub - got < SIZE ->
#ifdef AVAIL_FIRST
		flags_first(DRV, FLAGS(pub + 1), AVAILABLE(DRV_WRAP(pub + 1)));
		(cpu[DRV].pend == 0);
#endif
		st(DRV, PAY(pub + 1), pub + 1);
		st(DRV, REST(pub + 1), pub + 1);
#ifndef AVAIL_FIRST
		flags_first(DRV, FLAGS(pub + 1), AVAILABLE(DRV_WRAP(pub + 1)));
#endif
		pub++
	   }
	/* A batch of two: only the flags of the first descriptor are stored by release, last. */
	:: atomic { pub + 1 < ITEMS && pub - got < SIZE - 1 ->
		st(DRV, PAY(pub + 1), pub + 1);
		st(DRV, REST(pub + 1), pub + 1);
		st(DRV, PAY(pub + 2), pub + 2);
		st(DRV, REST(pub + 2), pub + 2);
		st(DRV, FLAGS(pub + 2), AVAILABLE(DRV_WRAP(pub + 2)));
		flags_first(DRV, FLAGS(pub + 1), AVAILABLE(DRV_WRAP(pub + 1)));
		pub = pub + 2;
		printf("KEY driver publishes two")
	   }
	/* The used descriptor. The load of its flags pairs with the device's store-release: the
	 * rest of it and every payload of the batch are then at least as new. */
	:: atomic { got < pub && SEES(DRV, FLAGS(got + 1), USED(DRV_WRAP(got + 1))) ->
		ld_flags(DRV, got + 1);
#ifndef USED_NO_ACQUIRE
		acquire(DRV)
#endif
	   };
		ld(DRV, REST(got + 1), drv_rest);
		atomic {
			assert(drv_rest > USED_TAG + got && drv_rest <= USED_TAG + pub);
			last = drv_rest - USED_TAG;
			drv_rest = 0
		}
		do
		:: got < last -> ld_payload(DRV, RES(got + 1), got + 1, drv_res); got++
		:: atomic { got == last -> last = 0; break }
		od
	:: atomic { got == ITEMS ->
		assert(pub == ITEMS);
		break
	   }
	od;
#ifdef SHOW
	assert(false);
#endif
	printf("KEY driver ends")
}

inline take(nth) /* its flags were seen available: rest and payload */
{
	ld(DEV, REST(nth), dev_rest);
	atomic {
		assert(dev_rest == nth);
		dev_rest = 0
	}
	ld_payload(DEV, PAY(nth), nth, dev_pay)
}

active proctype device()
{
	byte done = 0;

	do
	/* The load of the flags pairs with the driver's store-release of them. */
	:: atomic { SEES_AVAILABLE(done + 1) ->
		ld_flags(DEV, done + 1);
#ifndef AVAIL_NO_ACQUIRE
		acquire(DEV)
#endif
	   };
		take(done + 1);
		if
		:: atomic { /* used, one buffer */
			st(DEV, RES(done + 1), done + 1);
			st(DEV, REST(done + 1), USED_TAG + done + 1);
			flags_first(DEV, FLAGS(done + 1), USED(DEV_WRAP(done + 1)));
			done++
		   }
		/* One more into the same batch. The device does not know where the batches of the
		 * driver end: these flags may have been a first descriptor's, so acquire again. */
		:: atomic { SEES_AVAILABLE(done + 2) ->
			ld_flags(DEV, done + 2);
#if !defined(AVAIL_NO_ACQUIRE) && !defined(AVAIL_ACQUIRE_ONCE)
			acquire(DEV)
#endif
		   };
			take(done + 2);
			atomic {
				st(DEV, RES(done + 1), done + 1);
				st(DEV, RES(done + 2), done + 2);
#if defined(PER_BUFFER)
				st(DEV, REST(done + 1), USED_TAG + done + 1);
#ifndef REST_LATE
				st(DEV, REST(done + 2), USED_TAG + done + 2);
#endif
				st(DEV, FLAGS(done + 2), USED(DEV_WRAP(done + 2)));
				flags_first(DEV, FLAGS(done + 1), USED(DEV_WRAP(done + 1)));
#ifdef REST_LATE
				st(DEV, REST(done + 2), USED_TAG + done + 2);
#endif
#elif defined(USED_AT_LAST)
				st(DEV, REST(done + 2), USED_TAG + done + 2);
				flags_first(DEV, FLAGS(done + 2), USED(DEV_WRAP(done + 2)));
#else
				st(DEV, REST(done + 1), USED_TAG + done + 2);
				flags_first(DEV, FLAGS(done + 1), USED(DEV_WRAP(done + 1)));
#endif
				done = done + 2;
				printf("KEY device uses two")
			}
		fi
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
	:: LEAVE(DRV, 7)
	:: LEAVE(DRV, 8)
	:: LEAVE(DEV, 0)
	:: LEAVE(DEV, 1)
	:: LEAVE(DEV, 2)
	:: LEAVE(DEV, 3)
	:: LEAVE(DEV, 4)
	:: LEAVE(DEV, 5)
	:: LEAVE(DEV, 9)
	:: LEAVE(DEV, 10)
	:: LEAVE(DEV, 11)
	:: LATE(DRV)
	:: LATE(DEV)
	od
}
