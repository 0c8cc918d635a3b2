// What the SDK brings for engines that lack it, tried beside what Node.js has.

import assert from "node:assert/strict";
import { test } from "node:test";
import { base64, plain, table, width } from "moa";
import { tableOf } from "../build/places.mjs";
import { inspect } from "../src/inspect.js";
import { later, SettledLater, workOff } from "../src/promise.js";
import { calls, place } from "../src/trace.js";
import { Address, AddressQuery } from "../src/url.js";
import { decode, encode } from "../src/utf8.js";

test("UTF-8 both ways, as the standard has it", () => {
  for (const text of ["", "abc", "안녕 é ß", "🙂🏳️‍🌈", "a\ud800b\udc00", "\u0000\u07ff\u0800\uffff\u{10ffff}", "x".repeat(10_000)]) {
    assert.deepEqual(encode(text), new TextEncoder().encode(text), text);
    assert.equal(decode(encode(text)), text.toWellFormed());
  }
  const odd = [[0xff], [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xe2, 0x82], [0x61, 0xe2, 0x82, 0x62], [0xf0, 0x9f, 0x98]];
  for (const bytes of odd) {
    assert.equal(decode(Uint8Array.from(bytes)), new TextDecoder().decode(Uint8Array.from(bytes)), String(bytes));
    assert.throws(() => decode(Uint8Array.from(bytes), true), TypeError);
  }
});

test("promises are kept in the order of the language", () => {
  const trace = (promise, P, wait) => {
    const seen = [];
    promise.resolve(1).then((value) => seen.push(value)).finally(() => seen.push("f"));
    new P((_, reject) => reject(2)).catch((reason) => seen.push(reason)).then(() => seen.push("c"));
    P.all([1, P.resolve(2), { then: (keep) => keep(3) }]).then((all) => seen.push(all));
    P.allSettled([P.reject(1), 2]).then((all) => seen.push(all.map(({ status }) => status)));
    P.any([P.reject(1), P.resolve(5)]).then((one) => seen.push(one));
    P.any([P.reject(1)]).catch((error) => seen.push(error.errors));
    P.race([P.resolve("r"), P.resolve("s")]).then((one) => seen.push(one));
    new P((keep) => keep(P.reject(new RangeError("x")))).catch(({ name }) => seen.push(name));
    return wait().then(() => seen);
  };
  const ours = trace(SettledLater, SettledLater, () => ({ then: (act) => (workOff(), act()) }));
  return trace(Promise, Promise, () => new Promise((keep) => setTimeout(keep, 5))).then((native) => assert.deepEqual(sorted(ours), sorted(native)));
  function sorted(seen) {
    return seen.map((one) => JSON.stringify(one)).sort();
  }
});

test("a long chain of promises is worked off", () => {
  let count = 0;
  const step = () => ++count < 5_000 && later(step);
  later(step);
  workOff();
  assert.equal(count, 5_000);
});

test("addresses", () => {
  const cases = [
    ["https://Example.com:443/a/../b?x=1&y=%20z#h"],
    ["http://u:p@h.example:8080/"],
    ["../x?y=1#z", "https://a.example/b/c/d"],
    ["//b.example/x", "https://a.example/"],
    ["?q=1", "https://a.example/b/c"],
    ["/안녕 x", "https://a.example"],
    ["mailto:a@example.com"],
  ];
  for (const words of cases) {
    const [ours, native] = [new Address(...words), new URL(...words)];
    for (const part of ["href", "protocol", "host", "port", "pathname", "search", "hash", "origin", "username"]) assert.equal(ours[part], native[part], `${words} ${part}`);
  }
  const ours = new Address("https://a.example/?a=1&a=2");
  ours.searchParams.append("b", "c d&");
  assert.equal(ours.href, "https://a.example/?a=1&a=2&b=c+d%26");
  assert.deepEqual(ours.searchParams.getAll("a"), ["1", "2"]);
  const query = new AddressQuery({ a: "1", b: "안" });
  query.set("a", "2");
  query.delete("b");
  assert.equal(String(query), "a=2");
  assert.throws(() => new Address("no address"), TypeError);
  assert.equal(Address.canParse("https://"), false);
});

test("places of the bundle become those of the sources", async () => {
  // Two sources, of which one is the SDK's; a line that came from three.
  const map = { sources: ["../sdk/a.js", "../project/plugin.js"], mappings: "AAAA;ACAA,IAAI;;AACA,IACA;ADFA" };
  const made = tableOf(map, "/p/out", "/p/project", "/p/sdk");
  assert.deepEqual(made.sources, ["plugin.js"]);
  assert.equal(place(1, 1, made), undefined);
  assert.equal(place(2, 7, made), "plugin.js:1");
  assert.equal(place(4, 2, made), "plugin.js:2");
  assert.equal(place(4, 6, made), "plugin.js:3");
  assert.equal(place(5, 1, made), undefined);
  assert.equal(place(99, 1, made), undefined);
  const quickjs = "    at greet (/x/bundle.js:4:6)\n    at <anonymous> (/x/bundle.js:1:1)\n    at native";
  assert.deepEqual(calls(quickjs, made), [{ name: "greet", where: "plugin.js:3" }]);
  assert.deepEqual(calls("greet@/x/bundle.js:2:3\nb@initializer.js:1:1", made), [{ name: "greet", where: "plugin.js:1" }]);
});

test("values for the log", () => {
  const circle = { a: 1 };
  circle.self = circle;
  assert.equal(inspect("n", 1, { a: [1n, "x"], "b c": null }, new Map([["k", new Set([1])]])), 'n 1 {a: [1n, "x"], "b c": null} Map {"k" => Set {1}}');
  assert.equal(inspect(circle), "{a: 1, self: [circular]}");
  assert.equal(inspect(new Uint8Array([1, 2])), "Uint8Array(2) [1, 2]");
  assert.equal(inspect(new (class Dish {})()), "Dish {}");
});

test("foreign text, tables and base 64", () => {
  assert.equal(plain("*a* {@U1} 2~3"), "*\u2060a*\u2060 {\u2060@U1} 2~\u20603");
  assert.deepEqual([width("moa"), width("모아"), width("👍"), width("e\u0301")], [3, 4, 2, 1]);
  const menu = [["메뉴", "수량"], ["김밥", 2], ["tteokbokki", 10]];
  assert.equal(table(menu), "```\n메뉴       수량\n---------- ----\n김밥          2\ntteokbokki   10\n```");
  assert.equal(table([["이름", "값"], ["로지"], ["a\nb", "```"]]), "```\n이름 값\n---- ---\n로지\na b  `\u2060`\u2060`\u2060\n```");
  for (let length = 0; length < 10; length++) {
    const bytes = Uint8Array.from({ length }, (_, at) => at * 37);
    assert.equal(base64.encode(bytes), Buffer.from(bytes).toString("base64"));
    assert.deepEqual(base64.decode(base64.encode(bytes)), bytes);
  }
  assert.deepEqual([...base64.decode("_-8")], [255, 239]);
  assert.throws(() => base64.decode("a"), TypeError);
});
