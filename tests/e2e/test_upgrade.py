"""Upgrades: images are proved, devices are reloaded once, seen to go and to
come back, and what follows is done over the fresh session. What goes wrong
leaves the right word in the report, and nothing is reloaded twice."""

import hashlib
import os
import signal
import unittest

from harness import SOURCE, Case, main, wait_until

OLD, NEW = "15.2(4)M6", "15.7(3)M8"
IMAGE = "c2900-new.bin"


def image_bytes(version, size=20000):
    text = b"netpush-lab-image %s\n" % version.encode()
    return text + bytes(i * 7 % 251 for i in range(size - len(text)))


class Upgrade(Case):
    types = {"R1": "cisco_ios"}

    def setUp(self):
        super().setUp()
        self.image = os.path.join(self.tmp, IMAGE)
        with open(self.image, "wb") as file:
            file.write(image_bytes(NEW))

    def lab_of(self, **devices):
        """Devices by name, with their keys."""
        self.start_lab(*[{"hostname": name, "down_ms": 300, "version": OLD,
                          **keys} for name, keys in devices.items()])

    def put(self, name, image=IMAGE, data=None):
        """The image is in the device's flash."""
        directory = os.path.join(self.lab.dir, "flash", name)
        os.makedirs(directory, exist_ok=True)
        with open(os.path.join(directory, image), "wb") as file:
            file.write(image_bytes(NEW) if data is None else data)

    def job(self, *steps, phases=None, **more):
        text = "  - name: upgrade\n    steps:\n" + "".join(
            "      - %s\n" % step for step in steps)
        return self.phases_job(phases or text, **more)

    def reloads(self, name):
        return self.lab.witness(event="reload", device=name)

    def step(self, run, name, device="R1"):
        return next(s for s in run.results[device]["steps"]
                    if s["name"].startswith(name))


UPGRADE = [
    "verify_image: {path: 'flash:%s', source: %s}" % (IMAGE, IMAGE),
    "boot: 'flash:%s'" % IMAGE,
    "save: true",
    "reload: {wait: 25s, unless_version: %s}" % NEW,
    "expect_version: %s" % NEW,
    "command: show version",
]


class Reload(Upgrade):
    def test_goes_and_comes_back(self):
        self.lab_of(R1={})
        self.put("R1")
        run = self.push(self.job(*UPGRADE))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(len(self.reloads("R1")), 1)
        self.assertEqual(self.lab.state("R1")["version"], NEW)
        self.assertRegex(self.step(run, "reload")["output"],
                         "gone after .*, back after")
        # What follows goes over the fresh session.
        self.assertIn("Version " + NEW, self.step(run, "command")["output"])


if __name__ == "__main__":
    main()
