// SPDX-License-Identifier: MIT
/*
 * Loads a module while one allocation of the kernel fails:
 *
 *	failnth N MODULE.ko [OPTIONS]
 *
 * The N-th allocation fails, counted from the system call on
 * (Documentation/fault-injection/fault-injection.rst of Linux, fail-nth).
 * Prints "fault" or, if the call made fewer than N, "none"; the number that it
 * made; and "loaded" or why not. For tests/xen/linux/faults.sh.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char fail_nth[] = "/proc/self/fail-nth";

/* Returns: what is left of N; 0: an allocation has failed. */
static long left(int fd)
{
	char text[32] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) <= 0)
		return -1;
	return atol(text);
}

int main(int argc, char **argv)
{
	const char *options = argc > 3 ? argv[3] : "";
	int module, nth, err;
	long rest;

	if (argc < 3) {
		fprintf(stderr, "usage: failnth N MODULE.ko [OPTIONS]\n");
		return 2;
	}
	module = open(argv[2], O_RDONLY | O_CLOEXEC);
	nth = open(fail_nth, O_RDWR);
	if (module < 0 || nth < 0) {
		perror(module < 0 ? argv[2] : fail_nth);
		return 2;
	}
	if (write(nth, argv[1], strlen(argv[1])) < 0) {
		perror(fail_nth);
		return 2;
	}
	err = syscall(SYS_finit_module, module, options, 0) ? errno : 0;
	rest = left(nth);
	if (rest && write(nth, "0", 1) < 0)
		perror(fail_nth);
	printf("%s %ld %s\n", rest ? "none" : "fault", atol(argv[1]) - rest,
	       err ? strerror(err) : "loaded");
	return 0;
}
