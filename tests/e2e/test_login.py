"""Ways in: enable, keyboard-interactive, private keys, ssh-agent."""

import os
import subprocess

from harness import ENABLE, PASSWORD, Case, main, wait_until

USER_MODE = {"hostname": "U1", "login_mode": "user"}


class Enable(Case):
    def asked(self, name="U1"):
        return len(self.lab.witness(event="password_line", device=name))

    def test_given(self):
        self.start_lab(USER_MODE, "R2")
        run = self.push(self.acl_job(), NETPUSH_ENABLE_PASSWORD=ENABLE)
        self.assertEqual(run.statuses(), ["changed"] * 2)
        self.assertEqual(self.lab.acl_texts("U1", "EDGE"),
                         ["permit ip any any"])
        self.assertEqual(self.asked(), 2)  # the check and the visit

    def test_not_given(self):
        self.start_lab("R1", USER_MODE, "R3")
        run = self.push(self.acl_job(threads=1), expect=1)
        self.assertEqual(run.statuses(), ["changed", "failed", "changed"])
        result = run.results["U1"]
        # Nothing was refused, so it is no reason to stop the run.
        self.assertEqual((result["status"], result["error"]["kind"]),
                         ("failed", "prompt"))
        self.assertIn("NETPUSH_ENABLE_PASSWORD", result["error"]["message"])
        self.assertEqual(self.asked(), 0)
        self.assertEqual(self.config_lines("U1"), [])

    def test_wrong_is_given_once(self):
        self.start_lab(USER_MODE, dict(USER_MODE, hostname="U2"))
        run = self.push(self.acl_job(), expect=3,
                        NETPUSH_ENABLE_PASSWORD="not-this-one")
        self.assertEqual(run.statuses(), ["failed", "skipped"])
        self.assertEqual(run.results["U1"]["error"]["kind"], "auth")
        self.assertEqual(self.asked(), 1)  # IOS would ask three times
        self.assertEqual(self.connects(), ["U1"])
        with open(os.path.join(run.dir, "events.jsonl"),
                  encoding="utf-8") as file:
            self.assertNotIn("not-this-one", file.read())

    def test_wrong_later(self):
        """The check's device had none to ask for."""
        self.start_lab("R1", USER_MODE, "R3")
        run = self.push(self.acl_job(threads=1), expect=4,
                        NETPUSH_ENABLE_PASSWORD="not-this-one")
        self.assertEqual(run.statuses(), ["changed", "failed", "skipped"])
        self.assertEqual(run.results["U1"]["error"]["kind"], "auth")
        self.assertEqual(self.asked(), 1)


class KeyboardInteractive(Case):
    def setUp(self):
        super().setUp()
        self.start_lab({"hostname": "K1", "auth": ["keyboard-interactive"]},
                       {"hostname": "P1", "auth": ["password"]})

    def test_right(self):
        run = self.push(self.acl_job())
        self.assertEqual(run.statuses(), ["changed"] * 2)
        good = {(e["device"], e["method"])
                for e in self.lab.witness(event="auth") if e["ok"]}
        self.assertEqual(good, {("K1", "keyboard-interactive"),
                                ("P1", "password")})

    def test_wrong_is_given_once(self):
        run = self.push(self.acl_job(), expect=3, password="not-this-one")
        self.assertEqual(run.statuses(), ["failed", "skipped"])
        given = [e for e in self.lab.witness(event="auth")
                 if e["method"] == "keyboard-interactive"]
        self.assertEqual(len(given), 1)


class Keys(Case):
    def setUp(self):
        super().setUp()
        self.key = self.make_key("key")
        self.locked = self.make_key("locked", "open-Sesame-5")
        allowed = os.path.join(self.tmp, "authorized")
        with open(allowed, "w", encoding="utf-8") as file:
            for key in (self.key, self.locked):
                with open(key + ".pub", encoding="utf-8") as public:
                    file.write(public.read())
        self.start_lab(*[{"hostname": name, "auth": ["publickey"],
                          "authorized_keys": allowed}
                         for name in ("R1", "R2")])

    def make_key(self, name, passphrase=""):
        path = os.path.join(self.tmp, name)
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase,
                        "-f", path], check=True, stdin=subprocess.DEVNULL)
        return path

    def log_in(self, *options, expect=0, **env):
        env = {"password": None, **env}
        run = self.push(self.acl_job(), *options, expect=expect, **env)
        if expect == 0:
            self.assertEqual(run.statuses(), ["changed"] * 2)
            self.assertEqual({e["method"] for e in
                              self.lab.witness(event="auth")}, {"publickey"})
        return run

    def test_identity(self):
        self.log_in("--identity", self.key)

    def test_identity_of_the_job(self):
        run = self.push(self.acl_job(
            more="credentials: {source: key, identity: %s}\n" % self.key),
            password=None)
        self.assertEqual(run.statuses(), ["changed"] * 2)

    def test_unknown_key(self):
        run = self.log_in("--identity", self.make_key("other"), expect=3)
        self.assertEqual(run.statuses(), ["failed", "skipped"])
        self.assertEqual(set(self.connects()), {"R1"})

    def test_no_such_file(self):
        run = self.log_in("--identity", self.tmp + "/none", expect=2)
        self.assertIn(self.tmp + "/none", run.stderr)
        self.assertEqual(self.connects(), [])

    def test_encrypted(self):
        run = self.log_in("--identity", self.locked,
                          NETPUSH_PASSPHRASE="open-Sesame-5")
        with open(os.path.join(run.dir, "events.jsonl"),
                  encoding="utf-8") as file:
            self.assertNotIn("open-Sesame-5", file.read())

    def test_encrypted_without_passphrase(self):
        run = self.log_in("--identity", self.locked, expect=2)
        self.assertIn("NETPUSH_PASSPHRASE", run.stderr)
        self.assertEqual(self.connects(), [])

    def test_encrypted_with_wrong_passphrase(self):
        run = self.log_in("--identity", self.locked, expect=None,
                          NETPUSH_PASSPHRASE="open-Barley-5")
        self.assertIn(run.returncode, (2, 3))
        self.assertNotIn("open-Barley-5", run.stdout + run.stderr)
        self.assertEqual(self.lab.stats()["totals"]["logins"], 0)

    def test_passphrase_on_a_terminal(self):
        tty = self.terminal()
        run = self.start(self.acl_job(), "--identity", self.locked, tty=tty,
                         password=None)
        tty.expect("Passphrase")
        self.assertFalse(tty.echoes())
        tty.send("open-Sesame-5\n")
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertNotIn("Sesame", tty.seen)

    def agent(self, *keys):
        """An agent of our own, and its socket."""
        path = os.path.join(self.tmp, "agent.sock")
        agent = subprocess.Popen(["ssh-agent", "-D", "-a", path],
                                 stdout=subprocess.DEVNULL)
        self.addCleanup(agent.wait)
        self.addCleanup(agent.terminate)
        wait_until(lambda: os.path.exists(path), "the agent's socket")
        for key in keys:
            subprocess.run(["ssh-add", "-q", key], check=True,
                           stdin=subprocess.DEVNULL,
                           env={**os.environ, "SSH_AUTH_SOCK": path})
        return path

    def test_agent(self):
        self.log_in("--agent", SSH_AUTH_SOCK=self.agent(self.key))

    def test_agent_of_the_job(self):
        run = self.push(self.acl_job(more="credentials: {source: agent}\n"),
                        password=None, SSH_AUTH_SOCK=self.agent(self.key))
        self.assertEqual(run.statuses(), ["changed"] * 2)

    def test_agent_with_other_keys_first(self):
        other = self.make_key("other")
        self.log_in("--agent", SSH_AUTH_SOCK=self.agent(other, self.key))

    def test_agent_is_not_offered_to_a_password(self):
        """A password is asked for, so keys are not tried."""
        run = self.push(self.acl_job(), expect=None, password=PASSWORD,
                        SSH_AUTH_SOCK=self.agent(self.key))
        self.assertEqual(run.returncode, 3)
        self.assertNotIn("publickey", {
            e["method"] for e in self.lab.witness(event="auth")})

    def test_agent_that_is_not_there(self):
        run = self.log_in("--agent", expect=None,
                          SSH_AUTH_SOCK=self.tmp + "/none")
        self.assertNotEqual(run.returncode, 0)
        self.assertEqual(self.lab.stats()["totals"]["logins"], 0)


if __name__ == "__main__":
    main()
