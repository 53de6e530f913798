// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Which disk a virtual-device number stands for: docs/man/
 * xen-vbd-interface.7.pandoc of Xen. Called by driver.c and disk.c.
 */
#include <linux/kernel.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/kdev_t.h>

#include "blk.h"

#define EXTENDED	(1u << 28)

/* Other kinds of disks: known by name only, for messages. */
static const struct {
	unsigned int major, minors;
	const char *stem;
	unsigned int first;
} others[] = {
	{ 3, 64, "hd", 0 },
	{ 22, 64, "hd", 2 },
	{ 8, 16, "sd", 0 },
};

static void place_set_name(struct xnl_blk_place *place, const char *stem,
			   unsigned int disk, unsigned int partition)
{
	unsigned int letter;
	char letters[8];
	int len, n = 0;

	for (letter = disk + 1; letter; letter = (letter - 1) / 26)
		letters[n++] = 'a' + (letter - 1) % 26;
	strscpy(place->name, stem, sizeof(place->name));
	while (n--)
		strncat(place->name, &letters[n], 1);
	len = strlen(place->name);
	if (partition)
		snprintf(place->name + len, sizeof(place->name) - len, "%u",
			 partition);
}

static void place_name_other(struct xnl_blk_place *place, unsigned int vdev)
{
	unsigned int minor = vdev & 0xff, i;

	strscpy(place->name, "vdev", sizeof(place->name));
	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (vdev >> 8 == others[i].major)
			place_set_name(place, others[i].stem,
				       others[i].first + minor / others[i].minors,
				       minor % others[i].minors);
}

int xnl_blk_place(unsigned int vdev, struct xnl_blk_place *place)
{
	unsigned int minor, minors;

	if (vdev & EXTENDED) {
		minor = vdev & (EXTENDED - 1);
		minors = 256;
	} else if (vdev >> 8 == XVD_MAJOR) {
		minor = vdev & 0xff;
		minors = 16;
	} else {
		place_name_other(place, vdev);
		return -EINVAL;
	}
	place->partition = minor % minors;
	place_set_name(place, "xvd", minor / minors, place->partition);
	if (minor >> MINORBITS)
		return -ERANGE;

	place->major = XVD_MAJOR;
	place->first_minor = minor;
	place->minors = place->partition ? 1 : minors;
	/* Disks with short numbers use these minors: let Linux choose. */
	if (minors == 256 && minor < 256) {
		place->major = 0;
		place->first_minor = 0;
		place->minors = 0;
	}
	return 0;
}
