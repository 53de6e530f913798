// SPDX-License-Identifier: MIT
/*
 * Strict conversion between the text that xenstore holds, which any domain may
 * have written, and numbers, addresses and paths.
 *
 * docs/misc/xenstore.txt of Xen specifies which characters a path may have.
 * Called by the rest of the room and by the frontends. No locks, no I/O.
 */
#include "xs.h"

int xn_parse_uint(const char *s, uint32_t len, uint64_t max, uint64_t *val)
{
	uint64_t sum = 0;
	bool above = false;
	uint32_t i;

	if (!len)
		return -EINVAL;
	for (i = 0; i < len; i++) {
		uint64_t digit = (uint64_t)s[i] - '0';

		if (s[i] < '0' || s[i] > '9')
			return -EINVAL;
		if (digit > max || sum > (max - digit) / 10)
			above = true;
		sum = sum * 10 + digit;
	}
	if (above)
		return -ERANGE;
	*val = sum;
	return 0;
}

uint32_t xn_xs_transaction_id(const char *s, uint32_t len)
{
	uint64_t id;

	if (len && !s[len - 1])
		len--;
	return xn_parse_uint(s, len, ~0u, &id) ? 0 : id;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -EINVAL;
}

int xn_parse_mac(const char *s, uint32_t len, uint8_t mac[6])
{
	uint8_t out[6], any = 0;
	unsigned int i;

	if (len != 6 * 3 - 1)
		return -EINVAL;
	for (i = 0; i < 6; i++, s += 3) {
		int high = hex_digit(s[0]), low = hex_digit(s[1]);

		if (high < 0 || low < 0 || (i < 5 && s[2] != ':'))
			return -EINVAL;
		out[i] = high << 4 | low;
		any |= out[i];
	}
	if (!any || out[0] & 1)
		return -EINVAL;
	memcpy(mac, out, sizeof(out));
	return 0;
}

unsigned int xn_format_uint(char *buf, uint64_t val)
{
	unsigned int digits = 1, i;
	uint64_t rest;

	for (rest = val; rest >= 10; rest /= 10)
		digits++;
	for (i = digits; i-- > 0; val /= 10)
		buf[i] = '0' + val % 10;
	buf[digits] = '\0';
	return digits;
}

int xn_path_join(char *buf, const char *dir, const char *node)
{
	size_t dir_len = strlen(dir), node_len = strlen(node);
	size_t slash = node_len ? 1 : 0;

	/* Checked one by one, so that the sum cannot overflow. */
	if (dir_len >= XN_XS_PATH_MAX || node_len >= XN_XS_PATH_MAX ||
	    dir_len + slash + node_len >= XN_XS_PATH_MAX) {
		buf[0] = '\0';
		return -ENAMETOOLONG;
	}
	if (buf != dir)
		memcpy(buf, dir, dir_len);
	if (slash)
		buf[dir_len] = '/';
	memcpy(buf + dir_len + slash, node, node_len + 1);
	return 0;
}

static bool name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '@';
}

/* Is it a valid node name, or with @slashes a path without empty parts? */
bool xn_xs_name_ok(const char *s, uint32_t len, bool slashes)
{
	uint32_t i;

	if (!len || s[len - 1] == '/')
		return false;
	for (i = 0; i < len; i++) {
		if (name_char(s[i]))
			continue;
		if (!slashes || s[i] != '/' || s[i + 1] == '/')
			return false;
	}
	return true;
}
