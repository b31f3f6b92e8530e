/*
 * What the shipped profiles make of real devices' words about their software.
 * The texts are shortened to the lines that matter and their neighbours.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "base/alloc.h"
#include "base/diag.h"
#include "model/profile.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define MINUTE 60000LL
#define HOUR   (60 * MINUTE)
#define DAY    (24 * HOUR)

static struct profiles shipped;

static const struct profile_image *
image_of(const char *type)
{
	return &profiles_find(&shipped, type)->image;
}

static const struct {
	const char *type, *text;
	int64_t ms, unit_ms; /* -1: it does not say */
} uptimes[] = {
	{ "cisco_ios", "R1 uptime is 1 minute\n", MINUTE, MINUTE },
	{ "cisco_ios", "R1 uptime is 0 minutes\n", 0, MINUTE },
	{ "cisco_ios", "R1 uptime is 2 hours, 3 minutes\r\n",
	    2 * HOUR + 3 * MINUTE, MINUTE },
	{ "cisco_ios",
	    "Uptime for this control processor is 1 minute\n"
	    "R1 uptime is 1 year, 2 weeks, 3 days, 4 hours, 5 minutes\n",
	    (365 + 14 + 3) * DAY + 4 * HOUR + 5 * MINUTE, MINUTE },
	{ "cisco_ios", "R1 uptime is 5 weeks, 10 minutes\n",
	    35 * DAY + 10 * MINUTE, MINUTE },
	{ "cisco_ios", "R1 uptime is unknown\n", -1, 0 },
	{ "cisco_ios", "", -1, 0 },
	{ "cisco_xe", "SW1 uptime is 1 day, 1 hour, 1 minute\n",
	    DAY + HOUR + MINUTE, MINUTE },
	{ "cisco_nxos",
	    "Kernel uptime is 9 day(s), 3 hour(s), 4 minute(s), 5 second(s)\n",
	    9 * DAY + 3 * HOUR + 4 * MINUTE + 5000, 1000 },
	{ "juniper_junos",
	    "System booted: 2026-11-21 02:40:00 UTC (00:00:07 ago)\n", 7000,
	    1000 },
	{ "juniper_junos",
	    "System booted: 2026-11-12 02:40:00 UTC (1w2d 03:04 ago)\n",
	    9 * DAY + 3 * HOUR + 4 * MINUTE, MINUTE },
};

static void
uptimes_are_read(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(uptimes) / sizeof(*uptimes); i++) {
		int64_t ms, unit_ms;
		bool said = profile_uptime(
		    image_of(uptimes[i].type), uptimes[i].text, &ms, &unit_ms);
		if (said != (uptimes[i].ms >= 0) ||
		    (said &&
			(ms != uptimes[i].ms || unit_ms != uptimes[i].unit_ms)))
			fail_msg("%s%lld ms, in units of %lld", uptimes[i].text,
			    (long long)ms, (long long)unit_ms);
	}
}

/* What a pattern finds, all of it, with blanks between. */
static const struct {
	const char *type;
	size_t pattern; /* offset */
	const char *group, *text, *found;
} patterns[] = {
#define OF(type, member) type, offsetof(struct profile_image, member)
	{ OF("cisco_ios", version_is), "version",
	    "Cisco IOS Software, C2900 Software (C2900-UNIVERSALK9-M), Version "
	    "15.7(3)M8, RELEASE SOFTWARE (fc2)\n"
	    "ROM: System Bootstrap, Version 15.0(1r)M15, RELEASE\n"
	    "BOOTLDR: C2960 Boot Loader Version 12.2(44)SE6\n",
	    "15.7(3)M8" },
	{ OF("cisco_xe", version_is), "version",
	    "Cisco IOS XE Software, Version 17.09.04a\n"
	    "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software "
	    "(CAT9K_IOSXE), Version 17.9.4a, RELEASE SOFTWARE (fc3)\n",
	    "17.09.04a 17.9.4a" },
	{ OF("cisco_nxos", version_is), "version",
	    "  BIOS: version 07.69\n  NXOS: version 9.3(13)\n", "9.3(13)" },
	{ OF("cisco_ios", runs), "path",
	    "System image file is \"flash:/c2900.bin\"\n", "flash:/c2900.bin" },
	{ OF("cisco_ios", file_is), "name",
	    "Directory of flash:/\n\n"
	    "    1  -rw-    97794040   Mar 1 1993 00:03:03 +00:00  c2900.bin\n"
	    "    2  drwx         512   Mar 1 1993 00:03:03 +00:00  tracelogs\n"
	    "\n122185728 bytes total (24391688 bytes free)\n",
	    "c2900.bin tracelogs" },
	{ OF("cisco_ios", free_is), "free",
	    "122185728 bytes total (24391688 bytes free)\n", "24391688" },
	{ OF("cisco_nxos", free_is), "free",
	    "Usage for bootflash://sup-local\n  99 bytes used\n"
	    "  123 bytes free\n  222 bytes total\n",
	    "123" },
	{ OF("cisco_nxos", file_is), "size",
	    "       4096    Nov 12 07:00:01 2026  .rpmstore/\n"
	    "  978203648    Nov 12 07:00:01 2026  nxos.9.3.8.bin\n",
	    "4096 978203648" },
	{ OF("cisco_xe", member_is), "member",
	    "Switch/Stack Mac Address : 0c75.bdaa - Local Mac Address\n"
	    "*1       Active   0c75.bdaa.0000     15     V01     Ready\n"
	    " 2       Standby  0c75.bdab.0000     14     V01     Ready\n",
	    "1 2" },
	{ OF("cisco_ios", md5_is), "md5",
	    "....................................Done!\n"
	    "verify /md5 (flash:/x) = 0123456789abcdef0123456789abcdef\n",
	    "0123456789abcdef0123456789abcdef" },
	{ OF("cisco_nxos", md5_is), "md5", "0123456789abcdef0123456789abcdef\n",
	    "0123456789abcdef0123456789abcdef" },
	{ OF("cisco_ios", boot_is), "paths",
	    "boot system flash:a.bin\nboot system switch all flash:b.bin\n"
	    "boot system flash bootflash:c.bin\nboot system \"d:e.bin\"\n",
	    "flash:a.bin flash:b.bin bootflash:c.bin d:e.bin" },
	/* Its loader may be new while the system is old. */
	{ OF("cisco_nxos", version_is), "version",
	    "  kickstart: version 7.3(8)N1(1)\n"
	    "  system:    version 7.1(4)N1(1)\n",
	    "7.1(4)N1(1)" },
	{ OF("cisco_ios", stops_if), "why",
	    "Enable Break        : no\nManual Boot         : yes\n",
	    "Manual Boot         : yes" },
	{ OF("cisco_xe", stops_if), "why",
	    "Manual Boot = no\nEnable Break = yes\n", "" },
};

static void
patterns_find_what_they_should(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		struct strs found = { 0 };
		char all[512] = "";
		const char *base = (const char *)image_of(patterns[i].type);
		profile_pattern_find_all(
		    (const void *)(base + patterns[i].pattern),
		    patterns[i].text, patterns[i].group, &found);
		for (size_t k = 0; k < found.count; k++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all),
			    "%s%s", k ? " " : "", found.items[k]);
		assert_string_equal(all, patterns[i].found);
		strs_clear(&found);
	}
}

static void
registers_are_judged(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool boots;
	} cases[] = {
		{ "Configuration register is 0x2102\n", true },
		{ "Configuration register is 0x102\n", true },
		{ "Configuration register is 0xF\n", true },
		{ "Configuration register is 0x2142\n", false },
		{ "Configuration register is 0x2100\n", false },
		{ "Configuration register is 0x2142 (will be 0x2102 at next "
		  "reload)\n",
		    true },
		{ "Configuration register is 0x2102 (will be 0x2142 at next "
		  "reload)\n",
		    false },
		{ "", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (profile_pattern_matches(&image_of("cisco_ios")->boots_if,
			cases[i].text) != cases[i].boots)
			fail_msg("%s", cases[i].text);
}

static void
boot_lists_keep_their_order(void **state)
{
	(void)state;
	static const struct {
		const char *text, *first, *second;
	} cases[] = {
		{ "BOOT variable = flash:/new.bin,1;flash:/old.bin,1;\n",
		    "flash:/new.bin", "flash:/old.bin" },
		{ "BOOT path-list      : flash:/new.bin;flash:/old.bin\n",
		    "flash:/new.bin", "flash:/old.bin" },
		{ "BOOT variable = flash:packages.conf;\n",
		    "flash:packages.conf", NULL },
		{ "BOOT variable = \nCONFIG_FILE variable = x\n", NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		struct strs paths = { 0 };
		profile_boot_list(&image_of("cisco_ios")->boot_next_is,
		    cases[i].text, &paths);
		size_t count = (size_t)(cases[i].first != NULL) +
		    (size_t)(cases[i].second != NULL);
		assert_int_equal(paths.count, count);
		if (count > 0)
			assert_string_equal(paths.items[0], cases[i].first);
		if (count > 1)
			assert_string_equal(paths.items[1], cases[i].second);
		strs_clear(&paths);
	}
}

static const struct {
	const char *type, *text, *next;
} nexts[] = {
	{ "cisco_ios", "BOOT variable = flash:/new.bin,1;flash:/old.bin,1;\n",
	    "flash:/new.bin " },
	{ "cisco_ios", "BOOT variable = \n", "" },
	/* What was booted is no answer to what will be. */
	{ "cisco_xe",
	    "---------------------------\nSwitch 1\n"
	    "---------------------------\nCurrent Boot Variables:\r\n"
	    "BOOT variable = flash:old.bin;\r\n\r\n"
	    "Boot Variables on next reload:\r\n"
	    "BOOT variable = flash:new.bin;flash:old.bin;\r\n"
	    "Manual Boot = no\r\n",
	    "flash:new.bin " },
	{ "cisco_xe",
	    "Current Boot Variables:\nBOOT variable = flash:new.bin;\n\n"
	    "Boot Variables on next reload:\nBOOT variable does not exist\n",
	    "" },
	{ "cisco_ios",
	    "BOOT path-list      : flash:/new.bin;flash:/old.bin\n\n"
	    "-------------------\nSwitch 2\n-------------------\n"
	    "BOOT path-list      : flash:/old.bin\n",
	    "flash:/new.bin flash:/old.bin " },
	{ "cisco_nxos",
	    "boot nxos bootflash:/a.bin sup-1\n"
	    "boot nxos bootflash:/b.bin sup-2\n",
	    "bootflash:/a.bin bootflash:/b.bin " },
};

static void
each_list_has_its_first(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(nexts) / sizeof(*nexts); i++) {
		struct strs paths = { 0 };
		char all[256] = "";
		profile_boot_next(
		    image_of(nexts[i].type), nexts[i].text, &paths);
		for (size_t k = 0; k < paths.count; k++)
			snprintf(all + strlen(all), sizeof(all) - strlen(all),
			    "%s ", paths.items[k]);
		assert_string_equal(all, nexts[i].next);
		strs_clear(&paths);
	}
}

static void
paths_are_compared(void **state)
{
	(void)state;
	assert_true(profile_path_is_same("flash:/x", "flash:x"));
	assert_true(profile_path_is_same("bootflash:///x", "bootflash:x"));
	assert_true(profile_path_is_same("/var/tmp/x", "/var/tmp/x"));
	assert_false(profile_path_is_same("flash:x", "flash:xy"));
	assert_false(profile_path_is_same("flash:xy", "flash:x"));
	assert_false(profile_path_is_same("flash:x", "usb:x"));
	assert_false(profile_path_is_same("flash:a/x", "flash:ax"));
	assert_false(profile_path_is_same("flash:", "flash:x"));
}

/* A child changes a command and leaves the rest; questions by pattern. */
static void
images_are_inherited(void **state)
{
	(void)state;
	struct profiles profiles;
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	strs_add(&directories, "profiles/good_image");
	assert_int_equal(profiles_load(&profiles, &directories, &diags), 0);
	const struct profile_image
	    *image = &profiles_find(&profiles, "acme_two")->image;
	assert_string_equal(image->version, "show version");
	assert_non_null(image->version_is.re);
	assert_string_equal(image->md5, "sum {{path}}");
	assert_string_equal(image->reload, "reload");
	assert_int_equal(image->auth_wait_ms, 2000);
	assert_int_equal(image->question_count, 2);
	assert_string_equal(image->questions[0].answer, "n");
	assert_null(image->questions[0].unless);
	image = &profiles_find(&profiles, "acme")->image;
	assert_string_equal(image->md5, "md5 {{path}}");
	assert_non_null(image->questions[0].unless);
	profiles_clear(&profiles);
	strs_clear(&directories);
	diags_clear(&diags);
}

static int
set_up(void **state)
{
	(void)state;
	struct strs directories = { 0 };
	struct diags diags = { 0 };
	strs_add(&directories, SOURCE_DIR "/device-profiles");
	int rc = profiles_load(&shipped, &directories, &diags);
	diags_print(&diags);
	diags_clear(&diags);
	strs_clear(&directories);
	return rc ? rc : chdir(SOURCE_DIR "/tests/unit/model");
}

static int
tear_down(void **state)
{
	(void)state;
	profiles_clear(&shipped);
	return 0;
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(uptimes_are_read),
		cmocka_unit_test(patterns_find_what_they_should),
		cmocka_unit_test(registers_are_judged),
		cmocka_unit_test(boot_lists_keep_their_order),
		cmocka_unit_test(each_list_has_its_first),
		cmocka_unit_test(paths_are_compared),
		cmocka_unit_test(images_are_inherited),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
