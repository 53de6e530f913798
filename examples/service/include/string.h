/* SPDX-License-Identifier: MIT */
/* lwIP includes this header. */
#ifndef STRING_H
#define STRING_H

#include <xn_os_layer.h>

/* examples/service/string.c */
int strncmp(const char *a, const char *b, size_t n);
char *strchr(const char *s, int c);
char *strstr(const char *s, const char *part);

#endif /* STRING_H */
