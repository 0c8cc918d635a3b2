import assert from "node:assert/strict";
import { test } from "node:test";
import { brain, chat, ConflictError, http, HostError, InvalidError, RejectedError, sql, UnavailableError } from "moa";
import { Host } from "moa/testing";

const inCall = (act, host = new Host()) => host.within(act);

test("values, texts, bytes and their expiry", async () => {
  const host = new Host();
  await inCall((ctx) => {
    assert.equal(brain.get("a"), undefined);
    brain.set("a", { n: [1] }, { ttl: 60 });
    assert.deepEqual(brain.entry("a").value, { n: [1] });
    assert.equal(brain.entry("a").expires, "2026-11-20T03:01:00.000Z");
    ctx.userBrain.setText("a", "글🙂");
    assert.equal(ctx.userBrain.getText("a"), "글🙂");
    brain.setBytes("b", [0, 255]);
    assert.deepEqual([...brain.getBytes("b")], [0, 255]);
    assert.throws(() => brain.get("b"), /not UTF-8/);
    assert.deepEqual([brain.delete("b"), brain.delete("b")], [true, false]);
    assert.throws(() => brain.set("f", () => {}), /no form in JSON/);
  }, host);
  host.advance(60);
  await inCall(() => assert.equal(brain.get("a"), undefined), host);
});

test("sums are exact: numbers within 2^53, BigInts within 64 bits", () =>
  inCall(() => {
    assert.equal(brain.increment("n"), 1);
    assert.equal(brain.increment("n", -3), -2);
    assert.equal(brain.increment("l", 9007199254740993n), 9007199254740993n);
    assert.equal(brain.getText("l"), "9007199254740993");
    assert.throws(() => brain.increment("l"), /add a BigInt/);
    assert.throws(() => brain.increment("n", 0.5), RangeError);
    assert.throws(() => brain.increment("n", 2n ** 63n), RangeError);
    brain.setText("w", "word");
    assert.throws(() => brain.increment("w"), InvalidError);
  }));

test("who comes second finds a conflict, and update tries again", () =>
  inCall(() => {
    const first = brain.compareAndSwap("c", 1, undefined);
    assert.throws(() => brain.compareAndSwap("c", 2, undefined), ConflictError);
    brain.compareAndSwap("c", 3, first);
    let tries = 0;
    const value = brain.update("c", (n) => {
      tries += 1;
      if (tries === 1) brain.set("c", 10);
      return n + 1;
    });
    assert.deepEqual([value, tries], [11, 2]);
    assert.throws(() => brain.update("c", () => { throw new RejectedError("full"); }), RejectedError);
    assert.equal(brain.get("c"), 11);
    assert.deepEqual(brain.update("list", (all) => [...all, 1], []), [1]);
  }));

test("many at once, and pages of keys", () =>
  inCall(() => {
    brain.setMany({ m1: 1, m2: 2, x: 3 });
    assert.deepEqual(brain.getMany(["m2", "m0", "m1"]), [2, undefined, 1]);
    assert.deepEqual([...brain.keys("m")], ["m1", "m2"]);
    const page = brain.keyPage("", { limit: 2 });
    assert.deepEqual(brain.keyPage("", { limit: 2, cursor: page.next }), { keys: ["x"], next: undefined });
    assert.throws(() => brain.setMany([["d", 1], ["d", 2]]), InvalidError);
    assert.deepEqual([...brain.shared.keys()], []);
  }));

test("what the host refuses is thrown by its case", async () => {
  await inCall(() => {
    try {
      brain.get("");
      assert.fail();
    } catch (error) {
      assert.ok(error instanceof InvalidError && error instanceof HostError);
      assert.deepEqual([error.case, error.name, error.message], ["invalid", "InvalidError", "invalid: a key may not be empty"]);
    }
  });
  assert.throws(() => brain.get("a"), /at the top of a file/);
});

test("requests bring what the test has", async () => {
  const host = new Host();
  host.answers["https://example.com/a"] = { n: 1 };
  await inCall(() => {
    assert.deepEqual(http.fetch("https://example.com/a").json(), { n: 1 });
    assert.throws(() => http.fetch("https://example.com/b"), UnavailableError);
  }, host);
});

test("a day has one thread in a conversation", async () => {
  const host = new Host();
  await inCall(() => {
    const first = chat.dailyThread("C9", "2026-11-20", "*Feed*", "Reports come here.");
    assert.equal(first.conversation, "C9");
    chat.send(first, "one");
    assert.equal(chat.dailyThread("C9", "2026-11-20", "*Feed*").thread, first.thread);
    assert.notEqual(chat.dailyThread("C9", "2026-11-21", "*Feed*").thread, first.thread);
  }, host);
  assert.deepEqual(host.texts, ["*Feed*", "Reports come here.", "one", "*Feed*"]);
});

test("rows become a table and a file, as in every language", async () => {
  const host = new Host();
  const rows = [
    ['로지, "R"', true, 3],
    [" a\r\nb`", Uint8Array.of(0, 255), 1e-7],
    ["👍", { decimal: "12.50" }, 1e21],
    ["", "2026-11-21T00:50:00.5Z", -7],
    ["e\u0301", null, null],
  ];
  host.found["SELECT *"] = { columns: ["이름", "kind", "sum"], rows, truncated: true };
  const file =
    '이름,kind,sum\r\n"로지, ""R""",true,3\r\n" a\r\nb`",00ff,0.0000001\r\n' +
    "👍,12.50,1000000000000000000000\r\n,2026-11-21T00:50:00.5Z,-7\r\ne\u0301,,\r\n";
  const table = [
    "```",
    "이름      kind                                      sum",
    "--------- ---------------------- ----------------------",
    '로지, "R" true                                        3',
    "a  b`\u2060     00ff                                0.0000001",
    "👍        12.50                  1000000000000000000000",
    "          2026-11-21T00:50:00.5Z                     -7",
    "e\u0301",
    "…",
    "```",
  ];
  await inCall(() => {
    const found = sql.query("team", "SELECT *");
    assert.equal(found.csv(), file);
    assert.deepEqual(found.table().split("\n"), table);
    found.sendCsv("C9", "members.csv", "Here *they* are");
    assert.deepEqual(Object.keys(found), ["0", "1", "2", "3", "4", "columns", "bare", "truncated"]);
  }, host);
  const [{ name, data, comment, place }] = host.files;
  assert.deepEqual([name, new TextDecoder("utf-8", { ignoreBOM: true }).decode(data), comment, place.conversation], ["members.csv", `\ufeff${file}`, "Here *they* are", "C9"]);
  const numbers = { columns: ["n"], rows: [[1.5e-9], [-2.5], [-0], [1.25e22], [Infinity], [NaN]] };
  host.found.numbers = numbers;
  await inCall(() => {
    assert.equal(sql.query("team", "numbers").csv(), "n\r\n0.0000000015\r\n-2.5\r\n0\r\n12500000000000000000000\r\ninf\r\nNaN\r\n");
    assert.throws(() => sql.query("team", "SELECT 2"), UnavailableError);
  }, host);
});

test("what a spreadsheet would run is a text", async () => {
  // The same in the tests of the other languages' SDKs.
  const host = new Host();
  const cells = ["=1+1", "+82", "+82 10", "-", "-5.5", "-x", "@me", "\tx", "\nx", "＝1", "a=1", '="a",b', -2.5, -Infinity];
  host.found.cells = { columns: ["=name"], rows: cells.map((cell) => [cell]) };
  const bare = '=name|=1+1|+82|+82 10|-|-5.5|-x|@me|\tx|"\nx"|＝1|a=1|"=""a"",b"|-2.5|-inf|';
  const safe = `'=name|'=1+1|+82|'+82 10|-|-5.5|'-x|'@me|'\tx|"'\nx"|'＝1|a=1|"'=""a"",b"|-2.5|-inf|`;
  await inCall(() => {
    const found = sql.query("team", "cells");
    assert.equal(found.csv().replaceAll("\r\n", "|"), safe);
    assert.equal(found.csv({ bom: true, disarm: false }).replaceAll("\r\n", "|"), `\ufeff${bare}`);
  }, host);
});
