// How answers are written.

import { HostError } from "moa";

/** What was said, or why the host refused. */
export const refusal = (act) => {
  try {
    return act();
  } catch (error) {
    if (error instanceof HostError) return `error ${error.case}`;
    throw error;
  }
};

/** `ok`, or why the host refused. */
export const outcome = (act) =>
  refusal(() => {
    act();
    return "ok";
  });

/** A line for each. */
export const lines = (values) =>
  Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

/** Whether they are the same bytes. */
export const same = (a, b) => a?.length === b.length && b.every((byte, at) => byte === a[at]);
