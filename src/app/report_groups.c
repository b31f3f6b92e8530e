/* Devices of which the same can be said, told of once. */
#include "report_parts.h"

#include "base/alloc.h"
#include "base/buf.h"
#include "base/str.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_LIMIT_BYTES (1u << 20)

const struct ledger_device *
report_first(const struct report *report, const struct report_group *group)
{
	return &report->view->ledger->devices[group->entries[0].device];
}

/* Could C belong to a name that goes on? */
static bool
is_name_byte(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-';
}

/* NAME stands at TEXT[at] as a word of its own. */
static bool
is_word(const char *text, size_t at, const char *name)
{
	size_t len = strlen(name);
	return len && strncmp(text + at, name, len) == 0 &&
	    !(at && is_name_byte(text[at - 1])) &&
	    !is_name_byte(text[at + len]);
}

char *
report_common_text(const struct ledger_device *device, const char *text)
{
	struct buf out;
	buf_init(&out, TEXT_LIMIT_BYTES);
	for (size_t i = 0; text[i];) {
		if (is_word(text, i, device->hostname)) {
			buf_adds(&out, "<hostname>");
			i += strlen(device->hostname);
		} else if (is_word(text, i, device->address)) {
			buf_adds(&out, "<address>");
			i += strlen(device->address);
		} else {
			buf_addc(&out, text[i++]);
		}
	}
	return buf_take(&out);
}

static enum report_rank
rank_of(enum device_status status)
{
	switch (status) {
	case DEVICE_CHANGED:
	case DEVICE_UNCHANGED:
		return RANK_SUCCESS;
	case DEVICE_UNKNOWN:
		return RANK_UNKNOWN;
	case DEVICE_ROLLED_BACK:
		return RANK_ROLLED_BACK;
	case DEVICE_SKIPPED:
		return RANK_SKIPPED;
	case DEVICE_PENDING:
		return RANK_PENDING;
	default:
		return RANK_FAILED;
	}
}

/*
 * Successes by status and output; what was skipped by why; failures by kind,
 * stage and text. What an unknown device showed last is its own state: one
 * that shows something else is told of by itself.
 */
static uint64_t
key_of(const struct report *report, const struct ledger_device *device,
    enum report_rank rank)
{
	uint64_t key = STR_HASH_START;
	if (rank == RANK_PENDING)
		return key;
	if (rank == RANK_SUCCESS)
		return (device->output_hash ^
			   (report->diff ? device->diff_hash : 0)) *
		    2 +
		    (device->status == DEVICE_CHANGED);
	if (device->message) {
		char *text = report_common_text(device, device->message);
		key = str_hash(key, text);
		free(text);
	}
	if (rank == RANK_SKIPPED)
		return key;
	key = str_hash(key, err_kind_name(device->error));
	key = str_hash(key, stage_name(device->stage));
	key = str_hash(key, ledger_preface(device));
	return rank == RANK_UNKNOWN ? key ^ device->output_hash : key;
}

static int
compare_entries(const void *left, const void *right)
{
	const struct report_entry *a = left, *b = right;
	if (a->rank != b->rank)
		return a->rank < b->rank ? -1 : 1;
	if (a->key != b->key)
		return a->key < b->key ? -1 : 1;
	return a->device < b->device ? -1 : a->device > b->device;
}

static int
compare_groups(const void *left, const void *right)
{
	const struct report_group *a = left, *b = right;
	if (a->entries->rank != b->entries->rank)
		return a->entries->rank < b->entries->rank ? -1 : 1;
	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return a->entries->device < b->entries->device ? -1 : 1;
}

void
report_group_devices(struct report *report)
{
	const struct ledger *ledger = report->view->ledger;
	size_t count = ledger->count;
	report->entries = xcalloc(count + 1, sizeof(*report->entries));
	report->groups = xcalloc(count + 1, sizeof(*report->groups));
	report->group_count = 0;
	for (size_t i = 0; i < count; i++) {
		enum report_rank rank = rank_of(ledger->devices[i].status);
		report->entries[i] = (struct report_entry){
			.rank = rank,
			.key = key_of(report, &ledger->devices[i], rank),
			.device = i,
		};
	}
	qsort(
	    report->entries, count, sizeof(*report->entries), compare_entries);
	for (size_t i = 0, end; i < count; i = end) {
		const struct report_entry *first = &report->entries[i];
		for (end = i + 1; end < count; end++)
			if (report->entries[end].rank != first->rank ||
			    report->entries[end].key != first->key)
				break;
		report->groups[report->group_count++] = (struct report_group){
			.entries = first,
			.count = end - i,
		};
	}
	qsort(report->groups, report->group_count, sizeof(*report->groups),
	    compare_groups);
}
