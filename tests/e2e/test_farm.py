"""The sshd farm itself: what the tests and the bench of the parallel shell
take for granted."""

import os
import subprocess
import unittest

from farm import Farm, needs_root


@needs_root
class Hosts(unittest.TestCase):
    def start(self, *args, **options):
        farm = Farm(*args, **options)
        self.addCleanup(farm.stop)
        return farm.start()

    def ssh(self, farm, host, command, *options):
        return subprocess.run(
            ["ssh", "-n", "-F", farm.ssh_config, *options, host, command],
            capture_output=True, text=True, timeout=60)

    def test_one_server_has_every_address(self):
        farm = self.start(300)
        self.assertEqual(len(set(farm.hosts)), 300)
        for host in (farm.hosts[0], farm.hosts[299]):
            done = self.ssh(farm, host, "echo $SSH_CONNECTION; ls -A")
            self.assertEqual((done.returncode, done.stderr), (0, ""))
            self.assertEqual(done.stdout.split()[2:], [host, str(farm.port)])

    def test_hosts_that_are_apart_share_no_files(self):
        farm = self.start(3, apart=True)
        for host in farm.hosts[:2]:
            done = self.ssh(farm, host, "echo %s | tee /tmp/np-mine ~/np-mine; "
                            "ls /tmp" % host)
            self.assertEqual(done.stdout, "%s\nnp-mine\n" % host, done.stderr)
        for host in farm.hosts[:2]:
            for path in ("/tmp/np-mine", farm.user.pw_dir + "/np-mine"):
                with open(farm.path_at(host, path), encoding="ascii") as file:
                    self.assertEqual(file.read(), host + "\n")
        third = self.ssh(farm, farm.hosts[2], "ls -A /tmp ~")
        self.assertNotIn("np-mine", third.stdout)
        self.assertFalse(os.path.exists("/tmp/np-mine"))

    def test_each_server_apart_has_a_key_of_its_own(self):
        farm = self.start(2, apart=True)
        with open(farm.known_hosts, encoding="ascii") as file:
            keys = [line.split()[2] for line in file]
        self.assertEqual(len(set(keys)), 2)

    def test_options_reach_the_server(self):
        farm = self.start(1, Ciphers="aes128-ctr", MaxSessions="0")
        refused = self.ssh(farm, farm.hosts[0], "true", "-c", "aes256-ctr")
        self.assertIn("no matching cipher", refused.stderr)
        refused = self.ssh(farm, farm.hosts[0], "true")
        self.assertNotEqual(refused.returncode, 0)

    def test_nothing_is_left_of_it(self):
        farm = self.start(2, apart=True)
        pids = [server.process.pid for server in farm.servers.values()]
        farm.stop()
        self.assertFalse(os.path.exists(farm.dir))
        for pid in pids:
            self.assertRaises(ProcessLookupError, os.kill, pid, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
