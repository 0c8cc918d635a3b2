// The stand-in's chat: everything is taken down, nothing is lost.

import { refuse } from "./store.js";

const samePlace = (a, b) => a.conversation === b.conversation && a.thread === b.thread;

/** `host` is the stand-in: its people, its place, its clock. */
export const chat = (host) => {
  let ids = 0;
  const find = (which) => {
    const found = host.messages.find(({ ref }) => ref.id === which.id && ref.place.conversation === which.place.conversation);
    if (!found) throw refuse("not-found", `there is no message ${which.id}`);
    return found;
  };
  const own = (which) => {
    const found = find(which);
    if (!found.isOwn) throw refuse("access-denied", "the message is somebody else's");
    return found;
  };
  const filled = (what) => {
    if (!what.text && !what.cards.length && what.native === undefined) throw refuse("invalid", "there is nothing to show");
    if (what.native !== undefined && !/^\s*\{/.test(what.native)) throw refuse("invalid", "`native` is no JSON object");
  };
  const add = (place, content, isOwn, author) => {
    const ref = { place, id: `m${++ids}` };
    host.messages.push({ ref, isOwn, author, text: content.text, content, time: host.now() });
    return ref;
  };
  const message = ({ ref, author, text, time, files = [] }) => ({ ref, author, text, raw: text, mentions: [], files, time, edited: false });
  return {
    /** Somebody else's message. */
    say: (text, files) => {
      add(host.place, { text, cards: [], actions: [] }, false, host.who);
      return message({ ...host.messages.at(-1), files });
    },
    message,
    functions: {
      send: (to, what) => (filled(what), add(to, what, true, host.bot)),
      edit: (which, what) => (filled(what), void Object.assign(own(which), { content: what, text: what.text })),
      delete: (which) => {
        const at = host.messages.findIndex(({ ref }) => ref.id === which.id);
        if (at < 0) return;
        own(which);
        host.deleted.push(...host.messages.splice(at, 1));
      },
      react: (which, emoji) => {
        find(which);
        if (!host.reactions.some((one) => one.emoji === emoji && one.ref.id === which.id)) host.reactions.push({ ref: which, emoji });
      },
      unreact: (which, emoji) => {
        const at = host.reactions.findIndex((one) => one.emoji === emoji && one.ref.id === which.id);
        if (at >= 0) host.reactions.splice(at, 1);
      },
      upload: (place, name, data, comment) => {
        if (!name) throw refuse("invalid", "a file needs a name");
        const id = `F${host.files.length + 1}`;
        host.files.push({ id, place, name, data, comment });
        return id;
      },
      download: (id) => {
        const found = host.files.find((file) => file.id === id);
        if (!found) throw refuse("not-found", `there is no file ${id}`);
        return found.data.slice();
      },
      openDirect: (user) => ({ service: "test", conversation: `D-${user}`, thread: undefined, kind: "direct" }),
      openModal: (trigger, view) => {
        if (trigger !== host.trigger) throw refuse("not-found", `the trigger ${trigger} is over`);
        host.forms.push(JSON.parse(view));
      },
      getUser: (id) => {
        const found = host.people.find((one) => one.id === id);
        if (!found) throw refuse("not-found", `there is nobody with the id ${id}`);
        return found;
      },
      getConversation: (id) => {
        const found = host.conversations.find((one) => one.id === id);
        if (!found) throw refuse("not-found", `there is no conversation ${id}`);
        return found;
      },
      members: () => [host.people.map(({ id }) => id), undefined],
      history: (at, before, limit) => {
        if (limit < 1 || limit > 200) throw refuse("invalid", "from 1 to 200 messages can be asked for");
        const here = host.messages.filter(({ ref }) => samePlace(ref.place, at));
        const end = before === undefined ? here.length : here.findIndex(({ ref }) => ref.id === before);
        return here.slice(0, Math.max(0, end)).slice(-limit).reverse().map(message);
      },
      ask: (to, who, id, what) => {
        if (!what.actions.some(({ tag }) => tag !== "link")) throw refuse("invalid", "a question needs a button or a menu");
        const ref = add(to, what, true, host.bot);
        host.messages.at(-1).question = { id, who };
        return ref;
      },
    },
  };
};
