# SPDX-License-Identifier: MIT
#
# Everything that a person types. The kernel's build reads Kbuild instead.
#
#   KDIR=...          build the modules for another kernel's headers
#   XENION_CACHE=...  where downloaded packages are kept (default build/cache)

TOP := $(CURDIR)
OUT := $(TOP)/build
XENION_CACHE ?= $(OUT)/cache
export XENION_CACHE

# Set by tools/setup, hence read late: the kernel that the rig boots.
abi = $(shell cat $(XENION_CACHE)/kernel-abi 2>/dev/null)
KDIR ?= /usr/src/linux-headers-$(abi)
vmlinuz = $(XENION_CACHE)/kernel-$(abi)/boot/vmlinuz-$(abi)

# The kernel's build leaves its objects beside the sources, so it is given a
# folder of links to them.
KMOD := $(OUT)/kmod
SELFTEST := $(OUT)/selftest
CORE_DIRS := hypercall boot mmu events grant time xenbus frontends

HARNESS := tests/harness --log $(OUT)/check

.PHONY: all
all: modules shim

## Build

.PHONY: setup
setup: ## install missing Debian packages, fill the cache (apt-get, as root)
	@tools/setup run

.PHONY: modules
modules: setup $(OUT)/include/xen-public ## build the Linux modules into build/kmod
	@mkdir -p $(KMOD)
	@find $(KMOD) -xtype l -delete
	@cp -rsfT $(TOP)/Kbuild $(KMOD)/Kbuild
	@for d in $(CORE_DIRS) include os/linux; do \
		mkdir -p $(KMOD)/$$d && cp -rsfT $(TOP)/$$d $(KMOD)/$$d || exit 1; \
	done
	@[ -d "$(KDIR)" ] || { echo "no kernel headers at $(KDIR): set KDIR to a kernel's build folder" >&2; exit 2; }
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(KMOD) \
		XENION_GEN=$(OUT)/include W=1 modules

# The test module; it is not part of what users load.
.PHONY: selftest
selftest: modules
	@mkdir -p $(SELFTEST)
	@cp -rsfT $(TOP)/tests/xen/kmod $(SELFTEST)
	@$(MAKE) --no-print-directory -C $(KDIR) M=$(SELFTEST) W=1 \
		XENION_GEN=$(OUT)/include XENION_TOP=$(TOP) XENION_KMOD=$(KMOD) \
		KBUILD_EXTRA_SYMBOLS=$(KMOD)/Module.symvers modules

.PHONY: shim
shim: setup $(OUT)/include/xen-public ## build the Linux boot shim into build/boot
	@$(MAKE) --no-print-directory -C boot/shim O=$(OUT)/boot

# O=DIR: another folder than build/lib for these four, which lib.mk makes.
lib_out := $(abspath $(or $(O),$(OUT)/lib))

.PHONY: lib
lib: ## build the library for LAYER=DIR: build/lib/libxenion.a
	@$(MAKE) --no-print-directory -f lib.mk O="$(lib_out)" $@

.PHONY: install
install: ## install it, with headers and xenion.pc: PREFIX=, DESTDIR=
	@$(MAKE) --no-print-directory -f lib.mk O="$(lib_out)" $@

.PHONY: doc
doc: ## manual pages, one per public function: build/lib/man
	@tools/setup doc
	@$(MAKE) --no-print-directory -f lib.mk O="$(lib_out)" $@

.PHONY: uninstall
uninstall: ## remove that again
	@$(MAKE) --no-print-directory -f lib.mk O="$(lib_out)" $@

.PHONY: deb
deb: ## Debian packages: DKMS modules, shim, library, tests: build/deb/*.deb
	@tools/setup deb
	@tools/make-deb

# The reference kernel's programs, an image for each kind of domain.
bare = $(MAKE) --no-print-directory -C os/bare O=$(OUT)

.PHONY: guest
guest: setup $(OUT)/guest/gnt ## build the reference kernel's images into build/guest
	@$(bare) IMAGE=hello SOURCES=examples/hello/hello.c
	@$(bare) IMAGE=selftest INCLUDES="tests/xen/bare tests/xen/contract" \
		SOURCES="$(wildcard tests/xen/bare/*.c tests/xen/contract/*.c)" \
		SOURCES_pv="$(wildcard tests/xen/bare/pv/*.c)"
	@$(bare) IMAGE=tamper SOURCES=tests/xen/bare/tamper/tamper.c KINDS="pvh pv" \
		SOURCES_hvm=tests/xen/bare/tamper/pvh.c SOURCES_pv=tests/xen/bare/tamper/pv.c \
		LINK="-Wl,--wrap=xn_start_pvh -Wl,--wrap=xn_start_pv"

# dom0's half of the tests of grants.
$(OUT)/guest/gnt: tests/xen/bare/dom0/gnt.c | setup
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -static -o $@ $< \
		-lxengnttab -lxentoolcore -lxentoollog

.PHONY: service
service:
	@tools/setup example
	@$(MAKE) --no-print-directory -C examples/service O=$(OUT)

$(OUT)/include/xen-public: | setup
	@mkdir -p $(@D)
	@ln -sfn /usr/include/xen $@

## Run

.PHONY: run
run: modules shim ## boot Xen, dom0 and a paravirtualised guest; exercise it all
	@tests/xen/run

.PHONY: shell
shell: modules shim ## a console in such a guest (Ctrl-] ends it)
	@tools/rig shell --kernel $(vmlinuz) --modules $(KMOD) \
		--disk size=256M,vdev=xvda --vif bridge=xenbr0

.PHONY: example
example: service ## start a domain that serves a web page from its disk; fetch it
	@tools/rig run --image $(OUT)/guest/service-pvh.elf --no-tap --memory 2 \
		--disk file=$(OUT)/guest/page.img --vif default \
		--dom0-script examples/service/dom0.sh --dom0-tool nc.openbsd

## Test

# What uses /dev/xen in a Linux guest, and in dom0.
programs := $(OUT)/guest/programs

$(programs): $(addprefix tests/xen/linux/programs,.c .h _map.c _store.c _vchan.c) | setup
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -static -o $@ $(filter %.c,$^) \
		-lxenvchan -lxenstore -lxengnttab -lxenevtchn -lxentoollog -lxentoolcore

.PHONY: check
check: check-setup modules selftest shim guest um $(programs) ## all tests: unit tests, then the real Xen
	@tools/setup lint
	@$(HARNESS) lint='tests/tree/lint --changed' $(unit_suites) $(rig_suites) \
		$(smoke_suites) + $(guest_suite)

.PHONY: check-setup
check-setup:
	@tools/setup check

jobs := $(shell nproc)

tsan_suite = tsan='$(MAKE) -s -j$(jobs) -C tests/process/unit O=$(OUT) tsan'
model_suite = model='tests/process/model/check $(OUT)/model'
linux_suite = linux='tests/process/linux/run $(XENION_CACHE)/linux/o/linux $(OUT)/check/linux'

unit_suites = \
	layering=tests/tree/layering/layering.sh \
	advisories=tests/tree/docs/advisories \
	api=tests/tree/docs/api \
	abi=tests/tree/docs/abi \
	links=tests/tree/docs/links \
	messages=tests/tree/docs/messages \
	tour=tests/tree/docs/tour \
	lib=tests/tree/installation/check \
	into-kernel=tests/tree/installation/into-kernel \
	unit='$(MAKE) -s -j$(jobs) -C tests/process/unit O=$(OUT) check' \
	$(tsan_suite) \
	$(model_suite) \
	$(linux_suite) \
	harness=tests/rig/harness \
	options=tests/rig/options.sh \
	logs=tests/rig/logs \
	life=tests/rig/life \
	told=tests/rig/told.sh \
	wrap=tests/xen/shim/wrap \
	fuzz='tests/process/fuzz/run --time 120'

smoke_kernels = $(firstword $(kernels)) $(lastword $(kernels))
smoke_suites = $(foreach k,$(smoke_kernels),smoke-$k='tests/xen/kernels/build $k && tests/xen/kernels/guests $k --smoke')

rig_suites = \
	noxen=tests/xen/linux/noxen \
	shim=tests/xen/shim/refusals \
	porting=tests/tree/installation/boot \
	bare='tests/xen/bare/all --fast'

# A guest keeps one processor busy, so it runs beside all else.
guest_suite = guest=tests/xen/linux/all

.PHONY: check-unit
check-unit: check-setup shim um $(OUT)/include/xen-public ## tests that need no hypervisor (3 minutes)
	@$(HARNESS) $(unit_suites)

.PHONY: check-tsan
check-tsan: $(OUT)/include/xen-public ## the tests with threads, under ThreadSanitizer
	@tools/setup unit
	@$(HARNESS) $(tsan_suite)

.PHONY: check-model
check-model: ## every interleaving of the protocols' models (spin)
	@tools/setup unit
	@$(HARNESS) $(model_suite)

# A kernel that is a program, with the modules and their tests in it; kept in the
# cache, for most of it does not change.
.PHONY: um
um:
	@tools/setup linux

.PHONY: check-linux
check-linux: um ## os/linux in User-Mode Linux
	@$(HARNESS) $(linux_suite)

.PHONY: coverage
coverage: $(OUT)/include/xen-public ## what the unit tests reach: a table, build/coverage/html
	@tools/setup coverage
	@tests/process/unit/coverage $(OUT)/coverage

TIME ?= 600

.PHONY: fuzz
fuzz: check-setup ## a hostile host, made up by libFuzzer: TIME=s, TARGET=x
	@tests/process/fuzz/run --time '$(TIME)' --target '$(TARGET)'

.PHONY: fuzz-merge
fuzz-merge: check-setup
	@tests/process/fuzz/run --merge --target '$(TARGET)'

.PHONY: check-rig
check-rig: check-setup modules selftest shim guest $(programs) ## tests on the real Xen only
	@$(HARNESS) $(rig_suites) + $(guest_suite)

.PHONY: check-long
check-long: check-setup modules selftest shim guest $(programs) ## Linux guests that make check has no time for (some 20 minutes)
	@tools/setup long
	@$(HARNESS) machine=tests/rig/machine.sh + guest-long='tests/xen/linux/all long'

.PHONY: check-guest
check-guest: check-setup guest service ## the reference kernel's selftests, in every kind of domain
	@tools/setup guest
	@$(HARNESS) image=tests/rig/image.sh bare=tests/xen/bare/all

.PHONY: check-hostile
check-hostile: check-setup modules selftest shim guest $(OUT)/guest/hostile ## backends that lie, to Linux and the reference kernel
	@$(bare) IMAGE=hostile KINDS=pvh INCLUDES=tests/xen/bare \
		SOURCES="tests/xen/bare/main.c tests/xen/bare/session.c tests/xen/hostile/bare.c"
	@$(HARNESS) hostile=tests/xen/hostile/all

# Each kernel's own compiler builds the modules, as build/kernels/NAME.
kernels = $(shell sed -n 's/^\[\(.*\)\]/\1/p' tests/xen/kernels/kernels.ini)

.PHONY: check-kernels
check-kernels: check-setup shim $(OUT)/include/xen-public $(programs) ## the modules in other kernels, 5.10 to Debian's newest
	@tools/setup kernels
	@for k in $(kernels); do echo "  modules for $$k"; \
		tests/xen/kernels/build $$k || exit 1; done
	@$(HARNESS) $(foreach k,$(kernels),kernel-$k='tests/xen/kernels/guests $k')

# Their own toolstacks, and the other xenstored. The modules are those of make check.
xens = xen-4.14='tests/xen/linux/all --machine "--xen 4.14" $(xen_runs)' \
	xen-4.20='tests/xen/linux/all --machine "--xen 4.20" $(xen_runs)' \
	oxenstored='tests/xen/linux/all --machine "--xenstored oxenstored" $(xen_runs)'
xen_runs = run core blk-hotplug net-hotplug shutdown

.PHONY: check-xens
check-xens: check-setup modules selftest shim ## Linux guests of older and newer Xens, and of oxenstored
	@tools/setup xens
	@$(HARNESS) $(xens)

# All that an administrator does to a guest that runs.
.PHONY: check-life
check-life: check-setup modules selftest shim $(programs) ## guests whose clock is set, whose CPUs and memory come and go, that are saved and moved (hours)
	@tools/setup bench
	@$(hours) life='tests/xen/linux/all $(life_runs)' \
		+ chrony='tests/xen/linux/all --machine=--icount --rig=--icount chrony'

life_runs = time time-hvm shutdown reboot trigger memory memory-hvm vcpus vcpus-hvm \
	vcpus-64 watchdog watchdog-end kexec-less dev dev-hvm dev-save dev-save-hvm \
	save save-1cpu save-more save-hvm \
	save-hvm-more save-queues save-less save-plug save-qemu save-9p save-hundred

.PHONY: check-builtin
check-builtin: check-setup shim ## Linux guests whose kernel was built with Xenion in its source
	@tools/setup builtin
	@$(HARNESS) builtin=tests/xen/builtin/all

.PHONY: check-matrix
check-matrix: ## every kernel, kind of domain and Xen (two hours); then docs/matrix.md
	@rc=0; for t in check-rig check-long check-kernels check-xens check-builtin; do \
		$(MAKE) --no-print-directory $$t || rc=1; done; \
		$(MAKE) --no-print-directory matrix && exit $$rc

.PHONY: matrix
matrix: ## docs/matrix.md, from the results of what has run
	@tests/xen/matrix

.PHONY: check-packages
check-packages: check-setup deb ## the Debian packages: installed, upgraded, removed, in guests
	@tools/setup debian
	@$(HARNESS) packages=tests/xen/debian/all

# debug_modules KIND [UBSAN_SANITIZE=y]: for a kernel that watches, under
# build/debug/KIND.
debug_modules = $(MAKE) --no-print-directory selftest $(2) \
	KDIR=$(XENION_CACHE)/debug/$(1) KMOD=$(OUT)/debug/$(1)/kmod \
	SELFTEST=$(OUT)/debug/$(1)/selftest

# Linux alone, on kernels that watch.
.PHONY: check-debug
check-debug: ## Linux guests on kernels with KASAN, lockdep, KCSAN: the next two (hours)
	@rc=0; for t in check-kasan check-kcsan; do \
		$(MAKE) --no-print-directory $$t || rc=1; done; exit $$rc

watched = check-setup shim $(OUT)/guest/hostile $(OUT)/guest/failnth $(programs)
hours = tests/harness --timeout 3600 --total 86400 --log $(OUT)/check

.PHONY: check-kasan
check-kasan: $(watched) ## wrong accesses, locks, leaks, allocations that fail (an hour and more)
	@tools/setup kasan
	@$(call debug_modules,kasan,UBSAN_SANITIZE=y)
	@$(hours) kasan-guest-1='tests/xen/debug/all kasan guest --part 1/2' \
		kasan-blk-9p='tests/xen/debug/all kasan hostile blk 9p' \
		+ kasan-guest-2='tests/xen/debug/all kasan guest --part 2/2' \
		kasan-net='tests/xen/debug/all kasan hostile net'

# Without UBSAN, which makes a plain read of a bool's READ_ONCE: KCSAN reports that.
.PHONY: check-kcsan
check-kcsan: $(watched) ## data races (an hour and more)
	@tools/setup kcsan
	@$(call debug_modules,kcsan)
	@$(hours) kcsan-guest-1='tests/xen/debug/all kcsan guest --part 1/2' \
		+ kcsan-guest-2='tests/xen/debug/all kcsan guest --part 2/2'

# There a spinlock_t sleeps, and lockdep knows which of our locks have to be raw.
.PHONY: check-rt
check-rt: check-setup shim ## Linux guests on PREEMPT_RT with lockdep, four vCPUs
	@tools/setup rt
	@$(call debug_modules,rt)
	@tests/harness --timeout 3600 --log $(OUT)/check \
		rt-guest='tests/xen/debug/all rt guest $(rt_runs)'

rt_runs = run core cpus blk-hotplug net-traffic net-hotplug net-reload churn shutdown \
	time

# One file each: allocations that fail, and what "make bench" measures with.
failnth := $(OUT)/guest/failnth
meter := $(OUT)/guest/meter

$(failnth): tests/xen/debug/failnth.c | setup
$(meter): tests/xen/bench/meter.c | setup
$(failnth) $(meter):
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -static -o $@ $<

hostile_sources := $(addprefix tests/xen/hostile/,main.c lies.c blk.c lies_blk.c \
	net.c lies_net.c 9p.c lies_9p.c)

$(OUT)/guest/hostile: $(hostile_sources) $(wildcard tests/xen/hostile/*.h) | setup
	@mkdir -p $(@D)
	@$(CC) -O2 -Wall -Wextra -Wno-unused-parameter -static -o $@ \
		$(hostile_sources) -lxenstore -lxengnttab -lxenevtchn \
		-lxentoolcore -lxentoollog -lpthread

.PHONY: lint
lint: modules ## style and static checks of all files (in make check: of those that changed)
	@tools/setup lint
	@$(HARNESS) lint=tests/tree/lint

.PHONY: lint-changed
lint-changed: modules ## the same of the files that differ from main
	@tools/setup lint
	@$(HARNESS) lint='tests/tree/lint --changed'

.PHONY: bench
bench: modules shim $(meter) ## ours against the in-tree drivers: table, JSON, SVG
	@tools/setup bench
	@tests/xen/bench/bench

# What bring-up calls once, in turn, and tests/xen/bare/bench/boot.c stands between.
bench_wraps := xn_start_pvh xn_start_pv xn_start xn_evtchn_init \
	bare_cpus_init xn_gnttab_init bare_main

.PHONY: bench-guest
bench-guest: ## the library's own costs, in the reference kernel: the same
	@tools/setup bench
	@$(bare) IMAGE=hello SOURCES=examples/hello/hello.c
	@$(bare) IMAGE=bench SOURCES="tests/xen/bare/main.c $(wildcard tests/xen/bare/bench/*.c)" \
		INCLUDES="tests/xen/bare tests/xen/bare/bench" \
		LINK="$(bench_wraps:%=-Wl,--wrap=%)"
	@tests/xen/bench/bench-guest

## Clean

.PHONY: clean
clean: ## remove what was built, but not the downloads
	@tools/rig status 2>/dev/null | sed -n "s/^machine '\(.*\)' is up.*/\1/p" | \
		while read -r m; do tools/rig stop --name "$$m"; done
	@for f in $(OUT)/*; do [ "$$f" = "$(XENION_CACHE)" ] || rm -rf "$$f"; done

.PHONY: distclean
distclean: ## remove everything under build
	@rm -rf $(OUT)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^## / { printf "\n%s\n", substr($$0, 4) } \
		/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile
