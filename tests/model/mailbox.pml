/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The request mailbox of the device page (include/vop/page.h): the driver fills its block, stores
 * req_seq by release and nudges; the device takes a private copy, acts, fills its answer, stores
 * ack_seq by release and nudges back. Both sleep until nudged. The driver leaves its block alone
 * until it has the answer.
 *
 * A nudge is a control message of the link: it is ordered after every earlier store of its sender.
 * Nudges may be merged, and one may come for another reason (`stray`).
 *
 * Weakened variants: SEQ_FIRST, SEQ_PLAIN, SEQ_WMB, SEQ_NO_ACQUIRE, ACK_FIRST, ACK_PLAIN, ACK_WMB,
 * ACK_NO_ACQUIRE, REFILL_EARLY, NUDGE_EARLY, DRAIN_LATE. SHOW: the end is reachable (must fail).
 */
#ifndef REQUESTS
#define REQUESTS 4
#endif

#define OP	0 /* the driver's block: number of the request they were filled for */
#define DATA	1
#define REQ_SEQ 2
#define RESULT	3 /* the device's block */
#define STATUS	4
#define ACK_SEQ 5
#define NLOC	6

#define DRV 0
#define DEV 1
#define READS(a) ((a) == DRV -> 56 : 7)

#include "weak.pmh"

bool nudged[2]; /* by receiver */
byte dev_op, dev_data, drv_result, drv_status; /* what was loaded, for the assertions */

inline nudge(from)
{
#ifndef NUDGE_EARLY
	(cpu[from].pend == 0);
#endif
	nudged[1 - from] = true
}

inline fill(nth)
{
	st(DRV, OP, nth);
	st(DRV, DATA, nth)
}

active proctype driver()
{
	byte seq = 0;

	do
	:: seq < REQUESTS ->
		atomic {
#if defined(SEQ_FIRST)
			st_rel(DRV, REQ_SEQ, seq + 1);
			(cpu[DRV].pend == 0);
			fill(seq + 1);
#elif !defined(REFILL_EARLY)
			fill(seq + 1);
#else
			if
			:: seq == 0 -> fill(1)
			:: seq > 0
			fi;
#endif
#if defined(SEQ_FIRST)
			skip;
#elif defined(SEQ_PLAIN)
			st(DRV, REQ_SEQ, seq + 1);
#elif defined(SEQ_WMB)
			st_wmb(DRV, REQ_SEQ, seq + 1);
#else
			st_rel(DRV, REQ_SEQ, seq + 1);
#endif
			seq++
		}
		nudge(DRV);
#ifdef REFILL_EARLY
		atomic {
			if
			:: seq < REQUESTS -> fill(seq + 1)
			:: seq == REQUESTS
			fi
		}
#endif
		do
		/* The load of ack_seq pairs with the device's store-release of it. */
		:: atomic { SEES(DRV, ACK_SEQ, seq) ->
			cpu[DRV].old[ACK_SEQ] = seq;
#ifndef ACK_NO_ACQUIRE
			acquire(DRV);
#endif
			break
		   }
		:: atomic { !SEES(DRV, ACK_SEQ, seq) && nudged[DRV] -> nudged[DRV] = false; printf("KEY driver woken early") }
		od;
		ld_payload(DRV, STATUS, seq, drv_status);
		ld(DRV, RESULT, drv_result);
		atomic {
			assert(drv_result == seq);
			drv_result = 0
		}
	:: seq == REQUESTS -> break
	od;
#ifdef SHOW
	assert(false);
#endif
	printf("KEY driver ends")
}

inline answer(nth)
{
	st(DEV, STATUS, nth);
	st(DEV, RESULT, nth);
#if defined(ACK_PLAIN)
	st(DEV, ACK_SEQ, nth);
#elif defined(ACK_WMB)
	st_wmb(DEV, ACK_SEQ, nth);
#else
	st_rel(DEV, ACK_SEQ, nth);
#endif
}

active proctype device()
{
	byte done = 0;

	do
	:: done < REQUESTS ->
#ifndef DRAIN_LATE
		atomic { nudged[DEV] -> nudged[DEV] = false };
#endif
		if
		:: atomic { mem[REQ_SEQ] != done ->
			assert(mem[REQ_SEQ] == done + 1);
			cpu[DEV].old[REQ_SEQ] = mem[REQ_SEQ];
#ifndef SEQ_NO_ACQUIRE
			acquire(DEV) /* pairs with the driver's store-release of req_seq */
#endif
		   };
#ifdef ACK_FIRST
			atomic { answer(done + 1) };
			nudge(DEV);
#endif
			ld_payload(DEV, DATA, done + 1, dev_data);
			ld(DEV, OP, dev_op);
			atomic {
				assert(dev_op == done + 1);
				dev_op = 0
			}
#ifndef ACK_FIRST
			atomic { answer(done + 1) };
			nudge(DEV);
#endif
			done++
		:: mem[REQ_SEQ] == done -> printf("KEY device woken for nothing")
		fi;
#ifdef DRAIN_LATE /* takes nudges after it has looked */
		atomic { nudged[DEV] -> nudged[DEV] = false };
#endif
	:: done == REQUESTS -> break
	od;
	printf("KEY device ends")
}

active proctype stray()
{
	nudged[DEV] = true;
	nudged[DRV] = true
}

active proctype memory()
{
end:
	do
	:: LEAVE(DRV, OP)
	:: LEAVE(DRV, DATA)
	:: LEAVE(DRV, REQ_SEQ)
	:: LEAVE(DEV, RESULT)
	:: LEAVE(DEV, STATUS)
	:: LEAVE(DEV, ACK_SEQ)
	:: LATE(DRV)
	:: LATE(DEV)
	od
}
