. /root/lib.sh
echo "TAP version 13"
load_xenion console fifo=0
grep . /sys/bus/xenion/info/event_abi
n=0
while [ $n -lt 25 ]; do
n=$((n + 1))
dmesg -c >/dev/null
echo 0 >/sys/devices/system/cpu/cpu1/online
echo 1 >/sys/devices/system/cpu/cpu1/online
insmod /root/xenion-selftest.ko && rmmod xenion-selftest
dmesg | awk -v n=$n '{ t = $0; sub(/^.*\[ */, "", t); t += 0; if (last && t - last > 3 && $0 !~ /300 ports|rounds/) print "# round " n ": " t-last " before " $0; last = t } /not ok/ { print "# round " n ": " $0 } /rounds/ {}'
echo "ok $n - round $n"
done
echo "1..$n"
