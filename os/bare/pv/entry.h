/* SPDX-License-Identifier: MIT */
/* What os/bare/pv/entry.S, arch.c and tests use of each other. */
#ifndef BARE_PV_ENTRY_H
#define BARE_PV_ENTRY_H

/* The failsafe callback's number, which no exception has. */
#define BARE_VECTOR_FAILSAFE	256

#ifndef __ASSEMBLY__

/* arch.c: the guest's memory */
extern struct xn_pv bare_pv;

/* entry.S: code that Xen enters */
extern char bare_stubs[];
void bare_upcall_entry(void);
void bare_failsafe_entry(void);

#endif

#endif /* BARE_PV_ENTRY_H */
