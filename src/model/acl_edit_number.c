/*
 * Numbers for what is added, between those that stay. A number that the
 * device has now is never given to another entry: lines may then come in any
 * order, and a refused one does not put the next at a wrong place.
 */
#include "acl_edit_parts.h"

#define RENUMBER_STEP 1000

/* Where a run of new entries goes: between the numbers LOW and HIGH. */
struct gap {
	struct draft *draft;
	size_t first, count; /* positions in want */
	uint64_t low, high;
	size_t old, old_end; /* positions in have of what goes from there */
};

static bool
is_tail(const struct gap *gap)
{
	return gap->old_end == gap->draft->have.count;
}

static uint32_t *
number_of(const struct gap *gap, size_t i)
{
	return &gap->draft->want.numbers[gap->first + i];
}

static bool
is_held(const struct gap *gap, uint64_t number)
{
	size_t low = gap->old, high = gap->old_end;
	const uint32_t *numbers = gap->draft->have.numbers;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (numbers[middle] == number)
			return true;
		if (numbers[middle] < number)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* The numbers that the user has in mind, if they fit. */
static bool
as_wished(const struct gap *gap)
{
	uint64_t last = gap->low;
	for (size_t i = 0; i < gap->count; i++) {
		uint64_t number = side_entry(&gap->draft->want, gap->first + i)
				      ->sequence;
		if (number <= last || number >= gap->high ||
		    is_held(gap, number))
			return false;
		*number_of(gap, i) = (uint32_t)number;
		last = number;
	}
	return true;
}

/* Behind all that is there, in the platform's steps. */
static bool
behind(const struct gap *gap)
{
	uint64_t number = gap->low, step = gap->draft->ask->dialect->step;
	if (!is_tail(gap))
		return false;
	if (gap->old < gap->old_end)
		number = gap->draft->have.numbers[gap->old_end - 1];
	if (number + step * gap->count >= gap->high)
		return false;
	for (size_t i = 0; i < gap->count; i++)
		*number_of(gap, i) = (uint32_t)(number += step);
	return true;
}

/* Evenly from the I-th on, or with STRIDE 1 as close as it goes. */
static bool
spread(const struct gap *gap, size_t i, uint64_t low, uint64_t stride)
{
	uint64_t last = low, start = low;
	for (size_t k = 0; i < gap->count; i++, k++) {
		uint64_t number = start + stride * (k + 1);
		if (number <= last)
			number = last + 1;
		while (number < gap->high && is_held(gap, number))
			number++;
		if (number >= gap->high)
			return false;
		*number_of(gap, i) = (uint32_t)number;
		last = number;
	}
	return true;
}

/* One old entry's number for each new entry, as far as they go. */
static bool
by_reuse(const struct gap *gap)
{
	size_t i = 0, old = gap->old;
	uint64_t low = gap->low;
	while (i < gap->count && old < gap->old_end) {
		low = gap->draft->have.numbers[old++];
		*number_of(gap, i++) = (uint32_t)low;
	}
	return i == gap->count ||
	    spread(gap, i, low, (gap->high - low) / (gap->count - i + 1)) ||
	    spread(gap, i, low, 1);
}

static bool
fill(const struct gap *gap)
{
	if (gap->draft->reuse)
		return by_reuse(gap);
	uint64_t stride = (gap->high - gap->low) / (gap->count + 1);
	return as_wished(gap) || behind(gap) ||
	    (stride && spread(gap, 0, gap->low, stride)) ||
	    spread(gap, 0, gap->low, 1);
}

static bool
fill_all(struct draft *draft)
{
	const struct side *have = &draft->have, *want = &draft->want;
	struct gap gap = { .draft = draft };
	uint64_t end = (uint64_t)draft->ask->dialect->number_max + 1;
	size_t i = 0, old = 0;
	while (i < want->count) {
		if (want->pair[i] != NOWHERE) {
			old = want->pair[i];
			want->numbers[i] = have->numbers[old++];
			gap.low = want->numbers[i++];
			continue;
		}
		gap.first = i;
		while (i < want->count && want->pair[i] == NOWHERE)
			i++;
		gap.count = i - gap.first;
		gap.old = old;
		gap.old_end = i < want->count ? want->pair[i] : have->count;
		gap.high = i < want->count ? have->numbers[gap.old_end] : end;
		if (!fill(&gap))
			return false;
	}
	return true;
}

/* The numbers as the device shows them; false if they are of no use. */
static bool
take_shown(struct draft *draft)
{
	uint32_t last = 0;
	for (size_t i = 0; i < draft->have.count; i++) {
		uint32_t number = side_entry(&draft->have, i)->sequence;
		if (number <= last || number > draft->ask->dialect->number_max)
			return false;
		draft->have.numbers[i] = last = number;
	}
	return true;
}

static size_t
longest_run(const struct side *want)
{
	size_t longest = 0, run = 0;
	for (size_t i = 0; i < want->count; i++) {
		run = want->pair[i] == NOWHERE ? run + 1 : 0;
		if (run > longest)
			longest = run;
	}
	return longest;
}

static bool
renumber(struct draft *draft)
{
	uint64_t step = RENUMBER_STEP;
	if (!draft->writing->resequence || !draft->have.count)
		return false;
	while (step <= longest_run(&draft->want))
		step *= 10;
	if (step * (draft->have.count + 1) > draft->ask->dialect->number_max)
		return false;
	draft->renumber = (uint32_t)step;
	for (size_t i = 0; i < draft->have.count; i++)
		draft->have.numbers[i] = (uint32_t)(step * (i + 1));
	return fill_all(draft);
}

bool
draft_number(struct draft *draft)
{
	draft->renumber = 0;
	return (take_shown(draft) && fill_all(draft)) || renumber(draft);
}
