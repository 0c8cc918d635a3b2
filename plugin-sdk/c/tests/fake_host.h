/* A host for the tests of the SDK: a brain of one scope, a recorded chat, chance that is known beforehand. Included behind
 * moa.c, whose records it speaks. What it has not is refused as unsupported. */
#include <assert.h>

enum { KEYS = 32, LENGTH = 64 };

static struct {
    char keys[KEYS][LENGTH];
    char values[KEYS][LENGTH];
    bool there[KEYS];
    unsigned versions[KEYS];
    size_t count;
    char said[1024];   /* Every message that was sent, each on a line. */
    char logged[1024]; /* Likewise. */
    char file[1024];   /* The file that was sent last: its place, name and comment on a line, then what is in it. */
    const char *deleted;   /* The id of the message that was deleted last. */
    const char *meanwhile; /* What another call writes before the next compare-and-swap. */
    const char *config;
    uint8_t chance;
} host;

static void note(char *to, const char *text) {
    assert(strlen(to) + strlen(text) + 2 < 1024);
    strcat(strcat(to, text), "\n");
}

static void refuse_with(void *result, uint8_t kind, const char *text) {
    RESULT_OF(char) *to = result;
    to->refused = true;
    to->of.error.kind = kind;
    to->of.error.text = copy(text);
}

static size_t slot(const char *key) {
    size_t at = 0;
    while (at < host.count && strcmp(host.keys[at], key) != 0) at++;
    return at;
}

static bool is_there(size_t at) { return at < host.count && host.there[at]; }

static moa_entry entry_of(size_t at) {
    moa_entry entry = {0};
    moa_str value = copy(host.values[at]), version = copy(moa_format(NULL, "v%u", host.versions[at]));
    entry.value = value.text, entry.value_len = value.len;
    entry.version = version.text, entry.version_len = version.len;
    return entry;
}

static moa_str store(const char *key, const char *value, size_t len) {
    size_t at = slot(key);
    assert(at < KEYS && strlen(key) < LENGTH && len < LENGTH);
    if (at == host.count) host.count++;
    strcpy(host.keys[at], key);
    memcpy(host.values[at], value, len);
    host.values[at][len] = '\0';
    host.there[at] = true;
    host.versions[at]++;
    moa_str version = copy(moa_format(NULL, "v%u", host.versions[at]));
    return version;
}

#define NAMED const char *
#define IGNORE_SCOPE (void)kind, (void)id, (void)id_len, (void)key_len
#define SCOPED int kind, NAMED id, size_t id_len, NAMED key, size_t key_len

void moa_import_brain_get(SCOPED, void *result) {
    IGNORE_SCOPE;
    RESULT_OF(option_entry) *to = result;
    if (key_len == 0) {
        refuse_with(result, 2, "the key is empty");
        return;
    }
    to->of.ok.is = is_there(slot(key));
    if (to->of.ok.is) to->of.ok.of = entry_of(slot(key));
}

void moa_import_brain_set(SCOPED, NAMED value, size_t len, int expires, uint32_t ttl, void *result) {
    IGNORE_SCOPE;
    RESULT_OF(moa_str) *to = result;
    if (expires && ttl == 0) refuse_with(result, 2, "the time to live is 0");
    else to->of.ok = store(key, value, len);
}

void moa_import_brain_delete(SCOPED, void *result) {
    IGNORE_SCOPE;
    RESULT_OF(bool) *to = result;
    to->of.ok = is_there(slot(key));
    if (to->of.ok) host.there[slot(key)] = false;
}

void moa_import_brain_increment(SCOPED, int64_t by, void *result) {
    IGNORE_SCOPE;
    RESULT_OF(int64_t) *to = result;
    to->of.ok = (is_there(slot(key)) ? strtoll(host.values[slot(key)], NULL, 10) : 0) + by;
    moa_str text = copy(moa_format(NULL, "%lld", (long long)to->of.ok));
    store(key, text.text, text.len);
}

void moa_import_brain_compare_and_swap(SCOPED, NAMED value, size_t len, int expires, uint32_t ttl, int is_expected,
                                       NAMED expected, size_t expected_len, void *result) {
    IGNORE_SCOPE;
    (void)expires, (void)ttl, (void)expected_len;
    RESULT_OF(moa_str) *to = result;
    if (host.meanwhile != NULL) store(key, host.meanwhile, strlen(host.meanwhile));
    host.meanwhile = NULL;
    bool there = is_there(slot(key));
    bool fits = is_expected ? there && strcmp(entry_of(slot(key)).version, expected) == 0 : !there;
    if (fits) to->of.ok = store(key, value, len);
    else refuse_with(result, 3, "another writer was first");
}

void moa_import_brain_get_many(int kind, NAMED id, size_t id_len, const void *keys, size_t key_len, void *result) {
    IGNORE_SCOPE;
    RESULT_OF(list) *to = result;
    for (size_t n = 0; n < key_len; n++) {
        option_entry *one = add(&to->of.ok, sizeof *one);
        size_t at = slot(((const moa_str *)keys)[n].text);
        one->is = is_there(at);
        if (one->is) one->of = entry_of(at);
    }
}

void moa_import_brain_set_many(int kind, NAMED id, size_t id_len, const void *what, size_t key_len, void *result) {
    IGNORE_SCOPE;
    (void)result;
    const wire_write *writes = what;
    for (size_t n = 0; n < key_len; n++) store(writes[n].key.text, writes[n].value.text, writes[n].value.len);
}

/* Two keys a page, in the order in which they were first written; a cursor is the place to go on at. */
void moa_import_brain_list_keys(SCOPED, int is, NAMED cursor, size_t cursor_len, uint32_t limit, void *result) {
    IGNORE_SCOPE;
    (void)cursor_len;
    RESULT_OF(wire_page) *to = result;
    list found = {NULL, 0};
    size_t at = is ? (size_t)strtoul(cursor, NULL, 10) : 0;
    for (; at < host.count && found.count < 2 && found.count < limit; at++) {
        if (!host.there[at] || strncmp(host.keys[at], key, key_len) != 0) continue;
        *(moa_str *)add(&found, sizeof(moa_str)) = copy(host.keys[at]);
    }
    to->of.ok.items.items = found.items;
    to->of.ok.items.count = found.count;
    to->of.ok.next.is = at < host.count;
    to->of.ok.next.of = copy(moa_format(NULL, "%zu", at));
}

void moa_import_chat_send(const void *params, void *result) {
    const struct {
        moa_place to;
        wire_content what;
    } *sent = params;
    RESULT_OF(moa_message_ref) *to = result;
    /* The length that goes out is that of the text, whatever the author left beside it. */
    assert(strlen(sent->to.conversation) == sent->to.conversation_len);
    note(host.said, moa_format(NULL, "%s: %s", sent->to.conversation, sent->what.text.text));
    to->of.ok.place = sent->to;
    to->of.ok.id = "m1";
}

#define S(n) NAMED s##n, size_t l##n
#define P S(1), S(2), int has, S(3), int place_kind
#if defined(__clang__)
#pragma clang diagnostic ignored "-Wunused-parameter"
#else
#pragma GCC diagnostic ignored "-Wunused-parameter"
#endif
void moa_import_chat_upload(P, S(4), S(5), S(6), void *result) {
    RESULT_OF(moa_str) *to = result;
    assert(l5 < 512);
    snprintf(host.file, sizeof host.file, "%.*s %.*s %.*s\n%.*s", (int)l2, s2, (int)l4, s4, (int)l6, s6, (int)l5, s5);
    to->of.ok = copy("F1");
}

/* What was made by chat_send is; nothing else can be deleted. */
void moa_import_chat_delete(P, S(4), void *result) {
    if (strcmp(s4, "m1") == 0) host.deleted = "m1";
    else refuse_with(result, 7, "no chat_delete");
}

void moa_import_system_config(void *result) { *(moa_str *)result = copy(host.config); }
void moa_import_system_now(void *result) { *(moa_str *)result = copy("2026-11-20T03:00:00.000Z"); }

void moa_import_system_random(uint32_t len, void *result) {
    char *bytes = allocate(len);
    for (uint32_t n = 0; n < len; n++) bytes[n] = (char)host.chance++;
    moa_str made = {bytes, len};
    *(moa_str *)result = made;
}

void moa_import_system_log(int level, NAMED text, size_t len) {
    note(host.logged, moa_format(NULL, "%d %.*s", level, (int)len, text));
}

/* The rest is refused. */
#define UNSUPPORTED(name, ...)                                                                                           \
    void moa_import_##name(__VA_ARGS__, void *result) { refuse_with(result, 7, "no " #name); }
UNSUPPORTED(chat_edit, const void *params)
UNSUPPORTED(chat_react, P, S(4), S(5))
UNSUPPORTED(chat_unreact, P, S(4), S(5))
UNSUPPORTED(chat_download, S(1))
UNSUPPORTED(chat_open_direct, S(1))
UNSUPPORTED(chat_open_modal, S(1), S(2))
UNSUPPORTED(chat_get_user, S(1))
UNSUPPORTED(chat_get_conversation, S(1))
UNSUPPORTED(chat_members, S(1), int is, S(2))
UNSUPPORTED(chat_history, P, int is, S(4), uint32_t limit)
UNSUPPORTED(chat_ask, const void *params)
UNSUPPORTED(triggers_hear, S(1), int kind, S(2), int where, int is, S(3))
UNSUPPORTED(triggers_forget, S(1))
UNSUPPORTED(schedule_at, S(1), S(2), S(3))
UNSUPPORTED(schedule_every, S(1), S(2), S(3), int missed, S(4))
UNSUPPORTED(schedule_cancel, S(1))
UNSUPPORTED(http_fetch, const void *params)
UNSUPPORTED(http_fetch_to_object, const void *params)
UNSUPPORTED(sql_query, S(1), S(2), const void *params, size_t count)
UNSUPPORTED(sql_execute, S(1), S(2), const void *params, size_t count)
UNSUPPORTED(objects_get, S(1), S(2))
UNSUPPORTED(objects_put, S(1), S(2), S(3), S(4))
UNSUPPORTED(objects_list, S(1), S(2), int is, S(3))
UNSUPPORTED(objects_delete, S(1), S(2))
UNSUPPORTED(objects_sign, S(1), S(2), uint32_t seconds)
void moa_import_schedule_list(void *result) { refuse_with(result, 7, "no schedule_list"); }
void moa_import_system_local(S(1), S(2), void *result) {
    struct {
        bool refused;
        moa_str text;
    } *to = result;
    to->refused = true;
    to->text = copy("no clock");
}
