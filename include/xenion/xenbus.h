/* SPDX-License-Identifier: MIT */
/*
 * xenbus/: the xenstore client and the device state machine.
 *
 *   wire.c    the xenstore wire protocol (xen-public/io/xs_wire.h,
 *             docs/misc/xenstore.txt): bytes in, messages out
 *   connect.c begin and end of the connection to xenstore
 *   client.c  the shared page, requests in flight and their replies
 *   request.c reading, writing, transactions
 *   watch.c   watches
 *   value.c   strict conversion of what xenstore holds
 *   device.c  the states that a frontend and its backend walk through
 *             (xen-public/io/xenbus.h)
 */
#ifndef XENION_XENBUS_H
#define XENION_XENBUS_H

#include <xenion/events.h>
#include <xenion/grant.h>
#include <xen-public/io/xenbus.h>
#include <xen-public/io/xs_wire.h>

/* Longest path that we make or follow, with its NUL. */
#define XN_XS_PATH_MAX	256

/* The most digits that an uint64_t has in decimal. */
#define XN_UINT_DIGITS	20

/* ---- wire.c: no locks, no I/O, no allocation ---- */

/*
 * One message as it comes in. The reader's owner decides where a body goes
 * once its header is known: @sink is called with the header and returns the
 * buffer and its size. It may also set @skip, to keep not the begin of the
 * body but what follows these bytes. What does not fit is dropped, and counted
 * in @lost. Setting @room to 0 later drops the rest.
 */
struct xn_wire_reader {
	struct xsd_sockmsg hdr;		/* of the message that is coming */
	uint32_t got;			/* bytes of header and body so far */
	uint8_t *body;
	uint32_t room;			/* bytes of the body that are kept */
	uint32_t skip, lost;
	bool broken;			/* the peer broke the protocol */
	void (*sink)(struct xn_wire_reader *r, uint8_t **buf, uint32_t *room);
	void (*done)(struct xn_wire_reader *r);
};

/**
 * xn_wire_feed - take in bytes from the peer
 * @r: the reader; zeroed and sink and done set before the first call
 * @data: what has come; each byte is read once, so it may be a shared ring
 * @len: bytes
 *
 * Calls @sink and @done for each message that begins and ends. A header that
 * cannot be (length above XENSTORE_PAYLOAD_MAX, unknown type) sets @broken,
 * after which nothing is taken any more.
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
 * Return: a negative errno value; -EIO for a name that nobody knows.
 */
int xn_wire_error(const char *body, uint32_t len);

/* ---- client.c ---- */

struct xn_xs_watch;

/*
 * xn_xs_watch_fn - something at or below the watched path has changed
 *
 * Events are merged: one call may stand for many, and which node has changed
 * is not told, so a flood of events costs no memory. Read again what matters.
 * The first call comes soon after the watch was set. Context: may sleep, may
 * make xenstore requests; never twice at once for one watch; may not
 * unregister its own watch.
 */
typedef void (*xn_xs_watch_fn)(struct xn_xs_watch *w);

struct xn_xs_watch {
	char path[XN_XS_PATH_MAX];
	xn_xs_watch_fn fn;
	/* the client's own: */
	char token[12];
	uint32_t id;
	bool linked, fired, again, running, told;
	uint64_t paid_until;		/* events until then are used up */
	struct xn_xs_watch *next, *next_fired;
};

struct xn_xs_request;

/* A connection to xenstore. All fields are the room's own, but for backoff. */
struct xn_xs {
	struct xenstore_domain_interface *intf;
	evtchn_port_t port;
	struct xn_lock lock;
	struct xn_waitq wait;		/* replies, room in the ring */
	struct xn_wire_reader reader;
	struct xn_xs_request *requests;	/* waiting for a reply */
	struct xn_xs_request *incoming;	/* whose reply is coming in */
	struct xn_xs_watch *watches;
	struct xn_xs_watch *fired;	/* those with an event, in order */
	struct xn_work work;		/* calls watch functions, */
	struct xn_work again;		/* and some once more, later */
	uint64_t timeout;		/* ns that a request may take */
	uint32_t req_prod, rsp_cons;	/* ours; the page's are only copies */
	uint32_t first_id;		/* ids and tokens begin here */
	uint32_t next_id;
	uint32_t next_watch;
	uint32_t users;			/* callers within the client */
	bool sending;			/* somebody owns the request ring */
	bool dead;			/* broken or closed: requests fail */
	uint8_t event[16];		/* end of a watch event coming in */
	/*
	 * Who bound the port opens it for that port, and closes it: events
	 * without a message are then held back.
	 */
	struct xn_backoff backoff;
};

/* Outside any transaction. */
#define XN_XS_NOTXN	0u

/**
 * xn_xs_init - connect
 * @xs: zeroed; owned by the caller, lives until xn_xs_fini()
 * @intf: the shared page (HVM_PARAM_STORE_PFN), mapped until xn_xs_fini()
 * @port: its event channel; the caller has bound it, so that
 *        xn_xs_upcall() is called for each event, and unmasked it
 *
 * Throws away what an earlier user of the page left in the rings, and the
 * watches that it had set. A xenstored that gives no sensible answer is asked
 * for a new connection, if it has the feature
 * (XENSTORE_SERVER_FEATURE_RECONNECTION).
 *
 * Context: may sleep.
 * Return: 0, -ETIMEDOUT, -ESHUTDOWN (what came was nonsense), or what xenstore
 * answered.
 */
int xn_xs_init(struct xn_xs *xs, struct xenstore_domain_interface *intf,
	       evtchn_port_t port);

/**
 * xn_xs_fini - disconnect; requests in flight fail with -ESHUTDOWN
 * @xs: the connection
 *
 * All watches were unregistered. The caller unbinds the port afterwards. The
 * rings are left empty for the page's next user, if xenstored answers.
 *
 * Context: may sleep.
 */
void xn_xs_fini(struct xn_xs *xs);

/**
 * xn_xs_upcall - the connection's event has come
 * @xs: the connection; zeroed is fine, before xn_xs_init() and after
 *      xn_xs_fini()
 *
 * Context: any; upcall.
 */
void xn_xs_upcall(struct xn_xs *xs);

/**
 * xn_xs_read - read a node's value
 * @xs: the connection
 * @txn: a transaction or XN_XS_NOTXN
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 * @buf: gets the value and a NUL after it
 * @size: bytes of @buf
 *
 * Context: may sleep.
 * Return: the value's length without the NUL (which it may contain others of),
 * -ENOENT, -EMSGSIZE when it does not fit, -ENAMETOOLONG for a path,
 * -ETIMEDOUT, -ESHUTDOWN (the connection is closed or broken), -EPROTO (an
 * answer to something else) or what xenstore answered. On error @buf is "",
 * unless @size is 0.
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
 * Return: 0; -EINVAL when it is no plain decimal number, or absurdly long;
 * -ERANGE when it is above @max; or as xn_xs_read().
 */
int xn_xs_read_uint(struct xn_xs *xs, uint32_t txn, const char *dir,
		    const char *node, uint64_t max, uint64_t *val);

/**
 * xn_xs_feature - read a node that says 1 for yes
 * @xs: the connection
 * @dir: path, absolute, or relative to the domain's own directory
 * @node: name below @dir, or "" for @dir itself
 *
 * Context: may sleep.
 * Return: true when the node exists and holds a number other than 0; a node
 * that is absent or holds anything else is a no.
 */
bool xn_xs_feature(struct xn_xs *xs, const char *dir, const char *node);

/**
 * xn_xs_write - write a node, made if need be
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
 * xn_xs_rm - remove a node and all below
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
 * Return: bytes used, or as xn_xs_read(); -EPROTO for names that cannot be.
 */
int xn_xs_list(struct xn_xs *xs, uint32_t txn, const char *dir,
	       const char *node, char *buf, uint32_t size);

/**
 * xn_xs_transact - make several changes at once
 * @xs: the connection
 * @fn: reads and writes with the transaction it is given; called again from
 *      the start when others interfered; a negative answer aborts
 * @data: its last argument
 *
 * Context: may sleep.
 * Return: 0, what @fn answered when negative, -EAGAIN when others interfered
 * too many times, or as xn_xs_read().
 */
int xn_xs_transact(struct xn_xs *xs,
		   int (*fn)(struct xn_xs *xs, uint32_t txn, void *data),
		   void *data);

/**
 * xn_xs_watch - be told of changes
 * @xs: the connection
 * @w: owned by the caller until xn_xs_unwatch(); path and fn are set, the rest
 *     zero
 *
 * Events of an absolute path, which another domain may write, are put off when
 * they come too often: after 32 in a row the function is called once a second.
 *
 * Context: may sleep.
 * Return: 0 or as xn_xs_write().
 */
int xn_xs_watch(struct xn_xs *xs, struct xn_xs_watch *w);

/**
 * xn_xs_unwatch - stop that; when it returns, the function neither runs nor
 * will be called
 * @xs: the connection
 * @w: a registered watch, or one whose registration failed
 *
 * Context: may sleep; not from the watch's own function.
 */
void xn_xs_unwatch(struct xn_xs *xs, struct xn_xs_watch *w);

/**
 * xn_xs_watch_again - call a watch's function once more, after a second
 * @xs: the connection
 * @w: a registered watch; one that is not is left alone
 *
 * For a function that could not do its task because xenstore did not answer:
 * there may be no other event.
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
	 * The backend's state has changed (or is told for the first time,
	 * when it may still be the Closed of an earlier session).
	 * Unknown numbers come as XenbusStateUnknown; so does a backend that
	 * has gone, directory and all. While xenstore gives no answer,
	 * nothing is told. May sleep; never twice at once.
	 */
	void (*backend_changed)(struct xn_device *dev,
				enum xenbus_state state);
};

/*
 * One frontend's place in xenstore. Its functions may be called at any time
 * after xn_device_init(), but not two of them at once that change our state:
 * that is in the frontend's hands.
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
	bool told;			/* otherend_state was */
	bool refused;			/* nonsense was found in its state */
	bool failed;			/* an error was told */
	bool owed;			/* our state is not in xenstore yet */
	struct xn_gnttab_waiter refs;	/* for grant references */
	bool short_of_refs;		/* it was told that there are too few */
	bool left;			/* an earlier kernel's, not closed yet */
};

/**
 * xn_device_init - find a frontend's backend
 * @dev: zeroed
 * @guest: whose device it is
 * @type: "vbd", "vif", ...
 * @id: its number
 *
 * Reads and checks backend and backend-id: the backend is a path of that
 * domain.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL (values that cannot be; it is logged), or as xn_xs_read().
 */
int xn_device_init(struct xn_device *dev, struct xn_guest *guest,
		   const char *type, unsigned int id);

/**
 * xn_device_start - state Initialising, and follow the backend from now on
 * @dev: the device
 * @ops: what to call; soon after this, or before it returns, for the first time
 *
 * Context: may sleep.
 * Return: 0 or as xn_device_switch().
 */
int xn_device_start(struct xn_device *dev, const struct xn_device_ops *ops);

/**
 * xn_device_stop - follow the backend no longer, state Closed
 * @dev: the device
 *
 * When it returns, no callback runs. Also for a device that was never started.
 *
 * Context: may sleep; not from a callback.
 */
void xn_device_stop(struct xn_device *dev);

/**
 * xn_device_switch - tell the backend our state
 * @dev: the device
 * @state: our new state
 *
 * Nothing when it is our state already. Writes only to a device that the
 * toolstack still has (xn_device_exists()). When that fails, and our state has
 * not changed otherwise, backend_changed comes again after a second: the
 * backend may wait for our answer.
 *
 * Context: may sleep.
 * Return: 0, -ENOENT (it is gone), or as xn_xs_transact().
 */
int xn_device_switch(struct xn_device *dev, enum xenbus_state state);

/**
 * xn_device_publish - write our half of the handshake
 * @dev: the device
 * @earlier: how names of nodes begin that belong to it
 * @nr: how many of these
 * @fn: writes the nodes, as for xn_xs_transact()
 * @data: handed to @fn
 *
 * In a transaction that finds the device first, and removes what an earlier
 * session left: this driver with other features, or another one. A backend
 * would take that for ours.
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
 * From backend_changed, when it can do nothing now.
 *
 * Context: any.
 */
void xn_device_again(struct xn_device *dev);

/**
 * xn_device_await_refs - call backend_changed again when references are free
 * @dev: the device
 * @need: how many grant references the frontend needs at least
 *
 * For a frontend that found too few to connect (-ENOSPC), holds none now, and
 * would be tried again. Says so in the log and in xenstore, once until it is
 * connected. Not after xn_device_stop().
 *
 * Context: may sleep.
 * Return: false when the table can never have so many: the device has to fail.
 */
bool xn_device_await_refs(struct xn_device *dev, unsigned int need);

/**
 * xn_device_fail - this device cannot go on: say why, once, and close
 * @dev: the device
 * @err: a negative errno value
 * @what: what was being done or was wrong, one phrase
 *
 * Logs, writes the error node, and switches to Closing and Closed. Further
 * calls do nothing until xn_device_start().
 *
 * Context: may sleep.
 */
void xn_device_fail(struct xn_device *dev, int err, const char *what);

/**
 * xn_device_fail_node - xn_device_fail() because of what a node says
 * @dev: the device
 * @err: a negative errno value
 * @dir: dev->node or dev->otherend
 * @node: the node in it
 * @should: what it has to be, and where to set it right; ASCII
 *
 * Tells what the node says, as far as it can be printed: it is read again.
 *
 * Context: may sleep.
 */
void xn_device_fail_node(struct xn_device *dev, int err, const char *dir,
			 const char *node, const char *should);

/**
 * xn_device_refuse - there is no frontend for this device: say why, and close
 * @dev: initialised, not started
 * @err: a negative errno value
 * @what: what is wrong with it and what to do, one phrase
 *
 * As xn_device_fail(), for a device that nobody follows: the toolstack sees the
 * error node, and can take the device away at once, as its backend closes too.
 *
 * Context: may sleep.
 */
void xn_device_refuse(struct xn_device *dev, int err, const char *what);

/**
 * xn_device_exists - does the toolstack still have this device?
 * @dev: the device
 *
 * A device that was unplugged and plugged again is not this one: it has another
 * backend, or is Initialising while ours is past that. While xenstore gives no
 * answer, the device is assumed to exist.
 *
 * Context: may sleep.
 * Return: false only when xenstore says that the device has gone.
 */
bool xn_device_exists(struct xn_device *dev);

/**
 * xn_device_scan - call a function for each device of the domain
 * @guest: the domain's instances; its xs is used
 * @type: only of this type, or NULL
 * @fn: called with type and number; a non-zero answer ends the scan
 * @data: the first argument of @fn
 *
 * The numbers of one type come in their order, lowest first, whatever the order
 * in xenstore: an OS that names its interfaces as they come always gives them
 * the same names. Names that are no plain numbers are passed over.
 *
 * Context: may sleep.
 * Return: 0, what @fn answered, or as xn_xs_read(); no devices at all is 0.
 */
int xn_device_scan(struct xn_guest *guest, const char *type,
		   int (*fn)(void *data, const char *type, unsigned int id),
		   void *data);

#endif /* XENION_XENBUS_H */
