"""A mail server for tests: Debian's aiosmtpd on a port of its own, in a thread,
that remembers what was said and refuses what a test wants it to."""

import asyncio
import logging
import os
import ssl
import subprocess
import threading
import warnings

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

# It says on standard error what tests do to it on purpose.
logging.getLogger("mail").setLevel(logging.CRITICAL + 1)

USER, PASSWORD = "mailer", "mail-secret"


def make_certificate(directory):
    """A private CA's certificate for 127.0.0.1: (path of it, its key)."""
    certificate = os.path.join(directory, "mail-ca.pem")
    key = os.path.join(directory, "mail-key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
         "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True, stdin=subprocess.DEVNULL)
    return certificate, key


class _Session(SMTP):
    """Tells its owner of each connection."""

    def __init__(self, owner, **more):
        with warnings.catch_warnings():
            # It does not know that it is behind TLS already (smtps://).
            warnings.simplefilter("ignore")
            super().__init__(owner, hostname="mail.test", ident="test",
                             loop=owner.loop, **more)
        self._owner, self._counted = owner, False

    def connection_made(self, transport):
        if not self._counted:  # STARTTLS calls it a second time
            self._counted = True
            self._owner.connections += 1
        super().connection_made(transport)


class MailServer:
    """ANSWERS: what MAIL, RCPT and DATA get: a list of texts, taken one by
    one until it is empty, or a function of the address that returns a text or
    None (as usual)."""

    def __init__(self, certificate=None, smtps=False, auth=False,
                 size=None, answers=None):
        self.loop = asyncio.new_event_loop()
        self.mails = []  # (sender, [recipients], bytes)
        self.connections = 0
        self.logins = []  # (user, password)
        self.commands = []  # (name, address)
        self.answers = answers or {}
        self._smtps = smtps
        context = None
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
        more = {"data_size_limit": size}
        if auth:
            more.update(authenticator=self._authenticate, auth_required=True,
                        auth_require_tls=not smtps)
        if context and not smtps:
            more.update(tls_context=context, require_starttls=True)
        self._server = self.loop.run_until_complete(self.loop.create_server(
            lambda: _Session(self, **more), "127.0.0.1", 0,
            ssl=context if smtps else None))
        self.port = self._server.sockets[0].getsockname()[1]
        self._thread = threading.Thread(target=self.loop.run_forever)
        self._thread.start()

    @property
    def url(self):
        return "smtp%s://127.0.0.1:%d" % ("s" * self._smtps, self.port)

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self._server.close()

        async def end_all():
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await self._server.wait_closed()
        self.loop.run_until_complete(end_all())
        self.loop.close()

    def count(self, command):
        return sum(name == command for name, _ in self.commands)

    def recipients(self):
        """Who got a mail, once for each."""
        return sorted(to for _, tos, _ in self.mails for to in tos)

    # What aiosmtpd asks its handler.

    def _answer(self, command, address=""):
        self.commands.append((command, address))
        answers = self.answers.get(command)
        if callable(answers):
            return answers(address)
        return answers.pop(0) if answers else None

    def _authenticate(self, _server, _session, _envelope, _mechanism, data):
        self.commands.append(("AUTH", ""))
        good = False
        if isinstance(data, LoginPassword):
            self.logins.append((data.login.decode(), data.password.decode()))
            good = self.logins[-1] == (USER, PASSWORD)
        return AuthResult(success=good, handled=False,
                          message=None if good else "535 5.7.8 " + PASSWORD)

    async def handle_MAIL(self, _server, _session, envelope, address, options):
        refusal = self._answer("MAIL", address)
        if refusal:
            return refusal
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(self, _server, _session, envelope, address, _opts):
        refusal = self._answer("RCPT", address)
        if refusal:
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        refusal = self._answer("DATA")
        if refusal:
            return refusal
        self.mails.append((envelope.mail_from, list(envelope.rcpt_tos),
                           envelope.original_content))
        return "250 OK"
