#!/bin/sh
# SPDX-License-Identifier: GPL-2.0 OR MIT
#
# Compiles the probes (probe.mk), and writes a header of what was found:
#
#     probe.sh HEADER PROBES SYMBOLS COMPILER [FLAG ...]
#
# HEADER    has XNL_HAVE_NAME for each PROBES/NAME.c, 1 if it compiles, or 0; and
#           XNL_HAVE_EXPORT_NAME for each name in PROBES/exports, without its
#           underscores: 1 if modules may use it
# SYMBOLS   the file that lists what modules may use, the kernel's source, or "all"
#
# What the compiler says of each is kept beside HEADER, in probes/.
#
# What fails for another reason than its own would be taken for an older kernel. So
# a probe with nothing in it is compiled first; an error outside of a probe's own
# file is one that ends the build; and only a name or a type that is wrong counts:
# other warnings depend on the level that was asked for.

set -u
# In the compiler's own words
LC_ALL=C
export LC_ALL
header=$1 probes=$2 symbols=$3
shift 3
work=$(dirname "$header")/probes
rm -rf "$work"
mkdir -p "$work" || exit 1

set -- "$@" -fsyntax-only -Wno-error -Werror=implicit-function-declaration \
	-Werror=implicit-int -Werror=int-conversion \
	-Werror=incompatible-pointer-types -DKBUILD_BASENAME='"probe"' \
	-DKBUILD_MODNAME='"probe"' -D__KBUILD_MODNAME=probe

# compile NAME COMPILER FLAG...: with NAME.yes as result if it does
compile() (
	name=$1
	shift
	"$@" "$probes/$name.c" >"$work/$name" 2>&1 && : >"$work/$name.yes"
)

# define NAME TEST...: 1 if TEST succeeds
define() {
	upper=$(echo "$1" | tr '[:lower:]' '[:upper:]')
	shift
	"$@" && value=1 || value=0
	echo "#define XNL_HAVE_$upper $value"
}

# exported NAME SOURCE: may modules use it, which SOURCE has?
exported() {
	if [ -d "$symbols" ]; then
		grep -q "^EXPORT_SYMBOL.*($1)" "$symbols/$2"
	else
		[ "$symbols" = all ] || grep -q "	$1	" "$symbols" 2>/dev/null
	fi
}

# wrong NAME: does it fail, and not by an error in its own file?
wrong() {
	[ ! -e "$work/$1.yes" ] &&
		! grep -m 1 'error: ' "$work/$1" | grep -q "/$1\.c:"
}

give_up() {
	echo "xenion: what this kernel has cannot be found out, $1 does not compile:" \
		"$(grep -m 1 'error' "$work/$1" || tail -n 1 "$work/$1")" >&2
	exit 1
}

compile null "$@" || give_up null

jobs=$(nproc)
n=0
for probe in "$probes"/*.c; do
	name=$(basename "$probe" .c)
	[ "$name" != null ] || continue
	compile "$name" "$@" &
	n=$((n + 1))
	[ $((n % (2 * jobs))) != 0 ] || wait
done
wait
for probe in "$probes"/*.c; do
	! wrong "$(basename "$probe" .c)" || give_up "$(basename "$probe" .c)"
done

{
	echo "/* What this kernel has: made by os/linux/compat/probe.sh */"
	for probe in "$probes"/*.c; do
		name=$(basename "$probe" .c)
		[ "$name" = null ] || define "$name" [ -e "$work/$name.yes" ]
	done
	grep -v '^#' "$probes/exports" | while read -r symbol source _; do
		define "export_$(echo "$symbol" | sed 's/^_*//')" \
			exported "$symbol" "$source"
	done
} >"$header"
