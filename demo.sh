#!/bin/sh
# Shows netpush at work on a fresh Debian 12: sets the machine up if something
# is missing, builds, starts the simulator of network devices on loopback and
# pushes playbooks/acl_push.yml to it. Nothing outside build/ is written.
#
#	./demo.sh            a second time, the devices need nothing any more
#	./demo.sh --reset    the devices begin anew
#
# NETPUSH_BUILD_DIR=DIR uses a build that is there already (no set-up).
# NETPUSH_DEMO_DIR=DIR keeps the demo's files there instead of build/demo.
set -eu
cd "$(dirname "$0")"

build=${NETPUSH_BUILD_DIR:-}
demo=${NETPUSH_DEMO_DIR:-build/demo}
lab=$demo/lab
lab_pid=

bold="" plain=""
if [ -t 1 ] && [ -z "${NO_COLOR:-}" ] && [ "${TERM:-dumb}" != dumb ]; then
	bold=$(printf '\033[1m') plain=$(printf '\033[0m')
fi

say()
{
	printf '\n%s== %s%s\n' "$bold" "$*" "$plain"
}

# The command that comes next, as one would type it.
command_line()
{
	printf '\n%s$ %s%s\n' "$bold" "$*" "$plain"
}

# Runs a command quietly; its output is shown if it fails.
quietly()
{
	if ! "$@" >"$demo/log" 2>&1; then
		cat "$demo/log" >&2
		echo "failed: $*" >&2
		exit 1
	fi
}

# The lab ends when its standard input does, so it cannot outlive us whatever
# ends us; on the ordinary way it is ended by its process id and waited for.
stop_lab()
{
	[ -n "$lab_pid" ] || return 0
	exec 9>&-
	kill "$lab_pid" 2>/dev/null || true
	wait "$lab_pid" 2>/dev/null || true
	lab_pid=
}

start_lab()
{
	rm -rf "$lab"
	mkdir -p "$lab"
	mkfifo "$lab/alive" "$lab/ready"
	python3 -B tests/demo_lab.py config playbooks/acl_push.yml \
		"$demo/devices" >"$lab/lab.json"
	"$build/tests/lab/netpush-lab" --dir "$lab" --stdin \
		--config "$lab/lab.json" <"$lab/alive" >"$lab/ready" &
	lab_pid=$!
	exec 9>"$lab/alive"
	read -r ready <"$lab/ready" || ready=
	port=$(echo "$ready" | sed -n 's/.*"port":\([0-9]*\).*/\1/p')
	if [ -z "$port" ]; then
		echo "the lab did not start (./demo.sh --reset may help)" >&2
		exit 1
	fi
}

# The playbook with the lab's addresses put in; nothing else is changed.
write_jobs()
{
	awk -v port="$port" '{ print }
		/^ *- hostname:/ {
			printf "      address: 127.10.0.%d\n", ++count
			printf "      port: %d\n", port
		}' playbooks/acl_push.yml >"$demo/acl_push.yml"
	cat >"$demo/show_acl.yml" <<-END
		inventory: lab/inventory.yml
		phases:
		  - name: look
		    steps:
		      - command: show ip access-lists LOCK_IT_DOWN
	END
}

# netpush with the lab's credentials and host keys, its runs kept in $demo.
netpush()
{
	"$build/netpush" "$@" --known-hosts "$lab/known_hosts" \
		--state-dir "$demo/state" --profiles device-profiles
}

look()
{
	netpush run "$demo/show_acl.yml" \
		2>"$demo/log" && return
	cat "$demo/log" >&2
	return 1
}

if [ "${1:-}" = --reset ]; then
	rm -rf "$demo/devices"
elif [ $# -gt 0 ]; then
	echo "usage: ./demo.sh [--reset]" >&2
	exit 2
fi
mkdir -p "$demo"
if [ -z "$build" ]; then
	build=build/release
	. tests/setup.sh
	# shellcheck disable=SC2086
	setup_packages $SETUP_BUILD
	say "Building $build"
	quietly cmake --preset release
	quietly cmake --build "$build" --target netpush netpush-lab \
		-j "$(nproc)"
fi

trap stop_lab EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
start_lab
write_jobs
NETPUSH_USERNAME=neteng NETPUSH_PASSWORD=lab-secret
export NETPUSH_USERNAME NETPUSH_PASSWORD

say "Four simulated devices listen on 127.10.0.1 to .4, port $port"
echo "The job is playbooks/acl_push.yml with these addresses added:"
echo "$demo/acl_push.yml. The simulator's password is in the environment."

say "Before: the access list on every device"
echo "(a job that only looks; it leaves its devices unchanged)"
look

say "What is going to be sent (nothing is contacted by this)"
command_line netpush check "$demo/acl_push.yml"
"$build/netpush" check "$demo/acl_push.yml" --profiles device-profiles

say "The run"
command_line netpush run "$demo/acl_push.yml"
status=0
netpush run "$demo/acl_push.yml" --json "$demo/result.json" 2>&1 || status=$?
echo "exit status $status"

say "After: the access list on every device"
look

python3 -B tests/demo_lab.py save "$lab" "$demo/devices"
stop_lab
say "The lab has ended. Its devices' configuration is kept in $demo/devices:"
echo "run ./demo.sh again, and every device is unchanged, because it is read"
echo "first and nothing is sent to one that is as the job asks. Start over"
echo "with ./demo.sh --reset."
exit "$status"
