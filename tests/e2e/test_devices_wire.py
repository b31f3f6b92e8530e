"""An access list pushed over a wire that is cut: at every point of the job
the connection is reset, closed, or the device says nothing any more. Every
time one result, the right one, and no waiting beyond the timers.
"""

import time
import unittest

from devices import DeviceCase, Wire
from harness import main

LINES = ["remark one", "permit ip host 1.1.1.1 any",
         "permit ip host 2.2.2.2 any", "deny ip any any"]
OLD = "ip access-list extended EDGE\n permit ip host 9.9.9.9 any\n"
TIMERS = "timeouts: {connect: 2s, login: 3s, silence: 1s, device: 8s}\n"


class Cuts(DeviceCase):
    """One device for each point, all in one run; before them a good one,
    on which the credentials are checked."""

    def device_names(self, count):
        return ["R%04d" % i for i in range(count)]

    def job_over(self, wires):
        return "threads: 24\n" + TIMERS + "device_list:\n" + "".join(
            "  - {hostname: %s, address: 127.0.0.1, port: %d,"
            " device_type: cisco_ios}\n" % (name, wire.port)
            for name, wire in wires.items()) + \
            "acl_name: EDGE\nacl_lines: |\n" + "".join(
                "  %s\n" % line for line in LINES)

    def wire(self, index, **how):
        wire = Wire((self.lab.address(index), self.lab.port), **how)
        self.addCleanup(wire.close)
        return wire

    def points(self):
        """Where a whole visit pauses, and between; in bytes."""
        self.start_lab({"hostname": "R0000", "startup": OLD})
        wire = self.wire(0)
        run = self.push(self.job_over({"R0000": wire}), "--host-keys", "off")
        self.assertEqual(run.statuses(), ["changed"])
        marks = [0] + wire.marks
        points = {1}
        for before, after in zip(marks, marks[1:]):
            points |= {before + 1, (before + after) // 2, after}
        self.tearDown()
        self.doCleanups()
        self.setUp()
        return sorted(points), wire.total

    def judge(self, name, result, wire):
        status = result["status"]
        heard = self.config_lines(name)
        now = self.lab.acl_texts(name, "EDGE")
        story = (wire.cut, status, result["stage"], result["error"], heard,
                 now)
        if status == "changed":
            self.assertEqual(now, LINES, story)
            return
        self.assertIn(status, ("failed", "rolled_back", "unknown"), story)
        self.assertIn(result["error"]["kind"],
                      ("closed", "connect", "timeout", "prompt"), story)
        if result["stage"] in ("connect", "login", "prepare"):
            self.assertEqual((status, heard), ("failed", []), story)
        if status in ("failed", "rolled_back"):
            self.assertEqual(now, ["permit ip host 9.9.9.9 any"], story)

    def cut_everywhere(self, how):
        points, total = self.points()
        self.assertGreater(len(points), 20)
        names = self.device_names(len(points) + 1)
        self.start_lab(*[{"hostname": n, "startup": OLD} for n in names])
        wires = {names[0]: self.wire(0)}
        for i, point in enumerate(points):
            wires[names[i + 1]] = self.wire(i + 1, cut=point, how=how)
        began = time.monotonic()
        run = self.push(self.job_over(wires), "--host-keys", "off", expect=1)
        self.assertLess(time.monotonic() - began, 9 * len(points) / 24 + 12)
        results = run.results
        self.assertEqual(list(results), names)
        for name in names[1:]:
            self.judge(name, results[name], wires[name])
        statuses = [results[n]["status"] for n in names[1:]]
        self.assertIn("failed", statuses)
        self.assertIn("changed", statuses)
        # Up to the push nothing; then what was put back, or could not be over
        # such a wire; and from some point on the proved.
        order = [status == "changed" for status in statuses]
        self.assertEqual(order, sorted(order), list(zip(points, statuses)))

    def test_reset(self):
        self.cut_everywhere("reset")

    def test_close(self):
        self.cut_everywhere("close")

    def test_stall(self):
        self.cut_everywhere("stall")


if __name__ == "__main__":
    main()
