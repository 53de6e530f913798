// SPDX-License-Identifier: MIT
/*
 * Very many responses at once are taken by a work in place of the interrupt.
 * When the work hands over to the interrupt again, an event could get lost: an
 * OS may call the interrupt of a port that the engine holds, because it took
 * the event before or because it unmasks ports itself.
 */
#include "blk_backend.h"
#include "step.h"
#include "frontends/blk/blk.h"

static struct io io;

static struct xn_blk_queue *queue(void)
{
	return &t.blk.queue[0];
}

/* The backend answers, and the OS calls the interrupt although it is masked. */
static void answer(void)
{
	unsigned long flags = host_upcalls_disable();

	host_upcalls_restore(flags);
	/* With interrupts off, none comes: leave it to a later instruction. */
	if (flags || !t.b.bus.nr_held)
		return;
	be_release(&t.b.bus);
	xn_evtchn_clear(&t.x.guest.evtchn, queue()->channel.port);
	xn_blk_event(queue());
}

/* As after an upcall that left the rest to the work; one response is missing */
static void begin(void)
{
	t.b.bus.hold = true;
	/* Without data: copying it takes many instructions. */
	assert_int_equal(t_submit(&io, XN_BLK_FLUSH, 0, NULL), 0);
	t_push();
	assert_int_equal(t.b.bus.nr_held, 1);
	queue()->polling = true;
	xn_evtchn_hold(&t.x.guest.evtchn, queue()->channel.port, XN_HOLD_ENGINE);
}

/* The backend answers before each instruction of the hand-over. */
static void test_hand_over(void **state)
{
	unsigned int n, answered = 0;

	t_connect(&t_config);
	for (n = 1; ; n++) {
		begin();
		if (!step_begin(n, answer))
			break;
		xn_blkq_poll(&queue()->poll);
		step_end();
		answered += !t.b.bus.nr_held;
		if (t.b.bus.nr_held)
			be_release(&t.b.bus);
		host_pump();
		if (!io.done)
			fail_msg("before instruction %u: the response is forgotten",
				 n);
		assert_false(queue()->polling);
	}
	assert_true(answered > 100);
	be_release(&t.b.bus);
	xn_blkq_poll(&queue()->poll);
	host_pump();
	t_fini();
}

/* An interrupt while the work polls only makes it poll again. */
static void test_interrupt_meanwhile(void **state)
{
	t_connect(&t_config);
	begin();
	xn_blk_event(queue());
	xn_blk_event(queue());
	assert_int_equal(queue()->stats.interrupts, 0);
	be_release(&t.b.bus);
	assert_false(io.done);
	xn_blkq_poll(&queue()->poll);
	host_pump();
	assert_true(io.done);
	assert_false(queue()->polling);
	assert_int_equal(t_do(XN_BLK_FLUSH, 0, NULL), 0);
	t_fini();
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, t_setup, t_teardown)
	const struct CMUnitTest tests[] = {
		T(hand_over), T(interrupt_meanwhile),
	};

	return cmocka_run_group_tests_name("blk_poll", tests, NULL, NULL);
}
