"""Keeps the layers honest: who includes whom, and what nobody may call.

Usage: layers.py SOURCE_DIR. Prints "file:line: sentence" for everything that
is wrong and exits 1, else exits 0. It reads text, not C: comments and string
literals are blanked out first, so that prose may name what code must not use.
"""
import os
import re
import sys

LAYERS = ["base", "text", "model", "device", "run", "fleet", "app"]

# JSON is our spine: any module may use it. Everything else from outside the
# C library and POSIX belongs to one .c file.
SHARED_THIRD_PARTY = {"jansson.h"}

# A header that is all there is of its module, as "layer/x.h".
HEADER_ONLY = set()

BANNED = ["strcpy", "strcat", "sprintf", "vsprintf", "strtok", "atoi", "atol",
          "gets", "system", "popen"]

# The C library's and the kernel's own headers, by their form: single names
# from C17 and POSIX, and the directories that the system owns.
SYSTEM_DIRECTORIES = ("sys/", "arpa/", "net/", "netinet/", "linux/")
SYSTEM_HEADERS = set("""
    aio alloca assert byteswap complex cpio crypt ctype dirent dlfcn elf
    endian err errno error fcntl fenv float fmtmsg fnmatch ftw getopt glob
    grp iconv ifaddrs inttypes iso646 langinfo libgen limits link locale
    malloc math mntent monetary mqueue ndbm netdb nl_types paths poll pthread
    pty pwd regex resolv sched search semaphore setjmp shadow signal spawn
    stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib stdnoreturn
    string strings stropts sysexits syslog tar termios tgmath threads time
    uchar ucontext ulimit unistd utime utmp utmpx wait wchar wctype wordexp
""".split())

INCLUDE = re.compile(r'[ \t]*#[ \t]*include[ \t]*([<"])([^>"\n]+)[>"]')
COMMENT_OR_LITERAL = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)
CALL = re.compile(r'(?<![\w.])(?<!->)(' + "|".join(BANNED) + r')\s*\(')


def sources(root):
    """Yields (path under ROOT, layer, text) for all of src/ and include/."""
    for top in ("src", "include"):
        for where, directories, files in os.walk(os.path.join(root, top)):
            directories.sort()
            for name in sorted(files):
                if not name.endswith((".c", ".h")):
                    continue
                path = os.path.relpath(os.path.join(where, name), root)
                parts = path.split(os.sep)
                layer = parts[1] if len(parts) > 2 else None
                with open(os.path.join(root, path), encoding="utf-8") as f:
                    yield path, layer, f.read()


def blank(text, keep_literals):
    """TEXT with comments (and literals) as blanks; lines stay lines."""
    def empty(match):
        found = match.group(0)
        if keep_literals and found[0] in "\"'":
            return found
        return re.sub(r"[^\n]", " ", found)
    return COMMENT_OR_LITERAL.sub(empty, text)


def includes(text):
    """Yields (line, opening bracket, name)."""
    for number, line in enumerate(blank(text, True).split("\n"), 1):
        match = INCLUDE.match(line)
        if match:
            yield number, match.group(1), match.group(2)


def is_system(name):
    return (name.startswith(SYSTEM_DIRECTORIES)
            or (name.endswith(".h") and name[:-2] in SYSTEM_HEADERS))


class Check:
    def __init__(self, root):
        self.root = root
        self.wrong = []
        self.users = {}  # third-party header -> [(path, line)]

    def say(self, path, line, sentence):
        self.wrong.append((path, line, sentence))

    def own_include(self, path, layer, line, name):
        """An include in quotes: a contract, or a neighbour of the file."""
        above, _, _ = name.partition("/")
        if "/" not in name:
            beside = os.path.join(self.root, os.path.dirname(path), name)
            if not os.path.exists(beside):
                self.say(path, line, f"'{name}' is not beside this file")
            return
        if above not in LAYERS:
            self.say(path, line, f"'{above}' is not a layer")
            return
        if not os.path.exists(os.path.join(self.root, "include", name)):
            self.say(path, line, f"include/{name} does not exist")
        if LAYERS.index(above) > LAYERS.index(layer):
            self.say(path, line,
                     f"{layer} includes {name}, but {above} is above it")

    def file(self, path, layer, text):
        if layer not in LAYERS:
            self.say(path, 1, "is in no layer: expected "
                     + ", ".join(LAYERS))
            return
        for line, bracket, name in includes(text):
            if bracket == '"':
                self.own_include(path, layer, line, name)
            elif not is_system(name) and name not in SHARED_THIRD_PARTY:
                self.users.setdefault(name, []).append((path, line))
        code = blank(text, False)
        for match in CALL.finditer(code):
            line = code.count("\n", 0, match.start()) + 1
            self.say(path, line, f"calls {match.group(1)}(), which is banned")

    def third_party(self):
        for name, places in self.users.items():
            in_code = sorted({p for p, _ in places if p.endswith(".c")})
            for path, line in places:
                if path.endswith(".h"):
                    self.say(path, line, f"a header includes <{name}>: "
                             "third-party headers belong in one .c file")
                elif path != in_code[0]:
                    self.say(path, line, f"<{name}> is already included by "
                             f"{in_code[0]}: one .c file for each")

    def headers_have_code(self):
        top = os.path.join(self.root, "include")
        for layer in LAYERS:
            folder = os.path.join(top, layer)
            for name in sorted(os.listdir(folder)
                               if os.path.isdir(folder) else []):
                if not name.endswith(".h") or f"{layer}/{name}" in HEADER_ONLY:
                    continue
                stem = name[:-2]
                source = os.path.join(self.root, "src", layer)
                files = os.listdir(source) if os.path.isdir(source) else []
                if not any(f == stem + ".c"
                           or (f.startswith(stem + "_") and f.endswith(".c"))
                           for f in files):
                    self.say(os.path.join("include", layer, name), 1,
                             f"no src/{layer}/{stem}.c implements it")


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: layers.py SOURCE_DIR")
    check = Check(sys.argv[1])
    seen = 0
    for path, layer, text in sources(sys.argv[1]):
        seen += 1
        check.file(path, layer, text)
    if not seen:
        sys.exit(f"{sys.argv[1]}: no sources under src/ and include/")
    check.third_party()
    check.headers_have_code()
    for path, line, sentence in sorted(check.wrong):
        print(f"{path}:{line}: {sentence}")
    print(f"{seen} files, {len(check.wrong)} wrong")
    sys.exit(1 if check.wrong else 0)


if __name__ == "__main__":
    main()
