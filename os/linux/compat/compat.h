/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * What the modules need of a kernel, and functions of this folder that are in the
 * place of none of Linux's. (Those that are in the place of one are declared where
 * Linux declares it: include/.)
 */
#ifndef XENION_COMPAT_COMPAT_H
#define XENION_COMPAT_COMPAT_H

#include <linux/kconfig.h>
#include <xnl_have.h>

#ifndef CONFIG_UML
#ifndef CONFIG_X86_64
#error "xenion: this kernel is not for x86-64 (CONFIG_X86_64), the only architecture that the modules know"
#endif
#ifndef CONFIG_X86_LOCAL_APIC
#error "xenion: this kernel has no interrupt vectors to give to a module (CONFIG_X86_LOCAL_APIC)"
#endif
#ifndef CONFIG_IRQ_DOMAIN_HIERARCHY
#error "xenion: this kernel has no hierarchy of interrupts to take a vector from (CONFIG_IRQ_DOMAIN_HIERARCHY)"
#endif
#endif
#ifndef CONFIG_TTY
#error "xenion-console: this kernel has no terminals (CONFIG_TTY)"
#endif
#ifndef CONFIG_BLOCK
#error "xenion-blkfront: this kernel has no disks (CONFIG_BLOCK)"
#endif
#ifndef CONFIG_NET
#error "xenion-netfront: this kernel has no networks (CONFIG_NET)"
#endif
#if XNL_HAVE_SKB_RECYCLE && !defined(CONFIG_PAGE_POOL)
#error "xenion-netfront: this kernel has no pools of pages for packets (CONFIG_PAGE_POOL, which a driver of a network card selects)"
#endif
#if XNL_HAVE_BLK_CLEANUP_DISK
#error "xenion-blkfront: this kernel ends a disk as 5.14 to 5.19 do, which is not supported"
#endif
#if !XNL_HAVE_QUEUE_LIMITS_FEATURES && !XNL_HAVE_BLK_ALLOC_DISK && \
	XNL_HAVE_BIO_ALLOC_BDEV
#error "xenion-blkfront: this kernel limits a disk's queue as 6.9 and 6.10 do, which is not supported"
#endif

/* The domain that xnl_vectors_alloc() needs, where Linux's function is missing. */
#if XNL_HAVE_EXPORT_IRQ_DOMAIN_ALLOC_IRQS
static inline int xnl_vectors_init(void)
{
	return 0;
}

static inline void xnl_vectors_fini(void)
{
}
#else
int xnl_vectors_init(void);
void xnl_vectors_fini(void);
#endif

#endif /* XENION_COMPAT_COMPAT_H */
