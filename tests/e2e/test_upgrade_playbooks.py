"""The playbooks of upgrades, to the end and through each fault: what goes wrong
on the first device is told right, and the second one is spared."""

import os
import re
import signal

from harness import SOURCE, main, wait_until
from test_upgrade import OLD, Upgrade, image_bytes


class Playbook(Upgrade):
    """The playbooks as they stand; only addresses and the image's bytes are
    the lab's."""

    name = None
    names = ("BRANCH1_DIST1", "BRANCH2_DIST1")
    lab_keys = {}
    old = OLD

    def setUp(self):
        super().setUp()
        if not self.name:
            self.skipTest("only for the playbooks")
        self.lab_of(**{name: {"version": self.old, **self.lab_keys}
                       for name in self.names})
        path = os.path.join(SOURCE, "playbooks", self.name + ".yml")
        with open(path, encoding="utf-8") as file:
            self.text = file.read()
        for name, address, _ in self.devices:
            line = "    - hostname: %s\n" % name
            self.assertIn(line, self.text)
            self.text = self.text.replace(line, (
                "%s      address: %s\n      port: %d\n"
                % (line, address, self.lab.port)))
        self.version = re.search(r"(?m)^    version: '?([^'\n]+)'?$",
                                 self.text).group(1)
        image = re.search(r"(?m)^    image: (\S+)$", self.text).group(1)
        os.mkdir(os.path.join(self.tmp, "images"))
        self.image = os.path.join("images", image)
        with open(os.path.join(self.tmp, self.image), "wb") as file:
            file.write(image_bytes(self.version))

    def play(self, *options, expect=0):
        run = self.push(self.text, *options, expect=expect)
        for name in self.names:
            self.assertLessEqual(len(self.reloads(name)), 1)
        return run

    def versions(self):
        return [self.lab.state(name)["version"] for name in self.names]


class Playing:
    def test_to_the_end(self):
        run = self.play()
        self.assertEqual(run.statuses(), ["changed"] * 2)
        self.assertEqual(self.versions(), [self.version] * 2)
        # One after the other, in the order of the list.
        self.assertEqual([e["device"] for e in
                          self.lab.witness(event="reload")], list(self.names))
        for name in self.names:
            self.assertIn("bytes copied",
                          self.step(run, "upload", name)["output"])
        again = self.play()
        self.assertEqual(again.statuses(), ["unchanged"] * 2)

    def test_check(self):
        before = [self.lab.state(name) for name in self.names]
        run = self.play("--check")
        self.assertTrue(self.step(run, "reload", self.names[0])["would_change"])
        self.assertTrue(self.step(run, "upload", self.names[0])["would_change"])
        self.assertEqual([self.lab.state(name) for name in self.names], before)

    def test_a_neighbour_stays_away(self):
        self.text = re.sub(r"within: \d+m", "within: 1s", self.text)
        self.lab.faults(self.names[0], {"kind": "port_lost", "text": "CORE2"})
        run = self.play(expect=4)
        self.assertEqual(run.statuses()[0], "unknown")
        self.assertEqual(self.lab.state(self.names[1])["version"], self.old)
        error = run.results[self.names[0]]["error"]
        self.assertEqual(error["kind"], "verify")
        self.assertIn("1 gone", error["message"])
        self.assertEqual(self.reloads(self.names[1]), [])

    def test_comes_back_as_it_was(self):
        self.lab.faults(self.names[0], {"kind": "boots_old"})
        run = self.play(expect=4)
        self.assertEqual(run.statuses()[0], "unknown")
        self.assertEqual(self.reloads(self.names[1]), [])

    def test_never_comes_back(self):
        self.text = re.sub(r"wait: \d+[mh]", "wait: 3s", self.text)
        self.lab.faults(self.names[0], {"kind": "never_back"})
        run = self.play(expect=4)
        self.assertEqual(run.results[self.names[0]]["error"]["kind"],
                         "timeout")
        self.assertEqual(self.reloads(self.names[1]), [])
        self.lab.control({"do": "boot", "device": self.names[0]})

    def test_no_room(self):
        self.lab.set(self.names[0], flash_bytes=21000)
        run = self.play(expect=1)
        self.assertEqual(run.statuses(), ["failed", "changed"])
        self.assertIn("not enough room",
                      run.results[self.names[0]]["error"]["message"])

    def test_what_arrives_is_not_the_image(self):
        self.lab.faults(self.names[0], {"kind": "copy_corrupts",
                                        "bytes": 5000})
        run = self.play(expect=1)
        # It was taken away again.
        self.assertEqual(run.statuses(), ["failed", "changed"])
        self.assertEqual(self.reloads(self.names[0]), [])
        self.assertNotIn(os.path.basename(self.image), os.listdir(
            os.path.join(self.lab.dir, "flash", self.names[0])))

    def test_cut_copy(self):
        self.lab.faults(self.names[0], {"kind": "copy_cut", "bytes": 5000,
                                        "times": 1})
        run = self.play(expect=1)
        self.assertEqual(run.statuses(), ["failed", "changed"])
        self.assertIn(run.results[self.names[0]]["error"]["kind"],
                      ("transfer", "closed"))
        # And once more: all is well.
        self.assertEqual(self.play().statuses(), ["changed", "unchanged"])

    def test_killed_while_it_copies(self):
        name = self.names[0]
        self.lab.faults(name, {"kind": "copy_stalls", "bytes": 5000,
                               "times": 1})
        run = self.start(self.text)
        wait_until(lambda: self.lab.witness(event="fault", device=name),
                   "the fault")
        for pid in run.children() + [run.pid]:
            os.kill(pid, signal.SIGKILL)
        run.process.wait()
        again = self.netpush("resume", "--json", self.json_path,
                             os.path.basename(run.dir)).wait()
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)
        self.assertEqual(self.versions(), [self.version] * 2)
        for device in self.names:
            self.assertEqual(len(self.reloads(device)), 1)


class Ios(Playing, Playbook):
    name = "ios_upgrade"
    lab_keys = {"startup": "ip scp server enable\n"}


class Xe(Playing, Playbook):
    name = "iosxe_install_mode"
    old = "17.6.5"
    lab_keys = {"type": "cisco_xe", "install_mode": True,
                "startup": "ip scp server enable\n"}


class Nxos(Playing, Playbook):
    name = "nxos_upgrade"
    names = ("DC1_CORE1", "DC1_CORE2")
    old = "9.3(8)"
    lab_keys = {"type": "cisco_nxos", "startup": "feature sftp-server\n"}


if __name__ == "__main__":
    main()
