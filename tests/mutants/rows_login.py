"""The connection and the login: odd and old SSH servers, cuts, questions of
the login, enable, jump hosts."""

from row import mutant

SSH = "src/device/transport*.c"
SSH_KEY = "src/device/ssh_hostkey.c"
JUMP_C = "src/device/jump.c"
SESSION = "src/device/session*.c"

LOGINS = "unit/device/test_session:logins_end_as_told"
TEXT = "e2e/test_devices_text:"
SSH_E2E = "e2e/test_devices_ssh:"
WIRE = "e2e/test_devices_wire:Cuts."
FAILURES = "e2e/test_failures:"
LOGIN = "e2e/test_login:"
JUMP = "e2e/test_jump:Jump."
PROOF = "e2e/test_devices_proof:"

CUTS = [
    mutant("cut: the end of the session is heard", SSH,
           "if (libssh2_channel_eof(ssh->channel))\n\t\treturn 0;", "",
           PROOF + "Ends.test_the_end_of_the_session_is_heard"),
    mutant("cut: a lost connection is told as one", SSH,
           "return err_set(err, ERR_CLOSED,\n\t\t    \"%s port %d: the device closed",
           "return err_set(err, kind,\n\t\t    \"%s port %d: the device closed",
           FAILURES + "Login.test_kinds"),
    mutant("cut: after a reset in the change it is looked at",
           "src/device/step*.c",
           "if (!good && (result->status != STEP_FAILED || "
           "change->guard.armed))",
           "if (false)",
           FAILURES + "Proof.test_reset_in_the_change", WIRE + "test_reset",
           WIRE + "test_close"),
    mutant("cut: before the change nothing was changed",
           "src/device/step*.c",
           "else if (touched)\n\t\tresult->status = STEP_UNKNOWN;",
           "else\n\t\tresult->status = STEP_CHANGED;\n\t(void)touched;",
           PROOF + "Cuts.test_configuration_mode_not_reached"),
    mutant("cut: a list read back proves the change",
           "src/device/step*.c",
           "if (acl_equal(&change->wanted, &after, &difference)) {",
           "if (true) {", FAILURES + "Proof.test_part_applied"),
    mutant("stall: the end of a wait is a timeout", "src/device/exchange*.c",
           "if (heard == CHANNEL_SILENCE) {\n\t\tfail_silent(x);",
           "if (false) {\n\t\tfail_silent(x);",
           FAILURES + "Proof.test_hangs_in_the_change", WIRE + "test_stall"),
    mutant("stall: no SSH banner, no waiting beyond `connect`",
           "src/device/visit.c",
           "deadline_first(deadline, deadline_in(timeouts->connect_ms))",
           "deadline", PROOF + "Timers.test_connect"),
    mutant("stall: no prompt, no waiting beyond `login`", SESSION,
           "deadline_in(session->target->device->timeouts.login_ms));",
           "DEADLINE_NEVER);",
           PROOF + "Timers.test_login"),
]

LOGGING_IN = [
    mutant("login: nothing is sent before the host key is known", SSH,
           "rc = check_host_key(ssh, target, observer, err);", "rc = 0;",
           "e2e/test_hostkeys:Policy.test_changed"),
    mutant("login: a question that is not answered with the password", SSH,
           "else if (asked->echo || (!given &&",
           "else if (asked->echo || (false &&", LOGIN + "KeyboardInteractive.test_right",
           SSH_E2E + "Questions.test_one_prompt"),
    mutant("login: a second question is not answered with the password", SSH,
           "(!given && ssh->target", "(ssh->target",
           PROOF + "Login.test_a_second_question_gets_nothing"),
    mutant("login: the second question is told", SSH,
           "new_password ? \"a new password\" : \"a second secret\",",
           "new_password ? \"a new password\" : \"nothing\",",
           PROOF + "Login.test_a_second_question_gets_nothing"),
    mutant("login: a round without a question is no refusal", SSH,
           "answer_prompts),\n\t    ssh, deadline, \"the login (keyboard-"
           "interactive)\", err);\n\treturn rc;",
           "answer_prompts),\n\t    ssh, deadline, \"the login (keyboard-"
           "interactive)\", err);\n\treturn ssh->password_given ? rc : "
           "LIBSSH2_ERROR_AUTHENTICATION_FAILED;",
           SSH_E2E + "Questions.test_no_prompt"),
    mutant("login: keyboard-interactive where `password` is not known", SSH,
           "return login_interactive(ssh, username, deadline, err);",
           "return rc;", LOGIN + "KeyboardInteractive.test_right"),
    mutant("login: no second attempt with a refused password", SSH,
           "!ssh_methods_have(ssh, \"password\") &&", "",
           PROOF + "Login.test_one_attempt"),
    mutant("enable: a refusal ends it", SESSION,
           "else if (rc == 0 && seen == now && !now->nested)",
           "else if (false)",
           LOGINS, TEXT + "Greetings.test_enable_refused"),
    mutant("enable: a refusal is one of the password", SESSION,
           "via->secret ? ERR_AUTH : ERR_PROMPT,", "ERR_PROMPT,",
           LOGINS, TEXT + "Greetings.test_enable_refused"),
    mutant("enable: what is missing is told", SESSION,
           "if (exec->secret &&", "if (false &&",
           LOGIN + "Enable.test_not_given"),
]

WEAK = [
    mutant("old SSH: it is told", SSH_KEY,
           "observer->warn(observer->data, buf_str(&text));", ";",
           SSH_E2E + "Algorithms.test_all_at_once"),
    mutant("old SSH: what is modern is not told", SSH_KEY,
           "if (name && is_weak(name))", "if (name)",
           SSH_E2E + "Algorithms.test_modern_ones_are_not_reported"),
    mutant("old SSH: SHA-1", SSH_KEY, '{ "-sha1", "ssh-rsa",', '{ "ssh-rsa",',
           SSH_E2E + "Algorithms.test_group1_sha1",
           SSH_E2E + "Algorithms.test_group14_sha1",
           SSH_E2E + "Algorithms.test_group_exchange_sha1",
           SSH_E2E + "Algorithms.test_hmac_sha1"),
    mutant("old SSH: ssh-rsa", SSH_KEY, '{ "-sha1", "ssh-rsa",', '{ "-sha1",',
           SSH_E2E + "Algorithms.test_ssh_rsa"),
    mutant("old SSH: MD5", SSH_KEY, '"arcfour", "hmac-md5" }', '"arcfour" }',
           SSH_E2E + "Alone.test_macs"),
    mutant("old SSH: ssh-dss", SSH_KEY, '"ssh-rsa", "ssh-dss",\n\t\t"-cbc"',
           '"ssh-rsa",\n\t\t"-cbc"', SSH_E2E + "Alone.test_host_keys"),
    mutant("old SSH: CBC", SSH_KEY, '"-cbc", "arcfour"', '"arcfour"',
           SSH_E2E + "Algorithms.test_aes_cbc",
           SSH_E2E + "Algorithms.test_3des"),
    mutant("old SSH: an RSA host key is accepted", SSH_KEY,
           '"ssh-rsa",\n\t\t"ssh-dss" };\n\tstruct strs known',
           '"ssh-dss" };\n\tstruct strs known',
           SSH_E2E + "Algorithms.test_ssh_rsa"),
]

JUMPS = [
    mutant("jump: the connection goes through it", SSH,
           "int fd = target->device->proxy_jump\n", "int fd = false\n",
           JUMP + "test_push_through"),
    mutant("jump: a port may stand behind its name", JUMP_C,
           "if (port[0])\n", "if (false)\n", JUMP + "test_push_through"),
    mutant("jump: what its client says is told", SSH,
           "jump_reason(&ssh->jump, err);", "",
           JUMP + "test_jump_host_is_down",
           JUMP + "test_jump_host_lets_nobody_in"),
    mutant("jump: its client is ended", JUMP_C,
           "kill(jump->pid, SIGTERM);\n\tif (ended.fd < 0 || poll(&ended, 1, "
           "END_GRACE_MS) <= 0)\n\t\tkill(jump->pid, SIGKILL);\n"
           "\twaitpid(jump->pid, NULL, 0);", "",
           PROOF + "Jumps.test_its_client_is_ended"),
    mutant("jump: a client that will not go is killed", JUMP_C,
           "if (ended.fd < 0 || poll(&ended, 1, END_GRACE_MS) <= 0)\n"
           "\t\tkill(jump->pid, SIGKILL);\n\twaitpid(jump->pid, NULL, 0);",
           "(void)poll(&ended, 1, END_GRACE_MS);\n"
           "\twaitpid(jump->pid, NULL, WNOHANG);",
           PROOF + "Jumps.test_a_client_that_will_not_go"),
]

MUTANTS = CUTS + LOGGING_IN + WEAK + JUMPS
