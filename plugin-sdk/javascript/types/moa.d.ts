/// <reference path="./globals.d.ts" />

// Words, messages, arguments, the parts of a plugin, calls, forms and failures; ./host.d.ts has the host's functions.

import type { Brain, Headers } from "./host.js";

// Words

/** Text for people: one for all, or one for each language. */
export type Text = string | { [language: string]: string };

/** What a function may return directly or as a promise. */
export type Awaitable<T> = T | Promise<T>;

/** What sort of conversation a place is in. */
export type PlaceKind = "channel" | "group" | "direct";

/** Where messages are: a conversation, or a thread in it. */
export interface Place {
  /** The chat service, in lower case. */
  service: string;
  conversation: string;
  /** The id of the thread's first message. */
  thread?: string;
  kind: PlaceKind;
}

/** A person, or a program with an account. Only the id may decide what somebody is allowed to do. */
export interface User {
  id: string;
  name: string;
  /** The name that people see. Put it into a message with `plain`. */
  displayName: string;
  locale?: string;
  timezone?: string;
  bot: boolean;
}

export interface Conversation {
  id: string;
  /** Without `#`; empty for direct conversations. */
  name: string;
  kind: PlaceKind;
  topic: string;
}

/** The address of one message. */
export interface MessageRef {
  place: Place;
  id: string;
}

export type Mention =
  | { type: "user" | "conversation" | "group"; id: string }
  | { type: "everyone"; what: string }
  | { type: "link"; address: string; label: string };

/** A file that hangs on a message; its content comes from `chat.download`. */
export interface File {
  id: string;
  name: string;
  mime: string;
  /** In bytes; 4294967295 for anything that large or larger. */
  size: number;
}

export interface Message {
  ref: MessageRef;
  author: User;
  /** With mentions as plain names: repeating it calls nobody. */
  text: string;
  /** As the service sent it. */
  raw: string;
  mentions: Mention[];
  files: File[];
  /** RFC 3339 in UTC. */
  time: string;
  edited: boolean;
}

// Content

export interface Card {
  /** A line above the frame, portable markup. */
  pretext?: string;
  title?: string;
  /** Where the title leads. */
  link?: string;
  /** Portable markup. */
  text?: string;
  /** `#RRGGBB`, or `good`, `warning`, `danger`. */
  color?: string;
  fields?: { title: string; value: string | number; /** Whether it fits beside another; so it is, if not told otherwise. */ short?: boolean }[];
  /** The address of a picture. */
  image?: string;
  footer?: string;
}

/** Something to press or to choose: made with `button`, `menu` or `link`. */
export interface Action {
  readonly tag: "button" | "select" | "link";
}

/** Who sees a message: all; all, in a thread; both; only the person who asked. */
export type Audience = "everyone" | "thread" | "broadcast" | "asker";

/** A message. A string is one of text alone. */
export interface Content {
  /** Portable markup: `*bold*`, `_italic_`, `~strike~`, `` `code` ``, `[label](url)`, `{@USER}`, `{#CONVERSATION}`. */
  text?: string | number;
  cards?: Card[];
  actions?: Action[];
  audience?: Audience;
  /** The service's own message arguments, merged last. */
  native?: object | string;
  sender?: { name: string; /** An address or an `:emoji:`. */ icon?: string };
}

/** Labels and values of a menu; a label alone is its own value. */
export type Choices = Record<string, string> | (string | [label: string, value: string])[];

/** A button; a press arrives at `action(id, …)`. */
export function button(
  id: string,
  label: string,
  options?: { value?: string; style?: "normal" | "primary" | "danger"; /** A question that is asked first. */ confirm?: string },
): Action;
/** A menu; a choice arrives at `action(id, …)`. */
export function menu(id: string, placeholder: string, choices: Choices): Action;
/** A button that leads to an address. */
export function link(label: string, address: string): Action;

/** What a command may return: nothing is nothing to be said. */
export type Reply = string | number | bigint | Content | null | undefined | void;

// Arguments

/** An argument of a command: of which type, and what is allowed. */
export interface Arg<T> {
  /** It may be left out. */
  optional(): Arg<T | undefined>;
  /** What it is where nothing was typed. */
  default(value: NonNullable<T> | (NonNullable<T> extends number ? string : never)): Arg<NonNullable<T>>;
  summary(text: Text): Arg<T>;
  /** What tells the type of its values. @internal */
  readonly of?: [T];
}
export interface NumberArg<T> extends Arg<T> {
  min(value: number): NumberArg<T>;
  max(value: number): NumberArg<T>;
  optional(): NumberArg<T | undefined>;
  default(value: NonNullable<T> | (NonNullable<T> extends number ? string : never)): NumberArg<NonNullable<T>>;
  summary(text: Text): NumberArg<T>;
}

export const arg: {
  /** One word, or several in quotes. */
  string(): Arg<string>;
  /** A whole number within 2^53. */
  int(): NumberArg<number>;
  /** A whole number of 64 bits. */
  bigint(): NumberArg<bigint>;
  float(): NumberArg<number>;
  bool(): Arg<boolean>;
  user(): Arg<User>;
  conversation(): Arg<Conversation>;
  /** In seconds. The default is seconds too, or text such as `1h30m`. */
  duration(): Arg<number>;
  /** `YYYY-MM-DD`. */
  date(): Arg<string>;
  /** `HH:MM:SS`. */
  time(): Arg<string>;
  choice<const C extends string>(...choices: C[]): Arg<C>;
  /** All that follows, split at commas and blanks. */
  list(): Arg<string[]>;
  /** All that follows, as typed. */
  rest(): Arg<string>;
};

/** Arguments by name, in the order in which they are typed. */
export type Args = Record<string, Arg<any>>;
/** Their values. */
export type Values<A extends Args> = { [Name in keyof A]: A[Name] extends { readonly of?: [infer T] } ? T : never };

// Parts

/** About the plugin as a whole. */
export function plugin(about: {
  /** Otherwise that of plugin.toml. */
  name?: string;
  /** Otherwise that of package.json. */
  version?: string;
  summary?: Text;
  requests?: Requests;
}): void;

/** What the plugin asks the operator to allow. */
export interface Requests {
  /** Origins: `https://api.example.com`. */
  http?: string[];
  /** Ids, `#name`, or `*` for all. */
  conversations?: string[];
  users?: boolean;
  sql?: string[];
  objects?: string[];
  secrets?: string[];
  "shared-brain"?: boolean;
  schedule?: boolean;
  broadcast?: boolean;
}

export interface CommandSpec<A extends Args> {
  name: string;
  aliases?: string[];
  /** One line, for the list of commands. */
  summary?: Text;
  /** Everything else there is to say, portable markup. */
  help?: Text;
  /** Commands as typed, with `!`; `moa test` runs them. */
  examples?: string[];
  args?: A;
  /** Only admins may run it. */
  restricted?: boolean;
  /** Who is asked before it runs. */
  confirm?: "none" | "self" | "second";
  /** The name of the subcommand that runs where none is typed. */
  default?: string;
}

/** A command to which subcommands can be added; they get its arguments too. */
export interface Group<A extends Args> {
  command<B extends Args = {}>(spec: CommandSpec<B>, run?: (ctx: Context, args: Values<A & B>) => Awaitable<Reply>): Group<A & B>;
}

/** A command. Without a function it runs only with a subcommand. */
export function command<A extends Args = {}>(spec: CommandSpec<A>, run?: (ctx: Context, args: Values<A>) => Awaitable<Reply>): Group<A>;

/** In which messages to look: to the bot directly, beginning with its name, mentioning it, all others. */
export type Scope = "direct" | "direct-mention" | "mention" | "ambient";

export interface HearSpec {
  id?: string;
  /** A regular expression in the syntax of Rust's `regex`, without regard to upper and lower case. */
  pattern: string | RegExp;
  scopes?: Scope[];
}

/** Hears messages with a pattern. */
export function hear(pattern: string | RegExp | HearSpec, run: (ctx: Context) => Awaitable<Reply>): void;
/** Hears what `triggers.hear` taught; which one is `ctx.pattern`. */
export function hear(run: (ctx: Context) => Awaitable<Reply>): void;

export interface Run {
  name: string;
  /** What the `*` of the function's name stands for. */
  rest: string;
  /** For when it was due, RFC 3339 in UTC. */
  due: string;
  payload: string;
}
/** Work at certain times. */
export function job(
  spec: { id: string; /** Five fields, or six with seconds first; or weekdays and times: `mon-fri 09:50`; or where they stand in the configuration: `config:notices.*.at`, with a `*` in the id too. */ cron?: string; /** Instead: when the plugin begins to serve. */ on?: "load"; timezone?: string; /** Days that are left out: `2026-12-25`, or `12-25` of every year. */ except?: string[]; missed?: "skip" | "once" | "all"; jitter?: string; /** The id of a job that goes first where both are due. */ after?: string },
  run: (ctx: Context, run: Run) => Awaitable<void>,
): void;
/** What was made by `schedule`, by its name; one that ends with `*` takes all that begin so. */
export function scheduled(name: string, run: (ctx: Context, run: Run) => Awaitable<void>): void;
/** What was made by `schedule` and has no function of its own. */
export function scheduled(run: (ctx: Context, run: Run) => Awaitable<void>): void;

export interface WebhookRequest {
  name: string;
  method: string;
  path: string;
  query: string;
  /** Names in lower case. */
  headers: [name: string, value: string][];
  body: Uint8Array;
}
export type WebhookReply = void | undefined | null | string | { status?: number; headers?: Headers; body?: string | Uint8Array; json?: unknown };
/** Requests from outside, at `/hooks/PLUGIN/NAME`. */
export function webhook(
  spec: { name: string; methods?: ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE")[]; verify: "none" | "bearer" | "hmac-sha256" | "slack" | "jandi" },
  run: (ctx: Context, request: WebhookRequest) => Awaitable<WebhookReply>,
): void;

/** What a function for presses may return: nothing, a new message, an `update`, field errors, a form. */
export type PressReply = Reply | Update | FieldErrors | Form;
/** Buttons and menus. An id that ends with `*` takes all that begin so; the rest is `press.rest`. */
export function action(id: string, run: (press: Press) => Awaitable<PressReply>): void;
/** Forms. */
export function submit(id: string, run: (press: Press) => Awaitable<PressReply>): void;
/** An entry of the service's menus: of every message's, or of the one that is reached wherever people write. */
export function shortcut(
  spec: { id: string; on: "message" | "anywhere"; name: Text; description?: Text },
  run: (press: Press) => Awaitable<PressReply>,
): void;
/** What came of `chat.ask`: the value, or `undefined` if nobody answered in time. */
export function answer(id: string, run: (press: Press, value: string | undefined) => Awaitable<PressReply>): void;

interface Happened {
  reacted: { type: "reacted"; emoji: string; message: Message };
  unreacted: { type: "unreacted"; emoji: string; message: Message };
  joined: { type: "joined"; message: Message };
  left: { type: "left"; message: Message };
  topic: { type: "topic"; topic: string; message: Message };
  edited: { type: "edited"; message: Message };
  deleted: { type: "deleted"; message: Message };
}
/** Other things that happen in chat. Of the message only the address is known, but for `edited`. */
export function event<E extends keyof Happened>(name: E, run: (ctx: Context, event: Happened[E]) => Awaitable<void>): void;

/** A key of the operator's table `[plugin.NAME.config]`. */
export const setting: {
  string(): Arg<string>;
  int(): NumberArg<number>;
  float(): NumberArg<number>;
  bool(): Arg<boolean>;
  /** An id. */
  user(): Arg<string>;
  /** An id. */
  conversation(): Arg<string>;
  /** In seconds. */
  duration(): Arg<number>;
  date(): Arg<string>;
  time(): Arg<string>;
  choice<const C extends string>(...choices: C[]): Arg<C>;
  list(): Arg<string[]>;
  table(): Arg<Record<string, unknown>>;
};
/** Declares the configuration; the function that it returns reads it, in a call. */
export function config<A extends Args>(keys: A): () => Values<A>;

// A call

export interface Context {
  /** The same however often the call is repeated. */
  readonly id: string;
  /** When its event arrived, RFC 3339 in UTC. */
  readonly time: string;
  /** 1 for the first try. */
  readonly attempt: number;
  /** The language to answer in: `ko`, `en-GB`. */
  readonly locale: string;
  /** The same without a region. */
  readonly language: string;
  readonly timezone: string;
  /** The command's name, whatever alias was typed. */
  readonly command: string;
  readonly path: string[];
  /** Everything behind the command, as typed. */
  readonly rest: string;
  readonly tokens: string[];
  /** The id of the pattern that was heard. */
  readonly pattern: string;
  /** The whole match, then each group. */
  readonly captures: (string | undefined)[];
  readonly message: Message;
  /** Who did it. */
  readonly who: User;
  readonly place: Place;
  /** The plugin's memory. */
  readonly brain: Brain;
  /** About this conversation. */
  readonly conversationBrain: Brain;
  /** About this person. */
  readonly userBrain: Brain;
  /** Sends a message to the same place, at once; what the function returns comes after it. */
  reply(what: string | Content): MessageRef;
  /** Reacts to the message: `👍`, or the emoji's name. */
  react(emoji: string): void;
}

export interface Press extends Context {
  readonly kind: "button" | "select" | "modal" | "shortcut" | "answer" | "timeout";
  /** The id of what was pressed, whole. */
  readonly pressed: string;
  /** The value of the button or choice; of a form its `data`. */
  readonly value: string;
  /** The fields of the form, or the other menus of the message. */
  readonly state: [name: string, value: string][];
  /** The message that carried it. */
  readonly on?: MessageRef;
  /** Opens a form. */
  readonly trigger?: string;
  /** What is in a field; empty if nothing. */
  field(name: string): string;
  /** The values of a field that takes several. */
  values(name: string): string[];
  /** Opens a form before the person, within about three seconds. */
  open(form: Form | object): void;
}

declare class Update {
  private constructor();
}
/** New content for the message that was pressed on. */
export function update(what: string | Content): Update;

// Forms

/** A form. */
export class Form {
  /** Of the service's own object. */
  constructor(view: object);
  readonly id: string;
  toJSON(): object;
}
export interface Field {
  readonly type: string;
}
type More = { optional?: boolean; hint?: string; placeholder?: string; /** What it begins with. */ initial?: string | number | string[] };
export function form(made: {
  /** For `submit(id, …)`. */
  id: string;
  /** 24 characters are shown. */
  title: string;
  /** What stands on the button; `OK` if not told otherwise. */
  submit?: string;
  close?: string;
  /** Comes back as `press.value`. */
  data?: string;
  fields?: (Field | object)[];
}): Form;
export const field: {
  text(name: string, label: string, more?: More): Field;
  longText(name: string, label: string, more?: More): Field;
  /** A whole number. */
  number(name: string, label: string, more?: More): Field;
  select(name: string, label: string, choices: Choices, more?: More): Field;
  radio(name: string, label: string, choices: Choices, more?: More): Field;
  checkboxes(name: string, label: string, choices: Choices, more?: More): Field;
  date(name: string, label: string, more?: More): Field;
  time(name: string, label: string, more?: More): Field;
  user(name: string, label: string, more?: More): Field;
  users(name: string, label: string, more?: More): Field;
  conversation(name: string, label: string, more?: More): Field;
  /** Text between fields. */
  note(text: string): Field;
  /** A block of the service's own. */
  block(block: object): Field;
};

// Failures

/** Why the plugin did not do it. Any other error is told to the operator, with file and line. */
export class Failure extends Error {}
/** Used wrongly: shown with the command's right form. */
export class UsageError extends Failure {
  constructor(text: string);
}
/** Understood and refused. */
export class RejectedError extends Failure {
  constructor(text: string);
}
/** To be tried again, as the same invocation, in so many seconds. */
export class RetryError extends Failure {
  constructor(seconds: number);
  readonly seconds: number;
}
/** Something inside the plugin went wrong: the operator is shown the text as it stands. */
export class InternalError extends Failure {
  constructor(text: string);
}
/** What is wrong with a form, by its fields' names. */
export class FieldErrors extends Failure {
  constructor(fields: Record<string, string>);
  readonly fields: Record<string, string>;
}

/** The host did not do it. The text may change: decide by the class. */
export class HostError extends Error {
  readonly case: "access-denied" | "not-found" | "invalid" | "conflict" | "over-limit" | "unavailable" | "uncertain" | "unsupported";
  readonly text: string;
}
/** Not requested, or not granted. */
export class AccessDeniedError extends HostError {}
export class NotFoundError extends HostError {}
/** The request makes no sense: trying again is useless. */
export class InvalidError extends HostError {}
/** Another writer was first. */
export class ConflictError extends HostError {}
export class OverLimitError extends HostError {}
/** Not now. */
export class UnavailableError extends HostError {}
/** It may already have been done, by this attempt or an earlier one: not safe to do twice. */
export class UncertainError extends HostError {}
/** This host has no such thing. */
export class UnsupportedError extends HostError {}

export * from "./host.js";

// Text

/** Foreign text, such as names: what would be markup in it is shown as it stands. */
export function plain(text: string): string;
/** A table in a code block; the first row is the heading. */
export function table(rows: Iterable<Iterable<string | number>>): string;
/** How many columns a text takes where letters are of one width. */
export function width(text: string): number;
export const base64: { encode(bytes: Uint8Array): string; decode(text: string): Uint8Array };
export function encodeUtf8(text: string): Uint8Array;
export function decodeUtf8(bytes: Uint8Array, fatal?: boolean): string;
