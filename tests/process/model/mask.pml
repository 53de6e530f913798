// SPDX-License-Identifier: MIT
/*
 * The holders of a port and its one mask bit: mask_settle() in events/mask.c, called
 * by xn_evtchn_hold() and xn_evtchn_release().
 *
 *   holder()	holds and releases the port repeatedly, on a CPU of its own,
 *		without a lock
 *
 * Each access to memory is one step, and so is unmasking, which may be a
 * hypercall. The model shows, for every interleaving: when nothing moves any
 * longer, the port is masked if and only if it has a holder.
 *
 * BROKEN=1  nobody looks again
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define HOLDERS	3
#define TIMES	3		/* hold, release, hold */

byte holders;
bit masked;

inline settle()
{
	now = holders != 0;
	do
	:: held = now;
		masked = held;
		now = holders != 0;
		if
		:: BROKEN == 0 && now != held
		:: else -> break
		fi
	od
}

proctype holder(byte me)
{
	byte n;
	bit now, held;

	do
	:: n < TIMES ->
		n++;
		if
		:: n % 2 == 1 ->
			holders = holders | (1 << me);
			settle()
		:: else ->
			holders = holders & (255 - (1 << me));
			settle()
		fi
	:: break	/* at any time: in the end some hold it, some do not */
	od
}

init {
	byte i;

	atomic {
		do
		:: i < HOLDERS -> run holder(i); i++
		:: else -> break
		od
	};
	timeout;
	assert(masked == (holders != 0))
}
