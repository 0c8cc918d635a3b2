/* Speaking in chat; buttons, menus, forms, shortcuts, questions, and what else happens. */
#include "conformance.h"

#include <string.h>

moa_status talk(moa_ctx *ctx) {
    moa_message_ref sent;
    OR_REFUSED(moa_send(ctx, moa_here(ctx), moa_text(ctx, "one"), &sent));
    OR_REFUSED(moa_edit(ctx, &sent, moa_text(ctx, "two")));
    for (int n = 0; n < 2; n++) OR_REFUSED(moa_react(ctx, &sent, "👍"));
    for (int n = 0; n < 2; n++) OR_REFUSED(moa_unreact(ctx, &sent, "👍"));
    for (int n = 0; n < 2; n++) OR_REFUSED(moa_delete(ctx, &sent));
    return moa_reply(ctx, "done");
}

moa_status upload(moa_ctx *ctx) {
    moa_str data = {"a,b", 3};
    const char *id;
    OR_REFUSED(moa_upload(ctx, moa_here(ctx), "점심.csv", data, "a *file*", &id));
    OR_REFUSED(moa_download(ctx, id, &data));
    return moa_reply(ctx, "%u bytes: %s", (unsigned)data.len, data.text);
}

moa_status fetch(moa_ctx *ctx) {
    const moa_message *message = moa_message_of(ctx);
    moa_str data;
    char *lines = NULL;
    if (message->file_count == 0) OR_REFUSED(moa_download(ctx, "F404", &data));
    for (size_t at = 0; at < message->file_count; at++) {
        OR_REFUSED(moa_download(ctx, message->files[at].id, &data));
        moa_append(ctx, &lines, "%s%s: %s", at == 0 ? "" : "\n", message->files[at].name, data.text);
    }
    return moa_reply(ctx, "%s", or_dash(lines));
}

moa_status direct(moa_ctx *ctx) {
    moa_place place;
    OR_REFUSED(moa_open_direct(ctx, moa_who(ctx)->id, &place));
    OR_REFUSED(moa_send(ctx, &place, moa_text(ctx, "psst"), NULL));
    return moa_reply(ctx, "direct: %s", moa_kind_name(place.kind));
}

moa_status lookup(moa_ctx *ctx) {
    const char *kind = moa_arg_text(ctx, "kind", ""), *id = moa_arg_text(ctx, "id", "");
    if (strcmp(kind, "user") == 0) {
        moa_user user;
        OR_REFUSED(moa_get_user(ctx, id, &user));
        return moa_reply(ctx, "user %s bot=%s", user.display_name, yes(user.bot));
    }
    if (strcmp(kind, "conversation") == 0) {
        moa_conversation found;
        OR_REFUSED(moa_get_conversation(ctx, id, &found));
        return moa_reply(ctx, "conversation %s %s %s", found.name, moa_kind_name(found.kind), or_dash(found.topic));
    }
    moa_strings ids;
    OR_REFUSED(moa_members(ctx, id, &ids));
    return moa_reply(ctx, "members %s", joined(ctx, ids, " "));
}

moa_status past(moa_ctx *ctx) {
    const char *before = moa_message_of(ctx)->ref.id;
    char *lines = NULL;
    moa_messages page = {NULL, 0};
    for (size_t read = 0; read < 6; read += page.count) {
        OR_REFUSED(moa_history(ctx, moa_here(ctx), before, 2, &page));
        if (page.count == 0) break;
        for (size_t at = 0; at < page.count; at++) {
            const moa_message *said = &page.items[at];
            moa_append(ctx, &lines, "%s%s: %s", lines == NULL ? "" : "\n", said->author.display_name, said->text);
        }
        before = page.items[page.count - 1].ref.id;
    }
    return moa_reply(ctx, "%s", or_dash(lines));
}

moa_status ask(moa_ctx *ctx) {
    const moa_user *who = moa_arg_user(ctx, "who");
    if (who == NULL) return moa_fail(ctx, "the host left out what is not optional");
    moa_content *question = moa_text(ctx, "Tea or coffee?");
    moa_add_button(question, (moa_button){.id = "tea", .label = "Tea", .value = "t"});
    moa_add_button(question, (moa_button){.id = "coffee", .label = "Coffee"});
    OR_REFUSED(moa_ask(ctx, moa_here(ctx), who->id, "q1", question, 60, NULL));
    return MOA_OK;
}

moa_status refused(moa_ctx *ctx) {
    const moa_place *here = moa_here(ctx);
    const moa_message_ref *message = &moa_message_of(ctx)->ref;
    moa_message_ref gone = {.place = *here, .id = "0"};
    moa_place elsewhere = *here, place;
    elsewhere.conversation = "C404";
    elsewhere.thread = NULL;
    elsewhere.kind = MOA_CHANNEL;
    moa_content *x = moa_text(ctx, "x"), *native = moa_text(ctx, "x");
    moa_native(native, "[]");
    moa_messages messages;
    moa_str data = {"x", 1};
    const char *value, *me = moa_who(ctx)->id;
    char *lines = NULL;
#define LINE(name, call) moa_append(ctx, &lines, "%s" name ": %s", lines == NULL ? "" : "\n", outcome(ctx, call))
    LINE("edit-other", moa_edit(ctx, message, x));
    LINE("delete-other", moa_delete(ctx, message));
    LINE("edit-gone", moa_edit(ctx, &gone, x));
    LINE("react-gone", moa_react(ctx, &gone, "👍"));
    LINE("react-unknown", moa_react(ctx, message, "no such emoji"));
    LINE("send-empty", moa_send(ctx, here, moa_empty(ctx), NULL));
    LINE("send-elsewhere", moa_send(ctx, &elsewhere, x, NULL));
    LINE("send-native", moa_send(ctx, here, native, NULL));
    LINE("history-zero", moa_history(ctx, here, NULL, 0, &messages));
    LINE("ask-nothing", moa_ask(ctx, here, me, "q2", moa_text(ctx, "?"), 60, NULL));
    LINE("modal-gone", moa_open_modal(ctx, "gone", form(ctx, "d1")));
    LINE("upload-nameless", moa_upload(ctx, here, "", data, NULL, NULL));
    LINE("download-gone", moa_download(ctx, "F404", &data));
    LINE("direct-nobody", moa_open_direct(ctx, "U404", &place));
    LINE("brain-key", moa_brain_text(ctx, moa_plugin_scope(), "", &value));
    LINE("brain-ttl", moa_brain_set_for(ctx, moa_plugin_scope(), "x", "x", 0));
    return moa_reply(ctx, "%s", lines);
}

moa_status show(moa_ctx *ctx) {
    static const char *const audiences[] = {"everyone", "thread", "broadcast", "asker"};
    const char *what = moa_arg_text(ctx, "what", "");
    moa_content *content = moa_empty(ctx);
    if (strcmp(what, "card") == 0) {
        moa_add_card(content, (moa_card){.pretext = "pre",
                                         .title = "title",
                                         .link = "https://example.com/t",
                                         .text = "*body*",
                                         .color = "good",
                                         .fields = MOA_FIELDS({.title = "f", .value = "v"},
                                                              {.title = "g", .value = "w", .wide = true}),
                                         .image = "https://example.com/i.png",
                                         .footer = "foot"});
    } else if (strcmp(what, "native") == 0) {
        moa_native(content, "{\"text\": \"native text\"}");
    } else if (strcmp(what, "sender") == 0) {
        content = moa_text(ctx, "I am a robot");
        moa_sender(content, "Robot", ":robot_face:");
    } else {
        content = moa_text(ctx, "to %s", what);
        for (uint8_t n = 0; n < 4; n++) {
            if (strcmp(what, audiences[n]) == 0) moa_to(content, n);
        }
    }
    return moa_reply_with(ctx, content);
}

moa_status panel(moa_ctx *ctx) {
    moa_content *content = moa_text(ctx, "panel");
    moa_add_button(content, (moa_button){.id = "ok", .label = "OK", .value = "1", .style = MOA_PRIMARY});
    moa_add_button(content, (moa_button){.id = "no", .label = "No", .style = MOA_DANGER, .confirm = "Sure?"});
    moa_add_button(content, (moa_button){.id = "quiet", .label = "Quiet", .value = "q"});
    moa_add_button(content, (moa_button){.id = "form", .label = "Form"});
    moa_add_button(content, (moa_button){.id = "modal", .label = "Modal"});
    moa_add_select(content, (moa_select){.id = "size", .placeholder = "Size", .choices = MOA_CHOICES({"Small", "s"}, {"Large", "l"})});
    moa_add_link(content, "Docs", "https://example.com/docs");
    return moa_reply_with(ctx, content);
}

const char *form(moa_ctx *ctx, const char *data) {
    const moa_form made = {
        .id = "form",
        .heading = "Form",
        .submit = "Send",
        .data = data,
        .fields = MOA_INPUTS({.name = "dish", .label = "Dish", .type = MOA_LINE},
                             {.name = "size", .label = "Size", .type = MOA_MENU, .choices = MOA_CHOICES({"Small", "s"}, {"Large", "l"})})};
    return moa_form_json(ctx, &made);
}

static const char *name(moa_ctx *ctx) { return moa_who(ctx)->display_name; }

moa_status pressed_ok(moa_ctx *ctx) {
    const moa_press *press = moa_press_of(ctx);
    return moa_update(ctx, "pressed ok %s by %s, message %s, trigger %s", press->value, name(ctx), yes(press->has_on),
                      yes(press->trigger != NULL));
}

moa_status pressed_no(moa_ctx *ctx) {
    return moa_reply(ctx, "pressed no %s by %s", or_dash(moa_press_of(ctx)->value), name(ctx));
}

moa_status pressed_quiet(moa_ctx *ctx) {
    (void)ctx;
    return MOA_OK;
}

moa_status pressed_form(moa_ctx *ctx) { return moa_reply_form(ctx, form(ctx, "d1")); }
moa_status pressed_modal(moa_ctx *ctx) { return moa_open_modal(ctx, moa_press_of(ctx)->trigger, form(ctx, "d1")); }
moa_status chosen_size(moa_ctx *ctx) { return moa_reply(ctx, "chose size %s by %s", moa_press_of(ctx)->value, name(ctx)); }

moa_status submitted(moa_ctx *ctx) {
    const char *dish = moa_value_of(ctx, "dish"), *size = moa_value_of(ctx, "size");
    if (strcmp(dish, "bad") == 0) return moa_field_error(ctx, "dish", "no such dish");
    if (strcmp(dish, "again") == 0) return moa_reply_form(ctx, form(ctx, "d2"));
    if (strcmp(dish, "update") == 0) return moa_update(ctx, "ordered");
    return moa_reply(ctx, "form %s: dish=%s size=%s by %s", moa_press_of(ctx)->value, dish, size, name(ctx));
}

moa_status noted(moa_ctx *ctx) {
    return moa_reply(ctx, "noted %s by %s", moa_value_of(ctx, "text"), moa_value_of(ctx, "author"));
}

moa_status started(moa_ctx *ctx) { return moa_reply(ctx, "started by %s", name(ctx)); }

moa_status answered(moa_ctx *ctx) {
    const moa_press *press = moa_press_of(ctx);
    if (press->kind == MOA_PRESS_TIMEOUT) return moa_reply(ctx, "timeout q1 by %s", name(ctx));
    return moa_reply(ctx, "answer q1 %s by %s", press->value, name(ctx));
}

moa_status happened(moa_ctx *ctx) {
    const moa_event *event = moa_event_of(ctx);
    switch ((moa_event_kind)event->kind) {
    case MOA_REACTED: return moa_say(ctx, "reacted %s by %s", event->of.reaction.emoji, name(ctx));
    case MOA_UNREACTED: return moa_say(ctx, "unreacted %s by %s", event->of.reaction.emoji, name(ctx));
    case MOA_JOINED: return moa_say(ctx, "joined by %s", name(ctx));
    case MOA_LEFT: return moa_say(ctx, "left by %s", name(ctx));
    case MOA_TOPIC: return moa_say(ctx, "topic %s by %s", or_dash(event->of.topic.text), name(ctx));
    case MOA_EDITED:
        return moa_say(ctx, "edited %s edited=%s by %s", event->of.edited.text, yes(event->of.edited.edited), name(ctx));
    case MOA_DELETED: return moa_say(ctx, "deleted by %s", name(ctx));
    }
    return moa_fail(ctx, "an event of an unknown kind");
}
