// SPDX-License-Identifier: MIT
/*
 * The PV console's rings (xen-public/io/console.h): the page is shared, and
 * the console daemon in the other domain can write any byte of it at any time.
 * The guest never reads its own indices back from there, writes only output and
 * its own indices, and gives up a broken ring with one message.
 *
 * Input: writes, reads, and what the host does to the page, in any order.
 */
#include "fuzz.h"
#include <xenion/console.h>

#define MAX_TEXT	64u

enum op {
	OP_WRITE, OP_READ, OP_ROOM,
	OP_TAKE,	/* the host takes all output */
	OP_GIVE,	/* the host writes input, even without room */
	OP_OUT_CONS, OP_OUT_PROD, OP_IN_CONS, OP_IN_PROD,
	OP_SCRIBBLE,
	OP_MOVED,
	NR_OPS
};

static struct xencons_interface *intf;
static struct xn_console con;
/* What the page must contain after each operation. */
static struct xencons_interface model;
static uint32_t out_prod, in_cons;	/* the guest's correct indices */
static uint32_t in_seen;		/* input that was reported */

static void write_op(void)
{
	size_t len;
	const uint8_t *text = fuzz_bytes(fuzz_below(MAX_TEXT), &len);
	uint32_t used = out_prod - model.out_cons;
	int n, want;
	int i;

	n = xn_console_write(&con, (const char *)text, len);
	if (con.broken) {
		assert_int_equal(n, -EIO);
		return;
	}
	want = sizeof(model.out) - used;
	if ((size_t)want > len)
		want = len;
	assert_int_equal(n, want);
	for (i = 0; i < n; i++)
		model.out[out_prod++ % sizeof(model.out)] = text[i];
	if (n)
		model.out_prod = out_prod;
}

static void read_op(void)
{
	unsigned int size = fuzz_below(MAX_TEXT);
	uint32_t used = model.in_prod - in_cons;
	char *buf = malloc(size);
	int n, i;

	n = xn_console_read(&con, buf, size);
	if (con.broken) {
		assert_int_equal(n, -EIO);
	} else {
		assert_int_equal(n, used < size ? used : size);
		for (i = 0; i < n; i++)
			assert_int_equal(buf[i], model.in[in_cons++ %
							  sizeof(model.in)]);
		if (n)
			model.in_cons = in_cons;
	}
	free(buf);
}

static void room_op(void)
{
	unsigned int room = xn_console_room(&con);

	assert_int_equal(room, con.broken ? 0 : sizeof(model.out) -
			 (out_prod - model.out_cons));
}

/* Input that has come, or output that was taken, is reported once. */
static void moved_op(void)
{
	bool input = !con.broken && model.in_prod - in_seen - 1 <
		     in_cons + (uint32_t)sizeof(model.in) - in_seen;

	if (input)
		in_seen = model.in_prod;
	assert_true(xn_console_moved(&con) || !input);
	assert_false(xn_console_moved(&con));
}

static void host_op(enum op op)
{
	size_t len, i;
	const uint8_t *p;

	switch (op) {
	case OP_TAKE:
		model.out_cons = model.out_prod;
		break;
	case OP_GIVE:
		p = fuzz_bytes(fuzz_below(MAX_TEXT), &len);
		for (i = 0; i < len; i++)
			model.in[model.in_prod++ % sizeof(model.in)] = p[i];
		break;
	case OP_OUT_CONS:
		model.out_cons += fuzz_number();
		break;
	case OP_OUT_PROD:
		model.out_prod = fuzz_number();
		break;
	case OP_IN_CONS:
		model.in_cons = fuzz_number();
		break;
	case OP_IN_PROD:
		model.in_prod += fuzz_number();
		break;
	default:
		((uint8_t *)&model)[fuzz_u16() % sizeof(model)] = fuzz_u8();
		break;
	}
	memcpy(intf, &model, sizeof(model));
}

/* Invalid indices, and nothing else, break a ring when it is next used. */
static void check_broken(bool was, enum op op)
{
	bool out = out_prod - model.out_cons > sizeof(model.out);
	bool in = model.in_prod - in_cons > sizeof(model.in);

	if (op == OP_WRITE || op == OP_ROOM)
		assert_int_equal(con.broken, was || out);
	if (op == OP_READ)
		assert_int_equal(con.broken, was || in);
}

static void run(void)
{
	while (fuzz_left()) {
		enum op op = fuzz_below(NR_OPS);
		bool was = con.broken;

		fuzz_bound();
		if (op == OP_WRITE)
			write_op();
		else if (op == OP_READ)
			read_op();
		else if (op == OP_ROOM)
			room_op();
		else if (op == OP_MOVED)
			moved_op();
		else
			host_op(op);
		check_broken(was, op);
		assert_memory_equal(intf, &model, sizeof(model));
		assert_in_range(fuzz.calls, 0, 1);
		xn_console_report(&con);
		assert_int_equal(host_log_count(XN_ERR), con.broken);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct host_config cfg = {
		.ram_pages = 16, .max_grant_frames = 1,
	};
	static struct host_guest *g;
	evtchn_port_t port;

	/* Only one page and one port of the guest are used: keep it. */
	if (!g)
		g = host_guest_create(&cfg);
	intf = host_console_page(g);
	port = host_port_guest_end(host_console_port(g));
	host_log_reset();
	host_set_liar(fuzz_call);
	fuzz.at = data;
	fuzz.end = data + size;

	memset(&model, 0, sizeof(model));
	model.out_prod = fuzz_number();
	model.out_cons = model.out_prod - fuzz_below(8);
	model.in_cons = fuzz_number();
	model.in_prod = model.in_cons + fuzz_below(8);
	out_prod = model.out_prod;
	in_cons = model.in_cons;
	in_seen = in_cons;
	memcpy(intf, &model, sizeof(model));
	xn_console_init(&con, intf, port);
	run();
	host_pump();
	return 0;
}
