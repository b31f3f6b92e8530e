"""Changes that take themselves back: what is armed, who takes it away, what is
seen before that, and when nothing may be undone."""

from row import mutant

GUARD = "src/device/guard*.c"
JUNOS = "device-profiles/juniper_junos.yml"
IOS = "device-profiles/cisco_ios.yml"

UNIT = "unit/device/test_guard:"
UNDO = "e2e/test_undo:"

MUTANTS = [
    mutant("guard: the change waits for an undo that was not armed", GUARD,
           "err_prefix(&fault->err, \"the undo was not armed: \");\n"
           "\t\t\treturn -1;",
           "fault_clear(fault);",
           UNDO + "NoArchive.test_the_reload_is_refused"),
    mutant("guard: what is armed already is not ours", GUARD,
           "if (!again && check_free(guard, fault))", "if (false)",
           UNIT + "what_is_armed_already_is_left_alone",
           UNDO + "NoArchive.test_a_reload_of_somebody_else",
           UNDO + "Junos.test_a_commit_of_somebody_else_waits"),
    mutant("guard: a way in that arms nothing is no guard",
           "src/device/guard.c", "push->entered = how->entered;", "",
           UNIT + "a_way_in_that_does_not_arm_is_no_guard"),
    mutant("guard: a name that is taken is not rolled back to", GUARD,
           "if (fault->err.kind == ERR_REFUSED && !how->timer)",
           "if (false)", UNDO + "Nxos.test_a_name_that_is_taken"),
    mutant("guard: a long way back is not cut off", GUARD,
           "return step > until ? step : until;", "return until;",
           "e2e/test_lockout:"
           "InPlace.test_the_way_back_has_the_time_of_a_step"),
    mutant("guard: what stays armed is said", GUARD,
           "if (shows && guard_settled(guard, session, &fault)) {",
           "if (false) {",
           UNDO + "Archive.test_an_undo_that_stays_is_told_of"),
    mutant("guard: harmless changes are not guarded", GUARD,
           "step->guard == JOB_GUARD_AUTO && risky",
           "step->guard == JOB_GUARD_AUTO",
           UNIT + "the_first_that_is_there_is_chosen"),
    mutant("guard: nothing reloads that was not allowed to", GUARD,
           "!how->reloads || step->guard == JOB_GUARD_RELOAD", "true",
           UNIT + "the_first_that_is_there_is_chosen"),
    mutant("guard: it is confirmed from a second connection", GUARD,
           "guard_keep_afresh(guard, change, &result->fault)) {",
           "guard_keep(guard, change, guard->session, &result->fault)) {",
           UNDO + "Archive.test_confirmed_from_a_second_connection"),
    mutant("guard: what that one sees must be the same", GUARD,
           "if (seen != GUARD_AS_WANTED)\n\t\treturn err_set(",
           "if (false)\n\t\treturn err_set(",
           UNDO + "Archive.test_not_the_same_from_there"),
    mutant("guard: a refused confirmation is none", GUARD,
           "if (rc && (!again || fault->err.kind != ERR_REFUSED))",
           "if (rc && fault->err.kind != ERR_REFUSED)",
           UNDO + "Archive.test_the_confirmation_is_refused"),
    mutant("guard: a refused way in is somebody else's", GUARD,
           "session_is_usable(guard->session))\n\t\tguard->armed = false;",
           "session_is_usable(guard->session))\n\t\tguard->armed = true;",
           UNIT + "a_refused_way_in_is_not_undone",
           UNDO + "Archive.test_somebody_elses_timer"),
    mutant("guard: a lock that is held is no answer", GUARD,
           "return kind == ERR_REFUSED || kind == ERR_VERIFY;",
           "return true;", UNDO + "Junos.test_cut_at_every_line"),
    mutant("guard: the device's timer is waited for", GUARD,
           "bool timer = guard->armed && guard->how->timer && "
           "!r->called_off;", "bool timer = false;",
           UNDO + "Archive.test_called_off_while_it_waits"),
    mutant("guard: a refused login is not tried again", GUARD,
           "if (kind == ERR_AUTH || kind == ERR_HOST_KEY)",
           "if (kind == ERR_HOST_KEY)",
           UNDO + "Archive.test_a_login_that_is_refused_is_not_repeated"),
    mutant("guard: what a killed worker left armed is taken away", GUARD,
           "return confirm(guard, guard->session, fault);", "return 0;",
           UNIT + "an_undo_that_was_left_is_adopted",
           UNDO + "Archive.test_killed_between_change_and_confirm"),
    mutant("guard: a reload is called off when the old list is back", GUARD,
           "if (ours)\n", "if (false)\n",
           UNDO + "ReloadLists.test_put_back_without_a_reload"),
    mutant("guard: rollback 1 is for a commit that waits", JUNOS,
           "        proof: '^ {0,3}0\\s+\\d{4}-.*\\bcommit confirmed, rollback in '\n",
           "", UNDO + "Junos.test_check_or_commit_fails"),
    mutant("guard: the reload never saves", IOS, "answer: \"no\"",
           "answer: \"yes\"",
           UNIT + "a_reload_is_scheduled_and_nothing_saved",
           UNDO + "NoArchive.test_never_saved_by_the_question"),
]
