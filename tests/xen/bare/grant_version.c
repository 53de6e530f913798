// SPDX-License-Identifier: MIT
/*
 * GNTTABOP_set_version, GNTTABOP_get_version (xen-public/grant_table.h): a domain
 * may change the version of its grant table while none of its grants is in use,
 * except the first eight, which are the toolstack's and do not change.
 *
 * Known by Xen's answer afterwards, by a page that is mapped, which prevents
 * the change, and by xenstore, if there is one: one of the eight grants its
 * page.
 */
#include "grant.h"

domid_t selftest_domid(void)
{
	domid_t domid = DOMID_SELF;

	(void)xn_domid(&domid);
	return domid;
}

bool selftest_room(struct xn_gntmap *m, unsigned int count)
{
	int err = xn_gntmap_init(m, count);

	m->refused = DOMID_INVALID;
	return CHECK(!err, "room for %u pages (error %d)", count, err);
}

void selftest_give_up(void *page)
{
	if (!xn_frame_ops->own_moves)
		xn_os_page_free(page);
}

bool selftest_grant_self(const void *page, bool readonly, grant_ref_t *ref)
{
	int err = xn_gnttab_grant_page(GT, selftest_domid(), page, readonly,
				       ref);

	return CHECK(!err, "a page is granted%s (error %d)",
		     readonly ? ", to read" : "", err);
}

static int restart(unsigned int version)
{
	unsigned int lost = xn_gnttab_fini(GT);
	int err;

	memset(GT, 0, sizeof(*GT));
	err = xn_gnttab_init(GT, version);
	if (err)
		bare_panic("selftest: no grant table (error %d)", err);
	return lost;
}

void selftest_gnttab(unsigned int version, void (*fn)(void))
{
	unsigned int before = GT->version;

	restart(version);
	if (CHECK(GT->version == version, "the table is of version %u",
		  version))
		fn();
	CHECK(!restart(before), "nothing is left behind");
	CHECK(GT->version == before, "and the table is of version %u again",
	      before);
}

static unsigned int version_now(void)
{
	struct gnttab_get_version x = { .dom = DOMID_SELF };

	return xn_hc_grant_table(GNTTABOP_get_version, &x, 1) ? 0 : x.version;
}

static long set_version(unsigned int version)
{
	struct gnttab_set_version x = { .version = version };

	return xn_hc_grant_table(GNTTABOP_set_version, &x, 1);
}

static void mapped_page_forbids(void)
{
	void *page = xn_os_page_alloc();
	struct xn_gntmap_req req = { .domid = selftest_domid() };
	struct xn_gntmap m;
	int err;

	CHECK(version_now() == GT->version, "Xen says so too");
	if (!page || !selftest_room(&m, 1) ||
	    !selftest_grant_self(page, false, &req.ref))
		return;
	err = xn_gntmap_map(&m, &req, 1);
	REQUIRE(!err, "and mapped (error %d)", err);
	CHECK(set_version(3 - GT->version) == -EBUSY,
	      "mapped: the version cannot be changed");
	CHECK(version_now() == GT->version, "and is not");
	CHECK(set_version(GT->version) == 0, "the same one is no change");
	CHECK(set_version(3) == -EINVAL, "there is no version 3");
	xn_gntmap_fini(&m);
	err = xn_gnttab_end_page(GT, req.ref, page, selftest_give_up);
	CHECK(!err, "unmapped: the grant ends (error %d)", err);
}

SELFTEST(grant, version_1, 0)
{
	selftest_gnttab(1, mapped_page_forbids);
}

SELFTEST(grant, version_2, 0)
{
	selftest_gnttab(2, mapped_page_forbids);
}

static void read_store(void)
{
	static char name[XENSTORE_PAYLOAD_MAX + 1];
	int n = xn_xs_read(&bare_guest.xs, XN_XS_NOTXN, "name", "", name,
			   sizeof(name));

	CHECK(n > 0, "xenstore answers (%d)", n);
}

SELFTEST(grant, version_store, NEEDS_STORE)
{
	selftest_gnttab(2, read_store);
	read_store();
}
