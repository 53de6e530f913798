/* SPDX-License-Identifier: MIT */
/*
 * frontends/net/: the network device protocol (xen-public/io/netif.h),
 * without knowledge of any OS's packet buffers: scatter lists with a cookie go
 * out and cookies come back; pages go in and come back filled.
 *
 * A queue is a pair of rings. Its tx functions are called by one CPU at a time,
 * and so are its rx functions; one of each kind may run at the same time. Both
 * kinds are called only between ops->connected and ops->closing. All may be
 * called by an OS that polls with interrupts masked.
 */
#ifndef XENION_NETFRONT_H
#define XENION_NETFRONT_H

#include <xenion/decls.h>
#include <xenion/frontend.h>
#include <xenion/ring.h>
#include <xen-public/io/netif.h>

XN_DECLS_BEGIN

#define XN_NET_MAX_QUEUES	8

/* Slots of each ring, which is one page. */
#define XN_NET_RING_SIZE	256

/* Slots that a packet may take; every backend accepts as many. */
#define XN_NET_MAX_PIECES	XEN_NETIF_NR_SLOTS_MIN

/*
 * Copy threshold: up to here, copying through permanently granted pages is
 * cheaper than granting. Both directions.
 */
#define XN_NET_COPY		256u

/* An ethernet header; what is shorter is no packet. */
#define XN_NET_MIN_LEN		14u

#define XN_NET_DEFAULT_MTU	1500u
#define XN_NET_MIN_MTU		68u
#define XN_NET_MAX_MTU		(XEN_NETIF_MAX_TX_SIZE - XN_NET_MIN_LEN)

struct xn_net;
struct xn_net_queue;

/* What the OS layer wants; the backend may offer less. */
struct xn_net_config {
	unsigned int max_queues;	/* 1 ... XN_NET_MAX_QUEUES */
	/*
	 * The most pages that each queue has for packets to receive: 32 to
	 * XN_NET_RING_SIZE, or 0 for XN_NET_RING_SIZE.
	 */
	unsigned int rx_pages;
	bool distrust;	/* info.trusted is false, whatever the toolstack says */
	/*
	 * What a network stack does not support, in both directions; the
	 * backend is informed. Received packets then are one segment (@no_gso),
	 * have a checksum (@no_csum, which implies @no_gso), or are one piece
	 * (@no_sg, which implies @no_gso, too): with @no_sg they fit an
	 * MTU-sized buffer.
	 */
	bool no_gso, no_csum, no_sg;
};

/* What toolstack and backend offer, checked; valid while connected. */
struct xn_net_info {
	uint8_t mac[6];
	uint32_t mtu;			/* bytes of payload */
	unsigned int nr_queues;
	bool split_events;		/* a port each for tx and rx */
	bool sg;			/* packets of more than one piece */
	bool csum_ipv4, csum_ipv6;	/* tx: the backend fills them in */
	bool gso_tcpv4, gso_tcpv6;	/* tx: the backend segments packets */
	bool trusted;			/* may see what lies around a packet */
};

/* A packet to send. */
struct xn_net_packet {
	const struct xn_sg *sg;
	unsigned int nr;		/* pieces, at least 1 */
	uint32_t len;			/* bytes of all pieces */
	bool csum_blank;		/* its checksum is not filled in yet */
	bool data_validated;		/* or is known to be right */
	uint8_t gso_type;		/* XEN_NETIF_GSO_TYPE_* */
	uint16_t gso_size;		/* bytes of payload per segment */
	void *cookie;
};

struct xn_net_piece {
	void *page;			/* of ops->rx_page */
	uint32_t offset;		/* in it */
	uint32_t len;			/* offset + len <= XN_PAGE_SIZE */
};

/*
 * A received packet. Guaranteed, whatever the backend wrote:
 *
 *   - there are 1 to XN_NET_MAX_PIECES pieces, none of them empty, and each
 *     lies within its page;
 *   - the first piece holds the whole Ethernet header: at least XN_NET_MIN_LEN
 *     bytes;
 *   - @len is the sum of the pieces, at most XN_NET_MAX_PIECES pages: that is
 *     more than IP allows;
 *   - @gso_type is one of netif.h's TCPV4 and TCPV6 with a @gso_size that is
 *     not 0, or none;
 *   - there is nothing that net->config does not support.
 *
 * Nothing else is guaranteed: csum_blank, data_validated, gso_type, gso_size
 * and all headers are what the backend wrote, and need not fit the packet.
 */
struct xn_net_received {
	struct xn_net_piece piece[XN_NET_MAX_PIECES];
	unsigned int nr;
	uint32_t len;			/* bytes */
	bool csum_blank, data_validated;
	uint8_t gso_type;
	uint16_t gso_size;		/* bytes of payload per segment */
	/*
	 * The only piece is lent: it has at most XN_NET_COPY bytes, which must
	 * be copied out once. Its page stays the engine's, and the backend can
	 * write to it. Otherwise the pages belong to the OS layer alone.
	 */
	bool lent;
};

/* What a port is for. */
enum xn_net_event {
	XN_NET_EVENT_BOTH,	/* the only one of its queue */
	XN_NET_EVENT_TX,
	XN_NET_EVENT_RX,
};

/* Called by the engine; the OS layer fills them in. */
struct xn_net_ops {
	/*
	 * event_bind: make a port for @otherend and unmask it. Its events are
	 * passed to xn_net_event() and make the OS layer poll the queue:
	 * xn_net_tx_reap() and xn_net_rx_poll(). event_unbind: undo that. May
	 * sleep.
	 */
	int (*event_bind)(struct xn_net_queue *q, enum xn_net_event what,
			  domid_t otherend, evtchn_port_t *port);
	void (*event_unbind)(struct xn_net_queue *q, enum xn_net_event what,
			     evtchn_port_t port);
	/*
	 * The rings are ready; net->info describes them. Packets may have come
	 * already, so every queue must be polled once. A negative errno value
	 * fails the device. May sleep.
	 */
	int (*connected)(struct xn_net *net);
	/*
	 * The rings go: when this returns, no queue function runs or will be
	 * called. Called once for each connected that returned 0. May sleep.
	 */
	void (*closing)(struct xn_net *net);
	/*
	 * The guest has gone on in a new domain (xn_frontend_lost()), and the
	 * interface will be back: the same, but then connected is called for it
	 * again, and link if the link is up; or closing, if it does not come
	 * back. NULL: closing is called at once. May sleep.
	 */
	void (*lost)(struct xn_net *net);
	/* The link is up or down; down at first. May sleep. */
	void (*link)(struct xn_net *net, bool up);
	/*
	 * Have the queue polled soon, without an event. No effect if it is not
	 * connected. Any context.
	 */
	void (*poll)(struct xn_net_queue *q);
	/*
	 * Returns a page for the backend to write to, which xn_os_page_free()
	 * can free, or NULL. Called by xn_net_rx_poll(), or before connected
	 * (may sleep).
	 */
	void *(*rx_page)(struct xn_net_queue *q);
	/* Such a page comes back unused, or with data that is not used. */
	void (*rx_page_put)(struct xn_net_queue *q, void *page);
	/*
	 * Such a page does not come back: the backend may still write to it.
	 * xn_os_page_free() frees it if that ever ends.
	 */
	void (*rx_page_lost)(struct xn_net_queue *q, void *page);
	/* A packet has come. Called by xn_net_rx_poll(). */
	void (*rx)(struct xn_net_queue *q, const struct xn_net_received *pkt);
	/*
	 * A packet is sent (err 0) or not. Called by xn_net_tx_reap(), or after
	 * closing (may sleep).
	 */
	void (*tx_done)(struct xn_net_queue *q, void *cookie, int err);
	/*
	 * The backend still reads memory at @va, of a packet for which tx_done
	 * is about to be called. The memory must stay as it is until tx_unpin,
	 * which may be called when queue and device are gone, or never.
	 */
	void (*tx_pin)(struct xn_net_queue *q, void *va);
	void (*tx_unpin)(void *va);
};

struct xn_net_tx_stats {
	uint64_t packets, bytes;	/* sent */
	uint64_t errors;		/* not sent, as the backend reported */
	uint64_t slots;			/* ring slots used */
	uint64_t copied;		/* of these, not granted but copied */
	uint64_t notifications;		/* sent */
};

struct xn_net_rx_stats {
	uint64_t packets, bytes;	/* received */
	uint64_t errors;		/* dropped: the backend's errors */
	uint64_t slots;			/* ring slots used */
	uint64_t copied;		/* packets whose page was lent */
	uint64_t notifications;		/* sent */
	uint64_t no_page;		/* times that ops->rx_page had none */
};

struct xn_net_tx_slot;		/* frontends/net/net.h */
struct xn_net_rx_slot;		/* frontends/net/rx.c */

#define XN_NET_TX_SLOT_PAGES	2u
#define XN_NET_COPY_PAGES	(XN_NET_RING_SIZE * XN_NET_COPY / XN_PAGE_SIZE)

/* A pair of rings. All fields except net, index, priv and counts are ours. */
struct xn_net_queue {
	struct xn_net *net;
	unsigned int index;
	void *priv;			/* the OS layer's */

	struct netif_tx_front_ring tx;
	struct xn_shared_page tx_ring;
	struct xn_channel tx_channel;	/* of rx, too, without split_events */
	struct xn_net_tx_slot *tx_slots[XN_NET_TX_SLOT_PAGES];
	unsigned int tx_free;		/* first free slot */
	unsigned int tx_nr_free;	/* free slots */
	unsigned int tx_unarmed;	/* first slot without a reference */
	unsigned int tx_nr;		/* slots with one */
	unsigned int tx_give;		/* slots of these to give back */
	unsigned int tx_extras;		/* ring slots without an id */
	struct xn_stall stall;		/* looks for unanswered packets */
	struct xn_shared_page copy[XN_NET_COPY_PAGES];

	struct netif_rx_front_ring rx;
	struct xn_shared_page rx_ring;
	struct xn_channel rx_channel;	/* with split_events only */
	struct xn_net_rx_slot *rx_slots;	/* a page */
	unsigned int rx_nr;		/* slots with a reference */
	unsigned int rx_give;		/* slots of these to give back */
	RING_IDX rx_seen;		/* responses that were looked at */
	struct xn_work rx_retry;
	struct xn_net_received rx_packet;

	struct xn_net_tx_stats tx_stats;
	struct xn_net_rx_stats rx_stats;
};

/*
 * One network device. All fields are the engine's own, except fe, info and
 * queue.
 */
struct xn_net {
	struct xn_frontend fe;		/* its comment says what is public */
	const struct xn_net_ops *ops;
	struct xn_net_config config;
	struct xn_net_info info;
	struct xn_gnttab_shrinker shrinker;
	bool link_up;
	struct xn_net_queue queue[XN_NET_MAX_QUEUES];
};

/* ---- frontends/net/nodes.c ---- */

/**
 * xn_net_look - read the toolstack's nodes of an interface before its start
 * @dev: its place in xenstore, from xn_device_init()
 * @info: its mac and mtu are set on success, nothing else
 *
 * For an OS that makes its interface before the backend is ready, so that the
 * order of names does not depend on backends. May sleep.
 *
 * Returns: 0, -EINVAL or -ERANGE (xn_net_init() will fail the device, and report
 * why), or as xn_xs_read().
 */
int xn_net_look(struct xn_device *dev, struct xn_net_info *info);

/* ---- frontends/net/life.c ---- */

/**
 * xn_net_init - begin to connect a network device
 * @net: zeroed, except queue[].priv; owned by the caller, lives until
 *       xn_net_fini()
 * @dev: initialised, not started; this starts it
 * @ops: the OS layer's functions
 * @config: what the OS layer wants; copied
 *
 * From now on net->queue[].net and index are valid. ops->connected is called
 * when the backend is ready, and again whenever a backend comes back.
 * Returns: 0, -EINVAL (a config that is out of range) or as xn_device_start(); on
 * error nothing is left, and xn_net_fini() must not be called. May sleep.
 */
int xn_net_init(struct xn_net *net, struct xn_device *dev,
		const struct xn_net_ops *ops,
		const struct xn_net_config *config);

/**
 * xn_net_fini - disconnect, give back what is in flight, free everything
 * @net: a device whose xn_net_init() succeeded
 *
 * Gives the backend time to let go of rings and packets, but not for ever.
 * When it returns, every cookie and every page has come back, or is lost or
 * pinned, and no op except tx_unpin will be called. May sleep; not from an op.
 */
void xn_net_fini(struct xn_net *net);

/**
 * xn_net_event - an event has come, and the queue will be polled for it
 * @q: a queue, from event_bind to event_unbind
 * @what: as it was bound
 *
 * Holds the port back when many events come and no poll finds work.
 * Context: upcall, or any; never twice at once for one port.
 */
void xn_net_event(struct xn_net_queue *q, enum xn_net_event what);

/* ---- frontends/net/tx.c ---- */

/**
 * xn_net_tx_room - ring slots that are free
 * @q: a queue
 *
 * A packet needs as many as it has pieces, and one more for GSO.
 * Returns: 0 ... XN_NET_RING_SIZE. Context: any; one tx function at a time.
 */
unsigned int xn_net_tx_room(const struct xn_net_queue *q);

/**
 * xn_net_tx - put a packet into the ring
 * @q: a queue of a connected device
 * @pkt: the packet; its memory is the backend's to read until ops->tx_done
 *
 * Not seen by the backend before xn_net_tx_push(). Makes no allocation.
 * Returns: 0; -EBUSY: no room now; -EMSGSIZE: more pieces than
 * XN_NET_MAX_PIECES, or than one where info.sg is false; -EINVAL: a piece that
 * leaves its page, a length out of bounds, GSO that the backend does not take;
 * -EIO: the device is broken. Context: any; one tx function at a time.
 */
int xn_net_tx(struct xn_net_queue *q, const struct xn_net_packet *pkt);

/**
 * xn_net_tx_push - show the backend what xn_net_tx() put into the ring
 * @q: a queue of a connected device
 *
 * Notifies if the backend asked for it. Context: any; one tx function at a
 * time.
 */
void xn_net_tx_push(struct xn_net_queue *q);

/**
 * xn_net_tx_reap - take back the packets that were sent
 * @q: a queue of a connected device
 *
 * Calls ops->tx_done. Bounded by the ring's size.
 *
 * Returns: how many packets. Context: any; one tx function at a time.
 */
unsigned int xn_net_tx_reap(struct xn_net_queue *q);

/**
 * xn_net_tx_enable - ask for an event when packets were sent
 * @q: a queue of a connected device
 *
 * The event comes when half of the packets in flight are sent.
 * Returns: true if there is something to reap already, so that no event may
 * come. Context: any; one tx function at a time.
 */
bool xn_net_tx_enable(struct xn_net_queue *q);

/* ---- frontends/net/rx.c ---- */

/**
 * xn_net_rx_poll - take packets out of the ring, and put pages in
 * @q: a queue of a connected device
 * @budget: packets at most
 *
 * Calls ops->rx and ops->rx_page. Notifies if the backend waits for pages.
 * Returns: how many packets were consumed, with those that were dropped.
 * Context: any; one rx function at a time.
 */
unsigned int xn_net_rx_poll(struct xn_net_queue *q, unsigned int budget);

/**
 * xn_net_rx_enable - ask for an event when the next packet comes
 * @q: a queue of a connected device
 *
 * Returns: true if one has come already, so that no event may come.
 * Context: any; one rx function at a time.
 */
bool xn_net_rx_enable(struct xn_net_queue *q);

XN_DECLS_END

#endif /* XENION_NETFRONT_H */
