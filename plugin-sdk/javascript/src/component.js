// The component's exports: the whole world of the contract.

import * as brain from "moa:plugin/brain@0.1.0";
import * as chat from "moa:plugin/chat@0.1.0";
import * as http from "moa:plugin/http@0.1.0";
import * as objects from "moa:plugin/objects@0.1.0";
import * as schedule from "moa:plugin/schedule@0.1.0";
import * as sql from "moa:plugin/sql@0.1.0";
import * as system from "moa:plugin/system@0.1.0";
import * as triggers from "moa:plugin/triggers@0.1.0";
import { call, exports as plain, failure } from "./calls.js";
import { bind, engine } from "./host.js";
import { sow } from "./prelude.js";
import { OwnPromise, onWaiting, workOff } from "./promise.js";
import { warm } from "./warm.js";

bind({ brain, chat, http, objects, schedule, sql, system, triggers });

/** One call: everything that it left to be done later is done when it ends. What is thrown is the contract's failure. */
const run = (name) => (...words) => {
  try {
    sow();
    const value = call(name, ...words);
    if (typeof value?.then !== "function") {
      workOff();
      return value;
    }
    let end;
    value.then(
      (kept) => (end = { kept }),
      (reason) => (end = { failure: failure(reason) }),
    );
    workOff();
    // On SpiderMonkey something of its own may still be under way (crypto.subtle): it waits for a promise of its own.
    if (!end && engine === "spidermonkey") return ownPromise(value);
    end ??= { failure: { tag: "internal", val: `${name} waits for a promise that nothing will ever keep` } };
    if (end.failure) throw end.failure;
    return end.kept;
  } catch (error) {
    throw typeof error?.tag === "string" && "val" in error && !(error instanceof Error) ? error : failure(error);
  }
};

const ownPromise = (value) =>
  new OwnPromise((resolve, reject) => {
    onWaiting(() => OwnPromise.resolve().then(workOff));
    value.then(resolve, (reason) => reject(failure(reason)));
    workOff();
  });

export const guest = { describe: () => plain.describe(MOA_NAME, MOA_VERSION) };
export const commands = { handle: run("handle") };
export const listener = { hear: run("hear") };
export const jobs = { run: run("run") };
export const webhooks = { serve: run("serve") };
export const actions = { act: run("act") };
export const events = { on: run("on") };

warm();
