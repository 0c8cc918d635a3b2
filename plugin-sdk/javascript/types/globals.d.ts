// What is there without an import, on both engines: the language, and these. Timers, fetch and files are not.

interface Console {
  /** To the plugin's log, as information. */
  log(...words: unknown[]): void;
  info(...words: unknown[]): void;
  debug(...words: unknown[]): void;
  trace(...words: unknown[]): void;
  warn(...words: unknown[]): void;
  error(...words: unknown[]): void;
  assert(holds: unknown, ...words: unknown[]): void;
}
declare var console: Console;

declare class TextEncoder {
  readonly encoding: "utf-8";
  encode(text?: string): Uint8Array;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  decode(bytes?: ArrayBufferView | ArrayBuffer): string;
}
declare class URLSearchParams {
  constructor(from?: string | Record<string, string> | Iterable<[string, string]>);
  readonly size: number;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  append(name: string, value: string): void;
  delete(name: string): void;
  sort(): void;
  forEach(act: (value: string, name: string) => void): void;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  entries(): IterableIterator<[string, string]>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
  toString(): string;
}
declare class URL {
  constructor(text: string | URL, base?: string | URL);
  static canParse(text: string, base?: string): boolean;
  protocol: string;
  username: string;
  password: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  hash: string;
  readonly host: string;
  readonly origin: string;
  readonly href: string;
  readonly searchParams: URLSearchParams;
  toString(): string;
  toJSON(): string;
}
declare var crypto: {
  getRandomValues<T extends ArrayBufferView>(into: T): T;
  randomUUID(): string;
};
declare function atob(text: string): string;
declare function btoa(text: string): string;
declare function queueMicrotask(job: () => void): void;
declare function structuredClone<T>(value: T): T;
