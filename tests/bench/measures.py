"""What the bench measures: each function drives the lab, and netpush beside
the floor and its peers, and returns rows for the table. A row without values
in a column has nothing to compare there.
"""

import json
import math
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.environ.get("NETPUSH_SOURCE",
                        os.path.dirname(os.path.dirname(HERE)))
sys.path.insert(0, os.path.join(SOURCE, "tests", "lab"))
sys.path.insert(0, os.path.join(SOURCE, "tests", "e2e"))

from labctl import PASSWORD, USERNAME, Lab  # noqa: E402
from relay import Relay  # noqa: E402
from sshd import DRIVER, SSHD, Sshd  # noqa: E402
from processes import Failed, Program, children, private_kb  # noqa: E402

PYTHON = "/usr/bin/python3"  # Debian's, for Debian's python3-netmiko
THREADS = 32
WINDOW_FIRST, WINDOW = 4, 32
ACL = "LOCK_IT_DOWN"
LINES = ["remark Utility Server A", "permit ip host 192.168.1.100 any",
         "permit tcp any host 192.168.1.7 eq 443", "deny ip any any log"]
PATIENCE = 120


class Row:
    """One line of the table: values of repeated runs, and the verdict (MET
    is None where nothing was promised)."""

    def __init__(self, what, unit, netpush, floor=(), netmiko=(), target="",
                 met=None, note="", peers=None):
        self.what, self.unit, self.target = what, unit, target
        self.netpush, self.met, self.note = list(netpush), met, note
        self.peers = peers or {"floor": list(floor), "netmiko": list(netmiko)}


def median(values):
    values = sorted(values)
    middle = len(values) // 2
    if len(values) % 2:
        return values[middle]
    return (values[middle - 1] + values[middle]) / 2


class Place:
    """A directory with a job and all that one netpush needs."""

    def __init__(self):
        self.dir = tempfile.mkdtemp(prefix="netpush-bench-")
        self.password = self.write("password", PASSWORD + "\n")
        os.chmod(self.password, 0o600)
        self.result_path = os.path.join(self.dir, "result.json")

    def path(self, name):
        return os.path.join(self.dir, name)

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)
        return self.path(name)

    def job(self, devices, steps="", threads=THREADS, more=""):
        """A job file; DEVICES are (hostname, address, port)."""
        listed = "".join(
            "  - {hostname: %s, address: %s, port: %d}\n" % device
            for device in devices)
        if not steps:
            steps = "      - template: acl\n"
            more += "vars:\n  acl_name: %s\n  acl_lines: |\n%s" % (
                ACL, "".join("    %s\n" % line for line in LINES))
        return self.write(
            "job.yml", "threads: %d\n%sdefaults: {device_type: cisco_ios}\n"
            "device_list:\n%sphases:\n  - name: push\n    steps:\n%s"
            % (threads, more, listed, steps))

    def netpush(self, lab, job, command="run"):
        argv = [os.environ["NETPUSH_BINARY"], command, job, "--profiles",
                os.path.join(SOURCE, "device-profiles")]
        if command == "run":
            argv += ["--known-hosts", lab.known_hosts, "--host-keys",
                     "strict", "--username", USERNAME, "--password-file",
                     self.password, "--state-dir", self.path("state"), "-q",
                     "--json", self.result_path]
        return Program(argv, self.dir)

    def floor(self, lab, addresses, processes, *command):
        return Program([os.environ["NETPUSH_FLOOR"], str(lab.port),
                        str(processes), *command], self.dir,
                       "".join(address + "\n" for address in addresses))

    def result(self):
        with open(self.result_path, encoding="utf-8") as file:
            return json.load(file)

    def totals(self, **wanted):
        """The totals of the last run; wrong ones are a failure: a figure
        for work that was not done is none."""
        totals = self.result()["run"]["totals"]
        for status, count in wanted.items():
            if totals[status] != count:
                raise Failed("%d devices %s, not %d: %s" % (
                    totals[status], status, count, totals))
        return totals

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        shutil.rmtree(self.dir, ignore_errors=True)


def devices_of(lab, count):
    return [("R%d" % (i + 1), lab.address(i), lab.port)
            for i in range(count)]


def rounds(lines):
    """Turns that LINES lines under one header take, all answered at once:
    the window doubles after each one that was clean."""
    window, turns = WINDOW_FIRST, 0
    while lines > 0:
        lines -= window
        window = min(2 * window, WINDOW)
        turns += 1
    return turns


def config_text(headers, lines):
    """A `config` step with LINES lines shared out under HEADERS headers."""
    text, each = [], lines // headers
    for h in range(headers):
        text.append("ip access-list extended BENCH%d" % h)
        text += [" permit ip host 10.%d.%d.%d any" % (h, i // 250, i % 250)
                 for i in range(each)]
    return "      - config: |\n" + "".join(
        "          %s\n" % line for line in text)


def one_device(**more):
    return Lab({"devices": [{"hostname": "R1", "type": "cisco_ios", **more}]})


def setup_turns(options):
    """Shell to prompt: the device goes away at the first command, so what was
    counted before it is the set-up."""
    values = []
    for _ in range(options.repeat):
        with one_device(faults=[{"kind": "drop", "at": "^show clock"}]) as lab:
            with Place() as place:
                place.netpush(lab, place.job(
                    devices_of(lab, 1), "      - command: show clock\n")
                ).wait(statuses=(1,))
                values.append(lab.stats()["devices"]["R1"]["turns"] - 1)
    return [Row("turns, shell to prompt", "", values, target="<= 2",
                met=max(values) <= 2)]


def push_turns(options):
    """First header to last line, and with the ways in and out of
    configuration mode."""
    rows = []
    for headers, lines in ((1, 1000), (5, 1000), (20, 160)):
        values = []
        for _ in range(options.repeat):
            with one_device() as lab, Place() as place:
                place.netpush(lab, place.job(
                    devices_of(lab, 1), config_text(headers, lines))).wait()
                place.totals(changed=1)
                events = lab.witness(event="line", device="R1")
                words = [event["line"].strip() for event in events]
                start = words.index("configure terminal")
                end = words.index("end", start)
                values.append(events[end]["turn"] - events[start]["turn"] + 1)
        opening = rounds(WINDOW_FIRST * 7) - 1 if lines > 28 else 0
        limit = math.ceil(lines / WINDOW) + headers + 3
        # Each header, and the ways in and out, take a turn of their own.
        schedule = turns_of_blocks(headers, lines // headers) + headers + 2
        rows.append(Row(
            "turns, %d lines under %d header%s" % (
                lines, headers, "s" if headers > 1 else ""), "", values,
            target="<= %d" % (limit + opening),
            met=max(values) <= limit + opening,
            note="%d by the window's schedule" % schedule))
    return rows


def turns_of_blocks(headers, each):
    """Turns for the lines of HEADERS blocks, the window carried over from one
    to the next. A block's last turn may be short of lines."""
    window, clean, turns = WINDOW_FIRST, 0, 0
    for _ in range(headers):
        left = each
        while left > 0:
            sent = min(left, window)
            turns += 1
            left -= sent
            for _ in range(sent):
                clean += 1
                if clean >= window:
                    clean, window = 0, min(2 * window, WINDOW)
    return turns


def job_turns(options):
    values = []
    for _ in range(options.repeat):
        with one_device() as lab, Place() as place:
            place.netpush(lab, place.job(devices_of(lab, 1))).wait()
            place.totals(changed=1)
            values.append(lab.stats()["devices"]["R1"]["turns"])
    return [Row("turns, access list of 4 lines, login to close", "", values,
                target="<= 12", met=max(values) <= 12)]


# What libssh2 and OpenSSH both speak, so that the cryptography is alike.
ALIKE = ("Ciphers aes128-ctr", "MACs hmac-sha2-256",
         "KexAlgorithms curve25519-sha256", "Subsystem sftp internal-sftp")
WAYS = (("up", "scp"), ("down", "scp"), ("up", "sftp"), ("down", "sftp"))


class CopyPlace:
    """An sshd with a file beside it, and a wire to it."""

    def __init__(self, megabytes, delay):
        self.place = Place()
        self.source = os.path.join(self.place.dir, "source")
        with open(self.source, "wb") as file:
            for _ in range(megabytes):
                file.write(os.urandom(1 << 20))
        self.sshd = Sshd(self.place.dir, *ALIKE)
        self.relay = Relay(self.sshd.port, delay=delay) if delay else None
        self.port = (self.relay or self.sshd).port
        self.count = 0

    def target(self):
        self.count += 1
        return os.path.join(self.place.dir, "target%d" % self.count)

    def timed(self, argv, target):
        begin = time.monotonic()
        subprocess.run(argv, check=True, timeout=PATIENCE)
        took = time.monotonic() - begin
        if os.path.getsize(target) != os.path.getsize(self.source):
            raise Failed("%s: not all of it is there" % argv[0])
        os.remove(target)
        return took

    def netpush(self, way, method):
        target = self.target()
        ends = ((self.source, target) if way == "up" else
                (target, self.source))
        return self.timed([DRIVER, str(self.port), self.sshd.identity,
                           os.path.join(self.place.dir, "report"), "copy",
                           way, method, *ends], target)

    def scp(self, way):
        target = self.target()
        far = "root@127.0.0.1:"
        ends = ((self.source, far + target) if way == "up" else
                (far + self.source, target))
        return self.timed(
            ["scp", "-q", "-O", "-F", "none", "-i", self.sshd.identity, "-P",
             str(self.port), "-o", "StrictHostKeyChecking=no", "-o",
             "UserKnownHostsFile=/dev/null", *ends], target)

    def __enter__(self):
        return self

    def __exit__(self, *failure):
        if self.relay:
            self.relay.close()
        self.sshd.stop()
        shutil.rmtree(self.place.dir)


def copies(options, delay, where):
    """Beside OpenSSH's client, in turns; the best of each counts, because
    what else the machine does only ever makes them slower."""
    if os.geteuid() != 0 or not os.path.exists(SSHD):
        print("the copies are skipped: they need root and sshd",
              file=sys.stderr)
        return []
    megabytes = 50 if options.quick else 200
    times = {}
    with CopyPlace(megabytes, delay) as place:
        for _ in range(options.repeat):
            for way in ("up", "down"):
                times.setdefault(way, []).append(place.scp(way))
            for way, method in WAYS:
                times.setdefault((way, method), []).append(
                    place.netpush(way, method))
    rows = []
    for way, method in WAYS:
        share = min(times[way]) / min(times[way, method])
        rows.append(Row(
            "%d MB %s by %s, %s" % (megabytes, way, method.upper(), where),
            "s", times[way, method], target=">= 80 % of scp -O",
            met=share >= 0.8, note="%.0f %%" % (100 * share)))
    return rows


def copy_near(options):
    return copies(options, 0, "loopback")


def copy_far(options):
    return copies(options, 0.025, "50 ms round trip")


def far_away(options):
    step, whole = [], []
    for _ in range(options.repeat if not options.quick else 1):
        with one_device(latency_ms=50) as lab, Place() as place:
            place.netpush(lab, place.job(
                devices_of(lab, 1), config_text(1, 1000))).wait()
            place.totals(changed=1)
            device = place.result()["results"][0]
            step.append(device["steps"][0]["duration"])
            whole.append(device["duration"])
    return [Row("1,000 lines at 100 ms round trip, the push", "s", step,
                target="<= 5 s", met=max(step) <= 5,
                note="a peer that waits for each line: > 100 s"),
            Row("the same, connect to close", "s", whole)]


def netmiko_version():
    """None when it is not there."""
    done = subprocess.run(
        [PYTHON, "-c", "import netmiko; print(netmiko.__version__)"],
        capture_output=True, text=True)
    return done.stdout.strip() if done.returncode == 0 else None


def run_netmiko(lab, place, count):
    job = {"threads": THREADS, "port": lab.port, "username": USERNAME,
           "password": PASSWORD, "acl_name": ACL, "acl_lines": LINES,
           "device_list": [{"host": address, "device_type": "cisco_ios"}
                           for _, address, _ in devices_of(lab, count)]}
    cost = Program([PYTHON, "-B", os.path.join(HERE, "netmiko_push.py")],
                   place.dir, json.dumps(job)).wait()
    if int(cost.output) != count:
        raise Failed("netmiko did %s of %d devices" % (cost.output, count))
    return cost


def fleet(options):
    """Many devices with the list of four lines, and the floor in turns with
    them, so that both see the same machine."""
    count = options.devices
    push, floor, peer = [], [], []
    with Lab(count=count) as lab, Place() as place:
        job = place.job(devices_of(lab, count))
        addresses = [lab.address(i) for i in range(count)]
        for _ in range(options.repeat):
            floor.append(place.floor(lab, addresses, THREADS).wait())
            lab.reset()
            push.append(place.netpush(lab, job).wait(watch="parent"))
            place.totals(changed=count)
        if options.netmiko:
            lab.reset()
            peer.append(run_netmiko(lab, place, count))

    def per_device(costs, field):
        return [1000 * getattr(cost, field) / count for cost in costs]

    cpu = [per_device(costs, "cpu") for costs in (push, floor, peer)]
    wall = [[cost.wall for cost in costs] for costs in (push, floor, peer)]
    own = per_device(push, "own_cpu")
    ratio = median(cpu[0]) / median(cpu[1])
    rows = [
        Row("CPU a device, %d devices x 4 lines, %d threads" % (
            count, THREADS), "ms", *cpu, target="<= 1.5 x floor",
            met=ratio <= 1.5, note="%.2f x floor" % ratio)]
    if peer:
        share = median(cpu[0]) / cpu[2][0]
        rows[0].peers["netmiko"] = []
        rows.append(Row("the same beside netmiko", "ms", cpu[0], (), cpu[2],
                        "<= 1/8 of netmiko", share <= 1 / 8,
                        "1/%.0f" % (1 / share)))
    rows.append(Row("wall time of it", "s", *wall))
    if peer:
        share = median(wall[0]) / wall[2][0]
        rows[-1].target, rows[-1].met = "<= 1/100 of netmiko", share <= 0.01
        rows[-1].note = "1/%.0f" % (1 / share)
    rows.append(Row("CPU of the parent alone, a device", "ms", own,
                    target="<= 1 ms", met=median(own) <= 1))
    return rows


def held_devices(lab, count):
    """Waits until COUNT devices stand at the line at which the lab holds
    them."""
    path = os.path.join(lab.dir, "witness.jsonl")
    deadline = time.monotonic() + PATIENCE
    with open(path, encoding="utf-8") as file:
        held = 0
        while held < count:
            text = file.readline()
            if '"fault"' in text:
                held += json.loads(text)["event"] == "fault"
            elif not text:
                if time.monotonic() > deadline:
                    raise Failed("%d of %d devices came" % (held, count))
                time.sleep(0.05)


def hold_all(count, more=""):
    """COUNT sessions at once, all held at the first line of their push, then
    let go. Returns the private KiB of each worker, the parent's Cost and the
    most sessions that the lab had open."""
    with Lab(count=count) as lab, Place() as place:
        lab.faults("*", {"kind": "delay", "at": "^(no )?ip access-list",
                         "ms": 1000 * PATIENCE * 5, "times": 1})
        program = place.netpush(lab, place.job(
            devices_of(lab, count), threads=count, more=more))
        try:
            held_devices(lab, count)
            # Those that stand are the same: every tenth is enough of 2,000.
            pids = children(program.pid)
            private = [private_kb(pid) for pid in pids[::1 + count // 200]]
            program.look()
            lab.control({"do": "release", "device": "*"})
            cost = program.wait(watch="parent")
        finally:
            program.end()
        place.totals(changed=count)
        for i in range(0, count, 1 + count // 100):
            if lab.acl_texts("R%d" % (i + 1), ACL) != LINES:
                raise Failed("R%d has another list" % (i + 1))
        return private, cost, lab.stats()["totals"]["sessions_max"]


def worker_memory(options):
    count = options.devices
    private, cost, _ = hold_all(count)
    values = [kb / 1024 for kb in private if kb]
    return [Row("private memory a worker, %d held at once" % count, "MiB",
                values, target="<= 1 MiB", met=max(values) <= 1),
            Row("resident memory of their parent", "MiB",
                [cost.peak_kb / 1024])]


def many_sessions(options):
    if options.quick:
        return []
    count = 2000
    _, cost, most = hold_all(
        count, "timeouts: {connect: 2m, login: 3m, silence: 5m}\n")
    return [Row("sessions at once, each pushed, nothing lost", "", [most],
                target=">= 2000", met=most >= count,
                note="%.0f s, %.0f MiB in the parent" % (
                    cost.wall, cost.peak_kb / 1024))]


def many_devices(options):
    """10,000 devices of which all but one refuse the connection: what is
    left is the parent's work."""
    count = 10000 if not options.quick else 2000
    closed = socket.socket()
    closed.bind(("127.0.0.1", 0))  # and never listens: connections refused
    port = closed.getsockname()[1]
    with closed, Lab(count=1) as lab, Place() as place:
        devices = devices_of(lab, 1) + [
            ("X%d" % i, "127.0.0.1", port) for i in range(count - 1)]
        cost = place.netpush(lab, place.job(devices)).wait(
            statuses=(1,), watch="parent")
        place.totals(changed=1, failed=count - 1)
    own = 1000 * cost.own_cpu / count
    return [Row("parent's memory, %d devices" % count, "MiB",
                [cost.peak_kb / 1024], target="<= 64 MiB",
                met=cost.peak_kb <= 64 * 1024),
            Row("CPU of the parent alone, a device of %d" % count, "ms",
                [own], target="<= 1 ms", met=own <= 1)]


def check_many(options):
    count = 20000
    walls, cpus, peaks = [], [], []
    with Place() as place:
        job = place.job([("SITE%05d-SW1" % i, "10.%d.%d.1" % (
            i // 250, i % 250), 22) for i in range(count)])
        for _ in range(options.repeat):
            cost = place.netpush(None, job, "check").wait(watch="parent")
            walls.append(cost.wall)
            cpus.append(cost.cpu)
            peaks.append(cost.peak_kb / 1024)
    return [Row("netpush check of 20,000 devices", "s", walls,
                target="<= 0.5 s", met=median(walls) <= 0.5),
            Row("its CPU", "s", cpus), Row("its memory", "MiB", peaks)]


def big_show(options):
    megabytes = 50
    push, floor = [], []
    with one_device(tech_mb=megabytes) as lab, Place() as place:
        job = place.job(devices_of(lab, 1),
                        "      - command: show tech-support\n")
        for _ in range(options.repeat):
            cost = place.floor(lab, [lab.address(0)], 1,
                               "show tech-support").wait()
            if int(cost.output) < megabytes << 20:
                raise Failed("the floor read %s bytes" % cost.output)
            floor.append(cost)
            push.append(place.netpush(lab, job).wait(watch="workers"))
            place.totals(unchanged=1)
    cpu = [[cost.cpu for cost in costs] for costs in (push, floor)]
    ratio = median(cpu[0]) / median(cpu[1])
    peaks = [cost.worker_peak_kb / 1024 for cost in push]
    return [Row("CPU of a show of %d MiB" % megabytes, "s", *cpu,
                target="<= 2 x floor", met=ratio <= 2,
                note="%.2f x floor" % ratio),
            Row("its wall time", "s", [cost.wall for cost in push],
                [cost.wall for cost in floor]),
            Row("its worker's memory", "MiB", peaks, target="<= 96 MiB",
                met=max(peaks) <= 96)]


ALL = (setup_turns, push_turns, job_turns, far_away, fleet, worker_memory,
       many_sessions, many_devices, check_many, big_show, copy_near, copy_far)
