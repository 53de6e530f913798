// SPDX-License-Identifier: MIT
/*
 * The FIFO event channels, between two vCPUs of a guest and Xen: words with
 * PENDING, MASKED, LINKED, BUSY and a link, a head and a tail per vCPU (one
 * priority; EVTCHN_FIFO_* in xen-public/event_channel.h).
 *
 *   vcpu()		fifo_upcall(), fifo_look(), fifo_consume() in events/fifo.c, and
 *			xn_evtchn_upcall() in events/table.c
 *   unmask_port()	fifo_unmask() and unmask_alone() in events/fifo.c
 *   owner()		xn_evtchn_mask(), xn_evtchn_move(), xn_evtchn_unmask()
 *   set_pending()	evtchn_fifo_set_pending() in Xen's event_fifo.c
 *   set_link()		evtchn_fifo_set_link() there, with the try that sets BUSY
 *
 * Each access to memory is one step, in order, so missing barriers are not
 * found. The model shows, for every interleaving: no event is lost (when
 * nothing moves any longer, the last event sent has been seen); no more events
 * are handled than were sent, except one that Xen may add when it unmasks; and
 * a port that is moved while no event is on its way, as xn_evtchn_move()
 * requires, is never handled by two vCPUs at once.
 *
 * Not in the model: EVTCHNOP_close, more priorities, xn_evtchn_clear(), a host
 * that lies.
 *
 * All of it at once takes more than a minute, so each run leaves something out:
 * OWNER, SENDS1, SENDS2.
 *
 * BROKEN=1  unmask does not look whether an event waits
 * BROKEN=2  LINKED and the link are cleared in two steps
 * BROKEN=3  the upcall's flag is cleared after the queues were looked at
 * BROKEN=4  the port is moved whatever is on its way
 */
#ifndef BROKEN
#define BROKEN 0
#endif
/* The number of events sent to each port; does port 1 have an owner? */
#ifndef SENDS1
#define SENDS1 2
#endif
#ifndef SENDS2
#define SENDS2 1
#endif
#ifndef OWNER
#define OWNER 1
#endif

#define PENDING	1
#define MASKED	2
#define LINKED	4
#define BUSY	8
#define FLAGS	15
#define LINK(w)	((w) >> 4)

byte word[3];			/* ports 1 and 2 */
byte control_head[2], tail[2];
bit ready[2], upcall_pending[2], irq[2];
byte notify_vcpu[3], last_vcpu[3];
bit queue_lock;
byte sent[3], seen[3], handled[3], sending[3], relinked[3];
bit handling[3];

/* ---- Xen ---- */

/* done: 0 no longer in the queue, 1 linked, 2 the word changed: try again */
inline try_link(t, w, p, done) {
	atomic {
		if
		:: !(w & LINKED) -> done = 0
		:: (w & LINKED) && word[t] == w ->
			word[t] = (w & (PENDING | MASKED | LINKED)) | (p << 4);
			done = 1
		:: else -> w = word[t]; done = 2
		fi
	}
}

inline set_link(t, p, done) {
	w = word[t];
	try_link(t, w, p, done);
	if
	:: done == 2 ->
		atomic { word[t] = word[t] | BUSY };
		w = word[t];
		try_link(t, w, p, done);
		do
		:: done == 2 -> try_link(t, w, p, done)
		:: else -> break
		od;
		if
		:: done == 0 -> atomic { word[t] = word[t] & ~BUSY }
		:: else
		fi
	:: else
	fi
}

inline set_pending(p, q) {
	word[p] = word[p] | PENDING;
	if
	:: !(word[p] & MASKED) ->
		if
		:: !(word[p] & LINKED) ->
			atomic { !queue_lock -> queue_lock = 1 };
			atomic { was = word[p] & LINKED; word[p] = word[p] | LINKED };
			if
			:: !was ->
				atomic {
					if
					:: tail[last_vcpu[p]] == p ->
						tail[last_vcpu[p]] = 0
					:: else
					fi;
					last_vcpu[p] = q
				};
				linked = 0;
				if
				:: tail[q] -> set_link(tail[q], p, linked)
				:: else
				fi;
				if
				:: !linked -> control_head[q] = p
				:: else
				fi;
				tail[q] = p;
				queue_lock = 0;
				if
				:: !linked ->
					atomic { was = ready[q]; ready[q] = 1 };
					if
					:: !was -> atomic {
							irq[q] = irq[q] | !upcall_pending[q];
							upcall_pending[q] = 1
						}
					:: else
					fi
				:: else
				fi
			:: else -> queue_lock = 0
			fi
		:: else
		fi
	:: else
	fi
}

proctype sender(byte p, n)
{
	byte w, was, linked, q;

	do
	:: n > 0 ->
		atomic { sending[p]++; q = notify_vcpu[p]; sent[p]++ };
		set_pending(p, q);
		sending[p]--;
		n--
	:: else -> break
	od
}

/* ---- the guest ---- */

/* An event is being handled from the moment that its PENDING is cleared. */
inline take(p) {
	atomic {
		had = word[p] & PENDING;
		word[p] = word[p] & ~PENDING;
		if
		:: had ->
			assert(!handling[p]);
			handling[p] = 1;
			handled[p]++;
			assert(handled[p] <= sent[p] + relinked[p])
		:: else
		fi
	}
}

inline handle(p) {
	seen[p] = sent[p];
	handling[p] = 0
}

inline consume() {
	port = head;
	if
	:: !port -> port = control_head[v]
	:: else
	fi;
	head = 0;
	if
	:: !port -> mine = 0
	:: else ->
#if BROKEN == 2
		old = word[port];
		word[port] = old & (PENDING | MASKED | BUSY);
#else
		atomic {
			old = word[port];
			word[port] = old & (PENDING | MASKED | BUSY)
		};
#endif
		/* Xen keeps to the rules here: no queue is ever broken. */
		assert(old & LINKED);
		head = LINK(old);
		if
		:: (old & PENDING) && !(old & MASKED) ->
			take(port);
			if
			:: had -> handle(port)
			:: else
			fi
		:: else
		fi;
		mine = head != 0
	fi
}

proctype vcpu(byte v)
{
	byte port, head, old, had;
	bit mine;

end:	do
	:: atomic { irq[v] -> irq[v] = 0 };
#if BROKEN != 3
		upcall_pending[v] = 0;
#endif
		do
		:: atomic { mine = mine | ready[v]; ready[v] = 0 };
			if
			:: mine -> consume()
			:: else -> break
			fi
		od;
#if BROKEN == 3
		upcall_pending[v] = 0
#endif
	od
}

inline unmask_port(p) {
	alone = 0;
	tries = 0;
	w = word[p];
	do
	:: alone || tries == 2 -> break
	:: else ->
		if
		:: !(w & MASKED) -> alone = 1
#if BROKEN != 1
		:: (w & MASKED) && (w & PENDING) -> tries = 2
#endif
		:: else ->
			atomic {
				if
				:: word[p] == (w & ~BUSY) ->
					word[p] = word[p] & ~MASKED;
					alone = 1
				:: else -> w = word[p]; tries++
				fi
			}
		fi
	od;
	if
	:: !alone ->
		/* EVTCHNOP_unmask */
		atomic {
			q = notify_vcpu[p];
			was = word[p] & PENDING;
			word[p] = word[p] & ~MASKED
		};
		if
		/* Sets PENDING again, which a vCPU may have cleared. */
		:: was -> relinked[p]++; set_pending(p, q)
		:: else
		fi
	:: else
	fi
}

proctype owner()
{
	byte w, was, linked, q, tries;
	bit alone;

	word[1] = word[1] | MASKED;
	atomic {
		if
#if BROKEN == 4
		:: true -> notify_vcpu[1] = 1
#else
		:: !(word[1] & (PENDING | LINKED)) && !sending[1] &&
		   !handling[1] -> notify_vcpu[1] = 1
		:: else
#endif
		fi
	};
	unmask_port(1)
}

init {
	atomic {
		run vcpu(0);
		run vcpu(1);
		run sender(1, SENDS1);
		run sender(2, SENDS2);
#if OWNER
		run owner()
#endif
	};
	timeout;
	assert(seen[1] == sent[1] && sent[1] == SENDS1);
	assert(seen[2] == sent[2] && sent[2] == SENDS2);
	assert(!(word[1] & (PENDING | LINKED | BUSY)));
	assert(!(word[2] & (PENDING | LINKED | BUSY)))
}
