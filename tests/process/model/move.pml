// SPDX-License-Identifier: MIT
/*
 * A port of the 2-level ABI that moves to another vCPU, EVTCHNOP_bind_vcpu in
 * xen-public/event_channel.h: xn_evtchn_move() in events/table.c,
 * twolevel_take() and takers_leave() in events/twolevel.c.
 *
 *   sender()	Xen, for a domain that sends: it reads which vCPU to signal, sets
 *		the pending bit, and signals that vCPU if the bit was clear; a
 *		move can come between any two of these
 *   upcall()	one vCPU: it looks into the word only if it was signalled, and
 *		takes the event only if it is one of the port's takers
 *   owner()	moves the port to vCPU 1, and back to vCPU 0
 *
 * Each access to memory is one step, and so is a hypercall. That a send does
 * not last as long as SETTLE_NS is a condition of settling: no send is under way
 * that began before the move. The model shows, for every interleaving: no event
 * is left when nothing moves any longer.
 *
 * BROKEN=1  the old vCPU is no taker after a move while no event is pending
 * BROKEN=2  the old vCPU is no taker any more once it has taken an event
 * BROKEN=3  the time is read after the event is taken
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define SENDERS	2
#define SENDS	2

bit pending, notify, vcpu;
bit signalled[2], taker[2];
bit locked;			/* the table's lock, of owner() */
byte moved;			/* the move of takers->until; 0: none */
#define NOW	99		/* this one, which has not ended */

byte before[SENDERS];		/* moves since that one's send began, plus 1 */

proctype sender(byte me)
{
	byte n;
	bit to, was;

	do
	:: n < SENDS ->
		n++;
		atomic { to = notify; before[me] = 1 };
		atomic { was = pending; pending = 1 };
		if
		:: !was -> signalled[to] = 1
		:: else
		fi;
		before[me] = 0
	:: else -> break
	od
}

/* Is the last move so long ago that no send of before it is under way? */
#define SETTLED	(moved && moved != NOW && before[0] <= 1 && before[1] <= 1)

inline settle()
{
	atomic {
		!locked;
		if
		:: moved == when -> taker[1 - vcpu] = 0; moved = 0
		:: else
		fi
	}
}

proctype upcall(bit me)
{
	bit took;
	byte when;

end:	do
	:: atomic { signalled[me] -> signalled[me] = 0 };
		if
		:: pending && taker[me] ->
			when = 0;
			/* It is read once, and then compared with the time. */
			if
			:: atomic { BROKEN < 2 && SETTLED -> when = moved }
			:: true
			fi;
			atomic { took = pending; pending = 0 };
			if
			:: atomic { BROKEN == 3 && SETTLED -> when = moved }
			:: BROKEN == 2 && vcpu != me -> when = moved
			:: true
			fi;
			if
			:: took && when -> settle()
			:: else
			fi
		:: else
		fi
	od
}

proctype owner()
{
	bit to = 1;
	byte n;

	do
	:: n < 2 ->
		n++;
		atomic {
			locked = 1;
			taker[to] = 1;
			moved = NOW
		};
		atomic {
			notify = to;
			before[0] = (before[0] -> before[0] + 1 : 0);
			before[1] = (before[1] -> before[1] + 1 : 0)
		};
		vcpu = to;
		moved = n;
		if
		:: BROKEN == 1 && !pending -> taker[1 - to] = 0
		:: else
		fi;
		locked = 0;
		to = 1 - to
	:: else -> break
	od
}

init {
	atomic {
		taker[0] = 1;
		run sender(0); run sender(1);
		run upcall(0); run upcall(1);
		run owner()
	};
	timeout;
	assert(!pending)
}
