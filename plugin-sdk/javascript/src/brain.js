// The plugin's durable memory.

import { ConflictError, InvalidError } from "./errors.js";
import { ask, bytes, canCross, engine, isWide as fits, optional, s64, signed, text, u32 } from "./host.js";
import { decode, encode } from "./utf8.js";

const tries = 100;

/** One scope of the memory. Values are JSON, or text, or bytes. */
export class Brain {
  #at;

  constructor(at) {
    this.#at = at;
  }

  /** The value, read as JSON; `undefined` if there is none. */
  get(key) {
    return this.entry(key)?.value;
  }

  /** The value with its version and expiry, read as JSON. */
  entry(key) {
    const stored = this.#read(key);
    return stored && { value: json(key, stored.value), version: stored.version, expires: stored.expires ?? undefined };
  }

  /** Version and expiry alone, whatever the value is. */
  info(key) {
    const stored = this.#read(key);
    return stored && { version: stored.version, expires: stored.expires ?? undefined };
  }

  getText(key) {
    const value = this.getBytes(key);
    return value && decode(value, true);
  }

  getBytes(key) {
    return this.#read(key)?.value;
  }

  /** Writes a value as JSON; for so many seconds, or for ever. Returns the version. */
  set(key, value, { ttl } = {}) {
    return this.#write(key, written(key, value), ttl);
  }

  setText(key, value, { ttl } = {}) {
    return this.#write(key, encode(text(value, "the text")), ttl);
  }

  setBytes(key, value, { ttl } = {}) {
    return this.#write(key, bytes(value), ttl);
  }

  /** Whether there was something to delete. */
  delete(key) {
    return ask("brain", "delete", this.#at, text(key, "a key"));
  }

  /** Adds to a number, in one step, and returns the sum: of a number a number, of a BigInt a BigInt. */
  increment(key, by = 1) {
    const isWide = typeof by === "bigint";
    if (!isWide && !Number.isSafeInteger(by)) throw new RangeError(`what is added must be a whole number within 2^53, or a BigInt, not ${by}`);
    const isByDigits = (isWide && engine === "quickjs") || !canCross(BigInt(by));
    const sum = isByDigits ? this.#add(key, BigInt(by)) : signed(ask("brain", "increment", this.#at, text(key, "a key"), s64(by, "what is added")));
    if (isWide) return BigInt(sum);
    if (!Number.isSafeInteger(Number(sum))) {
      throw new RangeError(`\`${key}\` is beyond 2^53 now: add a BigInt (1n), and the sum is one too`);
    }
    return Number(sum);
  }

  /** What cannot cross to the host as a number does so by its digits, if nobody else was faster. */
  #add(key, by) {
    if (!fits(by)) throw new RangeError(`what is added is beyond 64 bits: ${by}`);
    for (let count = 1; ; count++) {
      const stored = this.#read(key);
      const digits = stored ? decode(stored.value) : "0";
      if (!/^-?\d{1,19}$/.test(digits)) throw new InvalidError(`\`${key}\` is not a number`);
      const sum = BigInt(digits) + by;
      if (!fits(sum) || !fits(BigInt(digits))) throw new InvalidError(`the sum is beyond 64 bits: ${sum}`);
      const left = stored?.expires && Math.max(1, Math.ceil((Date.parse(stored.expires) - Date.parse(ask("system", "now"))) / 1000));
      try {
        this.#swap(key, encode(String(sum)), stored?.version, left || undefined);
        return sum;
      } catch (error) {
        if (!(error instanceof ConflictError) || count >= tries) throw error;
      }
    }
  }

  /** Writes only if the version is still this; `undefined` expects that there is nothing. Returns the new version. */
  compareAndSwap(key, value, expected, { ttl } = {}) {
    return this.#swap(key, written(key, value), expected, ttl);
  }

  compareAndSwapText(key, value, expected, { ttl } = {}) {
    return this.#swap(key, encode(text(value, "the text")), expected, ttl);
  }

  /**
   * Changes a value however many others do so at the same time. `change` gets the value (or `begin`) and returns the new
   * one; it may run several times. What it throws is thrown, and nothing is written. Returns the new value.
   */
  update(key, change, begin) {
    for (let count = 1; ; count++) {
      const before = this.entry(key);
      const value = change(before ? before.value : begin);
      try {
        this.compareAndSwap(key, value, before?.version);
        return value;
      } catch (error) {
        if (!(error instanceof ConflictError) || count >= tries) throw error;
      }
    }
  }

  /** The values under several keys as of one moment, in their order, read as JSON. */
  getMany(keys) {
    return this.#many(keys).map((entry, at) => entry && json(keys[at], entry.value));
  }

  getManyTexts(keys) {
    return this.#many(keys).map((entry) => entry && decode(entry.value, true));
  }

  #many(keys) {
    return ask("brain", "getMany", this.#at, [...keys].map((key) => text(key, "a key"))).map((entry) => entry ?? undefined);
  }

  /** Several writes at once: pairs of key and value, or an object. */
  setMany(all, { ttl } = {}) {
    this.#all(all, ttl, written);
  }

  setManyTexts(all, { ttl } = {}) {
    this.#all(all, ttl, (_, value) => encode(text(value, "the text")));
  }

  #all(all, ttl, form) {
    const pairs = typeof all[Symbol.iterator] === "function" ? [...all] : Object.entries(all);
    const writes = pairs.map(([key, value]) => ({ key: text(key, "a key"), value: form(key, value), ttlSeconds: optional(ttl, u32, "ttl") }));
    ask("brain", "setMany", this.#at, writes);
  }

  /** All keys that begin so, ascending: pages are fetched as they are needed. */
  *keys(prefix = "") {
    let cursor;
    do {
      const page = this.keyPage(prefix, { cursor, limit: 1000 });
      yield* page.keys;
      cursor = page.next;
    } while (cursor !== undefined);
  }

  /** One page of keys, and where to go on. */
  keyPage(prefix = "", { cursor, limit = 1000 } = {}) {
    const page = ask("brain", "listKeys", this.#at, text(prefix), optional(cursor, text), u32(limit, "limit"));
    return { keys: [...page.keys], next: page.next ?? undefined };
  }

  #read(key) {
    return ask("brain", "get", this.#at, text(key, "a key")) ?? undefined;
  }

  #write(key, value, ttl) {
    return ask("brain", "set", this.#at, { key: text(key, "a key"), value, ttlSeconds: optional(ttl, u32, "ttl") });
  }

  #swap(key, value, expected, ttl) {
    const what = { key: text(key, "a key"), value, ttlSeconds: optional(ttl, u32, "ttl") };
    return ask("brain", "compareAndSwap", this.#at, what, optional(expected, text));
  }
}

const json = (key, value) => {
  const words = decode(value, true);
  try {
    return JSON.parse(words);
  } catch {
    throw new TypeError(`what the brain keeps under \`${key}\` is not JSON: read it with getText or getBytes`);
  }
};

const written = (key, value) => {
  const words = JSON.stringify(value);
  if (words === undefined) throw new TypeError(`\`${key}\`: ${typeof value} has no form in JSON`);
  return encode(words);
};

/** The plugin's memory. */
export const brain = Object.assign(new Brain({ tag: "plugin" }), {
  /** About one conversation, by id. */
  conversation: (id) => new Brain({ tag: "conversation", val: text(id, "a conversation's id") }),
  /** About one person, by id. */
  user: (id) => new Brain({ tag: "user", val: text(id, "a person's id") }),
  /** Common to all plugins that are allowed to. */
  shared: new Brain({ tag: "shared" }),
});
