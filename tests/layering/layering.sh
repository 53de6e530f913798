#!/bin/bash
# SPDX-License-Identifier: MIT
#
# Proves the layering rule, in TAP: every file of the core compiles freestanding
# with no header of any OS (without floating point, variable arrays or large
# stack frames); the sources keep the rules of rules.py; each rule finds what it
# is for, when it is planted; and a port stays small: the reference kernel's is
# counted, without comments and empty lines.
#
# Usage: layering.sh        (CC: the compiler)

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
CC=${CC:-gcc}
tmp=$(mktemp -d) || exit 1
trap 'rm -rf "$tmp"' EXIT
ln -s /usr/include/xen "$tmp/xen-public"
n=0 failed=0

# result STATUS NAME [FILE WITH WHY]
result() {
	n=$((n + 1))
	if [ "$1" -eq 0 ]; then
		echo "ok $n - $2"
	else
		echo "not ok $n - $2"
		failed=$((failed + 1))
		[ -z "$3" ] || sed 's/^/# /' "$3"
	fi
}

# freestanding TREE FILE. What runs before an OS has a stack of its own size.
freestanding() {
	local frame=1024

	[[ $2 == */boot/* ]] && frame=4096
	"$CC" -std=gnu11 -ffreestanding -nostdinc -mgeneral-regs-only -O2 \
		-isystem "$("$CC" -print-file-name=include)" \
		-Wall -Wextra -Wno-unused-parameter -Wvla -Wmissing-prototypes \
		-Wframe-larger-than=$frame -Werror \
		-I"$here/include" -I"$1/include" -isystem "$tmp" \
		-c -o /dev/null "$2"
}

# plant FILE: a copy of the headers with one more file, its text from stdin
plant() {
	rm -rf "$tmp/tree"
	mkdir -p "$tmp/tree/$(dirname "$1")"
	cp -r "$top/include" "$tmp/tree/"
	{ echo "// SPDX-License-Identifier: MIT"; cat; } >"$tmp/tree/$1"
}

# finds RULE: what was planted
finds() {
	python3 "$here/rules.py" "$1" "$tmp/tree" >"$tmp/why"
	[ $? -eq 1 ] && [ "$(wc -l <"$tmp/why")" -eq 1 ]
	result $? "$1 finds what breaks it" "$tmp/why"
}

mapfile -t core < <(cd "$top" && find boot mmu events grant time xenbus frontends \
	-path boot/shim -prune -o -name '*.c' -print | sort)
mapfile -t rules < <(python3 "$here/rules.py" --list)
echo "1..$((${#core[@]} + ${#rules[@]} + 11))"

for file in "${core[@]}"; do
	freestanding "$top" "$top/$file" >"$tmp/why" 2>&1
	result $? "$file compiles freestanding" "$tmp/why"
done

for rule in "${rules[@]}"; do
	python3 "$here/rules.py" "${rule%% *}" "$top" >"$tmp/why"
	result $? "${rule#* }" "$tmp/why"
done

for text in '#include <string.h>' '#include <linux/slab.h>' \
	'double f(double x); double f(double x) { return x * 2; }' \
	'void g(char *p); void f(int n); void f(int n) { char a[n]; g(a); }'; do
	plant grant/planted.c <<<"#include <xenion/grant.h>
$text"
	freestanding "$tmp/tree" "$tmp/tree/grant/planted.c" 2>/dev/null
	result $((! $?)) "freestanding refuses: $text"
done

plant mmu/planted.c <<<'#include <asm/page.h>'
finds no_os_header
plant mmu/planted.c <<<'#ifdef CONFIG_SMP
#endif'
finds no_port_macro
plant grant/planted.c <<<'#include <xenion/events.h>'
finds floors
plant frontends/blk/planted.c <<<'#include <xenion/netfront.h>'
finds frontends_apart
plant include/xenion/planted.h <<<'int xn_planted(void);'
sed -i '1s,.*,/* SPDX-License-Identifier: MIT */,' "$tmp/tree/include/xenion/planted.h"
finds documented
plant mmu/planted.c </dev/null
sed -i 1d "$tmp/tree/mmu/planted.c"
finds licensed

lines=0
for file in "$top"/os/bare/port/*.c "$top"/os/bare/include/xn_os_port.h \
		"$top"/os/bare/hvm/bare_arch.h; do
	lines=$((lines + $("$CC" -fpreprocessed -dD -E -P "$file" | grep -c .)))
done
result $((lines >= 600)) "the reference kernel's port has $lines lines, fewer than 600"

echo "$((n - failed)) passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
