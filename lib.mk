# SPDX-License-Identifier: MIT
#
# The library for one OS layer, its manual pages and its installation: make lib,
# make doc, make install, make uninstall (see Makefile). It needs a compiler and
# libxen-dev, not root; the manual pages need kernel-doc.
#
#   LAYER=DIR        the OS layer: DIR/include/xn_os_layer.h goes into every object;
#                    default os/bare
#   LAYER_INCLUDE=   more folders of headers, if that one needs them
#   CC=, AR=         the tools of the machine that the library is for
#   CFLAGS=          default -O2 -g; they come last
#   XEN_INCLUDE=DIR  the public Xen headers, default /usr/include/xen
#   KERNEL_DOC=      the kernel's script of that name, default Debian's
#                    (linux-kbuild-*); without it, no manual pages
#   O=DIR            where to build, default build/lib
#   DESTDIR=, PREFIX=, LIBDIR=   where to install, as everywhere
#
# Each source of the core becomes one member of the archive, by wildcard: a new
# file joins by itself, and a user links only what it calls.

TOP := $(patsubst %/,%,$(dir $(abspath $(lastword $(MAKEFILE_LIST)))))
O := $(TOP)/build/lib
VERSION := $(shell sed -n 's/^\#define XN_VERSION\t*"\(.*\)"/\1/p' \
	$(TOP)/include/xenion/version.h)
# What is installed is what was built, unless other words come with it.
ifeq ($(MAKECMDGOALS),install)
-include $(O)/built.mk
endif
LAYER ?= $(TOP)/os/bare
XEN_INCLUDE ?= /usr/include/xen
PREFIX ?= /usr/local
LIBDIR ?= $(PREFIX)/lib

ifeq ($(origin CC),default)
CC := $(or $(BUILT_CC),gcc)
endif
CFLAGS ?= -O2 -g

layer := $(abspath $(LAYER))
# The reference kernel is two OS layers, the other one being os/bare/pv.
ifeq ($(layer),$(TOP)/os/bare)
LAYER_INCLUDE ?= $(TOP)/os/bare/hvm
endif
layer_includes := $(layer)/include $(abspath $(LAYER_INCLUDE))
lib := $(O)/libxenion.a
rooms := hypercall boot mmu events grant time xenbus frontends \
	frontends/blk frontends/net frontends/console frontends/9p
sources := $(wildcard $(foreach d,$(rooms),$(addprefix $(TOP)/$d/, \
	*.c *.S x86/*.c x86/*.S)))
# An archive has no folders: grant/table.c and events/table.c are two members.
member = $(O)/obj/$(subst /,-,$(basename $(1:$(TOP)/%=%))).o
objects := $(foreach s,$(sources),$(call member,$s))

# Four sections and no more, so that a plain linker script (*(.text), *(.bss))
# gets all of them. Who wants to drop what is not called says so in CFLAGS.
plain_sections := -fno-reorder-functions -fno-reorder-blocks-and-partition \
	-fno-merge-constants

# The users' too, as they and we are one program. No floating point, for nobody
# saves its registers; no red zone, for upcalls use the same stack.
abi_flags := -std=gnu11 -ffreestanding -mgeneral-regs-only -mno-red-zone \
	-fno-pic -fno-pie -fno-stack-protector -fcf-protection=none \
	-fno-delete-null-pointer-checks
own_flags = $(abi_flags) -nostdinc -isystem $(gcc_include) \
	$(addprefix -I,$(layer_includes) $(TOP)/include $(O)/include) \
	-Wall -Wextra -Wno-unused-parameter \
	-fno-asynchronous-unwind-tables $(plain_sections) \
	-ffile-prefix-map=$(TOP)/= $(CFLAGS)
gcc_include = $(shell $(CC) -print-file-name=include)

.PHONY: lib
lib: $(lib)

# What has to be there; then the way to <xen-public/...>.
.PHONY: needs
needs:
	@command -v $(firstword $(CC)) >/dev/null || { \
		echo "no compiler '$(firstword $(CC))': install gcc, or say with CC= which" >&2; exit 2; }
	@[ -f "$(layer)/include/xn_os_layer.h" ] || { \
		echo "no OS layer at $(LAYER): LAYER is a folder with include/xn_os_layer.h (docs/porting.md)" >&2; exit 2; }
	@[ -f "$(XEN_INCLUDE)/xen.h" ] || { \
		echo "no public Xen headers at $(XEN_INCLUDE): install libxen-dev, or say with XEN_INCLUDE= where" >&2; exit 2; }
	@mkdir -p $(O)/include $(O)/obj
	@ln -sfn $(abspath $(XEN_INCLUDE)) $(O)/include/xen-public

# A file that is as old as its lines: what depends on it follows a change of
# flags, layer or list of sources.
define remembers
$(O)/$1: needs
	@printf '%s\n' $2 | cmp -s - $$@ || printf '%s\n' $2 >$$@
endef
$(eval $(call remembers,flags,'$$(CC) $$(own_flags)' $$(abspath $$(XEN_INCLUDE))))
$(eval $(call remembers,members,$$(objects)))
$(eval $(call remembers,built.mk,'LAYER ?= $$(layer)' \
	'LAYER_INCLUDE ?= $$(abspath $$(LAYER_INCLUDE))' 'BUILT_CC := $$(CC)' \
	'CFLAGS ?= $$(CFLAGS)' 'XEN_INCLUDE ?= $$(abspath $$(XEN_INCLUDE))'))

define compiles
$(call member,$1): $1 $(O)/flags $(TOP)/lib.mk
	@echo "  CC      $(1:$(TOP)/%=%)"
	@$$(CC) $$(own_flags) -MMD -MP -c -o $$@ $$<
endef
$(foreach s,$(sources),$(eval $(call compiles,$s)))

$(lib): $(objects) $(O)/members $(O)/built.mk
	@echo "  AR      $@"
	@rm -f $@
	@$(AR) rcs $@ $(objects)

# A manual page for each public function, from the kernel-doc in the headers.
KERNEL_DOC ?= $(lastword $(wildcard /usr/lib/linux-kbuild-*/scripts/kernel-doc))
headers := $(wildcard $(TOP)/include/xenion/*.h $(TOP)/include/xenion/*/*.h)
man := $(O)/man/man9

.PHONY: doc
doc: $(man)/.made
	@[ -n "$(KERNEL_DOC)" ] || { \
		echo "no kernel-doc: install linux-kbuild-6.1, or say with KERNEL_DOC= where" >&2; exit 2; }
	@echo "$$(ls $(man) | wc -l) manual pages in $(O)/man: man -M $(O)/man xn_gnttab_alloc"

$(man)/.made: $(headers) $(TOP)/tools/man.awk $(TOP)/lib.mk
	@rm -rf $(@D) && mkdir -p $(@D)
	@[ -z "$(KERNEL_DOC)" ] || for f in $(headers:$(TOP)/include/%=%); do \
		$(KERNEL_DOC) -man $(TOP)/include/$$f 2>$(O)/kernel-doc.log | \
			awk -v folder=$(@D) -v header=$$f -v version=$(VERSION) \
				-f $(TOP)/tools/man.awk || exit 1; \
	done
	@touch $@

# What the OS layer and the machine decide is in lib/, as others' config.h: of the
# layer what lies in its folder, for other headers of its kernel's are not ours. There
# are also the ways to <xenion/...> and <xen-public/...>, so that a user has one
# folder to look in, and no other library's headers.
to := $(DESTDIR)$(PREFIX)
to_lib := $(DESTDIR)$(LIBDIR)
put := install -m 644
docs := README.md docs/porting.md

.PHONY: install
install: $(lib) $(man)/.made
	@install -d $(to)/include/xenion/x86 $(to)/share/doc/xenion \
		$(to_lib)/pkgconfig $(to_lib)/xenion/include
	@$(put) $(TOP)/include/xenion/*.h $(to)/include/xenion
	@$(put) $(TOP)/include/xenion/x86/*.h $(to)/include/xenion/x86
	@echo '#include <xenion/os.h>' | $(CC) $(own_flags) -x c -M - | \
		tr -s ' \\' '\n' | while read -r f; do \
		for d in $(filter $(layer)/%,$(layer_includes)); do \
			[ "$${f#$$d/}" = "$$f" ] || $(put) -D "$$f" \
				"$(to_lib)/xenion/include/$${f#$$d/}" || exit 1; \
		done; \
	done
	@ln -sfn $(abspath $(XEN_INCLUDE)) $(to_lib)/xenion/include/xen-public
	@ln -sfnr $(to)/include/xenion $(to_lib)/xenion/include/xenion
	@$(put) $(lib) $(to_lib)
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LAYER@|$(notdir $(layer))|' \
		-e 's|@LIBDIR@|$(LIBDIR:$(PREFIX)/%=$${prefix}/%)|' \
		-e 's|@VERSION@|$(VERSION)|' -e 's|@ABI_FLAGS@|$(abi_flags)|' \
		$(TOP)/tools/xenion.pc.in >$(to_lib)/pkgconfig/xenion.pc
	@$(put) $(addprefix $(TOP)/,$(docs)) $(to)/share/doc/xenion
	@[ -z "$(KERNEL_DOC)" ] || { install -d $(to)/share/man/man9 && \
		$(put) $(man)/*.9 $(to)/share/man/man9; }
	@[ -n "$(KERNEL_DOC)" ] || echo "no manual pages: there is no kernel-doc (KERNEL_DOC=)"
	@$(put) $(TOP)/LICENSES/MIT $(to)/share/doc/xenion/LICENSE
	@echo "installed in $(to): libxenion.a $(VERSION), OS layer $(notdir $(layer))"

.PHONY: uninstall
uninstall:
	@rm -rf $(to)/include/xenion $(to)/share/doc/xenion $(to_lib)/xenion
	@rm -f $(to)/share/man/man9/xn_*.9
	@rm -f $(to_lib)/libxenion.a $(to_lib)/pkgconfig/xenion.pc

-include $(objects:.o=.d)
