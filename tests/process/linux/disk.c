// SPDX-License-Identifier: MIT
/*
 * The scripted block backend of tests/process/unit, used with a kernel: disk0.c
 * and disk1.c include this with a number and a name each. Called by test_blk.c.
 */
#include "dom0.h"
#include "../unit/blk_backend.h"

static void plug(void)
{
	t_setup(NULL);
}

static void unplug(void)
{
	t_unplug();
}

static void hold(int on)
{
	if (on)
		t.b.bus.hold = true;
	else
		be_release(&t.b.bus);
}

static unsigned char *data(void)
{
	return t.b.disk;
}

static unsigned int requests(void)
{
	return t.b.requests;
}

static void be_close(void)
{
	be_state(&t.b.bus, XenbusStateClosing);
}

const struct um_disk UM_DISK = {
	.node = FRONT,
	.plug = plug,
	.unplug = unplug,
	.hold = hold,
	.data = data,
	.requests = requests,
	.close = be_close,
};
