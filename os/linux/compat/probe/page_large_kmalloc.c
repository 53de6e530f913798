// SPDX-License-Identifier: GPL-2.0 OR MIT
/* After 6.12: a page of a large kmalloc() is known for one. */
#include <linux/mm.h>

int probe(struct page *page);

int probe(struct page *page)
{
	return PageLargeKmalloc(page);
}
