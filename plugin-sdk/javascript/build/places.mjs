// Which line of which source each place of the bundle comes from: small enough to be put into every component. The form is
// told in src/trace.js.

import { relative, resolve } from "node:path";

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

const numbers = (text) => {
  const all = [];
  let [value, shift] = [0, 0];
  for (const letter of text) {
    const digit = letters.indexOf(letter);
    value += (digit & 31) << shift;
    shift += 5;
    if (digit < 32) {
      all.push(value & 1 ? -(value >> 1) : value >> 1);
      [value, shift] = [0, 0];
    }
  }
  return all;
};

const text = (number) => {
  let rest = number < 0 ? (-number << 1) | 1 : number << 1;
  let word = "";
  do {
    const digit = rest & 31;
    rest >>>= 5;
    word += letters[rest > 0 ? digit | 32 : digit];
  } while (rest > 0);
  return word;
};

/** Of a source map: the author's sources and packages alone, a new entry only where the line is another one. */
export const tableOf = (map, folder, project, sdk) => {
  const sources = [];
  const index = map.sources.map((source) => {
    const file = resolve(folder, source);
    if (file.startsWith(sdk) || source.includes("moa:entry")) return undefined;
    const below = relative(project, file);
    return sources.push(below.startsWith("..") ? file : below) - 1;
  });
  const state = { source: 0, line: 0 };
  const lastOut = { source: 0, line: 0 };
  const lines = map.mappings.split(";").map((line) => {
    let column = 0;
    let written = 0;
    let last;
    const out = [];
    for (const segment of line.split(",")) {
      const step = numbers(segment);
      if (step.length === 0) continue;
      column += step[0];
      if (step.length > 1) {
        state.source += step[1];
        state.line += step[2];
      }
      const own = step.length > 1 ? index[state.source] : undefined;
      const here = own === undefined ? "" : `${own}:${state.line}`;
      if (here === last || (last === undefined && here === "")) continue;
      last = here;
      const begin = text(column - written);
      written = column;
      if (own === undefined) out.push(begin);
      else {
        out.push(begin + text(own - lastOut.source) + text(state.line - lastOut.line));
        Object.assign(lastOut, { source: own, line: state.line });
      }
    }
    return out.join(",");
  });
  // What comes before the first is the SDK's.
  const skipped = Math.max(0, lines.findIndex(Boolean));
  return { sources, skipped, lines: lines.slice(skipped).join(";").replace(/;+$/, "") };
};

/** Where a line and column (from 1) of the bundle come from. */
export const places = (table, line, column) => {
  line -= table.skipped;
  let [source, at] = [0, 0];
  let result;
  if (line < 1) return undefined;
  table.lines
    .split(";")
    .slice(0, line)
    .forEach((words, number, all) => {
      let begin = 0;
      for (const segment of words.split(",")) {
        const step = numbers(segment);
        begin += step[0] ?? 0;
        if (step.length > 1) [source, at] = [source + step[1], at + step[2]];
        if (number === line - 1 && all.length === line && segment && (result === undefined || begin < column)) {
          result = step.length > 1 ? { file: table.sources[source], line: at + 1, column: 1 } : null;
        }
      }
    });
  return result ?? undefined;
};
