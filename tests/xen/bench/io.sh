# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The guest's half of "make bench", the same for our modules and for the in-tree
# drivers. With bench=untrusted on the kernel's command line, our modules copy
# all data once, as for backends that are not trusted. Under the
# instruction-counted clock, a duration counts the instructions that guest, dom0
# and Xen execute together.
#
# Prints "#= ROW VALUE", $RUNS times each, and three times as many for TCP; the
# value is a cost: less is better.

RUNS=3

case $(cat /proc/cmdline) in
*bench=untrusted*)
	options_xenion_blkfront=trusted=0
	options_xenion_netfront=trusted=0
	RUNS=1
	;;
esac

load_drivers || exit 1
wait_for 30 test -b /dev/xvda || exit 1
wait_for 30 ip link show dev eth0 || exit 1
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
wait_for 30 ping -c 1 -W 2 10.0.0.1 || exit 1

# disk ROW UNITS FIO-OPTION...: runtime in us, divided by UNITS
disk() {
	_row=$1
	_units=$2
	shift 2
	fio --name="$_row" --filename=/dev/xvda --direct=1 --ioengine=libaio \
		--thread --gtod_reduce=1 --output-format=json \
		--output=/tmp/fio "$@" >/dev/null 2>&1 || {
		echo "# fio failed:"
		comments </tmp/fio
		exit 1
	}
	# "job_runtime" is in ms
	awk -v row="$_row" -v units="$_units" '
		/"job_runtime"/ { gsub(/[^0-9]/, ""); printf "#= %s %.2f\n", row, $0 * 1000 / units; exit }
		' /tmp/fio
}

# iperf OPTION...: output in /tmp/iperf. A server that has just ended a test
# first resets new connections; iperf3 then prints "error", but its status is 0.
iperf() {
	_try=0
	while iperf3 -c 10.0.0.1 -J "$@" >/tmp/iperf 2>&1; do
		grep -q '"error"' /tmp/iperf || return 0
		_try=$((_try + 1))
		[ $_try -lt 5 ] || return 1
		sleep 1
	done
	return 1
}

# tcp ROW MIB IPERF-OPTION...: us per MiB
tcp() {
	_row=$1
	_mib=$2
	shift 2
	iperf -n "${_mib}M" "$@" || {
		echo "# iperf3 failed:"
		comments </tmp/iperf
		exit 1
	}
	awk -v row="$_row" -v mib="$_mib" '
		/"sum_received"/ { on = 1 }
		on && /"seconds"/ { gsub(/[^0-9.]/, ""); printf "#= %s %.2f\n", row, $0 * 1e6 / mib; exit }
		' /tmp/iperf
}

tell ready
wait_for 30 nc -z 10.0.0.1 5201 || sleep 3

run=0
while [ $run -lt $RUNS ]; do
	run=$((run + 1))
	disk seq-write 64 --rw=write --bs=128k --iodepth=8 --size=64m
	disk seq-read 64 --rw=read --bs=128k --iodepth=8 --size=64m
	disk rand-read-4k 2000 --rw=randread --bs=4k --iodepth=1 \
		--size=64m --number_ios=2000 --randseed=7
	# One notification covers all segments that happen to be queued: sends
	# differ by a third, with both drivers.
	for _ in 1 2 3; do
		tcp tcp-send 64
		tcp tcp-receive 64 -R
	done
	# the average of the last line, min/avg/max in ms
	ping -q -c 50 -i 0.02 10.0.0.1 | awk -F '[ /]+' '
		/min\/avg\/max/ { printf "#= ping %.2f\n", $7 * 1000 }'
done
tell end
echo "ok 1 - all rows were measured"
