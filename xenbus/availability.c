// SPDX-License-Identifier: MIT
/*
 * Which vCPUs the toolstack wants a guest to use: it writes "online" or "offline" to
 * cpu/N/availability for each vCPU that the domain may have
 * (docs/misc/xenstore-paths.pandoc of Xen). Called by an OS layer when its xenstore
 * connection is up.
 */
#include "xs.h"
#include <xenion/availability.h>

/* "cpu/N" */
static void vcpu_dir(char *dir, unsigned int vcpu)
{
	memcpy(dir, "cpu/", 4);
	xn_format_uint(dir + 4, vcpu);
}

static void word_refuse(struct xn_availability *a, const char *dir)
{
	if (a->warned_word)
		return;
	a->warned_word = true;
	xn_stat_inc(XN_STAT_REFUSED);
	xn_os_log(XN_WARN,
		  "%s/availability is neither \"online\" nor \"offline\": ignored",
		  dir);
}

static void vcpu_refuse(struct xn_availability *a, unsigned int vcpu)
{
	if (a->warned_vcpu)
		return;
	a->warned_vcpu = true;
	xn_stat_inc(XN_STAT_REFUSED);
	xn_os_log(XN_WARN,
		  "the host has a node of vCPU %u, and this domain only %u of them: ignored",
		  vcpu, a->nr_vcpus);
}

static void set_report(struct xn_availability *a, unsigned int vcpu,
		       bool online, int err)
{
	if (!a->warned_set)
		xn_os_log(XN_WARN,
			  "the host wants vCPU %u %s, which fails (error %d)%s",
			  vcpu, online ? "online" : "offline", err,
			  xn_xs_passes(err) ? ": trying again every second" :
					      "");
	a->warned_set = true;
}

/* Returns: 0, also if nothing is wanted of it, or an error. */
static int vcpu_apply(struct xn_availability *a, unsigned int vcpu)
{
	char dir[4 + XN_UINT_DIGITS + 1], word[sizeof("offline")];
	bool online;
	int err;

	vcpu_dir(dir, vcpu);
	err = xn_xs_read(a->xs, XN_XS_NOTXN, dir, "availability", word,
			 sizeof(word));
	if (err < 0 && err != -EMSGSIZE)
		return xn_xs_passes(err) ? err : 0;
	online = !strcmp(word, "online");
	if (!online && strcmp(word, "offline")) {
		word_refuse(a, dir);
		return 0;
	}
	if (online != a->off[vcpu])
		return 0;
	err = a->set(a, vcpu, online);
	if (err)
		set_report(a, vcpu, online, err);
	else
		a->off[vcpu] = !online;
	return err;
}

/* One that fails does not keep the others from what is wanted of them. */
static int vcpus_apply(struct xn_availability *a, char *names)
{
	int len = xn_xs_list(a->xs, XN_XS_NOTXN, "cpu", "", names,
			     XN_PAGE_SIZE);
	bool again = false;
	uint64_t vcpu = 0;
	int err, last = 0;

	if (len < 0)
		return len;
	for (; !xn_xs_next_id(names, len, vcpu, &vcpu); vcpu++) {
		if (vcpu >= a->nr_vcpus) {
			vcpu_refuse(a, vcpu);
			break;
		}
		err = vcpu_apply(a, vcpu);
		again |= xn_xs_passes(err);
		if (err)
			last = err;
	}
	return again ? -EAGAIN : last;
}

void xn_availability_apply(struct xn_availability *a)
{
	char *names = xn_os_page_alloc();
	int err = names ? vcpus_apply(a, names) : -ENOMEM;

	xn_os_page_free(names);
	if (xn_xs_passes(err))
		xn_xs_watch_again(a->xs, &a->watch);
	else if (!err)
		a->warned_set = false;
}

static void availability_changed(struct xn_xs_watch *w)
{
	struct xn_availability *a = xn_container_of(w, struct xn_availability,
						    watch);

	a->changed(a);
}

int xn_availability_init(struct xn_availability *a, struct xn_guest *guest)
{
	int err = xn_path_join(a->watch.path, "cpu", "");

	a->xs = &guest->xs;
	a->nr_vcpus = guest->evtchn.vcpus->nr;
	a->watch.fn = availability_changed;
	if (!err)
		err = xn_xs_watch(a->xs, &a->watch);
	if (err)
		xn_availability_fini(a);
	return err;
}

void xn_availability_fini(struct xn_availability *a)
{
	xn_xs_unwatch(a->xs, &a->watch);
}
