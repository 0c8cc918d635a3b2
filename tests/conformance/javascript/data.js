// What SDKs have for what was found: rows as people see them, the thread of a day, a server outside.

import { arg, chat, command, http, sql } from "moa";
import { refusal } from "./outcome.js";

command({ name: "rows", args: { how: arg.choice("table", "csv") } }, (ctx, { how }) =>
  refusal(() => {
    const found = sql.query("main", "SELECT name AS 이름, data, price, sold FROM dishes ORDER BY id");
    if (how === "table") return found.table();
    const file = found.sendCsv(ctx, "dishes.csv", "a *file*");
    return `${chat.download(file).length} bytes`;
  }),
);

command({ name: "daily", args: { day: arg.date() } }, (ctx, { day }) => {
  const thread = chat.dailyThread(ctx.place.conversation, day, `*Feed ${day}*`, "Reports come here.");
  chat.send(thread, "news");
  return "done";
});

command({ name: "web", args: { address: arg.string() } }, (_, { address }) =>
  refusal(() => {
    const response = http.fetch(address, { headers: { "x-moa": "soup" }, body: "안녕" });
    return `${response.status} ${response.header("x-there") ?? "-"} ${response.text()}`;
  }),
);
