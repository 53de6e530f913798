// SPDX-License-Identifier: MIT
/*
 * The mask bit of the 2-level ABI (xen-public/xen.h, EVTCHNOP_unmask in
 * xen-public/event_channel.h): twolevel_unmask() and twolevel_take() in
 * events/twolevel.c, beneath mask_settle() in events/mask.c.
 *
 *   sender()	another CPU that sends, and Xen, which raises the vCPU's upcall
 *		unless the port is masked or already has an event
 *   upcall()	interrupts owner(), which continues after it; each event holds
 *		its port
 *   owner()	releases the port each time that an event has held it
 *
 * Each access to memory is one step, and so is a hypercall. The model shows,
 * for every interleaving: no event is handled while the port is held, and none
 * is left when nothing moves any longer.
 *
 * BROKEN=1  unmask does not look whether an event came in between
 * BROKEN=2  unmask undoes what such an event has masked
 */
#ifndef BROKEN
#define BROKEN 0
#endif

#define SENDS	3

bit pending, raised, in_upcall, held = 1, masked = 1;

proctype sender()
{
	byte n;
	bit before;

	do
	:: n < SENDS ->
		n++;
		atomic { before = pending; pending = 1 };
		if
		:: !before && !masked -> raised = 1
		:: else
		fi
	:: else -> break
	od
}

proctype upcall()
{
	bit took;

end:	do
	:: atomic { raised -> in_upcall = 1; raised = 0 };
		took = pending;
		took = took && !masked;
		if
		:: took ->
			atomic { took = pending; pending = 0 };
			if
			:: took ->
				assert(!held);
				held = 1;
				masked = 1
			:: else
			fi
		:: else
		fi;
		in_upcall = 0
	od
}

/* A step of code that the upcall may interrupt. */
#define STEP(s) atomic { !in_upcall -> s }

inline unmask()
{
	STEP(was = pending);
	if
	:: !was ->
		STEP(masked = 0);
		if
		:: BROKEN == 1 -> call = 0
		:: else ->
			STEP(was = pending);
			call = was;
			if
			:: was ->
				STEP(was = masked; masked = 1);
				call = BROKEN == 2 || !was
			:: else
			fi
		fi
	:: else -> call = 1
	fi;
	if
	:: call -> STEP(was = masked; masked = 0;
			raised = raised || (was && pending))
	:: else
	fi
}

proctype owner()
{
	bit now, was, call, wanted;

end:	do
	:: atomic { held && !in_upcall -> held = 0 };
		STEP(now = held);
		do
		:: wanted = now;
			if
			:: wanted -> STEP(masked = 1)
			:: else -> unmask()
			fi;
			STEP(now = held);
			if
			:: now != wanted
			:: else -> break
			fi
		od
	od
}

init {
	atomic { run sender(); run upcall(); run owner() };
	timeout;
	assert(!pending)
}
