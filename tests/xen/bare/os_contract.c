// SPDX-License-Identifier: MIT
/*
 * Does this kernel's OS layer keep the contract of <xenion/os.h>? The checks
 * are in tests/xen/contract.
 */
#include "contract.h"
#include "selftest.h"

static void told(bool kept, const char *promise)
{
	CHECK(kept, "%s", promise);
}

SELFTEST(port, contract, 0)
{
	xn_contract_check(&bare_guest.evtchn, 0, told);
}
