// What the language promises and the engine lacks, or keeps frozen. It comes before everything else in a bundle.
//
// A component is a snapshot: whatever an engine drew by chance or looked up while the snapshot was made would be the
// same in every call. And a call has no event loop: promises are kept by hand here, and `run` of calls.js works them off.

import { host } from "./host.js";
import { inspect } from "./inspect.js";
import { SettledLater, later } from "./promise.js";
import { Utf8Decoder, Utf8Encoder } from "./utf8.js";
import { Address, AddressQuery } from "./url.js";

const put = (name, value) =>
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
const lend = (name, value) => name in globalThis || put(name, value);

put("Promise", SettledLater);
put("queueMicrotask", (job) => later(job));
lend("TextEncoder", Utf8Encoder);
lend("TextDecoder", Utf8Decoder);
lend("URL", Address);
lend("URLSearchParams", AddressQuery);
lend("structuredClone", (value) => copy(value, new Map()));

const line = (level) => (...words) => host.log(level, inspect(...words));
const console = { log: line("info"), info: line("info"), debug: line("debug"), trace: line("trace"), warn: line("warn"), error: line("error") };
console.assert = (holds, ...words) => holds || console.error("assertion failed:", ...words);
console.table = console.dir = console.log;
console.group = console.groupEnd = console.time = console.timeEnd = console.count = () => {};
put("console", console);

// xoshiro128**, sown anew for each call. Good for games, not for secrets: those take crypto.getRandomValues.
let [a, b, c, d] = [1, 2, 3, 4];
const turn = (word, by) => (word << by) | (word >>> (32 - by));
const word = () => {
  const drawn = Math.imul(turn(Math.imul(b, 5), 7), 9) >>> 0;
  const mixed = b << 9;
  c ^= a;
  d ^= b;
  b ^= c;
  a ^= d;
  c ^= mixed;
  d = turn(d, 11);
  return drawn;
};
Math.random = () => (word() * 0x200000 + (word() >>> 11)) / 2 ** 53;

let sown = true;
/** Chance is drawn anew: the next use of it asks the host. */
export const sow = () => {
  sown = false;
  const random = Math.random;
  Math.random = () => {
    if (!sown) {
      sown = true;
      [a, b, c, d] = new Int32Array(host.random(16).slice().buffer);
      d |= 1;
    }
    Math.random = random;
    return random();
  };
};

const most = 65_536;
lend("crypto", {
  getRandomValues(into) {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    for (let at = 0; at < bytes.length; at += most) {
      bytes.set(host.random(Math.min(most, bytes.length - at)), at);
    }
    return into;
  },
  randomUUID() {
    const bytes = host.random(16).slice();
    bytes[6] = (bytes[6] & 15) | 64;
    bytes[8] = (bytes[8] & 63) | 128;
    const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
  },
});

function copy(value, seen) {
  if (typeof value === "function" || typeof value === "symbol") throw new TypeError(`a ${typeof value} cannot be copied`);
  if (value === null || typeof value !== "object") return value;
  if (seen.has(value)) return seen.get(value);
  const keep = (made) => (seen.set(value, made), made);
  if (value instanceof Date) return keep(new Date(value));
  if (value instanceof RegExp) return keep(new RegExp(value));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (ArrayBuffer.isView(value)) return keep(value.slice ? value.slice() : new DataView(value.buffer.slice(0), value.byteOffset, value.byteLength));
  if (value instanceof Map) {
    const made = keep(new Map());
    for (const [key, item] of value) made.set(copy(key, seen), copy(item, seen));
    return made;
  }
  if (value instanceof Set) {
    const made = keep(new Set());
    for (const item of value) made.add(copy(item, seen));
    return made;
  }
  if (value instanceof Error) {
    const made = keep(new value.constructor(value.message));
    made.stack = value.stack;
    return made;
  }
  const made = keep(Array.isArray(value) ? [] : {});
  for (const key of Object.keys(value)) made[key] = copy(value[key], seen);
  return made;
}
