// Records of the contract as authors see them: what is absent is `undefined` on every engine.

const some = (value) => value ?? undefined;

export const place = (at) => ({ service: at.service, conversation: at.conversation, thread: some(at.thread), kind: at.kind });

export const ref = (which) => ({ place: place(which.place), id: which.id });

export const user = (who) => ({
  id: who.id,
  name: who.name,
  displayName: who.displayName,
  locale: some(who.locale),
  timezone: some(who.timezone),
  bot: who.bot,
});

/** `{ type: "user", id }`, and likewise for the others. */
const mention = ({ tag, val }) => {
  if (tag === "link") return { type: tag, address: val[0], label: val[1] };
  return tag === "everyone" ? { type: tag, what: val } : { type: tag, id: val };
};

export const message = (said) => ({
  ref: ref(said.ref),
  author: user(said.author),
  text: said.text,
  raw: said.raw,
  mentions: [...said.mentions].map(mention),
  files: [...said.files].map(({ id, name, mime, size }) => ({ id, name, mime, size })),
  time: said.time,
  edited: said.edited,
});

/** A message of which only the address is known. */
export const blank = (which) => ({
  ref: ref(which),
  author: nameless(""),
  text: "",
  raw: "",
  mentions: [],
  files: [],
  time: "",
  edited: false,
});

export const nameless = (id) => ({ id, name: id, displayName: id, locale: undefined, timezone: undefined, bot: false });
