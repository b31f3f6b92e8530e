"""The whole table. By what the rows are about: see README.md."""

import rows_acl
import rows_guard
import rows_login
import rows_mail
import rows_pull
import rows_reader
import rows_report
import rows_sender
import rows_terms
import rows_upgrade

MUTANTS = rows_sender.MUTANTS + rows_reader.MUTANTS + rows_login.MUTANTS + \
    rows_report.MUTANTS + rows_mail.MUTANTS + rows_acl.MUTANTS + \
    rows_guard.MUTANTS + rows_terms.MUTANTS + rows_upgrade.MUTANTS + \
    rows_pull.MUTANTS
