// What a query found, as people see it: a table in a message, a file for a spreadsheet.

import { chat } from "./chat.js";
import { table } from "./text.js";

/** As few digits as tell a number from its neighbours, without an exponent. */
const digits = (number) => {
  if (Number.isNaN(number)) return "NaN";
  if (!Number.isFinite(number)) return number > 0 ? "inf" : "-inf";
  const sign = number < 0 || Object.is(number, -0) ? "-" : "";
  const [, whole, part = "", power = "0"] = /^(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(Math.abs(number)));
  const all = whole + part;
  const point = whole.length + Number(power);
  if (point <= 0) return `${sign}0.${"0".repeat(-point)}${all}`;
  return sign + all.slice(0, point).padEnd(point, "0") + (all.length > point ? `.${all.slice(point)}` : "");
};

/** NULL is nothing, bytes are hexadecimal digits. */
const shown = (value) => {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return digits(value);
  if (ArrayBuffer.isView(value)) return Array.from(value, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return String(value);
};

/** What a spreadsheet would run as a formula is a text by the quote before it. A sign before a number, or alone, is none. */
const disarmed = (words) => (/^[=+\-@\t\r\n＝＋－＠]/.test(words) && !/^[+-](\d+(\.\d+)?|inf)?$/.test(words) ? `'${words}` : words);

const quoted = (words) => (/[",\r\n]/.test(words) ? `"${words.replaceAll('"', '""')}"` : words);

/** The rows as objects by column, and all that is known of them besides. */
export const rows = (columns, bare, truncated) => {
  const found = bare.map((row) => Object.fromEntries(row.map((one, at) => [columns[at], one])));
  Object.assign(found, { columns, bare, truncated });
  const lines = () => [columns, ...bare.map((row) => row.map(shown))];
  const ways = {
    /** A table in a code block; `…` below it where there was more. */
    table: () => table([...lines(), ...(truncated ? [["…"]] : [])]),
    /** A CSV file (RFC 4180). */
    csv: ({ bom = false, disarm = true } = {}) => {
      const cell = (words) => quoted(disarm ? disarmed(words) : words);
      return (bom ? "\ufeff" : "") + lines().map((line) => `${line.map(cell).join(",")}\r\n`).join("");
    },
    /** Puts that file into a place, for a spreadsheet; its id. */
    sendCsv: (to, name, comment = "", { bom = true, disarm = true } = {}) => chat.upload(to, name, ways.csv({ bom, disarm }), comment),
  };
  // Not among what a loop over the array or a comparison of it sees.
  for (const [name, value] of Object.entries(ways)) Object.defineProperty(found, name, { value });
  return found;
};
