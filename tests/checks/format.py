"""The formatter is the authority: clang-format must have nothing to change.

Usage: format.py SOURCE_DIR. Without clang-format prints "skipped", exits 0.
"""
import os
import shutil
import subprocess
import sys


def c_files(root):
    for top in ("src", "include", "tests"):
        for where, directories, files in os.walk(os.path.join(root, top)):
            directories.sort()
            for name in sorted(files):
                if name.endswith((".c", ".h")):
                    yield os.path.relpath(os.path.join(where, name), root)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: format.py SOURCE_DIR")
    root = sys.argv[1]
    program = shutil.which("clang-format")
    if not program:
        print("skipped: clang-format is not installed")
        return
    files = list(c_files(root))
    if not files:
        sys.exit(f"{root}: no C files under src, include and tests")
    done = subprocess.run([program, "--dry-run", "-Werror", "--style=file",
                           *files], cwd=root, check=False)
    if done.returncode:
        sys.exit("clang-format -i on these files would change them")
    print(f"{len(files)} files")


if __name__ == "__main__":
    main()
