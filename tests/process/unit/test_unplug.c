// SPDX-License-Identifier: MIT
/*
 * Unplugging emulated devices, with a platform device made of variables: that
 * the protocol is kept to, and that nothing is unplugged unless its answers allow
 * it.
 */
#include "unit.h"

/* The ports, in place of <xenion/x86/port.h>. */
#define XENION_X86_PORT_H

static uint16_t magic;		/* what port 0x10 reads as */
static uint16_t refused_product;
static uint32_t refused_build;
static uint8_t version;

static uint16_t product;	/* what was written */
static uint32_t build;
static uint16_t unplugged;
static unsigned int writes;

static uint16_t xn_inw(uint16_t port)
{
	assert_int_equal(port, 0x10);
	return magic;
}

static uint8_t xn_inb(uint16_t port)
{
	assert_int_equal(port, 0x12);
	return version;
}

static void xn_outl(uint32_t v, uint16_t port)
{
	assert_int_equal(port, 0x10);
	build = v;
	writes++;
	if (product == refused_product && build == refused_build)
		magic = 0xd249;
}

static void xn_outw(uint16_t v, uint16_t port)
{
	writes++;
	if (port == 0x12) {
		product = v;
		return;
	}
	assert_int_equal(port, 0x10);
	unplugged = v;
}

#include "boot/x86/unplug.c"

static int setup(void **state)
{
	magic = 0x49d2;
	version = 1;
	refused_product = 0;
	refused_build = 0;
	product = 0;
	build = 0;
	unplugged = 0;
	writes = 0;
	return 0;
}

static void test_version_1(void **state)
{
	assert_int_equal(xn_unplug(XN_UNPLUG_EXPERIMENTAL, 0x10203,
				   XN_UNPLUG_DISKS | XN_UNPLUG_NICS), 0);
	assert_int_equal(product, 0xffff);
	assert_int_equal(build, 0x10203);
	assert_int_equal(unplugged, 3);
	assert_int_equal(writes, 3);
}

static void test_version_0(void **state)
{
	version = 0;
	assert_int_equal(xn_unplug(3, 1, XN_UNPLUG_AUX_IDE | XN_UNPLUG_NVME),
			 0);
	assert_int_equal(unplugged, 0xc);
	assert_int_equal(writes, 1);
}

static void test_version_unknown(void **state)
{
	version = 2;
	assert_int_equal(xn_unplug(3, 1, XN_UNPLUG_DISKS), -EOPNOTSUPP);
	version = 0xff;
	assert_int_equal(xn_unplug(3, 1, XN_UNPLUG_DISKS), -EOPNOTSUPP);
	assert_int_equal(writes, 0);
}

static void test_refused(void **state)
{
	refused_product = 3;
	refused_build = 7;
	assert_int_equal(xn_unplug(3, 7, XN_UNPLUG_DISKS), -EACCES);
	assert_int_equal(writes, 2);
	assert_int_equal(unplugged, 0);
	/* And no further word is heard. */
	assert_int_equal(xn_unplug(3, 8, XN_UNPLUG_DISKS), -EACCES);
	assert_int_equal(writes, 2);
}

static void test_another_build(void **state)
{
	refused_product = 3;
	refused_build = 7;
	assert_int_equal(xn_unplug(3, 8, XN_UNPLUG_NICS), 0);
	assert_int_equal(unplugged, 2);
}

static void test_nobody(void **state)
{
	const uint16_t other[] = { 0xffff, 0, 0x4900, 0xd2 };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(other); i++) {
		magic = other[i];
		assert_int_equal(xn_unplug(3, 1, XN_UNPLUG_DISKS), -ENODEV);
	}
	assert_int_equal(writes, 0);
}

#define T(name) cmocka_unit_test_setup(test_##name, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(version_1), T(version_0), T(version_unknown), T(refused),
		T(another_build), T(nobody),
	};

	return cmocka_run_group_tests_name("unplug", tests, NULL, NULL);
}
