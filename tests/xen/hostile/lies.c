// SPDX-License-Identifier: MIT
/* Lies about states and nodes (xen-public/io/xenbus.h), for every device. */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "backend.h"

static void ms(unsigned int n)
{
	usleep(n * 1000);
}

void vanishes(struct be *b)
{
	vanish(b);
	told(b);
}

/* Connected, before the frontend has published anything. */
void early_connected(struct be *b)
{
	put_state(b, XenbusStateConnected);
	told(b);
}

void states_in_disorder(struct be *b)
{
	static const unsigned int states[] = {
		3, 1, 7, 8, 2, 6, 4, 5, 0, 4, 1, 6, 2, 4, 8, 5, 3, 6, 0, 2,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		put_state(b, states[i]);
		ms(i % 3 * 20);
	}
	b->deaf = true;
	told(b);
}

void states_of_nonsense(struct be *b)
{
	static const char *const states[] = {
		"", "abc", "-1", "4x", "99999999999999999999", "9", "0x4",
		" 4", "4 ", "\n", "\xff\xfe", "04",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		put_back(b, "state", states[i]);
		ms(20);
	}
	told(b);
}

/* InitWait while the frontend is busy, with the rings still mapped. */
void back_to_waiting(struct be *b)
{
	ms(100);
	b->deaf = true;
	put_state(b, XenbusStateInitWait);
	told(b);
}

void open_and_close(struct be *b)
{
	static const unsigned int states[] = { 5, 6, 2 };

	if (b->ticks > 60)
		return;
	b->deaf = true;
	put_state(b, states[b->ticks % 3]);
	if (b->ticks == 60)
		told(b);
}

void closed_but_mapped(struct be *b)
{
	b->deaf = true;
	put_state(b, XenbusStateClosed);
	told(b);
}

void closing_without_end(struct be *b)
{
	b->deaf = true;
	put_state(b, XenbusStateClosing);
	told(b);
}

void port_closed(struct be *b)
{
	xenevtchn_unbind(b->evt, b->port);
	b->port = -1;
	told(b);
}

void events_only(struct be *b)
{
	b->deaf = true;
	storm(b, 1500);
	told(b);
}

/* Watch events as fast as xenstored can, without a change. */
void watch_flood(struct be *b)
{
	unsigned int i;

	for (i = 0; i < 1000; i++)
		put_state(b, XenbusStateConnected);
	told(b);
}

void front_state_removed(struct be *b)
{
	put_front(b, "state", NULL);
	told(b);
}

/* The old rings and ports go while the new ones come; with two devices at once,
 * Xen gives one device the ports that the other has just closed.
 */
void restarts(struct be *b)
{
	if (b->is_told || b->ticks < 8)
		return;
	if (b->rounds < 12)
		begin_again(b);
	else
		told(b);
}

void once(struct be *b)
{
	if (!b->is_told)
		told(b);
}

void dies(struct be *b)
{
	b->deaf = true;
	xenevtchn_unbind(b->evt, b->port);
	b->port = -1;
	put_back(b, "", NULL);
	told(b);
}

void storms(struct be *b)
{
	if (b->is_told)
		return;
	storm(b, 1500);
	told(b);
}

void at_once(struct be *b)
{
	told(b);
}

/* Have the frontend read its rings again. */
void poke(struct be *b)
{
	notify(b);
}

void tell_and_wait(struct be *b)
{
	put_state(b, XenbusStateInitWait);
	told(b);
}

#define TEN		"0123456789"
#define HUNDRED		TEN TEN TEN TEN TEN TEN TEN TEN TEN TEN
#define THOUSAND	HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED \
			HUNDRED HUNDRED HUNDRED HUNDRED HUNDRED

const struct node long_nodes[] = {
	{ "feature-persistent", THOUSAND THOUSAND THOUSAND },
	{ "feature-sg", THOUSAND THOUSAND THOUSAND },
	{ "physical-device", THOUSAND THOUSAND THOUSAND },
	{ "versions", THOUSAND THOUSAND THOUSAND },
	{ NULL, NULL },
};

/* ---- the toolstack ---- */

static void control_path(struct be *b, const char *node, char path[64])
{
	snprintf(path, 64, "/local/domain/%u/control/%s", b->domid, node);
}

static bool control_is(struct be *b, const char *node, const char *value)
{
	char path[64], *text;
	unsigned int len;
	bool is;

	control_path(b, node, path);
	text = xs_read(b->xs, XBT_NULL, path, &len);
	is = text && !strcmp(text, value);
	free(text);
	return is;
}

/* As xl shutdown does, if the guest has announced that it supports this. */
static void ask_for_poweroff(struct be *b)
{
	char path[64];

	if (!control_is(b, "feature-poweroff", "1"))
		return;
	control_path(b, "shutdown", path);
	xs_write(b->xs, XBT_NULL, path, "poweroff", strlen("poweroff"));
}

static bool poweroff_unheard(struct be *b)
{
	return control_is(b, "shutdown", "poweroff");
}

void closes(struct be *b)
{
	b->deaf = true;
	put_state(b, XenbusStateClosing);
	ask_for_poweroff(b);
}

void until_closed(struct be *b)
{
	if (b->is_told || get_front(b, "state") != XenbusStateClosed)
		return;
	if (poweroff_unheard(b))
		b->saw = "a device that waited for its backend held up xl shutdown";
	told(b);
}
