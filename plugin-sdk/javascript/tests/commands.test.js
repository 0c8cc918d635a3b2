import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import {
  action,
  answer,
  arg,
  button,
  chat,
  command,
  config,
  event,
  field,
  FieldErrors,
  form,
  hear,
  job,
  menu,
  plugin,
  RejectedError,
  RetryError,
  scheduled,
  setting,
  shortcut,
  submit,
  triggers,
  update,
  UsageError,
  webhook,
} from "moa";
import { failure, Host } from "moa/testing";
import { forget, manifest } from "../src/parts.js";

beforeEach(forget);

test("arguments get their types, defaults and limits", async () => {
  const args = {
    word: arg.string(),
    count: arg.int().min(1).max(9),
    large: arg.bigint(),
    loud: arg.bool(),
    wait: arg.duration(),
    size: arg.choice("small", "large"),
    rest: arg.list().optional(),
  };
  let got;
  command({ name: "all", args }, (_, given) => void (got = given));
  const host = new Host();
  await host.run('all "two words" 3 9007199254740993 yes 1h30m LARGE a, b');
  assert.deepEqual(got, { word: "two words", count: 3, large: 9007199254740993n, loud: true, wait: 5400, size: "large", rest: ["a", "b"] });
  await host.run("all a 3 1 no 1s small");
  assert.ok(!("rest" in got));
  await assert.rejects(host.run("all a 10 1 no 1s small"), UsageError);
  await assert.rejects(host.run("all a"), /count is missing/);
});

test("subcommands get the arguments before their names", async () => {
  const team = command({ name: "team", args: { label: arg.string() } });
  team.command({ name: "add", args: { name: arg.string(), count: arg.int().default(1) } }, (ctx, { label, name, count }) => `${ctx.path} ${label} ${name} ${count}`);
  const host = new Host();
  assert.equal(await host.run("team red add Sally"), "add red Sally 1");
  await assert.rejects(host.run("team red"), /only with a subcommand/);
});

test("the manifest says what was declared, and leaves out what was not", () => {
  plugin({ summary: { ko: "시험" }, requests: { users: true } });
  config({ limit: setting.int().default(3).min(1), wait: setting.duration().default("1h") });
  command({ name: "a", aliases: ["b"], confirm: "self", args: { wait: arg.duration().default(90), n: arg.int().optional().summary("how many") } }, () => {});
  hear({ id: "soup", pattern: /^soup$/, scopes: ["ambient"] }, () => {});
  hear(() => {});
  job({ id: "daily", cron: "0 9 * * *" }, () => {});
  webhook({ name: "push", verify: "none" }, () => {});
  event("joined", () => {});
  shortcut({ id: "note", on: "message", name: "Note" }, () => {});
  assert.deepEqual(JSON.parse(JSON.stringify(manifest("demo", "1.0.0"))), {
    name: "demo",
    version: "1.0.0",
    summary: { ko: "시험" },
    requests: { users: true },
    commands: [
      {
        name: "a",
        aliases: ["b"],
        confirm: "self",
        args: [
          { name: "wait", type: "duration", default: "90s" },
          { name: "n", type: "int", optional: true, summary: "how many" },
        ],
      },
    ],
    hears: [{ id: "soup", pattern: "^soup$", scopes: ["ambient"] }],
    jobs: [{ id: "daily", cron: "0 9 * * *" }],
    webhooks: [{ name: "push", verify: "none" }],
    events: ["joined"],
    shortcuts: [{ id: "note", on: "message", name: "Note" }],
    config: { limit: { type: "int", default: 3, min: 1 }, wait: { type: "duration", default: "1h" } },
  });
});

test("mistakes in a declaration are told where it stands", () => {
  command({ name: "a" }, () => {});
  assert.throws(() => command({ name: "a" }, () => {}), /two commands `a`/);
  assert.throws(() => command({ name: "b", args: { x: "string" } }, () => {}), /`x` must be made with `arg`/);
  action("x", () => {});
  assert.throws(() => action("x", () => {}), /two functions for the button `x`/);
});

test("settings have their types, and the operator's values win", async () => {
  const settings = config({ limit: setting.int().default(3), wait: setting.duration().default("1h30m"), dish: setting.string().optional() });
  await new Host().within(() => assert.deepEqual(settings(), { limit: 3, wait: 5400 }));
  await new Host({ config: { limit: 5, wait: "90s", dish: "soup" } }).within(() => assert.deepEqual(settings(), { limit: 5, wait: 90, dish: "soup" }));
  assert.throws(settings, /at the top of a file there is no host/);
});

test("patterns of the manifest and those that were taught", async () => {
  hear({ id: "order", pattern: "(soup|rice)( now)?" }, (ctx) => ctx.captures.map(String).join());
  hear((ctx) => `taught ${ctx.pattern}`);
  command({ name: "teach", args: { word: arg.string() } }, (_, { word }) => triggers.hear("w", word));
  const host = new Host();
  assert.deepEqual(await host.hear("some Soup please"), ["Soup,Soup,undefined"]);
  await host.run("teach guide");
  assert.deepEqual(await host.hear("the Guide!"), ["taught w"]);
  assert.deepEqual(await host.hear("guides"), []);
});

test("presses, forms, questions and shortcuts", async () => {
  command({ name: "order" }, () => ({ text: "lunch?", actions: [button("open", "Order"), menu("dish/1", "Dish", { Soup: "s" })] }));
  action("open", () => form({ id: "order", title: "Order", data: "t4", fields: [field.text("dish", "Dish"), field.number("bowls", "Bowls", { initial: 1 })] }));
  action("dish/*", (press) => update(`${press.rest} ${press.value}`));
  submit("order", (press) => {
    if (press.field("dish") === "stone") throw new FieldErrors({ dish: "not today" });
    return `${press.field("dish")} ${press.field("bowls")} ${press.value}`;
  });
  command({ name: "ask" }, (ctx) => void chat.ask(ctx, ctx.who, "q", { text: "soup?", actions: [button("yes", "Yes")] }, { wait: 60 }));
  answer("q", (_, value) => value ?? "nobody");
  shortcut({ id: "note", on: "message", name: "Note" }, (press) => press.message.text);

  const host = new Host();
  await host.run("order");
  await host.press("Order");
  assert.deepEqual(await host.submit({ dish: "stone" }), { errors: { dish: "not today" } });
  assert.equal(await host.submit({ dish: "soup" }), "soup 1 t4");
  assert.equal(host.forms.length, 0);
  assert.equal(await host.press("Soup"), "1 s");
  await host.run("ask");
  assert.equal(await host.press("Yes"), "yes");
  assert.equal(await host.timeOut(), "nobody");
  assert.equal(await host.shortcut("note", "remember"), "remember");
  await assert.rejects(host.press("Nothing"), /nothing to press/);
});

test("jobs and webhooks", async () => {
  const ran = [];
  job({ id: "daily", cron: "0 9 * * *" }, (_, { name }) => ran.push(name));
  job({ id: "feed:*", cron: "config:feeds.*.at" }, (_, { name, rest }) => ran.push(`${name} ${rest}`));
  scheduled((_, { name, payload }) => ran.push(`${name} ${payload}`));
  webhook({ name: "push", verify: "none" }, (_, { method, body }) => ({ json: { method, length: body.length } }));
  const host = new Host();
  await host.job("daily");
  await host.job("feed:shop");
  await host.job("later", "p");
  assert.deepEqual(ran, ["daily", "feed:shop shop", "later p"]);
  const said = await host.request("push", { body: "abc" });
  assert.deepEqual([said.status, said.headers["content-type"], said.body], [200, "application/json", '{"method":"POST","length":3}']);
});

test("every failure says who is told what", () => {
  assert.deepEqual(failure(new UsageError("so")), { tag: "usage", val: "so" });
  assert.deepEqual(failure(new RejectedError("no")), { tag: "rejected", val: "no" });
  assert.deepEqual(failure(new RetryError(5)), { tag: "retry", val: 5 });
  assert.deepEqual(failure(new FieldErrors({ a: "b" })), { tag: "rejected", val: "a: b" });
  const { tag, val } = failure(new RangeError("odd", { cause: new Error("why") }));
  assert.equal(tag, "internal");
  assert.match(val, /^RangeError: odd: why \(commands\.test\.js:\d+\)$/);
  assert.equal(failure({ a: 1 }).val, "thrown: {a: 1}");
});

test("a message that is wrong is refused with a word about where", async () => {
  command({ name: "typo" }, () => ({ txt: "soup" }));
  command({ name: "list" }, () => ["soup"]);
  command({ name: "half" }, () => "a\ud800b");
  const host = new Host();
  await assert.rejects(host.run("typo"), /a message has no `txt`/);
  await assert.rejects(host.run("list"), /a message has no `0`/);
  assert.equal(await host.run("half"), "a\ufffdb");
});
