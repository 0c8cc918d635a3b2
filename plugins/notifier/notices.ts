// What a notice is, where it comes from, and how it is sent.
//
// In the brain: `notice/NAME` is a notice that was made in chat, `paused/NAME` whether it rests (also one of the
// configuration), `sent/NAME` how often it was sent, `value/NAME` a text for templates.

import { brain, chat, type Card, type Content } from "moa";
import { fill } from "./template.ts";

/** Everything but `to` is a template. */
export interface Notice {
  /** Conversations: `C012…`, `incoming:ops`. */
  to: string[];
  text?: string;
  pretext?: string;
  title?: string;
  link?: string;
  body?: string;
  color?: string;
  /** `title = value` each; with a `!` before it a long one, on a line of its own. */
  fields?: string[];
  image?: string;
  footer?: string;
  sender?: string;
  icon?: string;
  /** When; only to be shown. */
  at?: string;
  timezone?: string;
  /** Of one that was made in chat: who made it. */
  by?: string;
}

const TEXTS = ["text", "pretext", "title", "link", "body", "color", "image", "footer", "sender", "icon", "timezone"] as const;

/** A wrong place in the configuration, for whoever asks and for the log: markup, with what the operator wrote as code. */
export class ConfigError extends Error {
  constructor(key: string, problem: string) {
    super(`${code(`[plugin.notifier.config.${key}]`)}: ${problem}`);
  }
}

/** Text as code: it can be copied into `moa.toml` as it stands. */
export const code = (text: string): string => `\`${text.replaceAll("`", "'")}\``;

/** A card's colour, or a template that may become one. */
export const COLOR = /^(#[0-9a-f]{6}|good|warning|danger|.*\{.*)$/i;

/** A notice of the configuration; `others` are keys that somebody else reads. */
export function read(key: string, table: unknown, others: string[]): Notice {
  if (table === null || typeof table !== "object") throw new ConfigError(key, "must be a table");
  const notice: Notice = { to: list(`${key}.to`, (table as any).to) };
  for (const [name, value] of Object.entries(table)) {
    if (name === "to" || others.includes(name)) continue;
    if (name === "fields") notice.fields = list(`${key}.fields`, value);
    else if (!TEXTS.includes(name as any)) throw new ConfigError(`${key}.${name}`, `there is no such key; those are to, fields, ${TEXTS.join(", ")}`);
    else if (typeof value !== "string") throw new ConfigError(`${key}.${name}`, "must be a text in quotes");
    else if (name === "color" && !COLOR.test(value)) throw new ConfigError(`${key}.color`, 'must be `"#RRGGBB"`, `"good"`, `"warning"` or `"danger"`');
    else notice[name as (typeof TEXTS)[number]] = value;
  }
  const says = notice.fields ?? notice.text ?? notice.pretext ?? notice.title ?? notice.body ?? notice.image;
  if (!says) throw new ConfigError(key, "says nothing; write `text`, or a card's `title`, `body` or `fields`");
  const odd = (notice.fields ?? []).find((field) => !field.includes("="));
  if (odd) throw new ConfigError(`${key}.fields`, `${code(odd)} has no "="; write \`"title = value"\``);
  return notice;
}

/** A text, or a list of them. */
export function list(key: string, value: unknown): string[] {
  const items = typeof value === "string" ? [value] : value;
  if (Array.isArray(items) && items.length && items.every((item) => typeof item === "string")) return items;
  throw new ConfigError(key, 'must be a text or a list of texts, such as `"C0123456789"` or `["C0123456789", "incoming:ops"]`');
}

/** The message that a notice is. */
export function content(notice: Notice, values: Record<string, unknown>): Content {
  const filled = (text?: string) => (text ? fill(text, values) : undefined);
  const bare = (text?: string) => (text ? fill(text, values, false) : undefined);
  const fields = (notice.fields ?? []).map((field) => {
    const [title, ...value] = field.replace(/^!/, "").split("=");
    return { title: bare(title.trim())!, value: filled(value.join("=").trim())!, short: !field.startsWith("!") };
  });
  const card: Card = {
    pretext: filled(notice.pretext),
    title: bare(notice.title),
    link: bare(notice.link),
    text: filled(notice.body),
    color: bare(notice.color),
    image: bare(notice.image),
    footer: bare(notice.footer),
    fields,
  };
  const isCard = fields.length > 0 || Object.values(card).some((part) => typeof part === "string");
  return {
    text: filled(notice.text),
    cards: isCard ? [card] : [],
    sender: notice.sender ? { name: notice.sender, icon: notice.icon } : undefined,
  };
}

/** Sends it everywhere. One place that cannot be reached is no reason not to tell the others. */
export function send(notice: Notice, values: Record<string, unknown>): number {
  let sent = 0;
  let failed: unknown;
  for (const to of notice.to) {
    try {
      chat.send(to, content(notice, values));
      sent += 1;
    } catch (error) {
      failed = error;
      console.warn(`a notice did not reach ${to}: ${error instanceof Error ? error.message : error}`);
    }
  }
  if (!sent && failed) throw failed;
  return sent;
}

/** A notice that was made in chat. */
export const made = (name: string): Notice | undefined => brain.get<Notice>(`notice/${name}`);

/** All that were made in chat. */
export function allMade(): Record<string, Notice> {
  const names = [...brain.keys("notice/")].map((key) => key.slice("notice/".length));
  return Object.fromEntries(names.map((name) => [name, made(name)!]));
}

/** Whether it rests. */
export const isPaused = (name: string): boolean => brain.get(`paused/${name}`) === true;

function named(id: string): string {
  try {
    return `#${chat.conversation(id).name || id}`;
  } catch {
    // Webhooks have no name, and some places may not be looked at.
    return id;
  }
}

/** A notice in a list. */
export function line(name: string, notice: Notice, marks: { paused: string; kept: string }): string[] {
  const to = notice.to.map(named).join(", ");
  const state = isPaused(name) ? marks.paused : "";
  return [name, notice.at ?? "", to, notice.text ?? notice.title ?? notice.pretext ?? "", [state, notice.by ? "" : marks.kept].filter(Boolean).join(" ")];
}
