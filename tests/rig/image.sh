#!/bin/sh
# SPDX-License-Identifier: MIT
#
# Does the rig judge images correctly? A small one, which prints and does what
# it is asked to, passes, fails, hangs, crashes and prints too little, as dom0
# and as a guest, in each kind of domain. TAP.

name=image-$$
. "$(dirname "$0")/verdict.sh" || exit 1

# build KIND FLAG...
build() {
	kind=$1
	shift
	gcc -O2 -Wall -Wextra -Werror -ffreestanding -fno-pic -fno-pie \
		-fno-stack-protector -fcf-protection=none -mno-red-zone \
		-fno-asynchronous-unwind-tables -mgeneral-regs-only \
		-I"$dir" "$@" -nostdlib -static -no-pie -Wl,--build-id=none \
		-Wl,-z,noexecstack -Wl,--no-warn-rwx-segments \
		-T "$top/tests/rig/image/image.lds" -o "$kind.elf" \
		"$top/tests/rig/image/entry.S" "$top/tests/rig/image/image.c"
}

# run NAME STATUS WORDS END OPTION... <what the image prints: the run must end
# with this status, and with these words on standard error.
run() {
	what=$1
	want=$2
	words=$3
	end=$4
	shift 4
	cat >say
	"$rig" run --image $kind.elf --type $kind --ramdisk say \
		--cmdline "$end" --log log "$@" >out 2>err
	status=$?
	[ $status = "$want" ] && grep -qF -- "$words" err
	result $? "$what" out err
}

ln -s /usr/include/xen xen-public
echo "TAP version 13"
build pvh -m32 && build hvm -m32 -DHVM && build pv -m64
result $? "the images are built" out err

# --- as dom0 ----------------------------------------------------------------

kind=pvh
run "PVH dom0: all is well" 0 "passed" "one,two  three poweroff" --as-dom0 <<'END'
TAP version 13
ok 1 - one
ok 2 - two # SKIP for a reason
not ok 3 - three # TODO some day
    not ok 1 - of a subtest
#= some.thing 42
1..3
END
{ printf '# the rig'\''s image\none,two  three poweroff\n'; cat say; } |
	cmp -s - out
result $? "what it says, and its command line, pass through unchanged" out err

run "not ok is a failure" 1 "1 not ok: two" poweroff --as-dom0 <<'END'
1..2
ok 1 - one
not ok 2 - two
END

run "a missing result has its name" 8 "1 of 3 results came" poweroff \
	--as-dom0 <<'END'
1..3
ok 1 - one
END

run "so has a gap" 8 "test 3 came where 2 was due" poweroff --as-dom0 <<'END'
1..3
ok 1 - one
ok 3 - three
END

run "and a missing plan" 8 "no plan came" poweroff --as-dom0 <<'END'
ok 1 - one
END
run "and silence" 8 "no result came" poweroff --as-dom0 </dev/null
run "nothing to do is skipped" 4 "skipped" poweroff --as-dom0 <<'END'
1..0 # SKIP not here
END

printf '1..1\nok 1 - one\n' >fine
run "a crash has its name" 7 "the image crashed" crash --as-dom0 <fine
run "a fault is a crash" 7 "Triple fault" fault --as-dom0 <fine
run "so is a reboot" 7 "the image rebooted" reboot --as-dom0 <fine
run "a hang has its name" 6 "hang: no sign of life for 2 s" hang \
	--as-dom0 --timeout 2 <fine
grep -q "its CPUs were at image_main+0x" err
result $? "and where it was is told" out err

kind=pv
run "PV dom0: all is well" 0 "passed" poweroff --as-dom0 --vcpus 2 <fine
run "a PV fault is a crash" 7 "the image crashed" fault --as-dom0 <fine
run "too little memory for Xen to start it" 1 "Xen panicked" poweroff \
	--as-dom0 --memory 1 <fine

# --- as a guest -------------------------------------------------------------

echo "# booting a machine"
"$rig" start --name $name >out 2>err
result $? "a machine starts" out err

echo "wait_guest the-word 20" >dom0.sh
{
	cat fine
	echo "# tell the-word"
	seq 1 300 | sed 's/.*/# line &/'
	seq -s , 1 500 | sed 's/^/# /'
} >long
echo 1..1 >little

for kind in pvh pv hvm; do
	if [ $kind = hvm ] &&
	   [ ! -d "${XENION_CACHE:-$top/build/cache}/hvm" ]; then
		skip hvm "no device model in the cache"
		continue
	fi
	run "$kind: all is well, and dom0 is told" 0 "passed" poweroff \
		--name $name --memory 8 --dom0-script dom0.sh <long
	tail -n +3 out | cmp -s - long
	result $? "$kind: no line is lost or changed" out err
	run "$kind: a crash has its name" 7 "the guest crashed" crash \
		--name $name <fine
	run "$kind: a missing result has its name" 8 "0 of 1 results came" \
		poweroff --name $name <little
	run "$kind: a hang has its name" 6 "hang: " hang --timeout 2 \
		--name $name <fine
	grep -q "its CPUs were at image_main+0x" err
	result $? "$kind: and where it was is told" out err
done

"$rig" stop --name $name >out 2>err
result $? "the machine stops" out err

finish
