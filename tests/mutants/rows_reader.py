"""The reader: prompts, greetings, output, log lines, terminal noise, the
timers."""

from row import mutant

EXCHANGE = "src/device/exchange*.c"
PROMPTS = "src/device/prompts*.c"
SESSION = "src/device/session*.c"
SCREEN = "src/text/screen*.c"
IOS = "device-profiles/cisco_ios.yml"
JUNOS = "device-profiles/juniper_junos.yml"
NXOS = "device-profiles/cisco_nxos.yml"

NAMES = "unit/device/test_prompts:names_from_the_field"
STORIES = "unit/device/test_exchange:stories_come_out_as_told"
UNIT_EXCHANGE = "unit/device/test_exchange:"
LOGINS = "unit/device/test_session:logins_end_as_told"
SHOWN = "unit/text/test_screen:shows_what_a_person_would_read"
UNIT_PROOF = "unit/device/test_proof:"
TEXT = "e2e/test_devices_text:"
NOISE = "e2e/test_noise:Noise."
JUNOS_E2E = "e2e/test_devices_junos:"
PROOF = "e2e/test_devices_proof:"

GREETINGS = [
    mutant("banner: a later echo corrects what a banner taught", EXCHANGE,
           "prompts_learn(x->prompts, line, *prompt_len))",
           "(!prompts_learnt(x->prompts) &&\n"
           "\t\t\tprompts_learn(x->prompts, line, *prompt_len)))",
           LOGINS, TEXT + "Greetings.test_prompt_glued_to_the_banner",
           TEXT + "Greetings.test_prompt_glued_to_a_log_line"),
    mutant("banner: the prompt is what stands before the echo, not its last "
           "line", SESSION,
           ".learn = answer->purpose == FOR_SETUP,",
           ".learn = ({ size_t n; const char *open = channel_open_line("
           "session->channel, &n); if (answer->purpose == FOR_SETUP) "
           "prompts_learn(session->prompts, open, n); false; }),",
           LOGINS, TEXT + "Greetings.test_prompt_glued_to_the_banner",
           TEXT + "Greetings.test_a_frame_of_hashes_and_a_pause"),
    mutant("banner: only its last line can be the prompt", SESSION,
           "if (prompts_is_first(session->prompts, open, len))",
           "if (prompts_is_first(session->prompts, open, len) ||\n"
           "\t\t    prompts_learn(session->prompts, "
           "buf_str(&session->greeting), session->greeting.len ? "
           "session->greeting.len - 1 : 0))",
           UNIT_PROOF + "a_finished_line_is_no_prompt"),
    mutant("banner: no set-up before something looks like a prompt", SESSION,
           "if (prompts_is_first(session->prompts, open, len))",
           "if (len)", LOGINS),
    mutant("banner: a notice of the password's end is none of a refusal",
           SESSION,
           "\tbuf_add(greeting, line, len);\n",
           "\tif (profile_rules_match(&((struct session *)data)->profile->"
           "refusals, line, len))\n"
           "\t\t((struct session *)data)->broken = true;\n"
           "\tbuf_add(greeting, line, len);\n",
           TEXT + "Greetings.test_password_expiry_notice"),
    mutant("banner: a device that waits for a Return gets one", SESSION,
           "session->target->device->timeouts.login_ms / 3",
           "session->target->device->timeouts.login_ms * 3", LOGINS),
    mutant("banner: nothing is typed where a new password is asked for",
           SESSION, "return fail_new_password(session, fault);", ";",
           PROOF + "Greetings.test_a_new_password_is_asked_for"),
    mutant("turned away: why is told", SESSION,
           "show_greeting(session, fault);\n\t\t\treturn err_set",
           "return err_set", TEXT + "Greetings.test_no_vty_lines",
           TEXT + "Greetings.test_authorization_failed"),
    mutant("turned away: the last word needs no line end", SESSION,
           "buf_add(&session->greeting, open, len);", "",
           TEXT + "Greetings.test_authorization_failed_without_a_line_end"),
    mutant("turned away: the end of a long greeting is what is told", SESSION,
           "buf_reset(greeting);", "return;",
           PROOF + "Greetings.test_turned_away_after_a_long_banner"),
    mutant("turned away: the session was ended, nothing else", SESSION,
           "return err_set(&fault->err, ERR_CLOSED,\n\t\t\t    "
           "\"the device ended the session before its prompt\");",
           "return err_set(&fault->err, ERR_PROMPT,\n\t\t\t    "
           "\"the device ended the session before its prompt\");",
           LOGINS, TEXT + "Greetings.test_closed_without_a_word"),
]

NAMED = [
    mutant("prompt: it is the whole line", PROMPTS,
           "buf_str(&pattern), RE_WHOLE, &ignored);\n\t\tmodes[i].prefix",
           "buf_str(&pattern), RE_ANCHORED, &ignored);\n\t\tmodes[i].prefix",
           NAMES),
    mutant("prompt: it has the device's name", IOS,
           "prompt: '{{stem}}#[ ]?'", "prompt: '[^\\r\\n]*#[ ]?'",
           NAMES, TEXT + "Output.test_rollback_patch_and_a_pause"),
    mutant("prompt: a blank may stand behind it", IOS,
           "prompt: '{{stem}}#[ ]?'", "prompt: '{{stem}}#'",
           NAMES, TEXT + "Prompts.test_blank_behind"),
    mutant("prompt: a first one may hold any character", IOS,
           "'^(?<stem>[^\\r\\n]*?\\S)[>#][ ]?$'",
           "'^(?<stem>[\\w-]+)[>#][ ]?$'",
           NAMES, TEXT + "Prompts.test_standby",
           TEXT + "Prompts.test_hash_in_the_name",
           TEXT + "Prompts.test_half_a_parenthesis_in_the_name"),
    mutant("prompt: characters of the name mean themselves", PROMPTS,
           "re_quote(&quoted, stem, len);", "buf_add(&quoted, stem, len);",
           NAMES, TEXT + "Prompts.test_regex_in_the_name"),
    mutant("prompt: those of the cut name, too", PROMPTS,
           "re_quote(&cut, stem, len < STEM_SHORT_BYTES ? len : "
           "STEM_SHORT_BYTES);",
           "buf_add(&cut, stem, len < STEM_SHORT_BYTES ? len : "
           "STEM_SHORT_BYTES);", NAMES,
           TEXT + "Prompts.test_regex_in_the_name"),
    mutant("prompt: the name may be cut in configuration mode", PROMPTS,
           "#define STEM_SHORT_BYTES   16", "#define STEM_SHORT_BYTES   64",
           NAMES),
    mutant("prompt: ... after 16 bytes or later", IOS,
           "'{{stem16}}[^\\r\\n()]*\\(config\\)#[ ]?'",
           "'{{stem16}}\\(config\\)#[ ]?'",
           NAMES, TEXT + "Prompts.test_cut_in_configuration"),
    mutant("prompt: a sub-mode's name may hold any character", IOS,
           "\\(config-[^\\r\\n)]+\\)#", "\\(config-[\\w-]+\\)#",
           NAMES, TEXT + "Prompts.test_plus_in_the_mode"),
    mutant("prompt: the command `prompt` may have changed that of exec",
           EXCHANGE, "if (!x->request->moves &&\n\t    !profile",
           "if (!profile", TEXT + "Prompts.test_own_exec_prompt"),
    mutant("prompt: more than one name is known", PROMPTS,
           "#define NAMES_MAX 3", "#define NAMES_MAX 1",
           PROOF + "Prompts.test_back_and_forth_between_two_names"),
    mutant("prompt: the job may change the name", IOS,
           "'^(?:no )?(?:hostname|switchname|prompt)\\b'",
           "'^(?:no )?(?:switchname|prompt)\\b'",
           TEXT + "Prompts.test_renamed_alone",
           TEXT + "Prompts.test_renamed_by_the_job"),
    mutant("prompt: a new name counts for the lines behind it",
           "src/device/sender*.c",
           "free(*home);\n\t*home = xstrdup(session_prompt("
           "sender->session));", "",
           TEXT + "Prompts.test_renamed_in_the_middle"),
    mutant("prompt: no other line may change the name", EXCHANGE,
           "if (!x->request->moves &&\n\t    !profile_rules_match(&x->profile"
           "->renames, head->text, head->len))\n\t\treturn false;", "",
           STORIES),
    mutant("prompt: an endless line is none", PROMPTS,
           "return len && len <= PROMPT_LIMIT_BYTES &&", "return len &&",
           "unit/device/test_prompts:endless_lines_are_no_prompts"),
]

JUNOS_PROMPTS = [
    mutant("Junos: a line above the prompt belongs to it", JUNOS,
           "above_prompt:\n  - '^(?:\\{", "above_prompt:\n  - '^X(?:\\{",
           JUNOS_E2E + "Prompts.test_master"),
    mutant("Junos: the notice of a commit that waits, too", JUNOS,
           "  - '^# commit confirmed will be rolled back in \\d+ minutes?"
           "\\s*$'\n\n# What", "\n# What",
           JUNOS_E2E + "Prompts.test_commit_waits_to_be_confirmed"),
    mutant("Junos: a change counts once it is committed", "src/device/sender*.c",
           "!re_match(line->proof, reply->text, reply->len, NULL)", "false", JUNOS_E2E + "Change.test_commit_without_a_word"),
    mutant("Junos: what is not committed is taken back", SESSION,
           "if (rc == 0 && seen == now && via == now && session->ours &&",
           "if (false && session->ours &&", JUNOS_E2E + "Change.test_refused"),
    mutant("Junos: what others have not committed is let alone", SESSION,
           "session->ours = !line;\n\tif (!line)", "session->ours = !line;\n"
           "\tif (true)",
           JUNOS_E2E + "Shared.test_changes_of_somebody_else"),
]

OUTPUT = [
    mutant("output: the open line counts when all that came was heard",
           EXCHANGE, "heard = hear_all(x, &err);", "heard = CHANNEL_SILENCE;",
           UNIT_PROOF + "a_line_like_the_prompt_and_more_behind_it"),
    mutant("output: a Return proves its end", SESSION,
           "run_command(session, FOR_SHOW, command, timeout_ms, out, fault))"
           "\n\t\treturn -1;\n\treturn prove_end(",
           "run_command(session, FOR_SHOW, command, timeout_ms, out, fault))"
           "\n\t\treturn -1;\n\treturn false && prove_end(",
           TEXT + "Output.test_prompt_in_the_output_and_a_pause"),
    mutant("output: a Return proves the end of a running configuration",
           SESSION,
           "timeout_ms, out, fault))\n\t\treturn -1;\n\treturn prove_end("
           "session, timeout_ms, out, fault);\n}\n\n/* A whole",
           "timeout_ms, out, fault))\n\t\treturn -1;\n\treturn 0;\n}\n\n"
           "/* A whole", TEXT + "Proof.test_and_a_pause"),
    mutant("output: what came behind the false prompt belongs to it", SESSION,
           "\t\tadd_rest(session, out, &rest, before",
           "\t\tif (false)\n\t\t\tadd_rest(session, out, &rest, before",
           PROOF + "Output.test_all_of_it_is_kept"),
    mutant("output: no answer is taken for the end before its echo", EXCHANGE,
           "if (!x->echoed)\n\t\treturn;", "",
           UNIT_PROOF + "a_prompt_before_the_echo_is_no_answer"),
    mutant("output: a prompt behind its last word is asked for", EXCHANGE,
           "x->glued = x->count == 1 &&", "x->glued = false &&", TEXT + "Output.test_prompt_glued_to_the_output"),
    mutant("output: the prompt may stand right behind it", EXCHANGE,
           "return prompt < len ? prompt : 0;", "return 0;",
           TEXT + "Output.test_prompt_glued_to_the_output",
           TEXT + "Noise.test_prompt_glued_to_a_log_line_after_end"),
    mutant("output: that prompt is no output", EXCHANGE,
           "\t\tcut_glued_prompt(x);", "\t\t;",
           TEXT + "Output.test_prompt_glued_to_the_output"),
    mutant("output: a refusal is short, a show is not judged", SESSION,
           "if (line && ++lines > REFUSAL_LINES_MAX)", "if (false)",
           "unit/device/test_session:commands_answer_or_are_refused"),
]

LOGS = [
    mutant("log line: cut out of an answer", EXCHANGE,
           "if (!is_log_line(x, line, len)) {", "if (true) {",
           STORIES),
    mutant("log line: cut out behind a prompt", EXCHANGE,
           "if (!prompt || !is_log_line(x, line + prompt, len - prompt))",
           "if (true)", STORIES),
    mutant("log line: it becomes an event", EXCHANGE,
           "x->observer->log(x->observer->data, text);\n\tfree(text);\n"
           "\tx->interrupted = true;\n\t*prompt_len",
           "free(text);\n\tx->interrupted = true;\n\t*prompt_len",
           STORIES, NOISE + "test_log_lines_are_events"),
    mutant("log line: one under the prompt ends the answer", EXCHANGE,
           "if (x->count == 1 && x->shown_at != NOT_SHOWN)\n"
           "\t\texchange_finish_shown(x);\n\treturn true;", "return true;",
           STORIES, TEXT + "Noise.test_after_the_prompt"),
    mutant("log line: behind one an echo has no prompt", EXCHANGE,
           "sent->len, x->interrupted, &sent->part", "sent->len, false, "
           "&sent->part", STORIES, TEXT + "Noise.test_after_the_prompt"),
    mutant("log line: one between two prompts ends the first answer", EXCHANGE,
           "if (!prompt_len && x->shown_at != NOT_SHOWN)", "if (false)",
           STORIES),
    mutant("log line: in the middle of an echo", EXCHANGE,
           "take_log_line(x, line, len, &prompt_len))\n\t\treturn;\n"
           "\tenum echo echo =",
           "take_log_line(x, line, len, &prompt_len) && false)\n"
           "\t\treturn;\n\tenum echo echo =",
           TEXT + "Noise.test_in_the_middle_of_an_echo",
           NOISE + "test_log_line_in_the_middle_of_an_echo"),
    mutant("log line: the echo it broke may begin anew", EXCHANGE,
           "(echo == ECHO_DAMAGED || echo == ECHO_NONE) && x->interrupted)",
           "false)",
           TEXT + "Noise.test_in_the_middle_of_an_echo_which_is_shown_again"),
    mutant("log line: in a show it is what was asked for", EXCHANGE,
           "bool is_output = x->request->keep_logs &&",
           "bool is_output = false &&",
           TEXT + "Output.test_shutdown_broadcast_in_the_output"),
    mutant("log line: behind the prompt of a show it is none", EXCHANGE,
           "bool is_output = x->request->keep_logs && "
           "x->shown_at == NOT_SHOWN &&",
           "bool is_output = x->request->keep_logs &&",
           PROOF + "Output.test_a_log_line_under_the_prompt_of_a_show"),
    mutant("log line: one after `end` is heard, too", EXCHANGE,
           "if (!x->count)\n\t\thear_idle(x, line, len);",
           "if (!x->count)\n\t\treturn;",
           PROOF + "Noise.test_after_end"),
    mutant("log line: the form of NX-OS", NXOS,
           "\\S+ .{0,80}?%[A-Z]", "\\S+ .{0,80}?%%[A-Z]",
           NOISE + "test_log_lines"),
    mutant("log line: a SHUTDOWN broadcast", IOS,
           "--- SHUTDOWN (?:in", "--- SHUTDOWN (?:at",
           STORIES),
    mutant("log line: the stars around a SHUTDOWN broadcast", IOS,
           "  - '^\\*{3}\\s*$'\n", "", STORIES),
    mutant("log line: other text between two answers is kept", EXCHANGE,
           "x->request->on_stray(x->request->data, line, len);", ";",
           UNIT_EXCHANGE + "strays_reach_the_sender"),
]

TERMINAL = [
    mutant("terminal: erasures", SCREEN, "case 'K': /* EL */", "case 'k':",
           SHOWN),
    mutant("terminal: colours", SCREEN, "if (byte == '[') {",
           "if (byte == '{') {",
           SHOWN, TEXT + "Output.test_colours_and_erasures"),
    mutant("terminal: titles", SCREEN, "} else if (byte == ']' ||",
           "} else if (", SHOWN, TEXT + "Output.test_colours_and_erasures"),
    mutant("terminal: a broken sequence swallows no line", SCREEN,
           "/* A broken sequence must not swallow the rest of the show. */"
           "\n\t\tscreen->state = SCREEN_GROUND;", "", SHOWN),
    mutant("terminal: CR CR LF is one line end", SCREEN,
           "case '\\r':\n", "case '\\r':\n\t\tfinish_line(screen);\n",
           SHOWN, TEXT + "Output.test_line_ends_and_nuls"),
    mutant("terminal: NULs are nothing", SCREEN,
           "default: /* NUL, BEL, flow control ... */\n",
           "default: /* NUL, BEL, flow control ... */\n"
           "\t\tput(screen, &byte, 1);\n",
           "unit/text/test_screen:nul_bytes_vanish",
           TEXT + "Output.test_line_ends_and_nuls"),
    mutant("terminal: a backspace goes back in output", SCREEN,
           "if (screen->cursor)\n\t\t\tscreen->cursor--;",
           "screen->cursor = 0;",
           SHOWN, TEXT + "Output.test_backspaces"),
    mutant("terminal: bad UTF-8 is shown as such", "src/base/str.c",
           "!add_characters(out, \"\\xef\\xbf\\xbd\", 3))", "false)",
           TEXT + "Output.test_invalid_utf8"),
    mutant("terminal: any split is the same", SCREEN,
           "for (size_t i = 0; i < len;) {\n\t\tif (screen->state",
           "screen->state = SCREEN_GROUND;\n"
           "\tfor (size_t i = 0; i < len;) {\n\t\tif (screen->state", SHOWN,
           "unit/text/test_screen:any_split_shows_the_same"),
    mutant("terminal: a byte in each packet is the same", EXCHANGE,
           "if (x->count == 1 &&\n\t    (prompts_find(x->prompts, open, len)",
           "if (x->count == 1 &&\n\t    (prompts_prefix(x->prompts, open, "
           "len)", STORIES),
]

TIMERS = [
    mutant("silence: it ends a wait", EXCHANGE,
           ": x->request->silence_ms;", ": 600000;",
           UNIT_EXCHANGE + "silence_ends_it"),
    mutant("silence: it begins anew with each byte", EXCHANGE,
           "\tx->request = request;\n\tx->fault = fault;\n",
           "\tx->request = request;\n\tx->fault = fault;\n"
           "\trequest->deadline = deadline_first(\n"
           "\t    request->deadline, deadline_in(request->silence_ms));\n",
           TEXT + "Output.test_silence_in_the_output"),
    mutant("silence: the job sets it", "src/model/*.c",
           "fill(&timeouts->silence_ms, outer->silence_ms);", "",
           PROOF + "Timers.test_silence"),
    mutant("total: a step's time ends it though bytes come", EXCHANGE,
           "return deadline_first(x->request->deadline, "
           "deadline_in(quiet_ms));", "return deadline_in(quiet_ms);",
           PROOF + "Timers.test_step"),
    mutant("total: the job sets a step's time", SESSION,
           "timeout_ms = session->target->device->timeouts.step_ms;",
           "timeout_ms = session->target->device->timeouts.device_ms;",
           PROOF + "Timers.test_step"),
    mutant("total: a device's time ends it", "src/run/worker*.c",
           "deadline_in(device_ms), &fault);",
           "DEADLINE_NEVER, &fault);",
           "e2e/test_failures:Proof.test_device_time_is_bounded"),
    mutant("total: a device that never pauses meets it", EXCHANGE,
           "\t\tif (deadline_passed(x->request->deadline)) {\n"
           "\t\t\tfail_silent(x);",
           "\t\tif (deadline_passed(x->request->deadline + 600000)) {\n"
           "\t\t\tfail_silent(x);",
           UNIT_EXCHANGE + "a_device_that_never_ends_meets_the_deadline"),
]

MUTANTS = GREETINGS + NAMED + JUNOS_PROMPTS + OUTPUT + LOGS + TERMINAL + \
    TIMERS
