// SPDX-License-Identifier: MIT
/*
 * The kernel's command line: the words that a stock kernel without Xen support
 * needs in a Xen guest, then the user's words. The user's come last, because
 * everything after "--" is for init. Called by main.c.
 */
#include "shim.h"

struct line {
	char *text;
	size_t len, max;	/* without the NUL; len > max: too long */
};

static void cmdline_put(struct line *l, char c)
{
	if (l->len < l->max)
		l->text[l->len] = c;
	l->len++;
}

static void put_word(struct line *l, const char *word)
{
	if (l->len)
		cmdline_put(l, ' ');
	while (*word)
		cmdline_put(l, *word++);
}

static void put_number(struct line *l, uint32_t v)
{
	if (v >= 10)
		put_number(l, v / 10);
	cmdline_put(l, '0' + v % 10);
}

/* Linux treats '-' and '_' in a name alike. */
static char cmdline_fold(char c)
{
	return c == '-' ? '_' : c;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static bool starts_with(const char *word, const char *end, const char *name)
{
	while (*name && word < end &&
	       cmdline_fold(*word) == cmdline_fold(*name)) {
		word++;
		name++;
	}
	return !*name && (word == end || *word == '=');
}

/* Spaces may be quoted. */
bool cmdline_given(const char *line, const char *name)
{
	const char *word, *c = line;

	for (;;) {
		bool quoted = false;

		while (is_space(*c))
			c++;
		word = c;
		if (*word == '"')
			word++;
		for (; *c && (quoted || !is_space(*c)); c++)
			if (*c == '"')
				quoted = !quoted;
		if (c == word || (c - word == 2 && !memcmp(word, "--", 2)))
			return false;
		if (starts_with(word, c, name))
			return true;
	}
}

int cmdline_build(char *out, size_t out_size, uint32_t limit, const char *user,
		  uint32_t tsc_khz, bool x2apic, unsigned int nr_cpus)
{
	struct line l = {
		.text = out,
		.max = limit < out_size - 1 ? limit : out_size - 1,
	};

	/* Keep the kernel from looking for Xen: our modules drive it. */
	if (!cmdline_given(user, "nopv"))
		put_word(&l, "nopv");
	/* There is no PIT, HPET or PM timer to measure the TSC against. */
	if (!cmdline_given(user, "tsc_early_khz") && tsc_khz) {
		put_word(&l, "tsc_early_khz=");
		put_number(&l, tsc_khz);
	}
	/* Otherwise the kernel distrusts the TSCs of several vCPUs (AMD). */
	if (!cmdline_given(user, "tsc"))
		put_word(&l, "tsc=reliable");
	/* There is none, and unless told so Linux leaves x2APIC to look for it. */
	if (x2apic && !cmdline_given(user, "noapic"))
		put_word(&l, "noapic");
	/* The others wait until the toolstack wants them. */
	if (nr_cpus && !cmdline_given(user, "maxcpus")) {
		put_word(&l, "maxcpus=");
		put_number(&l, nr_cpus);
	}
	/* No keyboard controller, no firmware: only a triple fault resets. */
	if (!cmdline_given(user, "reboot"))
		put_word(&l, "reboot=t");
	/* The only console that works from the first line on. */
	if (!cmdline_given(user, "earlyprintk"))
		put_word(&l, "earlyprintk=xen,keep");
	if (*user)
		put_word(&l, user);

	if (l.len > l.max) {
		xn_os_log(XN_ERR, "the command line has %llu characters, with those that the guest needs: this kernel takes at most %llu",
			  (unsigned long long)l.len, (unsigned long long)l.max);
		return -E2BIG;
	}
	out[l.len] = '\0';
	return 0;
}
