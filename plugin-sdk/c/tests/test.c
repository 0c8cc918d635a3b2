/* The SDK's own tests, natively: see README.md. Aliasing is not strict, because the host here, which is not outside, writes
 * records by types of its own. */
#include <math.h>
#include <stddef.h>
#include <stdlib.h>

/* How much memory the SDK took. */
static size_t taken;
static void *counted(size_t count, size_t size) {
    taken += count * size;
    return calloc(count, size);
}
#define calloc counted
#include "../moa.c"

#include "fake_host.h"

static void same_at(int line, const char *what, const char *found, const char *wanted) {
    if (found != NULL && strcmp(found, wanted) == 0) return;
    fprintf(stderr, "test.c:%d: %s\n  found:  %s\n  wanted: %s\n", line, what, found == NULL ? "(null)" : found, wanted);
    exit(1);
}
#define SAME(found, wanted) same_at(__LINE__, #found, found, wanted)
#define CHECK_THAT(truth) same_at(__LINE__, #truth, (truth) ? "true" : "false", "true")

/* ---- A plugin ---- */

static moa_status greet(moa_ctx *ctx) {
    return moa_reply(ctx, moa_pick(ctx, "%s님 %d", "%s %d"), moa_arg_text(ctx, "name", moa_who(ctx)->display_name),
                     (int)moa_arg_int(ctx, "times", 1));
}
static moa_status add_member(moa_ctx *ctx) { return moa_reply(ctx, "%s/%s", moa_command_name(ctx), moa_subcommand(ctx, 0)); }
static moa_status misused(moa_ctx *ctx) { return moa_usage(ctx, "not %s", "so"); }
static moa_status opens(moa_ctx *ctx) { return moa_reply_form(ctx, "{}"); }
static moa_status silent(moa_ctx *ctx) { return moa_reply_with(ctx, NULL); }
static moa_status later(moa_ctx *ctx) { return moa_retry(ctx, 30); }
static moa_status broken(moa_ctx *ctx) { return moa_fail(ctx, "out of %s", "soup"); }
static moa_status refused(moa_ctx *ctx) {
    const char *value;
    MOA_TRY(moa_brain_text(ctx, moa_plugin_scope(), "", &value));
    return MOA_OK;
}
static moa_status refused_bare(moa_ctx *ctx) { return moa_delete(ctx, &moa_message_of(ctx)->ref); }
static moa_status heard(moa_ctx *ctx) {
    return moa_reply(ctx, "%s %s %s", moa_pattern(ctx), moa_capture(ctx, 0), moa_capture(ctx, 1) == NULL ? "-" : "+");
}
static moa_status pressed(moa_ctx *ctx) { return moa_update(ctx, "%s by %s", moa_press_of(ctx)->value, moa_who(ctx)->name); }
static moa_status voted(moa_ctx *ctx) { return moa_reply(ctx, "vote %s", moa_press_rest(ctx)); }
static moa_status submitted(moa_ctx *ctx) {
    if (strcmp(moa_value_of(ctx, "dish"), "bad") == 0) return moa_field_error(ctx, "dish", "no such dish");
    return MOA_OK;
}
static moa_status happened(moa_ctx *ctx) { return moa_say(ctx, "%s", moa_event_of(ctx)->of.reaction.emoji); }
static moa_status talks_back(moa_ctx *ctx) { return moa_reply(ctx, "?"); }
static moa_status due(moa_ctx *ctx) {
    moa_place place = {.service = "slack", .conversation = "C9"};
    return moa_send(ctx, &place, moa_text(ctx, "%s", moa_run_of(ctx)->payload), NULL);
}
static moa_status serves(moa_ctx *ctx) {
    moa_str body = {moa_request_of(ctx)->body, moa_request_of(ctx)->body_len};
    return moa_respond(ctx, 201, "text/plain", body);
}

MOA_PLUGIN(
    .name = "test", .version = "1.0", .summary = {.ko = "시험", .en = "A \"test\"\n"},
    .commands = MOA_COMMANDS(
        {.name = "greet",
         .aliases = MOA_WORDS("hi", "안녕"),
         .summary = {.all = "Greets"},
         .examples = MOA_WORDS("!greet"),
         .args = MOA_ARGS({.name = "name", .type = MOA_STRING, .optional = true},
                          {.name = "times", .type = MOA_INT, .standard = "2", .min = "1", .max = "9"},
                          {.name = "size", .type = MOA_CHOICE, .choices = MOA_WORDS("s", "l"), .standard = "s"}),
         .run = greet},
        {.name = "team", .subcommands = MOA_COMMANDS({.name = "add", .run = add_member}), .restricted = true,
         .confirm = MOA_CONFIRM_SECOND},
        {.name = "misused", .run = misused}, {.name = "later", .run = later}, {.name = "broken", .run = broken},
        {.name = "refused", .run = refused}, {.name = "refused-bare", .run = refused_bare},
        {.name = "opens", .run = opens}, {.name = "silent", .run = silent}),
    .hears = MOA_HEARS({.id = "soup", .pattern = "so(u)?p", .where = MOA_IN_DIRECT | MOA_IN_AMBIENT, .run = heard},
                       {.id = "*", .run = heard}),
    .actions = MOA_ACTIONS({.id = "ok", .run = pressed}, {.id = "v*", .run = pressed}, {.id = "vote:*", .run = voted},
                           {.id = "opens", .run = opens}, {.id = "silent", .run = silent}),
    .submits = MOA_ACTIONS({.id = "order", .run = submitted}),
    .shortcuts = MOA_SHORTCUTS({.id = "note", .on = "message", .name = {.all = "Note"}, .run = voted}),
    .events = MOA_EVENTS({.event = MOA_REACTED, .run = happened}, {.event = MOA_JOINED, .run = talks_back}),
    .jobs = MOA_JOBS({.id = "daily", .cron = "0 9 * * *", .missed = "skip", .except = MOA_WORDS("12-25"), .run = due}),
    .webhooks = MOA_WEBHOOKS({.name = "hook", .verify = "none", .run = serves}),
    .config = MOA_ARGS({.name = "limit", .type = MOA_INT, .standard = "3"}),
    .requests = {.http = MOA_WORDS("https://example.com"), .users = true, .shared_brain = true});

/* ---- Calls as the host makes them ---- */

static const moa_invocation invocation = {"i1", 2, "2026-11-20T03:00:00.000Z", 24, 1, "en-GB", 5, "UTC", 3};
static const moa_user rosie = {.id = "U1", .name = "rosie", .display_name = "Rosie"};
static const moa_message_ref address = {.place = {.service = "slack", .conversation = "C1"}, .id = "m0"};

static wire_call call_of(const char *command, moa_strings path, list args) {
    wire_call call = {.invocation = invocation, .command = str(command), .path = path, .args = args};
    call.message.author = rosie;
    call.message.ref = address;
    return call;
}

static const said *command(const char *name) {
    moa_strings none = {NULL, 0};
    list no_args = {NULL, 0};
    wire_call call = call_of(name, none, no_args);
    return moa_export_handle(&call);
}

/* The kind of a failure, then its text. */
static const char *failure(const wire_failure *of) {
    return of->kind == FAILURE_RETRY ? moa_format(NULL, "2 %u", of->of.seconds) : moa_format(NULL, "%d %s", of->kind, of->of.text.text);
}

static void commands(void) {
    SAME(command("greet")->of.ok.content.text.text, "Rosie 1");
    wire_arg given[2] = {{.name = str("name"), .value = {.type = VALUE_TEXT, .of.text = str("Sally")}},
                         {.name = str("times"), .value = {.type = VALUE_INTEGER, .of.integer = 7}}};
    moa_strings none = {NULL, 0};
    list args = {given, 2}, no_args = {NULL, 0};
    wire_call call = call_of("greet", none, args);
    call.invocation.locale = "ko";
    SAME(((const said *)moa_export_handle(&call))->of.ok.content.text.text, "Sally님 7");
    moa_str add_word = str("add");
    moa_strings path = {&add_word, 1};
    call = call_of("team", path, no_args);
    SAME(((const said *)moa_export_handle(&call))->of.ok.content.text.text, "team/add");
    SAME(failure(&command("misused")->of.failure), "0 not so");
    SAME(failure(&command("later")->of.failure), "2 30");
    SAME(failure(&command("team")->of.failure), "3 this plugin has no command `team`");
    SAME(failure(&command("nowhere")->of.failure), "3 this plugin has no command `nowhere`");
    const char *text = failure(&command("broken")->of.failure);
    CHECK_THAT(strstr(text, "test.c:") != NULL && strstr(text, ": out of soup") != NULL);
    text = failure(&command("refused")->of.failure);
    CHECK_THAT(strstr(text, "test.c:") != NULL && strstr(text, ": invalid: the key is empty") != NULL);
    SAME(failure(&command("refused-bare")->of.failure), "3 unsupported: no chat_delete");
    SAME(failure(&command("opens")->of.failure),
         "3 a form opens only from a press; reply with a button, and with the form when it is pressed");
    CHECK_THAT(!command("silent")->failed && !command("silent")->of.ok.is);
    CHECK_THAT(!command("greet")->failed); /* Nothing stays of the failure before. */
}

static void patterns(void) {
    option_str captures[2] = {{true, {"soup", 4}}, {false, {NULL, 0}}};
    wire_heard what = {.invocation = invocation, .id = str("soup"), .captures = {captures, 2}};
    what.message.author = rosie;
    SAME(((const said *)moa_export_hear(&what))->of.ok.content.text.text, "soup soup -");
    what.id = str("taught");
    SAME(((const said *)moa_export_hear(&what))->of.ok.content.text.text, "taught soup -");
}

static const acted *press(uint8_t kind, const char *id, const char *value) {
    static moa_pair fields[1];
    fields[0].name = "dish";
    fields[0].value = value;
    moa_press what = {.invocation = invocation, .kind = kind, .id = id, .value = value, .state = fields, .state_count = 1,
                      .user = rosie, .place = address.place, .has_on = true, .on = address};
    return moa_export_act(&what);
}

static void presses(void) {
    const acted *result = press(MOA_PRESS_BUTTON, "ok", "1");
    CHECK_THAT(result->of.ok.kind == ANSWER_UPDATE);
    SAME(result->of.ok.of.content.text.text, "1 by rosie");
    SAME(press(MOA_PRESS_SELECT, "vote:7", "")->of.ok.of.content.text.text, "vote 7");
    result = press(MOA_PRESS_BUTTON, "opens", "");
    CHECK_THAT(result->of.ok.kind == ANSWER_VIEW);
    SAME(result->of.ok.of.view.text, "{}");
    result = press(MOA_PRESS_BUTTON, "silent", "");
    CHECK_THAT(!result->failed && result->of.ok.kind == ANSWER_NONE);
    CHECK_THAT(press(MOA_PRESS_SUBMIT, "order", "soup")->of.ok.kind == ANSWER_NONE);
    result = press(MOA_PRESS_SUBMIT, "order", "bad");
    CHECK_THAT(result->of.ok.kind == ANSWER_ERRORS && result->of.ok.of.errors.count == 1);
    SAME(((const wire_choice *)result->of.ok.of.errors.items)->value.text, "no such dish");
    SAME(failure(&press(MOA_PRESS_SUBMIT, "ok", "")->of.failure), "3 this plugin has no form `ok`");
    SAME(failure(&press(MOA_PRESS_TIMEOUT, "q", "")->of.failure), "3 this plugin has no question `q`");
}

static void the_rest(void) {
    wire_event event = {.invocation = invocation, .who = rosie};
    event.event.kind = MOA_REACTED;
    event.event.of.reaction.message = address;
    event.event.of.reaction.emoji = "eyes";
    CHECK_THAT(!((const done *)moa_export_on(&event))->failed);
    event.event.kind = MOA_JOINED;
    event.event.of.place = address.place;
    CHECK_THAT(strstr(failure(&((const done *)moa_export_on(&event))->failure), "moa_say") != NULL);
    event.event.kind = MOA_LEFT;
    SAME(failure(&((const done *)moa_export_on(&event))->failure), "3 this plugin has no event `left`");
    const done *ran = moa_export_run("i1", 2, "t", 1, 1, "en", 2, "UTC", 3, "daily", 5, "t", 1, "good morning", 12);
    CHECK_THAT(!ran->failed);
    ran = moa_export_run("i1", 2, "t", 1, 1, "en", 2, "UTC", 3, "none", 4, "t", 1, "", 0);
    SAME(failure(&ran->failure), "3 this plugin has no job `none`");
    SAME(host.said, "C1: eyes\nC9: good morning\n");
    moa_request request = {.invocation = invocation, .name = "hook", .body = "abc", .body_len = 3};
    const served *response = moa_export_serve(&request);
    CHECK_THAT(!response->failed && response->of.ok.status == 201 && response->of.ok.body.len == 3);
    SAME(((const wire_choice *)response->of.ok.headers.items)->value.text, "text/plain");
}

static void describes(void) {
    SAME(((const moa_str *)moa_export_describe())->text,
         "{\"name\":\"test\",\"version\":\"1.0\",\"summary\":{\"ko\":\"시험\",\"en\":\"A \\\"test\\\"\\u000a\"},\"commands\":["
         "{\"name\":\"greet\",\"aliases\":[\"hi\",\"안녕\"],\"summary\":\"Greets\",\"examples\":[\"!greet\"],\"args\":["
         "{\"name\":\"name\",\"type\":\"string\",\"optional\":true},"
         "{\"name\":\"times\",\"type\":\"int\",\"default\":2,\"min\":1,\"max\":9},"
         "{\"name\":\"size\",\"type\":\"choice\",\"default\":\"s\",\"choices\":[\"s\",\"l\"]}]},"
         "{\"name\":\"team\",\"subcommands\":[{\"name\":\"add\"}],\"restricted\":true,\"confirm\":\"second\"},"
         "{\"name\":\"misused\"},{\"name\":\"later\"},{\"name\":\"broken\"},{\"name\":\"refused\"},{\"name\":\"refused-bare\"},"
         "{\"name\":\"opens\"},{\"name\":\"silent\"}],"
         "\"hears\":[{\"id\":\"soup\",\"pattern\":\"so(u)?p\",\"scopes\":[\"direct\",\"ambient\"]}],"
         "\"jobs\":[{\"id\":\"daily\",\"cron\":\"0 9 * * *\",\"missed\":\"skip\",\"except\":[\"12-25\"]}],"
         "\"webhooks\":[{\"name\":\"hook\",\"verify\":\"none\"}],\"events\":[\"reacted\",\"joined\"],"
         "\"shortcuts\":[{\"id\":\"note\",\"on\":\"message\",\"name\":\"Note\"}],"
         "\"config\":{\"limit\":{\"type\":\"int\",\"default\":3}},"
         "\"requests\":{\"http\":[\"https://example.com\"],\"users\":true,\"shared-brain\":true}}");
}

static void brain(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    moa_scope at = moa_conversation_scope("C1");
    const char *value, *version;
    moa_entry entries[2];
    bool was;
    int64_t sum;
    CHECK_THAT(moa_brain_text(ctx, at, "a", &value) == MOA_OK && value == NULL);
    CHECK_THAT(moa_brain_set(ctx, at, "a", "one") == MOA_OK);
    CHECK_THAT(moa_brain_text(ctx, at, "a", &value) == MOA_OK);
    SAME(value, "one");
    CHECK_THAT(moa_brain_set_for(ctx, at, "a", "x", 0) == MOA_INVALID);
    SAME(moa_error(ctx), "the time to live is 0");
    CHECK_THAT(moa_brain_delete(ctx, at, "a", &was) == MOA_OK && was);
    CHECK_THAT(moa_brain_delete(ctx, at, "a", &was) == MOA_OK && !was);
    CHECK_THAT(moa_brain_incr(ctx, at, "n", INT64_MIN, &sum) == MOA_OK && sum == INT64_MIN);
    moa_write what = {.key = "c", .value = "1"};
    CHECK_THAT(moa_brain_cas(ctx, at, &what, NULL, &version) == MOA_OK);
    CHECK_THAT(moa_brain_cas(ctx, at, &what, NULL, NULL) == MOA_CONFLICT);
    CHECK_THAT(moa_brain_cas(ctx, at, &what, version, NULL) == MOA_OK);
    moa_write several[] = {{.key = "m1", .value = "x"}, {.key = "m2", .value = "a\0b", .value_len = 3}, {.key = "m3", .value = ""}};
    CHECK_THAT(moa_brain_set_many(ctx, at, several, 3) == MOA_OK);
    const char *keys[] = {"m2", "m9"};
    CHECK_THAT(moa_brain_get_many(ctx, at, keys, 2, entries) == MOA_OK);
    CHECK_THAT(entries[0].value != NULL && entries[1].value == NULL);
    moa_strings all;
    CHECK_THAT(moa_brain_keys(ctx, at, "m", &all) == MOA_OK && all.count == 3);
    SAME(all.items[2].text, "m3");
}

static void content(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    moa_content *made = moa_empty(ctx);
    for (int n = 0; n < 3; n++) {
        char title[16];
        snprintf(title, sizeof title, "card %d", n);
        moa_add_card(made, (moa_card){.title = title, .fields = MOA_FIELDS({"f", "v", false}, {"g", "w", true})});
        memset(title, 'x', sizeof title); /* It was copied. */
    }
    const wire_card *cards = made->wire.cards.items;
    CHECK_THAT(made->wire.cards.count == 3);
    SAME(cards[1].title.text, "card 1");
    SAME(cards[1].footer.text, "");
    const wire_field *fields = cards[2].fields.items;
    CHECK_THAT(cards[2].fields.count == 2 && fields[0].is_short && !fields[1].is_short);
    moa_add_button(made, (moa_button){.id = "ok", .label = "OK", .style = MOA_DANGER, .confirm = "Sure?"});
    moa_add_select(made, (moa_select){.id = "s", .placeholder = "Size", .choices = MOA_CHOICES({"Small", "s"}, {"Large", "l"})});
    moa_add_link(made, "Docs", "https://example.com");
    const wire_action *actions = made->wire.actions.items;
    CHECK_THAT(made->wire.actions.count == 3 && actions[1].kind == 1 && actions[1].of.select.choices.count == 2);
    SAME(actions[0].of.button.value.text, "");
    SAME(actions[2].of.link.value.text, "https://example.com");
}

static void json(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    host.config = " {\"a\": {\"b\": [1, -2.5e1, true, null, \"\\u00e9\\ud83d\\ude42\\n\"]}, \"big\": 9007199254740993} ";
    const moa_json *list = moa_json_get(moa_json_get(moa_config(ctx), "a"), "b");
    CHECK_THAT(moa_json_count(list) == 5 && moa_json_int(moa_json_at(list, 0), 0) == 1);
    CHECK_THAT(moa_json_float(moa_json_at(list, 1), 0) == -25.0 && moa_json_bool(moa_json_at(list, 2), false));
    SAME(moa_json_text(moa_json_at(list, 4), "?"), "é🙂\n");
    SAME(moa_json_text(moa_json_at(list, 3), "null"), "null");
    CHECK_THAT(moa_json_int(moa_json_get(moa_config(ctx), "big"), 0) == 9007199254740993);
    CHECK_THAT(moa_json_int(moa_json_get(moa_json_at(list, 9), "none"), 7) == 7);
    const char *malformed[] = {"", "{", "[1,]", "{\"a\" 1}", "{a:1}", "\"\\x\"", "\"\\ud83d\"", "tru", "1 2", "\"a", "[", "nan", "0x1g", "[1", "{\"a\"",
                               "{\"a\":1", "-inf", "-nan", "0x10", "-", "+1", ".5"};
    for (size_t n = 0; n < sizeof malformed / sizeof *malformed; n++) {
        /* Of its own, so that a sanitizer sees what is read behind its end. */
        size_t size = strlen(malformed[n]) + 1;
        char *own = memcpy(malloc(size), malformed[n], size);
        if (moa_json_read(ctx, own) != NULL) same_at(__LINE__, "is taken", malformed[n], "refused");
        free(own);
    }
    const char *too_large[] = {"1e300", "-1e300", "1e999", "9223372036854775808.0"};
    for (size_t n = 0; n < sizeof too_large / sizeof *too_large; n++) {
        CHECK_THAT(moa_json_int(moa_json_read(ctx, too_large[n]), 7) == 7);
    }
    CHECK_THAT(moa_json_int(moa_json_read(ctx, "-9223372036854775808.0"), 7) == INT64_MIN);
    char deep[300];
    memset(deep, '[', 299);
    deep[299] = '\0';
    CHECK_THAT(moa_json_read(ctx, deep) == NULL);
    SAME(moa_json_quote(ctx, "a\"\\\t가"), "\"a\\\"\\\\\\u0009가\"");
}

static void forms(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    const moa_form form = {.id = "order", .heading = "가나다라마바사아자차카타파하가나다라마바사아자차카", .data = "d",
                           .fields = MOA_INPUTS({.name = "note", .label = "Note", .type = MOA_LINES, .optional = true},
                                                {.name = "n", .label = "N", .type = MOA_WHOLE_NUMBER, .initial = "1"},
                                                {.name = "s", .label = "S", .type = MOA_CHECKBOXES, .initial = "a,c",
                                                 .choices = MOA_CHOICES({"A", "a"}, {"B", "b"})})};
    SAME(moa_form_json(ctx, &form),
         "{\"type\":\"modal\",\"callback_id\":\"order\",\"title\":{\"type\":\"plain_text\",\"text\":"
         "\"가나다라마바사아자차카타파하가나다라마바사아자…\"},\"submit\":{\"type\":\"plain_text\",\"text\":\"OK\"},"
         "\"private_metadata\":\"d\",\"blocks\":["
         "{\"type\":\"input\",\"block_id\":\"note\",\"label\":{\"type\":\"plain_text\",\"text\":\"Note\"},"
         "\"element\":{\"type\":\"plain_text_input\",\"action_id\":\"note\",\"multiline\":true},\"optional\":true},"
         "{\"type\":\"input\",\"block_id\":\"n\",\"label\":{\"type\":\"plain_text\",\"text\":\"N\"},"
         "\"element\":{\"type\":\"number_input\",\"action_id\":\"n\",\"is_decimal_allowed\":false,\"initial_value\":\"1\"}},"
         "{\"type\":\"input\",\"block_id\":\"s\",\"label\":{\"type\":\"plain_text\",\"text\":\"S\"},"
         "\"element\":{\"type\":\"checkboxes\",\"action_id\":\"s\",\"options\":["
         "{\"text\":{\"type\":\"plain_text\",\"text\":\"A\"},\"value\":\"a\"},"
         "{\"text\":{\"type\":\"plain_text\",\"text\":\"B\"},\"value\":\"b\"}],"
         "\"initial_options\":[{\"text\":{\"type\":\"plain_text\",\"text\":\"A\"},\"value\":\"a\"}]}}]}");
}

static void text_and_chance(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    SAME(moa_plain(ctx, "*a* {@U1} 2~3"), "*\u2060a*\u2060 {\u2060@U1} 2~\u20603");
    SAME(moa_language(ctx), "en");
    char *list = NULL;
    for (int n = 0; n < 2000; n++) moa_append(ctx, &list, "%d,", n % 10);
    CHECK_THAT(strlen(list) == 4000 && list[3998] == '9');
    /* What grows by pieces takes a few times its size, whatever is handed out in between. */
    size_t before = taken;
    char *left = NULL, *right = NULL;
    for (int n = 0; n < 4000; n++) {
        moa_append(ctx, &left, "%39s\n", moa_plain(ctx, "a"));
        moa_append(ctx, &right, "%s", "b");
    }
    CHECK_THAT(strlen(left) == 160000 && strlen(right) == 4000 && left[159998] == 'a' && right[3999] == 'b');
    CHECK_THAT(taken - before < 1500000);
    before = taken;
    struct list many = {NULL, 0};
    for (int n = 0; n < 4000; n++) *(moa_str *)add(&many, sizeof(moa_str)) = copy("c");
    CHECK_THAT(many.count == 4000 && taken - before < 500000);
    SAME(((const moa_str *)many.items)[3999].text, "c");
    char *twice = NULL;
    for (int n = 0; n < 3; n++) moa_append(ctx, &twice, "ab%s", twice == NULL ? "" : twice);
    SAME(twice, "ababababababab");
    char *nothing = NULL;
    moa_append(ctx, &nothing, "%s", "");
    SAME(nothing, "");
    CHECK_THAT(moa_random_below(0) == 0 && moa_random_below(1) == 0 && moa_random_below(6) < 6);
    int items[50], sum = 0;
    for (int n = 0; n < 50; n++) items[n] = n;
    moa_shuffle(items, 50, sizeof *items);
    bool moved = false;
    for (int n = 0; n < 50; n++) sum += items[n], moved |= items[n] != n;
    CHECK_THAT(moved && sum == 1225);
    int first = rand();
    enter(&invocation, &rosie, &address.place);
    CHECK_THAT(rand() != first); /* Seeded anew at each call. */
    moa_info("%s", "soup");
    SAME(host.logged, "2 soup\n");
    SAME(moa_status_name(MOA_OVER_LIMIT), "over-limit");
    /* What the host is given grows in place or moves, and keeps what was in it. */
    char *given = cabi_realloc(NULL, 0, 1, 3);
    memcpy(given, "abc", 3);
    SAME(given, "abc");
    cabi_realloc(NULL, 0, 1, 100000);
    SAME((char *)cabi_realloc(given, 3, 1, 9), "abc");
}

#define TEXT(words) {.type = MOA_TEXT, .of.str = {words, sizeof words - 1}}
#define NUMBER(value) {.type = MOA_NUMBER, .of.number = value}

static void rows(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    /* The same rows as in the tests of the other languages' SDKs, and the same text. */
    const moa_str columns[] = {{"이름", 6}, {"kind", 4}, {"sum", 3}};
    const moa_cell first[] = {TEXT("로지, \"R\""), {.type = MOA_TRUTH, .of.truth = true}, NUMBER(3)};
    const moa_cell second[] = {TEXT(" a\r\nb`"), {.type = MOA_BYTES, .of.str = {"\0\xff", 2}}, NUMBER(1e-7)};
    const moa_cell third[] = {TEXT("👍"), {.type = MOA_DECIMAL, .of.str = {"12.50", 5}}, NUMBER(1e21)};
    const moa_cell fourth[] = {TEXT(""), {.type = MOA_INSTANT, .of.str = {"2026-11-21T00:50:00.5Z", 22}},
                               {.type = MOA_INTEGER, .of.integer = -7}};
    const moa_cell fifth[] = {TEXT("e\u0301"), {.type = MOA_NULL}, {.type = MOA_NULL}};
    const moa_row all[] = {{first, 3}, {second, 3}, {third, 3}, {fourth, 3}, {fifth, 3}};
    const moa_rows found = {columns, 3, all, 5, true};
    const char *file = "이름,kind,sum\r\n\"로지, \"\"R\"\"\",true,3\r\n\" a\r\nb`\",00ff,0.0000001\r\n"
                       "👍,12.50,1000000000000000000000\r\n,2026-11-21T00:50:00.5Z,-7\r\ne\u0301,,\r\n";
    const char *table = "```\n"
                        "이름      kind                                      sum\n"
                        "--------- ---------------------- ----------------------\n"
                        "로지, \"R\" true                                        3\n"
                        "a  b`\u2060     00ff                                0.0000001\n"
                        "👍        12.50                  1000000000000000000000\n"
                        "          2026-11-21T00:50:00.5Z                     -7\n"
                        "e\u0301\n"
                        "…\n"
                        "```";
    SAME(moa_rows_csv(ctx, &found).text, file);
    SAME(moa_rows_table(ctx, &found), table);
    CHECK_THAT(moa_reply_table(ctx, &found) == MOA_OK);
    SAME(ctx->content->wire.text.text, table);
    const char *id = NULL;
    CHECK_THAT(moa_rows_send_csv(ctx, &found, moa_here(ctx), "members.csv", "Here", &id) == MOA_OK);
    SAME(id, "F1");
    SAME(host.file, moa_format(ctx, "C1 members.csv Here\n\xef\xbb\xbf%s", file));
    /* The same in the tests of the other languages' SDKs. */
    const moa_cell formulas[] = {TEXT("=1+1"), TEXT("+82"), TEXT("+82 10"), TEXT("-"), TEXT("-5.5"), TEXT("-x"), TEXT("@me"),
                                 TEXT("\tx"), TEXT("\nx"), TEXT("＝1"), TEXT("a=1"), TEXT("=\"a\",b"), NUMBER(-2.5),
                                 NUMBER(-HUGE_VAL)};
    moa_row each[14];
    for (size_t n = 0; n < 14; n++) each[n] = (moa_row){&formulas[n], 1};
    const moa_str heading[] = {{"=name", 5}};
    const moa_rows listed = {heading, 1, each, 14, false};
    SAME(moa_rows_csv(ctx, &listed).text,
         "'=name\r\n'=1+1\r\n+82\r\n'+82 10\r\n-\r\n-5.5\r\n'-x\r\n'@me\r\n'\tx\r\n\"'\nx\"\r\n'＝1\r\na=1\r\n\"'=\"\"a\"\",b\"\r\n"
         "-2.5\r\n-inf\r\n");
    SAME(moa_rows_csv_as(ctx, &listed, MOA_CSV_BOM | MOA_CSV_AS_IS).text,
         "\xef\xbb\xbf=name\r\n=1+1\r\n+82\r\n+82 10\r\n-\r\n-5.5\r\n-x\r\n@me\r\n\tx\r\n\"\nx\"\r\n＝1\r\na=1\r\n\"=\"\"a\"\",b\"\r\n"
         "-2.5\r\n-inf\r\n");
    const moa_cell numbers[] = {NUMBER(-2.5), NUMBER(1.5e-9), NUMBER(0.1), NUMBER(-0.0), NUMBER(123456.789), NUMBER(5e-324)};
    const char *shown_as[] = {"-2.5", "0.0000000015", "0.1", "-0", "123456.789", NULL};
    for (size_t n = 0; shown_as[n] != NULL; n++) SAME(shown(&numbers[n]).text, shown_as[n]);
    CHECK_THAT(strtod(shown(&numbers[5]).text, NULL) == 5e-324);
    SAME(digits_of(HUGE_VAL), "inf");
    SAME(digits_of(-HUGE_VAL), "-inf");
    SAME(digits_of(HUGE_VAL - HUGE_VAL), "NaN");
    const moa_rows none = {columns, 3, NULL, 0, false};
    SAME(moa_rows_table(ctx, &none), "```\n이름 kind sum\n---- ---- ---\n```");
    SAME(moa_table(ctx, NULL, 0), "```\n```");
    CHECK_THAT(moa_width("✅ 로지") == 7 && moa_width("\u1112\u1161\u11ab") == 2);
    /* What is a number, and what only begins as one. */
    const char *are[] = {"1", "-1,234.5", "+.5", "5.", "1e9", "1E-9", "Infinity", "nan", NULL};
    const char *are_not[] = {"1 000", "0x10", "1_000", ".", "", "e5", "1e", "--1", "12a", NULL};
    for (size_t n = 0; are[n] != NULL; n++) CHECK_THAT(is_number(str(are[n])));
    for (size_t n = 0; are_not[n] != NULL; n++) CHECK_THAT(!is_number(str(are_not[n])));
}

static void daily_threads(void) {
    moa_ctx *ctx = enter(&invocation, &rosie, &address.place);
    host.said[0] = '\0';
    moa_place place = moa_place_of("C9"), first, again, other;
    const moa_content *head = moa_text(ctx, "*Feed*"), *guide = moa_text(ctx, "Reports come here.");
    CHECK_THAT(moa_daily_thread(ctx, &place, "2026-11-20", head, guide, &first) == MOA_OK);
    CHECK_THAT(moa_daily_thread(ctx, &place, "2026-11-20", head, guide, &again) == MOA_OK);
    SAME(host.said, "C9: *Feed*\nC9: Reports come here.\n");
    SAME(first.thread, "m1");
    SAME(again.thread, "m1");
    SAME(again.conversation, "C9");
    /* Where other languages look, as they write it. */
    const char *kept;
    CHECK_THAT(moa_brain_text(ctx, moa_plugin_scope(), "daily/C9/2026-11-20", &kept) == MOA_OK);
    SAME(kept, "\"m1\"");
    /* Another call is first: the head that was sent in vain is gone. */
    host.meanwhile = "\"m0\"";
    CHECK_THAT(moa_daily_thread(ctx, &place, "2026-11-21", head, guide, &other) == MOA_OK);
    SAME(other.thread, "m0");
    SAME(host.deleted, "m1");
    SAME(host.said, "C9: *Feed*\nC9: Reports come here.\nC9: *Feed*\n");
    CHECK_THAT(moa_daily_thread(ctx, &place, "2026-11-22", head, NULL, &other) == MOA_OK);
    SAME(host.said, "C9: *Feed*\nC9: Reports come here.\nC9: *Feed*\nC9: *Feed*\n");
    CHECK_THAT(moa_brain_set(ctx, moa_plugin_scope(), "daily/C9/x", "soup") == MOA_OK);
    CHECK_THAT(moa_daily_thread(ctx, &place, "x", head, NULL, &other) == MOA_FAILED);
}

int main(void) {
    describes();
    commands();
    patterns();
    presses();
    the_rest();
    brain();
    content();
    json();
    forms();
    text_and_chance();
    rows();
    daily_threads();
    puts("ok");
    return 0;
}
