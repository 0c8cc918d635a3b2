// The stand-in's brain: the contract's rules, in memory.

/** What the host throws. */
export const refuse = (tag, val) => Object.assign(new Error(`${tag}: ${val}`), { payload: { tag, val } });

const digits = /^-?\d{1,19}$/;
const fits = (sum) => sum >= -(2n ** 63n) && sum < 2n ** 63n;
const byBytes = (a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** `now` brings the present in milliseconds. */
export const store = (now) => {
  const entries = new Map();
  let versions = 0;
  const where = ({ tag, val = "" }) => `${tag}\0${val}\0`;
  const checked = (key) => {
    const length = Buffer.byteLength(key);
    if (length < 1 || length > 512) throw refuse("invalid", length ? "a key has at most 512 bytes" : "a key may not be empty");
    return key;
  };
  const get = (at, key) => {
    const found = entries.get(where(at) + checked(key));
    return found && !(found.until <= now()) ? found : undefined;
  };
  const put = (at, { key, value, ttlSeconds }, until) => {
    if (ttlSeconds === 0) throw refuse("invalid", "0 seconds are no time");
    if (value.length > 2 ** 20) throw refuse("over-limit", "a value has at most 1 MiB");
    const version = String(++versions);
    entries.set(where(at) + checked(key), { key, value: Uint8Array.from(value), version, until: ttlSeconds ? now() + ttlSeconds * 1000 : until });
    return version;
  };
  const shown = (entry) => entry && { value: entry.value.slice(), version: entry.version, expires: entry.until && new Date(entry.until).toISOString() };
  return {
    get: (at, key) => shown(get(at, key)),
    set: (at, what) => put(at, what),
    delete: (at, key) => Boolean(get(at, key)) & entries.delete(where(at) + key) ? true : false,
    listKeys: (at, prefix, cursor, limit) => {
      if (limit < 1 || limit > 1000) throw refuse("invalid", "a page has from 1 to 1000 keys");
      const all = [...entries].filter(([place, { key }]) => place.startsWith(where(at)) && key.startsWith(prefix) && get(at, key));
      const keys = all.map(([, { key }]) => key).sort(byBytes).filter((key) => cursor === undefined || byBytes(key, cursor) > 0);
      return { keys: keys.slice(0, limit), next: keys.length > limit ? keys[limit - 1] : undefined };
    },
    increment: (at, key, by) => {
      const before = get(at, key);
      const text = before ? Buffer.from(before.value).toString() : "0";
      const sum = digits.test(text) ? BigInt(text) + by : undefined;
      if (sum === undefined || !fits(sum)) throw refuse("invalid", `\`${key}\` is not a number of 64 bits`);
      put(at, { key, value: Buffer.from(String(sum)) }, before?.until);
      return sum;
    },
    compareAndSwap: (at, what, expected) => {
      if (get(at, what.key)?.version !== expected) throw refuse("conflict", `\`${what.key}\` was changed by somebody else`);
      return put(at, what);
    },
    getMany: (at, keys) => keys.map((key) => shown(get(at, key))),
    setMany: (at, all) => {
      if (new Set(all.map(({ key }) => key)).size < all.length) throw refuse("invalid", "a key is there twice");
      all.forEach(({ key }) => checked(key));
      for (const what of all) put(at, what);
    },
  };
};
