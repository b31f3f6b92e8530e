"""Upgrades: what proves an image, what a reload needs, what is remembered of
it, and that nothing is reloaded twice."""

from row import mutant

RELOAD = "src/device/step_reload.c"
COMEBACK = "src/device/comeback.c"
BOOT = "src/device/step_boot.c"
IMAGE = "src/device/step_image.c"
COPY = "src/device/step_copy.c"
MEMORY = "src/device/step_memory.c"
LEDGER = "src/run/ledger.c"

UNIT = "unit/device/test_step_image:"
RELOADS = UNIT + "reloads_are_told_once_and_only_if_all_is_well"
E2E = "e2e/test_upgrade:"

MUTANTS = [
    mutant("reload: not without a proved image", RELOAD,
           "if (!step_is_proved(reload->session, paths->items[i]))",
           "if (false)",
           RELOADS, E2E + "Reload.test_nobody_proved_the_image"),
    mutant("reload: the register is looked at, too", RELOAD,
           "if (check_register(reload, software))\n\t\treturn;", "",
           E2E + "Reload.test_register_that_would_stop_the_boot"),
    mutant("reload: not of a device that waits in its loader", RELOAD,
           "if (why)\n\t\trc = err_set", "if (false)\n\t\trc = err_set",
           E2E + "Reload.test_boots_only_by_hand"),
    mutant("reload: every member's first image counts",
           "src/model/profile_image.c",
           "for (size_t i = 0; i < lists.count; i++) {\n"
           "\t\tsize_t len = strcspn(lists.items[i], \";, \\t\");",
           "for (size_t i = 0; i < 1 && i < lists.count; i++) {\n"
           "\t\tsize_t len = strcspn(lists.items[i], \";, \\t\");",
           "unit/model/test_profile_image:each_list_has_its_first",
           E2E + "Reload.test_a_member_that_boots_another_image"),
    mutant("reload: what was booted now is not what will be",
           "src/model/profile_image.c", "if (!skipping)\n", "if (true)\n",
           "unit/model/test_profile_image:each_list_has_its_first"),
    mutant("reload: a warning's \"anyway\" gets no answer",
           "device-profiles/cisco_ios.yml",
           "anyway\\??\\s*\\[confirm\\]\\s*$'\n",
           "anyway\\??\\s*\\[confirm\\]\\s*$'\n      answer: \"\"\n",
           E2E + "Reload.test_warns_that_it_may_not_boot"),
    mutant("proof: a later look takes it back", IMAGE,
           "step_disprove(result, texts->path);", "(void)result;",
           UNIT + "images_are_proved",
           E2E + "Reload.test_proof_that_was_taken_back"),
    mutant("reload: what it boots is what was saved", RELOAD,
           "const char *command = image->boot_next ? image->boot_next\n"
           "\t\t\t\t\t       : image->boot_show;",
           "const char *command = image->boot_show;",
           E2E + "Reload.test_not_saved"),
    mutant("reload: not of a device that says no uptime", RELOAD,
           "\tif (software->up_known)\n\t\treturn 0;", "\treturn 0;",
           RELOADS),
    mutant("reload: not twice, if it rebooted since it was told", RELOAD,
           "if (has_rebooted(reload, software)) {", "if (false) {",
           RELOADS, E2E + "Interrupted.test_while_it_is_away"),
    mutant("reload: once more, if it did not", RELOAD,
           "software->up_ms <= reload->asked_ms - target->told_ms;", "true;",
           RELOADS, E2E + "Interrupted.test_at_the_word_reload"),
    mutant("reload: told in the journal first", RELOAD,
           "step_stage(reload->session, STAGE_CHANGE, &result->fault))",
           "step_stage(reload->session, STAGE_SAVE, &result->fault))",
           RELOADS),
    mutant("reload: a question without an answer is none that goes", RELOAD,
           "bool stays = kind == ERR_REFUSED || kind == ERR_PROMPT;",
           "bool stays = kind == ERR_REFUSED;", RELOADS),
    mutant("reload: later steps go over the fresh session",
           "src/run/worker.c", "*session = result.fresh;",
           "session_close(result.fresh, 0);",
           E2E + "Reload.test_goes_and_comes_back"),
    mutant("reload: the answer is forbidden by what was said before",
           "src/device/exchange_ask.c", "if (is_forbidden(x, question))",
           "if (false && is_forbidden(x, question))",
           E2E + "OtherPlatforms.test_nxos_not_saved"),
    mutant("back: only the uptime says so", COMEBACK,
           "if (up_ms <= since_ms) {", "if (true) {",
           E2E + "Reload.test_does_not_go"),
    mutant("back: a refused login is no wrong password", COMEBACK,
           "return kind != ERR_HOST_KEY && kind != ERR_CANCELLED &&",
           "return kind != ERR_HOST_KEY && kind != ERR_AUTH &&",
           E2E + "Reload.test_aaa_is_late"),
    mutant("back: another key only if the job says so", "src/run/worker.c",
           "return step->image.accept_new_host_key;", "return true;",
           E2E + "Reload.test_new_host_key_is_refused"),
    mutant("back: the new key is the known one", "src/run/host_key.c",
           "else if (may_replace)", "else if (false)",
           E2E + "Reload.test_new_host_key_that_the_job_takes"),
    mutant("told: remembered over other changes", LEDGER,
           "if (json_is_true(json_object_get(event->more, \"reload\"))) {",
           "device->told_open = false;\n\tif (json_is_true("
           "json_object_get(event->more, \"reload\"))) {",
           "unit/run/test_ledger_visits:"
           "a_reload_is_open_until_its_step_says_more",
           E2E + "Interrupted.test_away_and_then_killed_at_another_step"),
    mutant("told: a device that came back as it was is not told again",
           "src/run/run_phase.c",
           "(device->told_open || run->devices[index].doubt);",
           "device->told_open;", E2E + "Interrupted.test_came_back_as_it_was"),
    mutant("boot: the old image stays second", "device-profiles/cisco_ios.yml",
           "    {{#old}}\n    boot system {{old}}\n    {{/old}}\n", "",
           UNIT + "boot_lists_are_changed"),
    mutant("boot: the register is looked at", BOOT, "if (!software->boots) {",
           "if (false) {", UNIT + "boot_lists_are_changed"),
    mutant("boot: what is shown is the proof", BOOT,
           "if (pushed == 0 && is_as_asked(change, &after))",
           "if (pushed == 0)", UNIT + "boot_lists_are_changed"),
    mutant("boot: half a list is made whole", BOOT,
           "(!step_is_doubtful(change->session, change->step) ||\n"
           "\t\tis_as_asked(change, &before))) {",
           "true) {", E2E + "Interrupted.test_at_the_boot_lines"),
    mutant("image: its MD5 is compared", IMAGE,
           "if (strcasecmp(is, wanted))", "if (false)",
           UNIT + "images_are_proved", E2E + "Reload.test_wrong_image"),
    mutant("space: the margin counts", IMAGE,
           "int64_t needed = size + size / 100 * "
           "step->image.margin_percent +\n"
           "\t    size % 100 * step->image.margin_percent / 100;",
           "int64_t needed = size;", UNIT + "room_is_judged"),
    mutant("copy: what is there is not copied again", COPY,
           "*is = strcasecmp(md5, copy->md5) == 0;", "*is = false;",
           E2E + "Copies.test_up_and_not_again"),
    mutant("copy: not over the file that it runs from", COPY,
           "} else if (spare_running(copy) == 0) {", "} else {",
           E2E + "Copies.test_not_the_file_that_it_runs_from"),
    mutant("copy: what was cut is taken away", COPY,
           "if (rc == 0 && size >= 0 && remove) {", "if (false) {",
           E2E + "Copies.test_no_room_after_all"),
    mutant("memory: secrets are not kept", MEMORY,
           "session_clean(session, buf_str(&result->output), &clean);",
           "(void)session;\n\tbuf_add(&clean, buf_str(&result->output), "
           "result->output.len);",
           UNIT + "what_was_shown_is_remembered_and_compared"),
    mutant("memory: what was picked has no order", MEMORY,
           "if (step->pick && lines->count)", "if (false)",
           UNIT + "what_was_shown_is_remembered_and_compared"),
    mutant("memory: later phases know it", "src/run/run_phase.c",
           "json_t *memory = phase ? read_memory(run, entry) : NULL;",
           "json_t *memory = NULL;\n\t(void)read_memory;",
           E2E + "Memory.test_same_and_not_the_same",
           E2E + "Interrupted.test_phases_remember_what_was_proved"),
]
