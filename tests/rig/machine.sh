#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Does the rig judge guests correctly? Guests that pass, fail, hang and crash,
# one after the other in one machine, with the kernel's own drivers, so that
# only the rig is tested. TAP.

name=truth-$$
. "$(dirname "$0")/verdict.sh" || exit 1

# run NAME STATUS WORDS OPTION... <guest script: the run must end with this
# status, and with these words on standard error.
run() {
	what=$1
	want=$2
	words=$3
	shift 3
	cat >guest.sh
	"$rig" run --name $name --in-tree --guest-script guest.sh --log log \
		"$@" >out 2>err
	status=$?
	[ $status = "$want" ] && grep -qF -- "$words" err
	result $? "$what" out err
}

head -c 1000000 /dev/urandom >part
cat >full.sh <<'END'
wait_guest big
attach_disk xvdb 8G
tell_guest big
END
echo "TAP version 13"
echo "# booting a machine"
"$rig" start --name $name >out 2>err
result $? "a machine starts" out err

run "exit status 0 passes" 0 passed <<'END'
exit 0
END

run "exit status 4 skips" 4 skipped <<'END'
skip_all "nothing to do"
END

run "a failed check fails" 1 "the guest script failed (exit status 1)" <<'END'
plan 2
check "this holds" true
check "this does not" false
finish
END
grep -qx "ok 1 - this holds" out && grep -qx "not ok 2 - this does not" out
result $? "TAP passes through" out err

run "many lines and long ones arrive" 0 passed <<'END'
i=0
while [ $i -lt 1000 ]; do echo "line $i"; i=$((i + 1)); done
seq -s , 1 1500
END
seq 0 999 | sed 's/^/line /' >wanted
seq -s , 1 1500 >>wanted
cmp -s wanted out
result $? "none of them is lost or changed" out err


cat >dom0.sh <<'END'
mkdir -p /www
seq 1 200000 >/www/file
serve /www
rendezvous ready
rendezvous written
head -c 1000000 "$(disk_file xvda)" | cmp - /www/part || exit 1
[ "$(evtchn_count)" -gt 3 ] && [ "$(grant_count)" -gt 1 ] || exit 1
rendezvous counted
END
run "disk, network and meeting points" 0 passed --disk size=64M --vif default \
	--dom0-script dom0.sh --dom0-file part:/www/part --vcpus 2 <<'END'
plan 3
load_drivers
check "network" wait_for 5 ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
rendezvous ready
check "download" wget -q -O /tmp/file http://10.0.0.1/file
wget -q -O /tmp/part http://10.0.0.1/part
check "disk" dd if=/tmp/part of=/dev/xvda bs=100k conv=fsync
rendezvous written
rendezvous counted
finish
END

run "a PV guest" 0 passed --type pv --disk size=16M <<'END'
plan 2
load_drivers
check "it is one" grep -q PV /sys/hypervisor/guest_type
check "it has a disk" wait_for 5 test -b /dev/xvda
finish
END

echo "exit 3" >dom0.sh
run "a dom0 script that fails is told" 1 "the dom0 script failed (exit status 3)" \
	--dom0-script dom0.sh <<'END'
exit 0
END

echo "wait_guest never 1000" >dom0.sh
run "nobody waits for a guest that has ended" 1 "ended, and had not said 'never'" \
	--dom0-script dom0.sh <<'END'
exit 0
END

run "a hang is a failure with a name" 6 "hang: no sign of life for 12 s" \
	--timeout 12 <<'END'
while :; do sleep 1; done
END

run "a guest that is slow but alive is waited for" 0 passed --timeout 12 <<'END'
for i in 1 2 3 4 5 6; do echo "$i"; sleep 5; done
END

run "what it waits for and does not come is a failed test" 1 \
	"the guest script failed" --timeout 12 <<'END'
plan 1
SIGN=5 LOADED=1
check "it comes" wait_for 20 false
finish
END

run "a guest that prints for ever is not" 6 "hang: still not done after 96 s" \
	--timeout 8 <<'END'
while :; do echo "still here"; sleep 1; done
END

echo 'ip -V | grep iproute2' >dom0.sh
run "a tool by its name is not busybox's" 0 passed --tool ip \
	--dom0-script dom0.sh <<'END'
ip -V | grep iproute2
END

run "more data than dom0 has memory for" 1 "the guest's disks are full: dom0 keeps" \
	--disk size=10M --ignore-log 'I/O error' --dom0-script full.sh <<'END'
plan 2
load_drivers
rendezvous big
check "a disk" wait_for 20 test -b /dev/xvdb
check "it has an end" sh -c '! dd if=/dev/zero of=/dev/xvdb bs=1M'
finish
END

run "a panic is told" 1 "the guest crashed" <<'END'
echo c >/proc/sysrq-trigger
END

run "a reboot is told" 1 "the guest rebooted" <<'END'
reboot -f
END

run "a script that is cut short is told" 1 "ended before its script did" <<'END'
poweroff -f
END

run "a kernel warning is bad news" 1 "bad news in the guest's log" <<'END'
echo "<4>WARNING: CPU: 0 PID: 1 at made up" >/dev/kmsg
END

run "bad news may be expected" 0 passed --ignore-log "made up" <<'END'
echo "<4>WARNING: CPU: 0 PID: 1 at made up" >/dev/kmsg
END

# The header's mark of a bzImage, but nothing that xl could start.
{ head -c 514 /dev/zero; printf HdrS; head -c 1000 /dev/zero; } >vmlinuz
run "a guest that cannot be created is told" 1 "xl did not create the guest" \
	--kernel vmlinuz <<'END'
exit 0
END

run "the machine is still good" 0 passed --disk size=16M <<'END'
exit 0
END

"$rig" stop --name $name >out 2>err && ! "$rig" status | grep -F $name >>out
result $? "the machine stops" out err

finish
