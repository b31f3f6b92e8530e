"""One OpenSSH client for each host, all at once, each waited for by a thread:
how ParaMgmt works. What it prints is left out, so that it has no more to do.

    one_ssh_each.py COUNT COMMAND ...     {} stands for the host's number
"""

import subprocess
import sys
import threading


def one(number, command, codes):
    child = subprocess.Popen([w.replace("{}", str(number)) for w in command],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    child.communicate(b"")
    codes.append(child.returncode)


def main():
    count, command, codes = int(sys.argv[1]), sys.argv[2:], []
    threads = [threading.Thread(target=one, args=(i, command, codes))
               for i in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sys.exit(any(codes))


if __name__ == "__main__":
    main()
