// Text that somebody else wrote, inside the markup of a message; and bytes as text.

const joiner = "\u2060";

/** Foreign text: what would be markup or a mention in it is shown as it stands. */
export const plain = (words) => String(words).replace(/[*_~`[{]/g, `$&${joiner}`);

/** How many columns a text takes where letters are of one width. */
export const width = (words) => {
  let sum = 0;
  for (const letter of String(words)) sum += columns(letter.codePointAt(0));
  return sum;
};

const within = (code, ranges) => ranges.some(([from, to = from]) => code >= from && code <= to);
/** Marks that combine, joiners, and the vowels and finals of decomposed Hangul. */
const none = [[0x300, 0x36f], [0x1160, 0x11ff], [0x200b, 0x200f], [0x2060], [0xfe00, 0xfe0f]];
/** Hangul, Chinese and Japanese letters, full-width forms, and what is shown as an emoji. */
const two = [
  [0x1100, 0x115f], [0x231a, 0x231b], [0x23e9, 0x23ec], [0x23f0], [0x23f3], [0x2614, 0x2615], [0x26a1], [0x26bd, 0x26be], [0x26d4],
  [0x2705], [0x270a, 0x270b], [0x2728], [0x274c], [0x274e], [0x2753, 0x2755], [0x2757], [0x2795, 0x2797], [0x2b50], [0x2b55],
  [0x2e80, 0x303e], [0x3041, 0xa4cf], [0xa960, 0xa97c], [0xac00, 0xd7a3], [0xf900, 0xfaff], [0xfe30, 0xfe6f], [0xff01, 0xff60],
  [0xffe0, 0xffe6], [0x1f300, 0x1f64f], [0x1f680, 0x1f6ff], [0x1f900, 0x1f9ff], [0x1fa70, 0x1faff], [0x20000, 0x3fffd],
];
const columns = (code) => (code < 0x300 ? 1 : within(code, none) ? 0 : within(code, two) ? 2 : 1);

const number = /^(?:[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?|[+-]?(?:inf|infinity|nan))$/i;

/** A table in a code block. The first row is the heading; a column of numbers is aligned to the right. */
export const table = (rows) => {
  const cells = [...rows].map((row) => [...row].map((cell) => String(cell).trim().replace(/[\n\r\t]/g, " ").replaceAll("`", `\`${joiner}`)));
  const count = Math.max(0, ...cells.map((row) => row.length));
  const cell = (row, at) => row[at] ?? "";
  const shape = Array.from({ length: count }, (_, at) => {
    const below = cells.slice(1).map((row) => cell(row, at));
    const isNumber = (words) => words === "" || number.test(words.replaceAll(",", ""));
    return { wide: Math.max(0, ...cells.map((row) => width(cell(row, at)))), right: below.some(Boolean) && below.every(isNumber) };
  });
  const lines = cells.map((row) =>
    shape
      .map(({ wide, right }, at) => {
        const gap = " ".repeat(wide - width(cell(row, at)));
        return right ? gap + cell(row, at) : cell(row, at) + gap;
      })
      .join(" ")
      .trimEnd(),
  );
  if (lines.length) lines.splice(1, 0, shape.map(({ wide }) => "-".repeat(wide)).join(" "));
  return ["```", ...lines, "```"].join("\n");
};

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/** Bytes in base 64 and back; the form for addresses (`-_`, without `=`) is read too. */
export const base64 = {
  encode: (bytes) => {
    let words = "";
    for (let at = 0; at < bytes.length; at += 3) {
      const [a, b, c] = [bytes[at], bytes[at + 1], bytes[at + 2]];
      words += letters[a >> 2] + letters[((a & 3) << 4) | ((b ?? 0) >> 4)];
      words += b === undefined ? "==" : letters[((b & 15) << 2) | ((c ?? 0) >> 6)] + (c === undefined ? "=" : letters[c & 63]);
    }
    return words;
  },
  decode: (words) => {
    const digits = [...words.replace(/[\s=]/g, "")].map((letter) => letters.indexOf({ "-": "+", _: "/" }[letter] ?? letter));
    if (digits.includes(-1) || digits.length % 4 === 1) throw new TypeError("this is not base 64");
    const bytes = new Uint8Array(Math.floor((digits.length * 3) / 4));
    for (let at = 0; at < bytes.length; at++) {
      const from = Math.floor((at * 4) / 3);
      bytes[at] = at % 3 === 0 ? (digits[from] << 2) | (digits[from + 1] >> 4) : at % 3 === 1 ? (digits[from] << 4) | (digits[from + 1] >> 2) : (digits[from] << 6) | digits[from + 1];
    }
    return bytes;
  },
};
