// How answers are written.

import { HostError } from "moa";

/** What was said, or why the host refused. */
export const refusal = (act: () => string) => {
  try {
    return act();
  } catch (error) {
    if (error instanceof HostError) return `error ${error.case}`;
    throw error;
  }
};

/** `ok`, or why the host refused. */
export const outcome = (act: () => unknown) =>
  refusal(() => {
    act();
    return "ok";
  });

/** A line for each. */
export const lines = (values: Record<string, unknown>) =>
  Object.entries(values)
    .map(([name, value]) => `${name}: ${value}`)
    .join("\n");

/** Whether they are the same bytes. */
export const same = (a: Uint8Array | undefined, b: Uint8Array) => a?.length === b.length && b.every((byte, at) => byte === a[at]);
