// SPDX-License-Identifier: GPL-2.0 OR MIT
/* 6.3: a mapping's flags are set by a function. */
#include <linux/mm.h>

void probe(struct vm_area_struct *vma);

void probe(struct vm_area_struct *vma)
{
	vm_flags_set(vma, VM_DONTDUMP);
}
