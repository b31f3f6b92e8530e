/*
 * Access lists from hostile text. The first byte of the input picks the
 * dialect, the rest is both what the user wants and what the device shows.
 * Whatever it is: a list equals itself, a refused text leaves no list behind,
 * and nothing is left to send to a list that has it all (FRR apart, where a
 * number given twice replaces its entry).
 */
#include "model/acl.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/err.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

static const struct acl_dialect *
pick(const unsigned char **data, size_t *size)
{
	static const char *const names[] = { "ios", "nxos", "frr", "eos",
		"junos" };
	size_t i = 0;
	if (*size) {
		i = **data == 'J' ? 4 : **data % 4;
		(*data)++;
		(*size)--;
	}
	return acl_dialect_find(names[i]);
}

static void
must(bool holds)
{
	if (!holds)
		abort();
}

static void
check_self(const struct acl *acl)
{
	struct buf diff;
	buf_init(&diff, 1 << 20);
	must(acl_equal(acl, acl, &diff));
	must(diff.len == 0);
	buf_clear(&diff);
}

static void
check_device(const struct acl_dialect *dialect, const char *text)
{
	struct strs outputs = { 0 }, nothing = { 0 }, send = { 0 };
	struct acl acl, same;
	struct err err = { 0 };
	strs_add(&outputs, text);
	if (acl_read(&acl, dialect, "L", &outputs, &err) == 0) {
		check_self(&acl);
		must(acl_append(&same, &send, dialect, ACL_ANY, &acl, &nothing,
			 &err) == 0);
		must(send.count == 0);
		check_self(&same);
		acl_clear(&same);
	} else {
		must(!acl.present && acl.count == 0);
		must(err.kind == ERR_VERIFY);
	}
	acl_clear(&acl);
	strs_add(&outputs, text);
	(void)acl_read(&acl, dialect, "L", &outputs, NULL);
	acl_clear(&acl);
	strs_clear(&outputs);
}

static void
check_wanted(const struct acl_dialect *dialect, const char *text)
{
	struct strs lines = { 0 }, send = { 0 }, again = { 0 };
	struct acl wanted, appended, absent = { 0 }, repeated;
	struct err err = { 0 };
	struct buf diff;
	strs_add_lines(&lines, text);
	buf_init(&diff, 1 << 16);
	must(acl_wanted(&wanted, dialect, ACL_ANY, &lines, &err) == 0);
	check_self(&wanted);
	must(acl_append(&appended, &send, dialect, ACL_ANY, &absent, &lines,
		 &err) == 0);
	must(acl_equal(&wanted, &appended, &diff) == (diff.len == 0));
	must(acl_append(&repeated, &again, dialect, ACL_ANY, &wanted, &lines,
		 &err) == 0);
	must(again.count == 0 || strcmp(acl_dialect_name(dialect), "frr") == 0);
	acl_clear(&wanted);
	acl_clear(&appended);
	acl_clear(&repeated);
	buf_clear(&diff);
	strs_clear(&lines);
	strs_clear(&send);
	strs_clear(&again);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	const struct acl_dialect *dialect = pick(&data, &size);
	char *text = xstrndup((const char *)data, size);
	check_device(dialect, text);
	check_wanted(dialect, text);
	free(text);
	return 0;
}
