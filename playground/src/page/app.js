// The page of the playground: conversations, people to speak as, messages live.
//
// Stable hooks for tests:
//   #composer, #send                 write in the open conversation      #thread-composer, #thread-send   in the open thread
//   [data-conversation=ID]           its entry in the sidebar            [data-person=ID]   the choice to speak as them
//   #messages [data-ts]              a message; also [data-author=USER], [data-thread=TS], [data-ephemeral=true]
//   #thread-messages [data-ts]       a message in the open thread        [data-reaction=NAME]  a reaction under a message
//   #bot-state[data-connections]     how many sockets the bot has        body[data-ready=true]  the state is loaded
//   .problem                         why something wasn't sent           .message.unread-from  the first unread message
//   [data-tool=NAME]                 what can be done with a message: +1, eyes, more, thread, edit, delete, log
//   [data-emoji=NAME]                a choice after `more`               .editor   the field that edits a message
//   .choices [data-choice=TEXT]      a completion of @…, #… or /…        #keys-help   the list of shortcuts
//   [data-block=ID][data-action=ID]  an element of the bot               #modal       the open modal, [data-callback=ID]
//   #modal-submit, #modal-close      its buttons                         #modal .wrong   what is wrong with a field
//   #broadcast                       also to the channel                 .trouble     the bot didn't answer
//   .attached                        files that wait to be sent
// Those of the panel for authors stand in author.js.

import { attachments } from './attach.js';
import { authorPanel } from './author.js';
import { interactions } from './interactions.js';
import { listKeys, shortcuts } from './keys.js';
import { KEPT, fill, later, stickToEnd, toEnd, upsert } from './list.js';
import { avatar, startEdit } from './message.js';
import { modals } from './modal.js';
import { element } from './mrkdwn.js';
import { sidebar } from './sidebar.js';
import { TEXTS } from './texts.js';
import { complete, grow, writer } from './writer.js';

const $ = (id) => document.getElementById(id);

const remembered = (key) => {
  try {
    return localStorage.getItem(`moa.${key}`);
  } catch {
    return null; // storage may be off; the page works without
  }
};
const remember = (key, value) => {
  try {
    localStorage.setItem(`moa.${key}`, value);
  } catch {
    // see above
  }
};

const state = {
  language: remembered('language') ?? (navigator.language.startsWith('ko') ? 'ko' : 'en'),
  me: remembered('me'),
  open: remembered('conversation'),
  thread: null,
  bot: { id: '', name: 'moa', connections: 0 },
  people: new Map(),
  features: { slash_commands: [], shortcuts: [] },
  conversations: new Map(), // id → {id, kind, name, topic, members, has_bot, messages: Map ts → message, unread}
  online: true,
};
const TRIES = 5; // examples of plugins to begin with
const NARROW = matchMedia('(max-width: 1500px)'); // no room for a thread and the authors' panel
const say = () => TEXTS[state.language];

const author = (id) => {
  if (id === state.bot.id) return { label: state.bot.name, bot: true };
  const person = state.people.get(id);
  return { label: person?.display ?? id, hue: person?.hue ?? 5 };
};
const names = {
  user: (id) => (id === state.bot.id ? state.bot.name : state.people.get(id)?.display),
  channel: (id) => state.conversations.get(id)?.name || undefined,
};
const place = (conversation) => {
  if (conversation.kind === 'im') return state.bot.name;
  if (conversation.kind === 'group') return conversation.members.map((id) => author(id).label).join(', ');
  return `#${conversation.name}`;
};
const isChannel = (conversation) => ['channel', 'private'].includes(conversation.kind);
const visible = (conversation) => conversation.members.includes(state.me);
const current = () => state.conversations.get(state.open);

async function post(what, body) {
  const response = await fetch(`/sim/${what}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  const answer = await response.json();
  if (!answer.ok) throw new Error(answer.error);
  return answer;
}

const problem = (text) => {
  document.querySelector(`[data-for=${state.thread === null ? 'channel' : 'thread'}] .problem`).textContent = text;
};

// --- what there is -------------------------------------------------------------------------------------------------

const doing = interactions({ state, say, names, author, post, isChannel, problem });
const open = modals({ say, names, me: () => state.me, post, elements: doing.elements });
const side = sidebar({ state, say, author, place, visible, isChannel, current, speakAs, open: openConversation });
const panel = authorPanel({
  say,
  post,
  language: () => state.language,
  remembered,
  remember,
  makeRoom() {
    if (NARROW.matches && state.thread !== null) {
      state.thread = null;
      renderThread();
    }
  },
});

async function load() {
  const response = await fetch('/sim/state');
  const world = await response.json();
  state.bot = world.bot;
  state.people = new Map(world.people.map((person, at) => [person.id, { ...person, hue: at % 6 }]));
  if (!state.people.has(state.me)) state.me = world.people[0].id;
  const before = state.conversations;
  state.conversations = new Map();
  for (const one of world.conversations) {
    const messages = new Map(one.messages.map((message) => [message.ts, message]));
    const { unread = 0, unreadFrom = null } = before.get(one.id) ?? {};
    state.conversations.set(one.id, { ...one, messages, unread, unreadFrom });
  }
  for (const { channel, user, message } of world.ephemerals) keep(channel, { ...message, only: user });
  follow(location.pathname);
  if (!current() || !visible(current())) state.open = home();
  state.features = world.features;
  panel.load(world.author);
  panel.armed(world.faults);
  renderAll();
  open.load(world.views);
  document.body.dataset.ready = 'true';
}

const home = () => [...state.conversations.values()].find((c) => c.has_bot && visible(c))?.id;

/** Opens what a permalink points to. */
function follow(path) {
  const match = /^\/archives\/([A-Z0-9]+)\/p(\d+)$/.exec(path);
  const conversation = match && state.conversations.get(match[1]);
  if (!conversation) return;
  history.replaceState(null, '', '/');
  state.open = conversation.id;
  if (!visible(conversation)) state.me = conversation.members.find((id) => state.people.has(id));
  const ts = `${match[2].slice(0, -6)}.${match[2].slice(-6)}`;
  const message = conversation.messages.get(ts);
  if (message?.thread_ts && message.thread_ts !== ts) state.thread = message.thread_ts;
  state.flash = ts;
}

function keep(channel, message) {
  const conversation = state.conversations.get(channel);
  if (!conversation) return null;
  const fresh = !conversation.messages.has(message.ts);
  conversation.messages.set(message.ts, message);
  if (conversation.messages.size > KEPT) conversation.messages.delete(conversation.messages.keys().next().value);
  return fresh ? conversation : null;
}

const handlers = {
  message({ channel, message }) {
    const fresh = keep(channel, message);
    if (fresh && channel !== state.open && message.user !== state.me && visible(fresh)) {
      fresh.unread += 1;
      fresh.unreadFrom ??= message.ts;
      side.conversations();
    }
    if (channel === state.open) showMessage(message);
  },
  ephemeral({ channel, user, message }) {
    handlers.message({ channel, message: { ...message, only: user } });
  },
  slash({ channel, user, text, ts }) {
    handlers.message({ channel, message: { user, text, ts, only: user, is_ephemeral: true, local: true } });
  },
  deleted({ channel, ts }) {
    state.conversations.get(channel)?.messages.delete(ts);
    if (channel === state.open) renderConversation();
  },
  bot({ connections }) {
    state.bot.connections = connections;
    side.botState();
  },
  plugins({ plugins }) {
    panel.plugins(plugins);
    if (current()) renderIntro(current(), place(current()));
  },
  builds({ builds }) {
    panel.builds(builds);
  },
  log({ line }) {
    panel.line(line);
  },
  views: ({ user, views }) => open.change(user, views),
  answered: doing.answered,
  unanswered(notice) {
    if (notice.view) return notice.user === state.me && open.failed(notice.view);
    return doing.unanswered(notice);
  },
  features({ features }) {
    state.features = features;
    renderConversation();
  },
  faults: ({ faults }) => panel.armed(faults),
  conversation: load,
  joined: load,
  reset: load,
};

function listen() {
  const stream = new EventSource('/sim/stream');
  let waiting = [];
  let loaded = false;
  let planned = false;
  const drain = () => {
    planned = false;
    for (const notice of waiting.splice(0)) handlers[notice.type]?.(notice);
  };
  stream.addEventListener('open', async () => {
    // What happens while the state is loaded waits, so that nothing falls in between.
    loaded = false;
    await load();
    loaded = true;
    state.online = true;
    side.botState();
    drain();
  });
  stream.addEventListener('message', (event) => {
    waiting.push(JSON.parse(event.data));
    if (loaded && !planned) {
      planned = true;
      // Many at once are drawn at once; not by animation frames, which stop in a hidden tab.
      setTimeout(drain, 0);
    }
  });
  stream.addEventListener('error', () => {
    state.online = false;
    side.botState();
  });
}

// --- drawing -------------------------------------------------------------------------------------------------------

function renderAll() {
  document.documentElement.lang = state.language;
  for (const labelled of document.querySelectorAll('[data-say]')) labelled.textContent = say()[labelled.dataset.say];
  $('language').textContent = say().language;
  for (const [id, key] of [['send', 'send'], ['thread-send', 'send'], ['thread-close', 'close'], ['menu', 'menu'], ['keys-open', 'shortcuts'], ['keys-close', 'closePanel']]) {
    $(id).setAttribute('aria-label', say()[key]);
    $(id).title = say()[key];
  }
  listKeys($('keys-help'), say().shortcuts, say().keyList);
  side.botState();
  side.people();
  renderConversation();
  panel.render();
  for (const one of Object.values(files)) one.draw();
  open.draw();
}

function renderConversation() {
  const conversation = current();
  if (!conversation) return;
  const from = conversation.unread ? conversation.unreadFrom : null;
  conversation.unread = 0;
  conversation.unreadFrom = null;
  if (from) conversation.newFrom = from;
  side.conversations();
  const where = place(conversation);
  $('conversation-name').textContent = where;
  $('conversation-topic').textContent = conversation.kind === 'im' ? say().directTopic : conversation.topic;
  const me = author(state.me).label;
  $('composer').placeholder = say().write(where, me);
  $('composer').setAttribute('aria-label', say().write(where, me));
  renderIntro(conversation, where);
  const inChannel = sorted(conversation).filter((m) => shownIn(m, null));
  fill($('messages'), inChannel, view(false));
  const firstNew = conversation.newFrom && inChannel.find((m) => later(m.ts, conversation.newFrom) >= 0);
  const line = firstNew && $('messages').querySelector(`[data-ts="${CSS.escape(firstNew.ts)}"]`);
  line?.classList.add('unread-from');
  if (line) line.dataset.new = say().fresh;
  renderThread();
  toEnd($('scroll'));
  const flashed = state.flash && document.querySelector(`[data-ts="${state.flash}"]`);
  state.flash = null;
  flashed?.classList.add('flash');
  flashed?.scrollIntoView({ block: 'center' });
}

/** The commands that a channel's topic names: `Servers: !server help, !server status`. */
const named = (conversation) => conversation.topic?.match(/![\p{L}][^,;·]*/gu)?.map((text) => text.trim()) ?? [];

/** What to try first, beside help: examples of the plugins that are there, in the page's script where there are such. */
function triable() {
  const known = panel.examples();
  if (!known) return ['echo 안녕'];
  const readable = (text) => /[가-힣]/.test(text) === (state.language === 'ko');
  // The first commands of all plugins, then the second ones: no plugin hides the others.
  const ranked = known.flatMap((commands) => commands.map((examples, rank) => ({ rank, text: examples.find(readable) ?? examples[0] })));
  const firsts = ranked.sort((a, b) => a.rank - b.rank).map(({ text }) => text);
  return firsts.slice(0, TRIES).map((text) => text.replace(/^!/, ''));
}

function renderIntro(conversation, where) {
  const { name } = state.bot;
  const tries = element('div', 'tries');
  const prefix = conversation.kind === 'im' ? '' : '!';
  const first = named(conversation);
  if (!first.length) first.push(...triable().map((text) => prefix + text));
  for (const text of conversation.has_bot ? [`${prefix}help`, ...first, `@${name} help`] : []) {
    const button = element('button', '', text);
    button.type = 'button';
    button.addEventListener('click', () => {
      $('composer').value = text;
      grow($('composer'));
      $('composer').focus();
    });
    tries.append(button);
  }
  const hint = conversation.has_bot ? say().intro(name) : say().introAway(name);
  $('intro').replaceChildren(element('h3', '', say().introTitle(where)), element('p', '', hint), tries);
}

function renderThread() {
  const conversation = current();
  const open = state.thread !== null && conversation !== undefined;
  $('thread').hidden = !open;
  document.body.classList.toggle('threaded', open);
  if (!open) return;
  $('thread-place').textContent = place(conversation);
  $('broadcast-label').textContent = say().alsoSend(place(conversation));
  const label = say().writeThread(author(state.me).label);
  $('thread-composer').placeholder = label;
  $('thread-composer').setAttribute('aria-label', label);
  fill($('thread-messages'), sorted(conversation).filter((m) => shownIn(m, state.thread)), view(true));
  toEnd($('thread-scroll'));
}

const sorted = (conversation) => [...conversation.messages.values()].sort((a, b) => later(a.ts, b.ts));

/** Whether a message stands in the channel's list (thread null) or in that thread's. */
function shownIn(message, thread) {
  if (message.only && message.only !== state.me) return false;
  const reply = message.thread_ts && message.thread_ts !== message.ts;
  if (thread === null) return !reply || message.subtype === 'thread_broadcast';
  return message.ts === thread || (reply && message.thread_ts === thread);
}

const view = (inThread) => ({
  author, bot: state.bot.id, names, say: say(), language: state.language, me: state.me, inThread, openThread, react, elements: doing.inMessage,
  shortcuts: state.features.shortcuts.filter((s) => s.type === 'message'),
  shortcut: (callback_id, message) => doing.shortcut(callback_id, message),
  edit: (message, text) => touch('edit', message, { text }),
  remove: (message) => touch('delete', message, {}),
  done(message) {
    // What came in the meantime was kept off the field.
    const now = current()?.messages.get(message.ts);
    if (now) showMessage(now);
    $(inThread ? 'thread-composer' : 'composer').focus();
  },
  showInvocation: (invocation) => panel.showInvocation(invocation),
});

/** Puts a new or changed message of the open conversation where it belongs. */
function showMessage(message) {
  if (shownIn(message, null)) upsert($('messages'), $('scroll'), message, view(false));
  if (state.thread !== null && shownIn(message, state.thread)) upsert($('thread-messages'), $('thread-scroll'), message, view(true));
}

for (const id of ['scroll', 'thread-scroll']) stickToEnd($(id));

// --- acting --------------------------------------------------------------------------------------------------------

function openConversation(id) {
  // The line above what was new has been seen.
  if (current()) current().newFrom = null;
  state.open = id;
  state.thread = null;
  remember('conversation', id);
  document.body.classList.remove('menu');
  $('menu').setAttribute('aria-expanded', 'false');
  renderConversation();
  $('composer').focus();
}

function speakAs(id) {
  const wasDirect = current()?.kind === 'im';
  state.me = id;
  remember('me', id);
  if (wasDirect) state.open = state.people.get(id).im;
  if (!visible(current())) state.open = home();
  renderConversation();
  open.draw();
}

function openThread(message) {
  if (NARROW.matches && panel.isOpen()) panel.close();
  state.thread = message.thread_ts ?? message.ts;
  renderThread();
  $('thread-composer').focus();
}

/** Does something with a message as the person who is spoken as. */
async function touch(what, message, more) {
  try {
    await post(what, { user: state.me, channel: state.open, ts: message.ts, ...more });
    problem('');
  } catch (error) {
    if (error.message !== 'already_reacted') problem(error.message);
  }
}

const react = (message, name, remove) => touch('react', message, { name, remove });

/** What can follow @, # or /, for the one who is spoken as. */
function choices(mark) {
  if (mark === '/') return doing.slash();
  const all = [...state.conversations.values()];
  if (mark === '#') return all.filter((c) => isChannel(c) && visible(c)).map((c) => ({ insert: `#${c.name}`, label: c.name, more: c.topic, icon: '# ' }));
  const people = [...state.people.values()].filter((p) => p.id !== state.me);
  const person = (p) => ({ insert: `@${p.display}`, label: p.display, more: p.name === p.display ? p.real : p.name, icon: avatar(author(p.id)) });
  const bot = { insert: `@${state.bot.name}`, label: state.bot.name, more: say().app, icon: avatar(author(state.bot.id)) };
  const everybody = ['here', 'channel'].map((word) => ({ insert: `@${word}`, label: word, more: say().everybody, icon: '📣 ' }));
  return [bot, ...people.map(person), ...everybody];
}

const files = {};
for (const [form, area, list, thread] of [['channel', $('composer'), $('messages'), () => null], ['thread', $('thread-composer'), $('thread-messages'), () => state.thread]]) {
  const box = document.querySelector(`[data-for=${form}]`);
  files[form] = attachments(box, { say, me: () => state.me });
  const send = async (text) => {
    if (await doing.builtin(text)) return undefined;
    const slash = /^\/[^\s/]/.test(text);
    const kind = /^\/me\s/.test(text) ? 'me' : slash ? 'slash' : 'message';
    const said = kind === 'me' ? text.slice(4) : text;
    const where = { user: state.me, channel: state.open, thread_ts: thread() ?? undefined };
    const sent = files[form].any() && kind === 'message' ? { files: await files[form].upload() } : {};
    const broadcast = thread() !== null && $('broadcast').checked;
    $('broadcast').checked = false;
    return post('send', { ...where, text: said, kind, broadcast, ...sent });
  };
  const editLast = () => {
    const mine = sorted(current()).filter((m) => m.user === state.me && !m.local && shownIn(m, thread()));
    const last = mine.at(-1);
    const item = last && list.querySelector(`[data-ts="${CSS.escape(last.ts)}"]`);
    if (item) startEdit(item, last, view(form === 'thread'));
    return Boolean(item);
  };
  // First, as it takes Enter while choices are shown.
  complete(area, choices);
  writer(box, area, send, editLast, () => files[form].any());
}

const closeThread = () => {
  state.thread = null;
  renderThread();
  $('composer').focus();
};
$('thread-close').addEventListener('click', closeThread);
$('thread').addEventListener('keydown', (event) => {
  if (event.key === 'Escape' && !event.isComposing) closeThread();
});
$('language').addEventListener('click', () => {
  state.language = state.language === 'ko' ? 'en' : 'ko';
  remember('language', state.language);
  renderAll();
});
$('menu').addEventListener('click', () => {
  const open = document.body.classList.toggle('menu');
  $('menu').setAttribute('aria-expanded', String(open));
});

const help = () => ($('keys-help').open ? $('keys-help').close() : $('keys-help').showModal());
$('keys-open').addEventListener('click', help);
$('keys-close').addEventListener('click', help);
shortcuts({
  conversation(step, unreadOnly) {
    const ids = [...document.querySelectorAll('[data-conversation]')].map((entry) => entry.dataset.conversation);
    const at = ids.indexOf(state.open);
    for (let n = 1; n <= ids.length; n += 1) {
      const id = ids[(at + step * n + ids.length * n) % ids.length];
      if (!unreadOnly || state.conversations.get(id).unread) return openConversation(id);
    }
    return undefined;
  },
  person(number) {
    const id = [...state.people.keys()][number];
    if (!id) return;
    speakAs(id);
    side.people();
    $('composer').focus();
  },
  panel: () => panel.toggle(),
  help,
});

listen();
