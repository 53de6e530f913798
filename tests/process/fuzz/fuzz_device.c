// SPDX-License-Identifier: MIT
/*
 * A frontend's place in xenstore and the states of its backend
 * (xen-public/io/xenbus.h). The backend's domain writes the backend's nodes,
 * the toolstack the frontend's; both may write anything or remove nodes at any
 * time, also those that the guest is changing in a transaction.
 *
 * Input: what both do, and what the frontend does meanwhile.
 */
/*
 * A device that fails makes up to three transactions, each up to 32 times, of some 250
 * bytes both ways, which a slow xenstored takes and gives one in a round.
 */
#define FUZZ_ROUNDS	100000u

#include "fuzz_guest.h"

#define FRONT	"device/vbd/51712"

enum op {
	OP_STATE,	/* the backend writes a number as its state */
	OP_PUMP, OP_TIME,
	OP_BACK_NODE, OP_FRONT_NODE,	/* any value, or none */
	OP_PLUG, OP_UNPLUG,
	OP_CONFLICT,	/* transactions fail, for some time */
	OP_SLOW,	/* xenstored does not answer, or in pieces */
	OP_INIT, OP_START, OP_STOP, OP_SWITCH, OP_FAIL, OP_EXISTS, OP_SCAN,
	OP_NO_PAGE,
	NR_OPS
};

static struct {
	struct host_xenion x;
	struct host_xs *h;
	struct xn_device dev;
	bool ready, started, deaf, nonsense;
	unsigned int errors;		/* the most that may be logged */
	bool told, owed;		/* owed: a write of our state failed */
	enum xenbus_state last;
	unsigned int running, calls, changes;
} t;

static const char *back(const char *node)
{
	static char path[64];

	snprintf(path, sizeof(path), "/local/domain/0/backend/vbd/%u/51712/%s",
		 host_guest_domid(t.x.host), node);
	return path;
}

static void switch_to(enum xenbus_state state)
{
	if (xn_device_switch(&t.dev, state))
		t.owed = true;
}

/* The frontend's answer to a change, which the input decides. */
static void backend_changed(struct xn_device *dev, enum xenbus_state state)
{
	assert_ptr_equal(dev, &t.dev);
	assert_true(t.started);
	assert_int_equal(t.running++, 0);
	assert_in_range(state, XenbusStateUnknown, XenbusStateReconfigured);
	/* The same state again only if ours has to be written again. */
	assert_true(!t.told || state != t.last || t.owed);
	t.told = true;
	t.last = state;
	t.calls++;
	if (fuzz_below(4) == 1)
		switch_to(fuzz_below(10));
	t.running--;
}

static const struct xn_device_ops ops = { .backend_changed = backend_changed };

static void stop(void)
{
	if (!t.started)
		return;
	xn_device_stop(&t.dev);
	t.started = false;
}

static void init(void)
{
	stop();
	memset(&t.dev, 0, sizeof(t.dev));
	t.errors++;
	t.ready = !xn_device_init(&t.dev, &t.x.guest, "vbd", 51712);
	if (t.ready) {
		assert_in_range(t.dev.otherend_id, 0, DOMID_FIRST_RESERVED - 1);
		assert_true(strlen(t.dev.otherend) + sizeof("/state") <=
			    XN_XS_PATH_MAX);
		assert_int_equal(t.dev.otherend[0], '/');
	}
}

static void start(void)
{
	stop();
	if (!t.ready)
		return;
	t.errors += 1 + t.nonsense;	/* a failure, and an invalid state */
	t.told = false;
	t.owed = false;
	t.started = true;
	t.started = !xn_device_start(&t.dev, &ops);
}

static int scanned(void *data, const char *type, unsigned int id)
{
	unsigned int *left = data;

	assert_true(strlen(type) < XN_XS_PATH_MAX && !strchr(type, '/'));
	return --*left ? 0 : 7;
}

static void scan(void)
{
	unsigned int left = fuzz_below(4) + 1;
	int err = xn_device_scan(&t.x.guest, fuzz_below(2) ? "vbd" : NULL,
				 scanned, &left);

	assert_true(err <= 0 || err == 7);
}

static void front_node(void)
{
	static const char *const nodes[] = {
		"", "/state", "/backend", "/backend-id", "/online",
	};
	unsigned int i = fuzz_below(XN_ARRAY_SIZE(nodes) + 1);
	char path[64];

	if (i == XN_ARRAY_SIZE(nodes)) {
		/* A valid path, except for its length. */
		host_xs_printf(t.h, FRONT "/backend", "/local/domain/%u/%0*u",
			       fuzz_below(2), fuzz_u8(), 7);
		return;
	}
	snprintf(path, sizeof(path), FRONT "%s", nodes[i]);
	fuzz_write_node(t.h, path);
}

static void guest_op(enum op op)
{
	switch (op) {
	case OP_INIT:
		init();
		break;
	case OP_START:
		start();
		break;
	case OP_STOP:
		stop();
		break;
	case OP_SWITCH:
		if (t.started)
			switch_to(fuzz_below(10));
		break;
	case OP_FAIL:
		t.owed = true;
		if (t.started)
			xn_device_fail(&t.dev, (int)fuzz_number(),
				       "something with % in it");
		break;
	case OP_EXISTS:
		if (t.started)
			xn_device_exists(&t.dev);
		break;
	default:
		scan();
		break;
	}
}

/* The backend's state is invalid, which a later start reports as well. */
static void nonsense(void)
{
	t.errors++;
	t.nonsense = true;
}

static void run_op(enum op op)
{
	struct host_xs_lies *lies = host_xs_lies(t.h);
	unsigned int state;

	switch (op) {
	case OP_STATE:
		state = fuzz_below(10);
		if (state > XenbusStateReconfigured)
			nonsense();
		host_xs_printf(t.h, back("state"), "%u", state);
		break;
	case OP_PUMP:
		host_pump();
		break;
	case OP_TIME:
		fuzz_time();
		break;
	case OP_BACK_NODE:
		nonsense();
		fuzz_write_node(t.h, back("state"));
		break;
	case OP_FRONT_NODE:
		front_node();
		break;
	case OP_PLUG:
		host_xs_plug(t.h, "vbd", fuzz_below(2) ? 51712 : fuzz_u32());
		break;
	case OP_UNPLUG:
		host_xs_unplug(t.h, "vbd", 51712);
		break;
	case OP_CONFLICT:
		lies->conflicts = fuzz_below(64);
		break;
	case OP_SLOW:
		lies->mute = fuzz_below(4) == 3;
		t.deaf |= lies->mute;
		lies->no_notify = fuzz_below(4) == 3;
		lies->fragment = fuzz_u8();
		break;
	case OP_NO_PAGE:
		host_fail_page(fuzz_below(4));
		break;
	default:
		guest_op(op);
		break;
	}
}

/* An error is reported once. */
static void check_log(void)
{
	assert_in_range(host_log_count(XN_ERR), 0, t.errors);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host_xs_lies *lies;

	fuzz_begin(data, size);
	memset(&t, 0, sizeof(t));
	t.h = fuzz_guest_start(&t.x, 1, 1);
	lies = host_xs_lies(t.h);
	host_xs_plug(t.h, "vbd", 51712);
	init();
	start();
	while (fuzz_left()) {
		fuzz_bound();
		run_op(fuzz_below(NR_OPS));
		check_log();
	}
	fuzz_bound();
	host_fail_page(0);
	memset(lies, 0, sizeof(*lies));
	stop();
	fuzz_settle(60 * XN_NSEC_PER_SEC);
	check_log();
	/* xenstored may not have read the requests that end them. */
	if (!t.deaf) {
		assert_int_equal(host_xs_watches(t.h), 0);
		assert_int_equal(host_xs_transactions(t.h), 0);
	}
	guest_stop(&t.x, t.h);
	return 0;
}
