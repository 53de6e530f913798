// SPDX-License-Identifier: MIT
/*
 * A backend for 9P file systems (xen-public/io/9pfs.h; docs/misc/9pfs.pandoc of
 * xen.git) with a server of 9P2000.L: a folder with one file in it, in memory.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "9p.h"

#define FILE_BYTES	(256u * 1024)
#define NAME		"file"
#define MAX_ORDER	8u

/* Linux's values of errno and mode_t. */
#define NO_SUCH_FILE	2
#define NOT_SUPPORTED	95
#define MODE_FOLDER	040755
#define MODE_FILE	0100644

static const struct node nodes[] = {
	{ "versions", "1" },
	{ "max-rings", "1" },
	{ "max-ring-page-order", "6" },
	{ NULL, NULL },
};

static const struct node front[] = {
	{ "tag", "lies0" },
	{ NULL, NULL },
};

static const struct node front_second[] = {
	{ "tag", "lies1" },
	{ NULL, NULL },
};

static uint8_t file[FILE_BYTES];

/* ---- the rings ---- */

static int map_ring(struct be *b, struct p9_ring *r, unsigned int n)
{
	char name[16];

	snprintf(name, sizeof(name), "ring-ref%u", n);
	r->intf = map_page(b, get_front(b, name), true);
	if (!r->intf || r->intf->ring_order > MAX_ORDER)
		return -1;
	r->pages = 1u << r->intf->ring_order;
	r->size = XEN_FLEX_RING_SIZE(r->intf->ring_order);
	r->data = xengnttab_map_domain_grant_refs(b->gnt, r->pages, b->domid,
						  r->intf->ref,
						  PROT_READ | PROT_WRITE);
	return r->data ? 0 : -1;
}

static int map(struct be *b)
{
	struct p9 *p = calloc(1, sizeof(*p));
	unsigned int n = get_front(b, "num-rings");
	int err = 0;

	b->priv = p;
	p->b = b;
	p->msize = P9_HEADER;
	for (; !err && p->nr_rings < n && p->nr_rings < P9_RINGS; p->nr_rings++)
		err = map_ring(b, &p->ring[p->nr_rings], p->nr_rings);
	return err;
}

static void unmap(struct be *b)
{
	struct p9 *p = b->priv;
	unsigned int i;

	for (i = 0; i < p->nr_rings; i++) {
		xengnttab_unmap(b->gnt, p->ring[i].data, p->ring[i].pages);
		unmap_page(b, p->ring[i].intf);
	}
	free(p);
	b->priv = NULL;
}

uint8_t *p9_at(struct p9_ring *r, RING_IDX i)
{
	return r->data + (i & (r->size - 1));
}

void p9_put(struct p9_ring *r, const struct p9_msg *m)
{
	uint32_t i;

	for (i = 0; i < m->len; i++)
		*p9_at(r, r->in_prod++) = m->bytes[i];
}

void p9_show(struct p9 *p, struct p9_ring *r, RING_IDX prod)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	*(volatile RING_IDX *)&r->intf->in_prod = prod;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	notify(p->b);
}

void p9_send(struct p9 *p, struct p9_ring *r)
{
	p9_put(r, &p->reply);
	p9_show(p, r, r->in_prod);
}

/* ---- messages ---- */

static uint64_t get(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

void p9_set(uint8_t *at, uint64_t value, unsigned int bytes)
{
	for (; bytes--; value >>= 8)
		*at++ = value;
}

static void add(struct p9_msg *m, uint64_t value, unsigned int bytes)
{
	p9_set(m->bytes + m->len, value, bytes);
	m->len += bytes;
}

static void add_string(struct p9_msg *m, const char *s)
{
	add(m, strlen(s), 2);
	memcpy(m->bytes + m->len, s, strlen(s));
	m->len += strlen(s);
}

/* The file's qid, by which clients can cache it. */
static void add_qid(struct p9_msg *m, bool is_file)
{
	add(m, is_file ? 0 : 0x80, 1);
	add(m, 1, 4);
	add(m, is_file, 8);
}

static void begin(struct p9_msg *m, uint8_t type, uint16_t tag)
{
	m->len = 4;
	add(m, type, 1);
	add(m, tag, 2);
}

/* ---- the server; @asked is a request after its header ---- */

static bool *fid(struct p9 *p, const uint8_t *at)
{
	return &p->is_file[get(at, 4) % ARRAY_SIZE(p->is_file)];
}

static int version(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	uint32_t msize = get(asked, 4);

	p->msize = msize < P9_MSIZE ? msize : P9_MSIZE;
	add(m, p->msize, 4);
	add_string(m, "9P2000.L");
	return 0;
}

static int attach(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	*fid(p, asked) = false;
	add_qid(m, false);
	return 0;
}

static int walk(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	uint16_t names = get(asked + 8, 2);
	bool is_file = *fid(p, asked);

	if (names && (names > 1 || get(asked + 10, 2) != strlen(NAME) ||
		      memcmp(asked + 12, NAME, strlen(NAME))))
		return NO_SUCH_FILE;
	add(m, names, 2);
	if (names)
		add_qid(m, true);
	*fid(p, asked + 4) = is_file || names;
	return 0;
}

static int getattr(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	bool is_file = *fid(p, asked);
	unsigned int i;

	add(m, 0x7ff, 8);			/* valid: all basic fields */
	add_qid(m, is_file);
	add(m, is_file ? MODE_FILE : MODE_FOLDER, 4);
	add(m, 0, 8);				/* owner */
	add(m, is_file ? 1 : 2, 8);		/* links */
	add(m, 0, 8);
	add(m, is_file ? FILE_BYTES : 0, 8);
	add(m, 4096, 8);
	add(m, is_file ? FILE_BYTES / 512 : 0, 8);
	for (i = 0; i < 10; i++)		/* times, generation, version */
		add(m, 0, 8);
	return 0;
}

static int lopen(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	add_qid(m, *fid(p, asked));
	add(m, 0, 4);
	return 0;
}

/* Returns: how much of the range requested exists; @from: its start. */
static uint32_t piece(const uint8_t *asked, uint64_t *from)
{
	uint32_t count = get(asked + 12, 4);

	*from = get(asked + 4, 8);
	if (*from >= FILE_BYTES)
		return 0;
	if (count > FILE_BYTES - *from)
		count = FILE_BYTES - *from;
	return count < P9_MSIZE - 24 ? count : P9_MSIZE - 24;
}

static int read_file(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	uint64_t from;
	uint32_t count = piece(asked, &from);

	add(m, count, 4);
	memcpy(m->bytes + m->len, file + from, count);
	m->len += count;
	return 0;
}

static int write_file(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	uint64_t from;
	uint32_t count = piece(asked, &from);

	memcpy(file + from, asked + 16, count);
	add(m, count, 4);
	return 0;
}

static int readdir(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	static const char *const names[] = { ".", "..", NAME };
	uint32_t begin = m->len;
	uint64_t i;

	add(m, 0, 4);
	for (i = get(asked + 4, 8); i < ARRAY_SIZE(names); i++) {
		bool is_file = i == 2;

		add_qid(m, is_file);
		add(m, i + 1, 8);
		add(m, is_file ? 8 : 4, 1);
		add_string(m, names[i]);
	}
	p9_set(m->bytes + begin, m->len - begin - 4, 4);
	return 0;
}

static int nothing(struct p9 *p, const uint8_t *asked, struct p9_msg *m)
{
	return 0;
}

static const struct {
	enum p9_type type;
	/* Returns: an error, or 0 with the body in @m. */
	int (*fn)(struct p9 *p, const uint8_t *asked, struct p9_msg *m);
} calls[] = {
	{ P9_TVERSION, version }, { P9_TATTACH, attach }, { P9_TWALK, walk },
	{ P9_TGETATTR, getattr }, { P9_TLOPEN, lopen }, { P9_TREAD, read_file },
	{ P9_TWRITE, write_file }, { P9_TREADDIR, readdir },
	{ P9_TCLUNK, nothing }, { P9_TFLUSH, nothing },
};

void p9_answer(struct p9 *p)
{
	const uint8_t *asked = p->request.bytes;
	uint16_t tag = get(asked + 5, 2);
	struct p9_msg *m = &p->reply;
	int err = NOT_SUPPORTED;
	unsigned int i;

	begin(m, asked[4] + 1, tag);
	for (i = 0; i < ARRAY_SIZE(calls); i++)
		if (calls[i].type == asked[4])
			err = calls[i].fn(p, asked + P9_HEADER, m);
	if (err) {
		begin(m, P9_RLERROR, tag);
		add(m, err, 4);
	}
	p9_set(m->bytes, m->len, 4);
}

/* ---- one request after the other ---- */

/* Is there room for the longest reply, or a slightly longer lie? */
static bool has_room(const struct p9 *p, const struct p9_ring *r)
{
	uint32_t used = r->in_prod - *(volatile RING_IDX *)&r->intf->in_cons;
	uint32_t most = p->msize + P9_BYTES - P9_MSIZE;

	return used == 0 || used + most <= r->size;
}

static void copy_request(struct p9 *p, struct p9_ring *r, uint32_t len)
{
	uint32_t i;

	for (i = 0; i < len; i++)
		p->request.bytes[i] = p9_at(r, r->out_cons + i)[r->size];
	p->request.len = len;
}

/* Returns: was there a request? It is in p->request then. */
static bool take(struct p9 *p, struct p9_ring *r)
{
	uint32_t there = *(volatile RING_IDX *)&r->intf->out_prod - r->out_cons;
	uint32_t len;

	if (there < P9_HEADER || there > r->size)
		return false;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	copy_request(p, r, P9_HEADER);
	len = get(p->request.bytes, 4);
	if (len < P9_HEADER || len > there || len > P9_BYTES)
		return false;
	copy_request(p, r, len);
	r->out_cons += len;
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	if (!p->hoards)
		*(volatile RING_IDX *)&r->intf->out_cons = r->out_cons;
	return true;
}

static void serve(struct p9 *p, struct p9_ring *r)
{
	const struct p9_more *more = p->b->lie->more;
	struct be *b = p->b;

	b->all++;
	b->served += b->is_told;
	/* Some answers are honest, so that the file system is used. */
	if (more && (b->all <= more->after ||
		     (more->type && more->type != p->request.bytes[4])))
		more = NULL;
	if (more && more->request && more->request(p, r))
		return;
	p9_answer(p);
	if (more && more->reply)
		more->reply(p, &p->reply);
	p9_send(p, r);
}

static void work(struct be *b)
{
	struct p9 *p = b->priv;
	unsigned int i;

	for (i = 0; i < p->nr_rings; i++)
		while (!b->deaf && has_room(p, &p->ring[i]) &&
		       take(p, &p->ring[i]))
			serve(p, &p->ring[i]);
}

const struct kind p9_kind = {
	.name = "9p", .type = "9pfs", .devid = 0,
	.ready = XenbusStateInitialised, .port = "event-channel-0",
	.nodes = nodes, .front = front, .lies = p9_lies,
	.front_second = front_second, .devid_second = 1,
	.map = map, .unmap = unmap, .work = work,
};
