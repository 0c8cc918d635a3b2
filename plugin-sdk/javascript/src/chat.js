// Speaking in chat.

import { brain } from "./brain.js";
import { content, placeOf, refOf } from "./content.js";
import { ConflictError } from "./errors.js";
import { view } from "./form.js";
import { ask, bytes, optional, text, u32 } from "./host.js";
import * as shapes from "./shapes.js";
import { encode } from "./utf8.js";

export const chat = {
  /** Sends a message; its address. */
  send: (to, what) => shapes.ref(ask("chat", "send", placeOf(to), content(what))),
  /** Replaces a message that the bot sent. */
  edit: (which, what) => void ask("chat", "edit", refOf(which), content(what)),
  delete: (which) => void ask("chat", "delete", refOf(which)),
  react: (which, emoji) => void ask("chat", "react", refOf(which), text(emoji, "an emoji")),
  unreact: (which, emoji) => void ask("chat", "unreact", refOf(which), text(emoji, "an emoji")),
  /** Puts a file into a place; its id. Text goes as UTF-8. */
  upload: (to, name, data, comment = "") =>
    ask("chat", "upload", placeOf(to), text(name, "a file's name"), typeof data === "string" ? encode(data) : bytes(data), text(comment)),
  /** The content of a file, whole. */
  download: (file) => ask("chat", "download", text(file?.id ?? file, "a file's id")),
  /** The direct conversation with a person. */
  openDirect: (user) => shapes.place(ask("chat", "openDirect", text(user?.id ?? user, "a person's id"))),
  /** Opens a form before the person who pressed. */
  openModal: (trigger, form) => void ask("chat", "openModal", text(trigger, "a trigger"), view(form)),
  /** Asks a person something by buttons or a menu; what comes of it arrives at `answer(id, …)`. */
  ask: (to, who, id, what, { wait }) =>
    shapes.ref(ask("chat", "ask", placeOf(to), text(who?.id ?? who, "a person's id"), text(id, "a question's id"), content(what), u32(wait, "wait"))),
  user: (id) => shapes.user(ask("chat", "getUser", text(id, "a person's id"))),
  conversation: (id) => {
    const { id: own, name, kind, topic } = ask("chat", "getConversation", text(id, "a conversation's id"));
    return { id: own, name, kind, topic };
  },
  /** The ids of all members of a conversation. */
  members: (conversation) => {
    const all = [];
    let cursor;
    do {
      const [ids, next] = ask("chat", "members", text(conversation, "a conversation's id"), optional(cursor, text));
      all.push(...ids);
      cursor = next ?? undefined;
    } while (cursor !== undefined);
    return all;
  },
  /** The thread of a day: `head` is sent once a day, and `guide` below it; what is sent to the thread hangs there. */
  dailyThread: (at, day, head, guide = "") => {
    const place = placeOf(at);
    const key = `daily/${place.conversation}/${text(day, "a day")}`;
    let thread = brain.get(key);
    if (thread === undefined) {
      const first = chat.send(place, head);
      try {
        brain.compareAndSwap(key, first.id);
        thread = first.id;
        if (guide !== "") chat.send({ ...place, thread }, guide);
      } catch (error) {
        if (!(error instanceof ConflictError)) throw error;
        // Another call was first: one thread a day, not two.
        chat.delete(first);
        thread = brain.get(key);
      }
    }
    return { ...place, thread };
  },
  /** Messages of a place, newest first, older than the one with the id `before`. */
  history: (at, { before, limit = 50 } = {}) =>
    [...ask("chat", "history", placeOf(at), optional(before?.ref?.id ?? before, text), u32(limit, "limit"))].map(shapes.message),
};
