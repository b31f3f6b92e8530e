"""A wrong password costs one login on one device, whatever the list holds; and
what is secret stands nowhere but in memory."""

import getpass
import os

from harness import (ENABLE, PASSWORD, USERNAME, Case, files_below, main,
                     wait_until)

WRONG = "wr0ng-Zebra-71c4"  # found nowhere by chance
RIGHT = "r1ght-Quagga-a93e"
NAMES = ["R1", "R2", "R3", "R4"]


class Refused(Case):
    def setUp(self):
        super().setUp()
        self.start_lab(*NAMES)

    def assert_refused(self, run, logins=1):
        failed = self.lab.witness(event="auth")
        self.assertEqual([(e["device"], e["ok"]) for e in failed],
                         [("R1", False)] * logins)
        self.assertEqual(set(self.connects()), {"R1"})
        self.assertEqual(run.statuses(),
                         ["failed", "skipped", "skipped", "skipped"])
        results = run.json["results"]
        self.assertEqual([r["error"]["kind"] for r in results], ["auth"] * 4)
        self.assertEqual([r["hostname"] for r in results], NAMES)
        self.assertEqual(results[1]["attempts"], 0)
        self.assertIsNone(results[1]["started"])

    def test_one_login_on_one_device(self):
        run = self.push(self.acl_job(), expect=3, password=WRONG)
        self.assert_refused(run)
        checked = run.select(event="credentials_checked")
        self.assertEqual([(e["hostname"], e["status"], e["name"])
                          for e in checked], [("R1", "refused", USERNAME)])
        self.assertIn("R1", run.stdout)

    def test_validate_on(self):
        job = self.acl_job(more="credentials: {validate_on: R3}\n")
        run = self.push(job, expect=3, password=WRONG)
        self.assertEqual(self.connects(), ["R3"])
        self.assertEqual(run.statuses(),
                         ["skipped", "skipped", "failed", "skipped"])

    def test_job_may_name_the_user(self):
        job = self.acl_job(more="credentials: {username: nobody}\n")
        self.push(job, expect=3)
        self.assertEqual([e["user"] for e in self.lab.witness(event="auth")],
                         ["nobody"])

    def test_option_wins(self):
        job = self.acl_job(more="credentials: {username: nobody}\n")
        self.push(job, "--username", USERNAME)

    def test_password_file(self):
        path = self.write("secret", RIGHT + "\n")
        self.push(self.acl_job(), "--password-file", path, expect=3,
                  password=PASSWORD)
        self.lab.reset()
        path = self.write("secret", PASSWORD + "\n")
        self.push(self.acl_job(), "--password-file", path, password=None)

    def test_password_file_of_others(self):
        for mode in (0o644, 0o640, 0o604):
            path = self.write("secret", PASSWORD + "\n", mode)
            with self.subTest(mode=oct(mode)):
                run = self.push(self.acl_job(), "--password-file", path,
                                expect=2)
                self.assertIn("0%o" % mode, run.stderr)
                self.assertNotIn(PASSWORD, run.stderr)
        self.assertEqual(self.connects(), [])

    def test_no_password(self):
        run = self.push(self.acl_job(), expect=2, password=None)
        self.assertIn("NETPUSH_PASSWORD", run.stderr)
        self.assertEqual(self.connects(), [])


class Later(Case):
    """The check passed, and yet a device refuses."""

    def test_run_stops(self):
        self.start_lab("R1", {"hostname": "R2", "password": "other"},
                       "R3", "R4")
        run = self.push(self.acl_job(threads=1), expect=4)
        self.assertEqual(run.statuses(),
                         ["changed", "failed", "skipped", "skipped"])
        self.assertEqual(run.results["R2"]["error"]["kind"], "auth")
        self.assertEqual(
            self.lab.stats()["devices"]["R2"]["failed_logins"], 1)
        self.assert_untouched("R3", "R4")

    def test_limit_of_the_job(self):
        self.start_lab("R1", {"hostname": "R2", "password": "other"},
                       "R3", "R4")
        run = self.push(self.acl_job(
            threads=1, more="run: {max_auth_failures: 2}\n"), expect=1)
        self.assertEqual(run.statuses(),
                         ["changed", "failed", "changed", "changed"])

    def test_first_is_down(self):
        self.start_lab(*NAMES)
        self.lab.down("R1")
        run = self.push(self.acl_job(), expect=3, password=WRONG)
        self.assertEqual([e["device"] for e in self.lab.witness(event="auth")],
                         ["R2"])
        self.assertEqual(run.results["R2"]["error"]["kind"], "auth")
        self.assertEqual(sorted(run.statuses()),
                         ["failed", "skipped", "skipped", "skipped"])

    def test_nobody_can_be_reached(self):
        self.start_lab(*NAMES)
        self.lab.down("*")
        run = self.push(self.acl_job(), expect=1)
        self.assertEqual(run.statuses(), ["failed"] * 4)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"]},
                         {"connect"})

    def test_each_user_is_checked(self):
        self.start_lab("R1", {"hostname": "R2", "username": "second"},
                       {"hostname": "R3", "username": "third"})
        job = "threads: 2\n" + "".join(
            self.device_list(name, **more).replace(
                "device_list:\n", "" if name != "R1" else "device_list:\n")
            for name, more in (("R1", {}), ("R2", {"username": "second"}),
                               ("R3", {"username": "wrong"})))
        job += "acl_name: A\nacl_lines: permit ip any any\n"
        run = self.push(job, expect=3)
        self.assertEqual(
            [(e["device"], e["user"], e["ok"])
             for e in self.lab.witness(event="auth")],
            [("R1", USERNAME, True), ("R2", "second", True),
             ("R3", "wrong", False)])
        self.assertEqual(run.statuses(), ["skipped", "skipped", "failed"])


class OnTerminal(Case):
    """Asked for where there is a terminal, and asked again."""

    def setUp(self):
        super().setUp()
        self.start_lab(*NAMES)
        self.tty = self.terminal()

    def begin(self, **env):
        env = {"password": None, "NETPUSH_USERNAME": None, **env}
        return self.start(self.acl_job(), tty=self.tty, **env)

    def answer(self, password, username=""):
        self.tty.answer("Username", username)
        self.tty.expect("Password: ")
        self.assertFalse(self.tty.echoes(), "the password would be seen")
        self.tty.send(password + "\n")

    def test_three_tries(self):
        run = self.begin()
        self.answer(WRONG, USERNAME)
        self.answer(WRONG)
        self.answer(WRONG)
        run.wait()
        self.assertEqual(run.returncode, 3)
        logins = self.lab.witness(event="auth")
        self.assertEqual([(e["device"], e["user"], e["ok"]) for e in logins],
                         [("R1", USERNAME, False)] * 3)
        self.assertEqual(set(self.connects()), {"R1"})
        self.assertNotIn(WRONG, self.tty.seen)
        self.assertTrue(self.tty.echoes())
        self.assertEqual(run.statuses(), ["failed"] + ["skipped"] * 3)

    def test_second_try(self):
        run = self.begin()
        self.answer(WRONG, USERNAME)
        self.answer(PASSWORD)
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.statuses(), ["changed"] * 4)
        self.assertEqual(
            self.lab.stats()["totals"]["failed_logins"], 1)

    def test_refused_password_of_the_environment(self):
        run = self.begin(password=WRONG, NETPUSH_USERNAME=USERNAME)
        self.answer(PASSWORD)
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)

    def test_default_user(self):
        run = self.begin()
        self.tty.expect("Username [%s]: " % getpass.getuser())
        self.tty.send("\n")
        self.tty.answer("Password: ", PASSWORD)
        self.answer(PASSWORD, USERNAME)
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual([e["user"] for e in self.lab.witness(event="auth")
                          if not e["ok"]], [getpass.getuser()])

    def test_end_of_input(self):
        run = self.begin()
        self.answer(WRONG, USERNAME)
        self.tty.expect("Username")
        self.tty.send("\x04")
        run.wait()
        self.assertEqual(run.returncode, 3)
        self.assertEqual(len(self.lab.witness(event="auth")), 1)

    def test_interrupted_prompt_restores_the_echo(self):
        run = self.begin()
        self.tty.answer("Username", USERNAME)
        self.tty.expect("Password: ")
        self.tty.send("\x03")
        run.wait()
        self.assertEqual(run.returncode, -2)
        self.assertTrue(self.tty.echoes())
        self.assertEqual(self.connects(), [])


def read_proc(pid, name):
    try:
        with open("/proc/%d/%s" % (pid, name), "rb") as file:
            return file.read()
    except OSError:
        return b""  # gone, or closed to us: nothing to be read either


class Secrecy(Case):
    def look_around(self, run, secrets, until):
        """Until UNTIL() is true, what /proc shows of all our processes."""
        seen = set()

        def look():
            over = until()
            for pid in [run.pid] + run.children():
                for name in ("cmdline", "environ"):
                    text = read_proc(pid, name)
                    for secret in secrets:
                        self.assertNotIn(secret.encode(), text, name)
                if read_proc(pid, "cmdline"):
                    seen.add(pid)
            return over
        wait_until(look, "the moment to look")
        return seen

    def assert_nowhere(self, run, *secrets):
        texts = {"stdout": run.stdout, "stderr": run.stderr}
        for path in list(files_below(self.home)) + [self.json_path]:
            if path == self.known_hosts:
                continue
            with open(path, encoding="utf-8") as file:
                texts[path] = file.read()
        names = {os.path.basename(path) for path in texts}
        self.assertLessEqual({"events.jsonl", "result.json", "plan.json",
                              "job.yml", "stdout"}, names)
        for where, text in texts.items():
            for secret in secrets:
                self.assertNotIn(secret, text, where)

    def test_refused_password(self):
        # The connection takes many round trips: time to look.
        self.start_lab({"hostname": "R1", "latency_ms": 100}, "R2")
        run = self.start(self.acl_job(), "--transcripts", "-vv",
                         password=WRONG)
        wait_until(lambda: run.dir, "the run's directory")
        seen = self.look_around(run, [WRONG], lambda: run.select(
            event="credentials_checked"))
        self.assertGreaterEqual(len(seen), 2, "no worker was seen")
        run.wait()
        self.assertEqual(run.returncode, 3)
        self.assert_nowhere(run, WRONG)

    def test_used_passwords_even_if_the_device_shows_them(self):
        told = "you said %s and %s\n" % (RIGHT, ENABLE)
        self.start_lab({
            "hostname": "R1", "login_mode": "user", "password": RIGHT,
            "banner": told, "faults": [
                {"kind": "log_line", "at": "^show version", "text": told},
                {"kind": "hang", "at": "^remark held"}]},
            {"hostname": "R2", "password": RIGHT, "faults": [
                {"kind": "refuse", "at": "^permit", "text": "% " + told}]})
        job = self.phases_job("""
  - name: look
    steps: [{command: show version}]
  - name: push
    steps:
      - template: acl
        vars:
          acl_name: A
          acl_lines: |
            permit ip any any
            remark held
""")
        run = self.start(job, "--transcripts", "-vv", password=RIGHT,
                         NETPUSH_ENABLE_PASSWORD=ENABLE)
        wait_until(lambda: run.dir, "the run's directory")
        seen = self.look_around(run, [RIGHT, ENABLE], lambda: self.lab.witness(
            event="fault", device="R1", kind="hang"))
        self.assertGreaterEqual(len(seen), 2)
        self.lab.control({"do": "drop", "device": "R1"})
        run.wait()
        self.assertEqual(run.returncode, 1, run.stderr)
        self.assertEqual([r["error"]["kind"] for r in run.json["results"]],
                         ["closed", "refused"])
        self.assertTrue(self.lab.witness(event="password_line"))
        transcripts = os.path.join(run.dir, "transcripts")
        self.assertEqual(sorted(os.listdir(transcripts)),
                         ["R1.log", "R2.log"])
        with open(os.path.join(transcripts, "R1.log"),
                  encoding="utf-8") as file:
            self.assertIn("you said ", file.read())
        self.assert_nowhere(run, RIGHT, ENABLE)

    def test_password_that_a_cut_divides(self):
        """A message is cut to its room. Wherever that falls in a password
        which the device shows, no part of it stays."""
        lines = {"permit tcp any any eq %d" % n: "%% %s %s\n" % (
            "x" * n, RIGHT * 3) for n in range(418, 452)}
        self.start_lab({"hostname": "R1", "password": RIGHT, "faults": [
            {"kind": "refuse", "at": "^%s$" % line, "text": text}
            for line, text in lines.items()]})
        steps = "".join("""
      - template: acl
        on_failure: continue
        vars: {acl_name: A%d, acl_lines: %s}
""" % (n, line) for n, line in enumerate(lines))
        run = self.push(self.phases_job(
            "  - name: push\n    steps:" + steps), "--transcripts", "-vv",
            password=RIGHT, expect=1)
        messages = [step["error"]["message"]
                    for step in run.json["results"][0]["steps"]]
        self.assertEqual(len(messages), len(lines))
        for message in messages:
            shown = message.split("xx ")[-1].replace("<redacted>", "")
            self.assertRegex(shown, r"^(<r?e?d?a?c?t?e?d?)?$", message)
        self.assert_nowhere(run, RIGHT)


if __name__ == "__main__":
    main()
