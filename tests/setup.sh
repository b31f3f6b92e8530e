# shellcheck shell=sh disable=SC2034
# Sourced by demo.sh and test.sh: puts in place what a fresh Debian 12 lacks.
# Asks dpkg first, so that on a machine that has everything nothing is run as
# root and no network is needed.
#
#	. tests/setup.sh
#	setup_packages $SETUP_BUILD $SETUP_TEST

SETUP_BUILD="cmake gcc libc6-dev libcurl4-openssl-dev libcyaml-dev
	libjansson-dev libpcre2-dev libssh-dev libssh2-1-dev libssl-dev
	libyaml-dev ninja-build pkg-config zlib1g-dev libcmocka-dev python3"
SETUP_TEST="chromium-headless-shell clang clang-format frr iproute2
	libclang-rt-14-dev openssh-client openssh-server openssl
	python3-aiosmtpd python3-jsonschema python3-junitparser python3-lxml
	python3-paramiko python3-prometheus-client python3-pyte
	systemd util-linux valgrind"

# Prints those of its arguments that are not installed.
setup_missing()
{
	for setup_package in "$@"; do
		setup_status=$(dpkg-query -W -f='${db:Status-Status}' \
			"$setup_package" 2>/dev/null) || setup_status=none
		[ "$setup_status" = installed ] || echo "$setup_package"
	done
}

# Runs a command as root, quietly; what it said is shown if it fails.
setup_as_root()
{
	setup_log=$(mktemp)
	setup_sudo=
	if [ "$(id -u)" -ne 0 ]; then
		if ! command -v sudo >/dev/null; then
			echo "not root, and there is no sudo: $*" >&2
			rm -f "$setup_log"
			return 1
		fi
		setup_sudo=sudo
	fi
	if ! $setup_sudo env DEBIAN_FRONTEND=noninteractive "$@" \
		>"$setup_log" 2>&1; then
		cat "$setup_log" >&2
		echo "failed: $*" >&2
		rm -f "$setup_log"
		return 1
	fi
	rm -f "$setup_log"
}

# The services that come with frr and openssh-server are not wanted, only
# their programs: an exit status of 101 from policy-rc.d (Debian policy 9.3)
# keeps them from being started. One that is there already is left alone.
setup_packages()
{
	if ! command -v apt-get >/dev/null; then
		echo "no apt-get here: these packages are expected:" \
			"$@" >&2
		return 0
	fi
	setup_list=$(setup_missing "$@" | tr '\n' ' ')
	[ -n "$setup_list" ] || return 0
	echo "installing $setup_list" >&2
	setup_policy=
	if [ ! -e /usr/sbin/policy-rc.d ]; then
		setup_policy=/usr/sbin/policy-rc.d
		setup_as_root sh -c "printf '#!/bin/sh\nexit 101\n' \
			>$setup_policy && chmod 755 $setup_policy" || return 1
	fi
	setup_result=0
	setup_as_root apt-get update -q || setup_result=1
	if [ "$setup_result" -eq 0 ]; then
		# Split into words on purpose.
		# shellcheck disable=SC2086
		setup_as_root apt-get install -y -q --no-install-recommends \
			$setup_list || setup_result=1
	fi
	if [ -n "$setup_policy" ]; then
		setup_as_root rm -f "$setup_policy" || setup_result=1
	fi
	return "$setup_result"
}
