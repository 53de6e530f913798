# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# What this kernel has of what the modules use, found out by compiling each of
# probe/*.c with the flags of its own build. Stable kernels take over interfaces of
# newer ones, so that a version number would not tell. Read by the Kbuild at the
# top, and by those of tests. Before, set
#
#   xnl-compat    this folder
#   xnl-have      a folder to be made, for the header with the result
#
# Objects with sources that include it, directly or not, need $(xnl-have-header).

xnl-have-header := $(xnl-have)/xnl_have.h

# A probe sees Linux's headers, objects see ours before them.
xnl-nostdinc := $(NOSTDINC_FLAGS)
NOSTDINC_FLAGS := -I$(xnl-compat)/include -I$(xnl-have) $(xnl-nostdinc)

xnl-probe-flags = $(xnl-nostdinc) $(LINUXINCLUDE) \
	-include $(srctree)/include/linux/compiler_types.h \
	$(KBUILD_CPPFLAGS) $(KBUILD_CFLAGS) \
	$(if $(filter y,$(CONFIG_XENION)),$(KBUILD_CFLAGS_KERNEL),$(KBUILD_CFLAGS_MODULE))

# Where exported symbols are listed: of a kernel that is not built yet, its source.
# Built in, all of the kernel's can be used.
xnl-symbols = $(if $(filter y,$(CONFIG_XENION)),all,$(if \
	$(KBUILD_EXTMOD),$(objtree)/Module.symvers,$(srctree)))

# The kernel is in the command, so that another one's result is not taken for it.
quiet_cmd_xnl_probe = PROBE   $@
      cmd_xnl_probe = KERNEL='$(KERNELRELEASE) $(abspath $(objtree))' \
	sh $(xnl-compat)/probe.sh $@ $(xnl-compat)/probe $(xnl-symbols) \
	$(CC) $(xnl-probe-flags)

$(xnl-have-header): $(xnl-compat)/probe.sh $(wildcard $(xnl-compat)/probe/*) \
		$(objtree)/include/generated/autoconf.h \
		$(objtree)/include/generated/utsrelease.h FORCE
	$(call if_changed,xnl_probe)

targets += $(patsubst $(obj)/%,%,$(xnl-have-header))
