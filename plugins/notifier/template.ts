// Texts with holes: `{date}`, `{value.NAME}`, `{pull_request.title}`, `{commits.*.message}`, and the conditions of hooks.

import { brain, plain, system } from "moa";

/** What stands at `commits.0.id`; with `*` what stands there in each item, a line for each. */
export function find(from: unknown, path: string): unknown {
  const [key, ...rest] = path.split(".");
  if (key === "*") {
    if (!Array.isArray(from)) return undefined;
    return rest.length ? from.map((item) => find(item, rest.join("."))) : from;
  }
  const value = from !== null && typeof from === "object" && Object.hasOwn(from, key) ? (from as Record<string, unknown>)[key] : undefined;
  return rest.length ? find(value, rest.join(".")) : value;
}

const SHORTENED: Record<string, (text: string) => string> = {
  branch: (text) => text.replace(/^refs\/(heads|tags)\//, ""),
  short: (text) => text.slice(0, 7),
  line: (text) => text.split("\n", 1)[0],
};

function shown(value: unknown, how?: string): string {
  if (how === "count") return String(Array.isArray(value) ? value.length : value === undefined ? 0 : 1);
  if (Array.isArray(value)) return value.map((item) => `• ${shown(item, how)}`).join("\n");
  if (value === undefined || value === null) return "";
  const text = typeof value === "object" ? JSON.stringify(value) : String(value);
  return how && how in SHORTENED ? SHORTENED[how](text) : text;
}

/** Fills the holes of a text; what is filled in is plain, so that nobody outside can call people. */
export function fill(text: string, values: unknown, isMarkup = true): string {
  return text.replace(/\{([^\s{}|@#][^\s{}|]*)(?:\|(\w+))?\}/g, (_, path: string, how?: string) => {
    const value = path.startsWith("value.") ? brain.get(`value/${path.slice(6)}`) : find(values, path);
    const said = shown(value, how);
    return isMarkup ? plain(said) : said;
  });
}

/** A text that somebody wrote in chat, as a template: its markup counts, but it calls nobody. */
export const harmless = (text: string): string => text.replace(/\{(?=[@#])/g, (brace) => plain(brace));

const DAYS = { ko: "일월화수목금토", en: ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"] };

/** What every notice may show: `{date}`, `{time}`, `{weekday}`, `{count}`. */
export function now(when: string, timezone: string, language: string, count: number): Record<string, unknown> {
  const local = system.local(when, timezone);
  const [date, time] = [local.slice(0, 10), local.slice(11, 16)];
  const day = new Date(`${date}T00:00:00Z`).getUTCDay();
  return { date, time, weekday: language === "ko" ? DAYS.ko[day] : DAYS.en[day], count };
}

/** Whether a payload is what a hook is about: `event = push`, `action != labeled`, `ref ~ ^refs/heads/`, `commits.0` (is there). */
export function fits(values: unknown, condition: string): boolean {
  const found = /^\s*([\w.-]+)\s*(?:(!=|=|!~|~)\s*(.*?)\s*)?$/.exec(condition);
  if (!found) throw new Error("no condition; write `event = push`, `ref ~ ^refs/heads/` or `commits.0`");
  const [, path, sign, wanted = ""] = found;
  const have = shown(find(values, path));
  if (!sign) return have !== "" && have !== "false";
  const is = sign.endsWith("~") ? new RegExp(wanted, "i").test(have) : have === wanted;
  return is !== sign.startsWith("!");
}
