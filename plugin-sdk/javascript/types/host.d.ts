// The host's functions.

import type { Content, Conversation, File, Form, Message, MessageRef, Place, Scope, User } from "./moa.js";


/** How long a value is kept, in seconds; for ever, if nothing is said. */
type Keep = { ttl?: number };
type Pairs<T> = Record<string, T> | Iterable<[string, T]>;

/** Durable memory. Each function is atomic by itself. Values are JSON, unless the name says otherwise. */
export interface Brain {
  /** `undefined` if there is none. */
  get<T = any>(key: string): T | undefined;
  entry<T = any>(key: string): { value: T; version: string; expires?: string } | undefined;
  /** What is known of an entry, whatever its value. */
  info(key: string): { version: string; expires?: string } | undefined;
  getText(key: string): string | undefined;
  getBytes(key: string): Uint8Array | undefined;
  /** Returns the version. */
  set(key: string, value: unknown, keep?: Keep): string;
  setText(key: string, value: string, keep?: Keep): string;
  setBytes(key: string, value: Uint8Array | ArrayBuffer | number[], keep?: Keep): string;
  /** Whether there was something. */
  delete(key: string): boolean;
  /** Adds to a number in one step, and returns the sum. With a BigInt all of 64 bits are exact. */
  increment(key: string, by?: number): number;
  increment(key: string, by: bigint): bigint;
  /** Writes only if the version is still this; `undefined` expects that there is nothing. Otherwise a `ConflictError`. */
  compareAndSwap(key: string, value: unknown, expected: string | undefined, keep?: Keep): string;
  compareAndSwapText(key: string, value: string, expected: string | undefined, keep?: Keep): string;
  /** Changes a value however many others do. `change` may run several times; what it throws ends it, and nothing is written. */
  update<T = any>(key: string, change: (value: NoInfer<T> | undefined) => NoInfer<T>): T;
  update<T = any>(key: string, change: (value: NoInfer<T>) => NoInfer<T>, begin: NoInfer<T>): T;
  getMany<T = any>(keys: string[]): (T | undefined)[];
  getManyTexts(keys: string[]): (string | undefined)[];
  /** All of them or none. */
  setMany(all: Pairs<unknown>, keep?: Keep): void;
  setManyTexts(all: Pairs<string>, keep?: Keep): void;
  /** All keys that begin so, ascending. */
  keys(prefix?: string): Generator<string, void, undefined>;
  keyPage(prefix?: string, options?: { cursor?: string; limit?: number }): { keys: string[]; next?: string };
}
export const brain: Brain & {
  conversation(id: string): Brain;
  user(id: string): Brain;
  /** Common to all plugins; needs the request `shared-brain`. */
  shared: Brain;
};

/**
 * Where: a place, or what has one, such as a call; or the id of a conversation alone, as it stands in a configuration (`C012`,
 * `jandi:lunch`, `incoming:ops`).
 */
type At = Place | { place: Place } | string;
/** Which message: its address, or itself. */
type Which = MessageRef | { ref: MessageRef };
type Bytes = Uint8Array | ArrayBuffer | number[];

export const chat: {
  send(to: At, what: string | Content): MessageRef;
  edit(which: Which, what: string | Content): void;
  delete(which: Which): void;
  react(which: Which, emoji: string): void;
  unreact(which: Which, emoji: string): void;
  /** The file's id. Text goes as UTF-8. */
  upload(to: At, name: string, data: string | Bytes, comment?: string): string;
  download(file: string | File): Uint8Array;
  openDirect(user: string | User): Place;
  openModal(trigger: string, form: Form | object | string): void;
  /** Asks a person by buttons or a menu, and waits so many seconds; what comes of it arrives at `answer(id, …)`. */
  ask(to: At, who: string | User, id: string, what: string | Content, options: { wait: number }): MessageRef;
  user(id: string): User;
  conversation(id: string): Conversation;
  /** The ids of all members. */
  members(conversation: string): string[];
  /**
   * The thread of a day (any text, such as `2026-11-20`) in a conversation: the first call sends `head`, and `guide` below
   * it, every later one finds it in the plugin's brain.
   */
  dailyThread(at: At, day: string, head: string | Content, guide?: string | Content): Place;
  /** Newest first. */
  history(at: At, options?: { before?: string | Message; limit?: number }): Message[];
};

export const triggers: {
  /** A string is a keyword; for a regular expression write `{ regex }` in the syntax of Rust's `regex`, or a RegExp. */
  hear(id: string, pattern: string | RegExp | { regex: string }, options?: { scopes?: Scope[]; conversation?: string }): void;
  forget(id: string): boolean;
};

export interface ScheduledJob {
  name: string;
  next?: string;
  cron?: string;
  timezone: string;
  payload: string;
}
/** Needs the request `schedule`. */
export const schedule: {
  /** At an instant (a past one is due at once), or after a time from now: `10m`, `1h30m`. */
  at(name: string, when: string | Date, payload?: string): void;
  /** `cron` has five fields, or six with seconds first; or it is weekdays and times of day: `mon-fri 09:50; sat 11:00`. */
  every(name: string, cron: string, options: { timezone: string; missed?: "skip" | "once" | "all"; payload?: string }): void;
  cancel(name: string): boolean;
  list(): ScheduledJob[];
};

export type Headers = Record<string, string> | Iterable<[string, string]>;
export interface HttpOptions {
  /** GET, or POST if there is something to send. */
  method?: string;
  /** `{{secret:NAME}}` in a value is replaced by the host. */
  headers?: Headers;
  body?: string | Bytes | { bucket: string; key: string };
  /** Sent as JSON. */
  json?: unknown;
  /** In seconds. */
  timeout?: number;
  sign?: { awsSigv4: { secret: string; region: string; service: string } } | { hmacSha256: { secret: string; header: string } };
}
export interface HttpResponse {
  status: number;
  /** From 200 to 299. */
  ok: boolean;
  headers: [name: string, value: string][];
  bytes: Uint8Array;
  header(name: string): string | undefined;
  text(): string;
  json<T = any>(): T;
}
/** Needs the request `http` with the origins. */
export const http: {
  fetch(url: string | URL, options?: HttpOptions): HttpResponse;
  fetchToObject(url: string | URL, bucket: string, key: string, options?: HttpOptions): HttpResponse;
};

export type SqlParam = null | undefined | boolean | number | bigint | string | Date | Bytes | { decimal: string };
export type SqlValue = null | boolean | number | bigint | string | Uint8Array;
/** What a query found: the rows by column. */
export type SqlRows<T = Record<string, SqlValue>> = T[] & {
  /** The columns' names, in the statement's order. */
  columns: string[];
  /** The rows as arrays. */
  bare: SqlValue[][];
  /** Whether there was more than the connection's limit. */
  truncated: boolean;
  /** A table in a code block, the columns' names above it: an answer as it is. */
  table(): string;
  /** A CSV file (RFC 4180), the columns' names in the first line. */
  csv(how?: CsvWay): string;
  /** Puts that file into a place, for a spreadsheet: with `bom` unless that is `false`. Its id. */
  sendCsv(to: At, name: string, comment?: string, how?: CsvWay): string;
};
/** How a CSV file is written. */
export interface CsvWay {
  /** It begins with a byte-order mark, without which Excel shows Hangul as rubbish. */
  bom?: boolean;
  /** A cell that a spreadsheet would run as a formula, because it begins with `=`, `+`, `-`, `@`, a tab or a line end and is no number, gets a `'` before it. `true` unless it is `false`. */
  disarm?: boolean;
}
/** Needs the request `sql` with the connections' names. */
export const sql: {
  query<T = Record<string, SqlValue>>(connection: string, text: string, ...params: SqlParam[]): SqlRows<T>;
  /** The number of rows concerned. */
  execute(connection: string, text: string, ...params: SqlParam[]): number;
};

export interface StoredObject {
  key: string;
  size: number;
  etag: string;
  modified: string;
}
/** Needs the request `objects` with the buckets' names. */
export const objects: {
  get(bucket: string, key: string): Uint8Array;
  put(bucket: string, key: string, data: string | Bytes, mime?: string): string;
  list(bucket: string, prefix?: string, options?: { cursor?: string }): { objects: StoredObject[]; next?: string };
  delete(bucket: string, key: string): void;
  sign(bucket: string, key: string, seconds: number): string;
};

export const system: {
  /** The configuration as JSON has it; `config({ … })` brings it with types. */
  config(): Record<string, unknown>;
  /** RFC 3339 in UTC, to the millisecond. */
  now(): string;
  /** On the clock of a time zone: `2026-11-21T09:50:00+09:00[Asia/Seoul]`. */
  local(when: string | Date, timezone: string): string;
  random(length: number): Uint8Array;
  /** From 0 up to but not including `end`. */
  randomBelow(end: number): number;
  /** Another array in a random order. */
  shuffle<T>(items: Iterable<T>): T[];
};

/** The plugin's log; `console` writes there too. */
export const log: Record<"trace" | "debug" | "info" | "warn" | "error", (...words: unknown[]) => void>;
