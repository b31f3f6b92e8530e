"""The HTML report: what is in the file, and what a browser makes of it.

What a browser shows is tested in a headless Chromium (browser.py); without one
these tests are skipped. Runs that no lab can have (ten thousand devices, names
full of markup, a window, a day between two parts) are journals of our own.
"""

import base64
import datetime
import hashlib
import html.parser
import json
import os
import socket
import unittest

import browser
from harness import BINARY, Case, main

EVIL = ("</script><script>window.pwned = 1</script><!-- <img src=x "
        "onerror='window.pwned = 1'> & ]]> \u202e\u001b[31m \"'>")
START = datetime.datetime(2026, 11, 22, 2, 0)
NO_BROWSER = None if browser.program() else \
    "there is no Chromium here (Debian: chromium-headless-shell)"


class Page(html.parser.HTMLParser):
    """The elements, and the text in those whose text is of interest."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.inside, self._stack = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        self._stack.append(tag)
        if tag in ("script", "style", "noscript", "title"):
            self.inside.append([tag, dict(attributes), ""])

    def handle_endtag(self, tag):
        while self._stack and self._stack.pop() != tag:
            pass

    def handle_data(self, data):
        for tag in ("script", "style", "noscript", "title"):
            if tag in self._stack:
                self.inside[-1][2] += data

    def all(self, tag):
        return [text for name, _, text in self.inside if name == tag]

    @property
    def lines(self):
        return self.all("script")[0].strip().split("\n")

    @property
    def run(self):
        return json.loads(self.lines[0])

    @property
    def texts(self):
        values = [json.loads(line) for line in self.lines[1:]]
        return [v for v in values if not isinstance(v, dict)]

    @property
    def devices(self):
        values = [json.loads(line) for line in self.lines[1:]]
        found = [v for v in values if isinstance(v, dict)]
        return sorted(found, key=lambda device: device["n"])


class Journal:
    """A run's directory as netpush would have left it."""

    def __init__(self, case, hosts, name="made", phases=("push",), **more):
        self.id = "20261122T020000Z-%s-000001" % name
        self.dir = os.path.join(case.state_dir, "runs", self.id)
        os.makedirs(self.dir)
        self.hosts = hosts
        with open(os.path.join(self.dir, "plan.json"), "w",
                  encoding="utf-8") as file:
            json.dump({"schema": 1, "job": name, "phases": [
                {"name": phase, "steps": [{"kind": "config", "name": "config"}]}
                for phase in phases],
                "devices": [{"hostname": host, "address": "192.0.2.%d" % (
                    i % 250), "port": 22, "device_type":
                    "cisco_nxos" if i % 3 == 2 else "cisco_ios"}
                    for i, host in enumerate(hosts)]}, file)
        self.file = open(os.path.join(self.dir, "events.jsonl"), "w",
                         encoding="utf-8")
        self.add(0, "run_started", run=self.id, job=name, threads=8,
                 devices=len(hosts), user="neteng", machine="jump1", **more)

    @staticmethod
    def time(seconds):
        at = START + datetime.timedelta(seconds=seconds)
        return at.isoformat(timespec="milliseconds") + "Z"

    def add(self, at, event, **more):
        self.file.write(json.dumps(
            {"event": event, "time": self.time(at), **more}) + "\n")

    def device(self, i, at=1.0, status="changed", output="same\n",
               error=None, phase="push"):
        """One visit of a second: login, change, verify."""
        more = {"hostname": self.hosts[i], "phase": phase}
        self.add(at, "device_started", attempt=1, address="192.0.2.1", port=22,
                 device_type="cisco_ios", **more)
        for offset, stage in ((0, "connect"), (.2, "login"), (.3, "prepare"),
                              (.5, "change"), (.7, "verify")):
            self.add(at + offset, "stage", stage=stage, **more)
        error = error and {"kind": "refused", "message": error, "line": 5,
                           "sent": error, "device_text": output}
        ends = {"error": error} if error else {}
        self.add(at + .9, "step", name="config", kind="config",
                 status="failed" if error else status, duration=.5,
                 output=output, **more, **ends)
        self.add(at + 1, "device_finished", status=status, stage="close",
                 duration=1.0, **more, **ends)

    def end(self, at=10, **more):
        self.add(at, "run_finished", exit_status=0, totals={}, **more)
        self.file.close()


class Drawn(Case):
    def draw(self, run="latest"):
        """The page of RUN, as text; its path is page_path."""
        self.page_path = os.path.join(self.tmp, "report.html")
        drawn = self.netpush("report", run, "--format", "html",
                             "--output", self.page_path).wait()
        self.assertEqual((drawn.returncode, drawn.stderr), (0, ""))
        with open(self.page_path, encoding="utf-8", newline="") as file:
            return file.read()

    def made(self, hosts=("R1", "R2", "R3"), **more):
        return Journal(self, list(hosts), **more)


class TheFile(Drawn):
    def test_a_device_cannot_leave_its_place(self):
        journal = self.made(["R1" + EVIL, "R2"], name="job" + EVIL.replace(
            "/", ""))
        journal.device(0, status="unknown", output=EVIL, error=EVIL)
        journal.device(1, output=EVIL)
        journal.end(stopped=EVIL)
        text = self.draw()
        page = Page(text)
        self.assertEqual([tag for tag, _ in page.elements
                          if tag in ("script", "img", "style", "title")],
                         ["title", "style", "script", "script"])
        self.assertIn("job" + EVIL.replace("/", ""), page.all("title")[0])
        self.assertIn(EVIL, page.texts)
        self.assertEqual(page.devices[0]["host"], "R1" + EVIL)
        self.assertEqual(page.devices[0]["error"]["sent"], EVIL)
        self.assertEqual(page.run["stopped"], EVIL)
        [plain] = page.all("noscript")
        for part in ("R1" + EVIL, "stopped early: " + EVIL):
            self.assertIn(part, plain)
        # In the data not even one byte means anything to HTML.
        data = text.split('id="data">')[1].split("</script>")[0]
        self.assertFalse(set("<>&") & set(data))

    def test_the_policy_lets_in_nothing_but_the_page_itself(self):
        self.made().end()
        page = Page(self.draw())
        [policy] = [a["content"] for tag, a in page.elements
                    if a.get("http-equiv") == "Content-Security-Policy"]
        rules = dict(rule.strip().split(" ", 1)
                     for rule in policy.split(";"))

        def digest(text):
            return "'sha256-%s'" % base64.b64encode(hashlib.sha256(
                text.encode()).digest()).decode()
        self.assertEqual(rules, {
            "default-src": "'none'", "img-src": "data:",
            "base-uri": "'none'", "form-action": "'none'",
            "script-src": digest(page.all("script")[1]),
            "style-src": digest(page.all("style")[0])})
        addresses = [value for _, a in page.elements for key, value in
                     a.items() if key in ("src", "href", "action")]
        self.assertEqual(addresses, ["data:,"])

    def test_a_text_is_written_once(self):
        journal = self.made(["R%d" % i for i in range(50)])
        for i in range(50):
            journal.device(i, output="odd\n" if i == 30 else "same\n" * 100)
        journal.end()
        page = Page(self.draw())
        self.assertEqual(sorted(page.texts), ["odd\n", "same\n" * 100])
        self.assertEqual([page.texts[d["output"]] == "odd\n"
                          for d in page.devices], [i == 30 for i in range(50)])

    def test_a_long_text_is_cut_between_characters(self):
        journal = self.made(["R1"])
        journal.device(0, output="x" + "é" * 200000)
        journal.end()
        [[text, whole]] = Page(self.draw()).texts
        self.assertEqual((len(text.encode()), whole), (262143, 400001))
        self.assertEqual(text, "x" + "é" * 131071)

    def test_a_full_page_keeps_what_went_wrong(self):
        count = 210
        journal = self.made(["R%d" % i for i in range(count)])
        for i in range(count):
            journal.device(i, output=str(i).zfill(8) * (32 << 10),
                           status="failed" if i == count - 1 else "changed",
                           error="no" if i == count - 1 else None)
        journal.end()
        page = Page(self.draw())
        self.assertEqual(len(page.devices), count)
        texts = [d["output"] for d in page.devices]
        self.assertGreaterEqual(texts[-1], 0)
        self.assertEqual(texts[-2], -1)
        # 48 MB at 256 KB each, and one short message.
        self.assertEqual(sum(number >= 0 for number in texts), 191)

    def test_live_and_drawn_again_are_the_same_bytes(self):
        self.start_lab("R1", "R2", "R3")
        self.lab.faults("R2", {"kind": "refuse", "at": "deny"})
        self.lab.down("R3")
        self.push(self.acl_job(
            "permit ip host 192.0.2.1 any\ndeny ip any any",
            more="run: {batches: [1, 100%], max_failures: 100%, retries: 1}\n"
                 "report: {html: live.html}\n"), expect=1)
        with open(os.path.join(self.tmp, "live.html"), encoding="utf-8",
                  newline="") as file:
            live = file.read()
        self.assertEqual(Page(live).run["ended"], True)
        self.assertEqual(len(Page(live).devices), 3)
        self.assertEqual(self.draw(), live)

    def test_by_whom_and_when(self):
        journal = self.made(start=Journal.time(0), end=Journal.time(3600))
        journal.add(.1, "credentials_checked", hostname="R1", name="admin",
                    status="passed")
        journal.add(.2, "batch_started", batch=1, batches=2, devices=1,
                    first="R1", last="R1")
        journal.device(0)
        journal.end()
        run = Page(self.draw()).run
        self.assertEqual(run["logins"], ["admin"])
        self.assertEqual(run["parts"][0]["user"], "neteng")
        self.assertEqual(run["parts"][0]["end"], Journal.time(3600))
        self.assertEqual(run["batches"][0]["batches"], 2)

    def test_what_a_device_was_at(self):
        journal = self.made(["R1"])
        journal.device(0)
        journal.end()
        [device] = Page(self.draw()).devices
        marks = [tuple(device["marks"][i:i + 2])
                 for i in range(0, len(device["marks"]), 3)]
        self.assertEqual(marks, [("b", 1000), ("l", 1000), ("r", 1400),
                                 ("c", 1500), ("v", 1700), ("e", 2000)])

    def test_a_retry_and_a_save(self):
        journal = self.made(["R1"])
        more = {"hostname": "R1", "phase": "push"}
        begin = {"attempt": 1, "address": "192.0.2.1", "port": 22,
                 "device_type": "cisco_ios", **more}
        journal.add(1, "device_started", **begin)
        journal.add(1, "stage", stage="connect", **more)
        journal.add(2, "device_retry", attempt=1, wait=3.0, duration=1.0,
                    error={"kind": "connect", "message": "no", "line": None,
                           "sent": None, "device_text": None}, **more)
        journal.add(5, "device_started", **{**begin, "attempt": 2})
        journal.add(5, "stage", stage="connect", **more)
        journal.add(6, "stage", stage="change", **more)
        journal.add(7, "stage", stage="verify", **more)
        journal.add(8, "step", name="config", kind="config", output="a\n",
                    status="changed", duration=2.5, **more)
        journal.add(8, "stage", stage="save", **more)
        journal.add(9, "step", name="save", kind="save", output="[OK]\n",
                    status="ok", duration=1.0, **more)
        journal.add(9.5, "device_finished", status="changed", stage="close",
                    duration=4.5, **more)
        journal.end()
        [device] = Page(self.draw()).devices
        self.assertEqual("".join(device["marks"][::3]), "bltblrcvve")
        self.assertEqual(device["attempts"], 2)

    def test_ten_thousand_devices_cost_little_memory(self):
        if any(name in os.environ for name in ("ASAN_OPTIONS",)):
            self.skipTest("a sanitizer's memory is not netpush's")
        journal = self.made(["R%d" % i for i in range(10000)])
        for i in range(10000):
            journal.device(i, output="%d\n" % i + "a line of it\n" * 150)
        journal.end()
        path = os.path.join(self.tmp, "big.html")
        pid = os.posix_spawn(BINARY, [
            BINARY, "report", "latest", "--format", "html", "--output", path],
            self.environment())
        _, status, usage = os.wait4(pid, 0)
        self.assertEqual(status, 0)
        self.assertGreater(os.path.getsize(path), 10000 * 150 * 10)
        self.assertLess(usage.ru_maxrss, 200 << 10)


@unittest.skipIf(NO_BROWSER, NO_BROWSER)
class InABrowser(Drawn):
    @classmethod
    def setUpClass(cls):
        cls.browser = browser.Browser()
        cls.addClassCleanup(cls.browser.close)

    def see(self, run="latest", **look):
        self.draw(run)
        self.browser.look(look.pop("width", 1200), **look)
        self.browser.open(self.page_path)
        # The timeline comes last, with the first frame.
        self.browser.await_true(
            "document.querySelector('#timeline svg') || "
            "document.getElementById('timeline-part').hidden")
        return self.browser

    def tearDown(self):
        """Whatever was done to the page: it complained of nothing and asked
        for nothing."""
        if hasattr(self, "page_path"):
            self.assertEqual(self.browser.complaints, [])
            self.assertEqual(self.browser.requests,
                             ["file://" + self.page_path])
        super().tearDown()

    def run_js(self, script):
        return self.browser.run(script)

    def rows(self):
        return self.run_js("[...document.querySelectorAll('#rows .host')]"
                           ".map(each => each.textContent)")

    def click(self, selector):
        self.run_js("document.querySelector(%s).click()"
                    % json.dumps(selector))

    def search(self, text):
        """Types it; the page answers when it has drawn again."""
        self.run_js("document.getElementById('shown').textContent = ''")
        self.run_js("(box => { box.value = %s; box.dispatchEvent("
                    "new Event('input')); })(document.getElementById('text'))"
                    % json.dumps(text))
        self.browser.await_true(
            "document.getElementById('shown').textContent")

    def text_of(self, selector):
        return self.run_js("[...document.querySelectorAll(%s)].map(each => "
                           "each.textContent).join('\\n')"
                           % json.dumps(selector))

    def three(self, **more):
        journal = self.made(["R10", "R9", "DC1"], **more)
        journal.device(0, output="list A\n")
        journal.device(1, at=3, status="unknown", output="% Invalid\n",
                       error="permit ipp any any")
        journal.device(2, at=2, status="unchanged", output="list B\n")
        journal.end(12)
        return journal

    def test_a_real_run(self):
        # Far enough away that no stage takes no time at all.
        self.start_lab("R1", "R2", {"hostname": "DC1", "type": "cisco_nxos"},
                       config={"latency_ms": 10})
        self.lab.faults("R2", {"kind": "refuse", "at": "deny"})
        run = self.push(self.acl_job(
            "remark <script>window.pwned = 1</script>\n"
            "permit ip host 192.0.2.1 any\ndeny ip any any"), expect=1)
        self.see()
        self.assertEqual(self.rows(), ["R2", "R1", "DC1"])
        self.assertIn("1 of 3 devices is not as the job asks.",
                      self.text_of("#verdict"))
        self.click("tr.device .host")
        [error] = run.results["R2"]["steps"]
        self.assertEqual(self.text_of("pre .refused").strip(),
                         "%ddeny ip any any" % error["error"]["line"])
        self.assertIn("% Invalid input", self.text_of(".error pre"))
        self.click("tr[data-n='2'] .host")
        self.assertIn("<script>window.pwned = 1</script>",
                      self.text_of(".step pre"))
        self.assertIsNone(self.run_js("window.pwned"))
        self.assertEqual(
            self.run_js("document.querySelectorAll('#timeline .name').length"),
            3)
        for stage in ("login", "change", "verify"):
            self.assertIn("M", self.run_js("document.querySelector("
                                           "'#timeline path.%s').getAttribute"
                                           "('d')" % stage))
        about = self.text_of("#about")
        for part in (run.json["run"]["id"], "as neteng on the devices",
                     "push: template acl"):
            self.assertIn(part, about)

    def test_a_check(self):
        """What would be done is told as what would be done."""
        self.start_lab("R1", {"hostname": "R2", "startup":
                              "ip access-list extended EDGE\n"
                              " permit ip any any\n"})
        self.push(self.acl_job(), "--check", expect=None)
        self.see()
        self.assertIn("A check, nothing was changed. 1 device would be.",
                      self.text_of("#verdict"))
        self.assertIn("would be changed", self.text_of("tr[data-n='0']"))
        self.assertNotIn("would be changed", self.text_of("tr[data-n='1']"))
        self.click("tr[data-n='0'] .host")
        self.assertIn("permit ip any any", self.text_of(".step pre"))

    def test_what_a_device_prints_is_only_shown(self):
        """In every place, also where somebody listens for it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            evil = EVIL + "<img src=http://127.0.0.1:%d/x>" % \
                listener.getsockname()[1]
            journal = self.made(["R1" + evil, "R2"])
            journal.device(0, status="unknown", output=evil, error=evil)
            journal.device(1, output="@@ -1,1 +1,1 @@\n-%s\n+%s\n" % (
                evil, evil))
            journal.end(stopped=evil)
            self.see()
            for n in (1, 2):
                self.click("tr.device[data-n='%d'] .host" % (n - 1))
            self.search("<img")
            self.assertEqual(len(self.rows()), 2)
            shown = evil.replace("\u202e", "\\u202e").replace(
                "\u001b", "\u241b")
            for place in ("#verdict", ".host", ".error p", "pre .refused",
                          "pre .plus", "pre .minus", ".step pre"):
                self.assertIn(shown, self.text_of(place), place)
            self.assertIsNone(self.run_js("window.pwned"))
            self.assertEqual(self.run_js(
                "document.querySelectorAll('img, script').length"), 2)
            self.assertEqual(self.browser.complaints, [])
            # Not even on purpose.
            self.assertEqual(self.run_js(
                "fetch('http://127.0.0.1:%d/').then(() => 1, () => 0)"
                % listener.getsockname()[1]), 0)
            listener.settimeout(0)
            self.assertRaises(BlockingIOError, listener.accept)
        self.assertIn("Content Security Policy", str(self.browser.complaints))
        del self.page_path  # that was about our own attempt

    def test_sorting(self):
        self.three()
        self.see()
        self.assertEqual(self.rows(), ["R9", "R10", "DC1"])  # by status
        for column, order in (("host", ["DC1", "R9", "R10"]),
                              ("type", ["R10", "R9", "DC1"]),
                              ("at", ["R10", "DC1", "R9"]),
                              ("what", ["R9", "R10", "DC1"])):
            head = "#columns .col-%s" % column
            self.click(head + " button")
            self.assertEqual(self.rows(), order, column)
            self.assertEqual(self.run_js(
                "document.querySelector('%s').ariaSort" % head), "ascending")
        self.click("#columns .col-host button")
        self.click("#columns .col-host button")
        self.assertEqual(self.rows(), ["R10", "R9", "DC1"])
        self.assertEqual(self.run_js(
            "document.querySelectorAll('[aria-sort]').length"), 1)

    def test_filters(self):
        self.three()
        self.see()
        self.click("#statuses [data-word=changed]")
        self.assertEqual(self.rows(), ["R10"])
        self.click("#statuses [data-word=unchanged]")
        self.assertEqual(self.rows(), ["R10", "DC1"])
        self.assertEqual(self.text_of("#shown"), "2 of 3 devices")
        self.click("#reset")
        self.assertEqual(len(self.rows()), 3)
        self.run_js("(box => { box.value = 'cisco_nxos'; box.dispatchEvent("
                    "new Event('change')); })(document.getElementById('type'))")
        self.assertEqual(self.rows(), ["DC1"])
        self.click("#reset")
        for words, found in (("LIST a", ["R10"]), ("permit ipp", ["R9"]),
                             ("dc", ["DC1"]), ("192.0.2.1", ["R9"]),
                             ("nowhere", []),
                             ("", ["R9", "R10", "DC1"])):
            self.search(words)
            self.assertEqual(self.rows(), found, words)
        # The timeline follows.
        self.search("R9")
        self.browser.await_true(
            "document.querySelectorAll('#timeline .name').length === 1")

    def test_the_timeline_answers(self):
        """Where the pointer is, and what a click there opens."""
        self.three()
        self.see()
        self.assertIn("1 may be partly applied", self.text_of("#verdict"))
        self.assertIn("unknown", self.text_of("#legend"))
        self.assertNotIn("failed", self.text_of("#legend"))
        [x, y] = self.run_js(
            "(box => [box.left + 2, (box.top + box.bottom) / 2])(document."
            "querySelector('#timeline path.end-unknown')"
            ".getBoundingClientRect())")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.browser.ask("Input.dispatchMouseEvent", type=kind, x=x, y=y,
                             button="left", clickCount=1)
        self.browser.await_true("document.querySelector('tr.open')")
        self.assertEqual(self.text_of("tr.open .host"), "R9")
        self.assertRegex(
            self.text_of("#hint"), r"^R9, push: unknown, 1\.0 s \(login 400 ms "
            r"· read 100 ms · change 200 ms · verify 300 ms\)$")

    def test_alike(self):
        journal = self.made(["R%d" % i for i in range(5)])
        for i in range(5):
            journal.device(i, output="odd" if i == 3 else "usual")
        journal.end()
        self.see()
        self.assertIn("same output as 3 other devices",
                      self.text_of("tr[data-n='0']"))
        self.assertIn("output of its own", self.text_of("tr[data-n='3']"))
        self.click("tr[data-n='0'] .host")
        self.click(".link-button")
        self.assertEqual(self.rows(), ["R0", "R1", "R2", "R4"])
        self.click("#alike")
        self.assertEqual(len(self.rows()), 5)

    def test_the_address_opens_a_device(self):
        self.three()
        self.see()
        self.run_js("location.hash = '#DC1'")
        self.browser.await_true("document.querySelector('tr.detail')")
        self.assertIn("list B", self.text_of("tr.detail"))

    def test_window_batches_and_a_day_between(self):
        """What happened is seen, however long nothing did."""
        day = 86400
        journal = self.made(["R1", "R2"], start=Journal.time(0))
        journal.add(.5, "batch_started", batch=1, batches=2, devices=1,
                    first="R1", last="R1")
        journal.device(0)
        journal.add(day, "run_started", run=journal.id, job="made", threads=8,
                    devices=2, user="other", machine="jump2", resumed=True,
                    end=Journal.time(day + 3600))
        journal.add(day + 1, "batch_started", batch=2, batches=2, devices=1,
                    first="R2", last="R2")
        journal.device(1, at=day + 2)
        journal.end(day + 4)
        self.see()
        self.assertIn("by other on jump2", self.text_of("#about"))
        words = self.text_of("#timeline text")
        for part in ("batch 1 of 2", "batch 2 of 2", "resumed",
                     "window ends"):
            self.assertIn(part, words)
        # A second of work is a good part of the picture both times.
        widths = self.run_js("[...document.querySelector('#timeline "
                             "path.login').getAttribute('d').matchAll("
                             "/h([0-9.]+)v/g)].map(found => +found[1])")
        self.assertEqual(len(widths), 2)
        self.assertGreater(min(widths), 50)

    def test_a_run_that_was_cut_off(self):
        journal = self.made(["R1", "R2"])
        journal.add(1, "device_started", hostname="R1", phase="push",
                    attempt=1, address="192.0.2.1", port=22,
                    device_type="cisco_ios")
        journal.add(1.5, "stage", hostname="R1", phase="push", stage="change")
        journal.file.close()
        self.see()
        self.assertIn("did not come to its end", self.text_of("#verdict"))
        self.assertEqual(self.text_of("#rows .status").split(),
                         ["unknown", "pending"])

    def test_ten_thousand_devices(self):
        """Only what is looked at is drawn, and all of it is found."""
        journal = self.made(["R%d" % i for i in range(10000)])
        for i in range(10000):
            bad = i % 1000 == 7
            journal.device(i, at=i // 8, output="list %d\n" % (i % 500),
                           status="failed" if bad else "changed",
                           error="refused here" if bad else None)
        journal.end(1300)
        self.see()
        self.assertEqual(self.text_of("#shown"), "10,000 devices")
        self.assertLess(len(self.rows()), 1000)
        self.assertLess(self.run_js(
            "document.querySelectorAll('#timeline svg *').length"), 200)
        self.click("#statuses [data-word=failed]")
        self.assertEqual(self.rows(),
                         ["R%d" % (i * 1000 + 7) for i in range(10)])
        self.click("#reset")
        self.search("list 499")
        self.assertEqual(self.text_of("#shown"), "20 of 10,000 devices")
        self.search("")
        # Who scrolls to the end gets more, until it is the end.
        before = len(self.rows())
        self.run_js("scrollTo(0, document.body.scrollHeight)")
        self.browser.await_true(
            "document.querySelectorAll('#rows .host').length > %d" % before)

    def test_no_width_is_too_small_and_no_line_too_long(self):
        journal = self.made(["R1", "A" * 60])
        journal.device(0, status="unknown", output="wide " * 100,
                       error="line " * 80)
        journal.device(1, output="+" * 300)
        journal.end()
        for width in (1400, 700, 360):
            self.see(width=width)
            for n in (0, 1):
                self.click("tr[data-n='%d'] .host" % n)
            self.assertLessEqual(self.run_js(
                "document.documentElement.scrollWidth"), width)
            del self.page_path
        self.assertEqual(self.browser.complaints, [])

    def test_light_dark_and_paper(self):
        self.three()
        seen = {}
        for dark in (False, True):
            self.see(dark=dark)
            seen[dark] = self.run_js(
                "getComputedStyle(document.body).backgroundColor")
            del self.page_path
        self.assertEqual(seen, {False: "rgb(251, 251, 249)",
                                True: "rgb(21, 24, 27)"})
        # Printed from the dark one: on white, what went wrong opened, and
        # everything as it was afterwards.
        self.see(dark=True, media="print")
        self.assertEqual(self.run_js(
            "getComputedStyle(document.body).backgroundColor"),
            "rgb(255, 255, 255)")
        self.run_js("addEventListener('afterprint', () => "
                    "window.printed = window.details)")
        self.run_js("addEventListener('beforeprint', () => window.details = "
                    "document.querySelectorAll('tr.detail').length)")
        self.assertTrue(self.browser.print().startswith(b"%PDF"))
        self.browser.await_true("window.printed !== undefined")
        self.assertEqual(self.run_js("window.printed"), 1)
        self.assertEqual(self.run_js(
            "document.querySelectorAll('tr.detail').length"), 0)


if __name__ == "__main__":
    main()
