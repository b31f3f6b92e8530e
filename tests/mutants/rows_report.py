"""Reports for programs, and what is delivered when a run is over."""

from row import mutant

PUT = "src/app/report_put.c"
FORMATS_C = "src/app/report_formats.c"
JUNIT_C = "src/app/report_junit.c"
CSV_C = "src/app/report_csv.c"
PROMETHEUS_C = "src/app/report_prometheus.c"
HOOK = "src/app/hook.c"
DELIVER_C = "src/app/deliver.c"
EXECUTE = "src/app/execute.c"
JOB_REPORT = "src/model/job_report.c"

FORMATS = "e2e/test_formats:"
JUNIT = FORMATS + "Junit.test_hostile"
CSV = FORMATS + "Csv.test_hostile"
AGAIN = FORMATS + "Again."
STREAM = "e2e/test_deliver:Stream."
FILES = "e2e/test_deliver:Files."
COMMAND = "e2e/test_deliver:Command."
JOBS = "unit/model/test_job:test_files"

DRAWN = [
    mutant("xml: a control character is shown by its picture", PUT,
           "if (is_control(c)) {\n\t\t\tput_picture(file, c);\n"
           "\t\t} else if (is_no_xml",
           "if (c == 1) {\n\t\t\tput_picture(file, c);\n"
           "\t\t} else if (is_no_xml", JUNIT),
    mutant("xml: U+FFFE is none of its characters", PUT,
           "} else if (is_no_xml(text)) {", "} else if (!text[0]) {", JUNIT),
    mutant("xml: white space survives in an attribute", PUT,
           "strchr(\"<>&\\\"\\n\\t\", c)", "strchr(\"<>&\\\"\", c)", JUNIT),
    mutant("csv: a quotation mark is doubled", PUT,
           "fputs(\"\\\"\\\"\", file);", "fputc('\"', file);", CSV),
    mutant("csv: nothing is a formula", PUT,
           "fputc('\\'', file);", ";", CSV),
    mutant("csv: lines end in CR LF", CSV_C,
           "#define LINE_END \"\\r\\n\"", "#define LINE_END \"\\n\"",
           FORMATS + "Csv.test_lines_end_as_rfc_4180_says"),
    mutant("csv: as many fields as names", CSV_C,
           "fputs(\",,,,,\", file);", "fputs(\",,,,\", file);", CSV),
    mutant("csv: --check says what would change", CSV_C,
           "device->would_change ? \"true\" : NULL", "NULL",
           COMMAND + "test_not_for_a_check"),
    mutant("prometheus: labels are escaped", PUT,
           "if (*text == '\\n')\n\t\t\tfputs(\"\\\\n\", file);",
           "if (*text == '\\n')\n\t\t\tfputs(\" \", file);",
           FORMATS + "Prometheus.test_labels_are_escaped"),
    mutant("junit: an unknown device is an error", JUNIT_C,
           "[DEVICE_UNKNOWN] = ERROR", "[DEVICE_UNKNOWN] = FAILURE", JUNIT),
    mutant("junit: a device that is not begun yet is skipped", JUNIT_C,
           "[DEVICE_PENDING] = SKIPPED", "[DEVICE_PENDING] = PASSED",
           FORMATS + "Junit.test_a_run_that_is_not_over"),
    mutant("report: drawn again it ends when it ended", "src/run/run.c",
           "int64_t finished_ms = event.time_ms;",
           "int64_t finished_ms = event.time_ms + 1;",
           AGAIN + "test_all_kinds_of_ends"),
    mutant("jsonl: a line that is not whole is left out",
           "src/app/report_jsonl.c",
           "int64_t end = journal_read(view->journal_fd, NULL, NULL, NULL);",
           "int64_t end = journal_read(view->journal_fd, NULL, NULL, NULL) "
           "+ 5;",
           FORMATS + "Json.test_a_line_that_is_not_whole_is_left_out"),
]

DELIVERED = [
    mutant("stream: events are written as they happen", EXECUTE,
           "live->line.len &&\n\t    fflush(stdout) == 0)",
           "live->line.len)", STREAM + "test_while_it_runs"),
    mutant("stream: without a reader it is said once", EXECUTE,
           "live->streams = false;", "", STREAM + "test_reader_is_gone"),
    mutant("files: a file is replaced in one step", "src/base/fdio.c",
           "rename(temporary, path) == 0)",
           "(truncate(path, 0) || true) && rename(temporary, path) == 0)",
           FILES + "test_whole_or_not_at_all"),
    mutant("files: a link stays a link", FORMATS_C,
           "char *real = realpath(path, NULL);", "char *real = NULL;",
           FILES + "test_whole_or_not_at_all"),
    mutant("files: a pipe is written to, not replaced", FORMATS_C,
           "exists && !S_ISREG(st.st_mode)", "exists && !st.st_mode",
           FILES + "test_a_pipe_is_written_to"),
    mutant("files: one that is there keeps its rights", FORMATS_C,
           "exists ? st.st_mode & 0777 :", "st.st_mode == 1 ? 0 :",
           FILES + "test_rights"),
    mutant("files: what devices said is for the user alone", FORMATS_C,
           "[REPORT_JUNIT] = { \".xml\", 0600",
           "[REPORT_JUNIT] = { \".xml\", 0644", FILES + "test_rights"),
    mutant("files: a full disk is noticed", FORMATS_C,
           " && fflush(file) == 0\n", "\n",
           FILES + "test_one_that_cannot_be_written"),
    mutant("files: a missing directory is said before the run", DELIVER_C,
           "int rc = access(dir, W_OK | X_OK)", "int rc = 0",
           FILES + "test_one_that_cannot_be_written"),
    mutant("command: no variable of ours is in its environment", HOOK,
           "str_starts(variable, \"NETPUSH_\")",
           "str_starts(variable, \"NETPUSH_X\")",
           COMMAND + "test_no_secret_and_nothing_of_ours"),
    mutant("command: it holds no descriptor of ours", HOOK,
           "close_range(STDERR_FILENO + 1, ~0u, 0))",
           "fcntl(input, F_SETFD, 0))",
           COMMAND + "test_no_secret_and_nothing_of_ours"),
    mutant("command: standard output is not its own", HOOK,
           "dup2(STDERR_FILENO, STDOUT_FILENO) < 0", "false",
           COMMAND + "test_gets_the_result"),
    mutant("command: its children are ended with it", HOOK,
           "kill(-pid, SIGKILL);", "kill(pid, SIGKILL);",
           COMMAND + "test_takes_too_long"),
    mutant("command: ^C ends us, too", HOOK,
           "raise(number); /* blocked until here */", ";",
           COMMAND + "test_interrupted"),
    mutant("command: not for a run that left nothing", DELIVER_C,
           "if (!view->dir)\n\t\treturn;", "",
           COMMAND + "test_not_for_a_run_that_left_nothing"),
    mutant("command: not for a check", EXECUTE,
           "if (!options->check)\n\t\tdeliver(", "deliver(",
           COMMAND + "test_not_for_a_check"),
]

JUDGED = [
    mutant("email: no name, no header behind an address", JOB_REPORT,
           "strchr(\"<>()[],;:\\\\\\\"\", *c)", "*c == 1", JOBS),
    mutant("email: no password in the clear", JOB_REPORT,
           "email->starttls == EMAIL_STARTTLS_OFF)", "false)", JOBS),
    mutant("email: no password in the server's URL", JOB_REPORT,
           "if (rest && strchr(rest, '@'))", "if (!rest)", JOBS),
    mutant("report: two formats are two files", JOB_REPORT,
           "if (str_eq(report->paths[i], report->paths[j]))", "if (false)",
           JOBS),
]

MUTANTS = DRAWN + DELIVERED + JUDGED
