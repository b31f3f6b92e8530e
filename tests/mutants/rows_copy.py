"""Commands on channels of their own, and the copies over them."""

from row import mutant

WIRE = "src/device/ssh_wire.c"
MEMORY = "src/device/ssh_memory.c"
SSH = "src/device/transport*.c"
SCP = "src/device/scp*.c"
SFTP = "src/device/sftp*.c"
COPY = "src/device/copy*.c"

EXEC = "e2e/test_exec:Exec."
SCRIPT = "unit/device/test_scp:"
E2E = "e2e/test_copy:"

MUTANTS = [
    mutant("copy: a name of a far side is no path",
           "src/device/copy_job.c",
           "if (*at == '/' || (unsigned char)*at < ' ' || *at == 0x7f)",
           "if ((unsigned char)*at < ' ' || *at == 0x7f)",
           "e2e/test_shell_files:Files.test_a_server_that_means_no_good"),
    mutant("exec: a command that is refused has not run", SSH,
           "exec->exec.reach = EXEC_REFUSED;\n\t\tif (!exec->channel)",
           "exec->exec.reach = EXEC_ASKED;\n\t\tif (!exec->channel)",
           "e2e/test_exec:Refused.test_no_session_is_to_be_had"),
    mutant("exec: no status is told from success", MEMORY,
           "end->has_status = true;\n", "",
           EXEC + "test_success_is_told_from_no_status"),
    mutant("exec: the signal is told", MEMORY,
           "end->signal[len] = '\\0';", "end->signal[0] = '\\0';",
           EXEC + "test_success_is_told_from_no_status"),
    mutant("exec: the two streams are apart", SSH,
           "stream == EXEC_STDERR ? SSH_EXTENDED_DATA_STDERR : 0", "0",
           EXEC + "test_streams_are_apart"),
    mutant("exec: the input is ended", "src/device/exec.c",
           "int rc = exec->ops->end_input(exec, run->err);", "int rc = 0;",
           EXEC + "test_input_is_closed"),
    mutant("scp: a name from outside is refused", COPY,
           "(!name || !copy_name_ok(name))", "!name",
           SCRIPT + "names_that_lead_elsewhere_are_refused"),
    mutant("scp: a second file is refused", SCP,
           "if (r->complete)\n", "if (false)\n",
           SCRIPT + "what_was_not_asked_for_is_refused"),
    mutant("scp: a directory that was not asked for is refused", SCP,
           "if (directory && !r->scp->job->ask->tree)", "if (false)",
           SCRIPT + "what_was_not_asked_for_is_refused"),
    mutant("scp: the byte behind a file is its verdict", SCP,
           "receive_bytes(scp, sink, entry->size) || scp_ack(scp) ||",
           "receive_bytes(scp, sink, entry->size) || scp_byte(scp) < 0 ||",
           SCRIPT + "what_is_not_whole_is_refused"),
    mutant("scp: the last acknowledgement is awaited", SCP,
           "return scp_send(scp, \"\", 1, false) || scp_ack(scp) ? -1 : 0;\n}"
           "\n\nstatic int\nsend_enter",
           "return scp_send(scp, \"\", 1, false);\n}\n\nstatic int\n"
           "send_enter",
           SCRIPT + "an_upload_counts_when_all_is_said"),
    mutant("scp: what the command says at its end counts", SCP,
           "if ((end.has_status && end.status) || *end.signal)",
           "if (false)", SCRIPT + "an_upload_counts_when_all_is_said",
           E2E + "Auto.test_what_is_said_last_counts"),
    mutant("scp: names are quoted for the shell there", SCP,
           "plain = plain && is_safe(*at);", "",
           E2E + "Files.test_odd_names"),
    mutant("scp: sizes are not cut to 4 GB", SCP,
           "07777, (unsigned long long)size,",
           "07777, (unsigned long long)(uint32_t)size,",
           SCRIPT + "sizes_go_beyond_4_gigabytes"),
    mutant("copy: silence is told from the deadline", COPY,
           "job->result->stalled = true;", "",
           SCRIPT + "silence_is_told_from_the_deadline",
           E2E + "Wires.test_silence_is_told_apart"),
    mutant("copy: a part is not left where the file is wanted", COPY,
           "unlinkat(here(sink), sink->part, 0);\n\t}\n\tsink->fd = -1;",
           ";\n\t}\n\tsink->fd = -1;",
           SCRIPT + "what_is_not_whole_is_refused"),
    mutant("copy: a link in a tree here is not followed", COPY,
           "DIR_FLAGS | O_NOFOLLOW", "DIR_FLAGS",
           E2E + "Trees.test_a_link_here_is_not_followed"),
    mutant("copy: links to directories stay behind", COPY,
           "if (link && S_ISDIR(is.st_mode))", "if (false)",
           E2E + "Trees.test_all_that_is_in_them"),
    mutant("sftp: a part that differs is not gone on with", SFTP,
           "*at = comparing.differs ? 0 : is.size;", "*at = is.size;",
           E2E + "Resume.test_compared_and_different"),
    mutant("sftp: a part that is longer is begun again", SFTP,
           "is.size > (uint64_t)source->is.st_size)\n\t\treturn 0;",
           "false)\n\t\treturn 0;",
           E2E + "Resume.test_one_that_is_longer_is_begun_again"),
    mutant("sftp: scp where there is none", SFTP,
           "exec->reach == EXEC_REFUSED || sftp->ended", "sftp->ended",
           E2E + "Auto.test_scp_where_there_is_no_sftp"),
    mutant("copy: the pace is that of late", COPY,
           "pace->at_ms[i - 1] = pace->at_ms[i];", "",
           SCRIPT + "the_pace_is_that_of_late"),
]
