// Where people write: sending by Enter, completion of @people and #channels, growing with the text.

import { element } from './mrkdwn.js';

export function grow(area) {
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight}px`;
}

/** While an input method composes, keys are its own; 229 is what older engines report then. */
export const composing = (event) => event.isComposing || event.keyCode === 229;

const MOST = 50; // choices offered at once; what does not fit is scrolled to
let numbered = 0;

/**
 * Completes the word that begins with @ or # before the cursor, and / at the very beginning. `choices(mark)` gives what
 * may follow the mark: [{insert, label, more}], the likeliest first; one with `act` is done instead of inserted.
 */
export function complete(area, choices) {
  const id = `choices-${(numbered += 1)}`;
  const list = element('ul', 'choices');
  list.id = id;
  list.hidden = true;
  list.setAttribute('role', 'listbox');
  area.closest('.box').append(list);
  area.setAttribute('role', 'combobox');
  area.setAttribute('aria-autocomplete', 'list');
  area.setAttribute('aria-controls', id);
  area.setAttribute('aria-expanded', 'false');
  let found = [];
  let chosen = 0;
  let from = 0;

  const close = () => {
    list.hidden = true;
    area.setAttribute('aria-expanded', 'false');
    area.removeAttribute('aria-activedescendant');
  };
  const mark = () => {
    for (const [at, item] of [...list.children].entries()) item.setAttribute('aria-selected', String(at === chosen));
    area.setAttribute('aria-activedescendant', `${id}-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: 'nearest' });
  };
  const take = (at) => {
    const { insert, act } = found[at];
    if (act) {
      area.value = '';
      grow(area);
      close();
      return act();
    }
    const end = area.selectionStart;
    const after = area.value.slice(end);
    const text = `${insert}${/^\s/.test(after) ? '' : ' '}`;
    area.setRangeText(text, from, end, 'end');
    close();
    area.focus();
    area.dispatchEvent(new Event('input', { bubbles: true }));
    return undefined;
  };
  const look = () => {
    const before = area.value.slice(0, area.selectionStart);
    // The mark begins a word: an e-mail address is no mention.
    const match = area.selectionStart === area.selectionEnd && (/(?:^|[\s(])([@#])([^\s@#]{0,30})$/.exec(before) ?? /^(\/)([^\s/]{0,30})$/.exec(before));
    if (!match) return close();
    const typed = match[2].toLowerCase();
    from = area.selectionStart - match[2].length - 1;
    const fits = (c) => [c.label, c.insert.slice(1), c.more ?? ''].some((text) => text.toLowerCase().startsWith(typed));
    found = choices(match[1]).filter(fits).slice(0, MOST);
    if (!found.length || (found.length === 1 && found[0].insert === match[1] + match[2])) return close();
    chosen = 0;
    list.replaceChildren(
      ...found.map((choice, at) => {
        const item = element('li', '', choice.icon ?? '', element('b', '', choice.label), element('span', '', choice.more ?? ''));
        item.id = `${id}-${at}`;
        item.dataset.choice = choice.insert;
        item.setAttribute('role', 'option');
        // Not by click: the field must not lose the keyboard before.
        item.addEventListener('pointerdown', (event) => {
          event.preventDefault();
          take(at);
        });
        return item;
      }),
    );
    list.hidden = false;
    area.setAttribute('aria-expanded', 'true');
    mark();
  };

  area.addEventListener('input', look);
  area.addEventListener('blur', close);
  area.addEventListener('keydown', (event) => {
    if (list.hidden || composing(event)) return;
    const step = { ArrowDown: 1, ArrowUp: found.length - 1 }[event.key];
    if (step) {
      chosen = (chosen + step) % found.length;
      mark();
    } else if ((event.key === 'Enter' && !event.shiftKey) || event.key === 'Tab') {
      take(chosen);
    } else if (event.key === 'Escape') {
      close();
    } else {
      return;
    }
    event.preventDefault();
    // Whoever sends on Enter listens after this.
    event.stopImmediatePropagation();
  });
}

/**
 * A form with one field. `send(text)` may fail; then the text comes back. `recall()` is ArrowUp in an empty field;
 * `more()` says whether there is something to send beside the text.
 */
export function writer(form, area, send, recall, more) {
  const problem = form.querySelector('.problem');
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const text = area.value;
    if (!text.trim() && !more()) return;
    area.value = '';
    grow(area);
    try {
      await send(text);
      problem.textContent = '';
    } catch (error) {
      area.value = area.value || text;
      grow(area);
      problem.textContent = error.message;
    }
  });
  area.addEventListener('input', () => grow(area));
  area.addEventListener('keydown', (event) => {
    if (composing(event)) return;
    if (event.key === 'ArrowUp' && area.value === '' && !event.altKey && recall()) event.preventDefault();
    if (event.key !== 'Enter' || event.shiftKey) return;
    event.preventDefault();
    form.requestSubmit();
  });
}
