// SPDX-License-Identifier: MIT
/*
 * Early messages through the ring of a PV guest's console: in order, never over
 * what the other side has not read, and without waiting for ever if it does not
 * read or its index is invalid.
 */
#define xn_hypercall_raw	fake_hypercall
#define xn_cycles		fake_cycles
#include "unit.h"
#include <xen-public/io/console.h>

/* Time passes with each read of it. */
static uint64_t cycles;

#define XENION_X86_TSC_H
uint64_t fake_cycles(void)
{
	return cycles += 1 << 20;
}

#include "boot/x86/early_pv.c"

#define SIZE	sizeof(page.out)

static struct xencons_interface page;
static char got[3 * sizeof(page.out)];
static unsigned int nr_got, notified, yields;
static bool reads;		/* does the other side, on a yield? */

void (*xn_early_other)(const char *s, unsigned int len);
void (*xn_early_owner)(const char *s, unsigned int len);

static void consume(void)
{
	while (page.out_cons != page.out_prod)
		got[nr_got++] = page.out[page.out_cons++ % SIZE];
}

long fake_hypercall(unsigned int nr, unsigned long a1, unsigned long a2,
		    unsigned long a3, unsigned long a4, unsigned long a5)
{
	if (nr == __HYPERVISOR_event_channel_op) {
		assert_int_equal(((struct evtchn_send *)a2)->port, 5);
		notified++;
	} else {
		assert_int_equal(nr, __HYPERVISOR_sched_op);
		yields++;
		if (reads)
			consume();
	}
	return 0;
}

static int setup(void **state)
{
	struct xn_boot_channel c = { .gpa = (uintptr_t)&page, .port = 5 };

	memset(&page, 0, sizeof(page));
	nr_got = notified = yields = 0;
	reads = lost = false;
	xn_early_owner = NULL;
	xn_early_ring(&c);
	return 0;
}

static void test_words(void **state)
{
	xn_early_other("hello", 5);
	assert_int_equal(notified, 1);
	xn_early_other(" there", 6);
	consume();
	assert_memory_equal(got, "hello there", 11);
	assert_int_equal(nr_got, 11);
}

static void test_longer_than_ring(void **state)
{
	static char text[2 * SIZE + 100];
	unsigned int i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = i % 251;
	/* The index wraps meanwhile. */
	page.out_prod = page.out_cons = ~0u - 10;
	reads = true;
	xn_early_other(text, sizeof(text));
	consume();
	assert_int_equal(nr_got, sizeof(text));
	assert_memory_equal(got, text, sizeof(text));
}

/* The other side does not read: only the first write waits; later it reads. */
static void test_nobody_reads(void **state)
{
	static char text[SIZE + 100];
	unsigned int n;

	memset(text, 'x', sizeof(text));
	xn_early_other(text, sizeof(text));
	assert_int_equal(page.out_prod, SIZE);
	assert_true(yields > 0);
	n = yields;
	xn_early_other("y", 1);
	assert_int_equal(yields, n);
	assert_int_equal(page.out_prod, SIZE);
	consume();
	xn_early_other("z", 1);
	consume();
	assert_int_equal(got[nr_got - 1], 'z');
}

static void test_nonsense(void **state)
{
	page.out_cons = 1;	/* ahead of us */
	xn_early_other("lost", 4);
	assert_int_equal(page.out_prod, 0);
	page.out_cons = 0x80000000;
	xn_early_other("lost", 4);
	assert_int_equal(page.out_prod, 0);
}

static char owners[16];

static void owner(const char *s, unsigned int len)
{
	memcpy(owners, s, len);
}

static void test_owner(void **state)
{
	xn_early_owner = owner;
	xn_early_other("mine", 4);
	assert_string_equal(owners, "mine");
	assert_int_equal(page.out_prod, 0);
}

static void test_no_console(void **state)
{
	struct xn_boot_channel none = { 0 };

	xn_early_ring(&none);
	xn_early_other("nobody", 6);
	assert_int_equal(notified, 0);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(words), T(longer_than_ring), T(nobody_reads), T(nonsense),
		T(owner), T(no_console),
	};

	return cmocka_run_group_tests_name("boot early", tests, NULL, NULL);
}
