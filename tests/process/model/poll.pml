// SPDX-License-Identifier: MIT
/*
 * What takes responses: the interrupt or, after very many at once, a work; and
 * how the work hands over to the interrupt again.
 *
 *	upcall()	xn_blk_event() and queue_leave_to_poll() in
 *		frontends/blk/complete.c, called for each event
 *	work()	xn_blkq_poll() and queue_hand_back(), ibid.
 *	host()	a backend, as in ring.pml
 *
 * Each access to memory is one step. The OS may call the interrupt while the
 * engine holds the port, because it has taken the event before. That it calls
 * later, as it should for a port that is held, is one of the interleavings. The
 * model shows, for every interleaving: interrupt and work never take responses
 * at once; and when nothing moves any longer, every response was taken.
 *
 * BROKEN=1  an interrupt during the work's turn leaves no mark
 * BROKEN=2  it leaves the mark without the lock, when the work may have ended
 * BROKEN=3  the work looks once more after it has handed back
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define N	5

byte rsp_prod, rsp_event = 1;
byte cons;			/* used by interrupt or work, whichever polls */
byte takers;
bit event, queued, polling, again, locked;

inline lock() { atomic { !locked -> locked = 1 } }
inline unlock() { locked = 0 }

proctype host()
{
	byte prod;

	do
	:: prod < N ->
		prod++;
		rsp_prod = prod;
		if
		:: rsp_event == prod -> event = 1
		:: else
		fi
	:: else -> break
	od
}

/* Take all, with a final check, or stop after any of them. */
inline consume()
{
	takers++;
	assert(takers == 1);
	enough = 0;
	do
	:: seen = rsp_prod;
		if
		:: seen != cons ->
			cons = seen;
			if
			:: enough = 1; break
			:: true
			fi
		:: else
		fi;
		rsp_event = cons + 1;
		if
		:: rsp_prod == cons -> break
		:: else
		fi
	od;
	takers--
}

proctype upcall()
{
	byte seen;
	bit enough, theirs;

end:	do
	:: atomic { event -> event = 0 };
		theirs = polling;
		if
		:: theirs && BROKEN == 2 -> again = 1
		:: theirs && BROKEN != 1 && BROKEN != 2 ->
			lock();
			theirs = polling;
			again = theirs;
			unlock()
		:: else
		fi;
		if
		:: !theirs ->
			consume();
			if
			:: enough -> polling = 1; queued = 1
			:: else
			fi
		:: else
		fi
	od
}

proctype work()
{
	byte seen;
	bit enough, more;

end:	do
	:: atomic { queued -> queued = 0 };
		consume();
		if
		:: enough -> queued = 1
		:: else ->
			lock();
			more = again;
			again = 0;
			if
			:: !more -> polling = 0
			:: else
			fi;
			unlock();
			if
			:: more -> queued = 1
			:: !more && BROKEN == 3 -> consume()
			:: else
			fi
		fi
	od
}

init {
	atomic {
		run host();
		run upcall();
		run work()
	};
	timeout;
	assert(cons == N)
}
