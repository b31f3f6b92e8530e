#!/bin/sh
# Every test: sets the machine up if something is missing, builds with all
# warnings as errors, runs the C units under valgrind, each fuzz target for a
# few seconds, and ctest under the sanitizers. Nothing but Debian 12 is needed.
#
#	./test.sh [argument of ctest ...]      e.g. ./test.sh -R known_hosts
set -eu
cd "$(dirname "$0")"
. tests/setup.sh

jobs=$(nproc)
logs=build/logs
export logs
failed=0

# Runs a command quietly; its output is shown if it fails.
quietly()
{
	if ! "$@" >"$logs/last" 2>&1; then
		cat "$logs/last" >&2
		echo "failed: $*" >&2
		exit 1
	fi
}

build()
{
	echo "building $1" >&2
	quietly cmake --preset "$1"
	quietly cmake --build "build/$1" -j "$jobs"
}

# Prints the command of each test with the label, one a line, quoted, as ctest
# knows it: python's own leaks are not ours, so scripts are left out.
programs()
{
	ctest --test-dir build/debug -L "$1" --show-only=json-v1 |
		python3 -c '
import json, shlex, sys
for test in json.load(sys.stdin)["tests"]:
    command = test.get("command", [])
    if command and "/build/debug/" in command[0]:
        print(shlex.join(command))'
}

# Each program under valgrind, as many at once as there are processors. Their
# commands are lines on standard input, quoted as `programs` does.
memcheck_all()
{
	CMOCKA_MESSAGE_OUTPUT=stdout NETPUSH_VALGRIND=1 \
		xargs -d '\n' -P "$jobs" -n 1 sh -c '
		eval "set -- $1"
		log=$logs/valgrind-${1##*/}
		valgrind -q --error-exitcode=9 --leak-check=full \
			--errors-for-leak-kinds=definite,indirect,possible \
			--suppressions=tests/valgrind.supp \
			--child-silent-after-fork=yes "$@" </dev/null \
			>"$log" 2>&1 && exit 0
		cat "$log" >&2
		echo "valgrind: $* failed" >&2
		exit 1' memcheck
}

# Every parser of foreign bytes against bytes that nobody thought of, as many
# at once as there are processors: what a device sends for NETPUSH_FUZZ_SECONDS
# each, what the user wrote for a quarter of it. What they find on the way
# stays out of the tree.
fuzz_all()
{
	fuzz_seconds=${NETPUSH_FUZZ_SECONDS:-20}
	export fuzz_seconds
	NETPUSH_PROFILES=$PWD/device-profiles
	export NETPUSH_PROFILES
	for source in tests/fuzz/fuzz_*.c; do
		basename "$source" .c | cut -c 6-
	done | xargs -P "$jobs" -I NAME sh -c '
		mkdir -p "$logs/fuzz-NAME"
		case NAME in
		screen|re|event|prompts|sender) seconds=$fuzz_seconds ;;
		*) seconds=$(((fuzz_seconds + 3) / 4)) ;;
		esac
		build/fuzz/tests/fuzz/fuzz_NAME -max_total_time="$seconds" \
			-timeout=20 -rss_limit_mb=2048 -verbosity=0 \
			-print_final_stats=1 -artifact_prefix="$logs/NAME-" \
			"$logs/fuzz-NAME" tests/fuzz/corpus/NAME \
			>"$logs/fuzz-NAME.log" 2>&1 || {
			tail -n 60 "$logs/fuzz-NAME.log" >&2
			echo "fuzz: NAME failed" >&2
			exit 1
		}'
}

# shellcheck disable=SC2086
setup_packages $SETUP_BUILD $SETUP_TEST
mkdir -p "$logs"
build debug
build asan

echo "valgrind: units" >&2
programs '^(unit|device)$' | sort -u >"$logs/programs"
memcheck_all <"$logs/programs" || failed=1
echo "valgrind: $(wc -l <"$logs/programs") programs, $(
	[ "$failed" -eq 0 ] && echo no errors || echo ERRORS)"

echo "fuzzing: up to ${NETPUSH_FUZZ_SECONDS:-20} s for each target" >&2
quietly cmake --preset fuzz
quietly cmake --build build/fuzz --target fuzzers -j "$jobs"
fuzz_all || failed=1
echo "fuzz: $([ "$failed" -eq 0 ] && echo nothing found || echo FAILED)"

ASAN_OPTIONS=detect_leaks=1:${ASAN_OPTIONS:-}
UBSAN_OPTIONS=print_stacktrace=1:${UBSAN_OPTIONS:-}
export ASAN_OPTIONS UBSAN_OPTIONS
ctest --test-dir build/asan --label-exclude '^(bench|mutants)$' \
	--output-on-failure --no-tests=error -j "$jobs" "$@" || failed=1
exit "$failed"
