// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * Which disk a virtual-device number stands for: docs/man/
 * xen-vbd-interface.7.pandoc of Xen. Numbers of hd* and sd* disks are those of xvd*
 * disks with the same letters, as Linux's own driver has them. Called by driver.c.
 */
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/kdev_t.h>

#include "blk.h"

static LIST_HEAD(places);
static DEFINE_MUTEX(places_lock);

/*
 * A number in the old form has a major and a minor number in it, of the disk that
 * an installed system would have known. Returns: how many minors a disk has of that
 * major, and in @first its first disk; 0: it is of none.
 */
static unsigned int place_minors(unsigned int major, unsigned int *first)
{
	*first = 0;
	switch (major) {
	case 3:					/* hda, hdb */
		return 64;
	case 22:				/* hdc, hdd */
		*first = 2;
		return 64;
	case 8:					/* sda to sdp */
	case XVD_MAJOR:
		return 16;
	case 65 ... 71:				/* sdq to sddx */
		*first = (major - 65 + 1) * 16;
		return 16;
	case 128 ... 135:			/* sddy to sdiv */
		*first = (major - 128 + 8) * 16;
		return 16;
	default:
		return 0;
	}
}

static void place_set_name(struct xnl_blk_place *place)
{
	unsigned int letter;
	char letters[8];
	int len, n = 0;

	for (letter = place->disk + 1; letter; letter = (letter - 1) / 26)
		letters[n++] = 'a' + (letter - 1) % 26;
	strscpy(place->name, "xvd", sizeof(place->name));
	while (n--)
		strncat(place->name, &letters[n], 1);
	len = strlen(place->name);
	if (place->partition)
		snprintf(place->name + len, sizeof(place->name) - len, "%u",
			 place->partition);
}

int xnl_blk_place(unsigned int vdev, struct xnl_blk_place *place)
{
	unsigned int minor, minors, first = 0;

	*place = (struct xnl_blk_place){ };
	INIT_LIST_HEAD(&place->claimed);
	if (vdev >> 28 == 1) {			/* the new form */
		minor = vdev & ((1u << 28) - 1);
		minors = 256;
	} else {
		minor = vdev & 0xff;
		minors = place_minors(vdev >> 8, &first);
	}
	if (!minors)
		return -EINVAL;
	place->disk = first + minor / minors;
	place->partition = minor % minors;
	place_set_name(place);
	if (minor >> MINORBITS)
		return -ERANGE;

	/*
	 * The minors of xvd* are for 16 disks with 15 partitions each, and above
	 * these for disks with 255. For the rest, Linux finds a number.
	 */
	if (minors == 256 && minor >= 256) {
		place->first_minor = minor;
	} else if (place->disk < 16 && place->partition < 16) {
		place->first_minor = place->disk * 16 + place->partition;
		minors = 16;
	} else {
		return 0;
	}
	place->major = XVD_MAJOR;
	place->minors = place->partition ? 1 : minors;
	return 0;
}

/* A whole disk has all names of its partitions. */
static bool place_same(const struct xnl_blk_place *a,
		       const struct xnl_blk_place *b)
{
	return a->disk == b->disk &&
	       (!a->partition || !b->partition || a->partition == b->partition);
}

int xnl_blk_place_claim(struct xnl_blk_place *place)
{
	struct xnl_blk_place *other;
	int err = 0;

	mutex_lock(&places_lock);
	list_for_each_entry(other, &places, claimed)
		if (place_same(place, other))
			err = -EEXIST;
	if (!err)
		list_add(&place->claimed, &places);
	mutex_unlock(&places_lock);
	return err;
}

void xnl_blk_place_release(struct xnl_blk_place *place)
{
	mutex_lock(&places_lock);
	list_del(&place->claimed);
	mutex_unlock(&places_lock);
}
