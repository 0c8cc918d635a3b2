// The other interfaces of the host: patterns, jobs, HTTP, databases, objects, the system, the log.

import { ask, bytes, canCross, describe, engine, isWide, optional, s64, signed, text, u32 } from "./host.js";
import { configured } from "./args.js";
import { inspect } from "./inspect.js";
import { rows as rowsOf } from "./rows.js";
import { decode, encode } from "./utf8.js";

const scopes = ["direct", "direct-mention", "mention", "ambient"];
const flags = (where) => {
  const odd = where.find((one) => !scopes.includes(one));
  if (odd !== undefined) throw new TypeError(`a scope is one of ${scopes.join(", ")}, not ${String(odd)}`);
  return { direct: where.includes("direct"), directMention: where.includes("direct-mention"), mention: where.includes("mention"), ambient: where.includes("ambient") };
};

/** The text of a pattern; a JavaScript regular expression gives its source, its flags do not count. */
export const source = (pattern) => (pattern instanceof RegExp ? pattern.source : text(pattern, "a pattern"));

/** Patterns taught at run time. */
export const triggers = {
  /** A string is a keyword, a RegExp or `{ regex }` a regular expression in the syntax of Rust's `regex`. */
  hear: (id, pattern, { scopes: where = scopes, conversation } = {}) => {
    const what = typeof pattern === "string" ? { tag: "keyword", val: text(pattern) } : { tag: "regex", val: source(pattern.regex ?? pattern) };
    ask("triggers", "hear", text(id, "an id"), what, flags(where), optional(conversation, text));
  },
  forget: (id) => ask("triggers", "forget", text(id, "an id")),
};

const instant = (when) => (when instanceof Date ? when.toISOString() : text(when, "an instant"));

/** Work at a later time. */
export const schedule = {
  at: (name, when, payload = "") => void ask("schedule", "at", text(name, "a name"), instant(when), text(payload)),
  every: (name, cron, { timezone, missed = "once", payload = "" }) =>
    void ask("schedule", "every", text(name, "a name"), text(cron), text(timezone, "a time zone"), text(missed), text(payload)),
  cancel: (name) => ask("schedule", "cancel", text(name, "a name")),
  list: () =>
    [...ask("schedule", "list")].map(({ name, next, cron, timezone, payload }) => ({ name, next: next ?? undefined, cron: cron ?? undefined, timezone, payload })),
};

/** An answer to an HTTP request. */
class HttpResponse {
  constructor({ status, headers, body }) {
    this.status = status;
    this.ok = status >= 200 && status < 300;
    this.headers = [...headers].map(([name, value]) => [name, value]);
    this.bytes = body;
  }

  /** The first value of a header. */
  header(name) {
    return this.headers.find(([known]) => known === name.toLowerCase())?.[1];
  }

  text() {
    return decode(this.bytes);
  }

  json() {
    return JSON.parse(this.text());
  }
}

const signing = (sign) =>
  sign.awsSigv4
    ? { tag: "aws-sigv4", val: [text(sign.awsSigv4.secret), text(sign.awsSigv4.region), text(sign.awsSigv4.service)] }
    : { tag: "hmac-sha256", val: [text(sign.hmacSha256.secret), text(sign.hmacSha256.header)] };

const request = (url, { method, headers = {}, body, json, timeout = 0, sign } = {}) => {
  const pairs = (typeof headers[Symbol.iterator] === "function" ? [...headers] : Object.entries(headers)).map(([name, value]) => [text(name), text(value)]);
  let sent = { tag: "empty" };
  if (json !== undefined) {
    sent = { tag: "bytes", val: encode(JSON.stringify(json)) };
    if (!pairs.some(([name]) => name.toLowerCase() === "content-type")) pairs.push(["content-type", "application/json"]);
  } else if (body?.bucket !== undefined) sent = { tag: "object", val: [text(body.bucket), text(body.key)] };
  else if (body !== undefined) sent = { tag: "bytes", val: typeof body === "string" ? encode(body) : bytes(body, "the body") };
  return {
    method: text(method ?? (sent.tag === "empty" ? "GET" : "POST")).toUpperCase(),
    url: text(String(url)),
    headers: pairs,
    body: sent,
    timeoutMs: u32(Math.ceil(timeout * 1000), "timeout"),
    sign: optional(sign, signing),
  };
};

/** Requests to the outside world. */
export const http = {
  /** Sends, and waits for the whole answer. */
  fetch: (url, options) => new HttpResponse(ask("http", "fetch", request(url, options))),
  /** Sends, and stores the answer's body as an object. */
  fetchToObject: (url, bucket, key, options) => new HttpResponse(ask("http", "fetchToObject", request(url, options), text(bucket), text(key))),
};

/** A parameter as the contract takes it. */
export const cell = (value) => {
  if (value === null || value === undefined) return { tag: "null" };
  switch (typeof value) {
    case "boolean":
      return { tag: "truth", val: value };
    case "bigint":
      return isWide(value) && canCross(value) ? { tag: "integer", val: s64(value) } : { tag: "decimal", val: String(value) };
    case "number":
      return Number.isSafeInteger(value) ? cell(BigInt(value)) : { tag: "number", val: value };
    case "string":
      return { tag: "text", val: text(value) };
  }
  if (value instanceof Date) return { tag: "time", val: value.toISOString() };
  if (typeof value.decimal === "string") return { tag: "decimal", val: text(value.decimal) };
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return { tag: "bytes", val: bytes(value) };
  throw new TypeError(`a parameter must be null, a boolean, number, BigInt, string, Date or bytes, not ${describe(value)}`);
};

const value = ({ tag, val }, column) => {
  if (tag === "null") return null;
  if (tag !== "integer") return val;
  const integer = signed(val);
  if (Number.isSafeInteger(Number(integer))) return Number(integer);
  if (engine === "quickjs") {
    throw new RangeError(`the column \`${column}\` has an integer beyond 2^53: select it as text, or write engine = "spidermonkey" into plugin.toml`);
  }
  return integer;
};

/** Databases. */
export const sql = {
  /** Reads: the rows as objects by column; also the columns, the bare rows, whether there was more, and the ways to show them. */
  query: (connection, words, ...params) => {
    const { columns, rows, truncated } = ask("sql", "query", text(connection), text(words), params.map(cell));
    const names = [...columns];
    const bare = [...rows].map((row) => [...row].map((one, at) => value(one, names[at])));
    return rowsOf(names, bare, truncated);
  },
  /** Writes; the number of rows concerned. */
  execute: (connection, words, ...params) => ask("sql", "execute", text(connection), text(words), params.map(cell)),
};

/** Object stores. */
export const objects = {
  get: (bucket, key) => ask("objects", "get", text(bucket), text(key)),
  put: (bucket, key, data, mime = "application/octet-stream") =>
    ask("objects", "put", text(bucket), text(key), typeof data === "string" ? encode(data) : bytes(data), text(mime)),
  list: (bucket, prefix = "", { cursor } = {}) => {
    const [all, next] = ask("objects", "list", text(bucket), text(prefix), optional(cursor, text));
    return { objects: [...all].map(({ key, size, etag, modified }) => ({ key, size, etag, modified })), next: next ?? undefined };
  },
  delete: (bucket, key) => void ask("objects", "delete", text(bucket), text(key)),
  sign: (bucket, key, seconds) => ask("objects", "sign", text(bucket), text(key), u32(seconds, "seconds")),
};

/** What every plugin may have without asking. */
export const system = {
  /** The configuration as the operator wrote it, with the defaults. */
  config: () => JSON.parse(ask("system", "config")),
  /** The present instant, RFC 3339 in UTC. `new Date()` is the same. */
  now: () => ask("system", "now"),
  /** An instant on the clock of a time zone: `2026-11-21T09:50:00+09:00[Asia/Seoul]`. */
  local: (when, timezone) => ask("system", "local", instant(when), text(timezone, "a time zone")),
  /** So many bytes that nobody can foretell. */
  random: (length) => ask("system", "random", u32(length, "the length")),
  /** A whole number from 0 up to but not including `end`, each as likely as any other. */
  randomBelow: (end) => {
    if (!Number.isInteger(end) || end < 1 || end > 2 ** 32) throw new RangeError(`randomBelow takes a whole number from 1 to 4294967296, not ${end}`);
    const spare = 2 ** 32 % end;
    for (;;) {
      const [a, b, c, d] = system.random(4);
      const word = a + b * 0x100 + c * 0x10000 + d * 0x1000000;
      if (word < 2 ** 32 - spare) return word % end;
    }
  },
  /** Another array of the same things in a random order. */
  shuffle: (items) => {
    const all = [...items];
    for (let last = all.length - 1; last > 0; last--) {
      const at = system.randomBelow(last + 1);
      [all[last], all[at]] = [all[at], all[last]];
    }
    return all;
  },
};

/** The configuration by the types that were declared. */
export const settingsOf = (keys) => configured(keys, system.config());

const line = (level) => (...words) => void ask("system", "log", level, text(inspect(...words)));

/** The plugin's log. `console.log` writes there too. */
export const log = { trace: line("trace"), debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
