# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# Sourced by the tests of the rig: a temporary directory, a machine called $name
# that is stopped at the test's end, and TAP.

top=$(cd "$(dirname "$0")/../.." && pwd) || exit 1
rig=$top/tools/rig
dir=$(mktemp -d) || exit 1
trap '"$rig" stop --name $name >/dev/null 2>&1; rm -rf "$dir"' EXIT
trap 'exit 130' INT TERM
cd "$dir" || exit 1

# shellcheck source=tools/riglib/tap.sh
. "$top/tools/riglib/tap.sh"
