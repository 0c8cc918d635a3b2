// Values as text, for the log.

/** Words of `console.log` on one line: text as it stands, everything else much as it would be written in a program. */
export const inspect = (...words) => words.map((word) => (typeof word === "string" ? word : show(word, 0, []))).join(" ");

function show(value, depth, around) {
  if (typeof value === "string") return JSON.stringify(value);
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "function") return `[function ${value.name || "without a name"}]`;
  if (value === null || typeof value !== "object") return String(value);
  if (around.includes(value)) return "[circular]";
  if (value instanceof Error) return value.stack ? `${value}\n${value.stack}` : String(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (depth > 3) return Array.isArray(value) ? "[…]" : "{…}";
  const within = [...around, value];
  const inner = (item) => show(item, depth + 1, within);
  const some = (items, count) => [...items.slice(0, 100), ...(count > 100 ? [`… ${count - 100} more`] : [])].join(", ");
  if (ArrayBuffer.isView(value) && value.length !== undefined) {
    return `${value.constructor.name}(${value.length}) [${some(Array.from(value.subarray(0, 100), String), value.length)}]`;
  }
  if (Array.isArray(value)) return `[${some(value.slice(0, 100).map(inner), value.length)}]`;
  const name = value.constructor && value.constructor !== Object ? `${value.constructor.name} ` : "";
  if (value instanceof Map) {
    return `${name}{${some([...value].slice(0, 100).map(([key, item]) => `${inner(key)} => ${inner(item)}`), value.size)}}`;
  }
  if (value instanceof Set) return `${name}{${some([...value].slice(0, 100).map(inner), value.size)}}`;
  const keys = Object.keys(value);
  const pairs = keys.slice(0, 100).map((key) => `${/^[A-Za-z_$\u0080-\uffff][\w$\u0080-\uffff]*$/.test(key) ? key : JSON.stringify(key)}: ${inner(value[key])}`);
  return `${name}{${some(pairs, keys.length)}}`;
}
