#!/bin/sh
# SPDX-License-Identifier: MIT
#
# rig's command line: every wrong option gets one clear message and exit status
# 2, before anything is booted. TAP.

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
rig=$top/tools/rig
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1

# shellcheck source=tools/riglib/tap.sh
. "$top/tools/riglib/tap.sh"

# bad WORDS OPTION...: the message must contain the words
bad() {
	words=$1
	shift
	XENION_CACHE=$dir/cache timeout 20 "$rig" "$@" >out 2>err
	status=$?
	if [ $status = 2 ] && [ ! -s out ] && [ "$(wc -l <err)" = 1 ] &&
	   grep -qF -- "$words" err; then
		ok "rig $*"
	else
		not_ok "rig $*"
		echo "# exit status $status, wanted 2 and '$words'; it said:"
		cat out err | comments
	fi
}

# A file with the mark of a bzImage, and files without it.
head -c 514 /dev/zero >vmlinuz
printf HdrS >>vmlinuz
head -c 1000 /dev/zero >>vmlinuz
head -c 2000 /dev/zero >zeros
: >empty
mkdir nothing

echo "TAP version 13"

bad "say what to do"
bad "invalid choice" walk
bad "unrecognized arguments" run --fast
bad "small letters" stop --name ../../etc
bad "small letters" start --name ""
bad "taken by the rig" start --name logs
bad "taken by the rig" stop --name own-1
bad "it is not up" run --name nosuch --kernel vmlinuz

bad "cannot read the kernel" run --kernel nosuch
bad "cannot read the kernel" run --kernel nothing
bad "not a Linux bzImage" run --kernel zeros
bad "not a Linux bzImage" run --kernel empty
bad "none is given" run --kernel-modules nothing
bad "no folder with the modules of one kernel" run --kernel vmlinuz \
	--kernel-modules nothing
bad "whole number" run --slow very
bad "out of range" run --slow 0
bad "is not a directory" run --modules nosuch
bad "has no *.ko" run --modules nothing
bad "needs --in-tree" run --type pv
bad "needs --in-tree" run --root --disk size=64M
bad "needs a --disk size=" run --root --in-tree
bad "not a kind of guest" run --type lxc
bad "for an --image" run --as-dom0
bad "for an --image" run --ramdisk zeros
bad "for an --image" run --xen-cmdline no-real-mode
bad "for an --image" run --no-tap

bad "whole number" run --vcpus two
bad "is KEY=VALUE" run --xl max_grant_frames
bad "out of range" run --vcpus 0
bad "out of range" run --vcpus 129
bad "whole number" run --memory 1G
bad "out of range" run --memory 8
bad "does not fit into the machine" run --memory 4000 --machine-memory 2048
[ "$(sed -n 's/MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)" -gt 60000000 ] ||
	bad "this host has" run --memory 60000
bad "out of range" start --machine-memory 100
bad "out of range" run --cpus 0
bad "--dom0-memory 512 is too small" run --dom0-memory 512 --disk size=256M
bad "whole number" run --timeout soon
bad "out of range" run --timeout 0
bad "out of range" run --timeout -5

bad "needs size=" run --disk vdev=xvda
bad "is not a size" run --disk size=0M
bad "is not a size" run --disk size=lots
bad "is not one of" run --disk size=1M,speed=high
bad "is not one of" run --disk size=1M,qemu=yes
bad "given twice" run --disk size=1M,size=2M
bad "is not one of" run --vif untrusted=1
bad "is not one of" run --vif trusted
bad "xvda to xvdz" run --disk size=1M,vdev=sda
bad "are called xvdb" run --disk size=1M,vdev=xvdb --disk size=1M,vdev=xvdb
bad "cannot read" run --disk file=nosuch.img
bad "not a MAC address" run --vif mac=1:2:3
bad "multicast" run --vif mac=01:00:5e:00:00:01
bad "one bridge" run --vif bridge=br7
bad "same MAC" run --vif mac=00:16:3e:00:00:09 --vif mac=00:16:3E:00:00:09

bad "needs path=" run --p9 tag=share
bad "needs tag=" run --p9 path=/srv
bad "is not one of" run --p9 tag=share,path=/srv,ro
bad "a tag is made of" run --p9 "tag=a b,path=/srv"
bad "must be an absolute" run --p9 tag=share,path=srv
bad "same tag" run --p9 tag=share,path=/a --p9 tag=share,path=/b

bad "cannot read nosuch.sh" run --guest-script nosuch.sh
bad "is a directory" run --dom0-script nothing
bad "absolute path" run --guest-file zeros:there
bad "cannot read nosuch" run --dom0-file nosuch:/there
bad "not a regular expression" run --ignore-log '('
bad "cannot make" run --log /proc/nosuch

# elf CLASS MACHINE, in octal: the head of an image without notes
elf() {
	printf %b "\\0177ELF\\0$1\\01\\01\\0\\0\\0\\0\\0\\0\\0\\0\\0"
	printf %b "\\02\\0\\0$2\\0\\01\\0\\0\\0"
	head -c 100 /dev/zero
}
elf 1 3 >elf32
elf 2 76 >elf64
elf 1 76 >mixed
bad "cannot read nosuch" run --image nosuch
bad "not an x86 ELF" run --image vmlinuz
bad "not an x86 ELF" run --image empty
bad "not an x86 ELF" run --image mixed
bad "no note PHYS32_ENTRY" run --image elf32
bad "no notes of a PV kernel" run --image elf64 --type pv
bad "64-bit ELF" run --image elf64 --type hvm
bad "an --image is none" run --image elf32 --kernel vmlinuz
bad "an --image is none" run --image elf32 --in-tree
bad "an --image is none" run --image elf32 --tool fio
bad "an --image is none" run --image elf32 --guest-script empty
bad "--guest-file is for" run --image elf32 --guest-file empty
bad "--expect-end is for" run --image elf32 --expect-end crash
bad "invalid choice" run --expect-end sleep
bad "cannot read nosuch" run --image elf32 --ramdisk nosuch
bad "nobody serves it" run --image elf32 --as-dom0 --disk size=1M
bad "nobody serves it" run --image elf32 --as-dom0 --vif default
bad "nobody serves it" run --image elf32 --as-dom0 --p9 tag=t,path=/t
bad "nobody serves it" run --image elf32 --as-dom0 --dom0-script empty
bad "nobody serves it" run --image elf32 --as-dom0 --xl vcpus=2
bad "dom0 is pv or pvh" run --image elf32 --as-dom0 --type hvm
bad "--as-dom0 only" run --image elf32 --xen-cmdline smt=0

bad "tools/setup xens fetches" start --xen 3.0
bad "no daemon of Xen" start --xenstored sqlite
mkdir -p cache/xens/3.0
bad "has no QEMU for dom0" run --xen 3.0 --p9 tag=t,path=/t
bad "has no QEMU for dom0" run --xen 3.0 --type hvm
rm -r cache/xens

# If the cache is filled, names are checked against it.
if [ -e "$top/build/cache/kernel-abi" ]; then
	rm -rf cache
	ln -s "$top/build/cache" cache
	bad "the cache has no program" run --tool nosuch
	bad "has no module" run --guest-module nosuch
	rm cache
fi

finish
