// What a test types as a command, read much as the host does: the simple forms of each type.

import { UsageError } from "../errors.js";

/** Words, with quotes undone, each with where it begins. */
export const split = (typed) =>
  [...typed.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map((found) => ({ text: (found[1] ?? found[2]).replace(/\\(.)/g, "$1"), at: found.index }));

/** What one word is for a type, or an error that says what it should be. */
const read = (spec, word, host) => {
  const wrong = (should) => {
    throw new UsageError(`${spec.name}: ${should}`);
  };
  switch (spec.type) {
    case "int": {
      if (!/^[+-]?\d+$/.test(word)) wrong("a whole number");
      const number = BigInt(word.replace("+", ""));
      if (number < BigInt(spec.min ?? number) || number > BigInt(spec.max ?? number)) wrong(`from ${spec.min ?? "…"} to ${spec.max ?? "…"}`);
      return { tag: "integer", val: number };
    }
    case "float": {
      const number = Number(word);
      if (!Number.isFinite(number) || word.trim() === "") wrong("a number");
      if (number < (spec.min ?? number) || number > (spec.max ?? number)) wrong(`from ${spec.min ?? "…"} to ${spec.max ?? "…"}`);
      return { tag: "number", val: number };
    }
    case "bool":
      if (!/^(true|yes|on|false|no|off)$/i.test(word)) wrong("yes or no");
      return { tag: "truth", val: /^(true|yes|on)$/i.test(word) };
    case "user":
      return { tag: "user", val: host.user(word.replace(/^@/, "")) };
    case "conversation":
      return { tag: "conversation", val: host.conversation(word.replace(/^#/, "")) };
    case "duration": {
      let sum = 0;
      const rest = word.replace(/(\d+)([dhms])/g, (_, count, unit) => ((sum += count * { d: 86400, h: 3600, m: 60, s: 1 }[unit]), ""));
      if (rest || !word) wrong('a length of time like "90s" or "1h30m"');
      return { tag: "seconds", val: sum };
    }
    case "date":
      return /^\d{4}-\d\d-\d\d$/.test(word) ? { tag: "date", val: word } : wrong('a date like "2026-11-21"');
    case "time":
      if (!/^\d\d?:\d\d(:\d\d)?$/.test(word)) wrong('a time of day like "09:50"');
      return { tag: "time", val: word.length < 6 ? `${word.padStart(5, "0")}:00` : word };
    case "choice": {
      const found = spec.choices.find((choice) => choice.toLowerCase() === word.toLowerCase());
      return found ? { tag: "text", val: found } : wrong(`one of ${spec.choices.join(", ")}`);
    }
    default:
      return { tag: "text", val: word };
  }
};

/** The arguments that stand at the beginning of `words`; takes them away. */
export const take = (specs, words, typed, host) => {
  const given = [];
  for (const spec of specs) {
    const { name, type } = spec;
    const rest = words[0] && typed.slice(words[0].at).trim();
    let value;
    if (words.length === 0) value = spec.default === undefined ? undefined : byDefault(spec, host);
    else if (type === "rest") value = { tag: "text", val: rest };
    else if (type === "list") value = { tag: "many", val: rest.split(/[\s,]+/).filter(Boolean) };
    else value = read(spec, words.shift().text, host);
    if (type === "rest" || type === "list") words.length = 0;
    if (value) given.push({ name, value });
    else if (!spec.optional) throw new UsageError(`${name} is missing`);
  }
  return given;
};

const byDefault = (spec, host) => (spec.type === "list" ? { tag: "many", val: spec.default } : read({ ...spec, min: undefined, max: undefined }, String(spec.default), host));
