/* SPDX-License-Identifier: GPL-2.0 OR MIT */
/* A 9P request is put together with its client. */
#ifndef XENION_COMPAT_9P_CLIENT_H
#define XENION_COMPAT_9P_CLIENT_H

#include_next <net/9p/client.h>

#include <xnl_have.h>

#if !XNL_HAVE_P9_REQ_PUT_CLIENT
#define p9_req_put(_client, _req) p9_req_put(_req)
#endif

#endif /* XENION_COMPAT_9P_CLIENT_H */
