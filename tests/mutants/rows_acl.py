"""Changes of access lists: where they are applied, what is protected, which
way is taken, the swap."""

from row import mutant

STEP = "src/device/step_acl*.c"
USES = "src/model/acl_uses.c"
IOS = "device-profiles/cisco_ios.yml"
UNIT_USES = "unit/model/test_acl_uses:"
GUARDED = "unit/device/test_step:applied_lists_are_guarded"
LOCKOUT = "e2e/test_lockout:"

MUTANTS = [
    mutant("acl: no swap under a name that is cut", "src/device/step_acl_edit.c",
           "if (name_max && strlen(change->copy_name) > name_max)",
           "if (false)",
           "e2e/test_lockout:"
           "Strategies.test_a_name_without_room_for_another"),
    mutant("acl: a number tells the type", "src/device/step_acl.c",
           "if (check_type(&change) || ", "if (",
           "e2e/test_acl:Lists.test_a_number_tells_the_type"),
    mutant("uses: the header above decides", USES,
           "is_under(&rules[r], above)", "true",
           UNIT_USES + "uses_are_found"),
    mutant("uses: a name is a whole word", USES,
           "word == len && memcmp", "word >= len && memcmp",
           UNIT_USES + "uses_are_found"),
    mutant("uses: what stands behind the name moves along", USES,
           "use->line + use->name_at + use->name_len", '""',
           UNIT_USES + "references_move_section_by_section"),
    mutant("uses: a name in place of our address is none", USES,
           "if (!is_address(found)) {", "if (false) {",
           UNIT_USES + "our_address_is_told"),
    mutant("uses: inbound on an interface is our way", IOS,
           "      under: '^interface '\n      way: packets\n",
           "      under: '^interface '\n",
           UNIT_USES + "uses_are_found",
           LOCKOUT + "Refused.test_the_entry_is_named"),
    mutant("uses: a terminal line is our way", IOS,
           "      way: source\n", "",
           LOCKOUT + "Refused.test_on_a_terminal_line"),
    mutant("uses: where the device hides them, they may be anywhere", STEP,
           "change->uses_known = ACL_USES_REFUSED;", "(void)0;", GUARDED),
    mutant("flows: our own way in is protected", STEP,
           "find_own(change);", "(void)find_own;",
           LOCKOUT + "Refused.test_the_entry_is_named"),
    mutant("flows: those of the job are protected", STEP,
           "add_flow(change, job->protect[i].text, false);", ";",
           GUARDED, LOCKOUT + "Refused.test_protected_flows"),
    mutant("flows: what is given up by --force is said", STEP,
           'step_acl_warn(change, "done all the same (--force)',
           'if (0) step_acl_warn(change, "done all the same (--force)',
           GUARDED, LOCKOUT + "Refused.test_force"),
    mutant("flows: without --force nothing is given up", STEP,
           "if (err->kind != ERR_LOCKOUT_RISK ||\n"
           "\t    !session_target(change->session)->force)",
           "if (err->kind != ERR_LOCKOUT_RISK)", GUARDED),
    mutant("way: a list that is applied is edited, however long", STEP,
           ".longer = used,", ".longer = false,",
           LOCKOUT + "Refused."
           "test_a_list_that_is_used_where_it_cannot_be_moved"),
    mutant("way: what is applied is edited back", STEP,
           "if (!edits) {", "if (true) {",
           LOCKOUT + "InPlace.test_the_way_back_is_edited"),
    mutant("way: what moves goes in one write", STEP,
           "lines->items[at].joined = block->one_write && k > 0;",
           "lines->items[at].joined = false;",
           LOCKOUT + "InPlace.test_what_moves_goes_in_one_write"),
    mutant("way: what cannot be moved is not swapped", STEP,
           "fixed = acl_uses_fixed(&change->copy_uses);\n\tif (!fixed)",
           "fixed = acl_uses_fixed(&change->copy_uses);\n\tif (true)",
           LOCKOUT + "Refused."
           "test_a_list_that_is_used_where_it_cannot_be_moved"),
    mutant("way: a template with lines of its own goes as it stands", STEP,
           "bool only = acl_backup_is_only(change->dialect, change->name, "
           "&texts);",
           "bool only = true;",
           LOCKOUT + "Strategies.test_a_template_with_lines_of_its_own"),
    mutant("swap: a cut one is found by where the other list is applied",
           STEP, "return change->copy_uses.count > 0;", "return false;",
           LOCKOUT + "Strategies.test_a_list_that_a_cut_swap_left"),
    mutant("swap: a leftover that is not as asked is built anew", STEP,
           "if (away && !is_wanted(change, copy) &&",
           "if (away && !copy->present &&",
           LOCKOUT + "Strategies.test_a_leftover_that_nobody_uses"),
    mutant("swap: two halves of which none is as asked are left alone",
           STEP, "if (rc == 0)\n\t\trc = judge_half(change, &copy, err);",
           "(void)judge_half;",
           LOCKOUT + "Strategies."
           "test_what_a_cut_swap_left_that_is_not_gone_on_with"),
    mutant("swap: what a cut one left may be our way in", STEP,
           "if (rc == 0)\n\t\trc = judge_copy(change, &copy, err);",
           "(void)judge_copy;",
           LOCKOUT + "Strategies.test_a_cut_swap_that_would_lock_out"),
    mutant("swap: references that did not move are seen", STEP,
           "if (rc == 0 && (left || there != all))", "if (false)",
           LOCKOUT + "Strategies.test_references_that_do_not_move"),
    mutant("swap: its undo moves the references back", STEP,
           "if (rc || change->copy_uses.count)\n\t\treturn rc;",
           "return rc;",
           LOCKOUT + "Strategies.test_cut_at_every_line_of_a_swap"),
    mutant("swap: no copy is left behind", STEP,
           "if (now.copy_uses.count == 0)\n"
           "\t\trc = remove_copy(change, &now, deadline, fault);", "",
           LOCKOUT + "Strategies.test_cut_at_every_line_of_a_swap"),
    mutant("backup: written before the first line", STEP,
           "if (!directory)\n\t\treturn 0;", "return 0;",
           LOCKOUT + "Backup.test_what_was_there_is_kept"),
    mutant("backup: secrets are replaced", STEP,
           "redact_add(session_redactor(change->session), &clean, "
           "buf_str(&text),\n\t    text.len);",
           "buf_add(&clean, buf_str(&text), text.len);",
           LOCKOUT + "Backup.test_what_was_there_is_kept"),
]
