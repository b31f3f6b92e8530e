"""A change of an applied list that can neither lock its author out nor leave a
hole: where lists are applied is read, flows are protected line by line, and
what cannot be edited in place is swapped."""

import glob
import os

from harness import Case, main

CLIENT = "10.9.8.7"  # the address that the devices see us at
OURS = "permit tcp 10.9.0.0 0.0.255.255 any eq 22"
WAY = "GigabitEthernet0/1"
IOS = {"type": "cisco_ios", "way": WAY}
TOP = {"client": CLIENT, "acl_history": True}


def startup(entries, *, group="EDGE in", vty=None, more=""):
    """The configuration of an IOS device with the list EDGE."""
    text = "interface %s\n ip access-group %s\n!\n" % (WAY, group)
    if vty:
        text += "line vty 0 4\n access-class %s\nline vty 5 15\n" \
                " access-class %s\n" % (vty, vty)
    return text + more + "ip access-list extended EDGE\n" + "".join(
        " %s\n" % line for line in entries)


def nexus(entries):
    return "interface mgmt0\n  ip access-group EDGE in\n" \
        "line vty\n  access-class EDGE in\nip access-list EDGE\n" + "".join(
            "  %d %s\n" % (10 * (i + 1), line)
            for i, line in enumerate(entries))


class Lockout(Case):
    def stage(self, **devices):
        self.start_lab(*[{"hostname": name, **keys}
                         for name, keys in devices.items()], config=TOP)

    def ios(self, entries, **more):
        self.stage(R1={**IOS, "startup": startup(entries, **more)})

    def job(self, lines, strategy=None, more=""):
        step = "{template: acl%s}" % (
            ", strategy: " + strategy if strategy else "")
        return self.phases_job(
            "  - steps:\n    - %s\n" % step, more=more +
            "vars:\n  acl_name: EDGE\n  acl_lines:\n" +
            "".join("    - %s\n" % line for line in lines))

    def texts(self, device, name="EDGE"):
        return self.lab.acl_texts(device, name)

    def uses(self, device):
        """What is applied where, now."""
        header, uses = "", []
        for line in self.lab.state(device)["running"].split("\n"):
            if not line.startswith(" "):
                header = line
            elif "access-group" in line or "access-class" in line:
                uses.append("%s: %s" % (header, line.strip()))
        return uses

    def assert_never_open(self, device, name="EDGE"):
        """The list was there, and not empty, after every line."""
        history = self.lab.acl_history(device, name)
        for line, entries in history:
            self.assertTrue(entries, line)

    def assert_never_cut(self):
        self.assertEqual(self.lab.witness(event="shut_out"), [])
        self.assertEqual({e["reason"] for e in self.lab.witness(
            event="disconnect")} - {"exit", "client_disconnect"}, set())

    def kept(self):
        """The files of the backup: name -> text."""
        files = {}
        for path in glob.glob(self.state_dir + "/runs/*/backup/*/*"):
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            with open(path, encoding="utf-8") as file:
                files["/".join(path.split("/")[-2:])] = file.read()
        return files


class InPlace(Lockout):
    def test_a_thousand_entries(self):
        def entries(third):
            return ["remark who may"] + [
                "permit ip host 10.%d.%d.%d any" % (third, i // 250, i % 250)
                for i in range(998)] + [OURS]
        self.stage(R1={**IOS, "startup": startup(entries(1))},
                   N1={"type": "cisco_nxos", "startup": nexus(entries(1))})
        # A session of NX-OS would commit all lines at once: each one counts.
        run = self.push(self.job(entries(2), more="guard: off\n"))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for name in ("R1", "N1"):
            self.assertGreater(len(self.lab.acl_history(name, "EDGE")), 1900)
            self.assert_never_open(name)
            self.assertEqual(len(self.texts(name)), 1000)
            self.assertIn("10.2.3.7", " ".join(self.texts(name)))
        self.assert_never_cut()
        again = self.push(self.job(entries(2)))
        self.assertEqual(again.statuses(), ["unchanged"] * 2)

    def test_our_entry_moves(self):
        """IOS ignores the second copy: it has to go before it comes."""
        old = [OURS, "permit ip host 1.1.1.1 any", "deny ip any any"]
        new = ["permit ip host 1.1.1.1 any", OURS, "deny ip any any"]
        self.ios(old, vty="EDGE in")
        run = self.push(self.job(new))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.texts("R1"), new)
        self.assert_never_cut()
        self.assert_never_open("R1")

    def test_what_moves_goes_in_one_write(self):
        """Nothing lies between the line that takes the entry away and the one
        that brings it again."""
        block = ["permit ip host 1.1.1.%d any" % i for i in range(20)]
        old = [OURS] + block + ["deny ip any any"]
        # One line in front, so that the pairs do not fit a window by chance.
        new = [OURS, "permit ip host 9.9.9.9 any"] + block[::-1] + \
            ["deny ip any any"]
        self.ios(old)
        run = self.push(self.job(new))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.texts("R1"), new)
        lines = [e for e in self.lab.witness(event="line", device="R1")
                 if e["mode"] == "config-ext-nacl"]
        gone = [i for i, e in enumerate(lines) if e["line"][:3] == "no "]
        self.assertGreater(len(gone), 10)
        for i in gone:
            self.assertEqual(lines[i]["turn"], lines[i + 1]["turn"],
                             lines[i]["line"])

    def test_cut_at_every_line(self):
        """As before or as asked, the way back is edited as well: the list is
        never absent, and nobody is shut out."""
        old = ["permit ip host 1.1.1.1 any", OURS,
               "permit ip host 4.4.4.4 any", "deny ip any any"]
        new = ["permit ip host 2.2.2.2 any", "permit ip host 4.4.4.4 any",
               OURS, "permit ip host 3.3.3.3 any", "deny ip any any"]
        self.stage(R1={**IOS, "startup": startup(old, vty="EDGE in")},
                   N1={"type": "cisco_nxos", "startup": nexus(old)})
        before = {n: self.texts(n) for n in ("R1", "N1")}
        self.push(self.job(new))
        after = {n: self.texts(n) for n in ("R1", "N1")}
        count = max(len(self.config_lines(n)) for n in ("R1", "N1"))
        ended = set()
        for when in ("before", "after"):
            for number in range(1, count + 1):
                with self.subTest(when=when, number=number):
                    self.lab.reset()
                    for name in ("R1", "N1"):
                        self.lab.faults(name, {
                            "kind": "drop", "when": when, "times": 1,
                            "line_number": number})
                    run = self.push(self.job(new), expect=None)
                    for name in ("R1", "N1"):
                        status = run.results[name]["status"]
                        ended.add(status)
                        self.assertIn(
                            status, ("changed", "failed", "rolled_back"))
                        self.assertEqual(self.texts(name), (
                            after if status == "changed" else before)[name])
                        self.assert_never_open(name)
        self.assertEqual(ended, {"changed", "failed", "rolled_back"})
        self.assertEqual(self.lab.witness(event="shut_out"), [])

    def test_the_way_back_is_edited(self):
        self.ios([OURS, "permit ip host 1.1.1.1 any"], group="EDGE out")
        self.lab.faults("R1", {"kind": "refuse", "at": "3\\.3\\.3\\.3"})
        run = self.push(self.job([OURS, "permit ip host 2.2.2.2 any",
                                  "permit ip host 3.3.3.3 any"]), expect=1)
        self.assertEqual(run.statuses(), ["rolled_back"])
        self.assertEqual(self.texts("R1"), [OURS, "permit ip host 1.1.1.1 any"])
        self.assert_never_open("R1")

    def test_the_way_back_has_the_time_of_a_step(self):
        """One line of it takes longer than a call-off would allow; over the
        same connection, and over a fresh one."""
        device = {**IOS, "startup": startup(
            ["10 " + OURS, "20 permit ip host 1.1.1.1 any",
             "30 permit ip host 1.1.1.2 any"])}
        self.stage(R1=device, R2=device)
        slow = {"kind": "delay", "at": "^no .*(40|50)$", "ms": 11000,
                "times": 1}
        self.lab.faults("R1", slow, {"kind": "refuse", "at": "^no 30"})
        self.lab.faults("R2", slow, {"kind": "drop", "at": "^no 30"})
        run = self.push(self.job([OURS, "permit ip host 2.2.2.2 any",
                                  "permit ip host 2.2.2.3 any"]), expect=1)
        self.assertEqual(run.statuses(), ["rolled_back", "rolled_back"])

    def test_an_applied_list_that_is_not_there(self):
        """It permits all; its first entry would deny all others."""
        self.stage(R1={**IOS, "startup": "interface %s\n ip access-group EDGE "
                                         "in\n" % WAY})
        new = ["permit ip host 1.1.1.1 any", OURS]
        run = self.push(self.job(new))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.texts("R1"), new)
        self.assertIsNone(self.texts("R1", "EDGE__np"))
        self.assertEqual(self.uses("R1"), [
            "interface %s: ip access-group EDGE in" % WAY])
        self.assert_never_cut()


class Refused(Lockout):
    OLD = [OURS, "permit ip host 1.1.1.1 any"]

    def refused(self, lines, *options, **more):
        run = self.push(self.job(lines, **more), *options, expect=1)
        self.assertEqual(run.statuses(), ["failed"])
        self.assertEqual(self.config_lines("R1"), [])
        self.assertEqual(self.kept(), {})
        error = run.results["R1"]["error"]
        self.assertEqual(error["kind"], "lockout_risk")
        return error["message"]

    def test_the_entry_is_named(self):
        self.ios(self.OLD)
        lines = ["permit ip host 1.1.1.1 any", "deny tcp any any eq 22", OURS]
        for strategy in (None, "delta", "swap", "replace"):
            message = self.refused(lines, strategy=strategy)
            self.assertIn("line 2 of list EDGE, 'deny tcp any any eq 22', "
                          "denies", message)
            self.assertIn("tcp host %s " % CLIENT, message)
        self.assertIn("no line of list EDGE permits", self.refused(
            ["permit ip host 1.1.1.1 any"]))
        self.refused(["permit ip host 1.1.1.1 any"], "--check")

    def test_a_device_that_does_not_tell_our_address(self):
        """That of our end of the connection counts."""
        self.start_lab({"hostname": "R1", **IOS, "startup": startup(
            ["permit tcp host 127.0.0.1 any eq 22"])})
        self.lab.faults("R1", {"kind": "refuse", "at": "^show users"})
        message = self.refused([OURS])
        self.assertIn("'tcp host 127.0.0.1 host 127.10.0.1 eq 22'", message)
        run = self.push(self.job([OURS, "permit tcp 127.0.0.0 0.0.0.7 any"]))
        self.assertEqual(run.statuses(), ["changed"])

    def test_a_device_that_does_not_show_uses(self):
        """The list may be applied anywhere, and cannot be moved."""
        self.ios(["10 " + OURS, "11 permit ip host 1.1.1.1 any"])
        self.lab.faults("R1", {"kind": "refuse", "at": "^show running"})
        self.refused(["permit ip host 1.1.1.1 any"])
        self.assertIn("the device does not show where", self.refused(
            [OURS, "permit ip host 2.2.2.2 any"], strategy="swap"))
        run = self.push(self.job([OURS, "permit ip host 2.2.2.2 any"]))
        self.assertEqual(run.statuses(), ["changed"])

    def test_a_filter_of_junos(self):
        term = "term %s from source-address %s\nterm %s then accept"
        self.start_lab({"hostname": "R1", "type": "juniper_junos", "startup":
                        "set interfaces lo0 unit 0 family inet filter input "
                        "EDGE\n" + "".join(
                            "set firewall family inet filter EDGE %s\n" % line
                            for line in (term % ("A", "127.0.0.0/8", "A")
                                         ).split("\n"))})
        for strategy in (None, "delta", "swap", "replace"):
            lines = (term % ("B", "10.0.0.0/8", "B")).split("\n")
            self.assertIn("netpush's own way in, 'tcp host 127.0.0.1 host "
                          "127.10.0.1 eq 22'",
                          self.refused(lines, strategy=strategy))
            lines += (term % ("C", "127.0.0.1/32", "C")).split("\n")
            run = self.push(self.job(lines, strategy=strategy), "--check")
            self.assertTrue(run.results["R1"]["steps"][0]["would_change"])
            self.assertNotIn("missing", str(run.results["R1"]))
        run = self.push(self.job(lines))
        self.assertEqual(run.statuses(), ["changed"])
        self.assert_never_cut()

    def test_a_filter_that_junos_inherits(self):
        """fxp0 of a device with two engines has it from the group re0."""
        self.start_lab({"hostname": "R1", "type": "juniper_junos", "startup":
                        "set groups re0 interfaces fxp0 unit 0 family inet "
                        "filter input EDGE\nset apply-groups re0\n"
                        "set firewall family inet filter EDGE term A then "
                        "accept\n"})
        lines = ["term B from source-address 10.0.0.0/8",
                 "term B then accept"]
        self.assertIn("tcp host 127.0.0.1 host 127.10.0.1 eq 22",
                      self.refused(lines))

    def test_an_outbound_filter_of_junos_is_guarded(self):
        """Our answers pass it."""
        self.start_lab({"hostname": "R1", "type": "juniper_junos", "startup":
                        "set interfaces lo0 unit 0 family inet filter output "
                        "EDGE\nset firewall family inet filter EDGE term A "
                        "then accept\n"})
        run = self.push(self.job(["term B then discard"]))
        self.assertIn("undo: commit confirmed, 5 min",
                      run.results["R1"]["steps"][0]["notes"])

    def test_on_a_terminal_line(self):
        self.ios(self.OLD, group="OTHER out", vty="EDGE in")
        self.refused(["permit ip host 1.1.1.1 any"])

    def test_not_on_our_way(self):
        self.ios(self.OLD, group="EDGE out")
        run = self.push(self.job(["permit ip host 1.1.1.1 any"]))
        self.assertEqual(run.statuses(), ["changed"])

    def test_protected_flows(self):
        """Wherever the list is applied, our own way or not."""
        self.ios(["permit tcp any any eq 443", "permit ip host 1.1.1.1 any"],
                 group="EDGE out")
        lines = ["permit ip host 1.1.1.1 any"]
        message = self.refused(lines, more="protect:\n"
                               "  - tcp 10.0.0.0/8 any eq 443\n")
        self.assertIn("tcp 10.0.0.0/8 any eq 443", message)
        run = self.push(self.job(lines, more="protect: udp any any eq 53\n"))
        self.assertEqual(run.statuses(), ["changed"])

    def test_a_list_that_is_used_where_it_cannot_be_moved(self):
        self.ios(["10 " + OURS, "11 permit ip host 1.1.1.1 any",
                  "12 permit ip host 1.1.1.2 any",
                  "13 permit ip host 1.1.1.3 any"], group="OTHER out",
                 more="snmp-server community s3cr3t EDGE\n")
        message = self.refused([OURS, "permit ip host 2.2.2.2 any"],
                               strategy="swap")
        self.assertIn("cannot be moved to another list", message)
        # In place it can be changed, with more lines than it has.
        run = self.push(self.job([OURS, "permit ip host 2.2.2.2 any"]))
        self.assertEqual(run.statuses(), ["changed"])

    def test_force(self):
        self.ios(self.OLD)
        run = self.push(self.job(["permit ip host 1.1.1.1 any"]), "--force",
                        expect=None)
        self.assertIn("--force", run.results["R1"]["steps"][0]["notes"])
        self.assertTrue(self.lab.witness(event="shut_out"))
        self.assertTrue([e for e in run.events if e.get("warning")
                         and "--force" in e["text"]])


class Strategies(Lockout):
    OLD = ["10 " + OURS, "11 permit ip host 1.1.1.1 any",
           "12 deny ip any any"]
    NEW = [OURS, "permit ip host 2.2.2.2 any", "permit ip host 3.3.3.3 any",
           "deny ip any any"]

    def test_swap(self):
        self.stage(
            R1={**IOS, "startup": startup(self.OLD, vty="EDGE in")},
            N1={"type": "cisco_nxos", "startup": nexus(
                [OURS, "deny ip any any"])})
        before = {n: self.uses(n) for n in ("R1", "N1")}
        run = self.push(self.job(self.NEW, strategy="swap"))
        self.assertEqual(run.statuses(), ["changed"] * 2)
        for name in ("R1", "N1"):
            self.assertEqual(self.uses(name), before[name])
            self.assertEqual(len(self.texts(name)), 4)
            self.assertIsNone(self.texts(name, "EDGE__np"))
            # A use is never a list that is absent or empty.
            self.assertEqual(self.holes(name), [])
        self.assert_never_cut()

    def holes(self, device):
        """Moments at which a list was applied that was not there."""
        lists, uses, found = {}, [], []
        for event in self.lab.witness(device=device):
            kind = event["event"]
            if kind == "acl_start":
                lists = {}
            elif kind == "acl":
                lists[event["acl"]] = event["entries"]
            elif kind == "bindings":
                uses = [u.split(": ")[1].split()[-2] for u in
                        event["bindings"]]
            else:
                continue
            found += [(event.get("line"), u) for u in uses
                      if kind != "acl_start" and u in lists
                      and not lists[u]]
        return found

    def test_check_shows_the_swap(self):
        self.ios(self.OLD)
        run = self.push(self.job(self.NEW, strategy="swap"), "--check")
        self.assertEqual(self.config_lines("R1"), [])
        shown = run.results["R1"]["steps"][0]["output"].split(
            "would be sent:\n")[1].rstrip("\n").split("\n")
        run = self.push(self.job(self.NEW, strategy="swap"))
        self.assertEqual([l for l in self.config_lines("R1")
                          if l not in ("end", "exit")],
                         [l.strip() for l in shown])

    def test_a_list_that_a_cut_swap_left(self):
        """The list under the other name is applied: it is brought back."""
        self.ios(self.OLD, group="EDGE__np in", more="ip access-list extended "
                 "EDGE__np\n %s\n" % OURS)
        for lines in (self.NEW, [l[3:] for l in self.OLD]):
            with self.subTest(lines=lines):
                self.lab.reset()
                run = self.push(self.job(lines))
                self.assertEqual(run.statuses(), ["changed"])
                self.assertEqual(self.texts("R1"), lines)
                self.assertIsNone(self.texts("R1", "EDGE__np"))
                self.assertEqual(self.uses("R1"), [
                    "interface %s: ip access-group EDGE in" % WAY])
                self.assertIn("an earlier swap",
                              run.results["R1"]["steps"][0]["notes"])
        self.assert_never_cut()

    def test_a_cut_swap_is_resumed(self):
        """Cut at each line, and no way back in; then `netpush resume`."""
        self.ios(self.OLD, vty="EDGE in")
        before = self.uses("R1")
        self.push(self.job(self.NEW, strategy="swap"))
        count = len(self.config_lines("R1"))
        for number in range(2, count + 1):
            with self.subTest(number=number):
                self.lab.reset()
                self.lab.faults(
                    "R1", {"kind": "drop", "when": "after", "times": 1,
                           "line_number": number},
                    {"kind": "auth_refuse", "after": 2})
                run = self.push(self.job(self.NEW, strategy="swap"),
                                expect=1)
                self.assertEqual(run.statuses(), ["unknown"])
                self.lab.faults("R1")
                again = self.netpush("resume", os.path.basename(
                    run.dir)).wait()
                self.assertEqual(again.returncode, 0,
                                 again.stdout + again.stderr)
                self.assertEqual(self.texts("R1"), self.NEW)
                self.assertEqual(self.uses("R1"), before)
        self.assertEqual(self.lab.witness(event="shut_out"), [])

    def test_what_a_cut_swap_left_that_is_not_gone_on_with(self):
        left = "ip access-list extended EDGE__np\n %s\n" % OURS
        self.ios(self.OLD, group="EDGE__np in", vty="EDGE in", more=left)
        run = self.push(self.job(self.NEW), expect=1)
        error = run.results["R1"]["error"]
        self.assertEqual(error["kind"], "verify")
        self.assertIn("list EDGE__np of an earlier swap is applied "
                      "(interface %s, ip access-group EDGE__np in)" % WAY,
                      error["message"])
        run = self.push(self.job(["permit ip host 2.2.2.2 any"]), expect=1)
        self.assertEqual(run.results["R1"]["error"]["kind"], "verify")
        # As one of the two: it goes everywhere.
        self.push(self.job([OURS]))
        self.assertEqual(self.texts("R1"), [OURS])
        self.assertEqual({u.split()[-2] for u in self.uses("R1")}, {"EDGE"})
        self.assert_never_cut()

    def test_a_cut_swap_that_would_lock_out(self):
        self.ios(self.OLD, group="EDGE__np in", more="ip access-list extended "
                 "EDGE__np\n %s\n" % OURS)
        for options in ([], ["--check"]):
            run = self.push(self.job(["permit ip host 2.2.2.2 any"]),
                            *options, expect=1)
            self.assertEqual(run.results["R1"]["error"]["kind"],
                             "lockout_risk")
        self.assertEqual(self.config_lines("R1"), [])

    def test_a_leftover_that_nobody_uses(self):
        self.ios(self.OLD, more="ip access-list extended EDGE__np\n"
                 " deny ip any any\n")
        run = self.push(self.job(self.NEW, strategy="swap"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertIsNone(self.texts("R1", "EDGE__np"))
        self.assert_never_cut()

    def test_a_name_without_room_for_another(self):
        """IOS and NX-OS know 64 characters, and the copy has four more."""
        name = "E" * 61
        self.stage(R1={**IOS, "startup": startup(self.OLD).replace(
            "EDGE", name)})
        job = self.job(self.NEW, strategy="swap").replace("EDGE", name)
        run = self.push(job, expect=1)
        self.assertEqual(run.results["R1"]["error"]["kind"], "lockout_risk")
        self.assertIn(name + "__np", run.results["R1"]["error"]["message"])
        self.assertEqual(self.config_lines("R1"), [])
        run = self.push(job.replace(name, name[1:]).replace(
            ", strategy: swap", ""))
        self.assertEqual(run.statuses(), ["changed"])

    def test_references_that_do_not_move(self):
        """Taken without a word, and without effect."""
        self.ios(self.OLD, vty="EDGE in")
        self.lab.faults("R1", {"kind": "apply_nothing",
                               "at": "access-class EDGE__np"})
        run = self.push(self.job(self.NEW, strategy="swap"), expect=1)
        self.assertEqual(run.statuses(), ["rolled_back"])
        self.assertIn("1 of 3 references",
                      run.results["R1"]["error"]["message"])
        self.assertEqual(self.texts("R1"), [l[3:] for l in self.OLD])
        self.assertIsNone(self.texts("R1", "EDGE__np"))
        self.assertEqual({u.split()[-2] for u in self.uses("R1")}, {"EDGE"})
        self.assertEqual(self.lab.witness(event="shut_out"), [])

    def test_a_template_with_lines_of_its_own(self):
        self.ios(self.OLD, group="EDGE out")
        os.mkdir(os.path.join(self.tmp, "profiles"))
        self.write("profiles/ours.yml",
                   "device_type: ours\ninherits: cisco_ios\ntemplates:\n"
                   "  - name: acl\n    proof: acl\n    text: |\n"
                   "      no ip access-list extended {{acl_name}}\n"
                   "      ip access-list extended {{acl_name}}\n"
                   "      {{#acl_lines}}\n       {{.}}\n      {{/acl_lines}}\n"
                   "      ntp server 10.0.0.9\n")
        run = self.push(
            self.job(self.NEW).replace("cisco_ios", "ours"),
            "--profiles", os.path.join(self.tmp, "profiles"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertIn("sent as it stands",
                      run.results["R1"]["steps"][0].get("notes", ""))
        self.assertIn("ntp server 10.0.0.9", self.config_lines("R1"))
        self.assertEqual(self.config_lines("R1")[0],
                         "no ip access-list extended EDGE")
        # With a strategy the list alone is changed.
        run = self.push(self.job(self.OLD[:1], strategy="delta").replace(
            "cisco_ios", "ours"), "--profiles",
            os.path.join(self.tmp, "profiles"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertEqual(self.config_lines("R1").count(
            "ntp server 10.0.0.9"), 1)

    def test_replace_warns(self):
        self.ios(self.OLD, group="EDGE out")
        run = self.push(self.job(self.NEW, strategy="replace"))
        self.assertEqual(run.statuses(), ["changed"])
        self.assertIn("may be missing", run.results["R1"]["steps"][0]["notes"])
        self.assertTrue([e for e in run.events if e.get("warning")
                         and "interface %s" % WAY in e["text"]])
        self.assertEqual(self.config_lines("R1")[0],
                         "no ip access-list extended EDGE")

    def test_cut_at_every_line_of_a_swap(self):
        self.ios(self.OLD, vty="EDGE in")
        before = self.uses("R1")
        old = self.texts("R1")
        self.push(self.job(self.NEW, strategy="swap"))
        count = len(self.config_lines("R1"))
        ended = set()
        for when in ("before", "after"):
            for number in range(1, count + 1):
                with self.subTest(when=when, number=number):
                    self.lab.reset()
                    self.lab.faults("R1", {
                        "kind": "drop", "when": when, "times": 1,
                        "line_number": number})
                    run = self.push(self.job(self.NEW, strategy="swap"),
                                    expect=None)
                    status = run.results["R1"]["status"]
                    ended.add(status)
                    self.assertIn(status,
                                  ("changed", "failed", "rolled_back"))
                    self.assertEqual(
                        self.texts("R1"),
                        self.NEW if status == "changed" else old)
                    self.assertEqual(self.uses("R1"), before)
                    self.assertIsNone(self.texts("R1", "EDGE__np"))
        self.assertIn("rolled_back", ended)
        self.assertEqual(self.lab.witness(event="shut_out"), [])


class Backup(Lockout):
    def test_what_was_there_is_kept(self):
        self.ios([OURS, "permit ip host 1.1.1.1 any"], vty="EDGE in",
                 more="snmp-server community s3cr3t EDGE\n")
        self.push(self.job([OURS, "permit ip host 2.2.2.2 any"]))
        kept = self.kept()
        self.assertEqual(list(kept), ["R1/EDGE.txt"])
        text = kept["R1/EDGE.txt"]
        for use in ("interface %s\n ip access-group EDGE in\n" % WAY,
                    "line vty 0 4\n access-class EDGE in\n"
                    "line vty 5 15\n access-class EDGE in\n",
                    "\nsnmp-server community <redacted>"):
            self.assertIn(use, text.split("! where it was applied:")[1])
        self.assertIn("ip access-list extended EDGE\n %s\n permit ip host "
                      "1.1.1.1 any\n" % OURS, text)
        self.assertNotIn("s3cr3t", text)

    def test_named_where_the_state_is_unknown(self):
        self.ios([OURS, "permit ip host 1.1.1.1 any"])
        self.lab.faults(
            "R1", {"kind": "drop", "at": "2\\.2\\.2\\.2", "when": "after"},
            {"kind": "auth_refuse", "after": 2})
        run = self.push(self.job([OURS, "permit ip host 2.2.2.2 any",
                                  "permit ip host 3.3.3.3 any"]), expect=1)
        self.assertEqual(run.statuses(), ["unknown"])
        self.assertRegex(run.results["R1"]["steps"][0]["notes"],
                         r"is kept in /\S+/backup/R1/EDGE\.txt")


if __name__ == "__main__":
    main()
