// Forms: the service's own JSON (Slack's views), in words.

import { choices } from "./content.js";
import { text } from "./host.js";

/** Slack shows this many characters of a form's heading and of its two buttons. */
const short = (label) => {
  const letters = [...text(label)];
  return letters.length <= 24 ? letters.join("") : `${letters.slice(0, 23).join("")}…`;
};
const plain = (words) => ({ type: "plain_text", text: text(words) });

/** A form. */
export class Form {
  #view;

  constructor(view) {
    this.#view = view;
  }

  get id() {
    return this.#view.callback_id ?? "";
  }

  toJSON() {
    return this.#view;
  }
}

/** As the contract takes it: of a form, or of the service's own object or text. */
export const view = (made) => (typeof made === "string" ? text(made) : JSON.stringify(made).toWellFormed());

export const form = ({ id, title, submit = "OK", close, data, fields = [] }) =>
  new Form({
    type: "modal",
    callback_id: text(id, "a form's id"),
    title: plain(short(title)),
    // Slack demands the text of this button as soon as there is a field.
    submit: plain(short(submit)),
    ...(close === undefined ? {} : { close: plain(short(close)) }),
    ...(data === undefined ? {} : { private_metadata: text(data, "a form's data") }),
    blocks: fields,
  });

// Slack answers with both ids of a field; that both are its name makes errors and values easy to find.
const input = (kind, more = {}) => (name, label, { optional, hint, placeholder, initial } = {}) => ({
  type: "input",
  block_id: text(name, "a field's name"),
  label: plain(label),
  ...(optional ? { optional: true } : {}),
  ...(hint === undefined ? {} : { hint: plain(hint) }),
  element: {
    type: kind,
    action_id: text(name),
    ...more,
    ...(placeholder === undefined ? {} : { placeholder: plain(placeholder) }),
    ...begin(kind, more.options, initial),
  },
});

const chosen = (kind) => (name, label, all, more) => {
  const options = choices(all).map((choice) => ({ text: plain(choice.label), value: choice.value }));
  return input(kind, { options })(name, label, more);
};

function begin(kind, options = [], initial) {
  if (initial === undefined) return {};
  const several = Array.isArray(initial) ? initial.map(String) : String(initial).split(",");
  const among = options.filter(({ value }) => several.includes(value));
  switch (kind) {
    case "static_select":
    case "radio_buttons":
      return among.length ? { initial_option: among[0] } : {};
    case "checkboxes":
      return among.length ? { initial_options: among } : {};
    case "datepicker":
      return { initial_date: String(initial) };
    case "timepicker":
      return { initial_time: String(initial) };
    case "users_select":
      return { initial_user: String(initial) };
    case "multi_users_select":
      return { initial_users: several };
    case "conversations_select":
      return { initial_conversation: String(initial) };
    default:
      return { initial_value: text(initial) };
  }
}

/** The fields of a form. */
export const field = {
  text: input("plain_text_input"),
  longText: input("plain_text_input", { multiline: true }),
  number: input("number_input", { is_decimal_allowed: false }),
  select: chosen("static_select"),
  radio: chosen("radio_buttons"),
  checkboxes: chosen("checkboxes"),
  date: input("datepicker"),
  time: input("timepicker"),
  user: input("users_select"),
  users: input("multi_users_select"),
  conversation: input("conversations_select"),
  note: (words) => ({ type: "section", text: { type: "mrkdwn", text: text(words) } }),
  block: (block) => block,
};
