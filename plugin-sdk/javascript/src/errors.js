// What can go wrong, and who is told.

/** The host did not do it. The text is for the operator and may change: decide by the class. */
export class HostError extends Error {
  constructor(text, what = "failed") {
    super(`${what}: ${text}`);
    this.text = text;
  }

  get name() {
    return this.constructor.name;
  }
}

const kind = (tag, what) =>
  class extends HostError {
    static tag = tag;

    constructor(text) {
      super(text, what);
    }

    /** The case as the contract writes it. */
    get case() {
      return tag;
    }
  };

// Written out, so that each has its name and editors find it.
export class AccessDeniedError extends kind("access-denied", "access denied") {}
export class NotFoundError extends kind("not-found", "not found") {}
export class InvalidError extends kind("invalid", "invalid") {}
export class ConflictError extends kind("conflict", "conflict") {}
export class OverLimitError extends kind("over-limit", "over a limit") {}
export class UnavailableError extends kind("unavailable", "unavailable") {}
export class UncertainError extends kind("uncertain", "perhaps done already") {}
export class UnsupportedError extends kind("unsupported", "unsupported") {}

const known = [
  AccessDeniedError,
  NotFoundError,
  InvalidError,
  ConflictError,
  OverLimitError,
  UnavailableError,
  UncertainError,
  UnsupportedError,
];

/** What a function of the host threw, as one of the classes above. */
export const hostError = (thrown) => {
  const payload = thrown?.payload;
  if (payload === undefined) return thrown;
  if (typeof payload === "string") return new InvalidError(payload);
  const Kind = known.find(({ tag }) => tag === payload.tag);
  return Kind ? new Kind(payload.val) : thrown;
};

/** Why the plugin did not do it. Any other error is told to the operator, with its place in the source. */
export class Failure extends Error {
  get name() {
    return this.constructor.name;
  }
}

/** Used wrongly: the person is shown the text, followed by the command's right form. */
export class UsageError extends Failure {}

/** Understood and refused: the person is shown the text. */
export class RejectedError extends Failure {}

/** To be tried again in so many seconds. */
export class RetryError extends Failure {
  constructor(seconds) {
    super(`to be tried again in ${seconds} s`);
    this.seconds = seconds;
  }
}

/** Something inside the plugin went wrong: the operator is shown the text as it stands. */
export class InternalError extends Failure {}

/** What is wrong with the fields of a form, by their names. */
export class FieldErrors extends Failure {
  constructor(fields) {
    super(Object.entries(fields).map(([name, text]) => `${name}: ${text}`).join("\n"));
    this.fields = fields;
  }
}
