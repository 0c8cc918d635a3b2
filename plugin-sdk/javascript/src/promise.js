// Promises without an event loop. `async` functions are rewritten to these by the build; calls.js works the queue off
// before it answers the host.

/** The engine's own. */
export const OwnPromise = globalThis.Promise;

const queue = [];
let wake;

/** What to do when something waits: for an engine that has an event loop after all. */
export const onWaiting = (act) => {
  wake = act;
};

/** Runs a job after the present one. */
export const later = (job) => {
  queue.push(job);
  if (queue.length === 1) wake?.();
};

/** Runs all that waits, and all that this makes wait. */
export const workOff = () => {
  for (let at = 0; at < queue.length; at++) {
    const job = queue[at];
    queue[at] = undefined;
    job();
    // Long chains shall not grow the list for ever.
    if (at === 1023) {
      queue.splice(0, 1024);
      at = -1;
    }
  }
  queue.length = 0;
};

const isObject = (value) => value !== null && (typeof value === "object" || typeof value === "function");

export class SettledLater {
  /** `undefined` while it is open, then whether it was kept. */
  #kept;
  #value;
  #waiting = [];

  constructor(run) {
    if (typeof run !== "function") throw new TypeError("new Promise takes a function");
    const { resolve, reject } = this.#ends();
    try {
      run(resolve, reject);
    } catch (error) {
      reject(error);
    }
  }

  /** Two functions of which the first that is called counts. */
  #ends() {
    let isOver = false;
    const once = (act) => (value) => {
      if (isOver) return;
      isOver = true;
      act(value);
    };
    return { resolve: once((value) => this.#follow(value)), reject: once((reason) => this.#settle(false, reason)) };
  }

  #follow(value) {
    if (value === this) return this.#settle(false, new TypeError("a promise cannot wait for itself"));
    if (!isObject(value)) return this.#settle(true, value);
    let then;
    try {
      then = value.then;
    } catch (error) {
      return this.#settle(false, error);
    }
    if (typeof then !== "function") return this.#settle(true, value);
    later(() => {
      const { resolve, reject } = this.#ends();
      try {
        then.call(value, resolve, reject);
      } catch (error) {
        reject(error);
      }
    });
  }

  #settle(kept, value) {
    this.#kept = kept;
    this.#value = value;
    for (const waiter of this.#waiting) later(waiter);
    this.#waiting = undefined;
  }

  then(onKept, onBroken) {
    return new SettledLater((resolve, reject) => {
      const waiter = () => {
        const act = this.#kept ? onKept : onBroken;
        if (typeof act !== "function") return this.#kept ? resolve(this.#value) : reject(this.#value);
        try {
          resolve(act(this.#value));
        } catch (error) {
          reject(error);
        }
      };
      if (this.#kept === undefined) this.#waiting.push(waiter);
      else later(waiter);
    });
  }

  catch(onBroken) {
    return this.then(undefined, onBroken);
  }

  finally(act) {
    if (typeof act !== "function") return this.then(act, act);
    return this.then(
      (value) => SettledLater.resolve(act()).then(() => value),
      (reason) =>
        SettledLater.resolve(act()).then(() => {
          throw reason;
        }),
    );
  }

  get [Symbol.toStringTag]() {
    return "Promise";
  }

  static resolve(value) {
    return value instanceof SettledLater ? value : new SettledLater((resolve) => resolve(value));
  }

  static reject(reason) {
    return new SettledLater((_, reject) => reject(reason));
  }

  static withResolvers() {
    let ends;
    const promise = new SettledLater((resolve, reject) => (ends = { resolve, reject }));
    return { promise, ...ends };
  }

  static try(act, ...words) {
    return new SettledLater((resolve) => resolve(act(...words)));
  }

  static race(all) {
    return new SettledLater((resolve, reject) => {
      for (const one of all) SettledLater.resolve(one).then(resolve, reject);
    });
  }

  static all(all) {
    return gather(all, (one, keep, resolve, reject) => one.then(keep, reject));
  }

  static allSettled(all) {
    return gather(all, (one, keep) =>
      one.then(
        (value) => keep({ status: "fulfilled", value }),
        (reason) => keep({ status: "rejected", reason }),
      ),
    );
  }

  static any(all) {
    return gather(
      all,
      (one, keep, resolve) => one.then(resolve, keep),
      (reasons, _, reject) => reject(new AggregateError(reasons, "all promises were rejected")),
    );
  }
}

function gather(all, watch, end = (values, resolve) => resolve(values)) {
  return new SettledLater((resolve, reject) => {
    const ones = [...all];
    const values = new Array(ones.length);
    let missing = ones.length;
    if (missing === 0) end(values, resolve, reject);
    ones.forEach((one, at) => {
      const keep = (value) => {
        values[at] = value;
        missing -= 1;
        if (missing === 0) end(values, resolve, reject);
      };
      watch(SettledLater.resolve(one), keep, resolve, reject);
    });
  });
}
