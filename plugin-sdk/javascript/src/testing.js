// A host for unit tests: node --test, without a component and without a bot.

import { exports as plugin, failure } from "./calls.js";
import { Context } from "./context.js";
import { settings } from "./args.js";
import { bind, open } from "./host.js";
import { cell } from "./others.js";
import { manifest, parts } from "./parts.js";
import * as shapes from "./shapes.js";
import { chat } from "./testing/chat.js";
import { refuse, store } from "./testing/store.js";
import { split, take } from "./testing/typed.js";

export { failure };

const person = (name, more = {}) => ({ id: `U-${name}`, name, displayName: name, locale: undefined, timezone: undefined, bot: false, ...more });
const room = (name, kind = "channel") => ({ id: `C-${name}`, name, kind, topic: "" });

export class Host {
  #clock;
  #calls = 0;
  #seed;
  #chat;
  #options;

  constructor({ now = "2026-11-20T03:00:00Z", seed = 1, config = {}, speaker = "tester", channel = "general", direct = false, locale = "en", timezone = "UTC" } = {}) {
    this.#clock = Date.parse(now);
    this.#seed = seed;
    this.#options = { config, locale, timezone };
    Object.assign(this, { messages: [], deleted: [], reactions: [], files: [], forms: [], log: [], jobs: [], taught: new Map(), trigger: undefined });
    this.bot = person("moa", { bot: true });
    this.who = person(speaker);
    this.people = [this.who, this.bot];
    this.conversations = [room(channel, direct ? "direct" : "channel")];
    this.place = { service: "test", conversation: this.conversations[0].id, thread: undefined, kind: direct ? "direct" : "channel" };
    this.#chat = chat(this);
    this.answers = {};
    this.found = {};
    bind(this.#interfaces());
  }

  now() {
    return new Date(this.#clock).toISOString();
  }

  /** Time goes by. */
  advance(seconds) {
    this.#clock += seconds * 1000;
  }

  /** Somebody who is there from now on. */
  user(name) {
    const found = this.people.find((one) => one.name === name);
    if (!found) this.people.push(person(name));
    return found ?? this.people.at(-1);
  }

  conversation(name) {
    const found = this.conversations.find((one) => one.name === name);
    if (!found) this.conversations.push(room(name));
    return found ?? this.conversations.at(-1);
  }

  /** The texts of all messages of the bot. */
  get texts() {
    return this.messages.filter(({ isOwn }) => isOwn).map(({ text }) => text);
  }

  /** Runs a command as typed, without the prefix; the text of its answer. */
  async run(typed, { files = [] } = {}) {
    const words = split(typed);
    const known = (level) => level.find(({ spec }) => words[0] && [spec.name, ...(spec.aliases ?? [])].includes(words[0].text));
    const specs = new Map();
    const collect = (own, given) => given.forEach((one, at) => specs.set(one, own[at]));
    const manifested = manifest("test", "0");
    collect(manifested.commands ?? [], parts.commands);
    let found = known(parts.commands);
    if (!found) throw new Error(`there is no command \`${words[0]?.text ?? ""}\``);
    const top = found;
    const path = [];
    const args = [];
    const begin = words.shift();
    let behind = typed.slice(begin.at + begin.text.length).trim();
    for (;;) {
      args.push(...take(specs.get(found).args ?? [], words, typed, this));
      collect(specs.get(found).subcommands ?? [], found.below);
      const next = known(found.below);
      if (!next) break;
      found = next;
      path.push(next.spec.name);
      const word = words.shift();
      behind = typed.slice(word.at + word.text.length).trim();
    }
    const message = this.#chat.say(`!${typed}`, files);
    const call = { invocation: this.#invocation(), command: top.spec.name, path, args, rest: behind, tokens: split(behind).map(({ text }) => text), message };
    return this.#said(await this.#call("handle", call));
  }

  /** Somebody says something: the texts of what every pattern that fits answers. */
  async hear(text, { files = [] } = {}) {
    const message = this.#chat.say(text, files);
    const own = parts.hears.filter(({ spec }) => spec).map(({ spec }) => [spec.id, new RegExp(spec.pattern, "iu")]);
    const answers = [];
    for (const [id, pattern] of [...own, ...this.taught]) {
      const found = pattern.exec(text);
      if (found) answers.push(this.#said(await this.#call("hear", { invocation: this.#invocation(), id, captures: [...found], message })));
    }
    return answers;
  }

  /** A job, of the manifest or scheduled, is due. */
  async job(name, payload = "") {
    await this.#call("run", { invocation: this.#invocation(), name, due: this.now(), payload });
  }

  /** A request from outside; the answer, with its body as text. */
  async request(name, { method = "POST", path = "", query = "", headers = {}, body = "" } = {}) {
    const answer = await this.#call("serve", { invocation: this.#invocation(), name, method, path, query, headers: Object.entries(headers), body: new TextEncoder().encode(body) });
    return { ...answer, headers: Object.fromEntries(answer.headers), body: new TextDecoder().decode(answer.body) };
  }

  /** Somebody presses the last button of this label, or chooses this of the last menu. */
  async press(label, { by = this.who } = {}) {
    for (const message of [...this.messages].reverse()) {
      for (const { tag, val } of message.content.actions ?? []) {
        const choice = tag === "select" ? val.choices.find((one) => one.label === label) : undefined;
        if (!(tag === "button" && val.label === label) && !choice) continue;
        const value = choice ? choice.value : val.value;
        if (message.question) return this.#act({ kind: "answer", id: message.question.id, value: value || val.id, by, on: message });
        return this.#act({ kind: tag, id: val.id, value, by, on: message });
      }
    }
    throw new Error(`there is nothing to press that reads \`${label}\``);
  }

  /** Nobody answered the last question. */
  async timeOut() {
    const message = this.messages.findLast(({ question }) => question);
    return this.#act({ kind: "timeout", id: message.question.id, value: "", by: this.who, on: message });
  }

  /** The form that is open is filled in and sent: fields by name. */
  async submit(fields = {}) {
    const form = this.forms.at(-1);
    if (!form) throw new Error("no form is open");
    const state = (form.blocks ?? []).filter(({ type }) => type === "input").map((block) => [block.block_id, String(fields[block.block_id] ?? begun(block.element))]);
    return this.#act({ kind: "modal", id: form.callback_id, value: form.private_metadata ?? "", by: this.who, state });
  }

  /** Somebody uses a shortcut, on a message if there is a text. */
  async shortcut(id, said) {
    const on = said === undefined ? undefined : (this.#chat.say(said), this.messages.at(-1));
    return this.#act({ kind: "shortcut", id, value: "", by: this.who, on, state: on ? [["text", said], ["author", this.who.id]] : [] });
  }

  /** Something else happens: the case of the contract. */
  async event(tag, val) {
    await this.#call("on", this.#invocation(), this.who, { tag, val });
  }

  /** Does something as if in a call. */
  async within(act) {
    open(true);
    const message = shapes.blank({ place: this.place, id: "m0" });
    try {
      return await act(new Context(this.#invocation(), this.who, message));
    } finally {
      open(false);
    }
  }

  async #act({ kind, id, value, by, on, state = [] }) {
    this.trigger = `trigger-${this.#calls}`;
    const press = { invocation: this.#invocation(), kind: { tag: kind }, id, value, state, user: by, place: this.place, on: on?.ref, trigger: this.trigger };
    const reply = await this.#call("act", press);
    if (kind === "modal" && reply.tag !== "errors") this.forms.pop();
    if (reply.tag === "errors") return { errors: Object.fromEntries(reply.val) };
    if (reply.tag === "view") this.forms.push(JSON.parse(reply.val));
    if (reply.tag === "update" && on) {
      Object.assign(on, { content: reply.val, text: reply.val.text });
      return reply.val.text;
    }
    return reply.tag === "say" || reply.tag === "update" ? this.#said(reply.val) : undefined;
  }

  async #call(name, ...words) {
    open(true);
    bind(this.#interfaces());
    try {
      return await plugin[name](...words);
    } finally {
      open(false);
    }
  }

  #said(content) {
    if (!content) return undefined;
    this.#interfaces().chat.send(this.place, content);
    return content.text;
  }

  #invocation() {
    this.#calls += 1;
    const { locale, timezone } = this.#options;
    return { id: `call-${this.#calls}`, time: this.now(), attempt: 1, locale, timezone };
  }

  #made;

  #interfaces() {
    this.#made ??= {
      brain: store(() => this.#clock),
      chat: this.#chat.functions,
      triggers: {
        hear: (id, { tag, val }, where) => {
          if (!id || !Object.values(where).some(Boolean) || parts.hears.some((one) => one.id === id)) throw refuse("invalid", `\`${id}\` cannot be taught`);
          const words = val.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
          this.taught.set(id, tag === "regex" ? new RegExp(val, "iu") : new RegExp(`(?<![\\p{L}\\p{N}_])${words}(?![\\p{L}\\p{N}_])`, "iu"));
        },
        forget: (id) => this.taught.delete(id),
      },
      schedule: {
        at: (name, next, payload) => this.#schedule({ name, next, cron: undefined, timezone: "UTC", payload }),
        every: (name, cron, timezone, _, payload) => this.#schedule({ name, next: undefined, cron, timezone, payload }),
        cancel: (name) => {
          const before = this.jobs.length;
          this.jobs = this.jobs.filter((job) => job.name !== name);
          return this.jobs.length < before;
        },
        list: () => this.jobs,
      },
      http: {
        fetch: (request) => {
          const answer = this.answers[request.url];
          if (answer === undefined) throw refuse("unavailable", `this test has no answer of ${request.url}; give it one: host.answers["${request.url}"] = …`);
          const { status = 200, headers = {}, body = "" } = typeof answer === "string" ? { body: answer } : answer.status || answer.body ? answer : { body: JSON.stringify(answer) };
          return { status, headers: Object.entries(headers), body: new TextEncoder().encode(body) };
        },
        fetchToObject: () => unsupported("objects"),
      },
      sql: {
        query: (_, text) => {
          const found = this.found[text];
          if (found === undefined) throw refuse("unavailable", `this test has no rows of ${text}; give it some: host.found["${text}"] = …`);
          const { columns, rows, truncated = false } = found;
          return { columns, rows: rows.map((row) => row.map(cell)), truncated };
        },
        execute: () => unsupported("changes of databases"),
      },
      objects: Object.fromEntries(["get", "put", "list", "delete", "sign"].map((name) => [name, () => unsupported("objects")])),
      system: {
        config: () => JSON.stringify({ ...defaults(), ...this.#options.config }),
        now: () => this.now(),
        local: (instant, timezone) => local(instant, timezone),
        random: (length) => Uint8Array.from({ length }, () => this.#byte()),
        log: (level, text) => void this.log.push(`${level}: ${text}`),
      },
    };
    return this.#made;
  }

  #schedule(job) {
    this.jobs = [...this.jobs.filter(({ name }) => name !== job.name), job].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #byte() {
    this.#seed = (Math.imul(this.#seed, 1664525) + 1013904223) >>> 0;
    return this.#seed >>> 24;
  }
}

const unsupported = (what) => {
  throw refuse("unsupported", `this stand-in has no ${what}`);
};

const defaults = () =>
  Object.fromEntries(
    Object.entries(settings(parts.config))
      .filter(([, spec]) => spec.default !== undefined)
      .map(([key, spec]) => [key, spec.default]),
  );

const begun = (element) =>
  element.initial_value ?? element.initial_option?.value ?? element.initial_options?.map(({ value }) => value).join() ?? element.initial_date ?? element.initial_time ?? element.initial_user ?? element.initial_users?.join() ?? element.initial_conversation ?? "";

function local(instant, timezone) {
  const at = new Date(instant);
  if (Number.isNaN(at.getTime())) throw Object.assign(new Error("no instant"), { payload: `\`${instant}\` is no instant` });
  let format;
  try {
    format = new Intl.DateTimeFormat("en-CA", { timeZone: timezone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", timeZoneName: "longOffset" });
  } catch {
    throw Object.assign(new Error("no zone"), { payload: `\`${timezone}\` is no time zone` });
  }
  const part = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const offset = part.timeZoneName.replace("GMT", "") || "+00:00";
  return `${part.year}-${part.month}-${part.day}T${part.hour}:${part.minute}:${part.second}${offset}[${timezone}]`;
}
