# SPDX-License-Identifier: MIT
# shellcheck shell=sh
#
# dom0's half of time.sh: its clock, over HTTP.

mkdir -p /tmp/time/cgi-bin
cat >/tmp/time/cgi-bin/now <<'END'
#!/bin/sh
printf 'Content-Type: text/plain\r\n\r\n'
adjtimex | awk '/tv_sec:/ { s = $2 } /tv_usec:/ { printf "%d.%06d\n", s, $2 }'
END
chmod +x /tmp/time/cgi-bin/now
httpd -f -p 80 -h /tmp/time &
trap 'kill $!' EXIT
wait_guest end 600
