/* The conformance plugin in C: its table, and the commands about arguments, messages, the system and failures. Those about
 * the brain are in memory.c, those about chat, actions and events in talk.c. */
#include "conformance.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

const char *outcome(moa_ctx *ctx, moa_status status) {
    return status == MOA_OK ? "ok" : moa_format(ctx, "error %s", moa_status_name(status));
}

const char *or_dash(const char *text) { return text == NULL || *text == '\0' ? "-" : text; }
const char *yes(bool truth) { return truth ? "true" : "false"; }

const char *joined(moa_ctx *ctx, moa_strings texts, const char *between) {
    char *all = NULL;
    for (size_t at = 0; at < texts.count; at++) moa_append(ctx, &all, "%s%s", at == 0 ? "" : between, texts.items[at].text);
    return or_dash(all);
}

static moa_status echo(moa_ctx *ctx) { return moa_reply(ctx, "%s", moa_arg_text(ctx, "text", "")); }

static moa_status types(moa_ctx *ctx) {
    return moa_reply(ctx, "word: %s\ncount: %lld\nratio: %.3f\nloud: %s\nwait: %u\nday: %s\nat: %s\nsize: %s\nitems: %s",
                     moa_arg_text(ctx, "word", "-"), (long long)moa_arg_int(ctx, "count", 0),
                     moa_arg_float(ctx, "ratio", 0), yes(moa_arg_bool(ctx, "loud", false)),
                     (unsigned)moa_arg_seconds(ctx, "wait", 0), moa_arg_text(ctx, "day", "-"), moa_arg_text(ctx, "at", "-"),
                     moa_arg_text(ctx, "size", "-"), joined(ctx, moa_arg_list(ctx, "items"), "|"));
}

static moa_status maybe(moa_ctx *ctx) {
    return moa_reply(ctx, "name: %s\ntimes: %lld\nratio: %.3f\nloud: %s\nsize: %s\nwait: %u\ntags: %s",
                     moa_arg_text(ctx, "name", "-"), (long long)moa_arg_int(ctx, "times", 0),
                     moa_arg_float(ctx, "ratio", 0), yes(moa_arg_bool(ctx, "loud", true)), moa_arg_text(ctx, "size", "-"),
                     (unsigned)moa_arg_seconds(ctx, "wait", 0), joined(ctx, moa_arg_list(ctx, "tags"), "|"));
}

static moa_status meet(moa_ctx *ctx) {
    const moa_user *who = moa_arg_user(ctx, "who");
    const moa_conversation *where = moa_arg_conversation(ctx, "where");
    if (who == NULL || where == NULL) return moa_fail(ctx, "the host left out what is not optional");
    return moa_reply(ctx, "who: %s %s bot=%s\nwhere: %s %s %s", who->display_name, who->id, yes(who->bot), where->name,
                     where->id, moa_kind_name(where->kind));
}

static moa_status team_add(moa_ctx *ctx) {
    return moa_reply(ctx, "team %s: add %s %lld", moa_arg_text(ctx, "label", "-"), moa_arg_text(ctx, "name", "-"),
                     (long long)moa_arg_int(ctx, "count", 0));
}

static moa_status team_members(moa_ctx *ctx) {
    return moa_reply(ctx, "team %s: members", moa_arg_text(ctx, "label", "-"));
}

static moa_status raw(moa_ctx *ctx) {
    return moa_reply(ctx, "rest: %s\ntokens: %s", or_dash(moa_rest(ctx)), joined(ctx, moa_tokens(ctx), "|"));
}

static moa_status context(moa_ctx *ctx) {
    const moa_place *here = moa_here(ctx);
    return moa_reply(ctx, "command: %s\nlocale: %s\ntimezone: %s\nattempt: %u\ntime: %s\nid: %s\nservice: %s\nkind: %s",
                     moa_command_name(ctx), moa_locale(ctx), moa_timezone(ctx), (unsigned)moa_attempt(ctx), moa_time(ctx),
                     yes(*moa_id(ctx) != '\0'), here->service, moa_kind_name(here->kind));
}

static moa_status message(moa_ctx *ctx) {
    static const char *const kinds[] = {"user", "conversation", "group", "everyone", "link"};
    const moa_message *said = moa_message_of(ctx);
    char *mentions = NULL, *files = NULL;
    for (size_t at = 0; at < said->mention_count; at++) {
        const moa_mention *one = &said->mentions[at];
        moa_append(ctx, &mentions, "%s%s %s", at == 0 ? "" : ", ", kinds[one->kind], one->id);
        if (one->label != NULL) moa_append(ctx, &mentions, " %s", one->label);
    }
    for (size_t at = 0; at < said->file_count; at++) {
        const moa_file *one = &said->files[at];
        moa_append(ctx, &files, "%s%s %s %u", at == 0 ? "" : ", ", one->name, one->mime, (unsigned)one->size);
    }
    return moa_reply(ctx, "text: %s\nraw: %s\nmentions: %s\nfiles: %s\nthread: %s\nedited: %s\nauthor: %s %s bot=%s\ntime: %s",
                     said->text, said->raw, or_dash(mentions), or_dash(files), yes(said->ref.place.thread != NULL),
                     yes(said->edited), said->author.display_name, said->author.id, yes(said->author.bot), said->time);
}

static moa_status nothing(moa_ctx *ctx) {
    (void)ctx;
    return MOA_OK;
}

static moa_status plain(moa_ctx *ctx) {
    static const char joiner[] = "\u2060";
    char *shown = NULL;
    const char *text = moa_plain(ctx, moa_arg_text(ctx, "text", ""));
    for (const char *at; (at = strstr(text, joiner)) != NULL; text = at + strlen(joiner)) {
        moa_append(ctx, &shown, "%.*s|", (int)(at - text), text);
    }
    moa_append(ctx, &shown, "%s", text);
    return moa_reply(ctx, "%s", shown);
}

static moa_status secret(moa_ctx *ctx) { return moa_reply(ctx, "opened"); }
static moa_status deploy(moa_ctx *ctx) { return moa_reply(ctx, "deployed %s", moa_arg_text(ctx, "target", "-")); }

static moa_status teach(moa_ctx *ctx) {
    const char *kind = moa_arg_text(ctx, "kind", ""), *text = moa_arg_text(ctx, "text", "");
    if (strcmp(kind, "keyword") == 0) OR_REFUSED(moa_hear_keyword(ctx, "word", text, MOA_IN_ALL, NULL));
    if (strcmp(kind, "regex") == 0) OR_REFUSED(moa_hear_regex(ctx, "pattern", text, MOA_IN_AMBIENT, NULL));
    if (strcmp(kind, "here") == 0) OR_REFUSED(moa_hear_keyword(ctx, "here", text, MOA_IN_ALL, moa_here(ctx)->conversation));
    if (strcmp(kind, "nowhere") == 0) OR_REFUSED(moa_hear_keyword(ctx, "nowhere", text, 0, NULL));
    if (strcmp(kind, "taken") == 0) OR_REFUSED(moa_hear_keyword(ctx, "order", text, MOA_IN_ALL, NULL));
    return moa_reply(ctx, "taught");
}

static moa_status loaded(moa_ctx *ctx) {
    return moa_hear_keyword(ctx, "loaded", "just loaded", MOA_IN_ALL, NULL);
}

static moa_status forget(moa_ctx *ctx) {
    bool was_there;
    OR_REFUSED(moa_forget(ctx, moa_arg_text(ctx, "id", ""), &was_there));
    return moa_reply(ctx, "%s", yes(was_there));
}

static moa_status heard(moa_ctx *ctx) {
    char *captures = NULL;
    for (size_t at = 0; at < moa_capture_count(ctx); at++) {
        const char *capture = moa_capture(ctx, at);
        moa_append(ctx, &captures, "%s%s", at == 0 ? "" : "|", capture == NULL ? "-" : capture);
    }
    return moa_reply(ctx, "heard %s: %s", moa_pattern(ctx), or_dash(captures));
}

static moa_status thumb(moa_ctx *ctx) { return moa_react(ctx, &moa_message_of(ctx)->ref, "👍"); }

static const char *local(moa_ctx *ctx, const char *zone) {
    const char *text;
    return moa_local(ctx, "2026-11-21T00:50:00Z", zone, &text) == MOA_OK ? text : "error";
}

static moa_status system_tour(moa_ctx *ctx) {
    const moa_json *config = moa_config(ctx);
    char once[16], again[16];
    moa_random(once, sizeof once);
    moa_random(again, sizeof again);
    return moa_reply(ctx, "config: %s %lld\nnow: %s\nlocal: %s\nnowhere: %s\nrandom: %d %s",
                     moa_json_text(moa_json_get(config, "greeting"), "-"),
                     (long long)moa_json_int(moa_json_get(config, "limit"), 0), moa_now(ctx), local(ctx, "Asia/Seoul"),
                     local(ctx, "Nowhere"), (int)sizeof once, yes(memcmp(once, again, sizeof once) != 0));
}

static moa_status log_levels(moa_ctx *ctx) {
    const char *text = moa_arg_text(ctx, "text", "");
    moa_trace("trace %s", text);
    moa_debug("debug %s", text);
    moa_info("info %s", text);
    moa_warn("warn %s", text);
    moa_log_error("error %s", text);
    return moa_reply(ctx, "logged");
}

static moa_status print(moa_ctx *ctx) {
    const char *text = moa_arg_text(ctx, "text", "");
    printf("out %s\n", text);
    fprintf(stderr, "err %s\n", text);
    return moa_reply(ctx, "printed");
}

static moa_status fresh(moa_ctx *ctx) {
    long long now = (long long)time(NULL), then;
    int drawn = rand(), drawn_then;
    const char *before;
    MOA_TRY(moa_brain_text(ctx, moa_plugin_scope(), "fresh", &before));
    MOA_TRY(moa_brain_set(ctx, moa_plugin_scope(), "fresh", moa_format(ctx, "%lld %d", now, drawn)));
    if (before == NULL) return moa_reply(ctx, "first");
    if (sscanf(before, "%lld %d", &then, &drawn_then) != 2) return moa_fail(ctx, "`%s` was kept", before);
    return moa_reply(ctx, "clock +%lld, random %s", now - then, drawn == drawn_then ? "same" : "different");
}

static moa_status global(moa_ctx *ctx) {
    static int count;
    return moa_reply(ctx, "%d", ++count);
}

static moa_status absent(moa_ctx *ctx) {
    char *lines = NULL;
#define LINE(name, call) moa_append(ctx, &lines, "%s" name ": %s", lines == NULL ? "" : "\n", outcome(ctx, call))
    const char *area = moa_arg_text(ctx, "area", "");
    if (strcmp(area, "http") == 0) {
        moa_http request = {.url = "https://example.com/"};
        moa_http_response response;
        LINE("http.fetch", moa_http_fetch(ctx, &request, &response));
        LINE("http.fetch-to-object", moa_http_to_object(ctx, &request, "files", "k", &response));
    } else if (strcmp(area, "sql") == 0) {
        moa_cell one = moa_cell_integer(1);
        moa_rows rows;
        LINE("sql.query", moa_sql_query(ctx, "main", "SELECT 1", NULL, 0, &rows));
        LINE("sql.execute", moa_sql_execute(ctx, "main", "DELETE FROM t WHERE a = ?", &one, 1, NULL));
    } else if (strcmp(area, "objects") == 0) {
        moa_str data = {"x", 1};
        moa_objects found;
        const char *cursor = NULL, *address;
        LINE("objects.get", moa_object_get(ctx, "files", "k", &data));
        LINE("objects.put", moa_object_put(ctx, "files", "k", data, "text/plain", NULL));
        LINE("objects.list", moa_object_page(ctx, "files", "", &cursor, &found));
        LINE("objects.delete", moa_object_delete(ctx, "files", "k"));
        LINE("objects.sign", moa_object_sign(ctx, "files", "k", 60, &address));
    } else {
        moa_schedule jobs;
        LINE("schedule.at", moa_schedule_at(ctx, "later", "2026-11-21T00:50:00Z", "p"));
        LINE("schedule.every", moa_schedule_every(ctx, "often", "0 9 * * *", "Asia/Seoul", MOA_MISSED_ONCE, "p"));
        LINE("schedule.cancel", moa_schedule_cancel(ctx, "later", NULL));
        LINE("schedule.list", moa_schedule_list(ctx, &jobs));
    }
    return moa_reply(ctx, "%s", lines);
}

static moa_status fail(moa_ctx *ctx) {
    const char *how = moa_arg_text(ctx, "how", ""), *text = moa_arg_text(ctx, "text", "");
    if (strcmp(how, "usage") == 0) return moa_usage(ctx, "%s", text);
    if (strcmp(how, "rejected") == 0) return moa_rejected(ctx, "%s", text);
    if (strcmp(how, "internal") == 0) return moa_fail(ctx, "%s", text);
    if (strcmp(how, "uncaught") == 0) moa_panic("uncaught %s", text);
    if (strcmp(how, "retry") == 0) {
        return moa_attempt(ctx) == 1 ? moa_retry(ctx, 1) : moa_reply(ctx, "attempt %u", (unsigned)moa_attempt(ctx));
    }
    for (volatile unsigned turns = 0;; turns++) {}
}

static moa_status told(moa_ctx *ctx) {
    const moa_request *request = moa_request_of(ctx);
    const char *kind = "";
    for (size_t at = 0; at < request->header_count; at++) {
        if (strcmp(request->headers[at].name, "content-type") == 0) kind = request->headers[at].value;
    }
    if (strcmp(request->path, "/usage") == 0) return moa_usage(ctx, "%s", request->body);
    if (strcmp(request->path, "/rejected") == 0) return moa_rejected(ctx, "%s", request->body);
    if (strcmp(request->path, "/internal") == 0) return moa_fail(ctx, "%s", request->body);
    const char *text = moa_format(ctx, "%s|%s|%s|%s|%s", request->method, or_dash(request->path), or_dash(request->query),
                                  or_dash(kind), or_dash(request->body));
    return moa_respond(ctx, 200, "text/plain; charset=utf-8", (moa_str){text, strlen(text)});
}

MOA_PLUGIN(
    .name = "conformance",
    .version = "1.0.0",
    .summary = {.ko = "모든 기능을 한 번씩 씁니다", .en = "Uses everything once"},
    .commands = MOA_COMMANDS(
        {.name = "echo",
         .aliases = MOA_WORDS("메아리"),
         .summary = {.ko = "그대로 말합니다", .en = "Says it again"},
         .help = {.ko = "적은 글을 *그대로* 돌려줍니다.", .en = "Gives the text back *as it is*."},
         .examples = MOA_WORDS("!echo 안녕", "!메아리 hello"),
         .args = MOA_ARGS({.name = "text", .type = MOA_REST}),
         .run = echo},
        {.name = "types",
         .args = MOA_ARGS({.name = "word", .type = MOA_STRING},
                          {.name = "count", .type = MOA_INT, .min = "1", .max = "100"},
                          {.name = "ratio", .type = MOA_FLOAT, .min = "0", .max = "10"},
                          {.name = "loud", .type = MOA_BOOL},
                          {.name = "wait", .type = MOA_DURATION},
                          {.name = "day", .type = MOA_DATE},
                          {.name = "at", .type = MOA_TIME},
                          {.name = "size", .type = MOA_CHOICE, .choices = MOA_WORDS("small", "large")},
                          {.name = "items", .type = MOA_LIST}),
         .run = types},
        {.name = "maybe",
         .args = MOA_ARGS({.name = "name", .type = MOA_STRING, .optional = true},
                          {.name = "times", .type = MOA_INT, .standard = "2"},
                          {.name = "ratio", .type = MOA_FLOAT, .standard = "0.5"},
                          {.name = "loud", .type = MOA_BOOL, .standard = "false"},
                          {.name = "size", .type = MOA_CHOICE, .choices = MOA_WORDS("small", "large"), .standard = "small"},
                          {.name = "wait", .type = MOA_DURATION, .standard = "90s"},
                          {.name = "tags", .type = MOA_LIST, .optional = true}),
         .run = maybe},
        {.name = "meet",
         .args = MOA_ARGS({.name = "who", .type = MOA_USER}, {.name = "where", .type = MOA_CONVERSATION}),
         .run = meet},
        {.name = "team",
         .args = MOA_ARGS({.name = "label", .type = MOA_STRING}),
         .subcommands = MOA_COMMANDS(
             {.name = "add",
              .summary = {.all = "Adds somebody"},
              .args = MOA_ARGS({.name = "name", .type = MOA_STRING}, {.name = "count", .type = MOA_INT, .standard = "1"}),
              .run = team_add},
             {.name = "members", .aliases = MOA_WORDS("ls"), .run = team_members}),
         .standard = "members"},
        {.name = "raw", .args = MOA_ARGS({.name = "text", .type = MOA_REST, .optional = true}), .run = raw},
        {.name = "context", .run = context},
        {.name = "message", .args = MOA_ARGS({.name = "text", .type = MOA_REST, .optional = true}), .run = message},
        {.name = "nothing", .run = nothing},
        {.name = "plain", .args = MOA_ARGS({.name = "text", .type = MOA_REST}), .run = plain},
        {.name = "secret", .restricted = true, .run = secret},
        {.name = "deploy", .confirm = MOA_CONFIRM_SELF, .args = MOA_ARGS({.name = "target", .type = MOA_STRING}), .run = deploy},
        {.name = "teach",
         .args = MOA_ARGS({.name = "kind", .type = MOA_CHOICE, .choices = MOA_WORDS("keyword", "regex", "here", "nowhere", "taken")},
                          {.name = "text", .type = MOA_REST}),
         .run = teach},
        {.name = "forget", .args = MOA_ARGS({.name = "id", .type = MOA_STRING}), .run = forget},
        {.name = "brain",
         .args = MOA_ARGS({.name = "scope", .type = MOA_CHOICE, .choices = MOA_WORDS("plugin", "conversation", "user", "shared")}),
         .run = brain},
        {.name = "peek", .args = MOA_ARGS({.name = "key", .type = MOA_STRING}), .run = peek},
        {.name = "number", .args = MOA_ARGS({.name = "n", .type = MOA_INT}), .run = number},
        {.name = "bytes", .run = bytes},
        {.name = "big", .run = big},
        {.name = "talk", .run = talk},
        {.name = "upload", .run = upload},
        {.name = "fetch", .run = fetch},
        {.name = "direct", .run = direct},
        {.name = "lookup",
         .args = MOA_ARGS({.name = "kind", .type = MOA_CHOICE, .choices = MOA_WORDS("user", "conversation", "members")},
                          {.name = "id", .type = MOA_STRING}),
         .run = lookup},
        {.name = "past", .run = past},
        {.name = "ask", .args = MOA_ARGS({.name = "who", .type = MOA_USER}), .run = ask},
        {.name = "refused", .run = refused},
        {.name = "show",
         .args = MOA_ARGS({.name = "what", .type = MOA_CHOICE,
                           .choices = MOA_WORDS("card", "native", "sender", "everyone", "thread", "broadcast", "asker")}),
         .run = show},
        {.name = "panel", .run = panel},
        {.name = "system", .run = system_tour},
        {.name = "log", .args = MOA_ARGS({.name = "text", .type = MOA_REST}), .run = log_levels},
        {.name = "print", .args = MOA_ARGS({.name = "text", .type = MOA_REST}), .run = print},
        {.name = "fresh", .run = fresh},
        {.name = "global", .run = global},
        {.name = "absent",
         .args = MOA_ARGS({.name = "area", .type = MOA_CHOICE, .choices = MOA_WORDS("http", "sql", "objects", "schedule")}),
         .run = absent},
        {.name = "fail",
         .args = MOA_ARGS({.name = "how", .type = MOA_CHOICE,
                           .choices = MOA_WORDS("usage", "rejected", "retry", "internal", "uncaught", "loop")},
                          {.name = "text", .type = MOA_REST, .optional = true}),
         .run = fail},
        {.name = "rows",
         .args = MOA_ARGS({.name = "how", .type = MOA_CHOICE, .choices = MOA_WORDS("table", "csv")}),
         .run = rows},
        {.name = "daily", .args = MOA_ARGS({.name = "day", .type = MOA_DATE}), .run = daily},
        {.name = "web", .args = MOA_ARGS({.name = "address", .type = MOA_STRING}), .run = web}),
    .hears = MOA_HEARS({.id = "order", .pattern = "^order (\\d+)( please)?$", .where = MOA_IN_AMBIENT, .run = heard},
                       {.id = "thumb", .pattern = "good job", .run = thumb},
                       {.id = "*", .run = heard}),
    .jobs = MOA_JOBS({.id = "loaded", .on = "load", .run = loaded}),
    .actions = MOA_ACTIONS({.id = "ok", .run = pressed_ok}, {.id = "no", .run = pressed_no},
                           {.id = "quiet", .run = pressed_quiet}, {.id = "form", .run = pressed_form},
                           {.id = "modal", .run = pressed_modal}, {.id = "size", .run = chosen_size}),
    .submits = MOA_ACTIONS({.id = "form", .run = submitted}),
    .answers = MOA_ACTIONS({.id = "q1", .run = answered}),
    .shortcuts = MOA_SHORTCUTS({.id = "note",
                                .on = "message",
                                .name = {.ko = "적어 두기", .en = "Note it"},
                                .description = {.ko = "메시지를 적어 둡니다", .en = "Notes a message"},
                                .run = noted},
                               {.id = "start", .on = "anywhere", .name = {.all = "Start"}, .run = started}),
    .events = MOA_EVENTS({MOA_REACTED, happened}, {MOA_UNREACTED, happened}, {MOA_JOINED, happened}, {MOA_LEFT, happened},
                         {MOA_TOPIC, happened}, {MOA_EDITED, happened}, {MOA_DELETED, happened}),
    .webhooks = MOA_WEBHOOKS({.name = "told", .methods = MOA_WORDS("POST", "PUT"), .verify = "hmac-sha256", .run = told}),
    .config = MOA_ARGS({.name = "greeting", .type = MOA_STRING, .summary = {.all = "What it says"}, .standard = "hello"},
                       {.name = "limit", .type = MOA_INT, .standard = "3", .min = "1", .max = "10"}),
    .requests = {.http = MOA_WORDS("https://example.com", "http://127.0.0.1:*"),
                 .users = true,
                 .sql = MOA_WORDS("main"),
                 .objects = MOA_WORDS("files"),
                 .shared_brain = true,
                 .schedule = true});
