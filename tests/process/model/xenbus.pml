// SPDX-License-Identifier: MIT
/*
 * A frontend, its backend and the toolstack walk through the states of
 * xen-public/io/xenbus.h. They learn of each other by watches only, which
 * report that something has changed, but not what.
 *
 *   frontend()	otherend_changed(), xn_device_switch(), xn_device_start() and
 *		xn_device_stop() in xenbus/device.c with frontend_follow() and
 *		frontend_leave() in frontends/frontend.c, as blk uses them; with
 *		NET as net does, which has no state Initialised
 *   backend()	frontend_changed() of Linux' xen-blkback (NET: xen-netback)
 *   toolstack()	closes the backend, and perhaps lets it come back, once
 *
 * xenstore may refuse any one write of the frontend. At any time, either the
 * toolstack acts or the frontend's driver is unloaded, and perhaps loaded again
 * once the backend is Closed, for which xn_frontend_fini() waits.
 *
 * The model shows, for every interleaving: neither end waits for the other for
 * ever; when nothing moves any longer, both are Connected, with rings, or the
 * frontend is Closed and the backend Closed or, plugged again, in InitWait.
 *
 * BROKEN=1  a state that was not taken is not written again
 * BROKEN=2  an unload does not wait until the backend is Closed
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#if BROKEN == 2
#define MAY_LOAD	true
#else
#define MAY_LOAD	(back == Closed)
#endif

#define Initialising	1
#define InitWait	2
#define Initialised	3
#define Connected	4
#define Closing		5
#define Closed		6

byte front = Initialising, back = InitWait;
bit front_event, back_event;
byte faults = 1;
bit rings, live;		/* rings exist; the backend uses them */
bit may_stop, loaded, busy;	/* busy: the backend handles a change */

inline front_write(state) {
	atomic {
		if
		:: mine == state
		:: mine != state && faults -> faults--; owed = 1
		:: mine != state ->
			mine = state;
			front = state;
			owed = 0;
			back_event = 1
		fi;
#if BROKEN != 1
		front_event = front_event | owed
#endif
	}
}

/* A write that fails while connecting fails the device. */
inline fail() {
	failed = 1;
	rings = 0;
	front_write(Closing);
	front_write(Closed)
}

inline publish() {
	if
	:: !rings ->
		rings = 1;
#ifndef NET
		front_write(Initialised);
		if
		:: mine != Initialised -> fail()
		:: else
		fi
#else
		front_write(Connected);
		if
		:: mine != Connected -> fail()
		:: else
		fi
#endif
	:: else
	fi
}

inline follow() {
	if
	:: state == InitWait && !failed ->
#ifndef NET
		if
		:: mine == Connected && rings -> rings = 0
		:: else
		fi;
		publish()
#else
		/* A backend that was loaded again uses the same rings. */
		if
		:: mine != Connected -> rings = 0; publish()
		:: else
		fi
#endif
#ifndef NET
	:: (state == Connected || state == Initialised) && !failed ->
		publish();
		if
		:: state == Connected && rings && mine == Initialised ->
			front_write(Connected);
			if
			:: mine != Connected -> fail()
			:: else
			fi
		:: else
		fi
#endif
	:: state == Closing ->
		rings = 0;
		front_write(Closed)
	:: state == Closed ->
		rings = 0;
		if
		:: mine > Initialising -> front_write(Closed)
		:: else
		fi
	:: else
	fi
}

proctype frontend()
{
	byte mine, state, told;
	bit owed, failed, loads = 1, wants;

end:	do
	:: loads && !loaded ->
		loads = 0;
		mine = 0;
		told = 0;
		failed = 0;
		owed = 0;
		rings = 0;
		front_write(Initialising);
		if
		:: owed -> true	/* reported to the OS layer, which retries */
		:: else -> loaded = 1
		fi;
		loads = !loaded;
		owed = 0;
		front_event = 1
	:: atomic { loaded && front_event -> front_event = 0 };
		if
		:: owed && failed -> front_write(Closed)
		:: else
		fi;
		state = back;
		if
		:: state != told || owed ->
			told = state;
			follow()
		:: else
		fi
	:: loaded && may_stop ->
		may_stop = 0;
		loaded = 0;
		if
		:: mine < Closing && rings -> front_write(Closing)
		:: else
		fi;
		front_write(Closed);
#if BROKEN != 1
		front_write(Closed);
#endif
		rings = 0;
		/* It may be loaded again. */
		if
		:: wants = 1
		:: true
		fi
	:: atomic { wants && MAY_LOAD -> wants = 0; loads = 1 }
	od
}

proctype backend()
{
	byte state;

end:	do
	:: atomic { back_event -> back_event = 0; busy = 1 };
		state = front;
		if
		:: state == Initialising ->
			atomic {
				if
				:: back == Closed -> back = InitWait; front_event = 1
				:: else
				fi
			}
		:: state == Initialised || state == Connected ->
			atomic {
				if
#ifdef NET
				:: state == Connected && back == InitWait ->
#else
				:: back == InitWait || back == Initialised ->
#endif
					live = rings;
					back = Connected;
					front_event = 1
				:: else
				fi
			}
		:: state == Closing ->
			atomic {
				live = 0;
				if
				:: back == Connected || back == InitWait ->
					back = Closing;
					front_event = 1
				:: else
				fi
			}
		:: state == Closed ->
			atomic {
				live = 0;
				if
				:: back != Closed -> back = Closed; front_event = 1
				:: else
				fi
			}
		:: else
		fi;
		busy = 0
	od
}

proctype toolstack()
{
	atomic {
		if
		:: back == Connected && !busy -> back = Closing; front_event = 1
		:: true -> goto done
		fi
	};
	if
	:: atomic { back == Closed && front == Closed && !busy ->
			back = InitWait;
			front_event = 1
		}
	:: true
	fi;
done:	true
}

init {
	atomic {
		run frontend();
		run backend();
		if
		:: run toolstack()
		:: may_stop = 1
		fi
	};
	timeout;
	assert((front == Connected && back == Connected && rings && live) ||
	       (front == Closed && (back == Closed || back == InitWait)))
}
