"""Devices that want a new password before they let anyone work: by SSH's own
request, by keyboard-interactive, by text before the prompt. Nothing is ever
typed there, no login is repeated, and it is no success.
"""

import socket
import threading

import paramiko
from paramiko.common import AUTH_FAILED, AUTH_SUCCESSFUL, OPEN_SUCCEEDED

from devices import QUIET, DeviceCase, Ios
from harness import PASSWORD, Case, main, wait_until

# RFC 4250, section 4.1.2; RFC 4252, section 8; RFC 4256, section 5.
DISCONNECT, USERAUTH_REQUEST, CHANGEREQ, INFO_RESPONSE = 1, 50, 60, 61
EXPIRED = "Your password has expired. Enter new password:"


class Asks(paramiko.ServerInterface):
    """One connection: what it is asked, what it hears. ROUNDS: for each round
    of keyboard-interactive its questions."""

    def __init__(self, door):
        self.door, self.rounds = door, list(door.rounds)
        self.answers, self.heard = [], []

    def get_allowed_auths(self, username):
        return "password" if self.door.change else "keyboard-interactive"

    def check_auth_password(self, username, password):
        if self.door.change:
            self.ask_for_change()
        return AUTH_FAILED

    def ask_for_change(self):
        message = paramiko.Message()
        message.add_byte(bytes([CHANGEREQ]))
        message.add_string(self.door.change)
        message.add_string("en")
        self.transport._send_message(message)
        # It is our answer: no refusal behind it.
        self.transport.auth_handler._send_auth_result = \
            lambda *result: None

    def query(self):
        if not self.rounds:
            return AUTH_SUCCESSFUL
        return paramiko.InteractiveQuery(
            "", "", *[(text, False) for text in self.rounds.pop(0)])

    def check_auth_interactive(self, username, submethods):
        return self.query()

    def check_auth_interactive_response(self, responses):
        self.answers.append(list(responses))
        return self.query()

    def check_channel_request(self, kind, channel):
        return OPEN_SUCCEEDED


class Door:
    """Such a device. Every message that it reads is noted."""

    def __init__(self, rounds=(), change=None):
        self.rounds, self.change, self.visits = rounds, change, []
        self._key = paramiko.ECDSAKey.generate()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self):
        while True:
            try:
                link = self._socket.accept()[0]
            except OSError:
                return
            visit = Asks(self)
            visit.transport = paramiko.Transport(link)
            visit.transport.add_server_key(self._key)
            self._listen_in(visit)
            self.visits.append(visit)
            try:
                visit.transport.start_server(server=visit,
                                             event=threading.Event())
            except paramiko.SSHException:
                pass

    @staticmethod
    def _listen_in(visit):
        packetizer = visit.transport.packetizer
        read = packetizer.read_message

        def read_message():
            kind, message = read()
            visit.heard.append(kind)
            return kind, message
        packetizer.read_message = read_message

    def close(self):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        for visit in self.visits:
            visit.transport.close()


class Doors(Case):
    def door(self, **how):
        door = Door(**how)
        self.addCleanup(door.close)
        return door

    def job(self, door, other):
        return QUIET + "defaults: {device_type: cisco_ios}\ndevice_list:\n" \
            "  - {hostname: R1, address: 127.0.0.1, port: %d}\n" \
            "  - {hostname: R2, address: 127.0.0.1, port: %d}\n" \
            "acl_name: E\nacl_lines: |\n  permit ip any any\n" % (
                door.port, other.port)

    def log_in(self, door, expect=3):
        """One device behind DOOR, and one that must not be tried then."""
        other = self.door(rounds=[["Password: "]])
        run = self.push(self.job(door, other), "--host-keys", "off",
                        expect=expect)
        # Tried once: the credentials are checked on the first device.
        visit = door.visits[0]
        if expect == 3:
            self.assertEqual((len(door.visits), other.visits), (1, []))
            self.assertEqual(run.statuses(), ["failed", "skipped"])
        wait_until(lambda: not visit.transport.is_alive(), "its end")
        return run.results["R1"], visit

    def assert_wants(self, result, what, question):
        error = result["error"]
        self.assertEqual((error["kind"], result["stage"]), ("auth", "login"))
        self.assertIn(what, error["message"])
        self.assertIn("nothing was answered", error["message"])
        self.assertEqual(error["device_text"], question)
        self.assertNotIn(PASSWORD, str(result))

    def test_request_to_change_it(self):
        result, visit = self.log_in(self.door(change=EXPIRED))
        self.assert_wants(result, "a new password", EXPIRED)
        self.assertEqual(visit.heard.count(USERAUTH_REQUEST), 1)
        self.assertIn(visit.heard[-1], (USERAUTH_REQUEST, DISCONNECT))

    def test_request_with_many_lines(self):
        result, _ = self.log_in(self.door(
            change="Password expired.\r\n\x1b[1mChange it\x00 now:\r\n"))
        self.assertIn("a new password", result["error"]["message"])
        self.assertEqual(result["error"]["device_text"],
                         "Password expired.   [1mChange it  now:")

    def test_nobody_is_asked_for_another_password(self):
        """A person at the terminal could only repeat the login."""
        for how in ({"change": EXPIRED}, {"rounds": [["New password: "]]}):
            with self.subTest(**how):
                door, tty = self.door(**how), self.terminal()
                run = self.start(self.job(door, door), "--host-keys", "off",
                                 tty=tty, password=None)
                tty.answer("Password: ", PASSWORD)
                run.wait()
                self.assertEqual((run.returncode, len(door.visits)), (3, 1))
                self.assertIn("a new password", run.stderr)

    def declined(self, rounds, what, question, given):
        result, visit = self.log_in(self.door(rounds=rounds))
        self.assert_wants(result, what, question)
        self.assertEqual(visit.answers, given)
        self.assertEqual(visit.heard.count(INFO_RESPONSE), len(given))

    def test_questions_behind_the_password(self):
        self.declined([["Password: "], ["New password: ", "Again: "]],
                      "a new password", "New password:", [[PASSWORD]])

    def test_the_old_one_is_asked_once_more(self):
        self.declined([["Password: "], ["(current) UNIX password: "]],
                      "a new password", "(current) UNIX password:",
                      [[PASSWORD]])

    def test_question_instead_of_the_password(self):
        """The old password is no answer to it, either."""
        self.declined([["Enter new password: "]], "a new password",
                      "Enter new password:", [])

    def test_questions_beside_the_password(self):
        self.declined([["Old password: ", "New password: "]],
                      "a new password", "Old password:", [])

    def test_a_code_behind_the_password(self):
        self.declined([["Password: "], ["Code: "]], "a second secret",
                      "Code:", [[PASSWORD]])

    def test_a_code_beside_the_password(self):
        self.declined([["Password: ", "Code: "]], "a second secret", "Code:",
                      [])

    def test_the_password_alone_is_answered(self):
        """The double itself: a login that goes through."""
        result, visit = self.log_in(self.door(rounds=[[], ["Password: "], []]),
                                    expect=None)
        self.assertEqual(visit.answers, [[], [PASSWORD], []])
        self.assertNotEqual(result["error"]["kind"], "auth")


class Shell(DeviceCase):
    """The login was accepted; what comes is no prompt but a question."""

    def asks(self, *greeting):
        class Asking(Ios):
            typed_in = []

            def run(self):
                self.print(list(greeting))
                Asking.typed_in.append(self.read())
        self.stage(Asking)
        run = self.push(self.job(["command: show it"]), expect=None)
        self.assertIn(run.returncode, (1, 3, 4))
        result = self.outcome(run)
        self.assertEqual(result["status"], "failed")
        self.assertEqual(Asking.typed_in, [])
        return result

    def assert_asked(self, result, question):
        error = result["error"]
        self.assertEqual(error["kind"], "auth")
        self.assertIn("new password", error["message"])
        self.assertIn(question, error["device_text"])
        self.assertEqual(len(self.played.played), 1)

    def test_new_password(self):
        for question in ("New password:", "Enter new password: ",
                         "(current) UNIX password: ", "Old Password: ",
                         "Please enter your new password> ",
                         "Change your password now? [Y/N]: ",
                         "Do you want to change the password? (yes/no): "):
            with self.again(question=question):
                result = self.asks("\nYour password has expired.\n",
                                   question.encode())
                self.assert_asked(result, question.strip())

    def test_new_password_in_pieces(self):
        result = self.asks("\nYour password ", b"has expi", "red.\n", b"New",
                           b" pass", b"word:", b" ")
        self.assert_asked(result, "New password:")

    def test_a_second_login_gets_no_return(self):
        result = self.asks("\n", b"Password: ")
        self.assertEqual(result["error"]["kind"], "prompt")
        self.assertIn("Password:", result["error"]["device_text"])

    def test_words_about_passwords_are_no_question(self):
        class Greets(Ios):
            greeting = "\nYour new password: ask the NOC.\n" \
                "Change your password now?\n% Password expires in 3 days\n"

            def __init__(self, link):
                super().__init__(link)
                self.shows = {"show it": "it\n"}
        result = self.commands(Greets, "show it")
        self.assertEqual(self.output(result), "it\n")


if __name__ == "__main__":
    main()
