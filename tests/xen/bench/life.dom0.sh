# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of life.sh. Prints "#= ROW VALUE" as that does.

RUNS=3
PERIOD=20

# idle: what the guest takes of a second while it waits for a word, in us. A loop in
# dom0 takes what is left of the only CPU.
idle() {
	local _paused _turns
	xl pause "$DOMID"
	_paused=$(/root/meter spin $PERIOD)
	xl unpause "$DOMID"
	_turns=$(/root/meter spin $PERIOD)
	echo $(((_paused - _turns) * 1000000 / _paused))
}

# away ROW COMMAND...: for how long the guest is not there meanwhile, in ms
away() {
	local _row=$1 _pid
	shift
	/root/meter gap >/tmp/gap &
	_pid=$!
	sleep 1
	"$@"
	result $? "$*"
	kill $_pid
	wait $_pid
	result $? "it beats again"
	echo "#= $_row $(cat /tmp/gap)"
}

wait_guest idle 600
for _ in $(seq $RUNS); do
	echo "#= idle $(idle)"
done
tell_guest idle
wait_guest beats 600
for _ in $(seq $RUNS); do
	away checkpoint checkpoint_guest
	away migrate migrate_guest
done
tell_guest beats
finish
