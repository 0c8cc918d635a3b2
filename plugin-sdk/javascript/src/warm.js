// Runs a command that does nothing while the component is made.
//
// An engine makes much of what it needs at its first use: shapes of objects, built-in functions, room for what a call
// leaves behind. Each call begins with a copy of the memory as it was when the component was made, so what is there before
// that is there from the beginning of each call on.

import { arg } from "./args.js";
import { call } from "./calls.js";
import { engine, open } from "./host.js";
import { parts } from "./parts.js";

const times = 16;
const time = "2026-01-02T03:04:05.678Z";

/** A call as the host makes it. */
const made = () => {
  const place = { service: "slack", conversation: "C1", thread: "1.0", kind: "channel" };
  const author = { id: "U1", name: "rosie", displayName: "Rosie", locale: "ko-KR", timezone: "Asia/Seoul", bot: false };
  return {
    invocation: { id: "1", time, attempt: 1, locale: "ko-KR", timezone: "Asia/Seoul" },
    command: "warm",
    path: [],
    args: [{ name: "text", value: { tag: "text", val: "up" } }],
    rest: "up",
    tokens: ["up"],
    message: { ref: { place, id: "2.0" }, author, text: "!warm up", raw: "!warm up", mentions: [], files: [], time, edited: false },
  };
};

/** Runs it, with nothing of the author's. */
export const warm = () => {
  // It was measured with QuickJS alone.
  if (engine !== "quickjs") return;
  const kept = parts.commands;
  parts.commands = [{ spec: { name: "warm", args: { text: arg.string() } }, run: (context, { text }) => `${text} ${context.rest}`, below: [] }];
  try {
    for (let at = 0; at < times; at++) call("handle", made());
  } finally {
    parts.commands = kept;
    open(false);
  }
};
