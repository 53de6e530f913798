# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# What is built into the cache from sources: QEMU, kernels that watch, User-Mode
# Linux. Part of tools/setup.

# $cache/qemu: Debian's QEMU without the faults that riglib/qemu.patch tells of.
# Where it cannot be made, the installed one does, which ends a guest now and then.
fill_qemu() {
	patch=$top/tools/riglib/qemu.patch
	want=$(cksum <"$patch")
	[ "$(cat "$cache/qemu/.made" 2>/dev/null)" != "$want" ] || return 0
	rm -f "$cache/.qemu.log"
	if fetch_source qemu && say "building QEMU (3 minutes on two cores, once)" &&
	   slowly "$cache/.qemu.log" build_qemu "$patch"; then
		# It looks for its firmware beside itself.
		ln -s /usr/share "$tmp/made/share"
		echo "$want" >"$tmp/made/.made"
		rm -rf "${cache:?}/qemu"
		mv "$tmp/made" "$cache/qemu" || die "cannot write to $cache"
	else
		[ ! -f "$cache/.qemu.log" ] || tail -n 5 "$cache/.qemu.log" >&2
		say "QEMU could not be built (the last words are above): the" \
			"installed one is used, which breaks some runs (docs/rig.md)"
	fi
	rm -rf "$tmp"
	tmp=
}

# build_qemu PATCH: $tmp/made/bin/qemu-system-x86_64, with Debian's changes: they
# are QEMU's own later releases.
build_qemu() {
	dpkg-source --no-check -x "$tmp"/apt/qemu_*.dsc "$tmp/qemu" &&
		patch -d "$tmp/qemu" -p1 <"$1" &&
		mkdir -p "$tmp/build" "$tmp/made/bin" && cd "$tmp/build" ||
		return 1
	"$tmp/qemu/configure" --prefix=/usr --target-list=x86_64-softmmu \
		--firmwarepath=/usr/share/qemu:/usr/share/seabios \
		--without-default-features --enable-system --enable-tcg \
		--enable-virtfs --enable-attr --enable-cap-ng --enable-fdt=system \
		--disable-docs --disable-werror --disable-install-blobs &&
		ninja qemu-system-x86_64 && strip -o \
		"$tmp/made/bin/qemu-system-x86_64" qemu-system-x86_64
}

# The kernel's source, for its scripts and for kernels of our own: as Debian
# packs it. It stays packed until somebody wants the whole.
fill_source() {
	fetch source $cache_source || no_download "$cache_source"
	source=$cache/source/usr/src/$cache_source.tar.xz
}

fill_lint() {
	[ -f "$cache/lint/get_maintainer.pl" ] && return 0
	fill_source
	say "unpacking checkpatch and get_maintainer"
	tmp=$cache/.lint.$$
	mkdir -p "$tmp" || die "cannot write to $cache"
	tar -xJf "$source" -C "$tmp" \
		--strip-components=2 --wildcards '*/scripts/checkpatch.pl' \
		'*/scripts/get_maintainer.pl' '*/scripts/spelling.txt' \
		'*/scripts/const_structs.checkpatch' ||
		die "cannot unpack the scripts from $cache_source"
	rm -rf "${cache:?}/lint"
	mv "$tmp" "$cache/lint" || die "cannot write to $cache"
	tmp=
}

# $cache/debug/src: that source, unpacked.
fill_linux() {
	fill_source
	unpack_linux source "$source" debug/src
}

# unpack_linux PACKAGE TARBALL DIR: a kernel's source into $cache/DIR. A newer
# $cache/PACKAGE makes it anew.
unpack_linux() {
	cmp -s "$cache/$1/.versions" "$cache/$3/.versions" && return
	say "unpacking the kernel's source (a minute, 1.4 GB)"
	tmp=$cache/.linux.$$
	mkdir -p "$tmp" "$(dirname "$cache/$3")" || die "cannot write to $cache"
	slowly "$cache/.linux.log" tar -xJf "$2" -C "$tmp" --strip-components=1 ||
		die "cannot unpack $2: is the disk full?"
	cp "$cache/$1/.versions" "$tmp/.versions"
	rm -rf "${cache:?}/$3"
	mv "$tmp" "$cache/$3" || die "cannot write to $cache"
	tmp=
}

# $cache/linux/o/linux: a User-Mode Linux with our modules and their tests in it.
# Its build knows what is older than its sources.
fill_um() {
	fill_linux
	say "building User-Mode Linux (some 9 minutes the first time)"
	slowly "$cache/.linux.log" "$top/tests/process/linux/build" \
		"$cache/debug/src" "$cache/linux" && return
	grep -E 'error|Error|warning|no effect' "$cache/.linux.log" |
		head -n 20 >&2
	die "User-Mode Linux could not be built: see $cache/.linux.log"
}

# Kernels that watch ($watching), each in its build folder $cache/debug/KIND.
fill_debug() {
	fill_linux
	for kind in $watching; do
		fill_debug_kernel $kind "$cache/debug/src"
	done
}

# PREEMPT_RT is in Linux since 6.12, which is of the next Debian.
fill_rt() {
	fetch_alone source-rt trixie linux-source-6.12 ||
		no_download linux-source-6.12
	unpack_linux source-rt "$cache/source-rt/usr/src/linux-source-6.12.tar.xz" \
		debug/src-rt
	fill_debug_kernel rt "$cache/debug/src-rt"
}

# fill_debug_kernel KIND SOURCE
fill_debug_kernel() {
	out=$cache/debug/$1
	configs=$top/tests/xen/source
	want=$(cat "$2/.versions" "$configs/base.config" "$configs/hvm.config" \
		"$configs/debug.config" "$configs/$1.config" | cksum)
	[ "$(cat "$out/.made" 2>/dev/null)" != "$want" ] || return 0
	say "building a kernel with $1 (10 to 25 minutes on two cores, once)"
	if ! slowly "$cache/.debug-$1.log" "$configs/kernel" "$1" "$2" "$out"; then
		tail -n 5 "$cache/.debug-$1.log" >&2
		die "the kernel with $1 could not be built: see" \
			"$cache/.debug-$1.log"
	fi
	echo "$want" >"$out/.made"
}

# Kernels with Xenion in their source, $cache/builtin/KIND, and the kernel's own
# selftests of it, installed. Their build knows what is older than its sources.
fill_builtin() {
	fill_linux
	tree=$cache/builtin/src
	mkdir -p "$cache/builtin" || die "cannot write to $cache"
	"$top/tests/linktree" "$cache/debug/src" "$tree" drivers \
		tools/testing/selftests && "$top/tools/into-kernel" "$tree" ||
		die "Xenion cannot be put into a Linux tree"
	for kind in builtin module tiny; do
		say "building a kernel with Xenion, $kind (3 to 10 minutes the first time)"
		slowly "$cache/.$kind.log" "$top/tests/xen/source/kernel" $kind \
			"$tree" "$cache/builtin/$kind" && continue
		grep -E 'error|Error|warning|not take' "$cache/.$kind.log" |
			head -n 20 >&2
		die "the kernel could not be built: see $cache/.$kind.log"
	done
	rm -rf "$cache/builtin/kselftest"
	slowly "$cache/.selftests.log" make -C "$tree/tools/testing/selftests" \
		TARGETS=xenion INSTALL_PATH="$cache/builtin/kselftest" install &&
		tar -cf "$cache/builtin/kselftest.tar" \
			-C "$cache/builtin/kselftest" . ||
		die "the selftests could not be installed: see" \
			"$cache/.selftests.log"
}

# $cache/debian: a Debian system, to which packages are installed in a copy.
fill_debian() {
	cmp -s "$top/tests/xen/debian/packages" "$cache/debian/.made" && return
	say "making a Debian system (3 minutes)"
	slowly "$cache/.debian.log" "$top/tests/xen/debian/system" make \
		"$cache/.debian" ||
		die "a Debian system could not be made: see $cache/.debian.log"
	cp "$top/tests/xen/debian/packages" "$cache/.debian/.made"
	rm -rf "${cache:?}/debian"
	mv "$cache/.debian" "$cache/debian" || die "cannot write to $cache"
}
