// The basics of URL for engines without it: absolute addresses and those relative to one. No internationalised names.

const form = (text) => encodeURIComponent(text).replace(/%20/g, "+").replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
const unform = (text) => {
  const plain = text.replace(/\+/g, " ");
  try {
    return decodeURIComponent(plain);
  } catch {
    return plain;
  }
};

export class AddressQuery {
  #pairs = [];
  #changed = () => {};

  constructor(from = "", changed) {
    if (changed) this.#changed = changed;
    if (typeof from === "string") {
      for (const pair of from.replace(/^\?/, "").split("&")) {
        if (!pair) continue;
        const at = pair.indexOf("=");
        this.#pairs.push(at < 0 ? [unform(pair), ""] : [unform(pair.slice(0, at)), unform(pair.slice(at + 1))]);
      }
    } else {
      const pairs = typeof from[Symbol.iterator] === "function" ? from : Object.entries(from);
      for (const [name, value] of pairs) this.#pairs.push([String(name), String(value)]);
    }
  }

  get(name) {
    return this.#pairs.find(([known]) => known === name)?.[1] ?? null;
  }

  getAll(name) {
    return this.#pairs.filter(([known]) => known === name).map(([, value]) => value);
  }

  has(name) {
    return this.get(name) !== null;
  }

  append(name, value) {
    this.#pairs.push([String(name), String(value)]);
    this.#changed();
  }

  set(name, value) {
    const at = this.#pairs.findIndex(([known]) => known === name);
    const pair = [String(name), String(value)];
    if (at < 0) this.#pairs.push(pair);
    else this.#pairs = this.#pairs.filter(([known], i) => i <= at || known !== name).with(at, pair);
    this.#changed();
  }

  delete(name) {
    this.#pairs = this.#pairs.filter(([known]) => known !== name);
    this.#changed();
  }

  sort() {
    this.#pairs.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
    this.#changed();
  }

  get size() {
    return this.#pairs.length;
  }

  forEach(act) {
    for (const [name, value] of this.#pairs) act(value, name, this);
  }

  *keys() {
    for (const [name] of this.#pairs) yield name;
  }

  *values() {
    for (const [, value] of this.#pairs) yield value;
  }

  entries() {
    return this.#pairs.map((pair) => [...pair])[Symbol.iterator]();
  }

  [Symbol.iterator]() {
    return this.entries();
  }

  toString() {
    return this.#pairs.map(([name, value]) => `${form(name)}=${form(value)}`).join("&");
  }
}

const shape = /^([a-z][a-z0-9+.-]*:)(?:\/\/(?:([^/?#@]*)@)?([^/?#:]*|\[[^\]]*\])(?::(\d*))?(?=[/?#]|$))?([^?#]*)(\?[^#]*)?(#.*)?$/is;
const usual = { "http:": "80", "https:": "443", "ws:": "80", "wss:": "443", "ftp:": "21" };
/** Escapes what may not stand in an address, and leaves escapes alone. */
const escaped = (text) => encodeURI(text.toWellFormed()).replace(/%25/g, "%").replace(/%5B/g, "[").replace(/%5D/g, "]");

export class Address {
  constructor(text, base) {
    text = String(text).trim();
    let parts = shape.exec(text);
    if (!parts) {
      if (base === undefined) throw new TypeError(`Invalid URL: ${text}`);
      parts = shape.exec(relative(text, new Address(base)));
    }
    const [, protocol, login = "", host, port = "", path, search = "", hash = ""] = parts;
    this.protocol = protocol.toLowerCase();
    const isWeb = this.protocol in usual;
    if (isWeb && !host) throw new TypeError(`Invalid URL: ${text}`);
    [this.username, this.password = ""] = login.split(/:(.*)/s);
    this.hostname = (host ?? "").toLowerCase();
    this.port = port === usual[this.protocol] ? "" : port;
    this.pathname = escaped(isWeb ? straight(path || "/") : path);
    this.hash = hash.length > 1 ? escaped(hash) : "";
    this.search = search;
    Object.defineProperty(this, "isBare", { value: host === undefined });
  }

  get search() {
    return this.ownSearch;
  }

  set search(text) {
    const query = String(text).replace(/^\?/, "");
    const put = (name, value) => Object.defineProperty(this, name, { value, configurable: true });
    put("ownSearch", query && `?${escaped(query)}`);
    const params = new AddressQuery(query, () => put("ownSearch", params.size ? `?${params}` : ""));
    put("searchParams", params);
  }

  get host() {
    return this.port ? `${this.hostname}:${this.port}` : this.hostname;
  }

  get origin() {
    return this.protocol in usual ? `${this.protocol}//${this.host}` : "null";
  }

  get href() {
    const login = this.username && `${this.username}${this.password && `:${this.password}`}@`;
    const place = this.isBare ? "" : `//${login}${this.host}`;
    return `${this.protocol}${place}${this.pathname}${this.search}${this.hash}`;
  }

  toString() {
    return this.href;
  }

  toJSON() {
    return this.href;
  }

  static canParse(text, base) {
    try {
      return Boolean(new Address(text, base));
    } catch {
      return false;
    }
  }
}

function relative(text, base) {
  if (text.startsWith("//")) return base.protocol + text;
  const front = `${base.protocol}//${base.host}`;
  if (text.startsWith("/")) return front + text;
  if (text.startsWith("#")) return front + base.pathname + base.search + text;
  if (text.startsWith("?") || text === "") return front + base.pathname + (text || base.search);
  return front + base.pathname.replace(/[^/]*$/, "") + text;
}

function straight(path) {
  const parts = [];
  const all = path.replace(/\\/g, "/").split("/").slice(1);
  all.forEach((part, at) => {
    const isLast = at === all.length - 1;
    if (part === "..") parts.pop();
    else if (part !== ".") return parts.push(part);
    if (isLast) parts.push("");
  });
  return `/${parts.join("/")}`;
}
