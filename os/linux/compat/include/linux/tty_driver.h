/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* Callbacks of a tty: heads of functions with the types of Linux 7. */
#ifndef XENION_COMPAT_TTY_DRIVER_H
#define XENION_COMPAT_TTY_DRIVER_H

#include_next <linux/tty_driver.h>

#include <xnl_have.h>

struct tty_struct;

#if XNL_HAVE_TTY_WRITE_SIZE
#define XNL_TTY_WRITE(_fn, _tty, _data, _len)				\
static ssize_t _fn(struct tty_struct *_tty, const u8 *_data, size_t _len)
#else
#define XNL_TTY_WRITE(_fn, _tty, _data, _len)				\
static ssize_t _fn##_size(struct tty_struct *_tty, const u8 *_data,	\
			  size_t _len);					\
static int _fn(struct tty_struct *_tty, const unsigned char *_data,	\
	       int _len)						\
{									\
	return _fn##_size(_tty, _data, _len);				\
}									\
static ssize_t _fn##_size(struct tty_struct *_tty, const u8 *_data,	\
			  size_t _len)
#endif

#if XNL_HAVE_TTY_ROOM_UNSIGNED
#define XNL_TTY_WRITE_ROOM(_fn, _tty)					\
static unsigned int _fn(struct tty_struct *_tty)
#else
#define XNL_TTY_WRITE_ROOM(_fn, _tty)					\
static unsigned int _fn##_unsigned(struct tty_struct *_tty);		\
static int _fn(struct tty_struct *_tty)					\
{									\
	return _fn##_unsigned(_tty);					\
}									\
static unsigned int _fn##_unsigned(struct tty_struct *_tty)
#endif

#endif /* XENION_COMPAT_TTY_DRIVER_H */
