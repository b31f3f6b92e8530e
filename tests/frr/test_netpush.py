#!/usr/bin/env python3
"""netpush against a real router, with vtysh itself as the witness."""
import json
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import router as fixture  # noqa: E402
from router import Router  # noqa: E402

NETPUSH = os.environ.get("NETPUSH_BINARY")
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
HEAD = ("threads: 1\ndevice_list:\n"
        "  - {hostname: R1, address: 127.0.0.1, port: %d, device_type: frr}\n")
ACL = "acl_name: LOCK\nacl_lines: |\n  remark A\n  permit 192.0.2.0/24\n"


def run(router, body, password=None, options=()):
    """Exit status, the device's result and what was said."""
    with open(router.path("job.yml"), "w") as file:
        file.write(HEAD % router.port + body)
    result = router.path("result.json")
    if os.path.exists(result):
        os.unlink(result)
    done = subprocess.run(
        [NETPUSH, "run", router.path("job.yml"), "--json", result,
         "--profiles", os.path.join(SOURCE, "device-profiles"),
         "--known-hosts", router.known_hosts, "--host-keys", "strict",
         *options],
        env=dict(os.environ, HOME=router.directory,
                 XDG_STATE_HOME=router.path("state"),
                 NETPUSH_USERNAME=router.username,
                 NETPUSH_PASSWORD=password or router.password),
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=120)
    device = None
    if os.path.exists(result):
        with open(result) as file:
            device = json.load(file)["results"][0]
    return done.returncode, device, done.stdout + done.stderr


def steps(text):
    body = "".join(" " * 10 + line + "\n" for line in text.splitlines())
    return ("phases:\n  - name: push\n    steps:\n      - config: |\n" + body)


class Push(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.router = Router().start()

    @classmethod
    def tearDownClass(cls):
        cls.router.stop()

    def lines(self, start):
        return [line for line in self.router.vtysh("show running-config")
                .splitlines() if line.startswith(start)]

    def test_a_refused_line_is_named_and_never_a_success(self):
        status, device, said = run(
            self.router, "acl_name: BAD\nacl_lines: |\n"
            "  permit 192.0.2.0/24\n  permit tcp any any eq 80\n")
        self.assertNotEqual(status, 0, said)
        self.assertEqual(device["error"]["kind"], "refused", said)
        self.assertIn("permit tcp any any eq 80", device["error"]["sent"])
        self.assertIn("% Unknown command", device["error"]["device_text"])

    def test_a_daemon_that_does_not_run_refuses_without_a_percent(self):
        status, device, said = run(self.router, steps(
            "router bgp 65000\n neighbor 192.0.2.1 remote-as 65001"))
        self.assertNotEqual(status, 0, said)
        self.assertEqual(device["error"]["kind"], "refused", said)
        self.assertIn("bgpd is not running", device["error"]["device_text"])
        self.assertIn("router bgp", device["error"]["sent"])

    def test_a_wrong_password_is_tried_once(self):
        status, device, said = run(self.router, ACL, password="wrong")
        self.assertEqual(status, 3, said)
        self.assertEqual(device["error"]["kind"], "auth", said)
        self.assertEqual(
            self.router.sshd_log().count("Failed password"), 1)

    def test_an_access_list_twice(self):
        for want in ("changed", "unchanged"):
            status, device, said = run(self.router, ACL)
            self.assertEqual(status, 0, said)
            self.assertEqual(device["status"], want, said)
            self.assertEqual(self.lines("access-list LOCK"), [
                "access-list LOCK remark A",
                "access-list LOCK seq 5 permit 192.0.2.0/24"])

    def test_a_backup_is_what_vtysh_shows(self):
        backup = ("phases:\n  - steps:\n"
                  "      - command: '{{running_config}}'\n"
                  "        expect: '^hostname '\n"
                  "        save_as: '%s/backup.cfg'\n"
                  % self.router.directory)
        for want in "saved for the first time\n", "same as the saved file\n":
            status, device, said = run(self.router, backup)
            self.assertEqual(status, 0, said)
            self.assertEqual(
                (device["status"], device["output"]), ("unchanged", want))
        with open(self.router.path("backup.cfg")) as file:
            self.assertEqual(
                file.read().split(),
                self.router.vtysh("show running-config").split())

    def test_a_question_mark_arrives_and_is_saved(self):
        status, device, said = run(self.router, steps(
            "interface eth8\n description why? not") +
            "      - save: true\n")
        self.assertEqual(status, 0, said)
        self.assertIn(" description why? not", self.lines(" description"))
        self.router.restart()
        self.assertIn(" description why? not", self.lines(" description"))


OLD = ["permit 192.0.2.0/24", "permit 198.51.100.0/24", "deny any"]
NEW = ["permit 192.0.2.0/24", "permit 203.0.113.0/24", "deny 198.51.100.0/25",
       "deny any"]


def acl_job(lines, strategy):
    return ("vars:\n  acl_name: LOCK\n  acl_lines:\n" +
            "".join("    - %s\n" % line for line in lines) +
            "phases:\n  - steps:\n      - template: acl\n"
            "        strategy: %s\n" % strategy)


class Change(unittest.TestCase):
    """An access list that is edited or built again, and what becomes of it
    when that fails: vtysh itself is asked."""

    @classmethod
    def setUpClass(cls):
        cls.router = Router(cuts=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.router.stop()

    def setUp(self):
        self.type(OLD)

    def type(self, lines):
        self.router.vtysh("configure terminal", "no access-list LOCK", *(
            "access-list LOCK " + line for line in lines))
        self.assertEqual(self.entries(), lines)

    def entries(self):
        """In the order of vtysh, without their numbers."""
        return [line.split(None, 4)[4] for line in self.router.vtysh(
            "show running-config").splitlines()
            if line.startswith("access-list LOCK seq ")]

    def push(self, lines, strategy):
        status, device, said = run(self.router, acl_job(lines, strategy))
        self.assertEqual(status, 0 if device["error"] is None else 1, said)
        return device

    def typed(self, lines, strategy):
        """The device's result and what it was sent from the way into the
        configuration mode to the way out."""
        before = len(self.router.lines())
        device = self.push(lines, strategy)
        sent = self.router.lines()[before:]
        if "configure terminal" not in sent:
            return device, []
        return device, sent[sent.index("configure terminal"):
                            sent.index("end") + 1]

    def test_edited_in_place(self):
        device, sent = self.typed(NEW, "delta")
        self.assertEqual(device["status"], "changed")
        self.assertEqual(sent, [
            "configure terminal",
            "access-list LOCK seq 8 permit 203.0.113.0/24",
            "access-list LOCK seq 11 deny 198.51.100.0/25",
            "no access-list LOCK seq 10 permit 198.51.100.0/24", "end"])
        self.assertEqual(self.entries(), NEW)
        device, sent = self.typed(NEW, "delta")
        self.assertEqual((device["status"], sent), ("unchanged", []))

    def test_a_move_and_a_number_again(self):
        """An entry that is there is ignored in silence: it goes before it
        comes."""
        want = [OLD[1], OLD[0], OLD[2]]
        device = self.push(want, "delta")
        self.assertEqual(device["status"], "changed")
        self.assertEqual(self.entries(), want)

    def test_a_refused_line_is_undone(self):
        for strategy in "delta", "replace":
            with self.subTest(strategy=strategy):
                device = self.push(
                    NEW[:2] + ["permit tcp any any eq 80"] + NEW[2:], strategy)
                self.assertEqual(
                    (device["status"], device["error"]["kind"]),
                    ("rolled_back", "refused"))
                self.assertIn("eq 80", device["error"]["sent"])
                self.assertEqual(self.entries(), OLD)

    def test_a_cut_at_every_line(self):
        for strategy in "delta", "replace":
            self.type(OLD)
            _, sent = self.typed(NEW, strategy)
            self.assertGreater(len(sent), 4)
            for line in sent:
                for when in "before", "after":
                    with self.subTest(strategy=strategy, line=line,
                                      when=when):
                        self.cut(strategy, line, when)

    def cut(self, strategy, line, when):
        self.type(OLD)
        self.router.cut_at(when, line)
        device = self.push(NEW, strategy)
        self.assertFalse(os.path.exists(self.router.path("cuts/cut")))
        self.assertIn(device["status"], ("changed", "failed", "rolled_back"))
        self.assertEqual(self.entries(),
                         NEW if device["status"] == "changed" else OLD)
        if line == "configure terminal":
            self.assertEqual(device["status"], "failed")
        elif line == "end":
            self.assertEqual(device["status"], "changed")


class Methods(unittest.TestCase):
    def test_each_alone(self):
        for method in ("password", "keyboard-interactive", "publickey"):
            with self.subTest(method), Router(methods=(method,)) as router:
                options = ("--identity", router.key) \
                    if method == "publickey" else ()
                status, device, said = run(router, ACL, options=options)
                self.assertEqual(status, 0, said)
                self.assertEqual(device["status"], "changed", said)


if __name__ == "__main__":
    why = fixture.unavailable() or (
        None if NETPUSH else "NETPUSH_BINARY is not set")
    if why:
        print("skipped: " + why)
        sys.exit(77)
    unittest.main(verbosity=2)
