/* SPDX-License-Identifier: MIT */
/*
 * Console, disk, network and file system of the reference kernel, for programs:
 * simple blocking calls on top of the engines in frontends/. All are called
 * from threads, so on CPU 0.
 */
#ifndef BARE_DEVICES_H
#define BARE_DEVICES_H

#include <xenion/9p.h>
#include <xenion/blkfront.h>
#include <xenion/console.h>
#include <xenion/netfront.h>
#include "bare.h"

/* ---- dev/wait.c ---- */

/* Wait for a started frontend, whose callbacks set @up and wake @wq. Returns 0;
 * -EIO: it has failed; -ENODEV: the device is gone; -ETIMEDOUT.
 */
int bare_device_wait(struct xn_device *dev, struct xn_waitq *wq,
		     const bool *up);

/* ---- dev/console.c ---- */

struct bare_console {
	struct xn_console con;
	struct xn_waitq wait;
	unsigned int users;
	struct xn_lock lock;	/* one writer at a time */
	bool stuck;		/* the other side does not read */
	struct bare_resume again;
};

/* Returns the domain's only console. NULL: it has none. */
struct bare_console *bare_console_get(void);
void bare_console_put(struct bare_console *c);

/* Returns: how much the other side has taken in time, up to @len; or -EIO. */
int bare_console_write(struct bare_console *c, const char *s, unsigned int len,
		       uint64_t timeout_ns);

/* Returns: how many bytes, at least 1; 0 after the timeout; or -EIO. */
int bare_console_read(struct bare_console *c, char *s, unsigned int size,
		      uint64_t timeout_ns);

/* ---- dev/disk.c ---- */

struct bare_disk {
	struct xn_device dev;
	struct xn_blk blk;
	struct xn_waitq wait;
	bool connected;
	bool away;		/* in a new domain, until it is connected again */
};

/* Open the disk with the toolstack's number @id (51712: xvda), and wait until
 * it is connected. @d is zeroed, @config may be NULL.
 */
int bare_disk_open(struct bare_disk *d, unsigned int id,
		   const struct xn_blk_config *config);
void bare_disk_close(struct bare_disk *d);

/* @buf is the kernel's own memory, @len a multiple of the sector size; both are
 * aligned to 512 bytes. One that is lost in a new domain is made again. Returns: 0, -EIO, -ENODEV, -EOPNOTSUPP or -EINVAL.
 */
int bare_disk_io(struct bare_disk *d, enum xn_blk_op op, uint64_t sector,
		 void *buf, uint32_t len);

/* ---- dev/net.c ---- */

#define BARE_NET_BUFFERS	64

struct bare_net_buffer {
	void *page;
	bool busy;		/* a user has it, or the backend */
	bool pinned;		/* sent, but the backend still reads it */
};

struct bare_net {
	struct xn_device dev;
	struct xn_net net;
	struct xn_waitq wait;
	struct bare_net_buffer buffer[BARE_NET_BUFFERS];
	/* A packet has come; it is valid only until this returns. */
	void (*rx)(void *data, const struct xn_net_received *pkt);
	void *data;
	bool live, link;
	bool asked;		/* there is something to poll for */
	bool stop, stopped;
	uint64_t sent, received;
};

/* Open the interface with the toolstack's number @id (0: the first), and wait
 * for its link. @n is zeroed, except rx and data.
 */
int bare_net_open(struct bare_net *n, unsigned int id);
void bare_net_close(struct bare_net *n);

/* Returns a page for a packet, to be sent or put back; NULL: none now. */
void *bare_net_get(struct bare_net *n);
void bare_net_put(struct bare_net *n, void *page);

/* Send the packet in a page, which no longer is the caller's, even on an error.
 * Returns: 0 or a negative errno value: the packet is lost.
 */
int bare_net_send(struct bare_net *n, void *page, unsigned int len);

/* ---- dev/9p.c ---- */

struct bare_9p {
	struct xn_device dev;
	struct xn_9p p9;
	struct xn_waitq wait;
	bool connected;
};

/* Open the file system with the toolstack's number @id (0: the first), and wait
 * until it is connected. @b is zeroed.
 */
int bare_9p_open(struct bare_9p *b, unsigned int id);
void bare_9p_close(struct bare_9p *b);

/* Send a message of 9P and wait for the reply. Returns: the reply's length, or
 * a negative errno value, as xn_9p_submit() or the engine's ops->complete.
 */
int bare_9p_call(struct bare_9p *b, const void *msg, uint32_t len, void *reply,
		 uint32_t size);

#endif /* BARE_DEVICES_H */
