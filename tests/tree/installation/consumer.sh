# SPDX-License-Identifier: MIT
# shellcheck shell=bash
#
# The guest of docs/porting.md, built as the page says. Sourced.

# copy_tree TREE FOLDER: so that no other build is disturbed
copy_tree() {
	mkdir -p "$2" && (cd "$1" && tar c --exclude=./build --exclude=./.git .) |
		tar x -C "$2"
}

# consumer TREE FOLDER: follow TREE/docs/porting.md in FOLDER, which is made, in
# an environment without the user's settings; the output is in FOLDER.log
consumer() {
	mkdir -p "$2" &&
	python3 "$(dirname "${BASH_SOURCE[0]}")/blocks.py" \
		"$1/docs/porting.md" "$2" >"$2.blocks" &&
	(cd "$2" && env -i PATH="$PATH" HOME="$2" LC_ALL=C XENION="$1" \
		bash -ec "$(cat "$2"/step*.sh)") >"$2.log" 2>&1
}
