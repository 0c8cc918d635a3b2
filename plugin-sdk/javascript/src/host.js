// The functions of the host, as both engines can call them safely.
//
// What crosses to the host is checked here: a wrong type there would end the call without a word about where. QuickJS
// takes 64-bit integers as numbers and unsigned ones as signed ones; SpiderMonkey takes BigInt, and so does the stand-in
// for tests.

import { hostError } from "./errors.js";

/** Set by the build; in a test there is none. */
export const engine = typeof MOA_ENGINE === "undefined" ? "native" : MOA_ENGINE;

let interfaces;
let isOpen = false;

/** The interfaces of the contract, once. */
export const bind = (all) => {
  interfaces = all;
};

/** Whether a call is going on: only then the host can be asked. */
export const open = (state) => {
  isOpen = state;
};

/** Asks the host; what it refuses is thrown as a `HostError`. */
export const ask = (name, call, ...words) => {
  if (!isOpen) {
    const where = engine === "native" ? "by `host.within(…)`, or from a command that `host.run` runs" : "in a command or another function that the host calls";
    throw new Error(`${name}.${call} can be asked only ${where}: at the top of a file there is no host yet`);
  }
  try {
    return interfaces[name][call](...words);
  } catch (error) {
    throw hostError(error);
  }
};

/** Text without halves of surrogate pairs, which the contract has no form for. */
export const text = (value, what = "text") => {
  if (typeof value === "string") return value.toWellFormed();
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  throw new TypeError(`${what} must be text, not ${describe(value)}`);
};

export const optional = (value, as, what) => (value === undefined || value === null ? undefined : as(value, what));

/** An unsigned integer of 32 bits. */
export const u32 = (value, what = "the number") => {
  const number = Number(value);
  if (!Number.isInteger(number) || number < 0 || number > 0xffffffff) {
    throw new RangeError(`${what} must be a whole number from 0 to 4294967295, not ${String(value)}`);
  }
  return engine === "quickjs" ? number | 0 : number;
};

const least = -(2n ** 63n);
const greatest = 2n ** 63n - 1n;

/** Whether it can cross to the host as it is: QuickJS loses digits beyond 2^53, SpiderMonkey's glue falls over a sign. */
export const canCross = (integer) => (engine === "quickjs" ? BigInt(Number(integer)) === integer : engine !== "spidermonkey" || integer >= 0n);

/** A signed integer of 64 bits, of a number or BigInt that `canCross`. */
export const s64 = (value, what = "the number") => {
  if (typeof value === "number" && !Number.isSafeInteger(value)) {
    throw new RangeError(`${what} must be a whole number within 2^53, or a BigInt, not ${value}`);
  }
  const integer = BigInt(value);
  if (integer < least || integer > greatest) throw new RangeError(`${what} is beyond 64 bits: ${integer}`);
  return engine === "quickjs" ? Number(integer) : integer;
};

/** What came as such: BigInt with its sign, or QuickJS's number. */
export const signed = (value) => (typeof value === "bigint" ? BigInt.asIntN(64, value) : value);

export const isWide = (integer) => integer >= least && integer <= greatest;

/** Bytes of whatever holds some. */
export const bytes = (value, what = "the data") => {
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer) return new Uint8Array(value);
  if (Array.isArray(value)) return Uint8Array.from(value);
  throw new TypeError(`${what} must be bytes (Uint8Array), not ${describe(value)}`);
};

/** What a value is, for an error. */
export const describe = (value) => {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? `an object (${value.constructor?.name ?? "without a class"})` : `a ${typeof value}`;
};

/** What the prelude needs before anything else is there. Outside a call nobody listens. */
export const host = {
  log: (level, line) => isOpen && interfaces.system.log(level, String(line).toWellFormed()),
  random: (length) => ask("system", "random", u32(length)),
};
