import type { Content, Context, Conversation, File, MessageRef, Place, SqlParam, User } from "moa";

export interface HostOptions {
  /** When it is. */
  now?: string;
  /** Chance follows from it. */
  seed?: number;
  /** What the operator wrote into the plugin's configuration. */
  config?: Record<string, unknown>;
  /** Who speaks. */
  speaker?: string;
  channel?: string;
  /** A direct conversation instead of a channel. */
  direct?: boolean;
  locale?: string;
  timezone?: string;
}

/** A host in memory: a brain, a chat that is taken down, a clock that stands still, chance from a seed. */
export class Host {
  constructor(options?: HostOptions);
  readonly who: User;
  readonly place: Place;
  /** Everybody's messages; those of the bot have `isOwn`. */
  readonly messages: { ref: MessageRef; isOwn: boolean; author: User; text: string; content: Required<Content>; time: string }[];
  readonly deleted: Host["messages"];
  /** The texts of the bot's messages. */
  readonly texts: string[];
  readonly reactions: { ref: MessageRef; emoji: string }[];
  readonly files: { id: string; place: Place; name: string; data: Uint8Array; comment: string }[];
  /** Forms that are open, the uppermost last. */
  readonly forms: any[];
  /** `level: text`. */
  readonly log: string[];
  readonly jobs: { name: string; next?: string; cron?: string; timezone: string; payload: string }[];
  /** What `http.fetch` gets, by address: text, a value to be JSON, or `{ status, headers, body }`. */
  readonly answers: Record<string, unknown>;
  /** What `sql.query` finds, by its text: the columns' names, and each row as an array. */
  readonly found: Record<string, { columns: string[]; rows: SqlParam[][]; truncated?: boolean }>;

  /** Runs a command as typed, without the prefix; the text of its answer. What it throws is thrown. */
  run(typed: string, options?: { files?: File[] }): Promise<string | undefined>;
  /** Somebody says something; the texts that all fitting patterns answer. */
  hear(text: string, options?: { files?: File[] }): Promise<(string | undefined)[]>;
  job(name: string, payload?: string): Promise<void>;
  request(
    name: string,
    request?: { method?: string; path?: string; query?: string; headers?: Record<string, string>; body?: string },
  ): Promise<{ status: number; headers: Record<string, string>; body: string }>;
  /** Presses the last button of this label, or chooses this of the last menu. */
  press(label: string, options?: { by?: User }): Promise<string | { errors: Record<string, string> } | undefined>;
  /** Fills in the form that is open, and sends it. */
  submit(fields?: Record<string, string | number>): Promise<string | { errors: Record<string, string> } | undefined>;
  shortcut(id: string, said?: string): Promise<string | { errors: Record<string, string> } | undefined>;
  /** Nobody answers the last question. */
  timeOut(): Promise<string | { errors: Record<string, string> } | undefined>;
  /** Something else happens, by the contract's case and value. */
  event(name: string, value: unknown): Promise<void>;
  /** Does something as if in a call. */
  within<T>(act: (ctx: Context) => T | Promise<T>): Promise<T>;
  now(): string;
  advance(seconds: number): void;
  user(name: string): User;
  conversation(name: string): Conversation;
}

/** The failure that the host would be told of for something that was thrown. */
export function failure(error: unknown): { tag: "usage" | "rejected" | "internal"; val: string } | { tag: "retry"; val: number };
