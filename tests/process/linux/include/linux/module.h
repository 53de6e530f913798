/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/*
 * Linux's <linux/module.h> for os/linux under test: a module's init and exit
 * functions are neither run when the kernel starts nor discarded afterwards.
 * Tests call them, any number of times, to load and unload it (kernel.h).
 */
#include_next <linux/module.h>

#ifndef XENION_TESTS_LINUX_MODULE_H
#define XENION_TESTS_LINUX_MODULE_H

#undef __init
#undef __exit
#define __init
#define __exit

#define UM_INIT_(module, fn)			\
	int module##_load(void);		\
	int module##_load(void) { return fn(); }
#define UM_EXIT_(module, fn)			\
	void module##_unload(void);		\
	void module##_unload(void) { fn(); }
#define UM_INIT(module, fn)	UM_INIT_(module, fn)
#define UM_EXIT(module, fn)	UM_EXIT_(module, fn)

#undef module_init
#undef fs_initcall
#undef module_exit
#define module_init(fn)		UM_INIT(__KBUILD_MODNAME, fn)
#define fs_initcall(fn)		UM_INIT(__KBUILD_MODNAME, fn)
#define module_exit(fn)		UM_EXIT(__KBUILD_MODNAME, fn)

#endif /* XENION_TESTS_LINUX_MODULE_H */
