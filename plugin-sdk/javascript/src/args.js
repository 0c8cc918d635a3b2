// What people type behind a command, and what operators write into the configuration: specifications and values.

import { isWide, signed } from "./host.js";
import { UsageError } from "./errors.js";

/** A specification. Each function answers another one, so that they can be shared. */
class Spec {
  constructor(type, read, more = {}) {
    this.spec = { type, ...more };
    this.read = read;
  }

  #with(more) {
    const made = new Spec(this.spec.type, this.read, { ...this.spec, ...more });
    made.write = this.write;
    return made;
  }

  optional() {
    return this.#with({ optional: true });
  }

  default(value) {
    return this.#with({ default: value });
  }

  summary(text) {
    return this.#with({ summary: text });
  }

  min(value) {
    return this.#with({ min: value });
  }

  max(value) {
    return this.#with({ max: value });
  }
}

const same = ({ val }) => val;

/** A number that is one: what was typed may be beyond what JavaScript's numbers hold exactly. */
const narrow = ({ val }, name) => {
  const number = Number(signed(val));
  if (!Number.isSafeInteger(number)) throw new UsageError(`${name}: |n| ≤ 9007199254740991`);
  return number;
};

/** QuickJS gets numbers; the digits of a large one are still among what was typed. */
const wide = ({ val }, name, tokens) => {
  if (typeof val === "bigint" || Number.isSafeInteger(val)) return BigInt(signed(val));
  for (const token of tokens) {
    const digits = /^([+-]?)(\d+)$/.exec(token.replace(/[,_]/g, ""));
    const integer = digits && BigInt(digits[2]) * (digits[1] === "-" ? -1n : 1n);
    if (integer !== null && isWide(integer) && Number(integer) === val) return integer;
  }
  throw new UsageError(`${name}: |n| ≤ 9007199254740991`);
};

/** Seconds of `90s`, `1h30m`, `1시간 30분`; a number is seconds already. */
const seconds = (text) => {
  if (typeof text === "number") return text;
  const units = { d: 86_400, 일: 86_400, h: 3_600, 시간: 3_600, m: 60, 분: 60, s: 1, 초: 1 };
  let sum = 0;
  const rest = text.replace(/(\d+)\s*(시간|[dhms일분초])\s*/g, (_, count, unit) => {
    sum += count * units[unit];
    return "";
  });
  if (rest.trim() !== "" || text.trim() === "") throw new Error(`\`${text}\` is no length of time like "90s" or "1h30m"`);
  return sum;
};

const clock = (text) => (/^\d\d?:\d\d$/.test(text) ? `${text.padStart(5, "0")}:00` : text);

const one = (...choices) => new Spec("choice", same, { choices: choices.flat() });

/** The types of arguments: `arg.string()`, `arg.int().min(1).default(3)`, … */
export const arg = {
  string: () => new Spec("string", same),
  int: () => new Spec("int", narrow),
  bigint: () => new Spec("int", wide),
  float: () => new Spec("float", same),
  bool: () => new Spec("bool", same),
  user: () => new Spec("user", same),
  conversation: () => new Spec("conversation", same),
  duration: () => new Spec("duration", ({ val }) => val),
  date: () => new Spec("date", same),
  time: () => new Spec("time", ({ val }) => clock(val)),
  choice: one,
  list: () => new Spec("list", ({ val }) => [...val]),
  rest: () => new Spec("rest", same),
};

/** The types of settings: those of arguments but `rest`, and a table of anything. */
export const setting = (() => {
  const of = (type, write = (value) => value) => (...words) => {
    const made = type === "choice" ? one(...words) : new Spec(type, same);
    made.write = write;
    return made;
  };
  return {
    string: of("string"),
    int: of("int"),
    float: of("float"),
    bool: of("bool"),
    user: of("user"),
    conversation: of("conversation"),
    duration: of("duration", seconds),
    date: of("date"),
    time: of("time", clock),
    choice: of("choice"),
    list: of("list"),
    table: of("table"),
  };
})();

/** A default as the manifest has it. */
const plain = ({ type, default: value, ...more }) => {
  if (value === undefined) return { type, ...more };
  const written =
    typeof value === "bigint" ? (Number.isSafeInteger(Number(value)) ? Number(value) : bare(value)) : type === "duration" && typeof value === "number" ? `${value}s` : value;
  return { type, ...more, default: written };
};

/** A large integer has no form in JSON.stringify but this one, where the engine has it. */
const bare = (integer) => (JSON.rawJSON ? JSON.rawJSON(String(integer)) : fail(`the default ${integer} is beyond 2^53`));

const fail = (text) => {
  throw new RangeError(text);
};

/** For the manifest, in order. */
export const specs = (args = {}) =>
  Object.entries(args).map(([name, made]) => {
    if (!(made instanceof Spec)) throw new TypeError(`the argument \`${name}\` must be made with \`arg\`: arg.string(), arg.int(), …`);
    return { name, ...plain(made.spec) };
  });

/** For the manifest, by key. */
export const settings = (keys = {}) => Object.fromEntries(specs(keys).map(({ name, ...spec }) => [name, spec]));

/** The values of a call by name; what was not given is not there. */
export const values = (args = {}, given, tokens) => {
  const found = {};
  for (const { name, value } of given) {
    const made = Object.hasOwn(args, name) ? args[name] : undefined;
    if (made) found[name] = made.read(value, name, tokens);
  }
  return found;
};

/** The operator's table, by the settings' types. */
export const configured = (keys, table) => {
  const found = { ...table };
  for (const [name, made] of Object.entries(keys)) {
    const written = table[name] ?? made.spec.default;
    if (written !== undefined && written !== null) found[name] = made.write ? made.write(written) : written;
  }
  return found;
};

