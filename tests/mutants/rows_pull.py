"""Files that a device fetches itself: what is answered, what is proved, what is
left of a copy that failed, and where the password goes."""

from row import mutant

PULL = "src/device/step_pull.c"
COPY = "src/device/step_copy.c"
URL = "src/model/profile_pull.c"
STEPS = "src/model/job_steps_image.c"
IOS = "device-profiles/cisco_ios.yml"

ASKED = "unit/device/test_step_pull:each_question_gets_its_answer_or_none"
NO_USER = "unit/device/test_step_pull:who_names_no_user_gives_no_password"
URLS = "unit/model/test_profile_pull:urls_are_taken_apart"
E2E = "e2e/test_pull:"

MUTANTS = [
    mutant("pull: an unknown server only if the job says so", PULL,
           "pull->step->image.accept_new_host_key);", "true);",
           ASKED, E2E + "Asked.test_host_key_ios",
           E2E + "Asked.test_host_key_junos"),
    mutant("pull: nothing is replaced that nobody looked at", PULL,
           "&from->overwrite, pull->replace);", "&from->overwrite, true);",
           ASKED, E2E + "Asked.test_a_file_that_was_not_there_before"),
    mutant("pull: who names no user gives no password", PULL,
           "if (url.has_user)", "if (true)", NO_USER),
    mutant("pull: the server's refusal is no other failure", PULL,
           "if (denied)", "if (false)", ASKED,
           E2E + "Failed.test_password_ios"),
    mutant("pull: what failed is said", PULL,
           "else if (failed)", "else if (false)", ASKED),
    mutant("pull: without its last word it is not done", PULL,
           "else if (!copied)", "else if (false)", ASKED),
    mutant("pull: what it says it copied must be there", PULL,
           "!str_to_number(digits, &told->bytes)", "true", ASKED),
    mutant("pull: the refusals of show commands are none here", PULL,
           "if (rc == 0 || fault->err.kind == ERR_REFUSED) {",
           "if (rc == 0) {", ASKED),
    mutant("pull: what did not begin leaves nothing to be removed", COPY,
           "copy->untouched || is_as_before(copy)", "is_as_before(copy)",
           ASKED, E2E + "Asked.test_a_file_that_was_not_there_before"),
    mutant("pull: a file that was not touched stays", COPY,
           "copy->untouched || is_as_before(copy)", "copy->untouched",
           ASKED, E2E + "Failed.test_password_ios"),
    mutant("pull: the old file is known by its MD5", COPY,
           "if (know_old(copy) ||", "if (", ASKED),
    mutant("pull: the bytes are compared with the MD5 of the job", COPY,
           "if (copy->step->image.check_md5 &&\n"
           "\t    step_wanted_md5(&copy->texts, copy->md5, err))",
           "if (false)", ASKED),
    mutant("pull: a key, and no Return behind it", IOS,
           'answer: "n", bare: true}', 'answer: "n"}', ASKED),
    mutant("pull: flash is never erased", IOS,
           'answer: "n", bare: true}', 'answer: "y", bare: true}', ASKED,
           E2E + "Asked.test_flash_is_never_erased"),
    mutant("pull: by the management VRF", "device-profiles/cisco_nxos.yml",
           "  copy_vrf: management\n", "  copy_vrf: false\n",
           E2E + "Fetched.test_nxos"),
    mutant("pull: a URL holds no password", URL,
           "memchr(authority, ':', (size_t)(at - authority))", "false",
           URLS, E2E + "Refused.test_a_password_in_the_url"),
    mutant("pull: nor one with a slash", URL,
           "strchr(authority + len, '@'))", "false)", URLS),
    mutant("pull: a URL is one word of a command line", URL,
           "|| !is_plain(text))", ")", URLS,
           E2E + "Refused.test_lines_behind_it"),
    mutant("pull: nothing is fetched that nothing proves", STEPS,
           "(!draft->image.check_md5 || (!has_digits && !draft->source))",
           "false", "unit/model/test_job:test_files",
           E2E + "Refused.test_without_a_proof"),
    mutant("pull: --check needs no password of the server",
           "src/app/login.c",
           "if (options->check || !plan_wants_server_password(job))",
           "if (!plan_wants_server_password(job))",
           E2E + "Fetched.test_only_told"),
]
