// Arguments, messages, patterns and the brain.

import { arg, brain, chat, command, hear, job, plain, triggers } from "moa";
import type { Brain, Context, File, Mention, Scope } from "moa";
import { lines, outcome, refusal, same } from "./outcome.ts";

const orDash = (text: string | undefined) => text || "-";
const bar = (words: string[] | undefined) => words?.join("|") || "-";
command(
  {
    name: "echo",
    aliases: ["메아리"],
    summary: { ko: "그대로 말합니다", en: "Says it again" },
    help: { ko: "적은 글을 *그대로* 돌려줍니다.", en: "Gives the text back *as it is*." },
    examples: ["!echo 안녕", "!메아리 hello"],
    args: { text: arg.rest() },
  },
  (_, { text }) => text,
);

const size = () => arg.choice("small", "large");

command(
  {
    name: "types",
    args: {
      word: arg.string(),
      count: arg.int().min(1).max(100),
      ratio: arg.float().min(0).max(10),
      loud: arg.bool(),
      wait: arg.duration(),
      day: arg.date(),
      at: arg.time(),
      size: size(),
      items: arg.list(),
    },
  },
  (_, { ratio, items, ...others }) => {
    const { word, count, loud, wait, day, at, size } = others;
    return lines({ word, count, ratio: ratio.toFixed(3), loud, wait, day, at, size, items: bar(items) });
  },
);

command(
  {
    name: "maybe",
    args: {
      name: arg.string().optional(),
      times: arg.int().default(2),
      ratio: arg.float().default(0.5),
      loud: arg.bool().default(false),
      size: size().default("small"),
      wait: arg.duration().default(90),
      tags: arg.list().optional(),
    },
  },
  (_, { name, times, ratio, loud, size, wait, tags }) =>
    lines({ name: orDash(name), times, ratio: ratio.toFixed(3), loud, size, wait, tags: bar(tags) }),
);

command({ name: "meet", args: { who: arg.user(), where: arg.conversation() } }, (_, { who, where }) =>
  lines({ who: `${who.displayName} ${who.id} bot=${who.bot}`, where: `${where.name} ${where.id} ${where.kind}` }),
);

const team = command({ name: "team", args: { label: arg.string() }, default: "members" });
team.command(
  { name: "add", summary: "Adds somebody", args: { name: arg.string(), count: arg.int().default(1) } },
  (_, { label, name, count }) => `team ${label}: add ${name} ${count}`,
);
team.command({ name: "members", aliases: ["ls"] }, (_, { label }) => `team ${label}: members`);

command({ name: "raw", args: { text: arg.rest().optional() } }, (ctx) => lines({ rest: orDash(ctx.rest), tokens: bar(ctx.tokens) }));

command({ name: "context" }, (ctx) =>
  lines({
    command: ctx.command,
    locale: ctx.locale,
    timezone: ctx.timezone,
    attempt: ctx.attempt,
    time: ctx.time,
    id: ctx.id !== "",
    service: ctx.place.service,
    kind: ctx.place.kind,
  }),
);

const mention = (one: Mention) => {
  if (one.type === "link") return `link ${one.address} ${one.label}`;
  return one.type === "everyone" ? `everyone ${one.what}` : `${one.type} ${one.id}`;
};
const file = ({ name, mime, size }: File) => `${name} ${mime} ${size}`;

command({ name: "message", args: { text: arg.rest().optional() } }, ({ message }) =>
  lines({
    text: message.text,
    raw: message.raw,
    mentions: orDash(message.mentions.map(mention).join(", ")),
    files: orDash(message.files.map(file).join(", ")),
    thread: message.ref.place.thread !== undefined,
    edited: message.edited,
    author: `${message.author.displayName} ${message.author.id} bot=${message.author.bot}`,
    time: message.time,
  }),
);

command({ name: "nothing" }, () => {});
command({ name: "plain", args: { text: arg.rest() } }, (_, { text }) => plain(text).replaceAll("\u2060", "|"));
command({ name: "secret", restricted: true }, () => "opened");
command({ name: "deploy", confirm: "self", args: { target: arg.string() } }, (_, { target }) => `deployed ${target}`);

// Patterns

command(
  { name: "teach", args: { kind: arg.choice("keyword", "regex", "here", "nowhere", "taken"), text: arg.rest() } },
  (ctx, { kind, text }) => {
    const none: Scope[] = [];
    const teach = {
      keyword: () => triggers.hear("word", text),
      regex: () => triggers.hear("pattern", { regex: text }, { scopes: ["ambient"] }),
      here: () => triggers.hear("here", text, { conversation: ctx.place.conversation }),
      nowhere: () => triggers.hear("nowhere", text, { scopes: none }),
      taken: () => triggers.hear("order", text),
    };
    return refusal(() => {
      teach[kind]();
      return "taught";
    });
  },
);
command({ name: "forget", args: { id: arg.string() } }, (_, { id }) => refusal(() => `${triggers.forget(id)}`));

const heard = (ctx: Context) => `heard ${ctx.pattern}: ${ctx.captures.map((group) => group ?? "-").join("|")}`;
hear({ id: "order", pattern: "^order (\\d+)( please)?$", scopes: ["ambient"] }, heard);
hear({ id: "thumb", pattern: "good job" }, (ctx) => ctx.react("👍"));
hear(heard);
job({ id: "loaded", on: "load" }, () => triggers.hear("loaded", "just loaded"));

// The brain

const scopes: Record<string, (ctx: Context) => Brain> = {
  plugin: (ctx) => ctx.brain,
  conversation: (ctx) => ctx.conversationBrain,
  user: (ctx) => ctx.userBrain,
  shared: () => brain.shared,
};
const texts = (all: (string | undefined)[]) => all.map(orDash).join(" ");

command({ name: "brain", args: { scope: arg.choice("plugin", "conversation", "user", "shared") } }, (ctx, { scope }) =>
  refusal(() => {
    const memory = scopes[scope]!(ctx);
    const said: Record<string, unknown> = {};
    said.get = orDash(memory.getText("nothing"));
    memory.setText("a", "one");
    said.set = `${memory.getText("a")} ${orDash(expiry(memory, "a"))}`;
    memory.setText("t", "two", { ttl: 60 });
    said.ttl = `${memory.getText("t")} ${expiry(memory, "t") !== undefined}`;
    said.delete = `${memory.delete("a")} ${memory.delete("a")}`;
    said.increment = `${memory.increment("n", 5)} ${memory.increment("n", -7)} ${memory.getText("n")}`;
    memory.setText("w", "word");
    said.word = outcome(() => memory.increment("w"));
    let first: string | undefined;
    const swaps = [
      outcome(() => (first = memory.compareAndSwapText("c", "1", undefined))),
      outcome(() => memory.compareAndSwapText("c", "3", undefined)),
      outcome(() => memory.compareAndSwapText("c", "2", first)),
    ];
    said.cas = `${swaps.join(" ")} ${memory.getText("c")}`;
    const many = outcome(() => memory.setManyTexts({ m1: "x", m2: "y", m3: "z" }));
    said.many = `${many} ${texts(memory.getManyTexts(["m1", "m0", "m3"]))}`;
    said.twice = outcome(() => memory.setManyTexts([["d", "1"], ["d", "2"]]));
    const page = memory.keyPage("m", { limit: 2 });
    said.pages = `${page.keys.join(" ")} ${page.next !== undefined}`;
    const more = memory.keyPage("m", { limit: 2, cursor: page.next });
    said.more = `${more.keys.join(" ")} ${more.next !== undefined}`;
    said.all = [...memory.keys()].join(" ");
    return lines(said);
  }),
);

/** The value may be no JSON: only the rest of the entry is of interest. */
const expiry = (memory: Brain, key: string) => memory.info(key)?.expires;

command({ name: "peek", args: { key: arg.string() } }, (_, { key }) => refusal(() => orDash(brain.getText(key))));

command({ name: "number", args: { n: arg.bigint() } }, (_, { n }) =>
  refusal(() => {
    brain.delete("number");
    const sum = brain.increment("number", n);
    return lines({ argument: n, brain: sum, stored: brain.getText("number") });
  }),
);

command({ name: "bytes" }, () => {
  const all = Uint8Array.from({ length: 256 }, (_, at) => at);
  brain.setBytes("bytes", all);
  const back = brain.getBytes("bytes");
  return `${back?.length} bytes, same ${same(back, all)}`;
});

command({ name: "big" }, (ctx) =>
  refusal(() => {
    const text = "가나다🙂".repeat(15_000);
    const bytes = new TextEncoder().encode(text);
    brain.setText("big", text);
    const kept = brain.getText("big") === text;
    const back = chat.download(chat.upload(ctx, "big.txt", bytes));
    return `${bytes.length} bytes, ${[...text].length} characters, brain ${kept}, file ${same(back, bytes)}`;
  }),
);
