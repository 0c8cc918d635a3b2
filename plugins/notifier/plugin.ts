// Notices at set times, and of what other systems tell: to conversations and incoming webhooks.

import {
  arg, brain, command, config, type Context, InvalidError, job, plain, plugin, RejectedError, schedule, scheduled,
  setting, system, table, UsageError, webhook, type WebhookRequest,
} from "moa";
import { type Hook, usual } from "./hooks.ts";
import { allMade, code, COLOR, ConfigError, content, isPaused, line, list, made, type Notice, read, send } from "./notices.ts";
import { fits, harmless, now } from "./template.ts";
import { say } from "./texts.ts";

plugin({
  summary: { ko: "정한 시각과 바깥 소식을 알립니다", en: "Notices at set times, and of what other systems tell" },
  // Where notices go is chosen in chat, too.
  requests: { schedule: true, conversations: ["*"] },
});

const settings = config({
  notices: setting.table().default({}),
  hooks: setting.table().default({}),
  repository: setting.list().default([]).summary({ ko: "저장소 소식이 가는 곳", en: "where a repository's news go" }),
  monitoring: setting.list().default([]).summary({ ko: "경보가 가는 곳", en: "where alarms go" }),
});

// At set times

const TIMES = ["at", "except", "missed", "jitter"];

job({ id: "notice:*", cron: "config:notices.*.at" }, (ctx, run) => due(ctx, run.rest, run.due));
scheduled("made:*", (ctx, run) => due(ctx, run.rest, run.due));

function due(ctx: Context, name: string, when: string) {
  const notice = find(name);
  if (!notice || isPaused(name)) return;
  const count = brain.increment(`sent/${name}`);
  send(notice, now(when, notice.timezone ?? ctx.timezone, ctx.language, count));
}

/** A notice by its name: of the configuration, or made in chat. */
function find(name: string): Notice | undefined {
  const written = settings().notices;
  if (!Object.hasOwn(written, name)) return made(name);
  return { ...read(`notices.${name}`, written[name], TIMES), at: String((written[name] as any).at) };
}

/** What can be read of the tables of the configuration; what is wrong in the others is put to `wrong`. */
function readable<T>(tables: Record<string, unknown>, look: (key: string) => T, wrong: string[]): Record<string, T> {
  const all: Record<string, T> = {};
  for (const key of Object.keys(tables)) {
    try {
      all[key] = look(key);
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error;
      wrong.push(error.message);
    }
  }
  return all;
}

/** The same, or the reason why there is none. */
function known(ctx: Context, name: string): Notice {
  const notice = explained(() => find(name));
  if (!notice) throw new RejectedError(say(ctx.language, "unknown", { name: plain(name) }));
  return notice;
}

/** One that may be changed in chat. */
function changeable(ctx: Context, name: string): Notice {
  const notice = known(ctx, name);
  if (!notice.by) throw new RejectedError(say(ctx.language, "kept", { name: plain(name) }));
  return notice;
}

/** What is wrong in the configuration is for people to read. */
function explained<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    throw error instanceof ConfigError ? new RejectedError(error.message) : error;
  }
}

// In chat

const name = arg.string().summary({ ko: "알림의 이름", en: "the notice's name" });

const notices = command({
  name: "알림",
  aliases: ["notify"],
  default: "목록",
  summary: { ko: "정한 시각에 알립니다", en: "Notices at set times" },
  help: {
    ko: "내용에는 `{date}`, `{time}`, `{weekday}`, `{count}`와, `!알림 값`으로 정한 `{value.이름}`을 쓸 수 있습니다.",
    en: "A text may have `{date}`, `{time}`, `{weekday}`, `{count}`, and `{value.NAME}` as `!notify value` set it.",
  },
});

notices.command(
  {
    name: "추가",
    aliases: ["add"],
    summary: { ko: "이 대화방에 알릴 것을 만듭니다", en: "Makes a notice for this conversation" },
    examples: ['!알림 추가 보고 "평일 19:05" 업무보고 보내셨나요?', '!notify add report "weekdays 19:05" Did you report?'],
    args: { name, at: arg.string().summary({ ko: "규칙이나 cron", en: "a rule or cron" }), text: arg.rest() },
  },
  (ctx, args) => {
    if (!args.name.trim()) throw new UsageError(say(ctx.language, "nameless"));
    // Six fields of cron begin with the seconds.
    if (/^[\d*][\d*,/-]*(\s+\S+){5}$/.test(args.at.trim())) throw new UsageError(say(ctx.language, "often"));
    if (explained(() => find(args.name))) throw new RejectedError(say(ctx.language, "taken", { name: plain(args.name) }));
    try {
      schedule.every(`made:${args.name}`, args.at, { timezone: ctx.timezone });
    } catch (error) {
      if (error instanceof InvalidError) throw new UsageError(say(ctx.language, "when", { at: plain(args.at) }));
      throw error;
    }
    const notice: Notice = { to: [ctx.place.conversation], text: harmless(args.text), at: args.at, timezone: ctx.timezone, by: ctx.who.id };
    brain.set(`notice/${args.name}`, notice);
    const next = schedule.list().find((one) => one.name === `made:${args.name}`)?.next;
    const local = next ? system.local(next, ctx.timezone).slice(0, 16).replace("T", " ") : "-";
    return say(ctx.language, "added", { name: plain(args.name), at: plain(args.at), next: local });
  },
);

notices.command(
  { name: "목록", aliases: ["list"], summary: { ko: "모든 알림", en: "All notices" } },
  (ctx) => {
    const { notices, hooks } = settings();
    const wrong: string[] = [];
    const all = { ...readable(notices, (name) => find(name)!, wrong), ...allMade() };
    readable(hooks, written, wrong);
    const marks = { paused: say(ctx.language, "resting"), kept: say(ctx.language, "configured") };
    const rows = Object.entries(all).map(([name, notice]) => line(name, notice, marks));
    const shown = rows.length ? table([say(ctx.language, "columns").split("\t"), ...rows]) : say(ctx.language, "none");
    return [shown, ...wrong.map((error) => `⚠️ ${error}`)].join("\n");
  },
);

notices.command(
  { name: "멈춤", aliases: ["pause"], summary: { ko: "알림을 멈춥니다", en: "Lets a notice rest" }, args: { name } },
  (ctx, args) => {
    known(ctx, args.name);
    brain.set(`paused/${args.name}`, true);
    return say(ctx.language, "paused", { name: plain(args.name) });
  },
);

notices.command(
  { name: "다시", aliases: ["resume"], summary: { ko: "멈춘 알림을 다시 합니다", en: "Lets it go on" }, args: { name } },
  (ctx, args) => {
    known(ctx, args.name);
    brain.delete(`paused/${args.name}`);
    return say(ctx.language, "resumed", { name: plain(args.name) });
  },
);

notices.command(
  { name: "삭제", aliases: ["delete"], summary: { ko: "알림을 지웁니다", en: "Deletes a notice" }, args: { name } },
  (ctx, args) => {
    changeable(ctx, args.name);
    schedule.cancel(`made:${args.name}`);
    for (const kept of ["notice", "paused", "sent"]) brain.delete(`${kept}/${args.name}`);
    return say(ctx.language, "deleted", { name: plain(args.name) });
  },
);

notices.command(
  { name: "시험", aliases: ["test"], summary: { ko: "여기에서 미리 봅니다", en: "Shows it here" }, args: { name } },
  (ctx, args) => {
    const notice = known(ctx, args.name);
    const count = (brain.get<number>(`sent/${args.name}`) ?? 0) + 1;
    return content(notice, now(ctx.time, notice.timezone ?? ctx.timezone, ctx.language, count));
  },
);

const PARTS: Record<string, keyof Notice> = {
  색: "color", color: "color", 제목: "title", title: "title", 링크: "link", link: "link", 본문: "body", body: "body",
  머리말: "pretext", pretext: "pretext", 그림: "image", image: "image", 꼬리말: "footer", footer: "footer",
};

/** What the parts are called in a language. */
const parts = (language: string) => Object.keys(PARTS).filter((key) => /^\w/.test(key) === (language !== "ko")).join(", ");

notices.command(
  {
    name: "카드",
    aliases: ["card"],
    summary: { ko: "알림을 카드로 꾸밉니다", en: "Makes a card of a notice" },
    help: {
      ko: "`색=#00FFFF 제목=업무보고; [알림]: 작성해 주세요`처럼 `;`로 나누어 적습니다. `=`는 카드의 부분, `:`은 칸입니다.",
      en: "Parts with `;` between: `color=#00FFFF; title=Report; Where: here`. `=` is a part of the card, `:` a field.",
    },
    args: { name, parts: arg.rest() },
  },
  (ctx, args) => {
    const notice: Notice = { ...changeable(ctx, args.name), fields: [] };
    for (const part of args.parts.split(";").map((part) => part.trim()).filter(Boolean)) {
      const [, key, sign, value] = /^(.*?)\s*([=:])\s*(.*)$/s.exec(part) ?? [undefined, part, "=", ""];
      if (sign === ":") notice.fields!.push(`${harmless(key)} = ${harmless(value)}`);
      else if (Object.hasOwn(PARTS, key)) (notice[PARTS[key]] as string) = harmless(value);
      else throw new RejectedError(say(ctx.language, "key", { key: plain(key), keys: parts(ctx.language) }));
    }
    if (notice.color && !COLOR.test(notice.color)) throw new RejectedError(say(ctx.language, "color", { color: plain(notice.color) }));
    brain.set(`notice/${args.name}`, notice);
    return say(ctx.language, "card", { name: plain(args.name) });
  },
);

notices.command(
  { name: "값", aliases: ["value"], summary: { ko: "내용에 쓸 값을 정합니다", en: "Sets a value for texts" }, args: { name: arg.string(), text: arg.rest() } },
  (ctx, args) => {
    brain.set(`value/${args.name}`, args.text);
    return say(ctx.language, "value", { name: plain(args.name), text: plain(args.text) });
  },
);

// From outside

webhook({ name: "repository", verify: "hmac-sha256" }, (ctx, request) => heard(ctx, request));
webhook({ name: "monitoring", verify: "bearer" }, (ctx, request) => heard(ctx, request));

function heard(ctx: Context, request: WebhookRequest) {
  const header = request.headers.find(([name]) => /^x-(github|gitea|gitlab)-event$/.test(name));
  let payload: unknown;
  try {
    payload = JSON.parse(new TextDecoder().decode(request.body));
  } catch {
    return { status: 400, body: "the body is no JSON" };
  }
  const values = { ...now(ctx.time, ctx.timezone, ctx.language, 1), event: header?.[1] ?? "", ...(payload as object) };
  const fitting = hooks(ctx, request.name).filter((hook) => hook.when.every((condition) => fits(values, condition)));
  return { json: { sent: fitting.reduce((sent, hook) => sent + send(hook, values), 0) } };
}

/** The hooks of a webhook: those of the configuration, otherwise the usual ones. */
function hooks(ctx: Context, from: string): Hook[] {
  const wrong: string[] = [];
  const own = Object.values(readable(settings().hooks, written, wrong)).filter((hook) => hook.from === from);
  // One that is wrong is no reason not to tell the others.
  wrong.forEach((error) => console.warn(error));
  const to = from === "repository" ? settings().repository : settings().monitoring;
  return [...own, ...(to.length ? usual(ctx.language, from, to) : [])];
}

/** A hook of the configuration. */
function written(key: string): Hook {
  const at = `hooks.${key}`;
  const table = settings().hooks[key] as { from?: unknown; when?: unknown };
  const notice = read(at, table, ["from", "when"]);
  const { from, when = [] } = table;
  if (from !== "repository" && from !== "monitoring") throw new ConfigError(`${at}.from`, 'must be `"repository"` or `"monitoring"`');
  const hook: Hook = { ...notice, from, when: Array.isArray(when) && !when.length ? [] : list(`${at}.when`, when) };
  for (const condition of hook.when) {
    try {
      fits({}, condition);
    } catch (error) {
      throw new ConfigError(`${at}.when`, `${code(condition)}: ${(error as Error).message}`);
    }
  }
  return hook;
}
