/* SPDX-License-Identifier: MIT */
/* lwIP includes this header. */
#ifndef STDLIB_H
#define STDLIB_H

/* Only declared: nothing that is linked calls it. */
int atoi(const char *s);

#endif /* STDLIB_H */
