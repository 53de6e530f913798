// SPDX-License-Identifier: MIT
/*
 * xenbus/device.c: what is reported to a frontend about its backend, no matter
 * what backend and toolstack do, and what the device writes for them.
 */
#include <stdio.h>

#include "xs_guest.h"

static struct xs_guest *xg;
static struct xn_device dev;
static char *backend;
static char seen[64];		/* the states reported, a digit each */
static void (*react)(enum xenbus_state state);

static void changed(struct xn_device *d, enum xenbus_state state)
{
	size_t n = strlen(seen);

	assert_ptr_equal(d, &dev);
	assert_int_equal(state, dev.otherend_state);
	assert_true(n < sizeof(seen) - 1);
	seen[n] = '0' + state;
	seen[n + 1] = '\0';
	if (react)
		react(state);
}

static const struct xn_device_ops ops = { .backend_changed = changed };

static void backend_write(const char *node, const char *value)
{
	char path[XENSTORE_ABS_PATH_MAX];

	snprintf(path, sizeof(path), "%s/%s", backend, node);
	host_xs_write(xg->h, path, value);
}

static void backend_state(const char *state)
{
	backend_write("state", state);
	host_pump();
}

static int our_state(void)
{
	return host_xs_read_int(xg->h, "device/vbd/51712/state");
}

static int init(void)
{
	memset(&dev, 0, sizeof(dev));
	return xn_device_init(&dev, &xg->xn, "vbd", 51712);
}

static int setup(void **state)
{
	xg = xs_guest_start();
	backend = strdup(host_xs_plug(xg->h, "vbd", 51712));
	seen[0] = '\0';
	react = NULL;
	return 0;
}

static int setup_started(void **state)
{
	setup(state);
	assert_int_equal(init(), 0);
	assert_int_equal(xn_device_start(&dev, &ops), 0);
	host_pump();
	assert_string_equal(seen, "1");
	seen[0] = '\0';
	return 0;
}

static int teardown(void **state)
{
	if (dev.guest)
		xn_device_stop(&dev);
	xs_guest_stop(xg);
	free(backend);
	return 0;
}

/* What a frontend does when its backend closes. */
static void follow_closing(enum xenbus_state state)
{
	if (state == XenbusStateClosing)
		xn_device_switch(&dev, XenbusStateClosed);
}

/* ---- finding the backend ---- */

static void test_init(void **state)
{
	assert_int_equal(init(), 0);
	assert_string_equal(dev.node, "device/vbd/51712");
	assert_string_equal(dev.otherend, backend);
	assert_int_equal(dev.otherend_id, 0);
	assert_true(xn_device_exists(&dev));
	/* Nothing was written. */
	assert_int_equal(our_state(), XenbusStateInitialising);
	assert_int_equal(host_xs_watches(xg->h), 0);
}

static void test_init_other_domain(void **state)
{
	host_xs_write(xg->h, "device/vbd/51712/backend-id", "32751");
	host_xs_write(xg->h, "device/vbd/51712/backend",
		      "/local/domain/32751/backend/vbd/1/51712");
	assert_int_equal(init(), 0);
	assert_int_equal(dev.otherend_id, 32751);
}

/* The toolstack has not finished. */
static void test_init_absent(void **state)
{
	host_xs_rm(xg->h, "device/vbd/51712/backend");
	assert_int_equal(init(), -ENOENT);
	host_xs_rm(xg->h, "device/vbd/51712");
	assert_int_equal(init(), -ENOENT);
	assert_int_equal(host_log_count(XN_ERR), 0);
}

static void test_init_bad_id(void **state)
{
	static const char * const ids[] = {
		"", "x", "-1", "32752", "65535", "65536", "4294967296", "0 ",
		"99999999999999999999999999999999999",
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(ids); i++) {
		host_xs_write(xg->h, "device/vbd/51712/backend-id", ids[i]);
		assert_int_equal(init(), -EINVAL);
		assert_int_equal(host_log_count(XN_ERR), i + 1);
	}
}

static void test_init_bad_path(void **state)
{
	static const char * const paths[] = {
		"", "/", "backend/vbd/1/51712", "/local/domain/0",
		"/local/domain/0/", "/local/domain/1/backend/vbd/1/51712",
		"/local/domain/00/backend", "/local/domain/0//backend",
		"/local/domain/0/backend/", "/local/domain/0/backend/../x",
		"/local/domain/0/back end", "/local/domain/0/%s%s%s%n",
		"/local/domain/0/\n", "/local/domainn/0/backend",
	};
	char path[300];
	unsigned int i, n;

	for (i = 0; i < XN_ARRAY_SIZE(paths); i++) {
		host_xs_write(xg->h, "device/vbd/51712/backend", paths[i]);
		assert_int_equal(init(), -EINVAL);
		assert_int_equal(host_log_count(XN_ERR), i + 1);
	}
	host_xs_write_raw(xg->h, "device/vbd/51712/backend",
			  "/local/domain/0/a\0b", 19);
	assert_int_equal(init(), -EINVAL);

	/* Lengths with which "/state" just fits, and does not fit. */
	for (n = 240; n < 290; n++) {
		memset(path, 'x', n);
		memcpy(path, "/local/domain/0/", 16);
		path[n] = '\0';
		host_xs_write(xg->h, "device/vbd/51712/backend", path);
		assert_int_equal(init(),
				 n + 7 <= XN_XS_PATH_MAX ? 0 : -EINVAL);
	}
}

static void test_init_long_type(void **state)
{
	char type[XN_XS_PATH_MAX];

	memset(type, 't', sizeof(type));
	type[sizeof(type) - 1] = '\0';
	memset(&dev, 0, sizeof(dev));
	assert_int_equal(xn_device_init(&dev, &xg->xn, type, 0), -EINVAL);
}

/* ---- the states ---- */

static void test_start(void **state)
{
	host_xs_write(xg->h, "device/vbd/51712/state", "6");
	assert_int_equal(init(), 0);
	assert_int_equal(xn_device_start(&dev, &ops), 0);
	assert_int_equal(our_state(), XenbusStateInitialising);
	host_pump();
	assert_string_equal(seen, "1");
}

/*
 * An earlier kernel had the device connected, and has ended without closing it.
 * Linux's backends do not read the nodes of new rings before they have closed.
 */
static void test_start_left(void **state)
{
	static const char * const left[] = { "2", "3", "4", "5" };
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(left); i++) {
		seen[0] = '\0';
		backend_state("4");
		host_xs_write(xg->h, "device/vbd/51712/state", left[i]);
		assert_int_equal(init(), 0);
		assert_int_equal(xn_device_start(&dev, &ops), 0);
		host_pump();
		assert_int_equal(our_state(), XenbusStateClosed);
		backend_state("5");
		assert_int_equal(our_state(), XenbusStateClosed);
		assert_string_equal(seen, "");
		backend_state("6");
		assert_int_equal(our_state(), XenbusStateInitialising);
		assert_string_equal(seen, "6");
		backend_state("2");
		assert_string_equal(seen, "62");
		xn_device_stop(&dev);
	}
}

/* The same, and xenstore refuses the write of the next state once. */
static void test_start_left_refused(void **state)
{
	backend_state("4");
	host_xs_write(xg->h, "device/vbd/51712/state", "4");
	assert_int_equal(init(), 0);
	assert_int_equal(xn_device_start(&dev, &ops), 0);
	host_pump();
	/* The fifth request writes it. */
	host_fail(HOST_FAULT_STORE, 5, -ENOSPC);
	backend_state("6");
	assert_true(host_fault_done());
	assert_int_equal(our_state(), XenbusStateClosed);
	assert_string_equal(seen, "");
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(our_state(), XenbusStateInitialising);
	assert_string_equal(seen, "6");
}

static void walk(enum xenbus_state state)
{
	if (state == XenbusStateInitWait)
		xn_device_switch(&dev, XenbusStateInitialised);
	if (state == XenbusStateConnected)
		xn_device_switch(&dev, XenbusStateConnected);
	if (state == XenbusStateClosing)
		xn_device_switch(&dev, XenbusStateClosed);
}

static void test_sane_walk(void **state)
{
	react = walk;
	backend_state("2");
	assert_int_equal(our_state(), XenbusStateInitialised);
	backend_state("4");
	assert_int_equal(our_state(), XenbusStateConnected);
	backend_state("5");
	assert_int_equal(our_state(), XenbusStateClosed);
	backend_state("6");
	assert_string_equal(seen, "2456");
}

/* Only changes are reported, and of several at once only the last. */
static void test_changes_only(void **state)
{
	backend_state("2");
	backend_state("2");
	backend_state("2");
	assert_string_equal(seen, "2");
	backend_write("state", "4");
	backend_write("state", "5");
	backend_state("6");
	assert_string_equal(seen, "26");
	backend_write("state", "1");
	backend_state("6");
	assert_string_equal(seen, "26");
}

static void test_insane_states(void **state)
{
	static const char * const bad[] = {
		"", "9", "-1", "x", "4 ", "18446744073709551616", "4294967300",
		"0000000000000000000000000000000000000000000000000000000000004",
	};
	unsigned int i;

	for (i = 0; i < XN_ARRAY_SIZE(bad); i++) {
		backend_state("4");
		backend_state(bad[i]);
		assert_int_equal(dev.otherend_state, XenbusStateUnknown);
	}
	assert_string_equal(seen, "4040404040404040");
	/* Reported once, not each time. */
	assert_int_equal(host_log_count(XN_ERR), 1);
}

static void test_insane_order(void **state)
{
	static const char order[] = "4286170538264517";
	unsigned int i;

	react = walk;
	for (i = 0; order[i]; i++)
		backend_state((char[]){ order[i], '\0' });
	assert_string_equal(seen, order);
}

static void test_backend_gone(void **state)
{
	backend_state("4");
	host_xs_rm(xg->h, backend);
	host_pump();
	assert_string_equal(seen, "40");
	backend_state("2");
	assert_string_equal(seen, "402");
	assert_int_equal(host_log_count(XN_ERR), 0);
}

static void test_told_when_absent(void **state)
{
	assert_int_equal(init(), 0);
	host_xs_rm(xg->h, backend);
	assert_int_equal(xn_device_start(&dev, &ops), 0);
	host_pump();
	assert_string_equal(seen, "0");
}

/* xenstored does not answer for a while: the device stays connected. */
static void test_no_news(void **state)
{
	backend_state("4");
	backend_write("state", "5");
	host_xs_lies(xg->h)->mute = true;
	host_run(40 * XN_NSEC_PER_SEC);
	assert_string_equal(seen, "4");
	host_xs_lies(xg->h)->mute = false;
	assert_true(xn_device_exists(&dev));
	/* The change is reported later. */
	host_run(40 * XN_NSEC_PER_SEC);
	assert_string_equal(seen, "45");
}

/* The connection to xenstored has ended. */
static void test_dead(void **state)
{
	uint64_t begin = xn_os_now();

	backend_state("4");
	backend_write("state", "5");
	host_xs_send(xg->h, XS_INVALID, 0, "", 0);
	host_pump();
	assert_true(dev.guest->xs.dead);
	assert_true(xn_device_exists(&dev));
	xn_device_fail(&dev, -EIO, "nobody hears this");
	xn_device_stop(&dev);
	assert_true(xn_os_now() - begin < XN_NSEC_PER_SEC);
	xn_xs_fini(&xg->xn.xs);
	xs_guest_destroy(xg);
	free(backend);
}

static void test_restart(void **state)
{
	backend_state("4");
	xn_device_switch(&dev, XenbusStateConnected);
	xn_device_stop(&dev);
	assert_int_equal(our_state(), XenbusStateClosed);
	backend_state("6");
	assert_string_equal(seen, "4");
	xn_device_stop(&dev);

	assert_int_equal(xn_device_start(&dev, &ops), 0);
	assert_int_equal(our_state(), XenbusStateInitialising);
	host_pump();
	assert_string_equal(seen, "46");
	backend_state("2");
	assert_string_equal(seen, "462");
}

static bool no_watches(void *data, const struct xsd_sockmsg *hdr,
		       const char *body)
{
	if (hdr->type != XS_WATCH)
		return false;
	host_xs_send(xg->h, XS_ERROR, hdr->req_id, "E2BIG", 6);
	return true;
}

static void test_start_without_watch(void **state)
{
	assert_int_equal(init(), 0);
	host_xs_lies(xg->h)->request = no_watches;
	assert_int_equal(xn_device_start(&dev, &ops), -E2BIG);
	assert_int_equal(our_state(), XenbusStateClosed);
	assert_string_equal(seen, "");
}

static void test_stop_unstarted(void **state)
{
	assert_int_equal(init(), 0);
	xn_device_stop(&dev);
	assert_int_equal(our_state(), XenbusStateInitialising);
}

/* ---- our state ---- */

static void test_switch(void **state)
{
	unsigned int requests;

	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected), 0);
	assert_int_equal(our_state(), XenbusStateConnected);
	requests = host_xs_requests(xg->h);
	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected), 0);
	assert_int_equal(host_xs_requests(xg->h), requests);
	/* Others change the node at the same time. */
	host_xs_lies(xg->h)->conflicts = 3;
	assert_int_equal(xn_device_switch(&dev, XenbusStateClosing), 0);
	assert_int_equal(our_state(), XenbusStateClosing);
}

/* A write must not create the directory again. */
static void test_switch_gone(void **state)
{
	host_xs_unplug(xg->h, "vbd", 51712);
	assert_false(xn_device_exists(&dev));
	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected),
			 -ENOENT);
	xn_device_stop(&dev);
	assert_null(host_xs_read(xg->h, "device/vbd/51712"));
	assert_int_equal(host_xs_transactions(xg->h), 0);
	assert_int_equal(xn_device_start(&dev, &ops), -ENOENT);
	assert_null(host_xs_read(xg->h, "device/vbd/51712"));
	assert_int_equal(host_xs_watches(xg->h), 0);
}

static bool unplug_at_write(void *data, const struct xsd_sockmsg *hdr,
			    const char *body)
{
	if (hdr->type == XS_WRITE)
		host_xs_unplug(xg->h, "vbd", 51712);
	return false;
}

/* The device is unplugged between the check and the write. */
static void test_switch_race(void **state)
{
	host_xs_lies(xg->h)->request = unplug_at_write;
	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected),
			 -ENOENT);
	assert_null(host_xs_read(xg->h, "device/vbd/51712"));
}

static void replug(void)
{
	host_xs_unplug(xg->h, "vbd", 51712);
	host_xs_plug(xg->h, "vbd", 51712);
}

/* The same name and the same backend, but a new device. */
static void test_replugged(void **state)
{
	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected), 0);
	assert_true(xn_device_exists(&dev));
	replug();
	assert_false(xn_device_exists(&dev));
	xn_device_stop(&dev);
	assert_int_equal(our_state(), XenbusStateInitialising);
}

static void test_other_backend(void **state)
{
	host_xs_write(xg->h, "device/vbd/51712/backend",
		      "/local/domain/0/backend/qdisk/1/51712");
	assert_false(xn_device_exists(&dev));
	xn_device_stop(&dev);
	assert_int_equal(our_state(), XenbusStateInitialising);
}

/* ---- failing ---- */

static void test_fail(void **state)
{
	xn_device_fail(&dev, -EINVAL, "reading the sector size");
	assert_int_equal(our_state(), XenbusStateClosed);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_non_null(strstr(host_log_last(), "device/vbd/51712"));
	assert_non_null(strstr(host_log_last(), "reading the sector size"));
	assert_string_equal(host_xs_read(xg->h,
					 "error/device/vbd/51712/error"),
			    "22 reading the sector size");
	xn_device_fail(&dev, -EIO, "again");
	assert_int_equal(host_log_count(XN_ERR), 1);

	/* After a new start it may fail again. */
	xn_device_stop(&dev);
	assert_int_equal(xn_device_start(&dev, &ops), 0);
	xn_device_fail(&dev, -EIO, "again");
	assert_int_equal(host_log_count(XN_ERR), 2);
}

static void fail_node(const char *value, const char *told)
{
	if (value)
		host_xs_write(xg->h, "device/vbd/51712/mode", value);
	xn_device_fail_node(&dev, -EINVAL, dev.node, "mode", "r or w");
	assert_string_equal(host_xs_read(xg->h,
					 "error/device/vbd/51712/error"),
			    told);
	xn_device_stop(&dev);
	assert_int_equal(xn_device_start(&dev, &ops), 0);
}

/* The value read, what it has to be, and no control characters. */
static void test_fail_node(void **state)
{
	fail_node(NULL, "22 the node mode is missing: it has to be r or w");
	fail_node("x", "22 the node mode is \"x\": it has to be r or w");
	fail_node("\033[2J\n", "22 the node mode is \"?[2J?\": it has to be r or w");
	fail_node("a mode that is rather long",
		  "22 the node mode is too long: it has to be r or w");
}

static void test_fail_long(void **state)
{
	char what[500];
	const char *text;

	memset(what, 'w', sizeof(what));
	what[sizeof(what) - 1] = '\0';
	xn_device_fail(&dev, -ENOMEM, what);
	text = host_xs_read(xg->h, "error/device/vbd/51712/error");
	assert_true(!strncmp(text, "12 www", 6));
	assert_true(strlen(text) > 100 && strlen(text) < sizeof(what));
}

static void test_fail_gone(void **state)
{
	host_xs_unplug(xg->h, "vbd", 51712);
	xn_device_fail(&dev, -EIO, "whatever");
	assert_null(host_xs_read(xg->h, "device/vbd/51712"));
}

/* A device that was never started is closed: nothing else would report it. */
static void test_refuse(void **state)
{
	assert_int_equal(init(), 0);
	assert_int_equal(our_state(), XenbusStateInitialising);
	xn_device_refuse(&dev, -EINVAL, "sda (2048) is no xvd disk");
	assert_int_equal(our_state(), XenbusStateClosed);
	assert_string_equal(host_xs_read(xg->h,
					 "error/device/vbd/51712/error"),
			    "22 sda (2048) is no xvd disk");
	assert_int_equal(host_log_count(XN_ERR), 1);
	/* Plugged again, it is another device. */
	assert_true(xn_device_exists(&dev));
	host_xs_write(xg->h, "device/vbd/51712/state", "1");
	assert_false(xn_device_exists(&dev));
}

/* A write that xenstore refuses is tried again. */
static void test_refuse_refused(void **state)
{
	assert_int_equal(init(), 0);
	host_fail(HOST_FAULT_STORE, 8, -EDQUOT);
	xn_device_refuse(&dev, -EINVAL, "for a test");
	assert_true(host_fault_done());
	assert_int_equal(our_state(), XenbusStateClosed);
}

static void fail_and_go_on(enum xenbus_state state)
{
	xn_device_fail(&dev, -EIO, "in a callback");
}

/* A state that xenstore refuses is written again: the backend waits for it. */
static void test_switch_refused(void **state)
{
	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected), 0);
	react = follow_closing;
	/* The fifth request writes it. */
	host_fail(HOST_FAULT_STORE, 5, -ENOSPC);
	backend_state("5");
	assert_true(host_fault_done());
	assert_int_equal(our_state(), XenbusStateConnected);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(our_state(), XenbusStateClosed);
	assert_string_equal(seen, "55");
}

static void test_stop_refused(void **state)
{
	assert_int_equal(xn_device_switch(&dev, XenbusStateConnected), 0);
	host_fail(HOST_FAULT_STORE, 3, -ENOSPC);
	xn_device_stop(&dev);
	assert_true(host_fault_done());
	assert_int_equal(our_state(), XenbusStateClosed);
}

/* A failed device is closed although its frontend does nothing any longer. */
static void test_fail_refused(void **state)
{
	host_fail(HOST_FAULT_STORE, 10, -EDQUOT);
	xn_device_fail(&dev, -EPROTO, "for a test");
	assert_true(host_fault_done());
	assert_int_equal(our_state(), XenbusStateClosing);
	host_run(2 * XN_NSEC_PER_SEC);
	assert_int_equal(our_state(), XenbusStateClosed);
}

static void test_fail_within(void **state)
{
	react = fail_and_go_on;
	backend_state("2");
	backend_state("4");
	assert_int_equal(our_state(), XenbusStateClosed);
	assert_int_equal(host_log_count(XN_ERR), 1);
	assert_string_equal(seen, "24");
}

/* ---- scanning ---- */

static char found[128];

static int note(void *data, const char *type, unsigned int id)
{
	char one[32];

	snprintf(one, sizeof(one), "%s-%u ", type, id);
	strcat(found, one);
	return data && !strcmp(data, one) ? 7 : 0;
}

static const char *scan(const char *type)
{
	found[0] = '\0';
	assert_int_equal(xn_device_scan(&xg->xn, type, note, NULL), 0);
	return found;
}

static void test_scan(void **state)
{
	host_xs_plug(xg->h, "vbd", 51728);
	host_xs_plug(xg->h, "vif", 0);
	host_xs_plug(xg->h, "vif", 1);
	assert_string_equal(scan(NULL), "vbd-51712 vbd-51728 vif-0 vif-1 ");
	assert_string_equal(scan("vif"), "vif-0 vif-1 ");
	assert_string_equal(scan("vfb"), "");

	found[0] = '\0';
	assert_int_equal(xn_device_scan(&xg->xn, NULL, note, "vbd-51728 "), 7);
	assert_string_equal(found, "vbd-51712 vbd-51728 ");
}

static void test_scan_in_order(void **state)
{
	host_xs_plug(xg->h, "vif", 10);
	host_xs_plug(xg->h, "vif", 9);
	host_xs_plug(xg->h, "vif", 0);
	host_xs_plug(xg->h, "vif", 100);
	assert_string_equal(scan("vif"), "vif-0 vif-9 vif-10 vif-100 ");
}

static void test_scan_odd_names(void **state)
{
	host_xs_plug(xg->h, "vif", 0);
	host_xs_write(xg->h, "device/vif/00", "");
	host_xs_write(xg->h, "device/vif/07", "");
	host_xs_write(xg->h, "device/vif/x", "");
	host_xs_write(xg->h, "device/vif/1x", "");
	host_xs_write(xg->h, "device/vif/4294967295", "");
	host_xs_write(xg->h, "device/vif/4294967296", "");
	assert_string_equal(scan("vif"), "vif-0 vif-4294967295 ");
	host_xs_rm(xg->h, "device");
	assert_string_equal(scan(NULL), "");
}

static void test_scan_full_page(void **state)
{
	char path[64];
	unsigned int i;

	host_xs_rm(xg->h, "device");
	for (i = 0; i < XENSTORE_PAYLOAD_MAX / 16; i++) {
		snprintf(path, sizeof(path), "device/%s%014u",
			 i % 2 ? "b" : "a", i);
		host_xs_write(xg->h, path, "");
	}
	assert_string_equal(scan(NULL), "");
	host_xs_write(xg->h, "device/one-more", "");
	assert_int_equal(xn_device_scan(&xg->xn, NULL, note, NULL), -E2BIG);
}

static void test_scan_no_memory(void **state)
{
	unsigned int n;

	for (n = 1;; n++) {
		int ret;

		host_fail_page(n);
		found[0] = '\0';
		ret = xn_device_scan(&xg->xn, NULL, note, NULL);
		assert_int_equal(host_pages(xg->g), 0);
		if (!host_fault_done())
			break;
		assert_int_equal(ret, -ENOMEM);
	}
	host_fail_page(0);
	assert_int_equal(n, 3);
	assert_string_equal(found, "vbd-51712 ");
}

#define INIT(fn) cmocka_unit_test_setup_teardown(fn, setup, teardown)
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, setup_started, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		INIT(test_init),
		INIT(test_init_other_domain),
		INIT(test_init_absent),
		INIT(test_init_bad_id),
		INIT(test_init_bad_path),
		INIT(test_init_long_type),
		INIT(test_start), INIT(test_start_left),
		INIT(test_start_left_refused),
		INIT(test_refuse),
		INIT(test_refuse_refused),
		TEST(test_sane_walk),
		TEST(test_changes_only),
		TEST(test_insane_states),
		TEST(test_insane_order),
		TEST(test_backend_gone),
		INIT(test_told_when_absent),
		TEST(test_no_news),
		cmocka_unit_test_setup(test_dead, setup_started),
		TEST(test_restart),
		INIT(test_start_without_watch),
		INIT(test_stop_unstarted),
		TEST(test_switch),
		TEST(test_switch_gone),
		TEST(test_switch_race),
		TEST(test_replugged),
		TEST(test_other_backend),
		TEST(test_fail),
		TEST(test_fail_node),
		TEST(test_fail_long),
		TEST(test_fail_gone),
		TEST(test_switch_refused),
		TEST(test_stop_refused),
		TEST(test_fail_refused),
		TEST(test_fail_within),
		INIT(test_scan),
		INIT(test_scan_in_order),
		INIT(test_scan_odd_names),
		INIT(test_scan_full_page),
		INIT(test_scan_no_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
