# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The last service of a Debian guest: looks at what the packages have made of it, in
# TAP, through the kernel's log; then the end. DRIVERS is in the first line that
# ./all writes: ours, or Linux's own.

n=0
say() { printf '<1>%s\n' "$*" >/dev/kmsg; }
comment() { while read -r line; do say "# $line"; done; }
check() {
	what=$1
	shift
	n=$((n + 1))
	if out=$("$@" 2>&1); then
		say "ok $n - $what"
	else
		say "not ok $n - $what"
		echo "$out" | comment
	fi
}

loaded() {
	for m in "$@"; do
		[ -d "/sys/module/$m" ] || return 1
	done
}
# says LINE COMMAND...: among its output is this line
says() {
	line=$1
	shift
	"$@" 2>&1 | tee /dev/stderr | grep -qx "$line"
}
no_unit_failed() { ! systemctl --failed --no-legend | grep .; }

# Devices settle beside the services.
udevadm settle
say "TAP version 13"
say "# Linux $(uname -r)"
check "the root file system is on xvda" grep -q "^/dev/xvda / " /proc/mounts
check "the interface is enX0" ip link show enX0
check "no unit failed" no_unit_failed
check "systemd says xen" says xen systemd-detect-virt
check "virt-what says xen" says xen virt-what
check "cloud-init's probe says xen" says VIRT=xen \
	env DI_LOG=stderr ds-identify --force
check "so does the hypervisor's type" says xen cat /sys/hypervisor/type
case $DRIVERS in
xenion)
	check "the modules loaded by themselves" loaded xenion xenion_console \
		xenion_blkfront xenion_netfront xenion_time xenion_balloon xenion_dev
	check "virt-what says that it is no dom0" says xen-domU virt-what
	check "the disk has its link by-path" \
		test -b /dev/disk/by-path/xen-vbd-51712
	check "there is no disk but that" sh -c '! ls /sys/block | grep "^[hs]d"'
	check "hvc0 has a login" systemctl is-active serial-getty@hvc0
	check "its tests" sh -c '/usr/lib/xenion/tests/run >/tmp/tests 2>&1'
	comment </tmp/tests
	;;
own)
	check "Linux's own drivers run" loaded xen_blkfront xen_netfront
	check "and nothing of ours is left" sh -c \
		'! find / -xdev -name "*xenion*" ! -path "/root/*" ! -path "/var/l*" ! -path "/tmp/*" | grep .'
	;;
esac
say "1..$n"
systemctl poweroff
