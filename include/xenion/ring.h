/* SPDX-License-Identifier: MIT */
/*
 * The shared rings of xen-public/io/ring.h, with the barriers that it expects
 * from its includer. For the frontends, not for OS layers.
 */
#ifndef XENION_RING_H
#define XENION_RING_H

#include <xenion/os.h>

#define xen_mb()	xn_mb()
#define xen_rmb()	xn_rmb()
#define xen_wmb()	xn_wmb()

#include <xen-public/io/ring.h>

/*
 * As in ring.h, but that header's "ring[1]" is an array of one to a compiler that
 * takes it at its word (-fstrict-flex-arrays): here the ring begins where it does,
 * and is as long as the front half says.
 */
#define XN_RING_ENTRY(_r, _idx)						\
	((__typeof__(&(_r)->sring->ring[0]))				\
	 ((uint8_t *)(_r)->sring +					\
	  __builtin_offsetof(__typeof__(*(_r)->sring), ring)) +		\
	 ((_idx) & (RING_SIZE(_r) - 1)))

#undef RING_GET_REQUEST
#define RING_GET_REQUEST(_r, _idx)	(&XN_RING_ENTRY(_r, _idx)->req)

#undef RING_GET_RESPONSE
#define RING_GET_RESPONSE(_r, _idx)	(&XN_RING_ENTRY(_r, _idx)->rsp)

/*
 * As in ring.h, but with a single access to each index that the other side may
 * read or write at the same time.
 */
#undef RING_PUSH_REQUESTS_AND_CHECK_NOTIFY
#define RING_PUSH_REQUESTS_AND_CHECK_NOTIFY(_r, _notify) do {		\
	RING_IDX __old = XN_READ_ONCE((_r)->sring->req_prod);		\
	RING_IDX __new = (_r)->req_prod_pvt;				\
									\
	xen_wmb();							\
	XN_WRITE_ONCE((_r)->sring->req_prod, __new);			\
	xen_mb();							\
	(_notify) = (RING_IDX)(__new -					\
		     XN_READ_ONCE((_r)->sring->req_event)) <		\
		    (RING_IDX)(__new - __old);				\
} while (0)

#undef RING_FINAL_CHECK_FOR_RESPONSES
#define RING_FINAL_CHECK_FOR_RESPONSES(_r, _work_to_do) do {		\
	(_work_to_do) = XN_READ_ONCE((_r)->sring->rsp_prod) !=		\
			(_r)->rsp_cons;					\
	if (_work_to_do)						\
		break;							\
	XN_WRITE_ONCE((_r)->sring->rsp_event, (_r)->rsp_cons + 1);	\
	xen_mb();							\
	(_work_to_do) = XN_READ_ONCE((_r)->sring->rsp_prod) !=		\
			(_r)->rsp_cons;					\
} while (0)

#endif /* XENION_RING_H */
