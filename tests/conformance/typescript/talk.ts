// Chat, content, presses and events.

import {
  action,
  answer,
  arg,
  brain,
  button,
  chat,
  command,
  event,
  field,
  FieldErrors,
  form,
  link,
  menu,
  shortcut,
  submit,
  update,
} from "moa";
import type { Content, Context, MessageRef, Press } from "moa";
import { outcome, refusal } from "./outcome.ts";

command({ name: "talk" }, (ctx) =>
  refusal(() => {
    const sent = ctx.reply("one");
    chat.edit(sent, "two");
    for (const act of [chat.react, chat.react, chat.unreact, chat.unreact]) act(sent, "👍");
    chat.delete(sent);
    chat.delete(sent);
    return "done";
  }),
);

const read = (file: string) => new TextDecoder().decode(chat.download(file));

command({ name: "upload" }, (ctx) =>
  refusal(() => {
    const file = chat.upload(ctx, "점심.csv", "a,b", "a *file*");
    return `${chat.download(file).length} bytes: ${read(file)}`;
  }),
);

command({ name: "fetch" }, ({ message }) =>
  refusal(() => (message.files.length ? message.files.map(({ name, id }) => `${name}: ${read(id)}`).join("\n") : read("F404"))),
);

command({ name: "direct" }, (ctx) =>
  refusal(() => {
    const place = chat.openDirect(ctx.who);
    chat.send(place, "psst");
    return `direct: ${place.kind}`;
  }),
);

command({ name: "lookup", args: { kind: arg.choice("user", "conversation", "members"), id: arg.string() } }, (_, { kind, id }) =>
  refusal(() => {
    switch (kind) {
      case "user": {
        const { displayName, bot } = chat.user(id);
        return `user ${displayName} bot=${bot}`;
      }
      case "conversation": {
        const { name, kind, topic } = chat.conversation(id);
        return `conversation ${name || "-"} ${kind} ${topic || "-"}`;
      }
      case "members":
        return `members ${chat.members(id).join(" ")}`;
    }
  }),
);

command({ name: "past" }, (ctx) =>
  refusal(() => {
    const all = [];
    let before = ctx.message;
    while (all.length < 6) {
      const page = chat.history(ctx, { before, limit: 2 });
      if (page.length === 0) break;
      all.push(...page);
      before = page[page.length - 1];
    }
    return all.map(({ author, text }) => `${author.displayName}: ${text}`).join("\n") || "-";
  }),
);

command({ name: "ask", args: { who: arg.user() } }, (ctx, { who }) => {
  const actions = [button("tea", "Tea", { value: "t" }), button("coffee", "Coffee")];
  chat.ask(ctx, who, "q1", { text: "Tea or coffee?", actions }, { wait: 60 });
});
answer("q1", (press, value) => (value === undefined ? `timeout q1 by ${press.who.displayName}` : `answer q1 ${value} by ${press.who.displayName}`));

const theForm = (data = "d1") =>
  form({
    id: "form",
    title: "Form",
    submit: "Send",
    data,
    fields: [field.text("dish", "Dish"), field.select("size", "Size", { Small: "s", Large: "l" })],
  });

command({ name: "refused" }, (ctx) => {
  const gone: MessageRef = { place: ctx.place, id: "0" };
  const elsewhere = { ...ctx.place, conversation: "C404" };
  const tried: Record<string, () => unknown> = {
    "edit-other": () => chat.edit(ctx.message, "x"),
    "delete-other": () => chat.delete(ctx.message),
    "edit-gone": () => chat.edit(gone, "x"),
    "react-gone": () => chat.react(gone, "👍"),
    "react-unknown": () => chat.react(ctx.message, "no such emoji"),
    "send-empty": () => ctx.reply({}),
    "send-elsewhere": () => chat.send(elsewhere, "x"),
    "send-native": () => ctx.reply({ text: "x", native: "[]" }),
    "history-zero": () => chat.history(ctx, { limit: 0 }),
    "ask-nothing": () => chat.ask(ctx, ctx.who, "q2", "?", { wait: 60 }),
    "modal-gone": () => chat.openModal("gone", theForm()),
    "upload-nameless": () => chat.upload(ctx, "", "x"),
    "download-gone": () => chat.download("F404"),
    "direct-nobody": () => chat.openDirect("U404"),
    "brain-key": () => brain.getText(""),
    "brain-ttl": () => brain.setText("x", "x", { ttl: 0 }),
  };
  return Object.entries(tried)
    .map(([name, act]) => `${name}: ${outcome(act)}`)
    .join("\n");
});

// Content and actions

command(
  {
    name: "show",
    args: { what: arg.choice("card", "native", "sender", "everyone", "thread", "broadcast", "asker") },
  },
  (_, { what }): Content => {
    switch (what) {
      case "card":
        return {
          cards: [
            {
              pretext: "pre",
              title: "title",
              link: "https://example.com/t",
              text: "*body*",
              color: "good",
              fields: [
                { title: "f", value: "v" },
                { title: "g", value: "w", short: false },
              ],
              image: "https://example.com/i.png",
              footer: "foot",
            },
          ],
        };
      case "native":
        return { native: { text: "native text" } };
      case "sender":
        return { text: "I am a robot", sender: { name: "Robot", icon: ":robot_face:" } };
      default:
        return { text: `to ${what}`, audience: what };
    }
  },
);

command({ name: "panel" }, () => ({
  text: "panel",
  actions: [
    button("ok", "OK", { value: "1", style: "primary" }),
    button("no", "No", { style: "danger", confirm: "Sure?" }),
    button("quiet", "Quiet", { value: "q" }),
    button("form", "Form"),
    button("modal", "Modal"),
    menu("size", "Size", { Small: "s", Large: "l" }),
    link("Docs", "https://example.com/docs"),
  ],
}));

const by = (press: Press) => `by ${press.who.displayName}`;

action("ok", (press) => {
  const [message, trigger] = [press.on !== undefined, press.trigger !== undefined];
  return update(`pressed ok ${press.value} ${by(press)}, message ${message}, trigger ${trigger}`);
});
action("no", (press) => `pressed no ${press.value || "-"} ${by(press)}`);
action("quiet", () => {});
action("form", () => theForm());
action("modal", (press) => press.open(theForm()));
action("size", (press) => `chose size ${press.value} ${by(press)}`);

submit("form", (press) => {
  const [dish, size] = [press.field("dish"), press.field("size")];
  switch (dish) {
    case "bad":
      throw new FieldErrors({ dish: "no such dish" });
    case "again":
      return theForm("d2");
    case "update":
      return update("ordered");
    default:
      return `form ${press.value}: dish=${dish} size=${size} ${by(press)}`;
  }
});

shortcut(
  {
    id: "note",
    on: "message",
    name: { ko: "적어 두기", en: "Note it" },
    description: { ko: "메시지를 적어 둡니다", en: "Notes a message" },
  },
  (press) => `noted ${press.field("text")} by ${press.field("author")}`,
);
shortcut({ id: "start", on: "anywhere", name: "Start" }, (press) => `started ${by(press)}`);

// Events

const tell = (ctx: Context, words: string) => void chat.send(ctx, `${words} by ${ctx.who.displayName}`);

event("reacted", (ctx, { emoji }) => tell(ctx, `reacted ${emoji}`));
event("unreacted", (ctx, { emoji }) => tell(ctx, `unreacted ${emoji}`));
event("joined", (ctx) => tell(ctx, "joined"));
event("left", (ctx) => tell(ctx, "left"));
event("topic", (ctx, { topic }) => tell(ctx, `topic ${topic || "-"}`));
event("edited", (ctx, { message }) => {
  chat.send(ctx, `edited ${message.text} edited=${message.edited} by ${ctx.who.displayName}`);
});
event("deleted", (ctx) => tell(ctx, "deleted"));
