# shellcheck shell=sh
# SPDX-License-Identifier: MIT
#
# Debian's packages, installed on the host or unpacked into the cache. Part of
# tools/setup, which has the variables cache, tmp and the functions say, die and
# slowly.

# --- the host ---------------------------------------------------------------

updated=no
apt_update() {
	[ $updated = no ] || return 1
	updated=yes
	say "reading the package lists (apt-get update)"
	slowly "$cache/.apt.log" apt-get -q update ||
		say "that failed; trying with the lists that are here"
}

# Prints those of its arguments that are not installed.
missing() {
	for p in "$@"; do
		s=$(dpkg-query -W -f '${db:Status-Status}' "$p" 2>/dev/null)
		[ "$s" = installed ] || printf '%s ' "$p"
	done
}

install_host() {
	need=$(missing "$@")
	[ -n "$need" ] || return 0
	[ "$(id -u)" = 0 ] ||
		die "only root can install these missing Debian packages:" \
			"${need}(run: apt-get install $need)"
	say "installing ${need}(a minute or two)"
	# shellcheck disable=SC2086
	apt_install $need && return
	apt_update
	# shellcheck disable=SC2086
	apt_install $need && return
	tail -n 3 "$cache/.apt.log" >&2
	die "apt-get could not install: ${need}(its last words are above;" \
		"is this Debian 12 with a working package source?)"
}

apt_install() {
	slowly "$cache/.apt.log" apt-get -q -y --no-install-recommends install "$@"
}

# --- the cache --------------------------------------------------------------

# fetch DIR PACKAGE...: $cache/DIR becomes the unpacked packages. All or
# nothing: the directory appears, by a rename, once it is complete.
fetch() {
	dir=$1
	shift
	want=$(echo "$@" | tr -s ' \t\n' '\n' | sort -u)
	if [ -f "$cache/$dir/.packages" ] &&
	   [ "$(cat "$cache/$dir/.packages")" = "$want" ]; then
		return 0
	fi
	tmp=$cache/.$dir.$$
	mkdir -p "$tmp/debs" "$tmp/root" || die "cannot write to $cache"
	n=$(echo "$want" | wc -l)
	say "downloading $dir: $n packages"
	# shellcheck disable=SC2086
	download $want || return 1
	size=$(du -sm "$tmp/debs" | cut -f1)
	say "unpacking $dir ($size MB) into ${cache#"$top"/}/$dir"
	for deb in "$tmp"/debs/*.deb; do
		dpkg-deb -x "$deb" "$tmp/root" ||
			die "cannot unpack $(basename "$deb") into $cache: is the disk full?"
	done
	(cd "$tmp/debs" && ls) >"$tmp/root/.versions"
	echo "$want" >"$tmp/root/.packages"
	rm -rf "${cache:?}/$dir"
	mv "$tmp/root" "$cache/$dir" || die "cannot write to $cache"
	rm -rf "$tmp"
	tmp=
}

# Into $tmp/debs. The sandbox user of apt may not be able to write there.
download() {
	slowly "$tmp/log" apt_download "$@" && return
	if [ "$(id -u)" = 0 ] && apt_update; then
		rm -f "$tmp"/debs/*
		slowly "$tmp/log" apt_download "$@" && return
	fi
	tail -n 3 "$tmp/log" >&2
	return 1
}

apt_download() {
	cd "$tmp/debs" &&
		exec apt-get -q -o APT::Sandbox::User=root download "$@"
}

# fetch_source NAME: the files of the source package NAME into $tmp/apt.
fetch_source() {
	begin_private_apt "$1" 'deb-src $(REPO_URI) $(RELEASE) $(COMPONENT)'
	say "downloading the source of $1 (half a minute)"
	slowly "$tmp/log" private_apt source --download-only "$1" && return
	tail -n 3 "$tmp/log" >&2
	return 1
}

# fetch_suite DIR SUITE PACKAGE...: $cache/DIR becomes a system of Debian's SUITE
# with the packages, all that they depend on, and what each system of it has; none
# is configured.
fetch_suite() {
	! suite_is_fetched "$@" || return 0
	begin_suite "$@"
	if ! slowly "$tmp/log" private_apt install --download-only -y \
	     --no-install-recommends '?essential' $packages; then
		tail -n 3 "$tmp/log" >&2
		return 1
	fi
	end_suite "$@"
}

# fetch_alone DIR SUITE PACKAGE...: the packages of Debian's SUITE and nothing that
# they depend on.
fetch_alone() {
	! suite_is_fetched "$@" || return 0
	begin_suite "$@"
	if ! slowly "$tmp/log" private_apt download $packages; then
		tail -n 3 "$tmp/log" >&2
		return 1
	fi
	mv "$tmp"/apt/*.deb "$tmp/apt/archives/" || die "cannot write to $cache"
	end_suite "$@"
}

suite_is_fetched() {
	dir=$1
	shift
	[ "$(cat "$cache/$dir/.packages" 2>/dev/null)" = "$*" ]
}

# Sets $packages.
begin_suite() {
	dir=$1
	suite=$2
	shift 2
	packages=$*
	begin_private_apt "$(echo "$dir" | tr / -)" \
		"deb \$(REPO_URI) $suite \$(COMPONENT)" \
		"Release: $(. /etc/os-release && echo "$VERSION_CODENAME")"
	say "downloading $dir: $packages of $suite (half a minute)"
}

# What is in $tmp/apt/archives, unpacked into $cache/DIR.
end_suite() {
	dir=$1
	shift
	mkdir "$tmp/root"
	say "unpacking $dir into ${cache#"$top"/}/$dir"
	# The first one says what /bin and /lib are.
	for deb in "$tmp"/apt/archives/base-files_*.deb \
		   "$tmp"/apt/archives/*.deb; do
		[ -f "$deb" ] || continue
		dpkg-deb -x "$deb" "$tmp/root" ||
			die "cannot unpack $(basename "$deb") into $cache: is the disk full?"
	done
	# A choice that configuring it would make.
	[ ! -d "$tmp/root/usr/bin" ] || ln -sf mawk "$tmp/root/usr/bin/awk"
	(cd "$tmp/apt/archives" && ls ./*.deb) >"$tmp/root/.versions"
	echo "$*" >"$tmp/root/.packages"
	rm -rf "${cache:?}/$dir"
	mkdir -p "$(dirname "$cache/$dir")"
	mv "$tmp/root" "$cache/$dir" || die "cannot write to $cache"
	rm -rf "$tmp"
	tmp=
}

# begin_private_apt NAME LINE [FILTER]: $tmp/apt, a state of apt with a source
# LINE, in the words of apt-get's indextargets, for each archive of Debian that
# the system asks: it may not ask for sources, nor for other suites.
begin_private_apt() {
	tmp=$cache/.$1.$$
	mkdir -p "$tmp/apt/sources" "$tmp/apt/state/lists" "$tmp/apt/archives" ||
		die "cannot write to $cache"
	[ -n "$(debian_archives "$2" "${3:-}")" ] || apt_update
	debian_archives "$2" "${3:-}" >"$tmp/apt/sources/debian.list"
	slowly "$tmp/log" private_apt update
}

debian_archives() {
	apt-get indextargets --format "$1" 'Created-By: Packages' \
		'Origin: Debian' ${2:+"$2"} | sort -u
}

# It knows of no package that is installed.
private_apt() {
	cd "$tmp/apt" && apt-get -q -o APT::Sandbox::User=root \
		-o Dir::Etc::sourcelist=/dev/null \
		-o Dir::Etc::sourceparts="$PWD/sources" \
		-o Dir::State="$PWD/state" -o Dir::State::status=/dev/null \
		-o Dir::Cache="$PWD" -o Dir::Cache::archives="$PWD/archives" "$@"
}

no_download() {
	die "cannot download $1: apt's last words are above; is Debian's" \
		"package server within reach?"
}
