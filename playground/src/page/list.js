// Lists of messages: order, days, groups by author, staying at the end.

import { keepValues, valuesIn } from './elements.js';
import { day, renderMessage } from './message.js';
import { element } from './mrkdwn.js';

export const KEPT = 300; // messages of a conversation that the page holds
const GROUPED = 300; // seconds within which messages of one author stand together

/** The order of two ts. Equal lengths sort as text; a longer integer part is a later time. */
export const later = (a, b) => a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);

/** Shows these messages and no others; `view` as `renderMessage` takes it. */
export function fill(list, messages, view) {
  list.replaceChildren(...messages.map((message) => renderMessage(message, view)));
  for (const item of list.querySelectorAll('.message')) arrange(item, view);
}

/** Puts a new or changed message where it belongs. */
export function upsert(list, scroll, message, view) {
  const item = renderMessage(message, view);
  const old = list.querySelector(`.message[data-ts="${CSS.escape(message.ts)}"]`);
  // Somebody edits it right now.
  if (old?.querySelector('.editor')) return;
  if (old) {
    if (old.classList.contains('unread-from')) {
      item.classList.add('unread-from');
      item.dataset.new = old.dataset.new;
    }
    keepValues(item, valuesIn(old));
    old.replaceWith(item);
  } else {
    let before = list.lastElementChild;
    while (before && (!before.dataset.ts || later(before.dataset.ts, message.ts) > 0)) before = before.previousElementSibling;
    if (before) before.after(item);
    else list.prepend(item);
    while (list.children.length > KEPT * 1.5) list.firstElementChild.remove();
  }
  arrange(item, view);
  const next = item.nextElementSibling;
  if (next?.dataset.ts) arrange(next, view);
  if (scroll.dataset.end === 'true' || message.user === view.me) toEnd(scroll);
}

/** Joins a message to the one before by the same author; begins a day where one begins. */
function arrange(item, view) {
  let before = item.previousElementSibling;
  if (before?.classList.contains('day')) {
    before.remove();
    before = item.previousElementSibling;
  }
  const label = day(item.dataset.ts, view.language);
  const newDay = !before || day(before.dataset.ts, view.language) !== label;
  if (newDay) {
    const today = day(String(Date.now() / 1000), view.language);
    item.before(element('li', 'day', label === today ? view.say.today : label));
  }
  const near = before && Number(item.dataset.ts.split('.')[0]) - Number(before.dataset.ts.split('.')[0]) < GROUPED;
  const same = before && before.dataset.author === item.dataset.author && before.dataset.ephemeral === item.dataset.ephemeral;
  item.classList.toggle('follows', Boolean(!newDay && near && same));
}

// A list that shows its end goes on doing so when the window or a panel changes its size.
const resized = new ResizeObserver((entries) => {
  for (const { target } of entries) if (target.dataset.end === 'true') toEnd(target);
});
export function stickToEnd(scroll) {
  resized.observe(scroll);
  scroll.addEventListener('scroll', () => {
    scroll.dataset.end = String(scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 80);
  });
}

export function toEnd(scroll) {
  scroll.dataset.end = 'true';
  scroll.scrollTop = scroll.scrollHeight;
}
