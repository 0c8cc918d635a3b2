// The system, what the host cannot do yet, and failures.

import {
  arg,
  brain,
  command,
  config,
  decodeUtf8,
  http,
  InternalError,
  log,
  objects,
  RejectedError,
  RetryError,
  schedule,
  setting,
  sql,
  system,
  UsageError,
  webhook,
} from "moa";
import { lines, outcome, refusal, same } from "./outcome.js";

const settings = config({
  greeting: setting.string().summary("What it says").default("hello"),
  limit: setting.int().default(3).min(1).max(10),
});

command({ name: "system" }, () => {
  const { greeting, limit } = settings();
  const random = system.random(16);
  return lines({
    config: `${greeting} ${limit}`,
    now: system.now(),
    local: system.local("2026-11-21T00:50:00Z", "Asia/Seoul"),
    nowhere: refusal(() => system.local("2026-11-21T00:50:00Z", "Nowhere")).replace(/^error .*/, "error"),
    random: `${random.length} ${!same(random, system.random(16))}`,
  });
});

command({ name: "log", args: { text: arg.rest() } }, (_, { text }) => {
  for (const level of ["trace", "debug", "info", "warn", "error"]) log[level](`${level} ${text}`);
  return "logged";
});

command({ name: "print", args: { text: arg.rest() } }, (_, { text }) => {
  console.log(`out ${text}`);
  console.error(`err ${text}`);
  return "printed";
});

command({ name: "fresh" }, () => {
  const now = { clock: Math.floor(Date.now() / 1000), drawn: Math.floor(Math.random() * 2 ** 31) };
  const before = brain.get("fresh");
  brain.set("fresh", now);
  if (!before) return "first";
  return `clock +${now.clock - before.clock}, random ${now.drawn === before.drawn ? "same" : "different"}`;
});

let count = 0;
command({ name: "global" }, () => {
  count += 1;
  return count;
});

const absent = {
  http: {
    "http.fetch": () => http.fetch("https://example.com/"),
    "http.fetch-to-object": () => http.fetchToObject("https://example.com/", "files", "k"),
  },
  sql: {
    "sql.query": () => sql.query("main", "SELECT 1"),
    "sql.execute": () => sql.execute("main", "DELETE FROM t WHERE a = ?", 1),
  },
  objects: {
    "objects.get": () => objects.get("files", "k"),
    "objects.put": () => objects.put("files", "k", "x", "text/plain"),
    "objects.list": () => objects.list("files"),
    "objects.delete": () => objects.delete("files", "k"),
    "objects.sign": () => objects.sign("files", "k", 60),
  },
  schedule: {
    "schedule.at": () => schedule.at("later", "2026-11-21T00:50:00Z", "p"),
    "schedule.every": () => schedule.every("often", "0 9 * * *", { timezone: "Asia/Seoul", missed: "once", payload: "p" }),
    "schedule.cancel": () => schedule.cancel("later"),
    "schedule.list": () => schedule.list(),
  },
};
command({ name: "absent", args: { area: arg.choice("http", "sql", "objects", "schedule") } }, (_, { area }) =>
  Object.entries(absent[area])
    .map(([name, call]) => `${name}: ${outcome(call)}`)
    .join("\n"),
);

// Failures

command(
  {
    name: "fail",
    args: { how: arg.choice("usage", "rejected", "retry", "internal", "uncaught", "loop"), text: arg.rest().optional() },
  },
  (ctx, { how, text = "" }) => {
    switch (how) {
      case "usage":
        throw new UsageError(text);
      case "rejected":
        throw new RejectedError(text);
      case "retry":
        if (ctx.attempt === 1) throw new RetryError(1);
        return `attempt ${ctx.attempt}`;
      case "internal":
        throw new InternalError(text);
      case "uncaught":
        throw new TypeError(`uncaught ${text}`);
      case "loop":
        for (;;);
    }
  },
);

// Requests from outside

webhook({ name: "told", methods: ["POST", "PUT"], verify: "hmac-sha256" }, (ctx, { method, path, query, headers, body }) => {
  const text = decodeUtf8(body);
  switch (path) {
    case "/usage":
      throw new UsageError(text);
    case "/rejected":
      throw new RejectedError(text);
    case "/internal":
      throw new InternalError(text);
  }
  const kind = headers.find(([name]) => name === "content-type")?.[1];
  return [method, path, query, kind, text].map((part) => part || "-").join("|");
});
