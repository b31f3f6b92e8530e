"""Access lists: terms of Junos filters as entries, how they are edited, and
that what netpush adds to a change is committed."""

from row import mutant

TERM = "src/model/acl_term.c"
STATEMENT = "src/model/acl_statement.c"
FLOW = "src/model/acl_term_flow.c"
EDIT = "src/model/acl_edit*.c"

CASES = "unit/model/test_acl:test_cases"
ANSWERS = "unit/model/test_acl_flow:a_list_has_three_answers"
LINES = "unit/model/test_acl_edit:the_lines_are_these"
RANDOM = "unit/model/test_acl_term_random:every_plan_keeps_its_promises"
JUNOS = "e2e/test_acl_junos:"

TERMS = [
    mutant("terms: the order of statements means nothing", TERM,
           "if (normals.count)\n\t\tqsort", "if (false)\n\t\tqsort", CASES),
    mutant("terms: the name is compared", TERM,
           'entry->normal = xasprintf("term %s%s", entry->term,',
           'entry->normal = xasprintf("term %s%s", "",', CASES),
    mutant("terms: what is not understood is opaque", TERM,
           "if (statement->kind == ACL_STATEMENT_UNKNOWN)", "if (false)",
           ANSWERS),
    mutant("terms: two that decide are opaque", TERM,
           "return action == ACL_REMARK ? statement->action : ACL_OPAQUE;",
           "return statement->action;", ANSWERS),
    mutant("terms: what is deactivated is told", "src/model/acl_read.c",
           "if (header->note) {", "if (header->note && !*rest) {", CASES),
    mutant("terms: brackets are as many statements", STATEMENT,
           'if (value && str_eq(value, "[")) {', "if (false) {", CASES),
    mutant("terms: an exception is another statement", STATEMENT,
           'buf_adds(out, " except");', ";", CASES),
    mutant("terms: an exception may hit", FLOW,
           "if (statement->except && overlap != ACL_OVERLAP_NONE)",
           "if (false)", ANSWERS),
    mutant("terms: only exceptions tell nothing", FLOW,
           "group->vague || !group->stated", "group->vague", ANSWERS),
    mutant("terms: all conditions must fit", FLOW,
           "if (result_of(&groups[i]) < overlap)", "if (i == 0)", ANSWERS),
]

EDITS = [
    mutant("edits: what does not stand in its place is inserted", EDIT,
           "if (!placed && i < tail)", "if (false)", LINES, RANDOM),
    mutant("edits: no insertion at the end", EDIT,
           "if (!placed && i < tail)", "if (!placed)", LINES),
    mutant("edits: a term is never empty", EDIT,
           "simple && fate->remove.count < old->statements.count", "simple",
           RANDOM),
    mutant("edits: an exception is not deleted by itself", STATEMENT,
           "statement->simple = !statement->except;",
           "statement->simple = true;", LINES),
    mutant("edits: what goes is deleted", EDIT,
           "if (!terms->stays[i])", "if (false)", LINES, RANDOM),
    mutant("edits: not longer than typing it again", EDIT,
           "if (!why && is_longer(draft, plan))", "if (false)", LINES,
           RANDOM),
    mutant("edits: what is put back is committed", "src/device/step_acl*.c",
           "plan_lines_commit(&lines, session_profile(change->session));",
           ";", JUNOS + "Trouble.test_other_than_asked_is_put_back"),
    mutant("edits: they are committed", "src/device/step_acl*.c",
           "plan_lines_commit(lines, session_profile(change->session));",
           ";", JUNOS + "Push.test_edited"),
    mutant("template: a filter that is not there is made before it is deleted",
           "device-profiles/juniper_junos.yml",
           "      set firewall family inet filter {{acl_name}}\n      delete",
           "      delete", JUNOS + "Push.test_short_form_new_and_again"),
]

MUTANTS = TERMS + EDITS
