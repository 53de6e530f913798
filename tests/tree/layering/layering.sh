#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Checks the layering, in TAP: every file of the core compiles freestanding
# without headers of any OS (and without floating point, variable arrays or
# large stack frames), and every file outside of x86/ also for another
# architecture; the sources keep the rules of rules.py; within a room, no files
# call each other in a circle; the reference kernel's layer calls nothing of the
# kernel; each rule finds a planted violation; and an OS layer stays small: the
# lines of the reference kernel's are counted, without comments and empty lines.
#
# Usage: layering.sh        (CC, CLANG: the compilers)

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
CC=${CC:-gcc} CLANG=${CLANG:-clang-14}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
ln -s /usr/include/xen "$tmp/xen-public"
# shellcheck source=tools/riglib/tap.sh
. "$top/tools/riglib/tap.sh"

# freestanding TREE FILE OBJECT. Code that runs before an OS may use more stack.
freestanding() {
	local frame=1024

	[[ $2 == */boot/* ]] && frame=4096
	"$CC" -std=gnu11 -ffreestanding -nostdinc -mgeneral-regs-only -O2 \
		-isystem "$("$CC" -print-file-name=include)" \
		-Wall -Wextra -Wno-unused-parameter -Wvla -Wmissing-prototypes \
		-Wframe-larger-than=$frame -Werror \
		-I"$here/include" -I"$1/include" -isystem "$tmp" \
		-c -o "$3" "$2"
}

# object FILE: print the path of its object
object() {
	local path=${1%.c}

	echo "$tmp/obj/${path//\//-}.o"
}

# elsewhere TREE FILE: compile for another architecture
elsewhere() {
	"$CLANG" --target=aarch64-linux-gnu -std=gnu11 -ffreestanding \
		-nostdinc -mgeneral-regs-only \
		-isystem "$("$CLANG" -print-resource-dir)/include" \
		-Wall -Wextra -Wno-unused-parameter -Wmissing-prototypes -Werror \
		-I"$here/include" -I"$1/include" -isystem "$tmp" \
		-fsyntax-only "$2"
}

# plant FILE: make a copy of the headers with one more file, its text from stdin
plant() {
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/$(dirname "$1")"
	cp -r "$top/include" "$tmp/tree/"
	{ echo "// SPDX-License-Identifier: MIT"; cat; } >"$tmp/tree/$1"
}

# finds RULE: it finds the planted violation
finds() {
	python3 "$here/rules.py" "$1" "$tmp/tree" >"$tmp/why"
	[ $? -eq 1 ] && [ "$(wc -l <"$tmp/why")" -eq 1 ]
	result $? "$1 finds what breaks it" "$tmp/why"
}

rooms=(hypercall boot mmu events grant time xenbus frontends)
mkdir "$tmp/obj"
mapfile -t core < <(cd "$top" && find hypercall boot mmu events grant time xenbus frontends \
	-path boot/shim -prune -o -name '*.c' -print | sort)
mapfile -t neutral < <(printf '%s\n' "${core[@]}" | grep -v /x86/)
mapfile -t rules < <(python3 "$here/rules.py" --list)
plan $((${#core[@]} + ${#neutral[@]} + ${#rooms[@]} + ${#rules[@]} + 17))

for file in "${core[@]}"; do
	freestanding "$top" "$top/$file" "$(object "$file")" >"$tmp/why" 2>&1
	result $? "$file compiles freestanding" "$tmp/why"
done

for file in "${neutral[@]}"; do
	elsewhere "$top" "$top/$file" >"$tmp/why" 2>&1
	result $? "$file compiles for aarch64" "$tmp/why"
done

for room in "${rooms[@]}"; do
	python3 "$here/circles.py" "$tmp/obj" "$room-" >"$tmp/why"
	result $? "no circle of calls among the files of $room/" "$tmp/why"
done

for file in "$top"/os/bare/layer/*.c "$top"/os/bare/kernel/*.c; do
	"$CC" -std=gnu11 -ffreestanding -mgeneral-regs-only -O2 \
		-I"$top/os/bare" -I"$top/os/bare/include" -I"$top/os/bare/hvm" \
		-I"$top/include" -isystem "$tmp" \
		-c -o "$(object "${file#"$top"/}")" "$file" || exit 1
done
python3 "$here/circles.py" "$tmp/obj" os-bare-layer- os-bare-kernel- >"$tmp/why"
result $? "the reference kernel's layer calls nothing of the kernel" "$tmp/why"

for rule in "${rules[@]}"; do
	python3 "$here/rules.py" "${rule%% *}" "$top" >"$tmp/why"
	result $? "${rule#* }" "$tmp/why"
done

for text in '#include <string.h>' '#include <linux/slab.h>' \
	'double f(double x); double f(double x) { return x * 2; }' \
	'void g(char *p); void f(int n); void f(int n) { char a[n]; g(a); }'; do
	plant grant/planted.c <<<"#include <xenion/grant.h>
$text"
	freestanding "$tmp/tree" "$tmp/tree/grant/planted.c" /dev/null \
		2>/dev/null
	result $((! $?)) "freestanding refuses: $text"
done

plant grant/planted.c <<<'#include <xenion/x86/tsc.h>'
elsewhere "$tmp/tree" "$tmp/tree/grant/planted.c" 2>/dev/null
result $((! $?)) "aarch64 refuses x86's instructions"

rm "$tmp"/obj/*
for text in 'a b' 'b c' 'c a'; do
	# shellcheck disable=SC2086
	set -- $text
	echo "void $2(void); void $1(void) { $2(); }" |
		"$CC" -x c -c -o "$tmp/obj/grant-$1.o" -
done
python3 "$here/circles.py" "$tmp/obj" grant- >"$tmp/why"
[ $? -eq 1 ] && [ "$(wc -l <"$tmp/why")" -eq 3 ]
result $? "a circle of three files is found" "$tmp/why"
python3 "$here/circles.py" "$tmp/obj" grant-a grant-c
result $? "which is not where no arrow leads"
python3 "$here/circles.py" "$tmp/obj" grant-a no-such-room 2>"$tmp/why"
[ $? -eq 2 ]
result $? "a room that is not there is an error" "$tmp/why"

plant mmu/planted.c <<<'#include <asm/page.h>'
finds no_os_header
plant mmu/planted.c <<<'#ifdef CONFIG_SMP
#endif'
finds no_layer_macro
plant grant/planted.c <<<'#include <xenion/events.h>'
finds floors
plant time/planted.c <<<'#include <xenion/x86/boot.h>'
finds architecture_apart
plant frontends/blk/planted.c <<<'#include <xenion/netfront.h>'
finds frontends_apart
plant include/xenion/planted.h <<<'int xn_planted(void);'
sed -i '1s,.*,/* SPDX-License-Identifier: MIT */,' "$tmp/tree/include/xenion/planted.h"
finds documented
plant mmu/planted.c </dev/null
sed -i 1d "$tmp/tree/mmu/planted.c"
finds licensed

lines=0
for file in "$top"/os/bare/layer/*.c "$top"/os/bare/include/xn_os_layer.h \
		"$top"/os/bare/hvm/bare_arch.h; do
	lines=$((lines + $("$CC" -fpreprocessed -dD -E -P "$file" | grep -c .)))
done
result $((lines >= 600)) "the reference kernel's layer has $lines lines, fewer than 600"

finish
