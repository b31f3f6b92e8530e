"""A headless Chromium for the tests of pages: Chromium's DevTools protocol
over its pipe (--remote-debugging-pipe), so that no port is opened. Whatever
the page asks the network for, and whatever it complains about, is kept.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

PATIENCE = 60  # seconds for one answer
PROGRAMS = ("chromium-headless-shell", "chromium", "google-chrome")


def program():
    """The path of a Chromium, or None."""
    for name in PROGRAMS:
        path = shutil.which(name)
        if path:
            return path
    return None


class Browser:
    def __init__(self):
        self._dir = tempfile.mkdtemp(prefix="netpush-browser-")
        self._number = 0
        self._fresh = b""
        self.events = []
        to_read, self._to = os.pipe()
        self._from, to_write = os.pipe()
        # Chromium's ends are 3 and 4; they may stand anywhere here.
        os.set_inheritable(to_read, True)
        os.set_inheritable(to_write, True)
        argv = [program(), "--headless", "--remote-debugging-pipe",
                "--disable-gpu", "--hide-scrollbars", "--no-first-run",
                "--disable-dev-shm-usage", "--no-default-browser-check",
                "--disable-background-networking",
                "--user-data-dir=" + self._dir]
        if os.geteuid() == 0:
            argv.append("--no-sandbox")
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$@" 3<&%d 4>&%d' % (to_read, to_write),
             "sh"] + argv,
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL, pass_fds=(to_read, to_write),
            env={**os.environ, "HOME": self._dir, "TZ": "UTC"})
        os.close(to_read)
        os.close(to_write)
        target = self._ask("Target.createTarget", {"url": "about:blank"})
        self._session = self._ask("Target.attachToTarget", {
            "targetId": target["targetId"], "flatten": True})["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.ask(domain + ".enable")

    def close(self):
        os.close(self._to)
        os.close(self._from)
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self._dir, ignore_errors=True)

    def _message(self, deadline):
        while b"\0" not in self._fresh:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([self._from], [], [], left)[0]:
                raise AssertionError("the browser does not answer")
            got = os.read(self._from, 1 << 20)
            if not got:
                raise AssertionError("the browser has ended")
            self._fresh += got
        line, _, self._fresh = self._fresh.partition(b"\0")
        return json.loads(line)

    def _ask(self, method, params=None, session=None):
        self._number += 1
        message = {"id": self._number, "method": method,
                   "params": params or {}}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._to, data):]
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._message(deadline)
            if answer.get("id") == self._number:
                if "error" in answer:
                    raise AssertionError("%s: %s" % (method, answer["error"]))
                return answer["result"]
            self.events.append(answer)

    def ask(self, method, **params):
        return self._ask(method, params, self._session)

    def run(self, script):
        """The value of SCRIPT in the page (a promise is waited for)."""
        answer = self.ask("Runtime.evaluate", expression=script,
                          returnByValue=True, awaitPromise=True)
        if "exceptionDetails" in answer:
            raise AssertionError("%s: %s" % (
                script, answer["exceptionDetails"]))
        return answer["result"].get("value")

    def await_true(self, script):
        """Until SCRIPT is true in the page: asked again at each frame."""
        self.run("new Promise(done => { const look = () => (%s) ? done() : "
                 "requestAnimationFrame(look); look(); })" % script)

    def open(self, path):
        """Loads the file; returns when its script has run."""
        self.events.clear()
        self.ask("Page.navigate", url="file://" + path)
        deadline = time.monotonic() + PATIENCE
        while not self.select("Page.loadEventFired"):
            self.events.append(self._message(deadline))

    def select(self, method):
        return [e["params"] for e in self.events if e.get("method") == method]

    @property
    def requests(self):
        """Every address that was asked for."""
        self.run("0")  # what was under way has been told then
        return [e["request"]["url"]
                for e in self.select("Network.requestWillBeSent")]

    @property
    def complaints(self):
        """Errors and warnings of the console, exceptions, and the like."""
        self.run("0")
        return ([e["exceptionDetails"].get("exception", {}).get("description")
                 for e in self.select("Runtime.exceptionThrown")] +
                [str(e["args"]) for e in
                 self.select("Runtime.consoleAPICalled")] +
                [e["entry"]["text"] for e in
                 self.select("Log.entryAdded")])

    def look(self, width, height=900, dark=False, media="screen", scale=1,
             mobile=False):
        """How big the window is, and which colours the reader likes."""
        self.ask("Emulation.setDeviceMetricsOverride", width=width,
                 height=height, deviceScaleFactor=scale, mobile=mobile)
        self.ask("Emulation.setEmulatedMedia", media=media, features=[
            {"name": "prefers-color-scheme",
             "value": "dark" if dark else "light"}])
        self.run("new Promise(done => requestAnimationFrame(() => "
                 "requestAnimationFrame(done)))")

    def picture(self, path, whole=False):
        """A PNG of what is seen, or of the WHOLE page."""
        answer = self.ask("Page.captureScreenshot", format="png",
                          captureBeyondViewport=whole)
        with open(path, "wb") as file:
            file.write(base64.b64decode(answer["data"]))

    def print(self, path=None):
        """The page as a PDF."""
        data = base64.b64decode(self.ask("Page.printToPDF",
                                         printBackground=True)["data"])
        if path:
            with open(path, "wb") as file:
                file.write(data)
        return data
