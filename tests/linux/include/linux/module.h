/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Linux's <linux/module.h> for os/linux under test: a module's init and exit
 * functions are not run when the kernel starts, nor thrown away afterwards, but
 * are what tests call to load and unload it (kernel.h), as often as they like.
 */
#include_next <linux/module.h>

#ifndef XENION_TESTS_LINUX_MODULE_H
#define XENION_TESTS_LINUX_MODULE_H

#undef __init
#undef __exit
#define __init
#define __exit

#undef module_init
#undef module_exit
#define UM_NAME_(module, verb)	module##_##verb
#define UM_NAME(module, verb)	UM_NAME_(module, verb)
#define module_init(fn)						\
	int UM_NAME(__KBUILD_MODNAME, load)(void);		\
	int UM_NAME(__KBUILD_MODNAME, load)(void) { return fn(); }
#define module_exit(fn)						\
	void UM_NAME(__KBUILD_MODNAME, unload)(void);		\
	void UM_NAME(__KBUILD_MODNAME, unload)(void) { fn(); }

#endif /* XENION_TESTS_LINUX_MODULE_H */
