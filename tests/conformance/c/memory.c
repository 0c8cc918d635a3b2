/* The brain. */
#include "conformance.h"

#include <string.h>

static moa_status value(moa_ctx *ctx, moa_scope at, const char *key, const char **shown) {
    const char *text;
    moa_status status = moa_brain_text(ctx, at, key, &text);
    *shown = status != MOA_OK || text == NULL ? "-" : text;
    return status;
}

moa_status brain(moa_ctx *ctx) {
    const char *scope = moa_arg_text(ctx, "scope", ""), *shown, *version;
    moa_scope at = strcmp(scope, "plugin") == 0         ? moa_plugin_scope()
                   : strcmp(scope, "conversation") == 0 ? moa_conversation_scope(moa_here(ctx)->conversation)
                   : strcmp(scope, "user") == 0         ? moa_user_scope(moa_who(ctx)->id)
                                                        : moa_shared_scope();
    char *lines = NULL;
    moa_entry entry;
    OR_REFUSED(value(ctx, at, "nothing", &shown));
    moa_append(ctx, &lines, "get: %s", shown);
    OR_REFUSED(moa_brain_set(ctx, at, "a", "one"));
    OR_REFUSED(moa_brain_get(ctx, at, "a", &entry));
    moa_append(ctx, &lines, "\nset: %s %s", or_dash(entry.value), or_dash(entry.expires));
    OR_REFUSED(moa_brain_set_for(ctx, at, "t", "two", 60));
    OR_REFUSED(moa_brain_get(ctx, at, "t", &entry));
    moa_append(ctx, &lines, "\nttl: %s %s", or_dash(entry.value), yes(entry.expires != NULL));
    bool first, second;
    OR_REFUSED(moa_brain_delete(ctx, at, "a", &first));
    OR_REFUSED(moa_brain_delete(ctx, at, "a", &second));
    moa_append(ctx, &lines, "\ndelete: %s %s", yes(first), yes(second));
    int64_t five, two;
    OR_REFUSED(moa_brain_incr(ctx, at, "n", 5, &five));
    OR_REFUSED(moa_brain_incr(ctx, at, "n", -7, &two));
    OR_REFUSED(value(ctx, at, "n", &shown));
    moa_append(ctx, &lines, "\nincrement: %d %d %s", (int)five, (int)two, shown);
    OR_REFUSED(moa_brain_set(ctx, at, "w", "word"));
    moa_append(ctx, &lines, "\nword: %s", outcome(ctx, moa_brain_incr(ctx, at, "w", 1, NULL)));
    moa_write one = {.key = "c", .value = "1"}, three = {.key = "c", .value = "3"}, changed = {.key = "c", .value = "2"};
    moa_append(ctx, &lines, "\ncas: %s", outcome(ctx, moa_brain_cas(ctx, at, &one, NULL, &version)));
    moa_append(ctx, &lines, " %s", outcome(ctx, moa_brain_cas(ctx, at, &three, NULL, NULL)));
    moa_append(ctx, &lines, " %s", outcome(ctx, moa_brain_cas(ctx, at, &changed, version, NULL)));
    OR_REFUSED(value(ctx, at, "c", &shown));
    moa_append(ctx, &lines, " %s", shown);
    const moa_write many[] = {{.key = "m1", .value = "x"}, {.key = "m2", .value = "y"}, {.key = "m3", .value = "z"}};
    const char *const keys[] = {"m1", "m0", "m3"};
    moa_entry found[3];
    moa_append(ctx, &lines, "\nmany: %s", outcome(ctx, moa_brain_set_many(ctx, at, many, 3)));
    OR_REFUSED(moa_brain_get_many(ctx, at, keys, 3, found));
    for (int n = 0; n < 3; n++) moa_append(ctx, &lines, " %s", or_dash(found[n].value));
    const moa_write twice[] = {{.key = "d", .value = "1"}, {.key = "d", .value = "2"}};
    moa_append(ctx, &lines, "\ntwice: %s", outcome(ctx, moa_brain_set_many(ctx, at, twice, 2)));
    const char *cursor = NULL;
    moa_strings page;
    OR_REFUSED(moa_brain_page(ctx, at, "m", &cursor, 2, &page));
    moa_append(ctx, &lines, "\npages: %s %s", joined(ctx, page, " "), yes(cursor != NULL));
    OR_REFUSED(moa_brain_page(ctx, at, "m", &cursor, 2, &page));
    moa_append(ctx, &lines, "\nmore: %s %s", joined(ctx, page, " "), yes(cursor != NULL));
    OR_REFUSED(moa_brain_keys(ctx, at, "", &page));
    moa_append(ctx, &lines, "\nall: %s", joined(ctx, page, " "));
    return moa_reply(ctx, "%s", lines);
}

moa_status peek(moa_ctx *ctx) {
    const char *shown;
    OR_REFUSED(value(ctx, moa_plugin_scope(), moa_arg_text(ctx, "key", ""), &shown));
    return moa_reply(ctx, "%s", shown);
}

moa_status number(moa_ctx *ctx) {
    int64_t n = moa_arg_int(ctx, "n", 0), sum;
    const char *stored;
    OR_REFUSED(moa_brain_delete(ctx, moa_plugin_scope(), "number", NULL));
    OR_REFUSED(moa_brain_incr(ctx, moa_plugin_scope(), "number", n, &sum));
    OR_REFUSED(value(ctx, moa_plugin_scope(), "number", &stored));
    return moa_reply(ctx, "argument: %lld\nbrain: %lld\nstored: %s", (long long)n, (long long)sum, stored);
}

moa_status bytes(moa_ctx *ctx) {
    char all[256];
    for (int n = 0; n < 256; n++) all[n] = (char)n;
    moa_write what = {.key = "bytes", .value = all, .value_len = sizeof all};
    moa_entry back;
    OR_REFUSED(moa_brain_write(ctx, moa_plugin_scope(), &what, NULL));
    OR_REFUSED(moa_brain_get(ctx, moa_plugin_scope(), "bytes", &back));
    bool same = back.value_len == sizeof all && memcmp(back.value, all, sizeof all) == 0;
    return moa_reply(ctx, "%u bytes, same %s", (unsigned)back.value_len, yes(same));
}

moa_status big(moa_ctx *ctx) {
    static const char piece[] = "가나다🙂";
    enum { TIMES = 15000, PIECE = sizeof piece - 1 };
    char *text = moa_alloc(ctx, TIMES * PIECE);
    for (int n = 0; n < TIMES; n++) memcpy(text + n * PIECE, piece, PIECE);
    moa_str whole = {text, TIMES * PIECE}, file;
    const char *kept, *id;
    OR_REFUSED(moa_brain_set(ctx, moa_plugin_scope(), "big", text));
    OR_REFUSED(value(ctx, moa_plugin_scope(), "big", &kept));
    OR_REFUSED(moa_upload(ctx, moa_here(ctx), "big.txt", whole, NULL, &id));
    OR_REFUSED(moa_download(ctx, id, &file));
    unsigned characters = 0;
    for (size_t at = 0; at < whole.len; at++) characters += (text[at] & 0xc0) != 0x80;
    return moa_reply(ctx, "%u bytes, %u characters, brain %s, file %s", (unsigned)whole.len, characters,
                     yes(strcmp(kept, text) == 0), yes(file.len == whole.len && memcmp(file.text, text, file.len) == 0));
}
