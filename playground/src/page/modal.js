// The bot's modals for the one who is spoken as: the uppermost is shown, with its fields and what is wrong with them.

import { renderBlock } from './blocks.js';
import { keepValues, valuesIn } from './elements.js';
import { element, plainText } from './mrkdwn.js';

/**
 * `page`: say(), names, me(), post(what, body), elements(press). Returns what to do when the open modals or the person
 * change.
 */
export function modals(page) {
  const dialog = document.getElementById('modal');
  const stacks = new Map(); // person → their modals, the lowest first
  let shown = null; // the id of the modal that is drawn
  let waiting = false;

  const top = () => stacks.get(page.me())?.at(-1);

  function draw(problem = '') {
    const view = top();
    if (!view) {
      shown = null;
      waiting = false;
      if (dialog.open) dialog.close();
      return;
    }
    const before = shown === view.id ? valuesIn(dialog) : {};
    const focused = shown === view.id ? document.activeElement?.dataset?.action : null;
    shown = view.id;
    dialog.dataset.view = view.id;
    dialog.dataset.callback = view.callback_id ?? '';
    const say = page.say();
    const title = element('h2', '', plainText(view.title));
    title.id = 'modal-title';
    const button = (id, text, style, act) => {
      const made = element('button', 'button', text);
      made.type = 'button';
      made.id = id;
      if (style) made.dataset.style = style;
      made.addEventListener('click', act);
      return made;
    };
    const cross = button('modal-x', '✕', '', close);
    cross.setAttribute('aria-label', say.closePanel);
    const elements = page.elements((block_id, action_id, value) => press(view, block_id, action_id, value));
    const body = element('div', 'inside', ...(view.blocks ?? []).map((block) => marked(block, renderBlock(block, page.names, elements), view)).filter(Boolean));
    const ends = element('div', 'ends');
    if (problem) ends.append(element('p', 'problem', problem));
    ends.append(button('modal-close', plainText(view.close) || say.cancel, '', close));
    if (view.submit) {
      const send = button('modal-submit', waiting ? '…' : plainText(view.submit), 'primary', submit);
      send.disabled = waiting;
      ends.append(send);
    }
    dialog.replaceChildren(element('header', '', title, cross), body, ends);
    keepValues(dialog, before);
    if (!dialog.open) dialog.showModal();
    const wrong = dialog.querySelector('[aria-invalid=true]');
    const again = focused && dialog.querySelector(`[data-action="${CSS.escape(focused)}"]`);
    (wrong ?? again ?? dialog.querySelector('.inside :is(input, select, textarea)') ?? cross).focus();
  }

  function marked(block, node, view) {
    if (!node) return null;
    const error = view.errors?.[block.block_id];
    node.dataset.inBlock = block.block_id;
    if (error) {
      const note = element('p', 'wrong', error);
      note.setAttribute('role', 'alert');
      node.append(note);
      node.querySelector('[data-action]')?.setAttribute('aria-invalid', 'true');
    }
    return node;
  }

  async function attempt(what, body) {
    try {
      return await page.post(what, { user: page.me(), view: shown, ...body });
    } catch (error) {
      waiting = false;
      draw(error.message);
      return null;
    }
  }

  const press = (view, block_id, action_id, value) => attempt('press', { view: view.id, block_id, action_id, value, values: valuesIn(dialog) });

  async function submit() {
    if (waiting) return;
    waiting = true;
    const send = document.getElementById('modal-submit');
    send.disabled = true;
    const answer = await attempt('submit', { values: valuesIn(dialog) });
    // Something is missing: what, has been drawn already or will be.
    if (answer && !answer.trigger_id) {
      waiting = false;
      draw();
    }
  }

  const close = () => attempt('close', {});

  dialog.addEventListener('cancel', (event) => {
    event.preventDefault();
    close();
  });
  dialog.addEventListener('keydown', (event) => {
    const submits = event.key === 'Enter' && !event.isComposing && (event.target.tagName === 'INPUT' || event.ctrlKey || event.metaKey);
    if (!submits || !top()?.submit || /checkbox|radio/.test(event.target.type)) return;
    event.preventDefault();
    submit();
  });

  return {
    load(all) {
      stacks.clear();
      for (const [user, stack] of Object.entries(all ?? {})) stacks.set(user, stack);
      draw();
    },
    change(user, stack) {
      stacks.set(user, stack);
      if (user !== page.me()) return;
      waiting = false;
      draw();
    },
    /** The bot didn't answer. */
    failed(view) {
      if (view !== shown) return;
      waiting = false;
      draw(page.say().trouble);
    },
    draw: () => draw(),
  };
}
