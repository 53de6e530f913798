/* SPDX-License-Identifier: MIT */
/* For lwIP, which asks for it by this name. */
#ifndef STDLIB_H
#define STDLIB_H

/* Only declared: nothing that is linked calls it. */
int atoi(const char *s);

#endif /* STDLIB_H */
