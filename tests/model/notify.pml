/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Notification suppression: a publisher that rings only when asked to, a sleeper that asks (arms)
 * before it sleeps. Each stores one word and then loads the other's: if both loads can miss, the
 * sleeper sleeps for ever with work published. That is a state without successor, which spin
 * reports as an invalid end state.
 *
 *   publisher: publish the ring word(s), fence, look at the arming word, ring if armed
 *   sleeper:   arm, fence, read back, look at the ring once more, sleep
 *
 * What is chosen by -D:
 *   SPLIT | PACKED    ring word: available or used index | flags of the descriptors
 *   FLAGS | EVENT     arming word: on or off | an event index, packed: a position with wrap counter
 *   KICK | CALL       driver publishes, device sleeps | the other way round
 *   DRIVER | DEVICE | POSTED   placement on a link with posted writes; none of them: one coherent
 *                     memory, where KICK and CALL are the same protocol
 *
 * Link: every store into the other's window, and the doorbell, joins the queue of its sender after
 * it has left the store buffer, and arrives later, in order. A load from the other's window is a
 * read request and a completion: the request pushes the reader's earlier stores ahead of it, the
 * completion pushes those of the other side.
 *
 * Weakened variants: NO_PUBLISH_FENCE, NO_ARM_FENCE, NO_READ_BACK, NO_RECHECK, LOOK_FIRST,
 * DRAIN_LATE, LAST_OF_BATCH, NO_WRAP, READ_BACK_FIRST, READ_BACK_LATE, READ_BACK_UNFENCED,
 * READ_BACK_UNORDERED, RELAXED_REQUEST, RELAXED_COMPLETION. Not weaker: BELL_OVERTAKES.
 * SHOW: the end is reachable (must fail); SHOW_SLEEP: so is a wake-up by the doorbell.
 */
#define PUB 0
#define SLP 1

#define RING(n) (n) /* split: word 0; packed: words 0 to 2 */
#define ARM	3
#define NLOC	4
#define BELL	4 /* on the link only */

#define READS(a) ((a) == PUB -> 8 : 7)

/* Where the words live, by the table of placements in docs/model.md. */
#if defined(DRIVER) || defined(DEVICE) || defined(POSTED)
#define LINK
#if (defined(KICK) && defined(DRIVER)) || (defined(CALL) && defined(DEVICE))
#define RING_AT PUB
#else
#define RING_AT SLP
#endif
#if defined(SPLIT) && ((defined(KICK) && defined(DEVICE)) || (defined(CALL) && defined(DRIVER)))
#define ARM_AT SLP
#else
#define ARM_AT PUB
#endif
#define LOCAL(a, l) (((l) == ARM -> ARM_AT : RING_AT) == (a))
#else
#define LOCAL(a, l) true
#endif

#ifdef LINK
chan link[2] = [6] of { byte, byte }; /* by sender: word, value */
#define GO(a, l, v)                                                                                \
	if                                                                                         \
	:: LOCAL(a, l) -> mem[l] = v                                                               \
	:: !LOCAL(a, l) -> link[a]!l, v                                                            \
	fi
#define MAY_GO(a, l) (LOCAL(a, l) || nfull(link[a]))
#else
#define MAY_GO(a, l) true
#endif

#include "weak.pmh"

#ifdef SPLIT
#define SIZE 2
#define ITEMS 5 /* past the wrap of the index, which counts modulo 4 */
#define LAP 4
#define NEXT 0
#define WORK(v) ((v) != taken % LAP)
#else
#define SIZE 3
#define ITEMS 7 /* past two wraps of the ring */
#define LAP 6 /* a position is slot and wrap counter */
#define FLAG(n) ((((n) - 1) / SIZE) % 2 + 1) /* available, by wrap counter; 0 never was */
#define NEXT (taken % SIZE)
#define WORK(v) ((v) == FLAG(taken + 1))
#endif

/* Arming word. Flags: 0 on, 1 off. Event index of the split ring: the index itself. Packed: 0 on,
 * 1 off, 2 + position, the three modes of the event structure, which is one 32-bit word. */
#if defined(FLAGS)
#define ARMED	  0
#define DISARMED  1
#define ASKED(e)  ((e) == 0)
#elif defined(SPLIT)
#define ARMED	  (taken % LAP)
#define ASKED(e)  CROSSED(e)
#else
#define ARMED	  (2 + taken % LAP)
#define DISARMED  1
#define ASKED(e)  ((e) == 0 || ((e) >= 2 && CROSSED((e) - 2)))
#endif
#ifdef NO_WRAP /* compares slots, forgets the wrap counter */
#define TURN SIZE
#else
#define TURN LAP
#endif
#ifdef LAST_OF_BATCH
#define BEFORE (pub - 1)
#else
#define BEFORE before
#endif
/* The event lies among what was published since the last look (VIRTIO 1.4, 2.7.7.1 and 2.8.7). */
#define CROSSED(e) ((pub - (e) - 1 + 2 * LAP) % TURN < (pub - BEFORE) % TURN)

bool bell;	/* the doorbell has rung; further rings change nothing */
byte pub, taken; /* items published and taken; the publisher waits for room by `taken` */

#ifdef LINK
byte word, val; /* scratch inside d_step only */
inline land(from)
{
	link[from]?word, val;
	if
	:: word == BELL -> bell = true
	:: word != BELL -> mem[word] = val
	fi;
	word = 0;
	val = 0
}
inline push(from)
{
	do
	:: nempty(link[from]) -> land(from)
	:: empty(link[from]) -> break
	od
}
#endif

inline over_link(a, l, x)
{
#ifdef LINK
	d_step {
#ifndef RELAXED_REQUEST
		push(a);
#endif
		x = mem[l];
#ifndef RELAXED_COMPLETION
		push(1 - a);
#endif
		word = 0 /* a d_step may not end in a loop */
	}
#else
	skip
#endif
}

/* Load a word wherever it is. What lies over the link is mapped as device memory: such a load is
 * never satisfied early. */
inline look(a, l, x)
{
	if
	:: LOCAL(a, l) -> ld(a, l, x)
	:: !LOCAL(a, l) -> over_link(a, l, x)
	fi
}

/* Publish n items: the word that is polled first goes last. */
inline publish(n)
{
#ifdef SPLIT
	st_rel(PUB, RING(0), (pub + n) % LAP);
#else
	if
	:: n == 3 -> st(PUB, RING((pub + 2) % SIZE), FLAG(pub + 3))
	:: n < 3
	fi;
	if
	:: n >= 2 -> st(PUB, RING((pub + 1) % SIZE), FLAG(pub + 2))
	:: n < 2
	fi;
	st_rel(PUB, RING(pub % SIZE), FLAG(pub + 1));
#endif
	before = pub;
	pub = pub + n
}

inline ring()
{
#if !defined(LINK) || defined(BELL_OVERTAKES)
	bell = true
#else
	link[PUB]!BELL, 1;
	printf("KEY ring over the link")
#endif
}

active proctype publisher()
{
	byte before = 0, e = 0;

	do
	:: pub < ITEMS ->
#ifdef LOOK_FIRST
		look(PUB, ARM, e);
#endif
		if /* a batch of any size there is room for */
		:: atomic { pub + 1 <= ITEMS && pub + 1 - taken <= SIZE -> publish(1) }
		:: atomic { pub + 2 <= ITEMS && pub + 2 - taken <= SIZE -> publish(2) }
#ifdef PACKED
		:: atomic { pub + 3 <= ITEMS && pub + 3 - taken <= SIZE -> publish(3) }
#endif
		fi;
		/* The ring word must be on its way before the arming word is loaded. */
#ifndef NO_PUBLISH_FENCE
		fence(PUB);
#endif
#ifndef LOOK_FIRST
		look(PUB, ARM, e);
#endif
		if
		:: atomic { ASKED(e) -> e = 0; ring() }
		:: atomic { !ASKED(e) -> e = 0; printf("KEY not asked to ring") }
		fi
	:: pub == ITEMS -> break
	od
}

inline read_back()
{
#ifdef LINK
	over_link(SLP, 0, drop); /* any word of the other's window */
	drop = 0
#else
	skip
#endif
}

inline disarm()
{
#ifdef DISARMED
	st(SLP, ARM, DISARMED)
#else
	skip
#endif
}

active proctype sleeper()
{
	byte v = 0, drop = 0;

awake:
	look(SLP, RING(NEXT), v);
	acquire(SLP);
	if
	:: WORK(v) -> goto work
	:: !WORK(v) -> v = 0
	fi;

#ifdef READ_BACK_FIRST
	fence(SLP);
	read_back();
	acquire(SLP);
#endif
	st(SLP, ARM, ARMED);
#if !defined(NO_ARM_FENCE) && !defined(READ_BACK_UNFENCED)
	fence(SLP); /* the arming store before every later load, the read back among them */
#endif
#if !defined(NO_READ_BACK) && !defined(READ_BACK_FIRST) && !defined(READ_BACK_LATE)
	read_back();
#ifndef READ_BACK_UNORDERED
	acquire(SLP); /* the last look after the answer, which has pushed the ring word in */
#endif
#endif
#ifndef NO_RECHECK
	look(SLP, RING(NEXT), v);
	acquire(SLP);
	if
	:: WORK(v) -> printf("KEY the last look finds work"); disarm(); goto work
	:: !WORK(v) -> v = 0
	fi;
#endif
#ifdef READ_BACK_LATE
	read_back();
	acquire(SLP);
#endif
#ifdef DRAIN_LATE /* takes pending rings after the last look */
	bell = false;
#endif
	/* Sleep. */
	atomic { bell -> bell = false };
#ifdef SHOW_SLEEP
	assert(false);
#endif
	printf("KEY woken by the doorbell");
	disarm();
	goto awake;

work:
	atomic {
#ifdef SPLIT
		taken = taken + (v - taken % LAP + LAP) % LAP;
#else
		taken++;
#endif
		v = 0;
		assert(taken <= pub)
	}
	if
	:: taken < ITEMS -> goto awake
	:: taken == ITEMS
	fi;
#ifdef SHOW
	assert(false);
#endif
	printf("KEY sleeper ends")
}

#define LEAVE_RING(l)                                                                              \
	atomic                                                                                     \
	{                                                                                          \
		MAY_GO(PUB, l) && MAY_LEAVE(PUB, l) -> LEAVE(PUB, l)                               \
	}
active proctype memory()
{
end:
	do
	:: LEAVE_RING(0)
#ifdef PACKED
	:: LEAVE_RING(1)
	:: LEAVE_RING(2)
#endif
	:: atomic { MAY_GO(SLP, ARM) && MAY_LEAVE(SLP, ARM) -> LEAVE(SLP, ARM) }
#ifdef LINK
	:: d_step { nempty(link[PUB]) -> land(PUB) }
	:: d_step { nempty(link[SLP]) -> land(SLP) }
#endif
	od
}
