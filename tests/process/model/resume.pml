// SPDX-License-Identifier: MIT
/*
 * A guest is saved and goes on: in a new domain, with a new backend and another
 * xenstored, or in the old one. Its frontend may have come to any state by then, with
 * requests in flight, and its watch and its work may be running.
 *
 *   watch()	otherend_changed() in xenbus/device.c, called by the work of
 *		xenbus/watch.c
 *   work()	frontend_work() in frontends/frontend.c, as blk uses it
 *   os()	makes requests, and gets the responses of the connection
 *   suspend()	xn_frontend_suspend(), xn_xs_suspend(), xn_frontend_lost(),
 *		xn_xs_resume() and xn_frontend_resume(), in the order of
 *		os/linux/core/suspend.c
 *   backend()	as in xenbus.pml: one for each domain. That of the old domain may
 *		close while the guest is suspended
 *
 * The model shows, for every interleaving: nothing that began in the old domain ends
 * in the new one; when nothing moves any longer, both are Connected and each request
 * has been answered once, in order, or the backend has closed and the frontend too.
 *
 * BROKEN=1  the work may be running when the guest goes
 * BROKEN=2  a watch function may be running when the guest goes
 * BROKEN=3  a device that stays in its domain is not woken
 * BROKEN=4  what the old backend told is not forgotten
 * BROKEN=5  requests in flight are not made again
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define Unknown		0
#define Initialising	1
#define InitWait	2
#define Initialised	3
#define Connected	4
#define Closed		6

#define REQUESTS	2

#define OLD	0
#define NEW	1

/* xenstore, for each domain */
byte front[2] = { Initialising, Unknown };
byte back[2] = { InitWait, InitWait };
bit watched[2];			/* the guest has its watch there */
bit back_event[2];

byte dom = OLD;			/* where the guest is */

/* the connection to xenstore */
bit fired, quiet, held, watch_runs;

/* the device */
byte state;			/* otherend_state */
bit told, news, asleep, queued, work_runs;
bit connected, rings;		/* phases CONNECTED, and PUBLISHED and higher */

/* requests, from 0 on */
byte made, answered;		/* of the OS; to the OS */
byte in_ring, taken, put;	/* in the ring; the backend's; its responses */
bit gave_up;

inline front_write(to) {
	atomic {
		(!held);
		/* Or what began in the other domain would end in this one. */
		assert(here == dom);
		front[dom] = to;
		back_event[dom] = 1
	}
}

inline tell() {
	atomic {
		news = 1;
		queued = queued | !asleep
	}
}

proctype watch()
{
	byte here, val;

end:	do
	:: atomic { fired && !quiet -> fired = 0; watch_runs = 1; here = dom };
		atomic { !held -> assert(here == dom); val = back[dom] };
		if
		:: told && val == state -> true
		:: else ->
			atomic { told = 1; state = val };
			tell()
		fi;
		watch_runs = 0
	od
}

/* Rings are given up: what is in them counts no more. */
inline cut() {
	connected = 0;
	rings = 0;
	in_ring = 0;
	taken = 0;
	put = 0
}

proctype work()
{
	byte here, s;

end:	do
	:: atomic { queued -> queued = 0; work_runs = 1; here = dom };
		if
		:: atomic { news && !asleep -> news = 0; s = state };
			if
			:: s == InitWait || s == Initialised || s == Connected ->
				if
				:: !rings ->
					rings = 1;
					front_write(Initialised)
				:: else
				fi;
				if
				:: s == Connected && !connected ->
					front_write(Connected);
					atomic {
						connected = 1;
#if BROKEN != 5
						in_ring = made - answered
#endif
					}
				:: else
				fi
			:: s == Closed ->
				atomic { cut(); gave_up = 1 };
				front_write(Closed)
			:: else
			fi
		:: else
		fi;
		work_runs = 0
	od
}

proctype os()
{
end:	do
	:: atomic { made < REQUESTS && !asleep ->
			made++;
			in_ring = in_ring + connected
		}
	/* An event of the connection. */
	:: atomic { connected && put ->
			put--;
			assert(answered < made);
			answered++
		}
	od
}

proctype backend(byte d)
{
	byte s;

end:	do
	:: atomic { back_event[d] && dom == d -> back_event[d] = 0; s = front[d] };
		atomic {
			if
			:: dom == d && (s == Initialised || s == Connected) &&
			   back[d] == InitWait ->
				back[d] = Connected;
				fired = fired | watched[d]
			:: else
			fi
		}
	:: atomic { dom == d && back[d] == Connected && rings && taken < in_ring ->
			taken++
		}
	:: atomic { dom == d && back[d] == Connected && rings && taken ->
			taken--;
			in_ring--;
			put++
		}
	/* The toolstack takes the device away. */
	:: atomic { dom == d && d == OLD && asleep && back[d] != Closed ->
			back[d] = Closed;
			fired = fired | watched[d]
		}
	od
}

proctype suspend()
{
	byte here;

	/* xn_frontend_suspend() */
	atomic { asleep = 1; queued = 0 };
#if BROKEN != 1
	(!work_runs);
#endif
	/* xn_xs_suspend() */
	quiet = 1;
#if BROKEN != 2
	(!watch_runs);
#endif
	held = 1;
	if
	:: true ->
		/* In its domain. */
		atomic { quiet = 0; held = 0 };
		asleep = 0;
#if BROKEN != 3
		queued = 1
#endif
	:: true ->
		/* No CPU runs meanwhile. */
		atomic { dom = NEW; fired = 0 };
		here = NEW;
		/* xn_frontend_lost() */
		atomic {
#if BROKEN != 4
			told = 0;
			state = Unknown;
			news = 0;
#endif
			cut()
		};
		/* xn_xs_resume() */
		atomic { quiet = 0; held = 0 };
		/* xn_frontend_resume() */
		asleep = 0;
		front_write(Initialising);
		atomic { watched[NEW] = 1; fired = 1 }
	fi
}

init {
	atomic {
		watched[OLD] = 1;
		fired = 1;
		back_event[OLD] = 1;
		run watch();
		run work();
		run os();
		run backend(OLD);
		run backend(NEW);
		run suspend()
	};
	timeout;
	assert((front[dom] == Connected && back[dom] == Connected && connected &&
		made == REQUESTS && answered == REQUESTS) ||
	       (dom == OLD && gave_up && front[dom] == Closed &&
		back[dom] == Closed))
}
