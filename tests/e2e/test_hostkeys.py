"""Which key a device may show, and who writes it down."""

import os
import subprocess

from harness import Case, main


class Policy(Case):
    def setUp(self):
        super().setUp()
        self.start_lab({"hostname": "R1", "own_host_key": True},
                       {"hostname": "R2", "own_host_key": True}, known=False)

    def known(self):
        if not os.path.exists(self.known_hosts):
            return None
        with open(self.known_hosts, encoding="utf-8") as file:
            return file.read()

    def lab_known(self):
        with open(self.lab.known_hosts, encoding="utf-8") as file:
            return file.read()

    def test_accept_new_writes_once(self):
        self.push(self.acl_job())
        self.assertEqual(sorted(self.known().splitlines()),
                         sorted(self.lab_known().splitlines()))
        again = self.known()
        self.push(self.acl_job(), "--host-keys", "accept-new")
        self.assertEqual(self.known(), again)
        self.push(self.acl_job(), "--host-keys", "strict")
        self.assertEqual(os.stat(self.known_hosts).st_mode & 0o077, 0)

    def test_keeps_what_stands_there(self):
        text = "# mine\nother.example.net ssh-ed25519 AAAA broken\n" \
            "no newline at the end"
        self.write_known(text)
        self.push(self.acl_job())
        self.assertTrue(self.known().startswith(text + "\n"))
        self.assertEqual(len(self.known().splitlines()), 5)

    def write_known(self, text):
        with open(self.known_hosts, "w", encoding="utf-8") as file:
            file.write(text)

    def test_makes_the_file_and_its_directory(self):
        path = os.path.join(self.tmp, "new", "known_hosts")
        self.push(self.acl_job(), "--known-hosts", path)
        self.assertTrue(os.path.exists(path))
        self.assertIsNone(self.known())

    def test_strict(self):
        run = self.push(self.acl_job(), "--host-keys", "strict", expect=1)
        self.assertEqual(run.statuses(), ["failed"] * 2)
        self.assertEqual({r["error"]["kind"] for r in run.json["results"]},
                         {"host_key"})
        self.assert_untouched("R1", "R2")
        self.assertIsNone(self.known())

    def test_hashed(self):
        self.write_known(self.lab_known())
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", self.known_hosts],
                       check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        hashed = self.known()
        self.assertNotIn("127.10", hashed)
        self.push(self.acl_job(), "--host-keys", "strict")
        self.lab.faults("R2", {"kind": "changed_host_key"})
        run = self.push(self.acl_job(), expect=1)
        self.assertEqual(run.results["R2"]["error"]["kind"], "host_key")
        self.assertEqual(self.known(), hashed)

    def test_changed(self):
        self.write_known(self.lab_known())
        before = self.known()
        self.lab.faults("R2", {"kind": "changed_host_key"})
        for policy in ("strict", "accept-new"):
            with self.subTest(policy=policy):
                run = self.push(self.acl_job(), "--host-keys", policy,
                                expect=1)
                self.assertEqual(run.results["R2"]["status"], "failed")
                self.assertEqual(run.results["R2"]["error"]["kind"],
                                 "host_key")
                self.assertIn("CHANGED", run.results["R2"]["error"]["message"])
                self.assert_untouched("R2")
        self.assertEqual(self.known(), before)

    def test_changed_on_the_first_device(self):
        """Its password is not given away by the check either."""
        self.write_known(self.lab_known())
        self.lab.faults("R1", {"kind": "changed_host_key"})
        run = self.push(self.acl_job(), expect=1)
        self.assertEqual(run.statuses(), ["failed", "changed"])
        self.assertEqual(run.results["R1"]["error"]["kind"], "host_key")
        self.assert_untouched("R1")

    def test_revoked(self):
        line = self.lab_known().splitlines()[1]
        self.write_known(self.lab_known() + "@revoked " + line + "\n")
        run = self.push(self.acl_job(), expect=1)
        self.assertEqual(run.results["R2"]["error"]["kind"], "host_key")
        self.assert_untouched("R2")

    def test_off(self):
        self.lab.faults("R2", {"kind": "changed_host_key"})
        self.push(self.acl_job(), "--host-keys", "off")
        self.assertIsNone(self.known())


if __name__ == "__main__":
    main()
