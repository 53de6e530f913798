# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# The guest's half of the second part of "make bench": what a guest costs beside its
# I/O, and how long it is away when it is saved or moved. The same for our modules and
# for the in-tree drivers. life.dom0.sh measures what only dom0 can see.

RUNS=3

load_drivers || exit 1
# Only ours is a module. It is there to set the clock; Linux goes on with the TSC.
[ "$DRIVERS" = in-tree ] || insmod /lib/xenion/xenion-time.ko || exit 1
wait_for 30 test -b /dev/xvda || exit 1
wait_for 30 ip link show dev eth0 || exit 1
ip addr add 10.0.0.2/24 dev eth0
ip link set eth0 up
wait_for 30 ping -c 1 -W 2 10.0.0.1 || exit 1

run=0
while [ $run -lt $RUNS ]; do
	run=$((run + 1))
	echo "#= clock-gettime $(/root/meter clock)"
	echo "#= timer $(/root/meter timer)"
done
rendezvous idle 600 || exit 1
/root/meter beat /dev/xvda 10.0.0.1 &
beat=$!
rendezvous beats 600
check "the guest has gone on each time" kill $beat
finish
