// From a place in the bundle back to the author's file and line.
//
// The build leaves `globalThis[Symbol.for("moa.places")]`: the names of the sources, how many lines come before them, and for
// each line of the bundle where a new line of a source begins, as in a source map ("column, source, line", each the difference to the one before, in
// base 64 with variable length). It is read only when something went wrong.

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

function numbers(text) {
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
}

/** Where the line and column (from 1) of the bundle come from; `undefined` for what is not the author's. */
export function place(line, column, table = globalThis[Symbol.for("moa.places")]) {
  if (!table || line <= table.skipped) return undefined;
  line -= table.skipped;
  let [source, at] = [0, 0];
  const lines = table.lines.split(";");
  for (let number = 0; number < Math.min(line, lines.length); number++) {
    let [begin, found] = [0, undefined];
    for (const segment of lines[number].split(",")) {
      const step = numbers(segment);
      begin += step[0] ?? 0;
      // One number alone: what follows is nobody's.
      const isSomebodys = step.length > 1;
      if (isSomebodys) [source, at] = [source + step[1], at + step[2]];
      if (segment && (found === undefined || begin < column)) found = isSomebodys ? `${table.sources[source]}:${at + 1}` : "";
    }
    if (number === line - 1) return found || undefined;
  }
  return undefined;
}

/** The calls of an error's stack that lie in the author's files, innermost first: `greet (plugin.js:7)`. */
export function calls(stack, table) {
  const all = [];
  for (const line of String(stack ?? "").split("\n")) {
    // QuickJS: "at name (/bundle.js:1:2)", SpiderMonkey: "name@file:///bundle.js:1:2".
    const found = /^\s*(?:at )?(.*?)[ (@]*(?:file:\/\/)?\/?[^\s()@]*bundle\.js:(\d+)(?::(\d+))?\)?\s*$/.exec(line);
    const where = found && place(Number(found[2]), Number(found[3] ?? 1), table);
    if (where) all.push({ name: found[1].replace(/^<.*>$/, ""), where });
  }
  return all;
}

/** Natively the stack names the files itself. */
export function firstOwn(stack) {
  const own = String(stack ?? "")
    .split("\n")
    .map((line) => /(?:file:\/\/)?(\/[^\s()]+|[A-Za-z]:[^\s()]+):(\d+):\d+\)?$/.exec(line))
    .find((found) => found && !found[1].includes("/.moa/sdk/") && found[1] !== here);
  return own ? `${own[1].split("/").pop()}:${own[2]}` : undefined;
}

const here = /(?:file:\/\/)?(\/[^\s()]+):\d+:\d+\)?$/m.exec(new Error().stack ?? "")?.[1];
