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
