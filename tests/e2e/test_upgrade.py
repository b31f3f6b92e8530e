"""Upgrades: images are proved, devices are reloaded once, seen to go and to
come back, and what follows is done over the fresh session. What goes wrong
leaves the right word in the report, and nothing is reloaded twice."""

import os
import re
import signal

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


    def test_is_not_done_again(self):
        self.lab_of(R1={})
        self.put("R1")
        self.push(self.job(*UPGRADE))
        run = self.push(self.job(*UPGRADE))
        self.assertEqual(run.statuses(), ["unchanged"])
        self.assertIn("already", self.step(run, "reload")["output"])
        self.assertEqual(len(self.reloads("R1")), 1)

    def test_only_told(self):
        """--check reads, and says what would be done."""
        self.lab_of(R1={})
        self.put("R1")
        before = self.lab.state("R1")
        run = self.push(self.job(*UPGRADE), "--check")
        self.assertTrue(self.step(run, "reload")["would_change"])
        self.assertTrue(self.step(run, "boot")["would_change"])
        self.assertIn("boot system flash:" + IMAGE,
                      self.step(run, "boot")["output"])
        self.assertEqual(self.lab.state("R1"), before)
        self.assertEqual(self.reloads("R1"), [])

    def test_old_image_stays_second(self):
        self.lab_of(R1={})
        self.put("R1")
        self.push(self.job(*UPGRADE[:3]))
        lines = self.config_lines("R1")
        old = self.lab.state("R1")["image"]
        self.assertEqual(lines[:3], ["no boot system",
                                     "boot system flash:" + IMAGE,
                                     "boot system " + old])

    def test_falls_silent(self):
        """No goodbye, and no answer to a SYN."""
        self.lab_of(R1={"down": "silence"})
        self.put("R1")
        run = self.push(self.job(
            *UPGRADE, more="timeouts: {silence: 2s, connect: 2s}\n"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(len(self.reloads("R1")), 1)

    def faulty(self, *faults, expect=1, steps=UPGRADE, device=None, **more):
        self.lab_of(R1=device or {})
        self.put("R1")
        self.lab.faults("R1", *faults)
        run = self.push(self.job(*steps, **more), expect=expect)
        self.assertLessEqual(len(self.reloads("R1")), 1)
        return run

    def error(self, run, device="R1"):
        return run.results[device]["error"]

    def test_wrong_image(self):
        run = self.faulty({"kind": "wrong_md5"})
        self.assertEqual(run.statuses(), ["failed"])
        self.assertEqual(self.error(run)["kind"], "verify")
        self.assertEqual(self.reloads("R1"), [])
        self.assertEqual(self.config_lines("R1"), [])

    def test_nvram_is_full(self):
        run = self.faulty({"kind": "nvram_full"})
        # The boot lines are there, but were not saved.
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertEqual(self.reloads("R1"), [])

    def test_nobody_proved_the_image(self):
        self.lab_of(R1={})
        self.put("R1")
        self.put("R1", "other.bin")
        run = self.push(self.job(
            "verify_image: {path: 'flash:other.bin', source: %s}" % IMAGE,
            *UPGRADE[1:]), expect=1)
        self.assertIn("no step of this run has proved",
                      self.error(run)["message"])
        self.assertEqual(self.reloads("R1"), [])

    def test_not_saved(self):
        """Boot lines that were not saved do not count when it boots."""
        run = self.faulty(steps=UPGRADE[:2] + UPGRADE[3:])
        self.assertIn("not reloaded", self.error(run)["message"])
        self.assertIn("shows no image", self.error(run)["message"])
        self.assertEqual(self.reloads("R1"), [])

    def test_changed_after_it_was_saved(self):
        run = self.faulty(steps=UPGRADE[:3] + ["config: ntp server 10.0.0.9"]
                          + UPGRADE[3:])
        self.assertIn("not reloaded", self.error(run)["message"])
        self.assertIn("Save?", self.error(run)["message"])
        self.assertEqual(self.reloads("R1"), [])
        self.assertNotIn("ntp server", self.lab.state("R1")["startup"])

    def test_register_that_would_stop_the_boot(self):
        """No `boot` step has looked; and `show boot` is right."""
        self.lab_of(R1={})
        for value in ("0x2100", "0x2142", "0x2101"):
            self.lab.reset("R1")
            self.put("R1")
            self.push(self.job(*UPGRADE[:3], "config: config-register "
                               + value))
            steps = [UPGRADE[0], "reload: {wait: 3s}"]
            for options in ((), ("--check",)):
                run = self.push(self.job(*steps), *options, expect=1)
                self.assertIn("configuration register",
                              self.error(run)["message"])
            self.assertEqual(self.reloads("R1"), [])

    def shows_boot(self, text):
        return self.faulty({"kind": "log_line", "at": "^show boot$",
                            "text": text})

    def test_boots_only_by_hand(self):
        run = self.shows_boot("Manual Boot = yes")
        self.assertIn("not boot by itself", self.error(run)["message"])
        self.assertEqual(self.reloads("R1"), [])

    def test_a_member_that_boots_another_image(self):
        run = self.shows_boot("BOOT path-list      : flash:/other.bin")
        self.assertIn("would boot flash:/other.bin",
                      self.error(run)["message"])
        self.assertEqual(self.reloads("R1"), [])

    def test_warns_that_it_may_not_boot(self):
        """A warning in front of a question is for a person."""
        run = self.faulty({
            "kind": "asks_more",
            "text": "Boot variable either does not exist or buffer is too "
                    "small\nDo you wish to proceed with reload "
                    "anyway[confirm]"})
        self.assertEqual(self.error(run)["kind"], "prompt")
        self.assertEqual(self.reloads("R1"), [])

    def test_proof_that_was_taken_back(self):
        """What was proved once is not the image any more."""
        self.lab_of(R1={})
        self.put("R1")
        self.push(self.job(*UPGRADE[:3]))
        self.lab.faults("R1", {"kind": "wrong_md5", "after": 1})
        run = self.push(self.job(
            UPGRADE[0],
            "{verify_image: {path: 'flash:/%s', source: %s}, name: again, "
            "on_failure: continue}" % (IMAGE, IMAGE),
            "reload: {wait: 3s}"), expect=1)
        self.assertIn("has proved",
                      self.step(run, "reload")["error"]["message"])
        self.assertEqual(self.reloads("R1"), [])

    def test_comes_back_as_it_was(self):
        run = self.faulty({"kind": "boots_old"})
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertIn("it runs %s, not %s" % (OLD, NEW),
                      self.error(run)["message"])
        self.assertEqual(len(self.reloads("R1")), 1)

    def test_never_comes_back(self):
        steps = list(UPGRADE)
        steps[3] = "reload: {wait: 3s}"
        run = self.faulty({"kind": "never_back"}, steps=steps)
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertEqual(self.error(run)["kind"], "timeout")
        self.assertIn("did not come back", self.error(run)["message"])
        self.lab.control({"do": "boot", "device": "R1"})

    def test_does_not_go(self):
        """It takes logins, but it is the same life."""
        steps = list(UPGRADE)
        steps[3] = "reload: {wait: 3s}"
        run = self.faulty({"kind": "reload_ignored"}, steps=steps)
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertIn("has not rebooted", self.error(run)["message"])
        self.assertNotIn("did not come back", self.error(run)["message"])
        self.assertEqual(self.error(run)["kind"], "timeout")

    def test_aaa_is_late(self):
        """A refused login right after a boot is no wrong password."""
        profiles = os.path.join(self.tmp, "profiles")
        os.mkdir(profiles)
        path = os.path.join(SOURCE, "device-profiles", "cisco_ios.yml")
        with open(path, encoding="utf-8") as file:
            text = file.read()
        with open(os.path.join(profiles, "ios.yml"), "w",
                  encoding="utf-8") as file:
            file.write(text.replace("reload:\n  command: reload\n",
                                    "reload:\n  command: reload\n"
                                    "  auth_wait: 300ms\n"))
        self.lab_of(R1={})
        self.put("R1")
        self.lab.faults("R1", {"kind": "aaa_late", "count": 2})
        run = self.push(self.job(*UPGRADE), "--profiles", profiles)
        self.assertEqual(run.statuses(), ["changed"])
        self.assertIn("2 times", self.step(run, "reload")["notes"])
        self.assertTrue([e for e in run.select(event="log", warning=True)
                         if "AAA" in e["text"]])

    def test_new_host_key_is_refused(self):
        run = self.faulty({"kind": "new_host_key"})
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertEqual(self.error(run)["kind"], "host_key")
        self.assertIn("accept_new_host_key", self.error(run)["message"])

    def test_new_host_key_that_the_job_takes(self):
        steps = list(UPGRADE)
        steps[3] = "reload: {wait: 25s, accept_new_host_key: true}"
        run = self.faulty({"kind": "new_host_key"}, steps=steps, expect=0)
        self.assertEqual(run.statuses(), ["changed"])
        replaced = [e for e in run.select(event="host_key")
                    if e.get("replaces")]
        self.assertEqual(len(replaced), 1)
        # From now on it is the one that counts, for strict ones, too.
        self.push(self.job("command: show version"), "--host-keys", "strict")

    def test_stop_on_the_first_that_does_not_come_back(self):
        self.lab_of(R1={}, R2={}, R3={})
        for name in ("R1", "R2", "R3"):
            self.put(name)
        self.lab.faults("R2", {"kind": "boots_old"})
        steps = list(UPGRADE)
        steps[4] = "{expect_version: %s, on_failure: stop}" % NEW
        run = self.push(self.job(*steps, threads=1), expect=4)
        self.assertEqual(run.statuses(), ["changed", "unknown", "skipped"])
        self.assertEqual(self.reloads("R3"), [])


class OtherPlatforms(Upgrade):
    def test_nxos(self):
        self.lab_of(N1={"type": "cisco_nxos", "version": "9.3(8)"})
        self.put("N1", data=image_bytes("9.3(13)"))
        with open(self.image, "wb") as file:
            file.write(image_bytes("9.3(13)"))
        run = self.push(self.job(
            "verify_image: {path: 'bootflash:%s', source: %s}" % (IMAGE, IMAGE),
            "boot: 'bootflash:%s'" % IMAGE, "save: true",
            "reload: {wait: 25s}", "expect_version: 9.3(13)"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(len(self.reloads("N1")), 1)

    def test_nxos_not_saved(self):
        """It is asked although the set-up turned questions off."""
        self.lab_of(N1={"type": "cisco_nxos", "version": "9.3(8)"})
        self.put("N1")
        run = self.push(self.job(
            "verify_image: {path: 'bootflash:%s', source: %s}" % (IMAGE, IMAGE),
            "boot: 'bootflash:%s'" % IMAGE, "save: true",
            "config: ntp server 10.0.0.9",
            "reload: {wait: 25s}"), expect=1)
        self.assertEqual(self.reloads("N1"), [])
        self.assertIn("forbids the answer",
                      run.results["N1"]["error"]["message"])

    def test_twice_if_the_job_says_so(self):
        """A device that has just come up is given the time to say so."""
        self.lab_of(N1={"type": "cisco_nxos", "version": "9.3(8)"})
        self.put("N1")
        run = self.push(self.job(
            "verify_image: {path: 'bootflash:%s', source: %s}" % (IMAGE, IMAGE),
            "boot: 'bootflash:%s'" % IMAGE, "save: true",
            "reload: {wait: 25s}", "reload: {wait: 25s}"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(len(self.reloads("N1")), 2)

    def test_nxos_install_all(self):
        self.lab_of(N1={"type": "cisco_nxos", "version": "9.3(8)"})
        self.put("N1")
        run = self.push(self.job(
            "verify_image: {path: 'bootflash:%s', source: %s}" % (IMAGE, IMAGE),
            "save: true",
            "reload: {install: 'bootflash:%s', wait: 25s}" % IMAGE,
            "expect_version: %s" % NEW))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(len(self.reloads("N1")), 1)

    def test_nxos_install_of_what_is_no_image(self):
        self.lab_of(N1={"type": "cisco_nxos", "version": "9.3(8)"})
        with open(self.image, "wb") as file:
            file.write(b"no image\n")
        self.put("N1", data=b"no image\n")
        run = self.push(self.job(
            "verify_image: {path: 'bootflash:%s', source: %s}" % (IMAGE, IMAGE),
            "save: true",
            "reload: {install: 'bootflash:%s', wait: 25s}" % IMAGE), expect=1)
        self.assertEqual(self.reloads("N1"), [])
        self.assertIn("not reloaded", run.results["N1"]["error"]["message"])

    def test_xe_install_mode(self):
        self.lab_of(X1={"type": "cisco_xe", "install_mode": True,
                        "version": "17.6.5"})
        self.put("X1", data=image_bytes("17.9.4a"))
        with open(self.image, "wb") as file:
            file.write(image_bytes("17.9.4a"))
        steps = [
            "verify_image: {path: 'flash:%s', source: %s}" % (IMAGE, IMAGE),
            "save: true",
            "reload: {install: 'flash:%s', wait: 25s, unless_version: 17.9.4a}"
            % IMAGE, "expect_version: 17.9.4a"]
        run = self.push(self.job(*steps))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.push(self.job(*steps)).statuses(), ["unchanged"])
        self.assertEqual(len(self.reloads("X1")), 1)

    def test_junos(self):
        self.lab_of(J1={"type": "juniper_junos", "version": "21.4R3"})
        with open(self.image, "wb") as file:
            file.write(image_bytes("22.4R3"))
        steps = [
            "upload: {source: %s, destination: '/var/tmp/%s'}" % (IMAGE, IMAGE),
            "reload: {install: '/var/tmp/%s', wait: 25s,"
            " unless_version: 22.4R3}" % IMAGE,
            "expect_version: 22.4R3"]
        run = self.push(self.job(*steps))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.push(self.job(*steps)).statuses(),
                         ["unchanged"])
        self.assertEqual(len(self.reloads("J1")), 1)

    def test_stack_that_boots_a_file(self):
        """On every member, or it is not the same everywhere."""
        self.lab_of(X1={"type": "cisco_xe", "members": 2,
                        "startup": "ip scp server enable\n"})
        steps = [
            "upload: {source: %s, destination: 'flash:%s', members: true}"
            % (IMAGE, IMAGE),
            "verify_image: {path: 'flash:%s', source: %s, members: true}"
            % (IMAGE, IMAGE), *UPGRADE[1:]]
        # To prove it on one of them is not enough.
        self.put("X1")
        run = self.push(self.job(*UPGRADE), expect=1)
        self.assertIn("would boot flash-1:" + IMAGE,
                      run.results["X1"]["error"]["message"])
        self.assertEqual(self.reloads("X1"), [])
        self.lab.reset("X1")
        run = self.push(self.job(*steps))
        self.assertEqual(run.statuses(), ["changed"])
        for directory in ("X1", "X1:2"):
            path = os.path.join(self.lab.dir, "flash", directory, IMAGE)
            with open(path, "rb") as file:
                self.assertEqual(file.read(), image_bytes(NEW))
        output = self.step(run, "verify_image", "X1")["output"]
        self.assertIn("flash-2:" + IMAGE, output)
        self.assertIn("boot system switch all flash:" + IMAGE,
                      self.lab.state("X1")["startup"])
        # One of them lost it.
        os.unlink(os.path.join(self.lab.dir, "flash", "X1:2", IMAGE))
        run = self.push(self.job(steps[1]), expect=1)
        self.assertIn("flash-2:", run.results["X1"]["error"]["message"])
        run = self.push(self.job(steps[0]))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(len(self.reloads("X1")), 1)

    def test_stack(self):
        self.lab_of(X1={"type": "cisco_xe", "members": 2,
                        "flash_bytes": 100000})
        run = self.push(self.job("space: {file: %s}" % IMAGE))
        output = self.step(run, "space", "X1")["output"]
        self.assertRegex(output, r"flash-1: \d+ bytes free, 22000 needed\n"
                         r"flash-2: \d+ bytes free, 22000 needed\n")
        self.put("X1:2", "filler.bin", bytes(85000))
        run = self.push(self.job("space: {file: %s}" % IMAGE), expect=1)
        self.assertIn("not enough room on flash-2:",
                      run.results["X1"]["error"]["message"])


class Space(Upgrade):
    def test_enough_and_not(self):
        self.lab_of(R1={"flash_bytes": 100000})
        run = self.push(self.job("space: {file: %s}" % IMAGE))
        self.assertRegex(self.step(run, "space")["output"],
                         r"flash: \d+ bytes free, 22000 needed")
        self.lab.set("R1", flash_bytes=21000)
        run = self.push(self.job("space: {file: %s}" % IMAGE), expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        self.assertEqual(run.results["R1"]["error"]["kind"], "verify")
        # What is there already needs no room.
        self.put("R1")
        self.push(self.job("space: {file: %s}" % IMAGE))


class Memory(Upgrade):
    ASKS = "command: show running-config\n" \
           "        pick: '^ntp server (\\S+)'\n        "

    def two(self, name, within=""):
        return ("  - name: before\n    steps:\n      - %sremember: ntp\n"
                "  - name: change\n    steps:\n      - config: %s\n"
                "  - name: after\n    steps:\n      - %ssame_as: ntp\n%s" %
                (self.ASKS, name, self.ASKS, within))

    def test_same_and_not_the_same(self):
        self.lab_of(R1={})
        run = self.push(self.job(phases=self.two("ip domain name x.y")))
        self.assertEqual(run.statuses(), ["changed"])
        run = self.push(self.job(phases=self.two("ntp server 10.0.0.9")),
                        expect=1)
        error = run.results["R1"]["error"]
        self.assertIn("it is not as ntp was: 0 gone, 1 new", error["message"])
        self.assertIn("+10.0.0.9", error["device_text"])

    def test_within(self):
        """It is asked again until it is the same."""
        self.lab_of(R1={})
        run = self.start(self.job(phases=self.two(
            "ntp server 10.0.0.9", "        within: 1m\n")))
        wait_until(lambda: len([
            e for e in self.lab.witness(event="line", device="R1")
            if e["line"] == "show running-config"]) >= 6, "the second time")
        self.lab.reset("R1")
        run.wait()
        self.assertEqual(run.returncode, 0, run.stdout)

    def test_what_is_remembered_holds_no_secret(self):
        self.lab_of(R1={"startup": "snmp-server community s3cr3t-word RO\n"})
        phases = ("  - name: before\n    steps:\n"
                  "      - {command: show running-config, pick: community,"
                  " remember: c}\n"
                  "      - {command: show running-config,"
                  " pick: '^snmp.*', remember: d}\n"
                  "  - name: after\n    steps:\n"
                  "      - {command: show running-config, pick: '^snmp.*',"
                  " same_as: d}\n")
        run = self.push(self.job(phases=phases))
        for name in ("events.jsonl", "result.json"):
            with open(os.path.join(run.dir, name), encoding="utf-8") as file:
                self.assertNotIn("s3cr3t-word", file.read())


class Interrupted(Upgrade):
    """Killed at any step and resumed: the same end, one reload."""

    def setUp(self):
        super().setUp()
        self.lab_of(R1={})
        self.put("R1")

    def kill(self, run):
        """As if the machine lost its power."""
        for pid in run.children() + [run.pid]:
            os.kill(pid, signal.SIGKILL)
        run.process.wait()
        self.lab.control({"do": "release", "device": "R1"})
        wait_until(lambda: self.lab.stats()["totals"]["sessions_now"] == 0,
                   "the end of the sessions")

    def died_at(self, line, steps=UPGRADE, **more):
        self.lab.faults("R1", {"kind": "delay", "at": line, "ms": 600000,
                               "times": 1})
        run = self.start(self.job(*steps, **more))
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        self.kill(run)
        self.lab.faults("R1")
        return run

    def resume(self, run, *options, expect=0):
        if os.path.exists(self.json_path):
            os.unlink(self.json_path)
        again = self.netpush("resume", "--json", self.json_path, *options,
                             os.path.basename(run.dir)).wait()
        self.assertEqual(again.returncode, expect,
                         again.stdout + again.stderr)
        again._dir = run.dir
        return again

    def check_end(self, run):
        again = self.resume(run)
        self.assertIn(again.statuses(), (["changed"], ["unchanged"]))
        self.assertEqual(self.lab.state("R1")["version"], NEW)
        self.assertEqual(len(self.reloads("R1")), 1)
        return again

    def test_while_it_looks(self):
        self.check_end(self.died_at("^show version"))

    def test_while_it_verifies(self):
        self.check_end(self.died_at("^verify /md5"))

    def test_at_the_boot_lines(self):
        """Half a boot list is made whole."""
        old = self.lab.state("R1")["image"]
        has_old = self.job("config: 'boot system %s'" % old, "save: true")
        for line in ("boot system flash:" + IMAGE, "boot system " + old):
            self.lab.reset("R1")
            self.put("R1")
            self.push(has_old)
            since = len(self.lab.witness(event="fault", device="R1"))
            self.lab.faults("R1", {"kind": "hang", "at": "^%s$" % line,
                                   "times": 1})
            run = self.start(self.job(*UPGRADE[:3]))
            wait_until(lambda: self.lab.witness(
                event="fault", device="R1")[since:], "the fault")
            self.kill(run)
            self.lab.faults("R1")
            self.resume(run)
            lines = [line for line in
                     self.lab.state("R1")["startup"].split("\n")
                     if line.startswith("boot system")]
            self.assertEqual(lines, ["boot system flash:" + IMAGE,
                                     "boot system " + old])

    def test_while_it_saves(self):
        self.check_end(self.died_at("^write memory"))

    def test_at_the_word_reload(self):
        """It was announced, and not done: it is done now."""
        self.check_end(self.died_at("^reload$"))

    def await_down(self, run):
        wait_until(lambda: self.reloads("R1"), "the reload")
        self.kill(run)

    def test_while_it_is_away(self):
        """Its uptime tells that it was reloaded: it is not told again."""
        self.lab.set("R1", down_ms=-1)
        steps = list(UPGRADE)
        steps[3] = "reload: {wait: 25s}"
        run = self.start(self.job(*steps))
        self.await_down(run)
        # Nobody can look at it yet.
        again = self.resume(run, expect=1)
        self.assertEqual(again.statuses(), ["unknown"])
        self.lab.control({"do": "boot", "device": "R1"})
        again = self.check_end(run)
        self.assertIn("not told again", self.step(again, "reload")["output"])

    def test_called_off_while_it_is_away(self):
        """The first signal lets it come back, the second one ends it."""
        self.lab.set("R1", down_ms=-1)
        steps = list(UPGRADE)
        steps[3] = "reload: {wait: 1h}"
        run = self.start(self.job(*steps))
        wait_until(lambda: self.reloads("R1"), "the reload")
        run.signal(signal.SIGINT)
        run.signal(signal.SIGTERM)
        run.wait()
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertEqual(run.results["R1"]["error"]["kind"], "cancelled")
        self.lab.control({"do": "boot", "device": "R1"})
        again = self.check_end(run)
        last = [s for s in again.results["R1"]["steps"]
                if s["name"] == "reload"][-1]
        self.assertIn("not told again", last["output"])

    def test_away_and_then_killed_at_another_step(self):
        """That it was told is not forgotten over what is done next."""
        self.lab.set("R1", down_ms=-1)
        steps = UPGRADE[:3] + ["config: ntp server 10.0.0.9", "save: true",
                               "reload: {wait: 25s}"] + UPGRADE[4:]
        run = self.start(self.job(*steps))
        self.await_down(run)
        self.lab.control({"do": "boot", "device": "R1"})
        self.lab.faults("R1", {"kind": "hang", "at": "^ntp", "times": 1})
        since = len(self.lab.witness(event="fault", device="R1"))
        again = self.netpush("resume", "--json", self.json_path,
                             os.path.basename(run.dir))
        wait_until(lambda: self.lab.witness(event="fault",
                                            device="R1")[since:], "the fault")
        self.kill(again)
        self.lab.faults("R1")
        self.check_end(run)

    def test_phases_remember_what_was_proved(self):
        self.lab.set("R1", down_ms=-1)
        phases = "".join(
            "  - name: %s\n    steps:\n%s" % (name, "".join(
                "      - %s\n" % step for step in steps))
            for name, steps in (("prove", UPGRADE[:1]),
                                ("boot", UPGRADE[1:3]),
                                ("reload", UPGRADE[3:])))
        run = self.start(self.job(phases=phases))
        self.await_down(run)
        self.lab.control({"do": "boot", "device": "R1"})
        self.check_end(run)

    def test_new_key_while_nobody_looked(self):
        self.lab.set("R1", down_ms=-1,
                     faults=[{"kind": "new_host_key"}])
        steps = list(UPGRADE)
        steps[3] = "reload: {wait: 25s, accept_new_host_key: true}"
        run = self.start(self.job(*steps))
        self.await_down(run)
        self.lab.control({"do": "boot", "device": "R1"})
        self.check_end(run)

    def test_came_back_as_it_was(self):
        """Resume does not try it again and again."""
        self.lab.faults("R1", {"kind": "boots_old", "times": 1})
        run = self.push(self.job(*UPGRADE), expect=1)
        self.assertEqual(run.statuses(), ["unknown"])
        again = self.resume(run, expect=1)
        self.assertEqual(again.statuses(), ["unknown"])
        self.assertEqual(len(self.reloads("R1")), 1)

    def test_only_the_parent_dies(self):
        """Its worker goes on, and resume finds its work done."""
        run = self.start(self.job(*UPGRADE))
        wait_until(lambda: self.reloads("R1"), "the reload")
        os.kill(run.pid, signal.SIGKILL)
        run.process.wait()
        self.check_end(run)


class Copies(Upgrade):
    UPLOAD = "upload: {source: %s, destination: 'flash:%s'}" % (IMAGE, IMAGE)
    SCP = {"startup": "ip scp server enable\n"}

    def on_device(self, name="R1", image=IMAGE):
        path = os.path.join(self.lab.dir, "flash", name, image)
        if not os.path.exists(path):
            return None
        with open(path, "rb") as file:
            return file.read()

    def test_up_and_not_again(self):
        self.lab_of(R1=self.SCP)
        run = self.push(self.job(self.UPLOAD))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.on_device(), image_bytes(NEW))
        [end] = [e for e in run.select(event="progress")
                 if e["bytes"] == e["total"]][-1:]
        self.assertEqual(end["total"], 20000)
        copies = len(self.lab.witness(event="copy"))
        run = self.push(self.job(self.UPLOAD))
        self.assertEqual(run.statuses(), ["unchanged"])
        self.assertEqual(len(self.lab.witness(event="copy")), copies)

    def test_another_file_of_that_name_gives_way(self):
        self.lab_of(R1=self.SCP)
        self.put("R1", data=image_bytes(NEW)[:-1] + b"x")
        self.assertEqual(self.push(self.job(self.UPLOAD)).statuses(),
                         ["changed"])
        self.assertEqual(self.on_device(), image_bytes(NEW))

    def test_not_the_file_that_it_runs_from(self):
        self.lab_of(R1={"image": "flash:/" + IMAGE, **self.SCP})
        self.put("R1", data=image_bytes(OLD, 3000))
        run = self.push(self.job(self.UPLOAD), expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        self.assertIn("runs from", run.results["R1"]["error"]["message"])
        self.assertEqual(self.on_device(), image_bytes(OLD, 3000))

    def test_the_device_knows_no_scp(self):
        self.lab_of(R1={})
        run = self.push(self.job(self.UPLOAD), expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        self.assertEqual(run.results["R1"]["error"]["kind"], "transfer")
        self.assertIsNone(self.on_device())

    def test_no_room_after_all(self):
        self.lab_of(R1=self.SCP)
        self.lab.faults("R1", {"kind": "copy_full", "bytes": 7000})
        run = self.push(self.job(self.UPLOAD), expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        self.assertEqual(run.results["R1"]["error"]["kind"], "transfer")
        self.assertIsNone(self.on_device())

    def test_stands_still(self):
        """Once more, over a fresh connection."""
        self.lab_of(R1=self.SCP)
        self.lab.faults("R1", {"kind": "copy_stalls", "bytes": 7000,
                               "times": 1})
        run = self.push(self.job(self.UPLOAD, more="timeouts: {silence: 2s}\n"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.on_device(), image_bytes(NEW))
        self.lab.control({"do": "drop", "device": "R1"})

    def test_down(self):
        self.lab_of(R1=self.SCP)
        self.put("R1", "log.txt", b"a log\n" * 1000)
        job = self.job("download: {source: 'flash:log.txt',"
                       " destination: 'got/{{hostname}}.txt'}")
        run = self.push(job)
        self.assertEqual(run.statuses(), ["unchanged"])
        path = os.path.join(self.tmp, "got", "R1.txt")
        with open(path, "rb") as file:
            self.assertEqual(file.read(), b"a log\n" * 1000)
        copies = len(self.lab.witness(event="copy"))
        run = self.push(job)
        self.assertIn("same as before", self.step(run, "download")["notes"])
        self.assertEqual(len(self.lab.witness(event="copy")), copies)

    def test_a_cut_download_leaves_the_old_file(self):
        self.lab_of(R1=self.SCP)
        self.put("R1", "log.txt", b"a log\n" * 1000)
        self.lab.faults("R1", {"kind": "copy_cut", "bytes": 3000})
        os.mkdir(os.path.join(self.tmp, "got"))
        self.write("got/R1.txt", "old")
        run = self.push(self.job(
            "download: {source: 'flash:log.txt', destination: got/R1.txt}"),
            expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        self.assertEqual(os.listdir(os.path.join(self.tmp, "got")), ["R1.txt"])
        with open(os.path.join(self.tmp, "got", "R1.txt"),
                  encoding="utf-8") as file:
            self.assertEqual(file.read(), "old")


if __name__ == "__main__":
    main()
