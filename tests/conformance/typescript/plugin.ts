// The conformance plugin in TypeScript; ../README.md says what it does. The files are in the order of its commands.

import { plugin } from "moa";
import "./words.ts";
import "./talk.ts";
import "./system.ts";
import "./data.ts";

plugin({
  summary: { ko: "모든 기능을 한 번씩 씁니다", en: "Uses everything once" },
  requests: {
    http: ["https://example.com", "http://127.0.0.1:*"],
    users: true,
    sql: ["main"],
    objects: ["files"],
    "shared-brain": true,
    schedule: true,
  },
});
