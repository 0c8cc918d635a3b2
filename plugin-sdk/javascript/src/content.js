// Messages: from what authors write to what the contract takes.

import { describe, optional, text } from "./host.js";

const known = ["text", "cards", "actions", "audience", "native", "sender"];
const audiences = ["everyone", "thread", "broadcast", "asker"];
const styles = ["normal", "primary", "danger"];

const oneOf = (value, all, what) => {
  if (!all.includes(value)) throw new TypeError(`${what} must be one of ${all.join(", ")}, not ${String(value)}`);
  return value;
};

const checked = (value, keys, what) => {
  if (value === null || typeof value !== "object") throw new TypeError(`${what} must be an object, not ${describe(value)}`);
  const odd = Object.keys(value).find((key) => !keys.includes(key));
  if (odd) throw new TypeError(`${what} has no \`${odd}\`; it has ${keys.join(", ")}`);
  return value;
};

const card = (made) => {
  const { pretext = "", title = "", link = "", text: body = "", color = "", fields = [], image = "", footer = "" } = checked(
    made,
    ["pretext", "title", "link", "text", "color", "fields", "image", "footer"],
    "a card",
  );
  return {
    pretext: text(pretext),
    title: text(title),
    link: text(link),
    text: text(body),
    color: text(color),
    fields: fields.map((field) => {
      const { title: name, value, short = true } = checked(field, ["title", "value", "short"], "a card's field");
      return { title: text(name, "a field's title"), value: text(value, "a field's value"), short: Boolean(short) };
    }),
    image: text(image),
    footer: text(footer),
  };
};

/** A message as the contract takes it, of a text or an object. */
export const content = (made) => {
  if (typeof made !== "object" || made === null) made = { text: text(made, "a message") };
  const { text: words = "", cards = [], actions = [], audience = "everyone", native, sender } = checked(made, known, "a message");
  return {
    text: text(words, "a message's text"),
    cards: cards.map(card),
    actions: actions.map((action) => {
      if (!(action instanceof Action)) throw new TypeError("a message's actions must be made with button, menu or link");
      return { tag: action.tag, val: action.val };
    }),
    audience: oneOf(audience, audiences, "a message's audience"),
    native: optional(native, (value) => (typeof value === "string" ? text(value) : JSON.stringify(value))),
    sender: optional(sender, ({ name, icon = "" }) => [text(name, "a sender's name"), text(icon)]),
  };
};

/** The same of what a function returned: nothing is nothing to be said. */
export const reply = (made) => (made === undefined || made === null ? undefined : content(made));

class Action {
  constructor(tag, val) {
    this.tag = tag;
    this.val = val;
  }
}

/** A button. */
export const button = (id, label, { value = "", style = "normal", confirm } = {}) =>
  new Action("button", {
    id: text(id, "a button's id"),
    label: text(label, "a button's label"),
    value: text(value, "a button's value"),
    style: oneOf(style, styles, "a button's style"),
    confirm: optional(confirm, text),
  });

/** What there is to choose: an object of values by label, or pairs of label and value. */
export const choices = (all) =>
  (Array.isArray(all) ? all : Object.entries(all)).map((one) => {
    const [label, value = label] = Array.isArray(one) ? one : [one];
    return { label: text(label, "a choice's label"), value: text(value, "a choice's value") };
  });

/** A menu. */
export const menu = (id, placeholder, all) =>
  new Action("select", { id: text(id, "a menu's id"), placeholder: text(placeholder), choices: choices(all) });

/** A button that leads to an address. */
export const link = (label, address) => new Action("link", [text(label, "a link's label"), text(address, "a link's address")]);

/** An address as a plain record, without what else an author's object has. */
export const placeOf = (value) => {
  // An id alone, as it stands in a configuration: which service it is at is told by how it begins.
  if (typeof value === "string") return { service: "", conversation: value, thread: undefined, kind: "channel" };
  const at = value?.place ?? value;
  if (typeof at?.conversation !== "string") throw new TypeError(`a place is needed, such as ctx.place, not ${describe(value)}`);
  const { service, conversation, thread, kind } = at;
  return { service: text(service), conversation: text(conversation), thread: optional(thread, text), kind };
};

/** The address of a message, of itself or of what has one. */
export const refOf = (value) => {
  const at = value?.ref ?? value;
  if (typeof at?.id !== "string" || !at.place) throw new TypeError(`the address of a message is needed, such as ctx.message, not ${describe(value)}`);
  return { place: placeOf(at.place), id: text(at.id) };
};

