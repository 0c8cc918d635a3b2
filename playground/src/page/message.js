// One message as an element: author, text, blocks, attachments, files, reactions, its thread.

import { away, picture, renderBlock } from './blocks.js';
import { fileCard } from './attach.js';
import { OFFERED, element, emoji, mrkdwn, typed, unescape } from './mrkdwn.js';
import { composing, grow } from './writer.js';

const seconds = (ts) => Number(ts.split('.')[0]);

/** The local time of day of a message. */
export function clock(ts, language) {
  return new Date(seconds(ts) * 1000).toLocaleTimeString(language, { hour: 'numeric', minute: '2-digit' });
}

/** The local day of a message. */
export function day(ts, language) {
  return new Date(seconds(ts) * 1000).toLocaleDateString(language, { month: 'long', day: 'numeric', weekday: 'long' });
}

/** An avatar: the bot's picture, or the first letters of a name. */
export function avatar(author) {
  if (author.bot) {
    const picture = element('img');
    picture.src = '/page/icon.svg';
    picture.alt = '';
    return element('span', 'avatar', picture);
  }
  const letters = /[가-힣]/.test(author.label) ? author.label.slice(0, 2) : author.label.slice(0, 1).toUpperCase();
  const made = element('span', 'avatar', letters);
  made.dataset.hue = author.hue;
  made.setAttribute('aria-hidden', 'true');
  return made;
}

/**
 * The element of a message. `view` knows the surroundings: author(id), bot (its id), names, say (the texts of the page),
 * language, me, inThread, openThread(message), elements(message, item), shortcuts, shortcut(callback_id, message),
 * react(message, name, remove), edit(message, text), remove(message), and of calls of plugins
 * showInvocation(invocation).
 */
export function renderMessage(message, view) {
  const { say } = view;
  // An integration is nobody: it has a name of its own, or is the bot by a response URL.
  const user = message.user ?? (message.app_id ? view.bot : undefined);
  const author = user ? view.author(user) : { label: message.username ?? 'bot', hue: 5 };
  const time = clock(message.ts, view.language);
  const item = element('li', 'message');
  item.dataset.ts = message.ts;
  item.dataset.author = user ?? message.bot_id;
  item.dataset.time = new Date(seconds(message.ts) * 1000).toLocaleTimeString(view.language, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' });
  if (message.thread_ts) item.dataset.thread = message.thread_ts;

  if (message.subtype === 'me_message') item.classList.add('me');
  else if (/^(channel|group)_/.test(message.subtype ?? '')) item.classList.add('system');

  const stamp = element('time', '', time);
  stamp.dateTime = new Date(seconds(message.ts) * 1000).toISOString();
  const head = element('div', 'head', element('b', '', author.label));
  if (author.bot) head.append(element('span', 'badge', say.app));
  head.append(stamp);

  const body = element('div', 'body');
  if (message.is_ephemeral) {
    item.classList.add('whisper');
    item.dataset.ephemeral = 'true';
    body.append(element('span', 'note', `👁 ${say.onlyYou}`));
  }
  if (message.subtype === 'thread_broadcast') body.append(element('span', 'note', say.broadcast));
  const act = view.elements(message, item);
  const blocks = (message.blocks ?? []).map((block) => renderBlock(block, view.names, act)).filter(Boolean);
  if (blocks.length) {
    body.append(element('div', 'text', ...blocks));
  } else if (message.text) {
    body.append(element('div', 'text', mrkdwn(message.text, view.names)));
  }
  if (message.edited) (body.querySelector('.text') ?? body).append(' ', element('span', 'edited', say.edited));
  for (const attachment of message.attachments ?? []) body.append(renderAttachment(attachment, view.names, act));
  for (const file of message.files ?? []) body.append(fileCard(file));
  if (message.reactions?.length) body.append(renderReactions(message, view));
  if (message.reply_count && !view.inThread) {
    const replies = element('button', 'replies', say.replies(message.reply_count));
    replies.type = 'button';
    replies.addEventListener('click', () => view.openThread(message));
    body.append(replies);
  }
  item.append(avatar(author), head, body);
  if (!message.is_ephemeral && !message.local) item.append(renderTools(message, view));
  return item;
}

function renderTools(message, view) {
  const tools = element('div', 'tools');
  const tool = (name, text, label, act) => {
    const button = element('button', '', text);
    button.type = 'button';
    button.title = label;
    button.dataset.tool = name;
    button.setAttribute('aria-label', label);
    button.addEventListener('click', () => act(button));
    tools.append(button);
    return button;
  };
  for (const name of ['+1', 'eyes']) tool(name, emoji(name), view.say.reactWith(emoji(name)), () => view.react(message, name, false));
  tool('more', '☺︎', view.say.moreReactions, (button) => togglePicker(tools, button, message, view)).setAttribute('aria-expanded', 'false');
  if (!view.inThread) tool('thread', '💬', view.say.replyInThread, () => view.openThread(message));
  for (const { callback_id, name } of view.shortcuts) tool(`shortcut-${callback_id}`, '⚡', name, () => view.shortcut(callback_id, message));
  if (message.user === view.me) {
    tool('edit', '✏️', view.say.edit, (button) => startEdit(button.closest('.message'), message, view));
    tool('delete', '🗑', view.say.remove, (button) => {
      // Twice, as there is no way back.
      if (button.dataset.sure) view.remove(message);
      button.dataset.sure = 'true';
      button.textContent = view.say.removeSure;
    });
  }
  const invocation = message.metadata?.event_payload?.invocation?.split?.('#')[0];
  if (invocation) tool('log', '🔎', view.say.showLog, () => view.showInvocation(invocation));
  return tools;
}

function togglePicker(tools, button, message, view) {
  const open = tools.querySelector('.picker');
  button.setAttribute('aria-expanded', String(!open));
  if (open) return open.remove();
  const picker = element('div', 'picker');
  for (const name of OFFERED) {
    const choice = element('button', '', emoji(name));
    choice.type = 'button';
    choice.title = `:${name}:`;
    choice.dataset.emoji = name;
    choice.setAttribute('aria-label', view.say.reactWith(name));
    choice.addEventListener('click', () => {
      picker.remove();
      view.react(message, name, false);
    });
    picker.append(choice);
  }
  picker.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    picker.remove();
    button.setAttribute('aria-expanded', 'false');
    button.focus();
  });
  tools.append(picker);
  picker.firstElementChild.focus();
}

/** Turns a message of one's own into a field; Enter saves, Escape doesn't. */
export function startEdit(item, message, view) {
  if (item.querySelector('.editor')) return;
  const body = item.querySelector('.body');
  const field = element('textarea', 'editor');
  const before = typed(message.text, view.names);
  field.value = before;
  field.rows = 1;
  field.setAttribute('aria-label', view.say.edit);
  const end = () => {
    form.remove();
    body.hidden = false;
    item.classList.remove('edited-now');
  };
  const form = element('div', 'editing', field, element('p', 'note', view.say.editKeys));
  field.addEventListener('input', () => grow(field));
  field.addEventListener('keydown', (event) => {
    if (composing(event)) return;
    if (event.key === 'Escape') {
      event.stopPropagation();
      end();
      view.done(message);
    } else if (event.key === 'Enter' && !event.shiftKey) {
      event.preventDefault();
      const text = field.value;
      end();
      view.done(message);
      if (text.trim() && text !== before) view.edit(message, text);
    }
  });
  body.hidden = true;
  item.classList.add('edited-now');
  body.after(form);
  grow(field);
  field.focus();
  field.setSelectionRange(before.length, before.length);
}

function renderReactions(message, view) {
  const list = element('div', 'reactions');
  for (const { name, users, count } of message.reactions) {
    const mine = users.includes(view.me);
    const chip = element('button', '', element('span', '', emoji(name)), element('span', '', String(count)));
    chip.type = 'button';
    chip.dataset.reaction = name;
    chip.title = users.map((id) => view.author(id).label).join(', ');
    chip.setAttribute('aria-pressed', String(mine));
    chip.setAttribute('aria-label', `${name}, ${count}`);
    chip.addEventListener('click', () => view.react(message, name, mine));
    list.append(chip);
  }
  return list;
}

function renderAttachment(attachment, names, act) {
  const made = element('div', 'attachment text');
  if (/^[a-z]+$/.test(attachment.color ?? '')) made.dataset.color = attachment.color;
  if (/^#[0-9a-f]{6}$/i.test(attachment.color ?? '')) made.style.borderColor = attachment.color;
  if (attachment.pretext) made.append(element('div', '', mrkdwn(attachment.pretext, names)));
  if (attachment.title) made.append(element('div', '', element('strong', '', away(attachment.title_link, unescape(attachment.title)))));
  const blocks = (attachment.blocks ?? []).map((block) => renderBlock(block, names, act)).filter(Boolean);
  made.append(...blocks);
  // What stands in for it where it can't be shown.
  const isEmpty = !blocks.length && !['pretext', 'title', 'fields', 'image_url', 'footer'].some((part) => attachment[part]?.length);
  const text = attachment.text ?? (isEmpty ? attachment.fallback : '');
  if (text) made.append(element('div', '', mrkdwn(text, names)));
  if (attachment.fields?.length) {
    const field = (f) => element('div', f.short ? '' : 'wide', element('strong', '', unescape(f.title ?? '')), element('br'), mrkdwn(String(f.value ?? ''), names));
    made.append(element('div', 'block fields', ...attachment.fields.map(field)));
  }
  if (attachment.image_url) made.append(element('div', '', picture(attachment)));
  if (attachment.footer) made.append(element('span', 'note', attachment.footer));
  return made;
}
