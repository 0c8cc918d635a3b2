/* moa.h: plugins for the chat bot Moa, in C.
 *
 *     #include "moa.h"
 *
 *     static moa_status hi(moa_ctx *ctx) {
 *         return moa_reply(ctx, "Hello, %s!", moa_plain(ctx, moa_who(ctx)->display_name));
 *     }
 *
 *     MOA_PLUGIN(.name = "hello", .commands = MOA_COMMANDS({.name = "hi", .run = hi}));
 *
 * A plugin is a table: commands, patterns, buttons, each with the function that runs. `moa build` makes a component of it.
 *
 * Every call gets a fresh instance: nothing in a variable outlives it, and what must last goes into the brain. All memory
 * that comes from here lives until the call ends, and nobody frees it. Text is UTF-8 and ends with a zero byte; where a
 * length stands beside it (`name`, `name_len`), the text may have zero bytes of its own. A pointer that may be NULL says so.
 *
 * The records below are laid out as the host hands them over, so nothing is copied on the way in. */
#ifndef MOA_H
#define MOA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define MOA_FORMAT(text, first) __attribute__((__format__(__printf__, text, first)))

/* ---- How things end ------------------------------------------------------------------------------------------------ */

/* What a function of the host answers, and what a handler ends with. A handler may return a refusal of the host as it is:
 * it becomes a failure for the operator to read. */
typedef enum moa_status {
    MOA_OK,
    MOA_ACCESS_DENIED, /* Not requested in the manifest, or not granted. */
    MOA_NOT_FOUND,     /* What the call names is not there. */
    MOA_INVALID,       /* The request makes no sense; trying again is useless. */
    MOA_CONFLICT,      /* Another writer was first: read again and decide anew. */
    MOA_OVER_LIMIT,    /* Past a limit of size, number or rate. */
    MOA_UNAVAILABLE,   /* Not now; later may help. */
    MOA_UNCERTAIN,     /* An earlier attempt of this call may have done it, and it is not safe to do twice. */
    MOA_UNSUPPORTED,   /* This host, or the chat service behind it, has no such thing. */
    MOA_FAILED,        /* The plugin itself failed: moa_usage, moa_rejected, moa_retry, moa_fail. */
} moa_status;

/* What a handler gets, and nearly every function here wants: the call that is going on. */
typedef struct moa_ctx moa_ctx;
/* What runs: a command, a pattern that matched, a press, an event, a job, a request. */
typedef moa_status moa_handler(moa_ctx *ctx);

/* The name of a refusal: "access-denied". */
const char *moa_status_name(moa_status status);
/* What the host said when it last refused something. For the operator; decide by the status alone. */
const char *moa_error(moa_ctx *ctx);

/* Used wrongly: the person is shown the text, followed by the command's right form. */
moa_status moa_usage(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
/* Understood and refused: the person is shown the text. */
moa_status moa_rejected(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
/* To be tried again in so many seconds, as the same invocation. */
moa_status moa_retry(moa_ctx *ctx, uint32_t seconds);
/* Something inside the plugin went wrong: the operator is shown the text, with file and line. */
#define moa_fail(ctx, ...) moa_fail_at(ctx, __FILE__, __LINE__, __VA_ARGS__)
/* Ends the call at once, from wherever it is: the operator is shown the text, with file and line. */
#define moa_panic(...) moa_panic_at(__FILE__, __LINE__, __VA_ARGS__)
/* Passes on what went wrong: MOA_TRY(moa_brain_set(ctx, at, "key", "value")); */
#define MOA_TRY(call)                                                                                                    \
    do {                                                                                                                 \
        moa_status moa_try_ = (call);                                                                                    \
        if (moa_try_ != MOA_OK) return moa_passed_at(__FILE__, __LINE__, moa_try_);                                      \
    } while (0)

moa_status moa_fail_at(moa_ctx *ctx, const char *file, int line, const char *format, ...) MOA_FORMAT(4, 5);
void moa_panic_at(const char *file, int line, const char *format, ...) MOA_FORMAT(3, 4) __attribute__((noreturn));
moa_status moa_passed_at(const char *file, int line, moa_status status);

/* ---- Memory and text ------------------------------------------------------------------------------------------------ */

/* Text or bytes with a length. A zero byte stands behind. */
typedef struct moa_str {
    const char *text;
    size_t len;
} moa_str;

typedef struct moa_strings {
    const moa_str *items;
    size_t count;
} moa_strings;

/* Zeroed memory for the rest of the call. It never returns NULL: without memory the call ends. */
void *moa_alloc(moa_ctx *ctx, size_t size);
/* As printf, into memory of the call. */
char *moa_format(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
/* Adds to a text that begins as NULL: char *list = NULL; moa_append(ctx, &list, "%s\n", name);
 * It grows in place where it can: what pointed to it before may show what was added. */
void moa_append(moa_ctx *ctx, char **text, const char *format, ...) MOA_FORMAT(3, 4);
/* Foreign text made plain: what would be markup or a mention in it is shown as it stands. For names and whatever else
 * people chose. */
const char *moa_plain(moa_ctx *ctx, const char *text);
/* A table in a code block, columns below each other: the first row is the heading, a column of numbers is aligned to the
 * right. Cells may be foreign text, and rows of different lengths. moa_reply_table is shorter for what a query found. */
const char *moa_table(moa_ctx *ctx, const moa_strings *rows, size_t count);
/* How many columns a text takes where letters are of one width: Korean letters and most emoji take two. */
size_t moa_width(const char *text);
/* The Korean text for people who read Korean, the English one for all others. */
const char *moa_pick(moa_ctx *ctx, const char *ko, const char *en) __attribute__((__format_arg__(2), __format_arg__(3)));

/* ---- What the chat is made of --------------------------------------------------------------------------------------- */

enum { MOA_CHANNEL, MOA_GROUP, MOA_DIRECT };

/* Where messages are. The conversation and each thread in it are different places. */
typedef struct moa_place {
    const char *service; /* "slack", … */
    size_t service_len;
    const char *conversation; /* The service's id. */
    size_t conversation_len;
    bool has_thread;
    const char *thread; /* The id of the thread's first message; NULL for the conversation itself. */
    size_t thread_len;
    uint8_t kind; /* MOA_CHANNEL, MOA_GROUP, MOA_DIRECT. */
} moa_place;

/* A conversation by its id alone, as it stands in a configuration: "C0123456789", "jandi:lunch", "incoming:ops". For what has
 * no place of its own, a job or a webhook; it needs the request `conversations`. */
moa_place moa_place_of(const char *conversation);
/* "channel", "group" or "direct". */
const char *moa_kind_name(uint8_t kind);

/* A person, or a program with an account. Only the id may decide what somebody is allowed to do. */
typedef struct moa_user {
    const char *id;
    size_t id_len;
    const char *name; /* The account's name. */
    size_t name_len;
    const char *display_name; /* What people see. */
    size_t display_name_len;
    bool has_locale;
    const char *locale; /* NULL where the service does not tell. */
    size_t locale_len;
    bool has_timezone;
    const char *timezone; /* NULL where the service does not tell. */
    size_t timezone_len;
    bool bot;
} moa_user;

typedef struct moa_conversation {
    const char *id;
    size_t id_len;
    const char *name; /* Without "#"; empty for direct conversations. */
    size_t name_len;
    uint8_t kind;
    const char *topic; /* Empty where none is set. */
    size_t topic_len;
} moa_conversation;

/* The address of a message. */
typedef struct moa_message_ref {
    moa_place place;
    const char *id; /* Empty for a message that can be neither edited nor deleted. */
    size_t id_len;
} moa_message_ref;

enum { MOA_MENTION_USER, MOA_MENTION_CONVERSATION, MOA_MENTION_GROUP, MOA_MENTION_EVERYONE, MOA_MENTION_LINK };

/* Something in a text that is more than text. */
typedef struct moa_mention {
    uint8_t kind;
    const char *id; /* Of the person, conversation or group; "channel", "here" or "everyone"; a link's address. */
    size_t id_len;
    const char *label; /* Of a link alone; otherwise NULL. */
    size_t label_len;
} moa_mention;

/* A file on a message: moa_download brings its content. */
typedef struct moa_file {
    const char *id;
    size_t id_len;
    const char *name; /* Not safe as a path. */
    size_t name_len;
    const char *mime;
    size_t mime_len;
    uint32_t size; /* 4294967295 for anything that large or larger. */
} moa_file;

typedef struct moa_message {
    moa_message_ref ref;
    moa_user author;
    const char *text; /* Mentions stand in it as plain names: repeating it calls nobody. */
    size_t text_len;
    const char *raw; /* As the service sent it. */
    size_t raw_len;
    const moa_mention *mentions;
    size_t mention_count;
    const moa_file *files;
    size_t file_count;
    const char *time;
    size_t time_len;
    bool edited;
} moa_message;

typedef struct moa_messages {
    const moa_message *items;
    size_t count;
} moa_messages;

/* ---- The call -------------------------------------------------------------------------------------------------------- */

/* The same however often the call is repeated: good as a key against doing something twice. */
const char *moa_id(moa_ctx *ctx);
/* When the event of the call arrived, RFC 3339 in UTC. */
const char *moa_time(moa_ctx *ctx);
/* 1 for the first try. */
uint32_t moa_attempt(moa_ctx *ctx);
/* The language to answer in, with region ("en-GB") and without ("en"); the time zone to speak of ("Asia/Seoul"). */
const char *moa_locale(moa_ctx *ctx);
const char *moa_language(moa_ctx *ctx);
const char *moa_timezone(moa_ctx *ctx);
/* Who wrote, pressed or did it. Empty in a job or a request. */
const moa_user *moa_who(moa_ctx *ctx);
/* Where. */
const moa_place *moa_here(moa_ctx *ctx);
/* The message that carried the command or was heard. Of the message that a press or an event is about only the address is
 * known, unless it was edited. */
const moa_message *moa_message_of(moa_ctx *ctx);

/* The command's name in the manifest; of its subcommands the first, second, …, or NULL. */
const char *moa_command_name(moa_ctx *ctx);
const char *moa_subcommand(moa_ctx *ctx, size_t at);
/* Everything behind the command words as typed, and the same split at blanks. */
const char *moa_rest(moa_ctx *ctx);
moa_strings moa_tokens(moa_ctx *ctx);

/* The arguments by the names in the manifest; `otherwise` where one was not given and has no default. */
bool moa_has(moa_ctx *ctx, const char *name);
/* Of MOA_STRING, MOA_REST, MOA_CHOICE, MOA_DATE ("2026-11-21") and MOA_TIME ("09:50:00"). */
const char *moa_arg_text(moa_ctx *ctx, const char *name, const char *otherwise);
int64_t moa_arg_int(moa_ctx *ctx, const char *name, int64_t otherwise);
double moa_arg_float(moa_ctx *ctx, const char *name, double otherwise);
bool moa_arg_bool(moa_ctx *ctx, const char *name, bool otherwise);
/* Of MOA_DURATION. */
uint32_t moa_arg_seconds(moa_ctx *ctx, const char *name, uint32_t otherwise);
/* NULL where it was not given. */
const moa_user *moa_arg_user(moa_ctx *ctx, const char *name);
const moa_conversation *moa_arg_conversation(moa_ctx *ctx, const char *name);
/* Without items where it was not given. */
moa_strings moa_arg_list(moa_ctx *ctx, const char *name);

/* The id of the pattern that matched, and what it captured: 0 is the whole match, then each group; NULL for a group that
 * took no part, and beyond the last. */
const char *moa_pattern(moa_ctx *ctx);
size_t moa_capture_count(moa_ctx *ctx);
const char *moa_capture(moa_ctx *ctx, size_t group);

/* ---- Messages to send ------------------------------------------------------------------------------------------------ */

/* A message in the making. Texts that are given are copied. */
typedef struct moa_content moa_content;

enum { MOA_EVERYONE, MOA_THREAD, MOA_BROADCAST, MOA_ASKER };
enum { MOA_NORMAL, MOA_PRIMARY, MOA_DANGER };

/* A named value in a card; lists of them end with an empty one. */
typedef struct moa_field {
    const char *title;
    const char *value;
    bool wide; /* Too long to stand beside another. */
} moa_field;

/* A framed block. What is NULL is not there. */
typedef struct moa_card {
    const char *pretext;
    const char *title;
    const char *link;
    const char *text;
    const char *color; /* "#RRGGBB", "good", "warning" or "danger". */
    const moa_field *fields;
    const char *image;
    const char *footer;
} moa_card;

typedef struct moa_button {
    const char *id; /* Comes back with the press. */
    const char *label;
    const char *value; /* Comes back too. */
    uint8_t style;     /* MOA_NORMAL, MOA_PRIMARY, MOA_DANGER. */
    const char *confirm; /* A question before the press counts; NULL for none. */
} moa_button;

/* A line of a menu; lists of them end with an empty one. */
typedef struct moa_choice {
    const char *label;
    const char *value;
} moa_choice;

typedef struct moa_select {
    const char *id;
    const char *placeholder;
    const moa_choice *choices;
} moa_select;

#define MOA_FIELDS(...) ((const moa_field[]){__VA_ARGS__, {0}})
#define MOA_CHOICES(...) ((const moa_choice[]){__VA_ARGS__, {0}})

/* With a text in portable markup, or without one. */
moa_content *moa_text(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
moa_content *moa_empty(moa_ctx *ctx);
/* moa_add_card(content, (moa_card){.title = "Lunch", .fields = MOA_FIELDS({.title = "Soup", .value = "3"})}); */
void moa_add_card(moa_content *content, moa_card card);
void moa_add_button(moa_content *content, moa_button button);
void moa_add_select(moa_content *content, moa_select select);
void moa_add_link(moa_content *content, const char *label, const char *address);
/* Who sees it: MOA_EVERYONE, MOA_THREAD, MOA_BROADCAST, MOA_ASKER. */
void moa_to(moa_content *content, uint8_t audience);
/* Another sender's name, and an address or ":emoji:" for the icon (may be empty). */
void moa_sender(moa_content *content, const char *name, const char *icon);
/* A JSON object of the service's own message arguments, merged last. */
void moa_native(moa_content *content, const char *json);

/* The answer to a command, a message that was heard or a press. The last one counts. */
moa_status moa_reply(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
moa_status moa_reply_with(moa_ctx *ctx, const moa_content *content);

/* ---- Chat ------------------------------------------------------------------------------------------------------------- */

/* A message to where the call came from, at once. */
moa_status moa_say(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
/* `sent` becomes its address; it may be NULL. */
moa_status moa_send(moa_ctx *ctx, const moa_place *to, const moa_content *what, moa_message_ref *sent);
moa_status moa_edit(moa_ctx *ctx, const moa_message_ref *which, const moa_content *what);
moa_status moa_delete(moa_ctx *ctx, const moa_message_ref *which);
/* "thumbsup" or "👍". */
moa_status moa_react(moa_ctx *ctx, const moa_message_ref *which, const char *emoji);
moa_status moa_unreact(moa_ctx *ctx, const moa_message_ref *which, const char *emoji);
/* `comment` and `id` may be NULL. */
moa_status moa_upload(moa_ctx *ctx, const moa_place *to, const char *name, moa_str data, const char *comment,
                      const char **id);
moa_status moa_download(moa_ctx *ctx, const char *file, moa_str *data);
moa_status moa_open_direct(moa_ctx *ctx, const char *user, moa_place *place);
/* `trigger` is the press's; `view` comes from moa_form_json. */
moa_status moa_open_modal(moa_ctx *ctx, const char *trigger, const char *view);
moa_status moa_get_user(moa_ctx *ctx, const char *id, moa_user *user);
moa_status moa_get_conversation(moa_ctx *ctx, const char *id, moa_conversation *conversation);
/* All members' ids. */
moa_status moa_members(moa_ctx *ctx, const char *conversation, moa_strings *ids);
/* Newest first, 1 to 200; `before` is a message's id, or NULL for the newest. */
moa_status moa_history(moa_ctx *ctx, const moa_place *at, const char *before, uint32_t limit, moa_messages *messages);
/* The answer arrives at the handler of this id in the plugin's `answers`. */
moa_status moa_ask(moa_ctx *ctx, const moa_place *to, const char *who, const char *id, const moa_content *what,
                   uint32_t wait_seconds, moa_message_ref *sent);
/* The thread of a day ("2026-11-20", or any text) in a conversation: the first call for a day sends `head`, and below it
 * `guide`, which may be NULL; every later one finds it in the plugin's brain, where plugins in other languages look too. */
moa_status moa_daily_thread(moa_ctx *ctx, const moa_place *at, const char *day, const moa_content *head,
                            const moa_content *guide, moa_place *thread);

/* ---- The brain ---------------------------------------------------------------------------------------------------------- */

/* Whose memory. */
typedef struct moa_scope {
    uint8_t kind;
    const char *id;
} moa_scope;

static inline moa_scope moa_plugin_scope(void) {
    moa_scope scope = {0, NULL};
    return scope;
}
static inline moa_scope moa_conversation_scope(const char *id) {
    moa_scope scope = {1, id};
    return scope;
}
static inline moa_scope moa_user_scope(const char *id) {
    moa_scope scope = {2, id};
    return scope;
}
static inline moa_scope moa_shared_scope(void) {
    moa_scope scope = {3, NULL};
    return scope;
}

/* What is stored under a key. `value` is NULL where there is nothing. */
typedef struct moa_entry {
    const char *value;
    size_t value_len;
    const char *version;
    size_t version_len;
    bool has_expires;
    const char *expires; /* NULL if never. */
    size_t expires_len;
} moa_entry;

/* What to write. */
typedef struct moa_write {
    const char *key;
    const char *value;
    size_t value_len; /* 0: up to the zero byte. */
    bool expires;     /* Whether `ttl_seconds` counts. */
    uint32_t ttl_seconds;
} moa_write;

/* `value` becomes NULL where there is nothing. */
moa_status moa_brain_text(moa_ctx *ctx, moa_scope at, const char *key, const char **value);
moa_status moa_brain_get(moa_ctx *ctx, moa_scope at, const char *key, moa_entry *entry);
/* Text, for ever or for some seconds. */
moa_status moa_brain_set(moa_ctx *ctx, moa_scope at, const char *key, const char *value);
moa_status moa_brain_set_for(moa_ctx *ctx, moa_scope at, const char *key, const char *value, uint32_t ttl_seconds);
/* Anything; `version` may be NULL. */
moa_status moa_brain_write(moa_ctx *ctx, moa_scope at, const moa_write *what, const char **version);
/* `was_there` may be NULL. */
moa_status moa_brain_delete(moa_ctx *ctx, moa_scope at, const char *key, bool *was_there);
/* Adds in one step; `sum` may be NULL. */
moa_status moa_brain_incr(moa_ctx *ctx, moa_scope at, const char *key, int64_t by, int64_t *sum);
/* Writes only over the version `expected`; NULL expects that nothing is there. Otherwise MOA_CONFLICT. */
moa_status moa_brain_cas(moa_ctx *ctx, moa_scope at, const moa_write *what, const char *expected, const char **version);
/* Several at once, as of one moment; `entries` has room for `count`. */
moa_status moa_brain_get_many(moa_ctx *ctx, moa_scope at, const char *const *keys, size_t count, moa_entry *entries);
/* All of them or none. */
moa_status moa_brain_set_many(moa_ctx *ctx, moa_scope at, const moa_write *what, size_t count);
/* A page of the keys that begin with `prefix`. `*cursor` is NULL for the first page, and becomes NULL behind the last. */
moa_status moa_brain_page(moa_ctx *ctx, moa_scope at, const char *prefix, const char **cursor, uint32_t limit,
                          moa_strings *keys);
/* All of them. */
moa_status moa_brain_keys(moa_ctx *ctx, moa_scope at, const char *prefix, moa_strings *keys);

/* ---- Patterns taught at run time ----------------------------------------------------------------------------------------- */

/* In which messages to look. */
enum { MOA_IN_DIRECT = 1, MOA_IN_DIRECT_MENTION = 2, MOA_IN_MENTION = 4, MOA_IN_AMBIENT = 8, MOA_IN_ALL = 15 };

/* What matches arrives at the plugin's `hears` with this id, or else at the one with the id "*". `conversation` may be NULL:
 * all of them. */
moa_status moa_hear_keyword(moa_ctx *ctx, const char *id, const char *keyword, uint8_t where, const char *conversation);
moa_status moa_hear_regex(moa_ctx *ctx, const char *id, const char *regex, uint8_t where, const char *conversation);
/* `was_there` may be NULL. */
moa_status moa_forget(moa_ctx *ctx, const char *id, bool *was_there);

/* ---- Later --------------------------------------------------------------------------------------------------------------- */

enum { MOA_MISSED_SKIP, MOA_MISSED_ONCE, MOA_MISSED_ALL };

typedef struct moa_scheduled {
    const char *name;
    size_t name_len;
    bool has_next;
    const char *next; /* NULL if there will be none. */
    size_t next_len;
    bool has_cron;
    const char *cron; /* NULL for a job that runs once. */
    size_t cron_len;
    const char *timezone;
    size_t timezone_len;
    const char *payload;
    size_t payload_len;
} moa_scheduled;

typedef struct moa_schedule {
    const moa_scheduled *items;
    size_t count;
} moa_schedule;

/* `when` is an instant ("2026-11-21T09:50:00+09:00"; a past one is due at once), or a time from now ("10m", "1h30m"). */
moa_status moa_schedule_at(moa_ctx *ctx, const char *name, const char *when, const char *payload);
/* `cron` has five fields, or six with seconds first; or it is weekdays and times of day, "mon-fri 09:50; sat 11:00". */
moa_status moa_schedule_every(moa_ctx *ctx, const char *name, const char *cron, const char *timezone, uint8_t missed,
                              const char *payload);
moa_status moa_schedule_cancel(moa_ctx *ctx, const char *name, bool *was_there);
moa_status moa_schedule_list(moa_ctx *ctx, moa_schedule *jobs);

/* ---- HTTP ------------------------------------------------------------------------------------------------------------------ */

/* Lists of them end with an empty one. */
typedef struct moa_header {
    const char *name;
    const char *value;
} moa_header;

/* Received, with lengths. */
typedef struct moa_pair {
    const char *name;
    size_t name_len;
    const char *value;
    size_t value_len;
} moa_pair;

typedef struct moa_http {
    const char *method; /* NULL: GET. */
    const char *url;
    const moa_header *headers; /* "{{secret:NAME}}" in a value is filled in on the way out. */
    moa_str body;
    const char *body_bucket; /* Together with `body_key`: an object as the body. */
    const char *body_key;
    uint32_t timeout_ms;      /* 0 leaves it to the host. */
    const char *hmac_secret;  /* HMAC-SHA-256 over the body, in the header `hmac_header`. */
    const char *hmac_header;
    const char *aws_secret; /* AWS Signature Version 4. */
    const char *aws_region;
    const char *aws_service;
} moa_http;

typedef struct moa_http_response {
    uint16_t status;
    const moa_pair *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
} moa_http_response;

#define MOA_HEADERS(...) ((const moa_header[]){__VA_ARGS__, {0}})

/* Any status is a response, not an error. */
moa_status moa_http_fetch(moa_ctx *ctx, const moa_http *request, moa_http_response *response);
moa_status moa_http_to_object(moa_ctx *ctx, const moa_http *request, const char *bucket, const char *key,
                              moa_http_response *response);
/* The first header of this name (in lower case), or NULL. */
const char *moa_http_header(const moa_http_response *response, const char *name);

/* ---- Databases ---------------------------------------------------------------------------------------------------------------- */

enum { MOA_NULL, MOA_TRUTH, MOA_INTEGER, MOA_NUMBER, MOA_DECIMAL, MOA_TEXT, MOA_BYTES, MOA_INSTANT };

typedef struct moa_cell {
    uint8_t type;
    union {
        bool truth;
        int64_t integer;
        double number;
        moa_str str; /* Of MOA_DECIMAL, MOA_TEXT, MOA_BYTES, MOA_INSTANT. */
    } of;
} moa_cell;

typedef struct moa_row {
    const moa_cell *cells;
    size_t count;
} moa_row;

typedef struct moa_rows {
    const moa_str *columns;
    size_t column_count;
    const moa_row *rows;
    size_t row_count;
    bool truncated;
} moa_rows;

moa_cell moa_cell_null(void);
moa_cell moa_cell_truth(bool value);
moa_cell moa_cell_integer(int64_t value);
moa_cell moa_cell_number(double value);
moa_cell moa_cell_text(const char *value);
moa_cell moa_cell_bytes(const void *data, size_t len);

moa_status moa_sql_query(moa_ctx *ctx, const char *connection, const char *text, const moa_cell *params, size_t count,
                         moa_rows *rows);
moa_status moa_sql_execute(moa_ctx *ctx, const char *connection, const char *text, const moa_cell *params, size_t count,
                           uint32_t *changed);

/* The answer to a command is these rows, as a table in a code block with the columns' names above them. Where there was more
 * than the connection's limit its last line is "…". */
moa_status moa_reply_table(moa_ctx *ctx, const moa_rows *rows);
/* That table as a text. */
const char *moa_rows_table(moa_ctx *ctx, const moa_rows *rows);
/* Puts the rows into a place as a CSV file for a spreadsheet, with a byte-order mark; `comment` and `id` may be NULL:
 * MOA_TRY(moa_rows_send_csv(ctx, &rows, moa_here(ctx), "members.csv", NULL, NULL)); */
moa_status moa_rows_send_csv(moa_ctx *ctx, const moa_rows *rows, const moa_place *to, const char *name,
                             const char *comment, const char **id);
/* The rows as a CSV file (RFC 4180), the columns' names in the first line; for moa_object_put. A cell that a spreadsheet would
 * run as a formula, because it begins with =, +, -, @, a tab or a line end and is no number, gets a ' before it. */
moa_str moa_rows_csv(moa_ctx *ctx, const moa_rows *rows);
#define MOA_CSV_BOM 1   /* Begins with a byte-order mark, without which Excel shows Hangul as rubbish. */
#define MOA_CSV_AS_IS 2 /* Formulas stay formulas. */
/* The same, otherwise: moa_rows_csv_as(ctx, &rows, MOA_CSV_BOM). */
moa_str moa_rows_csv_as(moa_ctx *ctx, const moa_rows *rows, unsigned ways);

/* ---- Objects --------------------------------------------------------------------------------------------------------------------- */

typedef struct moa_object {
    const char *key;
    size_t key_len;
    uint32_t size;
    const char *etag;
    size_t etag_len;
    const char *modified;
    size_t modified_len;
} moa_object;

typedef struct moa_objects {
    const moa_object *items;
    size_t count;
} moa_objects;

moa_status moa_object_get(moa_ctx *ctx, const char *bucket, const char *key, moa_str *data);
/* `etag` may be NULL. */
moa_status moa_object_put(moa_ctx *ctx, const char *bucket, const char *key, moa_str data, const char *mime,
                          const char **etag);
/* A page, as moa_brain_page. */
moa_status moa_object_page(moa_ctx *ctx, const char *bucket, const char *prefix, const char **cursor,
                           moa_objects *objects);
moa_status moa_object_delete(moa_ctx *ctx, const char *bucket, const char *key);
moa_status moa_object_sign(moa_ctx *ctx, const char *bucket, const char *key, uint32_t seconds, const char **address);

/* ---- System ------------------------------------------------------------------------------------------------------------------------ */

enum { MOA_LOG_TRACE, MOA_LOG_DEBUG, MOA_LOG_INFO, MOA_LOG_WARN, MOA_LOG_ERROR };

/* To the plugin's log. printf goes there too, as information, and what is written to stderr as errors. */
void moa_log(uint8_t level, const char *format, ...) MOA_FORMAT(2, 3);
#define moa_trace(...) moa_log(MOA_LOG_TRACE, __VA_ARGS__)
#define moa_debug(...) moa_log(MOA_LOG_DEBUG, __VA_ARGS__)
#define moa_info(...) moa_log(MOA_LOG_INFO, __VA_ARGS__)
#define moa_warn(...) moa_log(MOA_LOG_WARN, __VA_ARGS__)
#define moa_log_error(...) moa_log(MOA_LOG_ERROR, __VA_ARGS__)

/* The present instant, RFC 3339 in UTC. */
const char *moa_now(moa_ctx *ctx);
/* An instant on the clock of a time zone: "2026-11-21T09:50:00+09:00[Asia/Seoul]". */
moa_status moa_local(moa_ctx *ctx, const char *instant, const char *timezone, const char **local);
/* Bytes that nobody can foretell. rand() is good too: it is seeded from these at each call. */
void moa_random(void *bytes, size_t len);
/* From 0 up to, and without, `end`; 0 if `end` is 0. */
uint32_t moa_random_below(uint32_t end);
/* Brings `count` items of `size` bytes into a random order. */
void moa_shuffle(void *items, size_t count, size_t size);

/* JSON that was read. A node that is not there is NULL, and every function takes NULL. */
typedef struct moa_json moa_json;

/* NULL if the text is no JSON. */
const moa_json *moa_json_read(moa_ctx *ctx, const char *text);
/* A member of an object, an element of an array. */
const moa_json *moa_json_get(const moa_json *node, const char *name);
const moa_json *moa_json_at(const moa_json *node, size_t at);
/* How many members or elements; 0 for anything else. */
size_t moa_json_count(const moa_json *node);
/* The name of a member. */
const char *moa_json_name(const moa_json *node);
const char *moa_json_text(const moa_json *node, const char *otherwise);
int64_t moa_json_int(const moa_json *node, int64_t otherwise);
double moa_json_float(const moa_json *node, double otherwise);
bool moa_json_bool(const moa_json *node, bool otherwise);
/* A text as a JSON string, with its quotation marks. */
const char *moa_json_quote(moa_ctx *ctx, const char *text);

/* The plugin's configuration by the manifest's `config`, with the defaults filled in. */
const moa_json *moa_config(moa_ctx *ctx);

/* ---- Presses, forms, events, jobs, requests ----------------------------------------------------------------------------------------- */

enum { MOA_PRESS_BUTTON, MOA_PRESS_SELECT, MOA_PRESS_SUBMIT, MOA_PRESS_SHORTCUT, MOA_PRESS_ANSWER, MOA_PRESS_TIMEOUT };

typedef struct moa_invocation {
    const char *id;
    size_t id_len;
    const char *time;
    size_t time_len;
    uint32_t attempt;
    const char *locale;
    size_t locale_len;
    const char *timezone;
    size_t timezone_len;
} moa_invocation;

/* What somebody did. Anybody who sees a button can press it: check moa_who, if it matters. */
typedef struct moa_press {
    moa_invocation invocation;
    uint8_t kind;
    const char *id;
    size_t id_len;
    const char *value; /* Of the button or choice; a form's hidden data; the answer to a question. */
    size_t value_len;
    const moa_pair *state;
    size_t state_count;
    moa_user user;
    moa_place place;
    bool has_on;
    moa_message_ref on; /* The message that carried it. */
    bool has_trigger;
    const char *trigger; /* Opens a form; NULL where none can be opened. */
    size_t trigger_len;
} moa_press;

/* NULL in a call that no press caused. */
const moa_press *moa_press_of(moa_ctx *ctx);
/* What of the press's id the `*` of the handler's stands for. */
const char *moa_press_rest(moa_ctx *ctx);
/* A form's field, or another menu of the message; "" where nothing is chosen. Of a shortcut on a message "text" and
 * "author". */
const char *moa_value_of(moa_ctx *ctx, const char *name);

/* New content for the message that carried the press. */
moa_status moa_update(moa_ctx *ctx, const char *format, ...) MOA_FORMAT(2, 3);
moa_status moa_update_with(moa_ctx *ctx, const moa_content *content);
/* A form that opens, or takes the place of the one that was submitted; from moa_form_json. Only in a press: a command or
 * pattern that answers with a form fails. */
moa_status moa_reply_form(moa_ctx *ctx, const char *view);
/* The form stays open and shows this at a field; several may be called, one after the other. */
moa_status moa_field_error(moa_ctx *ctx, const char *field, const char *format, ...) MOA_FORMAT(3, 4);

typedef enum moa_input_type {
    MOA_LINE,
    MOA_LINES,
    MOA_WHOLE_NUMBER,
    MOA_DECIMAL_NUMBER,
    MOA_MENU,
    MOA_RADIO,
    MOA_CHECKBOXES,
    MOA_DATE_INPUT,
    MOA_TIME_INPUT,
    MOA_USER_INPUT,
    MOA_USERS_INPUT,
    MOA_CONVERSATION_INPUT,
    MOA_NOTE, /* Text between the fields: its `label`. */
} moa_input_type;

/* A field of a form; lists of them end with one without `label`. */
typedef struct moa_input {
    const char *name;
    const char *label;
    moa_input_type type;
    const moa_choice *choices; /* Of MOA_MENU, MOA_RADIO, MOA_CHECKBOXES. */
    bool optional;
    const char *hint;
    const char *placeholder;
    const char *initial; /* What it begins with; several joined by ",". */
} moa_input;

typedef struct moa_form {
    const char *id;      /* Of the handler in the plugin's `submits`. */
    const char *heading; /* At most 24 characters. */
    const char *submit;  /* What stands on the button; NULL: "OK". */
    const char *close;
    const char *data; /* Comes back as the press's value. */
    const moa_input *fields;
} moa_form;

#define MOA_INPUTS(...) ((const moa_input[]){__VA_ARGS__, {0}})

/* The form as the service takes it. */
const char *moa_form_json(moa_ctx *ctx, const moa_form *form);

typedef enum moa_event_kind {
    MOA_REACTED,
    MOA_UNREACTED,
    MOA_JOINED,
    MOA_LEFT,
    MOA_TOPIC,
    MOA_EDITED,
    MOA_DELETED,
} moa_event_kind;

typedef struct moa_event {
    uint8_t kind;
    union {
        struct {
            moa_message_ref message;
            const char *emoji;
            size_t emoji_len;
        } reaction; /* MOA_REACTED, MOA_UNREACTED. */
        moa_place place; /* MOA_JOINED, MOA_LEFT. */
        struct {
            moa_place place;
            const char *text;
            size_t text_len;
        } topic;
        moa_message edited;
        moa_message_ref deleted;
    } of;
} moa_event;

/* NULL in a call that no event caused. */
const moa_event *moa_event_of(moa_ctx *ctx);

/* A run that is due. */
typedef struct moa_run {
    const char *name;
    const char *due;
    const char *payload;
} moa_run;

/* NULL in a call that is no job. */
const moa_run *moa_run_of(moa_ctx *ctx);

typedef struct moa_request {
    moa_invocation invocation;
    const char *name;
    size_t name_len;
    const char *method;
    size_t method_len;
    const char *path;
    size_t path_len;
    const char *query;
    size_t query_len;
    const moa_pair *headers;
    size_t header_count;
    const char *body;
    size_t body_len;
} moa_request;

/* NULL in a call that is no webhook's. */
const moa_request *moa_request_of(moa_ctx *ctx);
/* The answer to a request; 200 without a body if there is none. `mime` may be NULL. */
moa_status moa_respond(moa_ctx *ctx, uint16_t status, const char *mime, moa_str body);

/* ---- The plugin --------------------------------------------------------------------------------------------------------------------- */

/* Text for people: one for all ({.all = "Greets"}), or one for each language ({.ko = …, .en = …}). */
typedef struct moa_words {
    const char *all;
    const char *ko;
    const char *en;
} moa_words;

typedef enum moa_type {
    MOA_STRING,
    MOA_INT,
    MOA_FLOAT,
    MOA_BOOL,
    MOA_USER,
    MOA_CONVERSATION,
    MOA_DURATION,
    MOA_DATE,
    MOA_TIME,
    MOA_CHOICE,
    MOA_LIST,
    MOA_REST,
    MOA_TABLE, /* Of the configuration alone. */
} moa_type;

/* An argument of a command, or a key of the configuration; lists of them end with an empty one. */
typedef struct moa_arg {
    const char *name;
    moa_type type;
    moa_words summary;
    bool optional;
    const char *standard; /* Where nothing was given: as typed for text, numbers and truth; JSON for lists and tables. */
    const char *min;      /* Of MOA_INT and MOA_FLOAT, in decimal digits. */
    const char *max;
    const char *const *choices; /* Of MOA_CHOICE: MOA_WORDS("small", "large"). */
} moa_arg;

typedef enum moa_confirm { MOA_CONFIRM_NONE, MOA_CONFIRM_SELF, MOA_CONFIRM_SECOND } moa_confirm;

typedef struct moa_command {
    const char *name;
    const char *const *aliases;
    moa_words summary;
    moa_words help;
    const char *const *examples; /* As typed, with "!": they are run as tests. */
    const moa_arg *args;
    const struct moa_command *subcommands;
    bool restricted; /* Only for admins, unless the operator's rules say otherwise. */
    moa_confirm confirm;
    moa_handler *run; /* NULL where only subcommands run. */
    const char *standard; /* The name of the subcommand that runs where none is typed; NULL: none. */
} moa_command;

/* A pattern; the one with the id "*" and no pattern hears what was taught at run time. */
typedef struct moa_hear {
    const char *id;
    const char *pattern; /* In the syntax of Rust's regex. */
    uint8_t where;       /* MOA_IN_…; 0: everywhere. */
    moa_handler *run;
} moa_hear;

typedef struct moa_job {
    const char *id;
    const char *cron;     /* Five fields, or six with seconds first; or "mon-fri 09:50"; or "config:feeds.*.verify". */
    const char *timezone; /* NULL: the bot's own. */
    const char *missed;   /* "skip", "once" or "all"; NULL: "once". */
    const char *jitter;   /* "30s"; NULL: none. */
    const char *const *except; /* Days left out, MOA_WORDS("2026-12-25", "12-25"); NULL: none. */
    moa_handler *run;
    const char *after; /* The id of a job that goes first where both are due; NULL: none. */
    const char *on;    /* "load", instead of cron: when the plugin begins to serve; NULL: none. */
} moa_job;

typedef struct moa_webhook {
    const char *name;
    const char *const *methods; /* NULL: POST. */
    const char *verify;         /* "hmac-sha256", "bearer", "slack", "jandi" or "none". */
    moa_handler *run;
} moa_webhook;

/* What handles presses of one id; one that ends with `*` handles all that begin so. */
typedef struct moa_action {
    const char *id;
    moa_handler *run;
} moa_action;

typedef struct moa_shortcut {
    const char *id;
    const char *on; /* "message" or "anywhere". */
    moa_words name;
    moa_words description;
    moa_handler *run;
} moa_shortcut;

typedef struct moa_on {
    moa_event_kind event;
    moa_handler *run;
} moa_on;

/* What the plugin asks the operator to allow. */
typedef struct moa_requests {
    const char *const *http; /* Origins: MOA_WORDS("https://example.com"). */
    const char *const *conversations;
    bool users;
    const char *const *sql;
    const char *const *objects;
    const char *const *secrets;
    bool shared_brain;
    bool schedule;
    bool broadcast;
} moa_requests;

/* A plugin. Each list ends with an empty item, which the macros below add. */
typedef struct moa_plugin {
    const char *name;
    const char *version;
    moa_words summary;
    const moa_command *commands;
    const moa_hear *hears;
    const moa_action *actions; /* Buttons and menus. */
    const moa_action *submits; /* Forms. */
    const moa_action *answers; /* Questions of moa_ask, answered or not. */
    const moa_shortcut *shortcuts;
    const moa_on *events;
    const moa_job *jobs;
    const moa_action *scheduled; /* What moa_schedule_at and moa_schedule_every begin, by name. */
    const moa_webhook *webhooks;
    const moa_arg *config;
    moa_requests requests;
} moa_plugin;

/* Once in each project. */
extern const moa_plugin moa_the_plugin;

#define MOA_PLUGIN(...) const moa_plugin moa_the_plugin = {__VA_ARGS__}
#define MOA_WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define MOA_ARGS(...) ((const moa_arg[]){__VA_ARGS__, {0}})
#define MOA_COMMANDS(...) ((const moa_command[]){__VA_ARGS__, {0}})
#define MOA_HEARS(...) ((const moa_hear[]){__VA_ARGS__, {0}})
#define MOA_ACTIONS(...) ((const moa_action[]){__VA_ARGS__, {0}})
#define MOA_SHORTCUTS(...) ((const moa_shortcut[]){__VA_ARGS__, {0}})
#define MOA_EVENTS(...) ((const moa_on[]){__VA_ARGS__, {0}})
#define MOA_JOBS(...) ((const moa_job[]){__VA_ARGS__, {0}})
#define MOA_WEBHOOKS(...) ((const moa_webhook[]){__VA_ARGS__, {0}})

#ifdef __cplusplus
}
#endif

#endif
