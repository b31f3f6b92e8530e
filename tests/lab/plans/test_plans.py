"""The planner's random plans, taken line by line by the lab's devices. The
program that makes them checks them on its own engine meanwhile."""

import os
import subprocess
import sys


def main():
    maker, judge = os.environ["NETPUSH_PLANS"], os.environ["NETPUSH_JUDGE"]
    reader, writer = os.pipe()
    with subprocess.Popen([judge], stdin=reader) as judging:
        os.close(reader)
        made = subprocess.run(
            [maker], env=dict(os.environ, NETPUSH_CASES_FD=str(writer)),
            pass_fds=[writer], check=False)
        os.close(writer)
    return 1 if made.returncode or judging.returncode else 0


if __name__ == "__main__":
    sys.exit(main())
