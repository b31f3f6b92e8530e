"""The mail about a run: what a real server gets and an independent reader
finds in it; and that no mail, sent or not, changes what became of the run.

Server: Debian's aiosmtpd. Reader: python's email package.
"""

import email
import email.policy
import email.utils
import glob
import html.parser
import io
import json
import os
import shutil
import signal
import socket
import subprocess
import time
import zipfile

from harness import BINARY, Case, files_below, main, wait_until
from kept import Kept, error
from mailserver import PASSWORD, USER, MailServer, make_certificate

TO = ["noc@example.net", "ops@example.net"]
LINES = "permit ip host 192.0.2.1 any\ndeny ip any any"


class Page(html.parser.HTMLParser):
    """The text of a page, and the names of its elements."""

    def __init__(self, text):
        super().__init__()
        self.text, self.names = "", set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)

    def handle_data(self, data):
        self.text += data


class Mail:
    """A message, judged on its way in: lines, defects."""

    def __init__(self, case, data):
        for line in data.split(b"\r\n"):
            case.assertLessEqual(len(line), 78, line)
            case.assertNotIn(b"\n", line)
            case.assertNotIn(b"\r", line)
            line.decode("ascii")
        self.message = email.message_from_bytes(
            data, policy=email.policy.default)
        for part in self.message.walk():
            case.assertEqual(part.defects, [], part)
            for name in part.keys():
                case.assertEqual(part[name].defects, (), name)
        self.subject = self.message["Subject"]
        self.text = self.body("plain")
        self.page = Page(self.body("html"))
        self.files = {
            part.get_filename(): part.get_payload(decode=True)
            for part in self.message.iter_attachments()}

    def body(self, kind):
        text = self.message.get_body((kind,)).get_content()
        return text.replace("\r\n", "\n")


class Mailing(Case):
    def serve(self, **options):
        server = MailServer(**options)
        self.addCleanup(server.stop)
        return server

    def mail_job(self, url, starttls="off", name=None, lines=LINES, more="",
                 to=None, command=None, **keys):
        """A job that sends a mail to URL; KEYS of its `email`."""
        keys = {"to": "[%s]" % ", ".join(to or TO),
                "from": "netpush@example.net", "smtp": url,
                **({"starttls": starttls} if starttls else {}), **keys}
        more += "report:\n  email:\n" + "".join(
            "    %s: %s\n" % item for item in keys.items())
        if name:
            more += "name: %s\n" % json.dumps(name, ensure_ascii=False)
        if command:
            return self.phases_job(
                "  - steps:\n      - command: %s\n" % command, more=more)
        return self.acl_job(lines, more=more)

    def mail_from(self, server):
        """The one mail that SERVER got."""
        self.assertEqual(len(server.mails), 1, server.commands)
        return Mail(self, server.mails[0][2])

    def kept_path(self, run):
        return os.path.join(run.dir, "mail.eml")

    def kept(self, run):
        """The mail that was not sent."""
        path = self.kept_path(run)
        self.assertTrue(os.path.exists(path), path)
        self.assertEqual(os.stat(path).st_mode & 0o7777, 0o600)
        with open(path, "rb") as file:
            return Mail(self, file.read())

    def assert_sent(self, run, server):
        self.assertFalse(os.path.exists(self.kept_path(run)))
        self.assertEqual(glob.glob(self.kept_path(run) + "*"), [])
        self.assertNotIn("mail", run.stderr)
        return self.mail_from(server)

    def assert_kept(self, run, why):
        """Said, with the reason and the place; nothing else has changed."""
        lines = [line for line in run.stderr.splitlines() if "mail" in line]
        self.assertEqual(len(lines), 1, run.stderr)
        [line] = lines
        self.assertTrue(line.startswith(
            "netpush: report.email: the mail could not be sent: smtp"), line)
        self.assertIn(why, line)
        self.assertTrue(
            line.endswith("; it is kept in " + self.kept_path(run)), line)
        return self.kept(run)

    def assert_nowhere(self, run, secret):
        """SECRET is in nothing that was written or said."""
        self.assertNotIn(secret, run.stdout + run.stderr)
        for path in files_below(run.dir):
            with open(path, "rb") as file:
                self.assertNotIn(secret.encode(), file.read(), path)


class Message(Mailing):
    def test_all_went_well(self):
        self.start_lab("R1", "R2")
        server = self.serve()
        before = time.time()
        run = self.push(self.mail_job(server.url, name="acl_push"))
        mail = self.assert_sent(run, server)
        message = mail.message
        self.assertEqual(server.mails[0][:2], ("netpush@example.net", TO))
        self.assertEqual(mail.subject, "[netpush] OK 2/2 acl_push")
        self.assertEqual(message["From"], "netpush@example.net")
        self.assertEqual([a.addr_spec for a in message["To"].addresses], TO)
        self.assertEqual(message["Auto-Submitted"], "auto-generated")
        self.assertEqual(message["MIME-Version"], "1.0")
        self.assertRegex(message["Message-ID"], r"^<\w{20,}@example\.net>$")
        self.assertEqual(message["X-Netpush-Run"], os.path.basename(run.dir))
        date = message["Date"].datetime.timestamp()
        self.assertLessEqual(int(before), date)
        self.assertLessEqual(date, time.time())
        self.assertEqual(mail.text, run.stdout)
        self.assertIn("changed (2): R1,\nR2", mail.page.text)
        self.assertIn("OK", mail.page.text)
        self.assertFalse(mail.page.names & {"script", "img", "link", "a"})
        self.assertEqual(message.get_content_type(), "multipart/mixed")
        [alternative] = [part for part in message.walk() if
                         part.get_content_type() == "multipart/alternative"]
        # The reader takes the last that it understands.
        self.assertEqual([p.get_content_type() for p in
                          alternative.iter_parts()],
                         ["text/plain", "text/html"])
        self.assertEqual(list(mail.files), ["result.json"])
        self.assertEqual(json.loads(mail.files["result.json"]), run.json)

    def test_failed(self):
        self.start_lab("R1", "R2", "R3")
        self.lab.faults("R2", {"kind": "drop", "at": "^show ip"})
        server = self.serve()
        run = self.push(self.mail_job(server.url, name="acl_push"), expect=1)
        mail = self.assert_sent(run, server)
        self.assertEqual(mail.subject, "[netpush] FAILED 1/3 acl_push")
        self.assertEqual(mail.text, run.stdout)
        error = run.results["R2"]["error"]
        self.assertIn("R2failed%s: %s" % (error["kind"], error["message"]),
                      mail.page.text)
        self.assertEqual(json.loads(mail.files["result.json"]), run.json)

    def test_rolled_back_and_skipped_stand_in_the_subject(self):
        self.start_lab("R1", "R2", "R3")
        server = self.serve()
        job = self.mail_job(server.url, lines="permit ipp any any",
                            name="acl_push",
                            more="run: {batches: 1, max_failures: 0}\n")
        run = self.push(job, expect=4)
        mail = self.assert_sent(run, server)
        self.assertEqual(
            mail.subject,
            "[netpush] FAILED 3/3 acl_push (1 rolled back, 2 skipped)")
        self.assertIn("permit ipp any any", mail.page.text)
        self.assertIn("stopped early", mail.page.text)

    def test_names_that_would_like_to_be_more(self):
        self.start_lab("R1")
        for name in ("Zürich <script>alert(1)</script> & Söhne",
                     "=?UTF-8?Q?fine?=", "x" * 250, "名前" * 30,
                     "two  blanks \"quotes\" Bcc: x@example.net"):
            with self.subTest(name=name):
                server = self.serve()
                run = self.push(self.mail_job(server.url, name=name))
                mail = self.assert_sent(run, server)
                self.assertEqual(mail.subject, "[netpush] OK 1/1 " + name)
                self.assertIn(name, mail.page.text)
                self.assertNotIn("script", mail.page.names)
                self.assertIsNone(mail.message["Bcc"])
                self.assertEqual(server.mails[0][1], TO)

    def test_a_line_break_in_a_name_is_no_job(self):
        self.start_lab("R1")
        server = self.serve()
        for keys in ({"name": "a\r\nBcc: x@example.net"},
                     {"to": ['"a@example.net\\r\\nBcc: x@example.net"']},
                     {"to": ["'<a@example.net>, b'"]},
                     {"from": '"a@example.net\\nX: y"'}):
            run = self.push(self.mail_job(server.url, **keys), expect=2)
            self.assertIn("job.yml:", run.stderr)
        self.assertEqual(server.connections, 0)
        self.assertEqual(self.connects(), [])

    def test_transcripts(self):
        self.start_lab("R1", "R2")
        server = self.serve()
        run = self.push(self.mail_job(server.url), "--transcripts")
        mail = self.assert_sent(run, server)
        self.assertEqual(list(mail.files),
                         ["result.json", "R1.log", "R2.log"])
        for name in ("R1.log", "R2.log"):
            with open(os.path.join(run.dir, "transcripts", name),
                      "rb") as file:
                self.assertEqual(mail.files[name], file.read())
            self.assertIn(b"show ip access-lists", mail.files[name])

    def test_many_transcripts_are_packed(self):
        names = ["R%d" % i for i in range(1, 8)]
        self.start_lab(*names)
        server = self.serve()
        run = self.push(self.mail_job(server.url), "--transcripts")
        mail = self.assert_sent(run, server)
        self.assertEqual(list(mail.files), ["result.json", "transcripts.zip"])
        with zipfile.ZipFile(io.BytesIO(mail.files["transcripts.zip"])) as z:
            self.assertIsNone(z.testzip())
            self.assertEqual(z.namelist(), [n + ".log" for n in names])
            for info in z.infolist():
                path = os.path.join(run.dir, "transcripts", info.filename)
                with open(path, "rb") as file:
                    self.assertEqual(z.read(info), file.read())
                # MS-DOS counts in steps of two seconds.
                then = time.mktime(info.date_time + (0, 0, -1))
                self.assertLess(abs(then - os.stat(path).st_mtime), 3)


class When(Mailing):
    def test_when(self):
        self.start_lab("R1")
        # The same job three times: changes it, finds it so, cannot.
        for key, wanted in (("always", "111"), ("failure", "001"),
                            ("change", "101")):
            server = self.serve()
            sent = ""
            for turn, status in enumerate((0, 0, 1)):
                name = "NEW_" + key
                if turn == 2:
                    self.lab.faults("R1", {"kind": "drop", "at": "^show ip",
                                           "times": 1})
                before = len(server.mails)
                job = self.mail_job(server.url, when=key).replace(
                    "acl_name: EDGE", "acl_name: " + name)
                run = self.push(job, expect=status)
                self.assertFalse(os.path.exists(self.kept_path(run)))
                sent += str(len(server.mails) - before)
            self.assertEqual(sent, wanted, key)


class OneDevice(Mailing):
    def setUp(self):
        super().setUp()
        self.start_lab("R1")

    def unused_port(self):
        # Bound and not listening: refused, and nobody else's.
        sock = socket.socket()
        self.addCleanup(sock.close)
        sock.bind(("127.0.0.1", 0))
        return sock.getsockname()[1]


class Transport(OneDevice):
    def setUp(self):
        super().setUp()
        self.certificate = make_certificate(self.tmp)
        self.ca = self.certificate[0]

    def test_starttls_and_login(self):
        server = self.serve(certificate=self.certificate, auth=True)
        run = self.push(
            self.mail_job(server.url, starttls=None, ca=self.ca,
                          username=USER),
            NETPUSH_SMTP_PASSWORD=PASSWORD)
        self.assert_sent(run, server)
        self.assertEqual(server.logins, [(USER, PASSWORD)])
        self.assert_nowhere(run, PASSWORD)

    def test_smtps(self):
        server = self.serve(certificate=self.certificate, auth=True,
                            smtps=True)
        run = self.push(
            self.mail_job(server.url, starttls=None, ca=self.ca,
                          username=USER),
            NETPUSH_SMTP_PASSWORD=PASSWORD)
        self.assert_sent(run, server)
        self.assertEqual(server.logins, [(USER, PASSWORD)])

    def test_password_from_a_file_and_from_systemd(self):
        server = self.serve(certificate=self.certificate, auth=True)
        secret = self.write("smtp_password", PASSWORD + "\n")
        for keys, env in (
                ({"password_file": secret},
                 {"NETPUSH_SMTP_PASSWORD": "not this one"}),
                ({}, {"CREDENTIALS_DIRECTORY": self.tmp})):
            self.push(self.mail_job(server.url, starttls=None, ca=self.ca,
                                    username=USER, **keys), **env)
        self.assertEqual(server.logins, 2 * [(USER, PASSWORD)])
        self.assertEqual(len(server.mails), 2)

    def test_no_password_is_said_before_anything_is_contacted(self):
        server = self.serve(certificate=self.certificate, auth=True)
        job = self.mail_job(server.url, starttls=None, username=USER)
        run = self.push(job, expect=2)
        self.assertIn("NETPUSH_SMTP_PASSWORD", run.stderr)
        # What is only tried is told to nobody, and needs none.
        self.push(job, "--check")
        open_file = self.write("open", PASSWORD, mode=0o644)
        job = self.mail_job(server.url, starttls=None, username=USER,
                            password_file=open_file)
        run = self.push(job, expect=2)
        self.assertIn("others may read it", run.stderr)
        self.assertEqual(server.connections, 0)
        # Of --check: one to see whether the password is right, one to look.
        self.assertLessEqual(len(self.connects()), 2)

    def test_the_workers_do_not_have_the_password(self):
        self.lab.faults("R1", {"kind": "delay", "at": "^show ip",
                               "ms": 600000, "times": 1})
        server = self.serve()
        run = self.start(self.mail_job(server.url),
                         NETPUSH_SMTP_PASSWORD=PASSWORD)
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        for pid in run.children():
            with open("/proc/%d/environ" % pid, "rb") as file:
                self.assertNotIn(PASSWORD.encode(), file.read())
        with open("/proc/%d/environ" % run.pid, "rb") as file:
            self.assertNotIn(PASSWORD.encode(), file.read())
        self.lab.control({"do": "release", "device": "R1"})
        run.wait()
        self.assert_sent(run, server)

    def test_a_wrong_password_is_tried_once(self):
        server = self.serve(certificate=self.certificate, auth=True)
        run = self.push(
            self.mail_job(server.url, starttls=None, ca=self.ca,
                          username=USER),
            NETPUSH_SMTP_PASSWORD="wrong-secret")
        self.assert_kept(run, "the server refused the login of " + USER)
        self.assertEqual(server.logins, [(USER, "wrong-secret")])
        # The server's answer holds a password.
        self.assert_nowhere(run, PASSWORD)
        self.assert_nowhere(run, "wrong-secret")
        self.assertEqual(server.connections, 1)

    def test_without_starttls_nothing_is_said(self):
        server = self.serve()
        run = self.push(self.mail_job(server.url, starttls="required"))
        self.assert_kept(run, "the server does not offer STARTTLS")
        self.assertEqual((server.connections, server.commands), (1, []))

    def test_an_unknown_certificate_is_refused(self):
        for smtps in (False, True):
            server = self.serve(certificate=self.certificate, smtps=smtps)
            run = self.push(self.mail_job(server.url, starttls=None))
            self.assert_kept(run, "certificate")
            self.assertEqual(server.commands, [])

    def test_a_certificate_for_another_name_is_refused(self):
        server = self.serve(certificate=self.certificate)
        url = server.url.replace("127.0.0.1", "localhost")
        run = self.push(self.mail_job(url, starttls=None, ca=self.ca))
        self.assert_kept(run, "localhost")
        self.assertEqual(server.commands, [])

    def test_a_proxy_of_the_environment_is_not_used(self):
        server = self.serve()
        proxy = "http://127.0.0.1:%d" % self.unused_port()
        run = self.push(self.mail_job(server.url), ALL_PROXY=proxy,
                        all_proxy=proxy, smtp_proxy=proxy)
        self.assert_sent(run, server)


class Refusals(OneDevice):
    """Servers that say no, for now or for good."""

    def test_a_server_that_is_not_there(self):
        self.lab.faults("R1", {"kind": "drop", "at": "^show ip", "times": 1})
        url = "smtp://127.0.0.1:%d" % self.unused_port()
        run = self.push(self.mail_job(url, timeout="2s"), expect=1)
        mail = self.assert_kept(run, url + ": ")
        self.assertEqual(mail.subject, "[netpush] FAILED 1/1 job")
        self.assertEqual(run.json["run"]["exit_status"], 1)

    def test_a_server_that_says_nothing(self):
        silent = socket.socket()
        self.addCleanup(silent.close)
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = "smtp://127.0.0.1:%d" % silent.getsockname()[1]
        run = self.push(self.mail_job(url, timeout="1s"))
        self.assert_kept(run, "")

    def test_refused_for_now(self):
        server = self.serve(answers={
            "MAIL": ["451 4.3.0 busy"], "DATA": ["452 4.3.1 full"]})
        run = self.push(self.mail_job(server.url))
        self.assert_sent(run, server)
        self.assertEqual(server.connections, 3)
        self.assertEqual(server.recipients(), TO)

    def test_refused_for_good(self):
        for command in ("MAIL", "DATA"):
            server = self.serve(answers={command: ["554 5.7.1 never\x1b[2J"]})
            run = self.push(self.mail_job(server.url))
            self.assert_kept(
                run, "the server said: 554 5.7.1 never?[2J; it is kept")
            self.assertEqual((server.connections, server.mails), (1, []))

    def test_too_large(self):
        server = self.serve(size=100)
        run = self.push(self.mail_job(server.url))
        self.assert_kept(run, "the server said: 552")
        self.assertEqual((server.connections, server.mails), (1, []))

    def test_one_recipient_is_refused(self):
        server = self.serve(answers={
            "RCPT": lambda to: "550 5.1.1 who?" if to == TO[0] else None})
        run = self.push(self.mail_job(server.url))
        self.assert_kept(run, "the server refused the recipient "
                         "noc@example.net: 550 5.1.1 who?; it is kept")
        self.assertEqual(server.recipients(), TO[1:])
        self.assertEqual(server.connections, 1)

    def test_all_recipients_are_refused(self):
        server = self.serve(answers={"RCPT": lambda to: "550 5.1.1 who?"})
        run = self.push(self.mail_job(server.url))
        self.assert_kept(run, "the server refused the recipient "
                         "noc@example.net: 550 5.1.1 who?; it is kept")
        self.assertEqual((server.connections, server.mails), (1, []))

    def test_one_recipient_is_refused_for_now(self):
        answers = ["450 4.2.0 greylisted"]
        server = self.serve(answers={
            "RCPT": lambda to: answers.pop() if to == TO[1] and answers
            else None})
        run = self.push(self.mail_job(server.url))
        self.assertFalse(os.path.exists(self.kept_path(run)))
        # Nobody got it twice, and both got the same.
        self.assertEqual([tos for _, tos, _ in server.mails],
                         [TO[:1], TO[1:]])
        self.assertEqual(server.mails[0][2], server.mails[1][2])

    def test_a_recipient_that_stands_there_twice(self):
        server = self.serve()
        run = self.push(self.mail_job(server.url, to=TO + TO))
        self.assert_sent(run, server)
        self.assertEqual(server.recipients(), TO)

    def test_called_off(self):
        """^C while the mail is tried again and again ends that, not more."""
        for number in (signal.SIGINT, signal.SIGTERM):
            server = self.serve(answers={"MAIL": lambda _: "451 4.3.0 busy"})
            run = self.start(self.mail_job(server.url, timeout="10m"))
            wait_until(lambda s=server: s.count("MAIL"), "the first attempt")
            run.signal(number)
            run.wait()
            self.assertEqual(run.returncode, 0, run.stderr)
            self.assert_kept(run, ", called off; it is kept in ")

    def test_a_run_that_is_killed_meanwhile_leaves_the_mail(self):
        server = self.serve(answers={"MAIL": lambda _: "451 4.3.0 busy"})
        run = self.start(self.mail_job(server.url, timeout="10m"))
        wait_until(lambda: server.count("MAIL"), "the first attempt")
        run.signal(signal.SIGKILL)
        run.wait()
        self.assertEqual(self.kept(run).subject, "[netpush] OK 1/1 job")

    def test_no_room_in_the_runs_directory(self):
        """The mail goes out all the same."""
        self.lab.faults("R1", {"kind": "delay", "at": "^show ip",
                               "ms": 600000, "times": 1})
        server = self.serve()
        run = self.start(self.mail_job(server.url))
        wait_until(lambda: self.lab.witness(event="fault", device="R1"),
                   "the fault")
        os.mkdir(self.kept_path(run))  # nothing can take its place
        self.lab.control({"do": "release", "device": "R1"})
        run.wait()
        self.assertEqual(run.returncode, 0, run.stderr)
        self.mail_from(server)
        shutil.rmtree(self.kept_path(run))
        self.assertEqual(glob.glob(self.kept_path(run) + "*"), [])


class Again(Mailing):
    """netpush report RUN --email: from what is kept alone."""

    def keep(self, devices, job="acl_push"):
        return Kept(self.state_dir, [(d, "cisco_ios") for d in devices], job)

    def again(self, kept, *options, expect=0, **env):
        run = self.netpush("report", kept.id, *options, **env).wait()
        self.assertEqual(run.returncode, expect, run.stderr)
        return run

    def send(self, kept, to="noc@example.net"):
        """The mail about KEPT, and what the command said."""
        certificate = make_certificate(self.tmp)
        server = self.serve(certificate=certificate)
        with open(os.path.join(kept.dir, "job.yml"), "w",
                  encoding="utf-8") as file:
            file.write("report: {email: {to: x@example.net, from: "
                       "netpush@example.net, smtp: '%s', ca: %s}}\n"
                       % (server.url, certificate[0]))
        run = self.again(kept, "--email", to)
        self.assertFalse(os.path.exists(self.kept_path(kept)))
        self.assertEqual(run.stderr, "")
        self.assertEqual(run.stdout,
                         "sent to %s\n" % to.replace(",", ", "))
        self.assertEqual(server.mails[0][1], to.split(","))
        mail = self.mail_from(server)
        report = self.again(kept)
        return mail, report.stdout

    def test_a_real_run(self):
        self.start_lab("R1")
        certificate = make_certificate(self.tmp)
        server = self.serve(certificate=certificate, auth=True)
        relative = os.path.basename(certificate[0])
        run = self.push(
            self.mail_job(server.url, starttls=None, ca=relative,
                          username=USER, when="failure"),
            NETPUSH_SMTP_PASSWORD=PASSWORD)
        self.assertEqual(server.mails, [])
        # From elsewhere: the job's files are where the run was started.
        again = subprocess.run(
            [BINARY, "report", "latest", "--email",
             "a@example.net,b@example.net"], cwd="/", text=True,
            env=self.environment(NETPUSH_SMTP_PASSWORD=PASSWORD),
            capture_output=True, stdin=subprocess.DEVNULL, check=False)
        self.assertEqual((again.returncode, again.stderr), (0, ""))
        mail = self.mail_from(server)
        self.assertEqual(server.recipients(),
                         ["a@example.net", "b@example.net"])
        self.assertEqual(mail.text, run.stdout)
        self.assertEqual(json.loads(mail.files["result.json"]), run.json)

    def test_the_mail_that_was_kept_goes_when_one_was_sent(self):
        self.start_lab("R1")
        server = self.serve(answers={"MAIL": ["554 5.7.1 not now"]})
        run = self.push(self.mail_job(server.url))
        kept = self.assert_kept(run, "not now")
        again = self.netpush("report", "latest", "--email", TO[0]).wait()
        self.assertEqual(again.returncode, 0, again.stderr)
        mail = self.mail_from(server)
        self.assertEqual(mail.text, kept.text)
        self.assertFalse(os.path.exists(self.kept_path(run)))

    def test_wrong_calls(self):
        kept = self.keep(["R1"])
        kept.device("R1")
        kept.finish(changed=1)
        for options, said in (
                (["--email", "me"], "--email must be an address"),
                (["--email", ""], "--email needs an address"),
                (["--email", "a@b\r\nBcc: c@d"], "--email must be"),
                (["--email", "a@b", "--smtp", "http://x"], "--smtp must be"),
                (["--email", "a@b"], "its \"report\" cannot be read")):
            run = self.again(kept, *options, expect=2)
            self.assertIn(said, run.stderr)
        with open(os.path.join(kept.dir, "job.yml"), "w",
                  encoding="utf-8") as file:
            file.write("report: {html: x.html}\n")
        run = self.again(kept, "--email", "a@b", expect=2)
        self.assertIn("name a server with --smtp URL", run.stderr)

    def test_another_server(self):
        kept = self.keep(["R1"])
        kept.device("R1")
        kept.finish(changed=1)
        server = self.serve()
        run = self.again(kept, "--email", TO[0], "--smtp", server.url,
                         expect=2)
        self.assertIn("does not offer STARTTLS", run.stderr)
        self.assertEqual(self.kept(kept).message["From"].split("@")[0],
                         "netpush")

    def test_a_run_that_did_not_end(self):
        kept = self.keep(["R1", "R2", "R3"])
        kept.device("R1")
        kept.close()
        mail, report = self.send(kept)
        self.assertEqual(mail.subject,
                         "[netpush] FAILED 2/3 acl_push (2 not begun)")
        self.assertEqual(mail.text, report)
        self.assertIn("did not come to its end", mail.page.text)

    def test_unknown_stands_in_the_subject(self):
        kept = self.keep(["R1", "R2", "R3"])
        kept.device("R1", "failed", error=error("refused", "no"))
        kept.device("R2", "unknown", error=error("closed", "gone"))
        kept.skip("R3")
        kept.finish(1, failed=1, unknown=1, skipped=1)
        mail, report = self.send(kept)
        self.assertEqual(
            mail.subject,
            "[netpush] FAILED 3/3 acl_push (1 unknown, 1 skipped)")
        self.assertEqual(mail.text, report)
        # The one that must be looked at first.
        self.assertRegex(mail.page.text, r"(?s)R2unknown \(may be partly "
                         r"applied\)closed: .*gone.*R1failedrefused: no")

    def test_what_devices_say_stays_text(self):
        hostile = ("<script>alert(1)</script>&amp;</pre>\n.\n..\nFrom me\n"
                   "--=_m0\n" + "long " * 400 + "\n" + "x" * 1500
                   + "\nZürich 名前 = =3D \n\x1b[31mred \x07\nend")
        kept = self.keep(["R1", "R2"])
        kept.device("R1", output=hostile)
        kept.device("R2", "failed", error=error(
            "refused", "said <b>no</b>", 3, "no <shut>", hostile))
        kept.finish(1, changed=1, failed=1)
        mail, report = self.send(kept)
        self.assertEqual(mail.subject, "[netpush] FAILED 1/2 acl_push")
        self.assertNotIn("\x1b", mail.text)
        for line in ("<script>alert(1)</script>&amp;</pre>", ".", "..",
                     "From me", "--=_m0", ("long " * 400).rstrip(),
                     "x" * 1500, "Zürich 名前 = =3D"):
            self.assertIn("    %s" % line, mail.text)
        self.assertIn("<script>alert(1)</script>&amp;</pre>", mail.page.text)
        self.assertIn("said <b>no</b>", mail.page.text)
        self.assertIn("no <shut>", mail.page.text)
        self.assertFalse(mail.page.names & {"script", "b", "shut"})
        self.assertNotIn("\x1b", mail.page.text)

    def test_large_results_are_packed(self):
        kept = self.keep(["R1", "R2"])
        for name in ("R1", "R2"):
            kept.device(name, output="%s line\n" % name * 20000)
        kept.finish(changed=2)
        mail, report = self.send(kept)
        self.assertEqual(list(mail.files), ["result.json.zip"])
        with zipfile.ZipFile(io.BytesIO(mail.files["result.json.zip"])) as z:
            self.assertEqual(z.namelist(), ["result.json"])
            result = json.loads(z.read("result.json"))
        self.assertEqual(
            result, json.loads(self.again(kept, "--format", "json").stdout))
        # Nobody reads a mail of that length.
        self.assertLess(len(mail.text), 300 * 1024)
        self.assertIn("... cut here", mail.text)
        self.assertTrue(report.startswith(mail.text.split("\n...")[0]))

    def test_what_is_too_large_for_a_mail_is_left_out(self):
        kept = self.keep(["R1"])
        kept.device("R1", output="one\n")
        kept.finish(changed=1)
        folder = os.path.join(kept.dir, "transcripts")
        os.mkdir(folder)
        with open(os.path.join(folder, "R1.log"), "wb") as file:
            file.write(os.urandom(7 << 20))  # nothing packs that
        with open(os.path.join(folder, "R2.log"), "wb") as file:
            file.write(b"small")
        mail, _ = self.send(kept)
        self.assertEqual(list(mail.files), ["result.json"])
        self.assertRegex(mail.text, r"\ntranscripts\.zip \(\d+ KB\) is too "
                         r"large for this mail and was left out\n$")

    def test_a_link_is_no_transcript(self):
        kept = self.keep(["R1", "R2", "R3"])
        kept.device("R1")
        kept.finish(changed=1)
        folder = os.path.join(kept.dir, "transcripts")
        os.mkdir(folder)
        with open(os.path.join(folder, "R1.log"), "wb") as file:
            file.write(b"ours")
        os.symlink(self.write("secret", "x" * 300000),
                   os.path.join(folder, "R2.log"))
        os.mkfifo(os.path.join(folder, "R3.log"))
        mail, _ = self.send(kept)
        # Nor does what it leads to count for the size.
        self.assertEqual(list(mail.files), ["result.json", "R1.log"])
        self.assertEqual(mail.files["R1.log"], b"ours")

    def test_ten_thousand_devices(self):
        names = ["BRANCH%d" % i for i in range(10000)]
        kept = self.keep(names)
        for i, name in enumerate(names):
            if i % 10:
                kept.device(name, output="the same everywhere\n")
            else:
                kept.device(name, "failed", error=error(
                    "refused", "no number %d" % i, 1, "x", "% Invalid"))
        kept.finish(1, changed=9000, failed=1000)
        mail, _ = self.send(kept)
        self.assertEqual(mail.subject, "[netpush] FAILED 1000/10000 acl_push")
        self.assertIn("and 800 more", mail.page.text)
        self.assertIn("and 8500 more", mail.page.text)


if __name__ == "__main__":
    main()
