/*
 * The command line of a device: one place where lines are entered, with its
 * mode. It applies lines to the device and prints answers into a buffer with
 * "\n" line ends; echo, prompts, paging and SSH are the session's.
 */
#ifndef LAB_CLI_H
#define LAB_CLI_H

#include "device.h"
#include "words.h"

#include "base/buf.h"

struct flow;

enum mode {
	MODE_USER,
	MODE_EXEC,
	MODE_CONFIG,
	MODE_EXT_ACL,
	MODE_STD_ACL,
	MODE_IPV6_ACL,
	MODE_ACL, /* NX-OS */
	MODE_INTERFACE,
	MODE_LINE,
	MODE_ROUTER,
	MODE_ARCHIVE, /* IOS */
	MODE__COUNT,
};

#define IN(mode) (1u << (mode))
#define IN_EXEC	 (IN(MODE_USER) | IN(MODE_EXEC))
#define IN_SUB                                                                 \
	(IN(MODE_EXT_ACL) | IN(MODE_STD_ACL) | IN(MODE_IPV6_ACL) |             \
	    IN(MODE_ACL) | IN(MODE_INTERFACE) | IN(MODE_LINE) |                \
	    IN(MODE_ROUTER) | IN(MODE_ARCHIVE))
#define IN_CONFIG (IN(MODE_CONFIG) | IN_SUB)

struct cli {
	struct device *device;
	struct config *config; /* that lines go into: running or a candidate */
	unsigned session; /* its number, for the witness */
	uint32_t peer; /* where its client is, in host byte order */
	enum mode mode;
	char *object; /* of a sub-mode: ACL name or section header */
	struct buf *out;
	bool refused; /* the last line was */
	bool closing; /* the last line ended the session */
	bool saved; /* the last line saved */
	bool changed; /* the last line changed the device, outside config */
	bool asks_not; /* NX-OS: terminal dont-ask */
	bool monitor; /* logs appear on this terminal */
	char *late; /* what appears behind the next prompt */
	bool reads_text; /* lines are text up to Ctrl-D: no prompt, no echo */
	bool one_key; /* the question takes a key, without Return */
	int64_t minutes; /* IOS: of the reload that is asked about */
	bool unkept; /* NX-OS: the last line is none of its session */
	struct nxos_session *work; /* NX-OS: configure session */
	int lines_read; /* of the text that is read */
	size_t flood; /* bytes of its output that the session makes up */
	bool apply; /* false: judge the line only (fault apply_nothing) */
	int length, width; /* of the terminal; 0 = without end */
	size_t prompt_len; /* columns before the line, for carets */

	/* Work that takes its time: what each step printed is shown. */
	struct task {
		bool (*step)(struct cli *cli); /* false: it is over */
		int64_t ms; /* between two steps */
		void *data;
		void (*free)(void *data); /* may be NULL */
	} task;

	/* A question in progress: the next line goes to answer(). */
	const char *question;
	char *asked; /* owned, when the question was made for the moment */
	void *talk; /* what its questions are about */
	void (*talk_free)(void *talk);
	bool secret;
	int tries;
	void (*answer)(struct cli *cli, const char *line);

	/* A banner that is read: which, up to what, so far. */
	char *what, *text;
	char mark;
};

/*
 * A command: in which modes, which words, what to do. Words of a pattern:
 * a keyword (may be abbreviated); <name> a value that is part of a setting's
 * name, <#n> a number, <@a> an IPv4 address; the same with = in front for
 * what it is set to (=name, =#n, =@a); ...text takes all that follows.
 */
struct command {
	unsigned modes;
	const char *pattern;
	void (*run)(struct cli *cli, const struct command *command,
	    const struct words *words, size_t first);
	bool negatable; /* has a `no` form; cli_is_no() tells */
};

enum complaint {
	COMPLAIN_INVALID,
	COMPLAIN_INCOMPLETE,
	COMPLAIN_AMBIGUOUS,
	COMPLAIN_UNKNOWN, /* nothing like it in exec mode */
};

/* All that differs between platforms. */
struct platform {
	const char *device_type;
	const struct command *commands; /* ends in a row without a pattern */
	const char *const *mode_names; /* what stands in the prompt's () */
	const char *prompt_tail; /* after # or > */
	const char *more, *more_erase;
	bool underscore; /* `_` in its regexes stands for a delimiter */
	bool exec_in_config; /* exec commands need no `do` there */
	bool empty_permits; /* an applied list without entries */
	const char *way; /* the interface that clients come in by, or NULL */
	bool (*permits)(const struct device *device, const struct flow *flow,
	    struct buf *why);
	void (*prompt)(const struct cli *cli, struct buf *out); /* or NULL */
	/* What a line did is over; it stood in MODE and OBJECT. Or NULL. */
	void (*after_line)(struct cli *cli, enum mode mode, const char *object,
	    const char *line);
	void (*leave)(struct cli *cli); /* the terminal is gone; or NULL */
	const char *version, *image; /* that its devices run */
	const char *file_system; /* "flash:/" */
	/* Lines that its servers need, NULL: none. */
	const char *scp_needs, *sftp_needs;
	bool sftp; /* it has such a server */
	bool shell; /* that reads the command of an scp */
	int64_t config_register; /* 0: it has none */
	bool installed; /* what runs is kept elsewhere than in flash */
	bool install; /* knows `install add` */
	int64_t line_limit;
	enum acl_kind acl_kinds[MODE__COUNT];
	void (*complain)(struct cli *cli, enum complaint what, size_t offset,
	    const char *word);
	void (*complain_acl)(struct cli *cli, enum acl_answer answer,
	    size_t offset, const char *word);
	void (*print_config)(const struct device *device, struct buf *out);
	/* What stands above a running configuration of LEN bytes when it is
	 * shown: clocks and counts, never the same twice. */
	void (*print_head)(
	    const struct device *device, size_t len, struct buf *out);
};

const struct platform *platform_find(const char *device_type);
extern const struct platform platform_ios, platform_xe, platform_nxos,
    platform_junos;

void cli_init(struct cli *cli, struct device *device, struct buf *out);
void cli_clear(struct cli *cli);
void cli_prompt(const struct cli *cli, struct buf *out);
const char *cli_mode_name(enum mode mode);
bool cli_in_config(const struct cli *cli);

/* Runs one line, or hands it to the question in progress. */
void cli_line(struct cli *cli, const char *line);

/* Enters every line of TEXT as configuration; -1 with ERR naming the first
 * line that was refused. */
int cli_load(struct device *device, const char *text, struct err *err);

/* For handlers. */
void cli_enter(struct cli *cli, enum mode mode, const char *object);
void cli_ask(struct cli *cli, const char *question, bool secret,
    void (*answer)(struct cli *cli, const char *line));
void cli_askf(struct cli *cli, void (*answer)(struct cli *cli, const char *),
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* What the questions that follow are about; given free in the end. */
void cli_talk(struct cli *cli, void *talk, void (*talk_free)(void *talk));
void cli_refuse(struct cli *cli, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void cli_start(struct cli *cli, int64_t step_ms, bool (*step)(struct cli *cli),
    void *data, void (*free)(void *data));
/* One step; false when the task is over, and forgotten. */
bool cli_step(struct cli *cli);
/* The device goes down when what was printed so far is on its way; WHY is
 * constant. Takes the place of the task in progress. */
void cli_reload(struct cli *cli, const char *why);
/* The fault of KIND that acts on LINE, noted; NULL when there is none. */
const struct fault *cli_fault(
    struct cli *cli, enum fault_kind kind, const char *line);

/* The address that the device takes its client for. */
const char *cli_client(const struct cli *cli, char text[16]);

bool cli_is_no(const struct words *words, size_t first);

/* The line with its keywords written out, as a configuration shows it. */
char *cli_canonical(
    const struct command *command, const struct words *words, size_t first);

/* Handlers that platforms share (common.c). */
#define HANDLER(name)                                                          \
	void name(struct cli *cli, const struct command *command,              \
	    const struct words *words, size_t first)
HANDLER(do_nothing);
HANDLER(do_configure);
HANDLER(do_end);
HANDLER(do_exit);
HANDLER(do_close);
HANDLER(do_terminal_length);
HANDLER(do_terminal_monitor);
HANDLER(do_terminal_width);
HANDLER(do_hostname);
HANDLER(do_global);
HANDLER(do_banner);
HANDLER(do_line_of_section);
HANDLER(do_interface);
HANDLER(do_section);
HANDLER(do_show_clock);
HANDLER(do_show_running);
HANDLER(do_show_startup);
HANDLER(do_show_tech);
HANDLER(do_resequence);

#endif
