"""The mail about a run: its words, its way, and what becomes of one that does
not get through."""

from row import mutant

EMAIL = "src/app/email*.c"
SEND = "src/app/email_send.c"
MESSAGE = "src/app/message*.c"
HTML = "src/app/message_html.c"
MIME = "src/text/mime.c"
ZIP = "src/base/zip.c"

TEXT = "unit/text/test_mime:"
GOES = "e2e/test_mail:Transport."
REFUSED = "e2e/test_mail:Refusals."
AGAIN = "e2e/test_mail:Again."
SHOWN = "e2e/test_mail:Message."

LINES = [
    mutant("header: a line break in a text begins no field", MIME,
           "out->data[i] < ' ' || out->data[i] == 0x7f)\n"
           "\t\t\tout->data[i] = ' ';",
           "out->data[i] == 0x01)\n\t\t\tout->data[i] = ' ';",
           TEXT + "test_no_field_begins_another"),
    mutant("header: what looks encoded is encoded", MIME,
           'strstr(text, "=?") || ', "",
           TEXT + "test_what_looks_encoded_is_encoded",
           SHOWN + "test_names_that_would_like_to_be_more"),
    mutant("header: encoded words end between characters", MIME,
           "while (limit && ((unsigned char)text[limit] & 0xc0) == 0x80)",
           "while (false)", TEXT + "test_characters_stay_whole"),
    mutant("text: a full stop does not begin a line", MIME,
           "(byte == '.' ||", "(", TEXT + "test_long_lines"),
    mutant("text: a blank at the end of a line is encoded", MIME,
           "(byte == ' ' || byte == '\\t') && i + 1 < len",
           "(byte == ' ' || byte == '\\t')", TEXT + "test_text"),
    mutant("zip: the checksum goes on from chunk to chunk", ZIP,
           "(uint32_t)crc32(entry->crc, plain", "(uint32_t)crc32(0, plain",
           "unit/base/test_zip:test_archive"),
    mutant("page: what a device says stays text", HTML,
           'fputs("&lt;", out);', "fputc(byte, out);",
           AGAIN + "test_what_devices_say_stays_text"),
    mutant("mail: control characters do not get into the text", MESSAGE,
           "line[i] = '?';", ";",
           AGAIN + "test_what_devices_say_stays_text"),
]

WAY = [
    mutant("way: STARTTLS, or no mail", EMAIL, "(long)CURLUSESSL_ALL",
           "(long)CURLUSESSL_TRY", GOES + "test_without_starttls_nothing_is_said"),
    mutant("way: the job's CA is trusted", EMAIL,
           "api.easy_setopt(curl, CURLOPT_CAINFO, email->ca);", ";",
           GOES + "test_starttls_and_login"),
    mutant("way: no proxy of the environment", EMAIL,
           'api.easy_setopt(curl, CURLOPT_PROXY, "");', ";",
           GOES + "test_a_proxy_of_the_environment_is_not_used"),
    mutant("way: a wrong password is not tried again", EMAIL,
           "if (reply_is_for_good(reply))\n\t\treturn false;",
           "if (reply_is_for_good(reply))\n\t\treturn true;",
           GOES + "test_a_wrong_password_is_tried_once",
           REFUSED + "test_refused_for_good"),
    mutant("way: what a server says to a login is not shown", EMAIL,
           "if (code == CURLE_LOGIN_DENIED ||\n"
           "\t    sending->dialogue.code == CODE_BAD_AUTHENTICATION) {",
           "if (false) {", GOES + "test_a_wrong_password_is_tried_once"),
    mutant("way: the answer to QUIT decides nothing", EMAIL,
           "dialogue->parting = true;", ";",
           REFUSED + "test_refused_for_good"),
    mutant("way: refused for now is tried again", EMAIL,
           "if (reply_is_for_now(reply))\n\t\treturn true;",
           "if (reply_is_for_now(reply))\n\t\treturn false;",
           REFUSED + "test_refused_for_now"),
    mutant("way: one bad address does not stop the others", EMAIL,
           "api.easy_setopt(curl, CURLOPT_MAIL_RCPT_ALLLOWFAILS, 1L);", ";",
           REFUSED + "test_one_recipient_is_refused"),
    mutant("way: who has it does not get it again", EMAIL,
           "(taken && recipient->code / 100 == 2)", "false",
           REFUSED + "test_one_recipient_is_refused_for_now"),
    mutant("way: an address that stands there twice is one", EMAIL,
           "dialogue->recipients[i].over = true;", ";",
           REFUSED + "test_a_recipient_that_stands_there_twice"),
    mutant("way: a server's words are plain characters", EMAIL,
           "reply[kept] = text[kept] >= ' ' && text[kept] <= '~'\n"
           "\t\t    ? text[kept]\n\t\t    : '?';",
           "reply[kept] = text[kept];", REFUSED + "test_refused_for_good"),
    mutant("way: ^C gives the mail up and no more", EMAIL,
           "sigprocmask(SIG_BLOCK, &sending.signals, &before);",
           "sigprocmask(SIG_BLOCK, NULL, &before);",
           REFUSED + "test_called_off"),
]

KEPT = [
    mutant("kept: it stands there before it is sent", SEND,
           "rename(temporary, path) == 0;", "false;",
           REFUSED + "test_a_run_that_is_killed_meanwhile_leaves_the_mail",
           REFUSED + "test_refused_for_good"),
    mutant("kept: it goes when it was sent", SEND,
           "if (rc == 0 && kept)\n\t\tunlink(path);", "",
           SHOWN + "test_all_went_well"),
    mutant("when: a failure is news", SEND,
           "case EMAIL_ON_FAILURE:\n\t\treturn !message_is_good_news(view);",
           "case EMAIL_ON_FAILURE:\n\t\treturn false;",
           "e2e/test_mail:When.test_when"),
    mutant("when: no change is no news", SEND,
           "view->ledger->totals[DEVICE_CHANGED];", "true;",
           "e2e/test_mail:When.test_when"),
    mutant("password: it leaves the environment before the workers come", SEND,
           "struct secret *environment = credentials_take_env(\n"
           "\t    \"NETPUSH_SMTP_PASSWORD\");",
           "struct secret *environment = NULL;",
           GOES + "test_the_workers_do_not_have_the_password",
           GOES + "test_starttls_and_login"),
    mutant("attached: a link among the transcripts is left alone", MESSAGE,
           "AT_SYMLINK_NOFOLLOW) ||", "0) ||",
           AGAIN + "test_a_link_is_no_transcript"),
    mutant("attached: what is too large stays at home", MESSAGE,
           "if (attachments->bytes + size > ATTACH_MAX_BYTES) {",
           "if (false) {",
           AGAIN + "test_what_is_too_large_for_a_mail_is_left_out"),
    mutant("again: the job's files are where the run was started",
           "src/app/email_again.c",
           "make_absolute(&email->ca, directory);", ";",
           AGAIN + "test_a_real_run"),
]

MUTANTS = LINES + WAY + KEPT
