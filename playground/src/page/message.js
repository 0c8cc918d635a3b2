// One message as an element: author, text, blocks, attachments, files, reactions, its thread.

import { element, emoji, mrkdwn } from './mrkdwn.js';

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
 * The element of a message. `view` knows the surroundings: author(id), names, say (the texts of the page), language, me,
 * inThread, openThread(message), react(message, name, remove).
 */
export function renderMessage(message, view) {
  const { say } = view;
  const author = view.author(message.user);
  const time = clock(message.ts, view.language);
  const item = element('li', 'message');
  item.dataset.ts = message.ts;
  item.dataset.author = message.user;
  item.dataset.time = new Date(seconds(message.ts) * 1000).toLocaleTimeString(view.language, { hour: 'numeric', minute: '2-digit', hourCycle: 'h23' });
  if (message.thread_ts) item.dataset.thread = message.thread_ts;

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
  const blocks = (message.blocks ?? []).map((block) => renderBlock(block, view.names)).filter(Boolean);
  if (blocks.length) {
    body.append(element('div', 'text', ...blocks));
  } else if (message.text) {
    body.append(element('div', 'text', mrkdwn(message.text, view.names)));
  }
  if (message.edited) (body.querySelector('.text') ?? body).append(' ', element('span', 'edited', say.edited));
  for (const attachment of message.attachments ?? []) body.append(renderAttachment(attachment, view.names));
  for (const file of message.files ?? []) body.append(renderFile(file));
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
  const tool = (text, label, act) => {
    const button = element('button', '', text);
    button.type = 'button';
    button.title = label;
    button.setAttribute('aria-label', label);
    button.addEventListener('click', act);
    tools.append(button);
  };
  for (const name of ['+1', 'eyes']) tool(emoji(name), view.say.reactWith(emoji(name)), () => view.react(message, name, false));
  if (!view.inThread) tool('💬', view.say.replyInThread, () => view.openThread(message));
  return tools;
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

function textOf(object, names) {
  if (!object?.text) return '';
  return object.type === 'plain_text' ? object.text : mrkdwn(object.text, names);
}

/** The blocks that a text-first page shows; others are left to the message's text. */
function renderBlock(block, names) {
  switch (block.type) {
    case 'header':
      return element('div', 'block header', textOf(block.text, names));
    case 'divider':
      return element('div', 'block', element('hr'));
    case 'section': {
      const made = element('div', 'block', textOf(block.text, names));
      if (block.fields) {
        made.append(element('div', 'block fields', ...block.fields.map((f) => element('div', '', textOf(f, names)))));
      }
      return made;
    }
    case 'markdown':
      return element('div', 'block', mrkdwn(block.text ?? '', names));
    case 'context': {
      const texts = (block.elements ?? []).filter((e) => e.text).map((e) => element('span', '', textOf(e, names), ' '));
      return element('div', 'block context', ...texts);
    }
    default:
      return null;
  }
}

function renderAttachment(attachment, names) {
  const made = element('div', 'attachment text');
  if (/^[a-z]+$/.test(attachment.color ?? '')) made.dataset.color = attachment.color;
  if (/^#[0-9a-f]{6}$/i.test(attachment.color ?? '')) made.style.borderColor = attachment.color;
  if (attachment.pretext) made.append(element('div', '', mrkdwn(attachment.pretext, names)));
  if (attachment.title) made.append(element('div', '', element('strong', '', attachment.title)));
  const blocks = (attachment.blocks ?? []).map((block) => renderBlock(block, names)).filter(Boolean);
  made.append(...blocks);
  const text = attachment.text ?? (blocks.length ? '' : (attachment.fallback ?? ''));
  if (text) made.append(element('div', '', mrkdwn(text, names)));
  if (attachment.fields?.length) {
    const field = (f) => element('div', '', element('strong', '', f.title ?? ''), element('br'), mrkdwn(String(f.value ?? ''), names));
    made.append(element('div', 'block fields', ...attachment.fields.map(field)));
  }
  if (attachment.footer) made.append(element('span', 'note', attachment.footer));
  return made;
}

function renderFile(file) {
  const made = element('a', 'file', '📄 ', element('strong', '', file.title || file.name), ` ${file.size} B`);
  made.href = `/files/${encodeURIComponent(file.id)}`;
  return made;
}
