/* moa.c: the SDK of moa.h. Compiled into each plugin; nothing of it needs to be known to write one.
 *
 * It speaks the component model's canonical ABI directly. The records in moa.h have the layout of the contract's on wasm32,
 * so what the host writes is used where it lies; the host is given memory that has a zero byte behind, so its strings are
 * C's. Natively, in tests, the imports are functions that the test defines. */
#include "moa.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __wasm__
#define IMPORT(interface, function)                                                                                      \
    extern __attribute__((import_module("moa:plugin/" interface "@0.1.0"), import_name(function)))
#define EXPORT(name) __attribute__((export_name(name)))
#else
#define IMPORT(interface, function) extern
#define EXPORT(name)
#endif

/* ---- Memory --------------------------------------------------------------------------------------------------------------- */

enum { BLOCK = 16 << 10, ALIGN = 8 };

/* Memory is handed out from blocks and never taken back: the instance ends with its call. */
static char *block;
static size_t block_left;
/* The last piece that was handed out, which may grow in place. */
static char *last;
static size_t last_size;

static void *allocate(size_t size) {
    size_t whole = (size + ALIGN) & ~(size_t)(ALIGN - 1); /* At least one more byte: the zero behind a string. */
    if (whole < size) abort();
    if (whole > block_left) {
        size_t fresh = whole > BLOCK ? whole : BLOCK;
        char *more = calloc(1, fresh);
        if (more == NULL) {
            fputs("out of memory\n", stderr);
            abort();
        }
        block = more;
        block_left = fresh;
    }
    last = block;
    last_size = whole;
    block += whole;
    block_left -= whole;
    return last;
}

static void *grow(void *before, size_t used, size_t size) {
    size_t whole = (size + ALIGN) & ~(size_t)(ALIGN - 1);
    if (before == last && before != NULL && whole >= last_size && whole - last_size <= block_left) {
        block += whole - last_size;
        block_left -= whole - last_size;
        last_size = whole;
        return before;
    }
    char *after = allocate(size);
    if (used > 0) memcpy(after, before, used < size ? used : size);
    return after;
}

/* Where the host puts what it hands over. */
EXPORT("cabi_realloc") void *cabi_realloc(void *before, size_t used, size_t align, size_t size) {
    (void)align; /* Never more than 8. */
    return before == NULL ? allocate(size) : grow(before, used, size);
}

static moa_str str(const char *text) {
    moa_str made = {text == NULL ? "" : text, text == NULL ? 0 : strlen(text)};
    return made;
}

static moa_str copy(const char *text) {
    moa_str made = str(text);
    char *bytes = allocate(made.len);
    memcpy(bytes, made.text, made.len);
    made.text = bytes;
    return made;
}

static moa_str formatted(const char *format, va_list args) {
    va_list again;
    va_copy(again, args);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    if (length < 0) return str("");
    char *text = allocate((size_t)length);
    vsnprintf(text, (size_t)length + 1, format, args);
    moa_str made = {text, (size_t)length};
    return made;
}

/* A text that is written piece by piece. */
typedef struct writer {
    char *text;
    size_t len;
    size_t room;
} writer;

static void put(writer *to, const char *text, size_t len) {
    if (to->len + len + 1 > to->room) {
        size_t room = (to->len + len + 1) * 2;
        to->text = grow(to->text, to->len, room);
        to->room = room;
    }
    memcpy(to->text + to->len, text, len);
    to->len += len;
    to->text[to->len] = '\0';
}

static void puts_to(writer *to, const char *text) { put(to, text, strlen(text)); }

/* ---- The contract: records that authors don't see ---------------------------------------------------------------------------- */

typedef struct option_str {
    bool is;
    moa_str of;
} option_str;

static option_str option(const char *text) {
    option_str made = {text != NULL, str(text)};
    return made;
}

typedef struct list {
    void *items;
    size_t count;
} list;

typedef struct wire_field {
    moa_str title, value;
    bool is_short;
} wire_field;

typedef struct wire_card {
    moa_str pretext, title, link, text, color;
    list fields;
    moa_str image, footer;
} wire_card;

typedef struct wire_choice {
    moa_str label, value;
} wire_choice;

typedef struct wire_action {
    uint8_t kind; /* 0 button, 1 select, 2 link */
    union {
        struct {
            moa_str id, label, value;
            uint8_t style;
            option_str confirm;
        } button;
        struct {
            moa_str id, placeholder;
            list choices;
        } select;
        wire_choice link;
    } of;
} wire_action;

typedef struct wire_content {
    moa_str text;
    list cards;
    list actions;
    uint8_t audience;
    option_str native;
    struct {
        bool is;
        moa_str name, icon;
    } sender;
} wire_content;

struct moa_content {
    wire_content wire;
};

typedef struct wire_value {
    uint8_t type;
    union {
        moa_str text;
        int64_t integer;
        double number;
        bool truth;
        moa_user user;
        moa_conversation conversation;
        uint32_t seconds;
        moa_strings many;
    } of;
} wire_value;

enum { VALUE_TEXT, VALUE_INTEGER, VALUE_NUMBER, VALUE_TRUTH, VALUE_USER, VALUE_CONVERSATION, VALUE_SECONDS, VALUE_DATE,
       VALUE_TIME, VALUE_MANY };

typedef struct wire_arg {
    moa_str name;
    wire_value value;
} wire_arg;

typedef struct wire_call {
    moa_invocation invocation;
    moa_str command;
    moa_strings path;
    list args;
    moa_str rest;
    moa_strings tokens;
    moa_message message;
} wire_call;

typedef struct wire_heard {
    moa_invocation invocation;
    moa_str id;
    struct {
        const option_str *items;
        size_t count;
    } captures;
    moa_message message;
} wire_heard;

typedef struct wire_event {
    moa_invocation invocation;
    moa_user who;
    moa_event event;
} wire_event;

typedef struct wire_write {
    moa_str key, value;
    bool expires;
    uint32_t ttl_seconds;
} wire_write;

typedef struct wire_error {
    uint8_t kind;
    moa_str text;
} wire_error;

typedef struct wire_failure {
    uint8_t kind; /* 0 usage, 1 rejected, 2 retry, 3 internal */
    union {
        moa_str text;
        uint32_t seconds;
    } of;
} wire_failure;

typedef struct wire_http {
    moa_str method, url;
    list headers;
    struct {
        uint8_t kind; /* 0 empty, 1 bytes, 2 object */
        moa_str first, second;
    } body;
    uint32_t timeout_ms;
    struct {
        bool is;
        struct {
            uint8_t kind; /* 0 aws-sigv4, 1 hmac-sha256 */
            moa_str first, second, third;
        } of;
    } sign;
} wire_http;

/* What the exports return: result<option<content>, failure> */
typedef struct said {
    bool failed;
    union {
        struct {
            bool is;
            wire_content content;
        } ok;
        wire_failure failure;
    } of;
} said;

/* result<_, failure> */
typedef struct done {
    bool failed;
    wire_failure failure;
} done;

/* result<response, failure> */
typedef struct served {
    bool failed;
    union {
        struct {
            uint16_t status;
            list headers;
            moa_str body;
        } ok;
        wire_failure failure;
    } of;
} served;

/* result<reply, failure> */
typedef struct acted {
    bool failed;
    union {
        struct {
            uint8_t kind; /* As ANSWER_NONE and those that follow. */
            union {
                wire_content content;
                list errors;
                moa_str view;
            } of;
        } ok;
        wire_failure failure;
    } of;
} acted;

#ifdef __wasm__
/* The sizes that the canonical ABI gives the contract's records. */
#define SIZE(type, size) _Static_assert(sizeof(type) == (size), "the layout of " #type " is the contract's")
SIZE(moa_place, 32);
SIZE(moa_user, 52);
SIZE(moa_conversation, 28);
SIZE(moa_message_ref, 40);
SIZE(moa_mention, 20);
SIZE(moa_file, 28);
SIZE(moa_message, 136);
SIZE(moa_invocation, 36);
SIZE(moa_entry, 28);
SIZE(moa_press, 204);
SIZE(moa_event, 140);
SIZE(moa_request, 84);
SIZE(moa_http_response, 20);
SIZE(moa_cell, 16);
SIZE(moa_rows, 20);
SIZE(moa_object, 28);
SIZE(moa_scheduled, 48);
SIZE(wire_field, 20);
SIZE(wire_card, 64);
SIZE(wire_action, 44);
SIZE(wire_content, 60);
SIZE(wire_value, 64);
SIZE(wire_arg, 72);
SIZE(wire_call, 212);
SIZE(wire_heard, 188);
SIZE(wire_event, 228);
SIZE(wire_write, 24);
SIZE(wire_http, 80);
SIZE(wire_failure, 12);
SIZE(said, 68);
SIZE(done, 16);
SIZE(served, 24);
SIZE(acted, 68);
/* And where what they say stands. */
#define AT(type, member, offset)                                                                                          \
    _Static_assert(offsetof(type, member) == (offset), "the layout of " #type " is the contract's")
AT(wire_failure, of, 4);
AT(said, of.ok.is, 4);
AT(said, of.ok.content, 8);
AT(said, of.failure, 4);
AT(done, failure, 4);
AT(served, of.ok.status, 4);
AT(served, of.ok.headers, 8);
AT(served, of.ok.body, 16);
AT(served, of.failure, 4);
AT(acted, of.ok.kind, 4);
AT(acted, of.ok.of, 8);
AT(acted, of.failure, 4);
#endif

/* ---- The contract: functions ---------------------------------------------------------------------------------------------------- */

/* A string in flat parameters: address, then length. */
#define STR const char *, size_t
#define PLACE STR, STR, int, STR, int
#define REF PLACE, STR
#define OPTION int, STR
#define SCOPE int, STR

IMPORT("chat", "send") void moa_import_chat_send(const void *params, void *result);
IMPORT("chat", "edit") void moa_import_chat_edit(const void *params, void *result);
IMPORT("chat", "delete") void moa_import_chat_delete(REF, void *result);
IMPORT("chat", "react") void moa_import_chat_react(REF, STR, void *result);
IMPORT("chat", "unreact") void moa_import_chat_unreact(REF, STR, void *result);
IMPORT("chat", "upload") void moa_import_chat_upload(PLACE, STR, STR, STR, void *result);
IMPORT("chat", "download") void moa_import_chat_download(STR, void *result);
IMPORT("chat", "open-direct") void moa_import_chat_open_direct(STR, void *result);
IMPORT("chat", "open-modal") void moa_import_chat_open_modal(STR, STR, void *result);
IMPORT("chat", "get-user") void moa_import_chat_get_user(STR, void *result);
IMPORT("chat", "get-conversation") void moa_import_chat_get_conversation(STR, void *result);
IMPORT("chat", "members") void moa_import_chat_members(STR, OPTION, void *result);
IMPORT("chat", "history") void moa_import_chat_history(PLACE, OPTION, uint32_t limit, void *result);
IMPORT("chat", "ask") void moa_import_chat_ask(const void *params, void *result);
IMPORT("brain", "get") void moa_import_brain_get(SCOPE, STR, void *result);
IMPORT("brain", "set") void moa_import_brain_set(SCOPE, STR, STR, int, uint32_t, void *result);
IMPORT("brain", "delete") void moa_import_brain_delete(SCOPE, STR, void *result);
IMPORT("brain", "list-keys") void moa_import_brain_list_keys(SCOPE, STR, OPTION, uint32_t limit, void *result);
IMPORT("brain", "increment") void moa_import_brain_increment(SCOPE, STR, int64_t by, void *result);
IMPORT("brain", "compare-and-swap")
void moa_import_brain_compare_and_swap(SCOPE, STR, STR, int, uint32_t, OPTION, void *result);
IMPORT("brain", "get-many") void moa_import_brain_get_many(SCOPE, const void *keys, size_t count, void *result);
IMPORT("brain", "set-many") void moa_import_brain_set_many(SCOPE, const void *what, size_t count, void *result);
IMPORT("triggers", "hear") void moa_import_triggers_hear(STR, int, STR, int where, OPTION, void *result);
IMPORT("triggers", "forget") void moa_import_triggers_forget(STR, void *result);
IMPORT("schedule", "at") void moa_import_schedule_at(STR, STR, STR, void *result);
IMPORT("schedule", "every") void moa_import_schedule_every(STR, STR, STR, int missed, STR, void *result);
IMPORT("schedule", "cancel") void moa_import_schedule_cancel(STR, void *result);
IMPORT("schedule", "list") void moa_import_schedule_list(void *result);
IMPORT("http", "fetch") void moa_import_http_fetch(const void *params, void *result);
IMPORT("http", "fetch-to-object") void moa_import_http_fetch_to_object(const void *params, void *result);
IMPORT("sql", "query") void moa_import_sql_query(STR, STR, const void *params, size_t count, void *result);
IMPORT("sql", "execute") void moa_import_sql_execute(STR, STR, const void *params, size_t count, void *result);
IMPORT("objects", "get") void moa_import_objects_get(STR, STR, void *result);
IMPORT("objects", "put") void moa_import_objects_put(STR, STR, STR, STR, void *result);
IMPORT("objects", "list") void moa_import_objects_list(STR, STR, OPTION, void *result);
IMPORT("objects", "delete") void moa_import_objects_delete(STR, STR, void *result);
IMPORT("objects", "sign") void moa_import_objects_sign(STR, STR, uint32_t seconds, void *result);
IMPORT("system", "config") void moa_import_system_config(void *result);
IMPORT("system", "now") void moa_import_system_now(void *result);
IMPORT("system", "local") void moa_import_system_local(STR, STR, void *result);
IMPORT("system", "random") void moa_import_system_random(uint32_t len, void *result);
IMPORT("system", "log") void moa_import_system_log(int level, STR);

/* What a function leaves behind: whether it was refused, and what it answers or why. */
#define RESULT_OF(type)                                                                                                  \
    struct {                                                                                                             \
        bool refused;                                                                                                    \
        union {                                                                                                          \
            type ok;                                                                                                     \
            wire_error error;                                                                                            \
        } of;                                                                                                            \
    }
#define RESULT(type)                                                                                                     \
    RESULT_OF(type) result;                                                                                              \
    memset(&result, 0, sizeof result)
/* Ends a function of the SDK that was refused. */
#define CHECK                                                                                                            \
    do {                                                                                                                 \
        if (result.refused) return refuse(ctx, &result.of.error);                                                        \
    } while (0)

/* Arguments that stand for a record's flat parameters. */
#define FLAT(string) (string).text, (string).len
#define FLAT_OPTION(string) option(string).is, FLAT(str(string))
#define FLAT_SCOPE(scope) (scope).kind, FLAT(str((scope).id))
#define FLAT_PLACE(place)                                                                                                \
    FLAT(str((place)->service)), FLAT(str((place)->conversation)), (place)->thread != NULL, FLAT(str((place)->thread)),  \
        (place)->kind
#define FLAT_REF(which) FLAT_PLACE(&(which)->place), FLAT(str((which)->id))

/* ---- The call that is going on ------------------------------------------------------------------------------------------------ */

enum { ANSWER_NONE, ANSWER_SAY, ANSWER_UPDATE, ANSWER_ERRORS, ANSWER_VIEW };
enum { FAILURE_USAGE, FAILURE_REJECTED, FAILURE_RETRY, FAILURE_INTERNAL };

struct moa_ctx {
    const moa_invocation *invocation;
    const moa_user *who;
    moa_message message;
    const wire_call *call;
    const wire_heard *heard;
    const moa_press *press;
    const char *press_rest;
    const moa_event *event;
    const moa_run *run;
    const moa_request *request;
    int answer;
    const moa_content *content;
    moa_str view;
    list errors;
    uint16_t response_status;
    moa_str response_mime;
    moa_str response_body;
    bool failed;
    wire_failure failure;
    const char *refusal; /* What the host said last. */
    moa_status passed;   /* What the author passed on, and where. */
    const char *file;
    int line;
};

/* There is one, since an instance serves one call. */
static moa_ctx current;

/* A place that the author may have made or changed: its texts count, not the lengths beside them. */
static moa_place sound_place(const moa_place *from) {
    moa_place place = *from;
    place.service_len = str(from->service).len;
    place.conversation_len = str(from->conversation).len;
    place.has_thread = from->thread != NULL;
    place.thread_len = str(from->thread).len;
    return place;
}

static moa_status refuse(moa_ctx *ctx, const wire_error *error) {
    ctx->refusal = error->text.text;
    return (moa_status)(error->kind + MOA_ACCESS_DENIED);
}

const char *moa_status_name(moa_status status) {
    static const char *const names[] = {"ok",          "access-denied", "not-found", "invalid",     "conflict",
                                        "over-limit", "unavailable",   "uncertain", "unsupported", "failed"};
    return (size_t)status < sizeof names / sizeof *names ? names[status] : "unknown";
}

const char *moa_error(moa_ctx *ctx) { return ctx->refusal == NULL ? "" : ctx->refusal; }

static moa_status fail(moa_ctx *ctx, uint8_t kind, moa_str text) {
    ctx->failed = true;
    ctx->failure.kind = kind;
    ctx->failure.of.text = text;
    return MOA_FAILED;
}

#define FORMATTED(name)                                                                                                  \
    va_list args_;                                                                                                       \
    va_start(args_, format);                                                                                             \
    moa_str name = formatted(format, args_);                                                                             \
    va_end(args_)

moa_status moa_usage(moa_ctx *ctx, const char *format, ...) {
    FORMATTED(text);
    return fail(ctx, FAILURE_USAGE, text);
}

moa_status moa_rejected(moa_ctx *ctx, const char *format, ...) {
    FORMATTED(text);
    return fail(ctx, FAILURE_REJECTED, text);
}

moa_status moa_retry(moa_ctx *ctx, uint32_t seconds) {
    fail(ctx, FAILURE_RETRY, str(""));
    ctx->failure.of.seconds = seconds;
    return MOA_FAILED;
}

moa_status moa_fail_at(moa_ctx *ctx, const char *file, int line, const char *format, ...) {
    FORMATTED(text);
    return fail(ctx, FAILURE_INTERNAL, str(moa_format(ctx, "%s:%d: %s", file, line, text.text)));
}

void moa_panic_at(const char *file, int line, const char *format, ...) {
    FORMATTED(text);
    fflush(stdout);
    /* The host takes the last line that was said as an error for the reason of what comes now. */
    fprintf(stderr, "%s:%d: %s\n", file, line, text.text);
    abort();
}

moa_status moa_passed_at(const char *file, int line, moa_status status) {
    /* Of the places that pass on the same, the innermost is the one that tells. */
    if (current.passed != status) {
        current.passed = status;
        current.file = file;
        current.line = line;
    }
    return status;
}

/* ---- Memory and text: the author's -------------------------------------------------------------------------------------------- */

void *moa_alloc(moa_ctx *ctx, size_t size) {
    (void)ctx;
    return allocate(size);
}

char *moa_format(moa_ctx *ctx, const char *format, ...) {
    (void)ctx;
    FORMATTED(text);
    return (char *)text.text;
}

void moa_append(moa_ctx *ctx, char **text, const char *format, ...) {
    (void)ctx;
    /* The texts that were added to last, and their room: what is handed out in between must not make them move. */
    static struct {
        char *text;
        size_t room;
    } grown[4];
    static size_t oldest;
    enum { GROWN = sizeof grown / sizeof *grown };
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int measured = vsnprintf(NULL, 0, format, again);
    va_end(again);
    size_t more = measured < 0 ? 0 : (size_t)measured;
    size_t before = *text == NULL ? 0 : strlen(*text);
    size_t needed = before + more + 2;
    size_t at = 0;
    while (at < GROWN && (*text == NULL || grown[at].text != *text)) at++;
    if (at == GROWN) {
        at = oldest++ % GROWN;
        grown[at].room = 0;
    }
    if (needed > grown[at].room) {
        char *moved = allocate(2 * needed);
        if (before > 0) memcpy(moved, *text, before);
        grown[at].text = *text = moved;
        grown[at].room = 2 * needed;
    }
    if (more > 0) {
        /* Behind the zero byte, and then moved onto it: the arguments may speak of the text itself. */
        char *end = *text + before;
        vsnprintf(end + 1, more + 1, format, args);
        memmove(end, end + 1, more + 1);
    }
    va_end(args);
}

const char *moa_plain(moa_ctx *ctx, const char *text) {
    (void)ctx;
    static const char joiner[] = "\xe2\x81\xa0"; /* U+2060: invisible, and behind a mark it makes the mark plain text. */
    writer plain = {0};
    put(&plain, "", 0);
    for (; *text != '\0'; text++) {
        put(&plain, text, 1);
        if (strchr("*_~`[{", *text) != NULL) puts_to(&plain, joiner);
    }
    return plain.text;
}

/* The letter that begins at a byte of sound UTF-8; how many bytes it has. */
static size_t letter_at(moa_str text, size_t at, uint32_t *letter) {
    unsigned char first = (unsigned char)text.text[at];
    size_t bytes = first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    *letter = bytes == 1 ? first : first & (0x7fu >> bytes);
    if (bytes > text.len - at) bytes = text.len - at;
    for (size_t n = 1; n < bytes; n++) *letter = *letter << 6 | ((unsigned char)text.text[at + n] & 0x3fu);
    return bytes;
}

typedef struct letters {
    uint32_t from, to;
} letters;

static bool in_ranges(uint32_t letter, const letters *ranges, size_t count) {
    for (size_t n = 0; n < count; n++) {
        if (letter >= ranges[n].from && letter <= ranges[n].to) return true;
    }
    return false;
}
#define IN_RANGES(letter, ranges) in_ranges(letter, ranges, sizeof ranges / sizeof *ranges)

static size_t width(moa_str text) {
    /* Marks that combine, joiners, and the vowels and finals of decomposed Hangul. */
    static const letters none[] = {{0x300, 0x36f}, {0x1160, 0x11ff}, {0x200b, 0x200f}, {0x2060, 0x2060}, {0xfe00, 0xfe0f}};
    /* Hangul, Chinese and Japanese letters, full-width forms, and what is shown as an emoji. */
    static const letters two[] = {
        {0x1100, 0x115f},   {0x231a, 0x231b},   {0x23e9, 0x23ec},   {0x23f0, 0x23f0},   {0x23f3, 0x23f3},
        {0x2614, 0x2615},   {0x26a1, 0x26a1},   {0x26bd, 0x26be},   {0x26d4, 0x26d4},   {0x2705, 0x2705},
        {0x270a, 0x270b},   {0x2728, 0x2728},   {0x274c, 0x274c},   {0x274e, 0x274e},   {0x2753, 0x2755},
        {0x2757, 0x2757},   {0x2795, 0x2797},   {0x2b50, 0x2b50},   {0x2b55, 0x2b55},   {0x2e80, 0x303e},
        {0x3041, 0xa4cf},   {0xa960, 0xa97c},   {0xac00, 0xd7a3},   {0xf900, 0xfaff},   {0xfe30, 0xfe6f},
        {0xff01, 0xff60},   {0xffe0, 0xffe6},   {0x1f300, 0x1f64f}, {0x1f680, 0x1f6ff}, {0x1f900, 0x1f9ff},
        {0x1fa70, 0x1faff}, {0x20000, 0x3fffd},
    };
    size_t sum = 0;
    uint32_t letter;
    for (size_t at = 0; at < text.len;) {
        at += letter_at(text, at, &letter);
        sum += letter < 0x300 ? 1 : IN_RANGES(letter, none) ? 0 : IN_RANGES(letter, two) ? 2 : 1;
    }
    return sum;
}

size_t moa_width(const char *text) { return width(str(text)); }

/* Without the blanks around it. */
static moa_str trimmed(moa_str text) {
    static const letters blank[] = {{0x9, 0xd},       {0x20, 0x20},     {0x85, 0x85},     {0xa0, 0xa0},    {0x1680, 0x1680},
                                    {0x2000, 0x200a}, {0x2028, 0x2029}, {0x202f, 0x202f}, {0x205f, 0x205f}, {0x3000, 0x3000}};
    size_t begin = text.len, end = 0;
    uint32_t letter;
    for (size_t at = 0, bytes; at < text.len; at += bytes) {
        bytes = letter_at(text, at, &letter);
        if (IN_RANGES(letter, blank)) continue;
        if (begin > at) begin = at;
        end = at + bytes;
    }
    moa_str inner = {text.text + begin, end > begin ? end - begin : 0};
    return inner;
}

/* A cell of a table: one line, in which nothing ends the code block. */
static moa_str cell_line(moa_str text) {
    text = trimmed(text);
    writer to = {0};
    put(&to, "", 0);
    for (size_t at = 0; at < text.len; at++) {
        put(&to, strchr("\n\r\t", text.text[at]) != NULL && text.text[at] != '\0' ? " " : text.text + at, 1);
        if (text.text[at] == '`') puts_to(&to, "\xe2\x81\xa0");
    }
    moa_str line = {to.text, to.len};
    return line;
}

/* Decimal digits, with or without commas between the thousands. */
static bool is_number(moa_str text) {
    size_t at = 0, digits = 0;
    char *plain = allocate(text.len);
    for (size_t n = 0; n < text.len; n++) {
        char letter = text.text[n];
        if (letter != ',') plain[at++] = letter >= 'A' && letter <= 'Z' ? (char)(letter + 'a' - 'A') : letter;
    }
    plain[at] = '\0';
    if (strlen(plain) != at) return false;
    if (*plain == '+' || *plain == '-') plain++;
    if (strcmp(plain, "inf") == 0 || strcmp(plain, "infinity") == 0 || strcmp(plain, "nan") == 0) return true;
#define DIGITS(count) while (*plain >= '0' && *plain <= '9') plain++, (count)++
    DIGITS(digits);
    if (*plain == '.') plain++;
    DIGITS(digits);
    if (digits == 0) return false;
    if (*plain == 'e') {
        plain++;
        if (*plain == '+' || *plain == '-') plain++;
        size_t power = 0;
        DIGITS(power);
        if (power == 0) return false;
    }
    return *plain == '\0';
}

static void fill(writer *to, char with, size_t count) {
    for (size_t n = 0; n < count; n++) put(to, &with, 1);
}

typedef struct column {
    size_t wide;
    bool has_numbers, has_others;
} column;

const char *moa_table(moa_ctx *ctx, const moa_strings *rows, size_t count) {
    (void)ctx;
    size_t across = 0;
    for (size_t n = 0; n < count; n++) across = rows[n].count > across ? rows[n].count : across;
    moa_str *cells = allocate(count * across * sizeof *cells);
    column *columns = allocate(across * sizeof *columns);
    for (size_t at = 0; at < across; at++) {
        for (size_t n = 0; n < count; n++) {
            moa_str line = at < rows[n].count ? cell_line(rows[n].items[at]) : str("");
            cells[n * across + at] = line;
            if (width(line) > columns[at].wide) columns[at].wide = width(line);
            if (n == 0 || line.len == 0) continue;
            if (is_number(line)) columns[at].has_numbers = true;
            else columns[at].has_others = true;
        }
    }
    writer table = {0};
    puts_to(&table, "```\n");
    for (size_t n = 0; n < count; n++) {
        for (size_t at = 0; at < across; at++) {
            moa_str line = cells[n * across + at];
            size_t gap = columns[at].wide - width(line);
            bool right = columns[at].has_numbers && !columns[at].has_others;
            if (at > 0) put(&table, " ", 1);
            if (right) fill(&table, ' ', gap);
            put(&table, line.text, line.len);
            if (!right) fill(&table, ' ', gap);
        }
        while (table.text[table.len - 1] == ' ') table.len--;
        put(&table, "\n", 1);
        for (size_t at = 0; n == 0 && at < across; at++) {
            if (at > 0) put(&table, " ", 1);
            fill(&table, '-', columns[at].wide);
        }
        if (n == 0) put(&table, "\n", 1);
    }
    puts_to(&table, "```");
    return table.text;
}

const char *moa_pick(moa_ctx *ctx, const char *ko, const char *en) {
    return strcmp(moa_language(ctx), "ko") == 0 ? ko : en;
}

const char *moa_kind_name(uint8_t kind) {
    return kind == MOA_CHANNEL ? "channel" : kind == MOA_GROUP ? "group" : "direct";
}

/* ---- The call: the author's view ------------------------------------------------------------------------------------------------ */

const char *moa_id(moa_ctx *ctx) { return ctx->invocation->id; }
const char *moa_time(moa_ctx *ctx) { return ctx->invocation->time; }
uint32_t moa_attempt(moa_ctx *ctx) { return ctx->invocation->attempt; }
const char *moa_locale(moa_ctx *ctx) { return ctx->invocation->locale; }
const char *moa_timezone(moa_ctx *ctx) { return ctx->invocation->timezone; }
const moa_user *moa_who(moa_ctx *ctx) { return ctx->who; }
const moa_place *moa_here(moa_ctx *ctx) { return &ctx->message.ref.place; }
const moa_message *moa_message_of(moa_ctx *ctx) { return &ctx->message; }
const moa_press *moa_press_of(moa_ctx *ctx) { return ctx->press; }
const moa_event *moa_event_of(moa_ctx *ctx) { return ctx->event; }
const moa_run *moa_run_of(moa_ctx *ctx) { return ctx->run; }
const moa_request *moa_request_of(moa_ctx *ctx) { return ctx->request; }
const char *moa_press_rest(moa_ctx *ctx) { return ctx->press_rest == NULL ? "" : ctx->press_rest; }

const char *moa_language(moa_ctx *ctx) {
    const char *locale = moa_locale(ctx);
    size_t length = strcspn(locale, "-_");
    char *language = allocate(length);
    memcpy(language, locale, length);
    language[length] = '\0';
    return language;
}

const char *moa_command_name(moa_ctx *ctx) { return ctx->call == NULL ? "" : ctx->call->command.text; }

const char *moa_subcommand(moa_ctx *ctx, size_t at) {
    return ctx->call == NULL || at >= ctx->call->path.count ? NULL : ctx->call->path.items[at].text;
}

const char *moa_rest(moa_ctx *ctx) { return ctx->call == NULL ? "" : ctx->call->rest.text; }

moa_strings moa_tokens(moa_ctx *ctx) {
    moa_strings none = {NULL, 0};
    return ctx->call == NULL ? none : ctx->call->tokens;
}

static const wire_value *argument(moa_ctx *ctx, const char *name) {
    if (ctx->call == NULL) return NULL;
    const wire_arg *args = ctx->call->args.items;
    for (size_t at = 0; at < ctx->call->args.count; at++) {
        if (strcmp(args[at].name.text, name) == 0) return &args[at].value;
    }
    return NULL;
}

bool moa_has(moa_ctx *ctx, const char *name) { return argument(ctx, name) != NULL; }

const char *moa_arg_text(moa_ctx *ctx, const char *name, const char *otherwise) {
    const wire_value *value = argument(ctx, name);
    if (value == NULL) return otherwise;
    bool is_text = value->type == VALUE_TEXT || value->type == VALUE_DATE || value->type == VALUE_TIME;
    return is_text ? value->of.text.text : otherwise;
}

int64_t moa_arg_int(moa_ctx *ctx, const char *name, int64_t otherwise) {
    const wire_value *value = argument(ctx, name);
    return value != NULL && value->type == VALUE_INTEGER ? value->of.integer : otherwise;
}

double moa_arg_float(moa_ctx *ctx, const char *name, double otherwise) {
    const wire_value *value = argument(ctx, name);
    return value != NULL && value->type == VALUE_NUMBER ? value->of.number : otherwise;
}

bool moa_arg_bool(moa_ctx *ctx, const char *name, bool otherwise) {
    const wire_value *value = argument(ctx, name);
    return value != NULL && value->type == VALUE_TRUTH ? value->of.truth : otherwise;
}

uint32_t moa_arg_seconds(moa_ctx *ctx, const char *name, uint32_t otherwise) {
    const wire_value *value = argument(ctx, name);
    return value != NULL && value->type == VALUE_SECONDS ? value->of.seconds : otherwise;
}

const moa_user *moa_arg_user(moa_ctx *ctx, const char *name) {
    const wire_value *value = argument(ctx, name);
    return value != NULL && value->type == VALUE_USER ? &value->of.user : NULL;
}

const moa_conversation *moa_arg_conversation(moa_ctx *ctx, const char *name) {
    const wire_value *value = argument(ctx, name);
    return value != NULL && value->type == VALUE_CONVERSATION ? &value->of.conversation : NULL;
}

moa_strings moa_arg_list(moa_ctx *ctx, const char *name) {
    const wire_value *value = argument(ctx, name);
    moa_strings none = {NULL, 0};
    return value != NULL && value->type == VALUE_MANY ? value->of.many : none;
}

const char *moa_pattern(moa_ctx *ctx) { return ctx->heard == NULL ? "" : ctx->heard->id.text; }
size_t moa_capture_count(moa_ctx *ctx) { return ctx->heard == NULL ? 0 : ctx->heard->captures.count; }

const char *moa_capture(moa_ctx *ctx, size_t group) {
    if (group >= moa_capture_count(ctx)) return NULL;
    const option_str *capture = &ctx->heard->captures.items[group];
    return capture->is ? capture->of.text : NULL;
}

const char *moa_value_of(moa_ctx *ctx, const char *name) {
    if (ctx->press == NULL) return "";
    for (size_t at = 0; at < ctx->press->state_count; at++) {
        if (strcmp(ctx->press->state[at].name, name) == 0) return ctx->press->state[at].value;
    }
    return "";
}

/* ---- Messages to send --------------------------------------------------------------------------------------------------------------- */

/* Adds a zeroed item to a list that begins empty and grows only here: its room is a power of two. Its memory is left behind
 * when it moves, which is as much again in all. */
static void *add(list *to, size_t size) {
    bool full = (to->count & (to->count - 1)) == 0;
    if (full) to->items = grow(to->items, to->count * size, (to->count == 0 ? 1 : 2 * to->count) * size);
    return (char *)to->items + to->count++ * size;
}

moa_content *moa_empty(moa_ctx *ctx) {
    moa_content *content = moa_alloc(ctx, sizeof *content);
    content->wire.text = str("");
    return content;
}

moa_content *moa_text(moa_ctx *ctx, const char *format, ...) {
    FORMATTED(text);
    moa_content *content = moa_empty(ctx);
    content->wire.text = text;
    return content;
}

void moa_add_card(moa_content *content, moa_card card) {
    wire_card *made = add(&content->wire.cards, sizeof *made);
    made->pretext = copy(card.pretext);
    made->title = copy(card.title);
    made->link = copy(card.link);
    made->text = copy(card.text);
    made->color = copy(card.color);
    made->image = copy(card.image);
    made->footer = copy(card.footer);
    for (const moa_field *field = card.fields; field != NULL && field->title != NULL; field++) {
        wire_field *one = add(&made->fields, sizeof *one);
        one->title = copy(field->title);
        one->value = copy(field->value);
        one->is_short = !field->wide;
    }
}

void moa_add_button(moa_content *content, moa_button button) {
    wire_action *made = add(&content->wire.actions, sizeof *made);
    made->kind = 0;
    made->of.button.id = copy(button.id);
    made->of.button.label = copy(button.label);
    made->of.button.value = copy(button.value);
    made->of.button.style = button.style;
    made->of.button.confirm.is = button.confirm != NULL;
    made->of.button.confirm.of = copy(button.confirm);
}

void moa_add_select(moa_content *content, moa_select select) {
    wire_action *made = add(&content->wire.actions, sizeof *made);
    made->kind = 1;
    made->of.select.id = copy(select.id);
    made->of.select.placeholder = copy(select.placeholder);
    list choices = {NULL, 0};
    for (const moa_choice *choice = select.choices; choice != NULL && choice->label != NULL; choice++) {
        wire_choice *one = add(&choices, sizeof *one);
        one->label = copy(choice->label);
        one->value = copy(choice->value);
    }
    made->of.select.choices = choices;
}

void moa_add_link(moa_content *content, const char *label, const char *address) {
    wire_action *made = add(&content->wire.actions, sizeof *made);
    made->kind = 2;
    made->of.link.label = copy(label);
    made->of.link.value = copy(address);
}

void moa_to(moa_content *content, uint8_t audience) { content->wire.audience = audience; }

void moa_sender(moa_content *content, const char *name, const char *icon) {
    content->wire.sender.is = true;
    content->wire.sender.name = copy(name);
    content->wire.sender.icon = copy(icon);
}

void moa_native(moa_content *content, const char *json) {
    content->wire.native.is = true;
    content->wire.native.of = copy(json);
}

static moa_status answer(moa_ctx *ctx, int how, const moa_content *content) {
    if (ctx->event != NULL || ctx->run != NULL || ctx->request != NULL) {
        return fail(ctx, FAILURE_INTERNAL,
                    str("an event, a job and a request have no answer in chat: send it with moa_say or moa_send"));
    }
    ctx->answer = how;
    ctx->content = content;
    return MOA_OK;
}

moa_status moa_reply_with(moa_ctx *ctx, const moa_content *content) { return answer(ctx, ANSWER_SAY, content); }
moa_status moa_update_with(moa_ctx *ctx, const moa_content *content) { return answer(ctx, ANSWER_UPDATE, content); }

moa_status moa_reply(moa_ctx *ctx, const char *format, ...) {
    FORMATTED(text);
    moa_content *content = moa_empty(ctx);
    content->wire.text = text;
    return moa_reply_with(ctx, content);
}

moa_status moa_update(moa_ctx *ctx, const char *format, ...) {
    FORMATTED(text);
    moa_content *content = moa_empty(ctx);
    content->wire.text = text;
    return moa_update_with(ctx, content);
}

moa_status moa_reply_form(moa_ctx *ctx, const char *view) {
    moa_status status = answer(ctx, ANSWER_VIEW, NULL);
    if (status == MOA_OK && ctx->press == NULL) {
        return fail(ctx, FAILURE_INTERNAL,
                    str("a form opens only from a press; reply with a button, and with the form when it is pressed"));
    }
    ctx->view = str(view);
    return status;
}

moa_status moa_field_error(moa_ctx *ctx, const char *field, const char *format, ...) {
    FORMATTED(text);
    /* Without a form there is nothing to show it at: the person is told. */
    if (ctx->press == NULL || ctx->press->kind != MOA_PRESS_SUBMIT) {
        return moa_rejected(ctx, "%s: %s", field, text.text);
    }
    ctx->answer = ANSWER_ERRORS;
    wire_choice *error = add(&ctx->errors, sizeof *error);
    error->label = copy(field);
    error->value = text;
    return MOA_OK;
}

moa_status moa_respond(moa_ctx *ctx, uint16_t status, const char *mime, moa_str body) {
    ctx->response_status = status;
    ctx->response_mime = str(mime);
    ctx->response_body = body;
    return MOA_OK;
}

/* ---- Chat ----------------------------------------------------------------------------------------------------------------------------- */

moa_status moa_send(moa_ctx *ctx, const moa_place *to, const moa_content *what, moa_message_ref *sent) {
    struct {
        moa_place to;
        wire_content what;
    } params = {sound_place(to), what->wire};
    RESULT(moa_message_ref);
    moa_import_chat_send(&params, &result);
    CHECK;
    if (sent != NULL) *sent = result.of.ok;
    return MOA_OK;
}

moa_status moa_say(moa_ctx *ctx, const char *format, ...) {
    FORMATTED(text);
    moa_content *content = moa_empty(ctx);
    content->wire.text = text;
    return moa_send(ctx, moa_here(ctx), content, NULL);
}

moa_status moa_edit(moa_ctx *ctx, const moa_message_ref *which, const moa_content *what) {
    struct {
        moa_message_ref which;
        wire_content what;
    } params = {{sound_place(&which->place), which->id, str(which->id).len}, what->wire};
    RESULT(char);
    moa_import_chat_edit(&params, &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_delete(moa_ctx *ctx, const moa_message_ref *which) {
    RESULT(char);
    moa_import_chat_delete(FLAT_REF(which), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_react(moa_ctx *ctx, const moa_message_ref *which, const char *emoji) {
    RESULT(char);
    moa_import_chat_react(FLAT_REF(which), FLAT(str(emoji)), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_unreact(moa_ctx *ctx, const moa_message_ref *which, const char *emoji) {
    RESULT(char);
    moa_import_chat_unreact(FLAT_REF(which), FLAT(str(emoji)), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_upload(moa_ctx *ctx, const moa_place *to, const char *name, moa_str data, const char *comment,
                      const char **id) {
    RESULT(moa_str);
    moa_import_chat_upload(FLAT_PLACE(to), FLAT(str(name)), FLAT(data), FLAT(str(comment)), &result);
    CHECK;
    if (id != NULL) *id = result.of.ok.text;
    return MOA_OK;
}

moa_status moa_download(moa_ctx *ctx, const char *file, moa_str *data) {
    RESULT(moa_str);
    moa_import_chat_download(FLAT(str(file)), &result);
    CHECK;
    *data = result.of.ok;
    return MOA_OK;
}

moa_status moa_open_direct(moa_ctx *ctx, const char *user, moa_place *place) {
    RESULT(moa_place);
    moa_import_chat_open_direct(FLAT(str(user)), &result);
    CHECK;
    *place = result.of.ok;
    return MOA_OK;
}

moa_status moa_open_modal(moa_ctx *ctx, const char *trigger, const char *view) {
    RESULT(char);
    moa_import_chat_open_modal(FLAT(str(trigger)), FLAT(str(view)), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_get_user(moa_ctx *ctx, const char *id, moa_user *user) {
    RESULT(moa_user);
    moa_import_chat_get_user(FLAT(str(id)), &result);
    CHECK;
    *user = result.of.ok;
    return MOA_OK;
}

moa_status moa_get_conversation(moa_ctx *ctx, const char *id, moa_conversation *conversation) {
    RESULT(moa_conversation);
    moa_import_chat_get_conversation(FLAT(str(id)), &result);
    CHECK;
    *conversation = result.of.ok;
    return MOA_OK;
}

/* A page of strings, and where to go on. */
typedef struct wire_page {
    moa_strings items;
    option_str next;
} wire_page;

static void add_all(list *to, moa_strings more) {
    for (size_t at = 0; at < more.count; at++) {
        moa_str *one = add(to, sizeof *one);
        *one = more.items[at];
    }
}

moa_status moa_members(moa_ctx *ctx, const char *conversation, moa_strings *ids) {
    list all = {NULL, 0};
    const char *cursor = NULL;
    do {
        RESULT(wire_page);
        moa_import_chat_members(FLAT(str(conversation)), FLAT_OPTION(cursor), &result);
        CHECK;
        add_all(&all, result.of.ok.items);
        cursor = result.of.ok.next.is ? result.of.ok.next.of.text : NULL;
    } while (cursor != NULL);
    ids->items = all.items;
    ids->count = all.count;
    return MOA_OK;
}

moa_status moa_history(moa_ctx *ctx, const moa_place *at, const char *before, uint32_t limit, moa_messages *messages) {
    RESULT(moa_messages);
    moa_import_chat_history(FLAT_PLACE(at), FLAT_OPTION(before), limit, &result);
    CHECK;
    *messages = result.of.ok;
    return MOA_OK;
}

moa_status moa_ask(moa_ctx *ctx, const moa_place *to, const char *who, const char *id, const moa_content *what,
                   uint32_t wait_seconds, moa_message_ref *sent) {
    struct {
        moa_place to;
        moa_str who, id;
        wire_content what;
        uint32_t wait_seconds;
    } params = {sound_place(to), str(who), str(id), what->wire, wait_seconds};
    RESULT(moa_message_ref);
    moa_import_chat_ask(&params, &result);
    CHECK;
    if (sent != NULL) *sent = result.of.ok;
    return MOA_OK;
}

moa_place moa_place_of(const char *conversation) {
    moa_place place = {.service = "", .conversation = conversation, .kind = MOA_CHANNEL};
    return sound_place(&place);
}

/* ---- The brain ------------------------------------------------------------------------------------------------------------------------- */

typedef struct option_entry {
    bool is;
    moa_entry of;
} option_entry;

moa_status moa_brain_get(moa_ctx *ctx, moa_scope at, const char *key, moa_entry *entry) {
    RESULT(option_entry);
    moa_import_brain_get(FLAT_SCOPE(at), FLAT(str(key)), &result);
    CHECK;
    memset(entry, 0, sizeof *entry);
    if (result.of.ok.is) *entry = result.of.ok.of;
    return MOA_OK;
}

moa_status moa_brain_text(moa_ctx *ctx, moa_scope at, const char *key, const char **value) {
    moa_entry entry;
    *value = NULL;
    moa_status status = moa_brain_get(ctx, at, key, &entry);
    if (status == MOA_OK) *value = entry.value;
    return status;
}

static moa_str value_of(const moa_write *what) {
    moa_str value = {what->value, what->value_len};
    return what->value_len == 0 ? str(what->value) : value;
}

moa_status moa_brain_write(moa_ctx *ctx, moa_scope at, const moa_write *what, const char **version) {
    RESULT(moa_str);
    moa_import_brain_set(FLAT_SCOPE(at), FLAT(str(what->key)), FLAT(value_of(what)), what->expires, what->ttl_seconds,
                         &result);
    CHECK;
    if (version != NULL) *version = result.of.ok.text;
    return MOA_OK;
}

moa_status moa_brain_set(moa_ctx *ctx, moa_scope at, const char *key, const char *value) {
    moa_write what = {key, value, 0, false, 0};
    return moa_brain_write(ctx, at, &what, NULL);
}

moa_status moa_brain_set_for(moa_ctx *ctx, moa_scope at, const char *key, const char *value, uint32_t ttl_seconds) {
    moa_write what = {key, value, 0, true, ttl_seconds};
    return moa_brain_write(ctx, at, &what, NULL);
}

moa_status moa_brain_delete(moa_ctx *ctx, moa_scope at, const char *key, bool *was_there) {
    RESULT(bool);
    moa_import_brain_delete(FLAT_SCOPE(at), FLAT(str(key)), &result);
    CHECK;
    if (was_there != NULL) *was_there = result.of.ok;
    return MOA_OK;
}

moa_status moa_brain_incr(moa_ctx *ctx, moa_scope at, const char *key, int64_t by, int64_t *sum) {
    RESULT(int64_t);
    moa_import_brain_increment(FLAT_SCOPE(at), FLAT(str(key)), by, &result);
    CHECK;
    if (sum != NULL) *sum = result.of.ok;
    return MOA_OK;
}

moa_status moa_brain_cas(moa_ctx *ctx, moa_scope at, const moa_write *what, const char *expected, const char **version) {
    RESULT(moa_str);
    moa_import_brain_compare_and_swap(FLAT_SCOPE(at), FLAT(str(what->key)), FLAT(value_of(what)), what->expires,
                                      what->ttl_seconds, FLAT_OPTION(expected), &result);
    CHECK;
    if (version != NULL) *version = result.of.ok.text;
    return MOA_OK;
}

moa_status moa_brain_get_many(moa_ctx *ctx, moa_scope at, const char *const *keys, size_t count, moa_entry *entries) {
    moa_str *names = allocate(count * sizeof *names);
    for (size_t n = 0; n < count; n++) names[n] = str(keys[n]);
    RESULT(list);
    moa_import_brain_get_many(FLAT_SCOPE(at), names, count, &result);
    CHECK;
    const option_entry *found = result.of.ok.items;
    memset(entries, 0, count * sizeof *entries);
    for (size_t n = 0; n < count && n < result.of.ok.count; n++) {
        if (found[n].is) entries[n] = found[n].of;
    }
    return MOA_OK;
}

moa_status moa_brain_set_many(moa_ctx *ctx, moa_scope at, const moa_write *what, size_t count) {
    wire_write *writes = allocate(count * sizeof *writes);
    for (size_t n = 0; n < count; n++) {
        writes[n].key = str(what[n].key);
        writes[n].value = value_of(&what[n]);
        writes[n].expires = what[n].expires;
        writes[n].ttl_seconds = what[n].ttl_seconds;
    }
    RESULT(char);
    moa_import_brain_set_many(FLAT_SCOPE(at), writes, count, &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_brain_page(moa_ctx *ctx, moa_scope at, const char *prefix, const char **cursor, uint32_t limit,
                          moa_strings *keys) {
    RESULT(wire_page);
    moa_import_brain_list_keys(FLAT_SCOPE(at), FLAT(str(prefix)), FLAT_OPTION(*cursor), limit, &result);
    CHECK;
    *keys = result.of.ok.items;
    *cursor = result.of.ok.next.is ? result.of.ok.next.of.text : NULL;
    return MOA_OK;
}

moa_status moa_brain_keys(moa_ctx *ctx, moa_scope at, const char *prefix, moa_strings *keys) {
    list all = {NULL, 0};
    const char *cursor = NULL;
    do {
        moa_strings page;
        moa_status status = moa_brain_page(ctx, at, prefix, &cursor, 1000, &page);
        if (status != MOA_OK) return status;
        add_all(&all, page);
    } while (cursor != NULL);
    keys->items = all.items;
    keys->count = all.count;
    return MOA_OK;
}

static moa_place within(const moa_place *at, const char *thread) {
    moa_place place = *at;
    place.thread = thread;
    return sound_place(&place);
}

moa_status moa_daily_thread(moa_ctx *ctx, const moa_place *at, const char *day, const moa_content *head,
                            const moa_content *guide, moa_place *thread) {
    const char *key = moa_format(ctx, "daily/%s/%s", at->conversation, day), *kept;
    moa_status status = moa_brain_text(ctx, moa_plugin_scope(), key, &kept);
    if (status != MOA_OK) return status;
    moa_message_ref first = {0};
    if (kept == NULL) {
        status = moa_send(ctx, at, head, &first);
        if (status != MOA_OK) return status;
        moa_write what = {.key = key, .value = moa_json_quote(ctx, first.id)};
        status = moa_brain_cas(ctx, moa_plugin_scope(), &what, NULL, NULL);
        if (status == MOA_OK) {
            *thread = within(at, first.id);
            return guide == NULL ? MOA_OK : moa_send(ctx, thread, guide, NULL);
        }
        if (status != MOA_CONFLICT) return status;
        /* Another call was first: one thread a day, not two. */
        status = moa_delete(ctx, &first);
        if (status == MOA_OK) status = moa_brain_text(ctx, moa_plugin_scope(), key, &kept);
        if (status != MOA_OK) return status;
    }
    const char *id = kept == NULL ? first.id : moa_json_text(moa_json_read(ctx, kept), NULL);
    if (id == NULL) return moa_fail(ctx, "the brain's key %s holds no thread: %s", key, kept);
    *thread = within(at, id);
    return MOA_OK;
}

/* ---- Patterns, schedule ------------------------------------------------------------------------------------------------------------------ */

static moa_status hear(moa_ctx *ctx, const char *id, int kind, const char *text, uint8_t where, const char *conversation) {
    RESULT(char);
    moa_import_triggers_hear(FLAT(str(id)), kind, FLAT(str(text)), where, FLAT_OPTION(conversation), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_hear_keyword(moa_ctx *ctx, const char *id, const char *keyword, uint8_t where, const char *conversation) {
    return hear(ctx, id, 0, keyword, where, conversation);
}

moa_status moa_hear_regex(moa_ctx *ctx, const char *id, const char *regex, uint8_t where, const char *conversation) {
    return hear(ctx, id, 1, regex, where, conversation);
}

moa_status moa_forget(moa_ctx *ctx, const char *id, bool *was_there) {
    RESULT(bool);
    moa_import_triggers_forget(FLAT(str(id)), &result);
    CHECK;
    if (was_there != NULL) *was_there = result.of.ok;
    return MOA_OK;
}

moa_status moa_schedule_at(moa_ctx *ctx, const char *name, const char *when, const char *payload) {
    RESULT(char);
    moa_import_schedule_at(FLAT(str(name)), FLAT(str(when)), FLAT(str(payload)), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_schedule_every(moa_ctx *ctx, const char *name, const char *cron, const char *timezone, uint8_t missed,
                              const char *payload) {
    RESULT(char);
    moa_import_schedule_every(FLAT(str(name)), FLAT(str(cron)), FLAT(str(timezone)), missed, FLAT(str(payload)), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_schedule_cancel(moa_ctx *ctx, const char *name, bool *was_there) {
    RESULT(bool);
    moa_import_schedule_cancel(FLAT(str(name)), &result);
    CHECK;
    if (was_there != NULL) *was_there = result.of.ok;
    return MOA_OK;
}

moa_status moa_schedule_list(moa_ctx *ctx, moa_schedule *jobs) {
    RESULT(moa_schedule);
    moa_import_schedule_list(&result);
    CHECK;
    *jobs = result.of.ok;
    return MOA_OK;
}

/* ---- HTTP, databases, objects ------------------------------------------------------------------------------------------------------------ */

static wire_http wire_of(const moa_http *request) {
    wire_http wire;
    memset(&wire, 0, sizeof wire);
    wire.method = str(request->method == NULL ? "GET" : request->method);
    wire.url = str(request->url);
    for (const moa_header *header = request->headers; header != NULL && header->name != NULL; header++) {
        wire_choice *one = add(&wire.headers, sizeof *one);
        one->label = str(header->name);
        one->value = str(header->value);
    }
    if (request->body_bucket != NULL) {
        wire.body.kind = 2;
        wire.body.first = str(request->body_bucket);
        wire.body.second = str(request->body_key);
    } else if (request->body.text != NULL) {
        wire.body.kind = 1;
        wire.body.first = request->body;
    }
    wire.timeout_ms = request->timeout_ms;
    if (request->aws_secret != NULL) {
        wire.sign.is = true;
        wire.sign.of.kind = 0;
        wire.sign.of.first = str(request->aws_secret);
        wire.sign.of.second = str(request->aws_region);
        wire.sign.of.third = str(request->aws_service);
    } else if (request->hmac_secret != NULL) {
        wire.sign.is = true;
        wire.sign.of.kind = 1;
        wire.sign.of.first = str(request->hmac_secret);
        wire.sign.of.second = str(request->hmac_header);
    }
    return wire;
}

moa_status moa_http_fetch(moa_ctx *ctx, const moa_http *request, moa_http_response *response) {
    wire_http params = wire_of(request);
    RESULT(moa_http_response);
    moa_import_http_fetch(&params, &result);
    CHECK;
    *response = result.of.ok;
    return MOA_OK;
}

moa_status moa_http_to_object(moa_ctx *ctx, const moa_http *request, const char *bucket, const char *key,
                              moa_http_response *response) {
    struct {
        wire_http request;
        moa_str bucket, key;
    } params = {wire_of(request), str(bucket), str(key)};
    RESULT(moa_http_response);
    moa_import_http_fetch_to_object(&params, &result);
    CHECK;
    *response = result.of.ok;
    return MOA_OK;
}

const char *moa_http_header(const moa_http_response *response, const char *name) {
    for (size_t at = 0; at < response->header_count; at++) {
        if (strcmp(response->headers[at].name, name) == 0) return response->headers[at].value;
    }
    return NULL;
}

static moa_cell cell(uint8_t type) {
    moa_cell made;
    memset(&made, 0, sizeof made);
    made.type = type;
    return made;
}

moa_cell moa_cell_null(void) { return cell(MOA_NULL); }

moa_cell moa_cell_truth(bool value) {
    moa_cell made = cell(MOA_TRUTH);
    made.of.truth = value;
    return made;
}

moa_cell moa_cell_integer(int64_t value) {
    moa_cell made = cell(MOA_INTEGER);
    made.of.integer = value;
    return made;
}

moa_cell moa_cell_number(double value) {
    moa_cell made = cell(MOA_NUMBER);
    made.of.number = value;
    return made;
}

moa_cell moa_cell_text(const char *value) {
    moa_cell made = cell(MOA_TEXT);
    made.of.str = str(value);
    return made;
}

moa_cell moa_cell_bytes(const void *data, size_t len) {
    moa_cell made = cell(MOA_BYTES);
    made.of.str.text = data;
    made.of.str.len = len;
    return made;
}

moa_status moa_sql_query(moa_ctx *ctx, const char *connection, const char *text, const moa_cell *params, size_t count,
                         moa_rows *rows) {
    RESULT(moa_rows);
    moa_import_sql_query(FLAT(str(connection)), FLAT(str(text)), params, count, &result);
    CHECK;
    *rows = result.of.ok;
    return MOA_OK;
}

moa_status moa_sql_execute(moa_ctx *ctx, const char *connection, const char *text, const moa_cell *params, size_t count,
                           uint32_t *changed) {
    RESULT(uint32_t);
    moa_import_sql_execute(FLAT(str(connection)), FLAT(str(text)), params, count, &result);
    CHECK;
    if (changed != NULL) *changed = result.of.ok;
    return MOA_OK;
}

/* As few digits as tell a number from its neighbours, without an exponent. */
static const char *digits_of(double number) {
    if (number != number) return "NaN";
    if (number - number != 0) return number > 0 ? "inf" : "-inf";
    char text[40];
    for (int precision = 0; precision < 17; precision++) {
        snprintf(text, sizeof text, "%.*e", precision, number);
        if (strtod(text, NULL) == number) break;
    }
    char *power = strchr(text, 'e');
    long point = 1 + strtol(power + 1, NULL, 10);
    *power = '\0';
    const char *from = text;
    writer to = {0};
    if (*from == '-') put(&to, from++, 1);
    if (point <= 0) {
        puts_to(&to, "0.");
        fill(&to, '0', (size_t)-point);
    }
    long written = 0;
    for (; *from != '\0'; from++) {
        if (*from == '.') continue;
        if (written == point && point > 0) put(&to, ".", 1);
        put(&to, from, 1);
        written++;
    }
    if (written < point) fill(&to, '0', (size_t)(point - written));
    return to.text;
}

/* NULL is nothing, bytes are hexadecimal digits. */
static moa_str shown(const moa_cell *cell) {
    switch (cell->type) {
    case MOA_TRUTH: return str(cell->of.truth ? "true" : "false");
    case MOA_INTEGER: return str(moa_format(NULL, "%" PRId64, cell->of.integer));
    case MOA_NUMBER: return str(digits_of(cell->of.number));
    case MOA_DECIMAL:
    case MOA_TEXT:
    case MOA_INSTANT: return cell->of.str;
    case MOA_BYTES: {
        writer to = {0};
        put(&to, "", 0);
        for (size_t at = 0; at < cell->of.str.len; at++) {
            unsigned char byte = (unsigned char)cell->of.str.text[at];
            put(&to, &"0123456789abcdef"[byte >> 4], 1);
            put(&to, &"0123456789abcdef"[byte & 15], 1);
        }
        moa_str made = {to.text, to.len};
        return made;
    }
    default: return str("");
    }
}

/* The columns' names, and then each row. */
static moa_strings *lines_of(const moa_rows *rows) {
    moa_strings *lines = allocate((rows->row_count + 2) * sizeof *lines);
    lines[0].items = rows->columns;
    lines[0].count = rows->column_count;
    for (size_t n = 0; n < rows->row_count; n++) {
        moa_str *cells = allocate(rows->rows[n].count * sizeof *cells);
        for (size_t at = 0; at < rows->rows[n].count; at++) cells[at] = shown(&rows->rows[n].cells[at]);
        lines[n + 1].items = cells;
        lines[n + 1].count = rows->rows[n].count;
    }
    return lines;
}

const char *moa_rows_table(moa_ctx *ctx, const moa_rows *rows) {
    static const moa_str more = {"…", sizeof "…" - 1};
    moa_strings *lines = lines_of(rows);
    size_t count = rows->row_count + 1;
    if (rows->truncated) {
        lines[count].items = &more;
        lines[count].count = 1;
        count++;
    }
    return moa_table(ctx, lines, count);
}

moa_status moa_reply_table(moa_ctx *ctx, const moa_rows *rows) { return moa_reply(ctx, "%s", moa_rows_table(ctx, rows)); }

/* Whether a spreadsheet would run it, as OWASP's page on CSV injection lists it. A sign before a number or nothing is none. */
static bool is_formula(moa_str cell) {
    static const char *const begins[] = {"=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"};
    bool begun = false;
    for (size_t n = 0; n < sizeof begins / sizeof *begins; n++) {
        size_t len = strlen(begins[n]);
        begun |= cell.len >= len && memcmp(cell.text, begins[n], len) == 0;
    }
    if (!begun || (cell.text[0] != '+' && cell.text[0] != '-')) return begun;
    if (cell.len == 1 || (cell.len == 4 && memcmp(cell.text + 1, "inf", 3) == 0)) return false;
    bool point = false, digit = false;
    for (size_t at = 1; at < cell.len; at++) {
        char c = cell.text[at];
        if (c == '.' && digit && !point) {
            point = true;
            digit = false;
        } else if (c >= '0' && c <= '9') {
            digit = true;
        } else {
            return true;
        }
    }
    return !digit;
}

moa_str moa_rows_csv(moa_ctx *ctx, const moa_rows *rows) { return moa_rows_csv_as(ctx, rows, 0); }

moa_str moa_rows_csv_as(moa_ctx *ctx, const moa_rows *rows, unsigned ways) {
    (void)ctx;
    const moa_strings *lines = lines_of(rows);
    writer to = {0};
    if ((ways & MOA_CSV_BOM) != 0) puts_to(&to, "\xef\xbb\xbf");
    for (size_t n = 0; n <= rows->row_count; n++) {
        for (size_t at = 0; at < lines[n].count; at++) {
            moa_str cell = lines[n].items[at];
            bool quoted = false;
            for (size_t byte = 0; byte < cell.len; byte++) quoted |= memchr(",\"\r\n", cell.text[byte], 4) != NULL;
            if (at > 0) put(&to, ",", 1);
            if (quoted) put(&to, "\"", 1);
            if ((ways & MOA_CSV_AS_IS) == 0 && is_formula(cell)) put(&to, "'", 1);
            for (size_t byte = 0; byte < cell.len; byte++) {
                if (cell.text[byte] == '"') put(&to, "\"", 1);
                put(&to, cell.text + byte, 1);
            }
            if (quoted) put(&to, "\"", 1);
        }
        puts_to(&to, "\r\n");
    }
    moa_str file = {to.text, to.len};
    return file;
}

moa_status moa_rows_send_csv(moa_ctx *ctx, const moa_rows *rows, const moa_place *to, const char *name,
                             const char *comment, const char **id) {
    return moa_upload(ctx, to, name, moa_rows_csv_as(ctx, rows, MOA_CSV_BOM), comment, id);
}

moa_status moa_object_get(moa_ctx *ctx, const char *bucket, const char *key, moa_str *data) {
    RESULT(moa_str);
    moa_import_objects_get(FLAT(str(bucket)), FLAT(str(key)), &result);
    CHECK;
    *data = result.of.ok;
    return MOA_OK;
}

moa_status moa_object_put(moa_ctx *ctx, const char *bucket, const char *key, moa_str data, const char *mime,
                          const char **etag) {
    RESULT(moa_str);
    moa_import_objects_put(FLAT(str(bucket)), FLAT(str(key)), FLAT(data), FLAT(str(mime)), &result);
    CHECK;
    if (etag != NULL) *etag = result.of.ok.text;
    return MOA_OK;
}

moa_status moa_object_page(moa_ctx *ctx, const char *bucket, const char *prefix, const char **cursor,
                           moa_objects *objects) {
    typedef struct page {
        moa_objects items;
        option_str next;
    } page;
    RESULT(page);
    moa_import_objects_list(FLAT(str(bucket)), FLAT(str(prefix)), FLAT_OPTION(*cursor), &result);
    CHECK;
    *objects = result.of.ok.items;
    *cursor = result.of.ok.next.is ? result.of.ok.next.of.text : NULL;
    return MOA_OK;
}

moa_status moa_object_delete(moa_ctx *ctx, const char *bucket, const char *key) {
    RESULT(char);
    moa_import_objects_delete(FLAT(str(bucket)), FLAT(str(key)), &result);
    CHECK;
    return MOA_OK;
}

moa_status moa_object_sign(moa_ctx *ctx, const char *bucket, const char *key, uint32_t seconds, const char **address) {
    RESULT(moa_str);
    moa_import_objects_sign(FLAT(str(bucket)), FLAT(str(key)), seconds, &result);
    CHECK;
    *address = result.of.ok.text;
    return MOA_OK;
}

/* ---- System --------------------------------------------------------------------------------------------------------------------------------- */

void moa_log(uint8_t level, const char *format, ...) {
    FORMATTED(text);
    /* Behind what was printed before. */
    fflush(stdout);
    moa_import_system_log(level, FLAT(text));
}

const char *moa_now(moa_ctx *ctx) {
    (void)ctx;
    moa_str now = {NULL, 0};
    moa_import_system_now(&now);
    return now.text;
}

moa_status moa_local(moa_ctx *ctx, const char *instant, const char *timezone, const char **local) {
    struct {
        bool refused;
        moa_str text;
    } result = {false, {NULL, 0}};
    moa_import_system_local(FLAT(str(instant)), FLAT(str(timezone)), &result);
    if (result.refused) {
        ctx->refusal = result.text.text;
        return MOA_INVALID;
    }
    *local = result.text.text;
    return MOA_OK;
}

void moa_random(void *bytes, size_t len) {
    const size_t most = 65536; /* As much as the host gives at once. */
    for (char *to = bytes; len > 0;) {
        moa_str got = {NULL, 0};
        moa_import_system_random((uint32_t)(len < most ? len : most), &got);
        if (got.len == 0 || got.len > len) moa_panic("the host gave %zu random bytes of %zu", got.len, len);
        memcpy(to, got.text, got.len);
        to += got.len;
        len -= got.len;
    }
}

uint32_t moa_random_below(uint32_t end) {
    if (end == 0) return 0;
    /* Words beyond the last whole multiple of `end` are taken again, so that none is favoured. */
    uint32_t spare = (UINT32_MAX % end + 1) % end;
    uint32_t word;
    do {
        moa_random(&word, sizeof word);
    } while (word > UINT32_MAX - spare);
    return word % end;
}

void moa_shuffle(void *items, size_t count, size_t size) {
    char *all = items;
    for (size_t left = count; left > 1; left--) {
        char *one = all + (left - 1) * size;
        char *other = all + moa_random_below((uint32_t)left) * size;
        for (size_t at = 0; at < size; at++) {
            char byte = one[at];
            one[at] = other[at];
            other[at] = byte;
        }
    }
}

/* ---- JSON: reading ---------------------------------------------------------------------------------------------------------------------------- */

enum { JSON_DEEPEST = 64 };
enum { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_TEXT, JSON_ARRAY, JSON_OBJECT };

struct moa_json {
    int type;
    const char *name;
    const char *text; /* Of a text, and of a number as it was written. */
    bool truth;
    size_t count;
    moa_json *first;
    moa_json *last;
    moa_json *next;
};

static void skip_blanks(const char **at) { *at += strspn(*at, " \t\r\n"); }

static int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

/* Four digits behind `\u`; -1 if they are not there. */
static int32_t unit(const char *at) {
    int32_t value = 0;
    for (int n = 0; n < 4; n++) {
        int digit = hex_digit(at[n]);
        if (digit < 0) return -1;
        value = value * 16 + digit;
    }
    return value;
}

static void put_character(writer *to, uint32_t c) {
    char bytes[4];
    size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char first[] = {0, 0x00, 0xc0, 0xe0, 0xf0};
    for (size_t n = len; n-- > 1; c >>= 6) bytes[n] = (char)(0x80 | (c & 0x3f));
    bytes[0] = (char)(first[len] | c);
    put(to, bytes, len);
}

/* Behind the opening quotation mark; NULL if it is malformed. */
static const char *json_string_read(const char **at) {
    writer text = {0};
    put(&text, "", 0);
    for (const char *c = *at;;) {
        if ((unsigned char)*c < 0x20) return NULL;
        if (*c == '"') {
            *at = c + 1;
            return text.text;
        }
        if (*c != '\\') {
            put(&text, c++, 1);
            continue;
        }
        c++;
        static const char escapes[] = "\"\\/bfnrt", meant[] = "\"\\/\b\f\n\r\t";
        const char *escape = *c == '\0' ? NULL : strchr(escapes, *c);
        if (escape != NULL) {
            put(&text, &meant[escape - escapes], 1);
            c++;
            continue;
        }
        int32_t high = *c == 'u' ? unit(c + 1) : -1;
        if (high < 0) return NULL;
        c += 5;
        uint32_t character = (uint32_t)high;
        if (high >= 0xd800 && high < 0xe000) {
            int32_t low = c[0] == '\\' && c[1] == 'u' ? unit(c + 2) : -1;
            if (high >= 0xdc00 || low < 0xdc00 || low >= 0xe000) return NULL;
            character = 0x10000 + (((uint32_t)high - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            c += 6;
        }
        put_character(&text, character);
    }
}

static moa_json *json_value(const char **at, int depth);

static bool json_members(const char **at, moa_json *node, char close, int depth) {
    ++*at;
    skip_blanks(at);
    if (**at == close) return ++*at, true;
    for (;;) {
        const char *name = NULL;
        skip_blanks(at);
        if (node->type == JSON_OBJECT) {
            if (**at != '"') return false;
            ++*at;
            name = json_string_read(at);
            skip_blanks(at);
            if (name == NULL || *(*at)++ != ':') return false;
        }
        moa_json *member = json_value(at, depth + 1);
        if (member == NULL) return false;
        member->name = name;
        if (node->last == NULL) node->first = member;
        else node->last->next = member;
        node->last = member;
        node->count++;
        skip_blanks(at);
        char c = *(*at)++;
        if (c == close) return true;
        if (c != ',') return false;
    }
}

static moa_json *json_value(const char **at, int depth) {
    moa_json *node = allocate(sizeof *node);
    skip_blanks(at);
    if (depth > JSON_DEEPEST) return NULL;
    switch (**at) {
    case '{':
        node->type = JSON_OBJECT;
        return json_members(at, node, '}', depth) ? node : NULL;
    case '[':
        node->type = JSON_ARRAY;
        return json_members(at, node, ']', depth) ? node : NULL;
    case '"':
        ++*at;
        node->type = JSON_TEXT;
        node->text = json_string_read(at);
        return node->text == NULL ? NULL : node;
    }
    size_t length = strcspn(*at, " \t\r\n,]}");
    char *word = allocate(length);
    memcpy(word, *at, length);
    *at += length;
    if (strcmp(word, "true") == 0 || strcmp(word, "false") == 0) {
        node->type = JSON_BOOL;
        node->truth = word[0] == 't';
        return node;
    }
    if (strcmp(word, "null") == 0) return node;
    char *end;
    strtod(word, &end);
    /* What C takes for a number and JSON does not: infinities, what is no number, hexadecimal digits. */
    bool decimal = strspn(word, "0123456789+-.eE") == length && word[0] != '+' && word[0] != '.';
    if (length == 0 || *end != '\0' || !decimal) return NULL;
    node->type = JSON_NUMBER;
    node->text = word;
    return node;
}

const moa_json *moa_json_read(moa_ctx *ctx, const char *text) {
    (void)ctx;
    const moa_json *node = json_value(&text, 0);
    if (node == NULL) return NULL; /* The place may be behind the end. */
    skip_blanks(&text);
    return *text == '\0' ? node : NULL;
}

const moa_json *moa_json_get(const moa_json *node, const char *name) {
    if (node == NULL || node->type != JSON_OBJECT) return NULL;
    for (const moa_json *member = node->first; member != NULL; member = member->next) {
        if (strcmp(member->name, name) == 0) return member;
    }
    return NULL;
}

const moa_json *moa_json_at(const moa_json *node, size_t at) {
    const moa_json *member = node == NULL ? NULL : node->first;
    while (member != NULL && at-- > 0) member = member->next;
    return member;
}

size_t moa_json_count(const moa_json *node) { return node == NULL ? 0 : node->count; }
const char *moa_json_name(const moa_json *node) { return node == NULL || node->name == NULL ? "" : node->name; }

const char *moa_json_text(const moa_json *node, const char *otherwise) {
    return node != NULL && node->type == JSON_TEXT ? node->text : otherwise;
}

int64_t moa_json_int(const moa_json *node, int64_t otherwise) {
    if (node == NULL || node->type != JSON_NUMBER) return otherwise;
    if (strpbrk(node->text, ".eE") != NULL) {
        double number = strtod(node->text, NULL);
        return -0x1p63 <= number && number < 0x1p63 ? (int64_t)number : otherwise;
    }
    return strtoll(node->text, NULL, 10);
}

double moa_json_float(const moa_json *node, double otherwise) {
    return node != NULL && node->type == JSON_NUMBER ? strtod(node->text, NULL) : otherwise;
}

bool moa_json_bool(const moa_json *node, bool otherwise) {
    return node != NULL && node->type == JSON_BOOL ? node->truth : otherwise;
}

const moa_json *moa_config(moa_ctx *ctx) {
    moa_str text = {NULL, 0};
    moa_import_system_config(&text);
    return moa_json_read(ctx, text.text);
}

/* ---- JSON: writing ---------------------------------------------------------------------------------------------------------------------------- */

static void json_string(writer *to, const char *text) {
    put(to, "\"", 1);
    for (; *text != '\0'; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\') put(to, "\\", 1);
        if (c >= 0x20) {
            put(to, text, 1);
        } else {
            char escape[8];
            snprintf(escape, sizeof escape, "\\u%04x", c);
            puts_to(to, escape);
        }
    }
    put(to, "\"", 1);
}

const char *moa_json_quote(moa_ctx *ctx, const char *text) {
    (void)ctx;
    writer quoted = {0};
    json_string(&quoted, text);
    return quoted.text;
}

/* A comma, unless nothing stands before in this object or array. */
static void item(writer *to) {
    if (to->len > 0 && strchr("{[:", to->text[to->len - 1]) == NULL) put(to, ",", 1);
}

static void begin(writer *to, const char *bracket) {
    item(to);
    puts_to(to, bracket);
}

static void key(writer *to, const char *name) {
    item(to);
    json_string(to, name);
    put(to, ":", 1);
}

static void text_member(writer *to, const char *name, const char *text) {
    if (text == NULL) return;
    key(to, name);
    json_string(to, text);
}

static void raw_member(writer *to, const char *name, const char *json) {
    if (json == NULL) return;
    key(to, name);
    puts_to(to, json);
}

static void true_member(writer *to, const char *name, bool truth) { raw_member(to, name, truth ? "true" : NULL); }

static void words_member(writer *to, const char *name, const char *const *words) {
    if (words == NULL || *words == NULL) return;
    key(to, name);
    put(to, "[", 1);
    for (; *words != NULL; words++) {
        item(to);
        json_string(to, *words);
    }
    put(to, "]", 1);
}

static void people_member(writer *to, const char *name, moa_words words) {
    if (words.all != NULL) {
        text_member(to, name, words.all);
    } else if (words.ko != NULL || words.en != NULL) {
        key(to, name);
        put(to, "{", 1);
        text_member(to, "ko", words.ko);
        text_member(to, "en", words.en);
        put(to, "}", 1);
    }
}

/* ---- The manifest ------------------------------------------------------------------------------------------------------------------------------ */

static const char *type_name(moa_type type) {
    static const char *const names[] = {"string", "int",  "float", "bool",   "user", "conversation", "duration",
                                        "date",   "time", "choice", "list", "rest", "table"};
    return (size_t)type < sizeof names / sizeof *names ? names[type] : "unknown";
}

/* Everything of an argument or a setting but its name. */
static void argument_members(writer *to, const moa_arg *arg) {
    text_member(to, "type", type_name(arg->type));
    people_member(to, "summary", arg->summary);
    true_member(to, "optional", arg->optional);
    bool is_json = arg->type == MOA_INT || arg->type == MOA_FLOAT || arg->type == MOA_BOOL || arg->type == MOA_LIST ||
                   arg->type == MOA_TABLE;
    (is_json ? raw_member : text_member)(to, "default", arg->standard);
    raw_member(to, "min", arg->min);
    raw_member(to, "max", arg->max);
    words_member(to, "choices", arg->choices);
}

static void command_json(writer *to, const moa_command *command) {
    static const char *const confirms[] = {NULL, "self", "second"};
    begin(to, "{");
    text_member(to, "name", command->name);
    words_member(to, "aliases", command->aliases);
    people_member(to, "summary", command->summary);
    people_member(to, "help", command->help);
    words_member(to, "examples", command->examples);
    if (command->args != NULL) {
        key(to, "args");
        put(to, "[", 1);
        for (const moa_arg *arg = command->args; arg->name != NULL; arg++) {
            begin(to, "{");
            text_member(to, "name", arg->name);
            argument_members(to, arg);
            put(to, "}", 1);
        }
        put(to, "]", 1);
    }
    if (command->subcommands != NULL) {
        key(to, "subcommands");
        put(to, "[", 1);
        for (const moa_command *sub = command->subcommands; sub->name != NULL; sub++) command_json(to, sub);
        put(to, "]", 1);
    }
    text_member(to, "default", command->standard);
    true_member(to, "restricted", command->restricted);
    text_member(to, "confirm", confirms[command->confirm % 3]);
    put(to, "}", 1);
}

static void hears_json(writer *to) {
    static const char *const scopes[] = {"direct", "direct-mention", "mention", "ambient"};
    key(to, "hears");
    put(to, "[", 1);
    for (const moa_hear *hear = moa_the_plugin.hears; hear != NULL && hear->id != NULL; hear++) {
        if (hear->pattern == NULL) continue;
        begin(to, "{");
        text_member(to, "id", hear->id);
        text_member(to, "pattern", hear->pattern);
        if (hear->where != 0) {
            key(to, "scopes");
            put(to, "[", 1);
            for (int bit = 0; bit < 4; bit++) {
                if ((hear->where & 1 << bit) == 0) continue;
                item(to);
                json_string(to, scopes[bit]);
            }
            put(to, "]", 1);
        }
        put(to, "}", 1);
    }
    put(to, "]", 1);
}

static void jobs_json(writer *to) {
    key(to, "jobs");
    put(to, "[", 1);
    for (const moa_job *job = moa_the_plugin.jobs; job != NULL && job->id != NULL; job++) {
        begin(to, "{");
        text_member(to, "id", job->id);
        text_member(to, "cron", job->cron);
        text_member(to, "on", job->on);
        text_member(to, "timezone", job->timezone);
        text_member(to, "missed", job->missed);
        text_member(to, "jitter", job->jitter);
        text_member(to, "after", job->after);
        words_member(to, "except", job->except);
        put(to, "}", 1);
    }
    put(to, "]", 1);
    key(to, "webhooks");
    put(to, "[", 1);
    for (const moa_webhook *hook = moa_the_plugin.webhooks; hook != NULL && hook->name != NULL; hook++) {
        begin(to, "{");
        text_member(to, "name", hook->name);
        words_member(to, "methods", hook->methods);
        text_member(to, "verify", hook->verify);
        put(to, "}", 1);
    }
    put(to, "]", 1);
}

static const char *const event_names[] = {"reacted", "unreacted", "joined", "left", "topic", "edited", "deleted"};

static void events_json(writer *to) {
    key(to, "events");
    put(to, "[", 1);
    for (const moa_on *on = moa_the_plugin.events; on != NULL && on->run != NULL; on++) {
        item(to);
        json_string(to, event_names[on->event % 7]);
    }
    put(to, "]", 1);
    key(to, "shortcuts");
    put(to, "[", 1);
    for (const moa_shortcut *one = moa_the_plugin.shortcuts; one != NULL && one->id != NULL; one++) {
        begin(to, "{");
        text_member(to, "id", one->id);
        text_member(to, "on", one->on);
        people_member(to, "name", one->name);
        people_member(to, "description", one->description);
        put(to, "}", 1);
    }
    put(to, "]", 1);
}

static void requests_json(writer *to, const moa_requests *requests) {
    key(to, "requests");
    put(to, "{", 1);
    words_member(to, "http", requests->http);
    words_member(to, "conversations", requests->conversations);
    true_member(to, "users", requests->users);
    words_member(to, "sql", requests->sql);
    words_member(to, "objects", requests->objects);
    words_member(to, "secrets", requests->secrets);
    true_member(to, "shared-brain", requests->shared_brain);
    true_member(to, "schedule", requests->schedule);
    true_member(to, "broadcast", requests->broadcast);
    put(to, "}", 1);
}

static moa_str manifest(void) {
    const moa_plugin *plugin = &moa_the_plugin;
    writer to = {0};
    put(&to, "{", 1);
    text_member(&to, "name", plugin->name);
    text_member(&to, "version", plugin->version);
    people_member(&to, "summary", plugin->summary);
    key(&to, "commands");
    put(&to, "[", 1);
    for (const moa_command *command = plugin->commands; command != NULL && command->name != NULL; command++) {
        command_json(&to, command);
    }
    put(&to, "]", 1);
    hears_json(&to);
    jobs_json(&to);
    events_json(&to);
    key(&to, "config");
    put(&to, "{", 1);
    for (const moa_arg *setting = plugin->config; setting != NULL && setting->name != NULL; setting++) {
        key(&to, setting->name);
        put(&to, "{", 1);
        argument_members(&to, setting);
        put(&to, "}", 1);
    }
    put(&to, "}", 1);
    requests_json(&to, &plugin->requests);
    put(&to, "}", 1);
    moa_str json = {to.text, to.len};
    return json;
}

/* ---- Forms -------------------------------------------------------------------------------------------------------------------------------------- */

static void plain_text(writer *to, const char *name, const char *text, size_t most) {
    if (text == NULL) return;
    /* Whole characters alone: bytes of the form 10xxxxxx go on with one. */
    size_t characters = 0, end = 0;
    for (size_t at = 0; text[at] != '\0'; at++) {
        if (((unsigned char)text[at] & 0xc0) == 0x80) continue;
        if (characters == most - 1) end = at;
        characters++;
    }
    key(to, name);
    puts_to(to, "{\"type\":\"plain_text\",\"text\":");
    json_string(to, characters <= most ? text : moa_format(NULL, "%.*s\xe2\x80\xa6", (int)end, text));
    put(to, "}", 1);
}

static bool among(const char *value, const char *list) {
    size_t length = strlen(value);
    for (const char *at = list; at != NULL; at = strchr(at, ',') == NULL ? NULL : strchr(at, ',') + 1) {
        if (strncmp(at, value, length) == 0 && (at[length] == ',' || at[length] == '\0')) return true;
    }
    return false;
}

static void option_json(writer *to, const moa_choice *choice) {
    begin(to, "{");
    plain_text(to, "text", choice->label, 75);
    text_member(to, "value", choice->value);
    put(to, "}", 1);
}

/* The choices that are among `wanted`; all if that is NULL. How many. */
static size_t options_json(writer *to, const moa_choice *choices, const char *wanted) {
    size_t count = 0;
    for (const moa_choice *choice = choices; choice != NULL && choice->label != NULL; choice++) {
        if (wanted != NULL && !among(choice->value, wanted)) continue;
        option_json(to, choice);
        count++;
    }
    return count;
}

static void initial_json(writer *to, const moa_input *input) {
    static const char *const names[] = {[MOA_DATE_INPUT] = "initial_date",
                                        [MOA_TIME_INPUT] = "initial_time",
                                        [MOA_USER_INPUT] = "initial_user",
                                        [MOA_CONVERSATION_INPUT] = "initial_conversation",
                                        [MOA_NOTE] = NULL};
    if (input->initial == NULL) return;
    writer options = {0};
    put(&options, "", 0);
    switch (input->type) {
    case MOA_MENU:
    case MOA_RADIO:
    case MOA_CHECKBOXES: {
        /* The service refuses an empty list of them. */
        size_t count = options_json(&options, input->choices, input->initial);
        if (count == 0) return;
        key(to, input->type == MOA_CHECKBOXES ? "initial_options" : "initial_option");
        if (input->type == MOA_CHECKBOXES) put(to, "[", 1);
        puts_to(to, options.text);
        if (input->type == MOA_CHECKBOXES) put(to, "]", 1);
        return;
    }
    case MOA_USERS_INPUT:
        key(to, "initial_users");
        put(to, "[", 1);
        for (const char *at = input->initial; *at != '\0';) {
            size_t length = strcspn(at, ",");
            item(to);
            json_string(to, moa_format(NULL, "%.*s", (int)length, at));
            at += length + (at[length] == ',');
        }
        put(to, "]", 1);
        return;
    default:
        text_member(to, names[input->type] == NULL ? "initial_value" : names[input->type], input->initial);
    }
}

static void input_json(writer *to, const moa_input *input) {
    static const char *const elements[] = {"plain_text_input", "plain_text_input", "number_input", "number_input",
                                           "static_select", "radio_buttons", "checkboxes", "datepicker", "timepicker",
                                           "users_select", "multi_users_select", "conversations_select", ""};
    if (input->type == MOA_NOTE) {
        begin(to, "{\"type\":\"section\",\"text\":{\"type\":\"mrkdwn\",\"text\":");
        json_string(to, input->label);
        puts_to(to, "}}");
        return;
    }
    begin(to, "{\"type\":\"input\"");
    /* The service answers with both ids of a field; that both are its name makes values and errors easy to find. */
    text_member(to, "block_id", input->name);
    plain_text(to, "label", input->label, 2000);
    key(to, "element");
    put(to, "{", 1);
    text_member(to, "type", elements[input->type % 13]);
    text_member(to, "action_id", input->name);
    true_member(to, "multiline", input->type == MOA_LINES);
    if (input->type == MOA_WHOLE_NUMBER || input->type == MOA_DECIMAL_NUMBER) {
        raw_member(to, "is_decimal_allowed", input->type == MOA_DECIMAL_NUMBER ? "true" : "false");
    }
    if (input->type == MOA_MENU || input->type == MOA_RADIO || input->type == MOA_CHECKBOXES) {
        key(to, "options");
        put(to, "[", 1);
        options_json(to, input->choices, NULL);
        put(to, "]", 1);
    }
    initial_json(to, input);
    plain_text(to, "placeholder", input->placeholder, 150);
    put(to, "}", 1);
    true_member(to, "optional", input->optional);
    plain_text(to, "hint", input->hint, 2000);
    put(to, "}", 1);
}

const char *moa_form_json(moa_ctx *ctx, const moa_form *form) {
    (void)ctx;
    const size_t most = 24; /* What the service shows of a heading and of a button. */
    writer to = {0};
    puts_to(&to, "{\"type\":\"modal\"");
    text_member(&to, "callback_id", form->id);
    plain_text(&to, "title", form->heading, most);
    plain_text(&to, "submit", form->submit == NULL ? "OK" : form->submit, most);
    plain_text(&to, "close", form->close, most);
    text_member(&to, "private_metadata", form->data);
    key(&to, "blocks");
    put(&to, "[", 1);
    for (const moa_input *input = form->fields; input != NULL && input->label != NULL; input++) input_json(&to, input);
    puts_to(&to, "]}");
    return to.text;
}

/* ---- The exports ---------------------------------------------------------------------------------------------------------------------------------- */

static moa_ctx *enter(const moa_invocation *invocation, const moa_user *who, const moa_place *here) {
    static const moa_user nobody = {.id = "", .name = "", .display_name = ""};
    static const moa_place nowhere = {.service = "", .conversation = ""};
    memset(&current, 0, sizeof current);
    current.invocation = invocation;
    current.who = who == NULL ? &nobody : who;
    current.message.author = *current.who;
    current.message.ref.place = here == NULL ? nowhere : *here;
    current.message.ref.id = current.message.text = current.message.raw = current.message.time = "";
    unsigned seed;
    moa_random(&seed, sizeof seed);
    srand(seed);
    return &current;
}

static moa_handler *handler_of(const moa_action *actions, const char *id, const char **rest) {
    const moa_action *best = NULL;
    size_t best_length = 0;
    for (const moa_action *action = actions; action != NULL && action->id != NULL; action++) {
        size_t length = strlen(action->id);
        if (strcmp(action->id, id) == 0) {
            *rest = "";
            return action->run;
        }
        bool open = length > 0 && action->id[length - 1] == '*';
        if (open && strncmp(action->id, id, length - 1) == 0 && (best == NULL || length > best_length)) {
            best = action;
            best_length = length;
            *rest = id + length - 1;
        }
    }
    return best == NULL ? NULL : best->run;
}

/* Runs a handler; whether it ended well. */
static bool run(moa_ctx *ctx, moa_handler *handler, const char *what, const char *name) {
    moa_status status = handler == NULL ? fail(ctx, FAILURE_INTERNAL,
                                               str(moa_format(ctx, "this plugin has no %s `%s`", what, name)))
                                        : handler(ctx);
    fflush(stdout);
    if (status == MOA_OK) return true;
    if (status == MOA_FAILED && ctx->failed) return false;
    const char *said = status == MOA_FAILED ? "the handler returned MOA_FAILED and did not say why" : moa_error(ctx);
    const char *place = ctx->passed != status ? "" : moa_format(ctx, "%s:%d: ", ctx->file, ctx->line);
    fail(ctx, FAILURE_INTERNAL, str(moa_format(ctx, "%s%s: %s", place, moa_status_name(status), said)));
    return false;
}

static said *say(moa_ctx *ctx, bool ended_well) {
    static said result;
    memset(&result, 0, sizeof result);
    if (!ended_well) {
        result.failed = true;
        result.of.failure = ctx->failure;
    } else if (ctx->answer != ANSWER_NONE && ctx->content != NULL) {
        result.of.ok.is = true;
        result.of.ok.content = ctx->content->wire;
    }
    return &result;
}

static done *ended(moa_ctx *ctx, bool ended_well) {
    static done result;
    memset(&result, 0, sizeof result);
    result.failed = !ended_well;
    if (!ended_well) result.failure = ctx->failure;
    return &result;
}

EXPORT("moa:plugin/guest@0.1.0#describe") void *moa_export_describe(void) {
    static moa_str json;
    json = manifest();
    return &json;
}

EXPORT("moa:plugin/commands@0.1.0#handle") void *moa_export_handle(const wire_call *call) {
    moa_ctx *ctx = enter(&call->invocation, &call->message.author, &call->message.ref.place);
    ctx->message = call->message;
    ctx->call = call;
    const moa_command *level = moa_the_plugin.commands, *found = NULL;
    for (size_t depth = 0; depth <= call->path.count; depth++) {
        const char *name = depth == 0 ? call->command.text : call->path.items[depth - 1].text;
        for (found = level; found != NULL && found->name != NULL && strcmp(found->name, name) != 0;) found++;
        if (found == NULL || found->name == NULL) {
            found = NULL;
            break;
        }
        level = found->subcommands;
    }
    return say(ctx, run(ctx, found == NULL ? NULL : found->run, "command", call->command.text));
}

EXPORT("moa:plugin/listener@0.1.0#hear") void *moa_export_hear(const wire_heard *heard) {
    moa_ctx *ctx = enter(&heard->invocation, &heard->message.author, &heard->message.ref.place);
    ctx->message = heard->message;
    ctx->heard = heard;
    moa_handler *handler = NULL;
    for (const moa_hear *hear = moa_the_plugin.hears; hear != NULL && hear->id != NULL; hear++) {
        bool exact = strcmp(hear->id, heard->id.text) == 0;
        if (exact || (handler == NULL && strcmp(hear->id, "*") == 0)) handler = hear->run;
        if (exact) break;
    }
    return say(ctx, run(ctx, handler, "pattern", heard->id.text));
}

/* The one function of the contract whose record travels in flat parameters. */
EXPORT("moa:plugin/jobs@0.1.0#run")
void *moa_export_run(const char *id, size_t id_len, const char *time, size_t time_len, uint32_t attempt,
                     const char *locale, size_t locale_len, const char *timezone, size_t timezone_len, const char *name,
                     size_t name_len, const char *due, size_t due_len, const char *payload, size_t payload_len) {
    (void)name_len, (void)due_len, (void)payload_len;
    moa_invocation invocation = {id, id_len, time, time_len, attempt, locale, locale_len, timezone, timezone_len};
    moa_run job = {name, due, payload};
    moa_ctx *ctx = enter(&invocation, NULL, NULL);
    ctx->run = &job;
    moa_handler *handler = NULL;
    for (const moa_job *one = moa_the_plugin.jobs; handler == NULL && one != NULL && one->id != NULL; one++) {
        /* One whose times are in the configuration stands for several: `verify:*`. */
        size_t length = strlen(one->id);
        bool is_start = length > 0 && one->id[length - 1] == '*' && strncmp(one->id, name, length - 1) == 0;
        if (is_start || strcmp(one->id, name) == 0) handler = one->run;
    }
    /* What moa_schedule_at and moa_schedule_every made. */
    const char *rest;
    if (handler == NULL) handler = handler_of(moa_the_plugin.scheduled, name, &rest);
    return ended(ctx, run(ctx, handler, "job", name));
}

EXPORT("moa:plugin/webhooks@0.1.0#serve") void *moa_export_serve(const moa_request *request) {
    static served result;
    static wire_choice type;
    memset(&result, 0, sizeof result);
    moa_ctx *ctx = enter(&request->invocation, NULL, NULL);
    ctx->request = request;
    ctx->response_status = 200;
    moa_handler *handler = NULL;
    for (const moa_webhook *one = moa_the_plugin.webhooks; handler == NULL && one != NULL && one->name != NULL; one++) {
        if (strcmp(one->name, request->name) == 0) handler = one->run;
    }
    if (!run(ctx, handler, "webhook", request->name)) {
        result.failed = true;
        result.of.failure = ctx->failure;
        return &result;
    }
    result.of.ok.status = ctx->response_status;
    result.of.ok.body = ctx->response_body;
    if (ctx->response_mime.len > 0) {
        type.label = str("content-type");
        type.value = ctx->response_mime;
        result.of.ok.headers.items = &type;
        result.of.ok.headers.count = 1;
    }
    return &result;
}

static moa_handler *press_handler(const moa_press *press, const char **what, const char **rest) {
    static const char *const names[] = {"button", "menu", "form", "shortcut", "question", "question"};
    *what = names[press->kind % 6];
    switch (press->kind) {
    case MOA_PRESS_BUTTON:
    case MOA_PRESS_SELECT: return handler_of(moa_the_plugin.actions, press->id, rest);
    case MOA_PRESS_SUBMIT: return handler_of(moa_the_plugin.submits, press->id, rest);
    case MOA_PRESS_SHORTCUT:
        for (const moa_shortcut *one = moa_the_plugin.shortcuts; one != NULL && one->id != NULL; one++) {
            if (strcmp(one->id, press->id) == 0) return one->run;
        }
        return NULL;
    default: return handler_of(moa_the_plugin.answers, press->id, rest);
    }
}

EXPORT("moa:plugin/actions@0.1.0#act") void *moa_export_act(const moa_press *press) {
    static acted result;
    memset(&result, 0, sizeof result);
    moa_ctx *ctx = enter(&press->invocation, &press->user, &press->place);
    ctx->press = press;
    if (press->has_on) ctx->message.ref = press->on;
    const char *what;
    moa_handler *handler = press_handler(press, &what, &ctx->press_rest);
    if (!run(ctx, handler, what, press->id)) {
        result.failed = true;
        result.of.failure = ctx->failure;
        return &result;
    }
    bool says = ctx->answer == ANSWER_SAY || ctx->answer == ANSWER_UPDATE;
    if (says && ctx->content == NULL) return &result; /* Nothing. */
    result.of.ok.kind = (uint8_t)ctx->answer;
    if (says) result.of.ok.of.content = ctx->content->wire;
    if (ctx->answer == ANSWER_ERRORS) result.of.ok.of.errors = ctx->errors;
    if (ctx->answer == ANSWER_VIEW) result.of.ok.of.view = ctx->view;
    return &result;
}

EXPORT("moa:plugin/events@0.1.0#on") void *moa_export_on(const wire_event *what) {
    const moa_event *event = &what->event;
    const moa_message_ref *message = NULL;
    const moa_place *here = NULL;
    switch (event->kind) {
    case MOA_REACTED:
    case MOA_UNREACTED: message = &event->of.reaction.message; break;
    case MOA_JOINED:
    case MOA_LEFT: here = &event->of.place; break;
    case MOA_TOPIC: here = &event->of.topic.place; break;
    case MOA_EDITED: message = &event->of.edited.ref; break;
    default: message = &event->of.deleted; break;
    }
    moa_ctx *ctx = enter(&what->invocation, &what->who, message == NULL ? here : &message->place);
    ctx->event = event;
    if (message != NULL) ctx->message.ref = *message;
    if (event->kind == MOA_EDITED) ctx->message = event->of.edited;
    moa_handler *handler = NULL;
    for (const moa_on *one = moa_the_plugin.events; handler == NULL && one != NULL && one->run != NULL; one++) {
        if ((uint8_t)one->event == event->kind) handler = one->run;
    }
    return ended(ctx, run(ctx, handler, "event", event_names[event->kind % 7]));
}
