// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-console.ko with the kernel's real console and terminals; the machine
 * has console=hvc0.
 */
#include <linux/console.h>
#include <linux/debug_locks.h>
#include <linux/delay.h>
#include <linux/tty.h>

#include <xenion/console.h>
#include "kernel.h"

static int console_test_init(struct kunit *test)
{
	struct xencons_interface *intf;
	int err = um_init(test);

	if (!err)
		err = kmod_xenion_console_load();
	if (err)
		return err;
	/* Let the host read the many messages of the boot. */
	intf = UM(um_console());
	um_until(test, READ_ONCE(intf->out_cons) == READ_ONCE(intf->out_prod),
		 1000);
	return 0;
}

static void console_test_exit(struct kunit *test)
{
	kmod_xenion_console_unload();
	um_exit(test);
}

/* What a write(2) to /dev/hvc0 calls. */
static int terminal_write(struct kunit *test, const char *text)
{
	struct tty_struct *tty;
	dev_t dev;
	int n;

	KUNIT_ASSERT_EQ(test, tty_dev_name_to_number("hvc0", &dev), 0);
	tty = tty_kopen_exclusive(dev);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tty));
	tty_unlock(tty);
	n = tty->ops->write(tty, text, strlen(text));
	tty_kclose(tty);
	return n;
}

static void console_prints(struct kunit *test)
{
	struct xencons_interface *intf = UM(um_console());
	XENCONS_RING_IDX before = intf->out_prod;

	pr_info("a line of the kernel's\n");
	KUNIT_EXPECT_NE(test, intf->out_prod, before);
	before = intf->out_prod;
	KUNIT_EXPECT_EQ(test, terminal_write(test, "and a user's"), 12);
	KUNIT_EXPECT_NE(test, intf->out_prod, before);
}

/* The driver's report of invalid indices goes to that same console. */
static void console_impossible_index(struct kunit *test)
{
	struct xencons_interface *intf = UM(um_console());

	intf->out_cons = intf->out_prod - 3 * sizeof(intf->out);
	terminal_write(test, "x");
	KUNIT_EXPECT_TRUE_MSG(test, debug_locks,
			      "the lock checker has found something: see above");
}

static struct kunit_case console_cases[] = {
	KUNIT_CASE(console_prints),
	KUNIT_CASE(console_impossible_index),
	{}
};

static struct kunit_suite console_suite = {
	.name = "console",
	.init = console_test_init,
	.exit = console_test_exit,
	.test_cases = console_cases,
};
kunit_test_suite(console_suite);
