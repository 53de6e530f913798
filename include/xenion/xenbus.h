/* SPDX-License-Identifier: MIT */
/*
 * xenbus/: the xenstore client and the device state machine.
 *
 *   wire.c    the xenstore wire protocol (xen-public/io/xs_wire.h,
 *             docs/misc/xenstore.txt): bytes in, messages out
 *   connect.c begin and end of the connection to xenstore, and another begin in a
 *             new domain
 *   client.c  the shared page, requests in flight and their replies
 *   gate.c    which requests are let in
 *   resume.c  around a suspend, and the watches in a new domain
 *   request.c reading, writing, transactions
 *   watch.c   watches
 *   availability.c  which vCPUs the toolstack wants online
 *   target.c  how much memory the toolstack wants the guest to have
 *   value.c   strict conversion of what xenstore holds
 *   device.c  the state machine of a frontend and its backend
 *             (xen-public/io/xenbus.h)
 */
#ifndef XENION_XENBUS_H
#define XENION_XENBUS_H

#include <xenion/decls.h>
#include <xenion/events.h>
#include <xenion/grant.h>
#include <xen-public/io/xenbus.h>
#include <xen-public/io/xs_wire.h>

XN_DECLS_BEGIN

/* The longest path that the library uses, with its NUL. */
#define XN_XS_PATH_MAX	256

/* The most digits that an uint64_t has in decimal. */
#define XN_UINT_DIGITS	20

/* ---- wire.c: no locks, no I/O, no allocation ---- */

/*
 * A message while it is received. When its header is complete, @sink is called
 * and returns the buffer for the body and its size. It may also set @skip, the
 * number of bytes to drop at the beginning of the body. Bytes that do not fit
 * are dropped and counted in @lost. The owner may set @room to 0 later to drop
 * the rest.
 */
struct xn_wire_reader {
	struct xsd_sockmsg hdr;		/* of the current message */
	uint32_t got;			/* bytes of header and body so far */
	uint8_t *body;
	uint32_t room;			/* bytes of the body that are kept */
	uint32_t skip, lost;
	bool broken;			/* the peer broke the protocol */
	void (*sink)(struct xn_wire_reader *r, uint8_t **buf, uint32_t *room);
	void (*done)(struct xn_wire_reader *r);
};

/**
 * xn_wire_feed - parse bytes from the peer
 * @r: the reader; zeroed and sink and done set before the first call
 * @data: the bytes; each is read once, so this may be a shared ring
 * @len: bytes
 *
 * Calls @sink at the end of each header and @done at the end of each message.
 * An invalid header (length above XENSTORE_PAYLOAD_MAX, unknown type) sets
 * @broken; from then on all data is ignored.
 *
 * Context: any.
 * Return: 0 or -EPROTO.
 */
int xn_wire_feed(struct xn_wire_reader *r, const void *data, uint32_t len);

/**
 * xn_wire_error - errno value of an XS_ERROR body
 * @body: the error's name, as it came; need not be terminated
 * @len: bytes
 *
 * Context: any.
 * Return: a negative errno value; -EIO for an unknown name.
 */
int xn_wire_error(const char *body, uint32_t len);

/* ---- client.c ---- */

struct xn_xs_watch;

/*
 * xn_xs_watch_fn - something at or below the watched path has changed
 *
 * Events are merged, so that a flood of them needs no memory: one call may
 * stand for many, and does not say which node has changed. Read again what
 * matters. The first call follows soon after registration. Context: may sleep,
 * may make xenstore requests; never called twice at once for one watch; must
 * not unregister its own watch.
 */
typedef void (*xn_xs_watch_fn)(struct xn_xs_watch *w);

/*
 * xn_xs_event_fn - one event of a watch, with the path that has changed
 *
 * For an owner that passes events on, and bounds what waits for it. @path is as
 * xenstored names it, @len bytes without a NUL: the watched path or one below it.
 * Where xenstored names none, or one of XN_XS_PATH_MAX bytes or more, it is the
 * watched path. Context: any; upcall. The connection's lock is held: must not use
 * the connection.
 */
typedef void (*xn_xs_event_fn)(struct xn_xs_watch *w, const char *path,
			       uint32_t len);

struct xn_xs_watch {
	char path[XN_XS_PATH_MAX];
	xn_xs_watch_fn fn;
	xn_xs_event_fn event;		/* in place of fn, or NULL */
	/* private: */
	char token[12];
	uint32_t id;
	bool linked, fired, again, running, told;
	bool unmade, making;		/* xenstored does not know it */
	uint64_t paid_until;		/* events until then are used up */
	struct xn_xs_watch *next, *next_fired;
};

struct xn_xs_request;

/* Transactions to be ended at once; xenstored allows a domain 10 by default. */
#define XN_XS_LATE	16u

/* A connection to xenstore. All fields except backoff are private. */
struct xn_xs {
	struct xenstore_domain_interface *intf;
	evtchn_port_t port;
	struct xn_lock lock;
	struct xn_waitq wait;		/* replies, room in the ring */
	struct xn_wire_reader reader;
	struct xn_xs_request *requests;	/* waiting for a reply */
	struct xn_xs_request *incoming;	/* its reply is being received */
	struct xn_xs_watch *watches;
	struct xn_xs_watch *fired;	/* those with an event, in order */
	struct xn_work work;		/* calls watch functions */
	struct xn_work again;		/* calls some of them again, later */
	struct xn_work make;		/* makes watches in a new domain, later */
	struct xn_work end;		/* ends transactions that nobody waits for */
	uint32_t late[XN_XS_LATE];	/* their ids */
	uint32_t nr_late;
	uint8_t late_id[12];		/* the one that is being received */
	uint64_t timeout;		/* ns that a request may take */
	uint32_t req_prod, rsp_cons;	/* ours; the page's are only copies */
	uint32_t first_id;		/* ids and tokens begin here */
	uint32_t next_id;
	uint32_t next_watch;
	uint32_t users;			/* callers at the gate, or let in */
	uint32_t active;		/* requests and transactions let in */
	uint32_t transactions;		/* of these */
	bool held;			/* none is let in */
	bool quiet;			/* no watch function is called */
	bool warned;			/* that a watch cannot be made again */
	uint32_t unheard;		/* late replies that came without an event */
	bool silent;			/* a request timed out; no reply since */
	bool sending;			/* a thread owns the request ring */
	bool dead;			/* broken or closed: requests fail */
	uint8_t event[XN_XS_PATH_MAX + 16]; /* end of the current watch event */
	/*
	 * The caller that bound the port opens and closes it, to hold back
	 * events without a message.
	 */
	struct xn_backoff backoff;
};

/* Outside any transaction. */
#define XN_XS_NOTXN	0u

/**
 * xn_xs_init - connect to xenstore
 * @xs: zeroed; owned by the caller, lives until xn_xs_fini()
 * @intf: the shared page (HVM_PARAM_STORE_PFN), mapped until xn_xs_fini()
 * @port: its event channel, bound and unmasked by the caller; each event calls
 *        xn_xs_upcall()
 *
 * Discards what a previous user of the page left in the rings, and its watches.
 * If xenstored does not answer properly, asks it to reconnect, if it has the
 * feature (XENSTORE_SERVER_FEATURE_RECONNECTION).
 *
 * Context: may sleep.
 * Return: 0, -ETIMEDOUT, -ESHUTDOWN (the replies were invalid), or xenstore's
 * error.
 */
int xn_xs_init(struct xn_xs *xs, struct xenstore_domain_interface *intf,
	       evtchn_port_t port);

/**
 * xn_xs_fini - disconnect; requests in flight fail with -ESHUTDOWN
 * @xs: the connection
 *
 * The caller has unregistered all watches, and unbinds the port afterwards. If
 * xenstored answers, the rings are left empty for the page's next user.
 *
 * Context: may sleep.
 */
void xn_xs_fini(struct xn_xs *xs);

/**
 * xn_xs_suspend - let what is under way end, and hold the rest back
 * @xs: the connection
 *
 * To be called before SCHEDOP_shutdown with SHUTDOWN_suspend: when it succeeds,
 * no watch function runs, no request waits for its reply, and no transaction is
 * open. Until xn_xs_resume() or xn_xs_reconnect(), events of watches are
 * collected, and whoever makes a request waits. So the OS layer has suspended
 * the frontends before this, and calls nothing that uses xenstore after it.
 *
 * Context: may sleep, up to a minute; not from a watch function.
 * Return: 0, or -ETIMEDOUT: then nothing is held back; do not suspend.
 */
int xn_xs_suspend(struct xn_xs *xs);

/**
 * xn_xs_resume - go on in the same domain
 * @xs: after xn_xs_suspend()
 *
 * Nothing was lost: no request is made.
 *
 * Context: may sleep.
 */
void xn_xs_resume(struct xn_xs *xs);

/**
 * xn_xs_reconnect - go on in a new domain
 * @xs: after xn_xs_suspend(); may be closed or broken
 * @intf: the shared page of the new domain, mapped until xn_xs_fini()
 * @port: its event channel, bound and unmasked by the caller
 *
 * Connects as xn_xs_init() does, makes every watch again, and then lets requests
 * and watch functions go on. Each watch fires once, as a new one does. Relative
 * paths lead to the new domain's directory. A watch that xenstored refuses is
 * made again every second, which is logged once; until that its function is not
 * called for what changes.
 *
 * Context: may sleep.
 * Return: 0, or as xn_xs_init(): then the connection is closed, so that whoever
 * waits gets -ESHUTDOWN, and the call may be repeated, with another page and port
 * if they have changed.
 */
int xn_xs_reconnect(struct xn_xs *xs, struct xenstore_domain_interface *intf,
		    evtchn_port_t port);

/**
 * xn_xs_upcall - handle the connection's event
 * @xs: the connection; zeroed is fine, before xn_xs_init() and after
 *      xn_xs_fini()
 *
 * Context: any; upcall.
 */
void xn_xs_upcall(struct xn_xs *xs);

/**
 * xn_xs_passes - may the same request succeed a moment later?
 * @err: what one of the functions below returned
 *
 * Context: any.
 * Return: true if xenstored had no memory, was busy, did not answer in time, or
 * reported an I/O or unknown error; false for an error of the node or request.
 */
bool xn_xs_passes(int err);

/**
 * xn_xs_read - read a node's value
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 * @buf: gets the value and a NUL after it
 * @size: bytes of @buf, at least 1
 *
 * Context: may sleep.
 * Return: the value's length without the NUL (the value itself may contain
 * NULs), -ENOENT, -EMSGSIZE when it does not fit, -ENAMETOOLONG for a path,
 * -ETIMEDOUT, -ESHUTDOWN (the connection is closed or broken), -EPROTO (an
 * answer to something else), -EINVAL (@size is 0) or xenstore's error. On error
 * @buf is "", unless @size is 0.
 */
int xn_xs_read(struct xn_xs *xs, uint32_t txn, const char *dir,
	       const char *node, char *buf, uint32_t size);

/**
 * xn_xs_read_uint - read a node that holds a decimal number
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 * @max: the largest value that makes sense
 * @val: the number; untouched on error
 *
 * Context: may sleep.
 * Return: 0; -EINVAL when it is not a plain decimal number, or far too long;
 * -ERANGE when it is above @max; or as xn_xs_read().
 */
int xn_xs_read_uint(struct xn_xs *xs, uint32_t txn, const char *dir,
		    const char *node, uint64_t max, uint64_t *val);

/**
 * xn_xs_feature - read a node that holds 1 if a feature is present
 * @xs: the connection
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 *
 * Context: may sleep.
 * Return: 1 if the node exists and holds a number other than 0; an error that
 * passes (xn_xs_passes()), which is not the node's; 0 in every other case.
 */
int xn_xs_feature(struct xn_xs *xs, const char *dir, const char *node);

/**
 * xn_xs_write - write a node; create it if it does not exist
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 * @value: NUL-terminated text
 *
 * Context: may sleep.
 * Return: 0, -E2BIG for a value that is too long, or a negative errno value as
 * xn_xs_read().
 */
int xn_xs_write(struct xn_xs *xs, uint32_t txn, const char *dir,
		const char *node, const char *value);

/**
 * xn_xs_write_uint - write a node with a decimal number
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 * @value: written in decimal
 *
 * As xn_xs_write().
 *
 * Context: may sleep.
 * Return: as xn_xs_write().
 */
int xn_xs_write_uint(struct xn_xs *xs, uint32_t txn, const char *dir,
		     const char *node, uint64_t value);

/**
 * xn_xs_rm - remove a node and all nodes below it
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 *
 * As xn_xs_write().
 *
 * Context: may sleep.
 * Return: as xn_xs_write().
 */
int xn_xs_rm(struct xn_xs *xs, uint32_t txn, const char *dir,
	     const char *node);

/**
 * xn_xs_list - names of a node's children
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 * @buf: gets the names, each NUL-terminated, one after the other
 * @size: bytes of @buf, up to XENSTORE_PAYLOAD_MAX + 1
 *
 * Every name is checked: it ends within the reply and has only the characters
 * that xenstore allows.
 *
 * Context: may sleep.
 * Return: bytes used, or as xn_xs_read(); -EPROTO for invalid names.
 */
int xn_xs_list(struct xn_xs *xs, uint32_t txn, const char *dir,
	       const char *node, char *buf, uint32_t size);

/**
 * xn_xs_transact - make several changes in one transaction
 * @xs: the connection
 * @fn: reads and writes with the transaction that it is given; called again if
 *      others interfered; a negative result aborts
 * @data: its last argument
 *
 * Context: may sleep.
 * Return: 0, a negative result of @fn, -EAGAIN if others interfered too often,
 * or as xn_xs_read().
 */
int xn_xs_transact(struct xn_xs *xs,
		   int (*fn)(struct xn_xs *xs, uint32_t txn, void *data),
		   void *data);

/**
 * xn_xs_request - make a request as it is worded by somebody else
 * @xs: the connection
 * @type: XS_*; not XS_WATCH, XS_UNWATCH or XS_RESET_WATCHES, for which there are
 *        the functions below
 * @txn: a transaction or XN_XS_NOTXN
 * @body: what follows the header
 * @len: bytes of @body
 * @buf: gets the body of the reply, as it came
 * @size: bytes of @buf, up to XENSTORE_PAYLOAD_MAX
 *
 * For programs, which speak the protocol themselves. @body must have the form that
 * docs/misc/xenstore.txt of Xen specifies for its type, so that no program ends a
 * xenstored that takes less care; what it means, and @txn, xenstored judges. A
 * transaction that is begun in this way does not keep xn_xs_suspend()
 * waiting: a new domain does not have it, and may give its number to another one.
 * So after xn_xs_reconnect() the caller must not use it any more. To abort several
 * takes no longer than one, as with xn_xs_unwatch().
 *
 * Context: may sleep.
 * Return: length of the reply; -EINVAL for another type, or a malformed @body;
 * -E2BIG for one that is too long; or as xn_xs_read().
 */
int xn_xs_request(struct xn_xs *xs, enum xsd_sockmsg_type type, uint32_t txn,
		  const void *body, uint32_t len, void *buf, uint32_t size);

/**
 * xn_xs_path_ok - is it the path of a node, as docs/misc/xenstore.txt of Xen has it?
 * @path: the text, absolute or relative
 * @len: its bytes, without a NUL
 *
 * The special ones of watches, as @releaseDomain, are too.
 *
 * Context: any.
 * Return: whether it is.
 */
bool xn_xs_path_ok(const char *path, uint32_t len);

/**
 * xn_xs_watch - register a watch
 * @xs: the connection
 * @w: owned by the caller until xn_xs_unwatch(); path and either fn or event are
 *     set, the rest zero
 *
 * Another domain may be able to write to an absolute path. Frequent events of
 * such a watch are delayed: after 32 in a row fn is called once a second; event
 * is called for each.
 *
 * Context: may sleep.
 * Return: 0 or as xn_xs_write().
 */
int xn_xs_watch(struct xn_xs *xs, struct xn_xs_watch *w);

/**
 * xn_xs_unwatch - unregister a watch
 * @xs: the connection
 * @w: a registered watch, or one whose registration failed
 *
 * When it returns, the watch's function neither runs nor will be called. While
 * requests are held back (xn_xs_suspend()) it waits. Of many watches in a row, only
 * the first waits for a xenstored that does not answer: it learns of the others when
 * it goes on, as far as the ring has room for them.
 *
 * Context: may sleep; not from the watch's own function.
 */
void xn_xs_unwatch(struct xn_xs *xs, struct xn_xs_watch *w);

/**
 * xn_xs_watch_lost - unregister a watch of a domain that has gone
 * @xs: the connection, between xn_xs_suspend() and xn_xs_reconnect()
 * @w: a registered watch; any other is ignored
 *
 * xn_xs_unwatch() without a request. For a watch whose path was that of the old
 * domain: xn_xs_reconnect() would make it again.
 *
 * Context: may sleep; not from a watch function.
 */
void xn_xs_watch_lost(struct xn_xs *xs, struct xn_xs_watch *w);

/**
 * xn_xs_watch_again - call a watch's function once more, after a second
 * @xs: the connection
 * @w: a registered watch with fn; any other is ignored
 *
 * For a watch function that failed because xenstore did not answer: there may
 * be no other event.
 *
 * Context: any.
 */
void xn_xs_watch_again(struct xn_xs *xs, struct xn_xs_watch *w);

/* ---- value.c ---- */

/**
 * xn_parse_uint - a decimal number and nothing else
 * @s: text of @len bytes, need not be terminated
 * @len: bytes of @s
 * @max: the largest value that makes sense
 * @val: the number; untouched on error
 *
 * Context: any.
 * Return: 0, -EINVAL (empty, a sign, a space, another character), -ERANGE
 * (above @max).
 */
int xn_parse_uint(const char *s, uint32_t len, uint64_t max, uint64_t *val);

/**
 * xn_parse_mac - six bytes in hexadecimal with colons between
 * @s: text of @len bytes, need not be terminated
 * @len: bytes of @s
 * @mac: the address, first byte first; untouched on error
 *
 * Context: any.
 * Return: 0 or -EINVAL; multicast and all-zero addresses are -EINVAL too.
 */
int xn_parse_mac(const char *s, uint32_t len, uint8_t mac[6]);

/**
 * xn_format_uint - decimal digits of a number, and a NUL
 * @buf: at least XN_UINT_DIGITS + 1 bytes
 * @val: the number
 *
 * Context: any.
 * Return: how many digits.
 */
unsigned int xn_format_uint(char *buf, uint64_t val);

/**
 * xn_path_join - "dir/node", or "dir" when node is ""
 * @buf: XN_XS_PATH_MAX bytes
 * @dir: may be @buf
 * @node: what to append
 *
 * Context: any.
 * Return: 0 or -ENAMETOOLONG (then @buf is "").
 */
int xn_path_join(char *buf, const char *dir, const char *node);

/* ---- device.c ---- */

struct xn_guest;
struct xn_device;

struct xn_device_ops {
	/*
	 * The backend's state has changed, or is reported for the first time
	 * (it may still be the Closed of a previous session). Invalid states,
	 * and a backend whose directory is gone, are reported as
	 * XenbusStateUnknown. Not called while xenstore does not answer. May
	 * sleep; never twice at once.
	 */
	void (*backend_changed)(struct xn_device *dev,
				enum xenbus_state state);
};

/*
 * A frontend's directory in xenstore. Its functions may be called at any time
 * after xn_device_init(); the frontend makes sure that only one at a time
 * changes our state.
 */
struct xn_device {
	struct xn_guest *guest;
	const struct xn_device_ops *ops;
	char node[XN_XS_PATH_MAX];	/* "device/vbd/51712" */
	char otherend[XN_XS_PATH_MAX];	/* "/local/domain/0/backend/vbd/..." */
	domid_t otherend_id;
	enum xenbus_state state;	/* ours */
	enum xenbus_state otherend_state;
	struct xn_xs_watch watch;	/* on the otherend's state */
	bool told;			/* otherend_state was reported */
	bool refused;			/* its state node was invalid */
	bool failed;			/* an error was reported */
	bool owed;			/* our state is not in xenstore yet */
	bool lost;			/* the domain has gone, and the backend */
	struct xn_gnttab_waiter refs;	/* for grant references */
	bool short_of_refs;		/* a shortage was reported */
	bool left;			/* a previous kernel's, not closed yet */
};

/**
 * xn_device_init - find a frontend's backend
 * @dev: zeroed
 * @guest: whose device it is
 * @type: "vbd", "vif", ...
 * @id: its number
 *
 * Reads the nodes backend and backend-id, and checks that the backend is a path
 * of that domain.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL (invalid values; logged), or as xn_xs_read().
 */
int xn_device_init(struct xn_device *dev, struct xn_guest *guest,
		   const char *type, unsigned int id);

/**
 * xn_device_start - set state Initialising and watch the backend's state
 * @dev: the device
 * @ops: what to call; the first call may come before this function returns
 *
 * Context: may sleep.
 * Return: 0 or as xn_device_switch().
 */
int xn_device_start(struct xn_device *dev, const struct xn_device_ops *ops);

/**
 * xn_device_stop - stop watching the backend and set state Closed
 * @dev: the device
 *
 * When it returns, no callback runs. Also for a device that was never started.
 *
 * Context: may sleep; not from a callback.
 */
void xn_device_stop(struct xn_device *dev);

/**
 * xn_device_lost - forget the backend of a domain that has gone
 * @dev: the device; xenstore is suspended (xn_xs_suspend())
 *
 * When it returns, no callback runs or will be called. Makes no request. Until
 * xn_device_resume() the device is as before xn_device_start().
 *
 * Context: may sleep; not from a callback.
 */
void xn_device_lost(struct xn_device *dev);

/**
 * xn_device_resume - find the backend in a new domain, and begin
 * @dev: the device, after xn_device_lost(); xenstore is connected again
 *
 * Reads the nodes backend and backend-id again, as xn_device_init(), and begins
 * as xn_device_start() does, with the same callbacks.
 *
 * Context: may sleep.
 * Return: 0; -ENOENT: the toolstack has not given the new domain this device; or
 * as xn_device_init() and xn_device_start(). On error the device is as before,
 * and the call may be repeated.
 */
int xn_device_resume(struct xn_device *dev);

/**
 * xn_device_switch - change our state
 * @dev: the device
 * @state: our new state
 *
 * Does nothing if we are in @state already. Writes only if the toolstack still
 * has the device (xn_device_exists()). If the write fails, backend_changed is
 * called again after a second, unless our state has changed: the backend may be
 * waiting for our answer.
 *
 * Context: may sleep.
 * Return: 0, -ENOENT (it is gone), or as xn_xs_transact().
 */
int xn_device_switch(struct xn_device *dev, enum xenbus_state state);

/**
 * xn_device_publish - write our nodes of the handshake
 * @dev: the device
 * @earlier: prefixes of the names of nodes that belong to the handshake
 * @nr: how many prefixes
 * @fn: writes the nodes, as for xn_xs_transact()
 * @data: passed to @fn
 *
 * In one transaction: checks that the device exists, removes the nodes of an
 * earlier session (of this driver or of another one), which the backend would
 * take for ours, and calls @fn.
 *
 * Context: may sleep.
 * Return: 0, -ENOENT (the device is gone), or as xn_xs_transact().
 */
int xn_device_publish(struct xn_device *dev, const char *const *earlier,
		      unsigned int nr,
		      int (*fn)(struct xn_xs *xs, uint32_t txn, void *data),
		      void *data);

/**
 * xn_device_again - call backend_changed once more, after a second
 * @dev: the device
 *
 * For backend_changed itself, when it can do nothing now.
 *
 * Context: any.
 */
void xn_device_again(struct xn_device *dev);

/**
 * xn_device_await_refs - call backend_changed again when references are free
 * @dev: the device
 * @need: how many grant references the frontend needs at least
 *
 * For a frontend that could not connect for lack of references (-ENOSPC), and
 * has freed those that it had. Reports the shortage in the log and in xenstore,
 * once until the device is connected. Not after xn_device_stop().
 *
 * Context: may sleep.
 * Return: false if @need exceeds the table's limit: then fail the device.
 */
bool xn_device_await_refs(struct xn_device *dev, unsigned int need);

/**
 * xn_device_fail - report an error and close the device
 * @dev: the device
 * @err: a negative errno value
 * @what: what was being done or was wrong, one phrase
 *
 * Logs the error, writes the error node, and switches to Closing and Closed.
 * Further calls do nothing until xn_device_start().
 *
 * Context: may sleep.
 */
void xn_device_fail(struct xn_device *dev, int err, const char *what);

/**
 * xn_device_fail_node - report an invalid node and close the device
 * @dev: the device
 * @err: a negative errno value
 * @dir: dev->node or dev->otherend
 * @node: the node in it
 * @should: what it must be, and where to correct it; ASCII
 *
 * xn_device_fail() with the node's value, which is read again; only printable
 * characters are shown.
 *
 * Context: may sleep.
 */
void xn_device_fail_node(struct xn_device *dev, int err, const char *dir,
			 const char *node, const char *should);

/**
 * xn_device_refuse - report that no frontend can serve a device, and close it
 * @dev: initialised, not started
 * @err: a negative errno value
 * @what: what is wrong with it and what to do, one phrase
 *
 * xn_device_fail() for a device without a frontend. The toolstack sees the
 * error node, and can remove the device at once, because its backend closes
 * too.
 *
 * Context: may sleep.
 */
void xn_device_refuse(struct xn_device *dev, int err, const char *what);

/**
 * xn_device_exists - does the toolstack still have this device?
 * @dev: the device
 *
 * A device that was unplugged and plugged in again is a different one: it has
 * another backend, or is Initialising while ours is past that. While xenstore
 * does not answer, the device is assumed to exist, and so is a lost one
 * (xn_device_lost()): xn_device_resume() finds out.
 *
 * Context: may sleep.
 * Return: false only when xenstore says that the device has gone.
 */
bool xn_device_exists(struct xn_device *dev);

/**
 * xn_device_scan - call a function for each device of the domain
 * @guest: the domain's instances; its xs is used
 * @type: only of this type, or NULL
 * @fn: called with type and number; a non-zero result ends the scan
 * @data: the first argument of @fn
 *
 * Devices of one type come in the order of their numbers, lowest first, so that
 * an OS that numbers its interfaces always gives them the same names. Names
 * that are not plain numbers are skipped.
 *
 * Context: may sleep.
 * Return: 0 (also without any device), a non-zero result of @fn, or as
 * xn_xs_read().
 */
int xn_device_scan(struct xn_guest *guest, const char *type,
		   int (*fn)(void *data, const char *type, unsigned int id),
		   void *data);

XN_DECLS_END

#endif /* XENION_XENBUS_H */
