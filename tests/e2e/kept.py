"""A kept run made by hand: what a test needs to draw reports of things that no
lab does on request, and of thousands of devices."""

import json
import os

TIME = "2026-11-21T02:40:%02d.%03dZ"


class Kept:
    """The run RUN_ID below a state directory, written event by event. Its clock
    goes on by a millisecond with each."""

    def __init__(self, state_dir, devices, job="acl_push", threads=8,
                 run_id="20261121T024000Z-acl_push-16faba"):
        self.dir = os.path.join(state_dir, "runs", run_id)
        os.makedirs(self.dir, 0o700)
        self.id, self.job, self.now = run_id, job, 0
        self.devices = devices
        with open(os.path.join(self.dir, "plan.json"), "w",
                  encoding="utf-8") as file:
            json.dump({"job": job, "devices": [
                {"hostname": name, "address": "192.0.2.1",
                 "device_type": device_type}
                for name, device_type in devices]}, file)
        self.file = open(os.path.join(self.dir, "events.jsonl"), "w",
                         encoding="utf-8")
        self.event("run_started", run=run_id, job=job, threads=threads,
                   devices=len(devices))

    @property
    def path(self):
        return os.path.join(self.dir, "events.jsonl")

    def event(self, kind, /, **members):
        time = TIME % (self.now // 1000 % 60, self.now % 1000)
        self.now += 1
        self.file.write(json.dumps({"event": kind, "time": time, **members},
                                   separators=(",", ":"),
                                   ensure_ascii=False) + "\n")

    def device(self, name, status="changed", output="", error=None, **more):
        """One visit, from start to end."""
        where = {"hostname": name, "phase": "push"}
        self.event("device_started", **where, attempt=1, address="192.0.2.1",
                   port=22, device_type="cisco_ios")
        for stage in ("connect", "login", "prepare", "change", "verify"):
            self.event("stage", **where, stage=stage)
        step = {"changed": "changed", "unchanged": "unchanged",
                "unknown": "unknown"}.get(status, "failed")
        self.event("step", **where, name="template acl", kind="template",
                   status=step, duration=0.25, output=output,
                   **({"error": error} if error else {}))
        self.event("device_finished", **where, status=status, stage="verify",
                   duration=0.5, **({"error": error} if error else {}),
                   **more)

    def skip(self, name, why="not started: stopped"):
        self.event("device_finished", hostname=name, status="skipped",
                   error=error("cancelled", why))

    def finish(self, exit_status=0, **totals):
        names = ("changed", "unchanged", "failed", "rolled_back", "unknown",
                 "skipped")
        self.event("run_finished", exit_status=exit_status,
                   totals={name: totals.get(name, 0) for name in names})
        self.close()

    def close(self):
        self.file.close()


def error(kind, message, line=None, sent=None, device_text=None):
    return {"kind": kind, "message": message, "line": line, "sent": sent,
            "device_text": device_text}
