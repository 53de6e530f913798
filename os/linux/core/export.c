// SPDX-License-Identifier: GPL-2.0 OR MIT
/*
 * What xenion.ko exports of the core: the public functions that frontends
 * call. The core itself knows nothing of modules.
 */
#include <linux/export.h>

#include <xenion/boot.h>
#include <xenion/guest.h>
#include "../../../frontends/frontend.h"
#include "xnl.h"

/* xnl.h */
EXPORT_SYMBOL_GPL(xnl_hv);
EXPORT_SYMBOL_GPL(xnl_vcpus);

/* os.h */
EXPORT_PER_CPU_SYMBOL_GPL(xnl_stats);
EXPORT_SYMBOL_GPL(xnl_work_run);
EXPORT_SYMBOL_GPL(xnl_wq);
EXPORT_SYMBOL_GPL(xn_os_page_alloc);
EXPORT_SYMBOL_GPL(xn_os_page_free);
EXPORT_SYMBOL_GPL(xn_os_gfn);
EXPORT_SYMBOL_GPL(xnl_page_put);
EXPORT_SYMBOL_GPL(xn_os_map);
EXPORT_SYMBOL_GPL(xn_os_unmap);
EXPORT_SYMBOL_GPL(xn_os_now);
EXPORT_SYMBOL_GPL(xn_os_cpu_count);
EXPORT_SYMBOL_GPL(xn_os_cpu);
EXPORT_SYMBOL_GPL(xn_os_log);

/* hypercall.h */
EXPORT_SYMBOL_GPL(xn_hypercall_insn);
EXPORT_SYMBOL_GPL(xn_hypercall_other);
EXPORT_SYMBOL_GPL(xn_errno);

/* mmu.h */
EXPORT_SYMBOL_GPL(xn_frame_ops);

/* boot.h */
EXPORT_SYMBOL_GPL(xn_hvm_console);
EXPORT_SYMBOL_GPL(xn_hv_vcpu_id);

/* events.h */
EXPORT_SYMBOL_GPL(xn_evtchn_hold);
EXPORT_SYMBOL_GPL(xn_evtchn_release);
EXPORT_SYMBOL_GPL(xn_backoff_open);
EXPORT_SYMBOL_GPL(xn_backoff_close);
EXPORT_SYMBOL_GPL(xn_backoff_event);
EXPORT_SYMBOL_GPL(xn_backoff_end);

/* grant.h */
EXPORT_SYMBOL_GPL(xn_gnttab_alloc);
EXPORT_SYMBOL_GPL(xn_gnttab_alloc_spare);
EXPORT_SYMBOL_GPL(xn_gnttab_get);
EXPORT_SYMBOL_GPL(xn_gnttab_size);
EXPORT_SYMBOL_GPL(xn_gnttab_unused);
EXPORT_SYMBOL_GPL(xn_gnttab_reserve);
EXPORT_SYMBOL_GPL(xn_gnttab_shrinker_add);
EXPORT_SYMBOL_GPL(xn_gnttab_shrinker_remove);
EXPORT_SYMBOL_GPL(xn_gnttab_shrink);
EXPORT_SYMBOL_GPL(xn_gnttab_in_use);
EXPORT_SYMBOL_GPL(xn_gnttab_wait);
EXPORT_SYMBOL_GPL(xn_gnttab_wait_cancel);
EXPORT_SYMBOL_GPL(xn_gnttab_free);
EXPORT_SYMBOL_GPL(xn_gnttab_grant);
EXPORT_SYMBOL_GPL(xn_gnttab_end);
EXPORT_SYMBOL_GPL(xn_gnttab_grant_page);
EXPORT_SYMBOL_GPL(xn_gnttab_end_page);
EXPORT_SYMBOL_GPL(xn_gntmap_init);
EXPORT_SYMBOL_GPL(xn_gntmap_fini);
EXPORT_SYMBOL_GPL(xn_gntmap_resume);
EXPORT_SYMBOL_GPL(xn_gntmap_map);
EXPORT_SYMBOL_GPL(xn_gntmap_unmap);
EXPORT_SYMBOL_GPL(xn_gntcopy_from);
EXPORT_SYMBOL_GPL(xn_gntcopy_to);
EXPORT_SYMBOL_GPL(xn_gnttab_copy);

/* xenbus.h */
EXPORT_SYMBOL_GPL(xn_xs_read);
EXPORT_SYMBOL_GPL(xn_xs_read_uint);
EXPORT_SYMBOL_GPL(xn_xs_feature);
EXPORT_SYMBOL_GPL(xn_xs_passes);
EXPORT_SYMBOL_GPL(xn_xs_write);
EXPORT_SYMBOL_GPL(xn_xs_write_uint);
EXPORT_SYMBOL_GPL(xn_xs_rm);
EXPORT_SYMBOL_GPL(xn_xs_list);
EXPORT_SYMBOL_GPL(xn_xs_transact);
EXPORT_SYMBOL_GPL(xn_xs_request);
EXPORT_SYMBOL_GPL(xn_xs_path_ok);
EXPORT_SYMBOL_GPL(xn_xs_watch);
EXPORT_SYMBOL_GPL(xn_xs_unwatch);
EXPORT_SYMBOL_GPL(xn_xs_watch_again);
EXPORT_SYMBOL_GPL(xn_parse_uint);
EXPORT_SYMBOL_GPL(xn_parse_mac);
EXPORT_SYMBOL_GPL(xn_format_uint);
EXPORT_SYMBOL_GPL(xn_path_join);
EXPORT_SYMBOL_GPL(xn_device_start);
EXPORT_SYMBOL_GPL(xn_device_stop);
EXPORT_SYMBOL_GPL(xn_device_switch);
EXPORT_SYMBOL_GPL(xn_device_fail);
EXPORT_SYMBOL_GPL(xn_device_publish);
EXPORT_SYMBOL_GPL(xn_device_fail_node);
EXPORT_SYMBOL_GPL(xn_device_refuse);
EXPORT_SYMBOL_GPL(xn_device_again);
EXPORT_SYMBOL_GPL(xn_device_await_refs);
EXPORT_SYMBOL_GPL(xn_device_exists);

/* frontends/frontend.h */
EXPORT_SYMBOL_GPL(xn_frontend_init);
EXPORT_SYMBOL_GPL(xn_frontend_fini);
EXPORT_SYMBOL_GPL(xn_frontend_wake);
EXPORT_SYMBOL_GPL(xn_frontend_refuse);
EXPORT_SYMBOL_GPL(xn_frontend_offers);
EXPORT_SYMBOL_GPL(xn_frontend_read_trusted);
EXPORT_SYMBOL_GPL(xn_frontend_reread);
EXPORT_SYMBOL_GPL(xn_frontend_reread_invalid);
EXPORT_SYMBOL_GPL(xn_frontend_publish_queues);
EXPORT_SYMBOL_GPL(xn_node_required);
EXPORT_SYMBOL_GPL(xn_node_optional);
EXPORT_SYMBOL_GPL(xn_node_fail);
EXPORT_SYMBOL_GPL(xn_node_numbered);
EXPORT_SYMBOL_GPL(xn_shared_page_grant);
EXPORT_SYMBOL_GPL(xn_shared_page_end);
EXPORT_SYMBOL_GPL(xn_channel_open);
EXPORT_SYMBOL_GPL(xn_channel_close);
EXPORT_SYMBOL_GPL(xn_stall_init);
EXPORT_SYMBOL_GPL(xn_stall_watch);
EXPORT_SYMBOL_GPL(xn_stall_stop);
