// What authors import from "moa".

import { Update } from "./calls.js";

export { arg, setting } from "./args.js";
export { brain, Brain } from "./brain.js";
export { chat } from "./chat.js";
export { button, link, menu } from "./content.js";
export { Context, Press } from "./context.js";
export {
  AccessDeniedError,
  ConflictError,
  Failure,
  FieldErrors,
  HostError,
  InternalError,
  InvalidError,
  NotFoundError,
  OverLimitError,
  RejectedError,
  RetryError,
  UnavailableError,
  UncertainError,
  UnsupportedError,
  UsageError,
} from "./errors.js";
export { field, form, Form } from "./form.js";
export { http, log, objects, schedule, sql, system, triggers } from "./others.js";
export { action, answer, command, config, event, hear, job, plugin, scheduled, shortcut, submit, webhook } from "./parts.js";
export { base64, plain, table, width } from "./text.js";
export { decode as decodeUtf8, encode as encodeUtf8 } from "./utf8.js";

/** Content that takes the place of the message that was pressed on. */
export const update = (what) => new Update(what);
