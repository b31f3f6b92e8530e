"""The parallel shell tools: hosts, who is tried again, what is kept."""

from row import mutant

HOSTS = "src/model/hosts.c"
CONFIG = "src/model/ssh_config.c"
SHELL = "src/run/shell.c"
POOL = "src/run/pool.c"
REMOTE = "src/run/shell_remote.c"
CREW = "src/run/crew.c"

OUTDIR = "src/app/shell_outdir.c"

SSH = "e2e/test_shell_ssh:"
LOCAL = "e2e/test_shell:Local."
FILES = "e2e/test_shell_files:Files."
CREW_UNIT = "unit/run/test_crew:"
UNIT_HOSTS = "unit/model/test_hosts:"
UNIT_CONFIG = "unit/model/test_ssh_config:"

MUTANTS = [
    mutant("hosts: what a shell would obey is no host", HOSTS,
           "if (!isalnum((unsigned char)text[i]) && !strchr(more, text[i]))",
           "if (text[i] == '\\n')",
           UNIT_HOSTS + "each_word_is_a_host_or_refused"),
    mutant("hosts: a name of dots is none", HOSTS,
           "return len > 0 && strspn(text, \".\") >= len;",
           "(void)text;\n\treturn len > (size_t)-2;",
           UNIT_HOSTS + "each_word_is_a_host_or_refused"),
    mutant("shell: no script is run in part", REMOTE,
           "int rc = text.cut || command.cut",
           "int rc = command.cut",
           SSH + "Scripts.test_no_script_is_run_in_part"),
    mutant("shell: --timeout is the time of a host", REMOTE,
           "return err->kind == ERR_TIMEOUT && "
           "deadline_passed(work->deadline);",
           "(void)work;\n\treturn err->kind == ERR__COUNT;",
           SSH + "Commands.test_p22_timeout_of_a_host_that_says_nothing"),
    mutant("shell: lcmd has no terminal", "src/run/shell_local.c",
           "\tsetsid();", "\tsetpgid(0, 0);",
           LOCAL + "test_nobody_waits_for_a_terminal"),
    mutant("shell: no two hosts share a file of --outdir", OUTDIR,
           "\tif (look_for_clash(options, hosts))\n\t\treturn -1;\n",
           "\t(void)look_for_clash;\n\t(void)hosts;\n",
           LOCAL + "test_outdir_keeps_what_each_said"),
    mutant("copy: what runs as whom is not for the host to say",
           "src/device/copy_sink.c",
           "#define MODE_BITS 0777", "#define MODE_BITS 07777",
           FILES + "test_what_runs_as_whom_is_not_for_the_host_to_say"),
    mutant("hosts: ??HOST is literal", HOSTS,
           "bool literal = mark && plain && mark[-1] == '?';",
           "bool literal = false;",
           UNIT_HOSTS + "host_is_filled_in",
           "e2e/test_shell:Local.test_p12_host_everywhere"),
    mutant("ssh_config: the first value counts", CONFIG,
           "\tif (!*value)\n\t\t*value = xstrdup(words->items[1]);",
           "\tfree(*value);\n\t*value = xstrdup(words->items[1]);",
           UNIT_CONFIG + "the_first_value_that_holds_counts"),
    mutant("ssh_config: a negated pattern excludes", CONFIG,
           "if (negated)\n\t\t\treturn false;",
           "if (negated)\n\t\t\tcontinue;",
           UNIT_CONFIG + "the_first_value_that_holds_counts"),
    mutant("ssh_config: an Include holds where its block does", CONFIG,
           ".around = reader->block,", ".around = NO_BLOCK,",
           UNIT_CONFIG + "an_include_holds_where_its_block_does"),
    mutant("shell: what never reached the command is tried again", SHELL,
           "bool again = flight->has_end && end->again;",
           "bool again = false;",
           SSH + "Retry.test_p13_what_never_reached_the_command_is_tried_"
           "again"),
    mutant("shell: a refused password ends it", SHELL,
           "\t\tjudge_password(shell, host, end);\n", "",
           SSH + "Passwords.test_one_refusal_ends_it"),
    mutant("shell: one login proves the password before the others", SHELL,
           "if (guess || !take_next(shell, &host))",
           "(void)guess;\n\t\tif (!take_next(shell, &host))",
           SSH + "Passwords.test_one_refusal_ends_it"),
    mutant("shell: a login that was refused is not tried again", REMOTE,
           "\tshell_fail(end, &err, false);\n"
           "\tif (err.kind == ERR_TIMEOUT &&",
           "\tshell_fail(end, &err, true);\n"
           "\tif (err.kind == ERR_TIMEOUT &&",
           SSH + "Retry.test_p13_neither_a_command_nor_a_login"),
    mutant("shell: a script that fails ends them all", REMOTE,
           "if (rc || end->code)\n\t\t\treturn;",
           "if (rc)\n\t\t\treturn;",
           SSH + "Scripts.test_p11_one_after_the_other_until_one_fails"),
    mutant("shell: large outputs leave memory", "src/run/capture.c",
           "capture->memory.len + len <= CAPTURE_MEMORY_BYTES &&", "true &&",
           "unit/run/test_capture:small_ones_stay_in_memory_large_ones_do_"
           "not"),
    mutant("shell: all outputs together stay below the limit",
           "src/run/capture.c",
           "place->in_memory + len <= place->memory_limit;", "true;",
           "unit/run/test_capture:all_together_stay_below_the_limit"),
    mutant("shell: several hosts do not overwrite each other",
           "src/app/shell.c",
           "if (hosts->count < 2 || options->flat)",
           "if (hosts->count)",
           FILES + "test_p10_hosts_do_not_overwrite_each_other"),
    mutant("shell: the environment of a command holds no secret",
           "src/app/shell.c",
           "\tif (options.tool->kind == SHELL_LOCAL)\n"
           "\t\tclean_environment();\n",
           "\t(void)clean_environment;\n",
           LOCAL + "test_no_secret_reaches_a_command"),
    mutant("pool: a worker at rest does the next", POOL,
           "} else if (wake(pool, device, kill_after_ms)) {",
           "} else if (pool->running && wake(pool, device, kill_after_ms)) {",
           "unit/run/test_pool_rest:one_worker_does_all_when_one_at_a_time"),
    mutant("pool: the end of one at rest is not heard of", POOL,
           "if (!rested)\n\t\tpool->handler.gone(",
           "(void)rested;\n\tif (device != SIZE_MAX)\n"
           "\t\tpool->handler.gone(",
           "unit/run/test_pool_rest:a_worker_that_dies_at_rest_is_replaced"),
    mutant("pool: a crew takes no more than it may", POOL,
           "if (!crew->gone && crew->running < pool->handler.crew)",
           "if (!crew->gone)",
           CREW_UNIT + "what_ends_the_process_is_told_of_all_in_it"),
    mutant("pool: a crew's work is called off piece by piece", POOL,
           "\t\t\tshutdown(slot->fd, SHUT_WR);",
           "\t\t\tkill(slot->pid, SIGKILL);",
           CREW_UNIT + "each_is_called_off"),
    mutant("pool: what became of a crew is told of who was in it", POOL,
           "\tif (slot->done)\n\t\treturn slot->status;\n",
           "\tif (slot->done || !crew->gone)\n\t\treturn slot->status;\n",
           CREW_UNIT + "what_ends_the_process_is_told_of_all_in_it"),
    mutant("pool: a crew that died idle is replaced", POOL,
           "\t    crew_hand_over(crew->control, device, fds[1])) {",
           "\t    crew_hand_over(crew->control, device, fds[1]) && 0) {",
           CREW_UNIT + "an_idle_process_that_died_is_replaced"),
    mutant("crew: who waits lets others go on", CREW,
           "\twait_instead(let_others);\n", "\t(void)let_others;\n",
           CREW_UNIT + "one_goes_on_while_another_waits"),
    mutant("crew: a wait ends at its deadline", CREW,
           "\t\tdeadline = deadline_first(deadline, member->deadline);\n",
           "",
           CREW_UNIT + "each_is_done_once_by_few_processes"),
    mutant("frame: what is too large is refused", "src/run/frame.c",
           "if (size > FRAME_LIMIT_BYTES)\n\t\treturn -1;", "",
           "unit/run/test_frame:nonsense_is_refused"),
]
