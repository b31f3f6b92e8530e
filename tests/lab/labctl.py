"""Starts and drives netpush-lab, the device simulator, from tests.

    with Lab(count=3) as lab:            # or Lab(config={"devices": [...]})
        lab.port, lab.dir, lab.inventory, lab.known_hosts
        lab.control({"do": "set", "device": "R1", "faults": [...]})
        lab.stats()["devices"]["R1"]["logins"]
        lab.state("R1")["acls"]
        lab.witness(event="line", device="R1")

The executable is named by NETPUSH_LAB. The lab ends with the test: its
standard input is a pipe that we hold.
"""

import json
import os
import shutil
import socket
import subprocess
import tempfile

USERNAME, PASSWORD, ENABLE = "neteng", "lab-secret", "lab-enable"


class LabError(Exception):
    """The lab did not start, or refused a request."""


class Lab:
    def __init__(self, config=None, count=None, type="cisco_ios", dir=None,
                 executable=None, wrapper=()):
        self.config, self.count, self.type = config, count, type
        self.executable = executable or os.environ.get("NETPUSH_LAB")
        if not self.executable:
            raise LabError("NETPUSH_LAB is not set")
        self.wrapper = list(wrapper)
        self._own_dir = dir is None
        self.dir = dir or tempfile.mkdtemp(prefix="netpush-lab-")
        self.process = self.port = self._socket = None
        self.returncode = None
        self.errors = ""
        self._witness, self._witness_end = [], 0

    # Paths that the lab wrote.
    @property
    def inventory(self):
        return os.path.join(self.dir, "inventory.yml")

    @property
    def known_hosts(self):
        return os.path.join(self.dir, "known_hosts")

    @staticmethod
    def address(index):
        """The address of device INDEX, counted from 0."""
        return "127.10.%d.%d" % (index // 250, index % 250 + 1)

    def start(self):
        argv = self.wrapper + [self.executable, "--dir", self.dir, "--stdin"]
        if self.config is not None:
            path = os.path.join(self.dir, "lab.json")
            with open(path, "w", encoding="utf-8") as file:
                json.dump(self.config, file)
            argv += ["--config", path]
        else:
            argv += ["--count", str(self.count or 1), "--type", self.type]
        self._log = open(os.path.join(self.dir, "lab.err"), "w+b")
        self.process = subprocess.Popen(
            argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=self._log)
        line = self.process.stdout.readline()
        if not line:
            self.stop()
            raise LabError(self.errors)
        self.port = json.loads(line)["port"]
        return self

    def control(self, request):
        """One request, one answer; an answer that is not ok raises."""
        if self.process.poll() is not None:
            raise LabError("the lab has ended")
        if self._socket is None:
            # The path may be longer than a socket's address can hold.
            directory = os.open(self.dir, os.O_PATH | os.O_DIRECTORY)
            try:
                link = socket.socket(socket.AF_UNIX)
                link.settimeout(60)
                link.connect("/proc/self/fd/%d/control.sock" % directory)
            finally:
                os.close(directory)
            self._socket = link
            self._answers = link.makefile("r", encoding="utf-8")
        self._socket.sendall(json.dumps(request).encode() + b"\n")
        answer = json.loads(self._answers.readline() or "{}")
        if not answer.get("ok"):
            raise LabError(answer.get("error", "the lab is gone"))
        return answer

    def stats(self):
        return self.control({"do": "stats"})

    def state(self, device):
        return self.control({"do": "state", "device": device})

    def set(self, device, **what):
        return self.control({"do": "set", "device": device, **what})

    def faults(self, device, *faults):
        return self.set(device, faults=list(faults))

    def reset(self, device="*"):
        return self.control({"do": "reset", "device": device})

    def expire(self, device):
        """Timers that take changes back are up now."""
        return self.control({"do": "expire", "device": device})

    def down(self, device):
        return self.control({"do": "down", "device": device})

    def up(self, device):
        return self.control({"do": "up", "device": device})

    def acl_texts(self, device, name):
        """Entries of an access list as text, remarks included, in order."""
        acl = self.state(device)["acls"].get(name)
        return None if acl is None else [
            e["text"] if "text" in e else "remark " + e["remark"]
            for e in acl["entries"]]

    def acl_history(self, device, name):
        """What an access list was after each line that changed it: (line,
        entries), entries None where there was no such list, else texts
        "SEQUENCE text". The device needs acl_history."""
        now, history = [], []
        for event in self.witness(device=device):
            if event["event"] == "acl_start":
                now, history = [], []
            if event["event"] != "acl" or event["acl"] != name:
                continue
            now = now[:event["at"]] + [
                "%d %s" % tuple(entry) for entry in event["added"]
            ] + now[event["at"] + event["removed"]:]
            if len(now) != event["entries"]:
                raise LabError("the history of %s does not add up" % name)
            history.append((event["line"],
                            None if event["absent"] else list(now)))
        return history

    def witness(self, **match):
        """The events so far whose fields equal MATCH."""
        if self.process and self.process.poll() is None:
            self.control({"do": "sync"})
        # Each event is read once, however often somebody asks.
        path = os.path.join(self.dir, "witness.jsonl")
        with open(path, "rb") as file:
            file.seek(self._witness_end)
            lines = file.read().split(b"\n")[:-1]
        self._witness += [json.loads(line) for line in lines]
        self._witness_end += sum(len(line) + 1 for line in lines)
        return [e for e in self._witness
                if all(e.get(k) == v for k, v in match.items())]

    def lines(self, device):
        """The non-empty lines that a device read, in order."""
        return [e["line"] for e in self.witness(event="line", device=device)
                if e["line"]]

    def stop(self):
        if self._socket is not None:
            self._answers.close()
            self._socket.close()
            self._socket = None
        if self.process is not None:
            self.process.stdin.close()
            try:
                self.returncode = self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.returncode = self.process.wait()
            self.process.stdout.close()
            self._log.seek(0)
            self.errors = self._log.read().decode(errors="replace")
            self._log.close()
            self.process = None
        if self._own_dir:
            shutil.rmtree(self.dir, ignore_errors=True)
        return self.returncode

    def __enter__(self):
        return self.start()

    def __exit__(self, *failure):
        self.stop()
        if self.returncode:
            raise LabError("the lab ended with %d: %s"
                           % (self.returncode, self.errors))
