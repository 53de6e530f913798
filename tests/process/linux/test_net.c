// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * xenion-netfront.ko with the kernel's real network core: packets cut into all
 * kinds of pieces, the interface up and down.
 */
#include <linux/delay.h>
#include <linux/etherdevice.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>

#include "os/linux/net/net.h"
#include "kernel.h"

#define LEN	100u

static struct net_device *eth;
static unsigned int received;
static unsigned char got[LEN];

static int packet_comes(struct sk_buff *skb, struct net_device *dev,
			struct packet_type *pt, struct net_device *orig)
{
	if (dev == eth && skb->pkt_type != PACKET_OUTGOING) {
		skb_push(skb, ETH_HLEN);
		if (skb->len == LEN && !skb_copy_bits(skb, 0, got, LEN))
			received++;
	}
	kfree_skb(skb);
	return 0;
}

static struct packet_type all_packets = {
	.type = htons(ETH_P_ALL),
	.func = packet_comes,
};

static bool exists(const char *name)
{
	struct net_device *dev = dev_get_by_name(&init_net, name);

	dev_put(dev);
	return dev;
}

static void set_up(struct kunit *test, bool up)
{
	rtnl_lock();
	if (up)
		KUNIT_EXPECT_EQ(test, dev_open(eth, NULL), 0);
	else
		dev_close(eth);
	rtnl_unlock();
	if (up)
		um_until(test, netif_carrier_ok(eth), 5000);
}

static int net_test_init(struct kunit *test)
{
	int err = um_init(test);

	if (err)
		return err;
	received = 0;
	UM_VOID(um_net_plug());
	err = kmod_xenion_netfront_load();
	if (err)
		return err;
	um_until(test, exists("eth0"), 5000);
	eth = dev_get_by_name(&init_net, "eth0");
	if (!eth)
		return -ENODEV;
	dev_add_pack(&all_packets);
	set_up(test, true);
	return 0;
}

static void net_test_exit(struct kunit *test)
{
	dev_remove_pack(&all_packets);
	dev_put(eth);
	kmod_xenion_netfront_unload();
	UM_VOID(um_net_unplug());
	um_exit(test);
}

/* A packet of no protocol in the kernel. */
static void frame_make(unsigned char *frame)
{
	unsigned int i;

	memset(frame, 0xff, ETH_ALEN);
	for (i = ETH_ALEN; i < LEN; i++)
		frame[i] = i;
	frame[12] = 0x88;
	frame[13] = 0xb5;
}

static void receive(const unsigned int *pieces)
{
	unsigned char frame[LEN];

	frame_make(frame);
	UM_VOID(um_net_receive(frame, pieces));
	msleep(50);
}

static void receive_checked(struct kunit *test, const unsigned int *pieces)
{
	unsigned int before = received;
	unsigned char frame[LEN];

	frame_make(frame);
	memset(got, 0, sizeof(got));
	receive(pieces);
	KUNIT_EXPECT_EQ(test, received, before + 1);
	KUNIT_EXPECT_EQ(test, memcmp(got, frame, LEN), 0);
}

static void net_receives(struct kunit *test)
{
	receive_checked(test, (unsigned int []){ LEN, 0 });
	receive_checked(test, (unsigned int []){ 14, LEN - 14, 0 });
	receive_checked(test, (unsigned int []){ 50, 49, 1, 0 });
}

static void send(struct kunit *test)
{
	struct sk_buff *skb = alloc_skb(LEN, GFP_KERNEL);

	frame_make(skb_put(skb, LEN));
	skb->dev = eth;
	skb->protocol = htons(0x88b5);
	skb_reset_mac_header(skb);
	KUNIT_EXPECT_EQ(test, dev_queue_xmit(skb), 0);
}

static void net_sends(struct kunit *test)
{
	const unsigned char *data;

	send(test);
	um_until(test, um_net_sent() == 1, 1000);
	KUNIT_EXPECT_EQ(test, um_net_last(&data), LEN);
}

static void net_goes_down_and_up(struct kunit *test)
{
	set_up(test, false);
	receive((unsigned int []){ LEN, 0 });
	KUNIT_EXPECT_EQ(test, received, 0u);
	set_up(test, true);
	receive((unsigned int []){ LEN, 0 });
	/* And the packet that waited in the ring. */
	KUNIT_EXPECT_EQ(test, received, 2u);
}

/*
 * The backend cuts an Ethernet header in two. The engine may refuse that, but
 * the kernel must survive, and a packet that is passed up must be what was
 * sent.
 */
static void net_cut_in_the_header(struct kunit *test)
{
	unsigned char frame[LEN];
	unsigned int first;

	frame_make(frame);
	for (first = 1; first < ETH_HLEN && netif_carrier_ok(eth); first++) {
		memcpy(got, frame, LEN);
		receive((unsigned int []){ first, LEN - first, 0 });
		KUNIT_EXPECT_EQ_MSG(test, memcmp(got, frame, LEN), 0,
				    "cut after %u bytes", first);
	}
}

/*
 * While the guest moves to another backend, packets wait, and Linux need not forget its
 * neighbours: there is a carrier, unless no backend comes.
 */
static void net_keeps_its_carrier_in_a_move(struct kunit *test)
{
	struct xnl_net *nic = netdev_priv(eth);
	const struct xn_net_ops *ops = nic->net.ops;

	ops->lost(&nic->net);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(eth));
	send(test);
	msleep(50);
	KUNIT_EXPECT_EQ(test, um_net_sent(), 0u);
	KUNIT_EXPECT_EQ(test, ops->connected(&nic->net), 0);
	ops->link(&nic->net, true);
	um_until(test, um_net_sent() == 1, 1000);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(eth));

	ops->lost(&nic->net);
	set_up(test, false);
	um_until(test, !netif_carrier_ok(eth), 20000);
	rtnl_lock();
	KUNIT_EXPECT_EQ(test, dev_open(eth, NULL), 0);
	rtnl_unlock();
	/* It does not come back, after all. */
	ops->closing(&nic->net);
	KUNIT_EXPECT_EQ(test, ops->connected(&nic->net), 0);
	ops->link(&nic->net, true);
	KUNIT_EXPECT_TRUE(test, netif_carrier_ok(eth));
	receive_checked(test, (unsigned int []){ LEN, 0 });
}

static struct kunit_case net_cases[] = {
	KUNIT_CASE(net_receives),
	KUNIT_CASE(net_sends),
	KUNIT_CASE(net_goes_down_and_up),
	KUNIT_CASE(net_cut_in_the_header),
	KUNIT_CASE(net_keeps_its_carrier_in_a_move),
	{}
};

static struct kunit_suite net_suite = {
	.name = "net",
	.init = net_test_init,
	.exit = net_test_exit,
	.test_cases = net_cases,
};
kunit_test_suite(net_suite);
