// SPDX-License-Identifier: MIT
/*
 * The end of a poll: after taking all responses, the guest asks for an event
 * and checks again, RING_FINAL_CHECK_FOR_RESPONSES() in xen-public/io/ring.h.
 *
 *   guest()	queue_consume() and xn_blk_event() in frontends/blk/complete.c;
 *		with AHEAD above 1, xn_net_tx_enable() in
 *		frontends/net/tx.c, which wants fewer events
 *   host()	a backend: RING_PUSH_RESPONSES_AND_CHECK_NOTIFY(), one or two
 *		responses at a time
 *
 * Each access to memory is one step. The model shows, for every interleaving:
 * when nothing moves any longer, fewer than AHEAD responses wait, so none with
 * AHEAD 1. The indices wrap on the way. The same macros, with the names
 * exchanged, end a backend's poll for requests.
 *
 * BROKEN=1  no final check
 * BROKEN=2  no barrier: the index is read before the wish is written
 * BROKEN=3  the event is asked for one response too late
 */
#ifndef BROKEN
#define BROKEN 0
#endif
#ifndef AHEAD
#define AHEAD 1
#endif

#define N	6
#define SIZE	16		/* indices wrap here; their type need not */
#define MINUS(a, b)	(((a) + SIZE - (b)) % SIZE)

byte rsp_prod = 13, rsp_event = 14;
byte taken;
bit event;

proctype host()
{
	byte prod = 13, old, n, left = N;
	bit notify;

	do
	:: left > 0 ->
		n = 1;
		if
		:: left > 1 -> n = 2
		:: true
		fi;
		old = prod;
		prod = (prod + n) % SIZE;
		left = left - n;
		rsp_prod = prod;
		notify = MINUS(prod, rsp_event) < MINUS(prod, old);
		if
		:: notify -> event = 1
		:: else
		fi
	:: else -> break
	od
}

proctype guest()
{
	byte cons = 13, prod, wish;
	bit more;

end:	do
	:: atomic { event -> event = 0 };
		more = 1;
		do
		:: more ->
			prod = rsp_prod;
			taken = taken + MINUS(prod, cons);
			cons = prod;
			wish = (cons + AHEAD + (BROKEN == 3)) % SIZE;
#if BROKEN == 1
			rsp_event = wish;
			more = 0
#elif BROKEN == 2
			more = rsp_prod != cons;
			rsp_event = wish
#else
			rsp_event = wish;
			more = rsp_prod != cons
#endif
		:: else -> break
		od
	od
}

init {
	atomic {
		run host();
		run guest()
	};
	timeout;
	assert(N - taken < AHEAD)
}
