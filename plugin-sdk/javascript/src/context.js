// What a call is told about itself.

import { brain } from "./brain.js";
import { chat } from "./chat.js";
import * as shapes from "./shapes.js";

/** Everything about one call. */
export class Context {
  /** From the parts that a kind of call has. */
  constructor(invocation, who, message, more = {}) {
    this.id = invocation.id;
    this.time = invocation.time;
    this.attempt = invocation.attempt;
    this.locale = invocation.locale;
    this.timezone = invocation.timezone;
    this.who = who;
    this.message = message;
    this.place = message?.ref.place;
    Object.assign(this, { command: "", path: [], rest: "", tokens: [], pattern: "", captures: [] }, more);
  }

  /** The language alone: `en` of `en-GB`. */
  get language() {
    return this.locale.split(/[-_]/)[0];
  }

  get brain() {
    return brain;
  }

  get conversationBrain() {
    return brain.conversation(this.place.conversation);
  }

  get userBrain() {
    return brain.user(this.who.id);
  }

  /** Sends a message to where that message was, at once. */
  reply(what) {
    return chat.send(this.place, what);
  }

  /** Reacts to the message. */
  react(emoji) {
    chat.react(this.message, emoji);
  }
}

export const ofCall = ({ invocation, command, path, rest, tokens, message }) => {
  const said = shapes.message(message);
  return new Context(invocation, said.author, said, { command, path: [...path], rest, tokens: [...tokens] });
};

export const ofHeard = ({ invocation, id, captures, message }) => {
  const said = shapes.message(message);
  return new Context(invocation, said.author, said, { pattern: id, captures: [...captures].map((one) => one ?? undefined) });
};

/** Of a job: nobody and nowhere. */
export const ofJob = ({ invocation }) => new Context(invocation, undefined, undefined);

export const ofEvent = (invocation, who, event) => new Context(invocation, shapes.user(who), event.message);

/** What happened, and the message or place that it is about. */
export const happened = ({ tag, val }) => {
  const at = (place) => shapes.blank({ place, id: "" });
  switch (tag) {
    case "reacted":
    case "unreacted":
      return { type: tag, emoji: val[1], message: shapes.blank(val[0]) };
    case "topic":
      return { type: tag, topic: val[1], message: at(val[0]) };
    case "joined":
    case "left":
      return { type: tag, message: at(val) };
    case "edited":
      return { type: tag, message: shapes.message(val) };
    default:
      return { type: tag, message: shapes.blank(val) };
  }
};

/** What somebody pressed, chose, submitted or used. */
export class Press extends Context {
  constructor(press, rest) {
    const message = shapes.blank(press.on ?? { place: press.place, id: "" });
    const state = [...press.state].map(([name, value]) => [name, value]);
    const told = (name) => state.find(([known]) => known === name)?.[1] ?? "";
    if (press.kind.tag === "shortcut" && press.on) {
      message.text = told("text");
      message.author = shapes.nameless(told("author"));
    }
    super(press.invocation, shapes.user(press.user), message);
    this.kind = press.kind.tag;
    this.pressed = press.id;
    this.rest = rest;
    this.value = press.value;
    this.state = state;
    this.on = press.on ? shapes.ref(press.on) : undefined;
    this.trigger = press.trigger ?? undefined;
  }

  /** What is in a field of the form, or chosen in another menu; empty if nothing. */
  field(name) {
    return this.state.find(([known]) => known === name)?.[1] ?? "";
  }

  /** The values of a field that takes several. */
  values(name) {
    return this.field(name).split(",").filter(Boolean);
  }

  /** Opens a form before the person. */
  open(form) {
    if (this.trigger === undefined) throw new Error(`no form can be opened from a ${this.kind}`);
    chat.openModal(this.trigger, form);
  }
}
