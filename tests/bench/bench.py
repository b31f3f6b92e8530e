"""The bench: measures netpush beside the floor program and its peers, prints
tables, and with --write puts them as ratios into docs/performance.md.

    bench.py [--quick] [--write] [--table NAME] [--only NAME]... [--repeat K]

NETPUSH_BINARY, NETPUSH_LAB and NETPUSH_FLOOR name the programs of a release
build. Exit status 1: a figure was not reached.
"""

import argparse
import datetime
import os
import platform
import subprocess
import sys
import time

import measures
import shell

DOCUMENT = os.path.join(measures.SOURCE, "docs", "performance.md")
BEGIN = "<!-- figures of %s: written by tests/bench/bench.py -->"
END = "<!-- end of the figures of %s -->"


def number(value, unit):
    if unit == "" or value == int(value):
        text = "%d" % value
    else:
        text = "%.3g" % value if abs(value) < 1000 else "%.0f" % value
    return text


def spread(values, unit):
    """min / median / max, or the one value that there is."""
    if not values:
        return ""
    three = (min(values), measures.median(values), max(values))
    texts = [number(value, unit) for value in three]
    text = texts[0] if len(set(texts)) == 1 else " / ".join(texts)
    return text + (" " + unit if unit else "")


def verdict(row):
    return "" if row.met is None else "met" if row.met else "NOT MET"


class Table:
    """Rows that have the same peers beside netpush."""

    def __init__(self, name, functions, peers):
        self.name, self.functions, self.peers = name, functions, peers
        self.rows = []

    def head(self):
        return ("what", "netpush", *self.peers, "target", "", "")

    def cells(self, row):
        return (row.what, spread(row.netpush, row.unit),
                *(spread(row.peers.get(peer), row.unit)
                  for peer in self.peers),
                row.target, verdict(row), row.note)


def print_table(table):
    table = [table.head()] + [table.cells(row) for row in table.rows]
    widths = [max(len(line[i]) for line in table)
              for i in range(len(table[0]))]
    for line in table:
        print("  ".join(text.ljust(width) for text, width in zip(
            line, widths)).rstrip())


def ratio(row, values):
    """How many times netpush's median VALUES are."""
    if not values or not row.netpush:
        return ""
    times = measures.median(values) / measures.median(row.netpush)
    return "%.0f" % times if times >= 10 else "%.2g" % times


def document_rows(table):
    """Absolute values only where the target is one; else netpush is 1."""
    head = ("what", "netpush", *table.peers, "target", "")
    lines = ["| %s |" % " | ".join(head), "|" + "---|" * len(head)]
    for row in table.rows:
        shown = spread(row.netpush, row.unit)
        if shown and any(row.peers.values()):
            shown = "1"
        told = "; ".join(
            text for text in (verdict(row), row.note) if text)
        lines.append("| %s |" % " | ".join((
            row.what, shown, *(ratio(row, row.peers.get(peer))
                               for peer in table.peers), row.target, told)))
    return lines


def machine():
    model = platform.machine()
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        for line in file:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    return "%d x %s, Linux %s" % (
        os.cpu_count(), model, platform.release().split("-")[0])


def commit():
    done = subprocess.run(
        ["git", "-C", measures.SOURCE, "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True)
    return done.stdout.strip() or "unknown"


def write_document(table, versions):
    with open(DOCUMENT, encoding="utf-8") as file:
        text = file.read()
    begin, end = BEGIN % table.name, END % table.name
    head, _, rest = text.partition(begin)
    _, _, tail = rest.partition(end)
    figures = [begin, "", "%s, commit %s, %s; %s. Values of repeated runs are "
               "min / median / max." % (
                   datetime.date.today().isoformat(), commit(), machine(),
                   versions), "", *document_rows(table), "", end]
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(head + "\n".join(figures) + tail)


def measure_all(table, options):
    for measure in table.functions:
        if options.only and measure.__name__ not in options.only:
            continue
        start = time.monotonic()
        table.rows += measure(options)
        print("%-16s %5.1f s" % (measure.__name__, time.monotonic() - start),
              file=sys.stderr)
    if table.rows:
        print_table(table)


def main():
    tables = [Table("devices", measures.ALL, ("floor", "netmiko")),
              Table("shell", shell.ALL, shell.PEERS)]
    names = [measure.__name__ for table in tables
             for measure in table.functions]
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--quick", action="store_true",
                        help="under a minute: fewer devices, runs and peers")
    parser.add_argument("--write", action="store_true",
                        help="put the figures into docs/performance.md")
    parser.add_argument("--table", choices=[table.name for table in tables])
    parser.add_argument("--only", action="append", choices=names)
    parser.add_argument("--repeat", type=int)
    parser.add_argument("--no-netmiko", action="store_true")
    options = parser.parse_args()
    options.repeat = options.repeat or (1 if options.quick else 3)
    options.devices = 50 if options.quick else 200
    netmiko = None if options.no_netmiko else measures.netmiko_version()
    options.netmiko = netmiko and not options.quick
    if not options.no_netmiko and not netmiko:
        print("netmiko is skipped: Debian's python3-netmiko is not installed",
              file=sys.stderr)
    versions = ["netmiko %s" % netmiko if netmiko
                else "netmiko was not installed", shell.versions()]
    for table, version in zip(tables, versions):
        if options.table not in (None, table.name):
            continue
        measure_all(table, options)
        if options.write and not options.only and table.rows:
            write_document(table, version)
    return 1 if any(row.met is False for table in tables
                    for row in table.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
