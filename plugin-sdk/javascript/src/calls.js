// From a call of the host to the author's function and back. Whatever is thrown on the way becomes a failure.

import { values } from "./args.js";
import * as contexts from "./context.js";
import { content, reply } from "./content.js";
import { FieldErrors, HostError, InternalError, RejectedError, RetryError, UsageError } from "./errors.js";
import { Form, view } from "./form.js";
import { bytes, describe, host, open, text, u32 } from "./host.js";
import { inspect } from "./inspect.js";
import { manifest, parts } from "./parts.js";
import { calls, firstOwn } from "./trace.js";
import { encode } from "./utf8.js";

const nothing = (what, name) => {
  throw new Error(`this plugin has no ${what} \`${name}\``);
};

/** The failure that a thrown value is: of the contract's `failure`. */
export const failure = (error) => {
  if (error instanceof UsageError) return { tag: "usage", val: text(error.message) };
  if (error instanceof RetryError) return { tag: "retry", val: u32(error.seconds, "the seconds of RetryError") };
  if (error instanceof RejectedError || error instanceof FieldErrors) return { tag: "rejected", val: text(error.message) };
  if (error instanceof InternalError) return { tag: "internal", val: text(error.message) };
  const told = calls(error?.stack);
  const where = told[0]?.where ?? firstOwn(error?.stack);
  const isPlain = !(error instanceof Error);
  const cause = error?.cause === undefined ? "" : `: ${error.cause?.message ?? inspect(error.cause)}`;
  const name = isPlain || error.name === "Error" || error instanceof HostError ? "" : `${error.name}: `;
  const message = isPlain ? `thrown: ${inspect(error)}` : `${name}${error.message}${cause}`;
  if (told.length > 1) host.log("error", [message, ...told.map(({ name, where }) => `    at ${name ? `${name} (${where})` : where}`)].join("\n"));
  return { tag: "internal", val: text(where ? `${message} (${where})` : message) };
};

export const exports = {
  describe: (name, version) => JSON.stringify(manifest(name, version)),

  handle(call) {
    let level = parts.commands;
    let found;
    let given = {};
    for (const name of [call.command, ...call.path]) {
      found = level.find(({ spec }) => spec.name === name) ?? nothing("command", name);
      given = { ...given, ...found.spec.args };
      level = found.below;
    }
    if (!found.run) throw new Error(`the command \`${call.command}\` runs only with a subcommand`);
    const context = contexts.ofCall(call);
    return then(found.run(context, values(given, call.args, context.tokens)), reply);
  },

  hear(heard) {
    const found = parts.hears.find(({ id }) => id === heard.id) ?? parts.hears.find(({ id }) => id === undefined) ?? nothing("pattern", heard.id);
    return then(found.run(contexts.ofHeard(heard)), reply);
  },

  run(job) {
    const begins = ({ name }) => name?.endsWith("*") && job.name.startsWith(name.slice(0, -1));
    const [longest] = parts.jobs.filter(begins).sort((a, b) => b.name.length - a.name.length);
    const found = parts.jobs.find(({ name }) => name === job.name) ?? longest ?? parts.jobs.find(({ name }) => name === undefined) ?? nothing("job", job.name);
    const rest = found === longest ? job.name.slice(found.name.length - 1) : "";
    return then(found.run(contexts.ofJob(job), { name: job.name, rest, due: job.due, payload: job.payload }), () => undefined);
  },

  serve(request) {
    const found = parts.webhooks.find(({ name }) => name === request.name) ?? nothing("webhook", request.name);
    const { method, path, query, headers, body } = request;
    return then(found.run(contexts.ofJob(request), { name: request.name, method, path, query, headers: [...headers].map((pair) => [...pair]), body }), response);
  },

  act(press) {
    const kind = press.kind.tag;
    const rest = ({ kinds, id }) => {
      if (!kinds.includes(kind)) return undefined;
      if (id === press.id) return "";
      return id.endsWith("*") && press.id.startsWith(id.slice(0, -1)) ? press.id.slice(id.length - 1) : undefined;
    };
    // The one that names most of the id: in full before one with `*`.
    const weight = ({ id }) => (id.endsWith("*") ? id.length : Infinity);
    const [found] = parts.presses.filter((one) => rest(one) !== undefined).sort((a, b) => weight(b) - weight(a));
    if (!found) nothing(kind === "modal" ? "form" : kind, press.id);
    const isForm = kind === "modal";
    const wrong = (errors) => {
      if (!isForm) throw errors;
      return { tag: "errors", val: Object.entries(errors.fields).map(([name, what]) => [name, text(what)]) };
    };
    const caught = (error) => {
      if (error instanceof FieldErrors) return wrong(error);
      throw error;
    };
    let said;
    try {
      said = found.run(new contexts.Press(press, rest(found)));
    } catch (error) {
      return caught(error);
    }
    return then(said, (value) => (value instanceof FieldErrors ? wrong(value) : followed(value)), caught);
  },

  on(invocation, who, what) {
    const found = parts.events.find(({ name }) => name === what.tag) ?? nothing("event", what.tag);
    const event = contexts.happened(what);
    return then(found.run(contexts.ofEvent(invocation, who, event), event), () => undefined);
  },
};

/** Content that takes the place of the message that was pressed on. */
export class Update {
  constructor(what) {
    this.what = what;
  }
}

const followed = (value) => {
  if (value === undefined || value === null) return { tag: "done" };
  if (value instanceof Update) return { tag: "update", val: content(value.what) };
  if (value instanceof Form) return { tag: "view", val: view(value) };
  return { tag: "say", val: content(value) };
};

const response = (made) => {
  if (made === undefined || made === null) return { status: 204, headers: [], body: new Uint8Array() };
  if (typeof made === "string") made = { body: made };
  if (typeof made !== "object") throw new TypeError(`a webhook answers text or { status, headers, body, json }, not ${describe(made)}`);
  const { status = 200, headers = {}, body, json } = made;
  const pairs = (typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers)).map(([name, value]) => [text(name), text(value)]);
  const has = pairs.some(([name]) => name.toLowerCase() === "content-type");
  if (json !== undefined && !has) pairs.push(["content-type", "application/json"]);
  else if (typeof body === "string" && !has) pairs.push(["content-type", "text/plain; charset=utf-8"]);
  const data = json !== undefined ? encode(JSON.stringify(json)) : body === undefined ? new Uint8Array() : typeof body === "string" ? encode(body) : bytes(body);
  return { status: u32(status, "a status"), headers: pairs, body: data };
};

/** Now, or when the promise is kept. */
const then = (value, act, caught) => (typeof value?.then === "function" ? value.then(act, caught) : act(value));

export const call = (name, ...words) => {
  open(true);
  return exports[name](...words);
};
