// The elements that people do something with: buttons, menus, pickers, fields. What they hold is raw, as /sim takes it.

import { element, mrkdwn, plainText } from './mrkdwn.js';

/** Kinds of elements whose choice is a list. */
const several = (one) => one.type === 'checkboxes' || one.type.startsWith('multi_');
const optionsOf = (one) => [...(one.options ?? []), ...(one.option_groups ?? []).flatMap((group) => group.options)];
const INPUTS = { plain_text_input: 'text', number_input: 'text', email_text_input: 'email', url_text_input: 'url', rich_text_input: 'text', datepicker: 'date', timepicker: 'time', datetimepicker: 'datetime-local' };

/** What a field holds from the start. */
function initial(one) {
  if (one.initial_option) return one.initial_option.value;
  if (one.initial_options) return one.initial_options.map((option) => option.value);
  const name = Object.keys(one).find((key) => key.startsWith('initial_'));
  return name ? one[name] : several(one) ? [] : '';
}

function ask(confirm, say) {
  return new Promise((resolve) => {
    const dialog = element('dialog', 'confirm', element('h2', '', plainText(confirm.title)), element('p', '', plainText(confirm.text)));
    const choose = (answer, text) => {
      const button = element('button', 'button', text);
      button.type = 'button';
      button.dataset.confirm = String(answer);
      button.addEventListener('click', () => {
        resolve(answer);
        dialog.remove();
      });
      return button;
    };
    const yes = choose(true, plainText(confirm.confirm) || say.send);
    yes.dataset.style = confirm.style ?? 'primary';
    dialog.append(element('div', 'ends', choose(false, plainText(confirm.deny) || say.closePanel), yes));
    dialog.addEventListener('cancel', () => {
      resolve(false);
      dialog.remove();
    });
    document.body.append(dialog);
    dialog.showModal();
    yes.focus();
  });
}

/**
 * One element as a DOM node. `block` holds it; `act` knows the surroundings: say, names, people(), channels(), and
 * press(block_id, action_id, value, node). In an `input` block that the bot doesn't listen to nothing is pressed.
 */
export function renderElement(one, block, act) {
  const quiet = block.type === 'input' && !block.dispatch_action;
  const press = async (value, node) => {
    if (quiet) return;
    if (one.confirm && !(await ask(one.confirm, act.say))) return;
    act.press(block.block_id, one.action_id, value, node);
  };
  const made = build(one, press, act, quiet);
  made.dataset.action = one.action_id ?? '';
  made.dataset.block = block.block_id ?? '';
  made.dataset.kind = one.type;
  return made;
}

function build(one, press, act, quiet) {
  switch (one.type) {
    case 'button': {
      const button = element('button', 'button', plainText(one.text));
      button.type = 'button';
      if (one.style) button.dataset.style = one.style;
      if (one.accessibility_label) button.setAttribute('aria-label', one.accessibility_label);
      button.addEventListener('click', () => {
        if (/^https?:/i.test(one.url ?? '')) window.open(one.url, '_blank', 'noopener,noreferrer');
        press(undefined, button);
      });
      return button;
    }
    case 'overflow': {
      const menu = select([{ value: '', text: '⋯' }, ...optionsOf(one).map(plain)], act.say.more);
      menu.classList.add('overflow');
      menu.addEventListener('change', () => {
        const { value } = menu;
        menu.value = '';
        if (value) press(value, menu);
      });
      return menu;
    }
    case 'checkboxes':
    case 'radio_buttons':
      return choices(one, press, act);
    case 'static_select':
      return one.option_groups ? grouped(one, press, act) : menu(one, optionsOf(one).map(plain), press, act);
    case 'multi_static_select':
      return menu(one, optionsOf(one).map(plain), press, act);
    case 'users_select':
    case 'multi_users_select':
      return menu(one, act.people(), press, act);
    case 'conversations_select':
    case 'multi_conversations_select':
    case 'channels_select':
    case 'multi_channels_select':
      return menu(one, act.channels(one.type.endsWith('channels_select')), press, act);
    default:
      return INPUTS[one.type] ? field(one, press, act, quiet) : element('span', 'note', `(${one.type})`);
  }
}

const plain = (option) => ({ value: option.value, text: plainText(option.text) || option.value });

function select(options, label) {
  const made = element('select', 'button');
  made.setAttribute('aria-label', label);
  made.append(...options.map(({ value, text }) => {
    const option = element('option', '', text);
    option.value = value;
    return option;
  }));
  return made;
}

function menu(one, options, press, act) {
  const label = plainText(one.placeholder) || act.say.choose;
  const many = several(one);
  const made = select(many ? options : [{ value: '', text: label }, ...options], label);
  made.multiple = many;
  if (many) made.size = Math.min(5, Math.max(2, options.length));
  fillIn(made, initial(one));
  made.addEventListener('change', () => press(valueOf(made), made));
  return made;
}

function grouped(one, press, act) {
  const made = menu(one, [], press, act);
  for (const group of one.option_groups) {
    const part = document.createElement('optgroup');
    part.label = plainText(group.label);
    part.append(...select((group.options ?? []).map(plain), '').children);
    made.append(part);
  }
  fillIn(made, initial(one));
  return made;
}

let numbered = 0;

/** The options of boxes may be mrkdwn. */
const rich = (object, act) => (object?.type === 'mrkdwn' ? mrkdwn(object.text, act.names) : plainText(object));

function choices(one, press, act) {
  const made = element('div', 'boxes');
  const name = `choices-of-${(numbered += 1)}`;
  const before = [initial(one)].flat();
  for (const option of optionsOf(one)) {
    const box = element('input');
    box.type = one.type === 'checkboxes' ? 'checkbox' : 'radio';
    box.name = name;
    box.value = option.value;
    box.checked = before.includes(option.value);
    const about = option.description?.text ? [element('span', 'note', rich(option.description, act))] : [];
    made.append(element('label', '', box, element('span', '', rich(option.text, act), ...about)));
  }
  made.addEventListener('change', () => press(valueOf(made), made));
  return made;
}

function field(one, press, act, quiet) {
  const made = element(one.multiline || one.type === 'rich_text_input' ? 'textarea' : 'input', 'field');
  if (made.tagName === 'INPUT') made.type = INPUTS[one.type];
  else made.rows = 4;
  if (one.type === 'number_input') made.inputMode = one.is_decimal_allowed ? 'decimal' : 'numeric';
  made.placeholder = plainText(one.placeholder);
  made.autocomplete = 'off';
  if (one.max_length) made.maxLength = one.max_length;
  fillIn(made, initial(one));
  const { trigger_actions_on: on } = one.dispatch_action_config ?? { trigger_actions_on: ['on_enter_pressed'] };
  if (/picker$/.test(one.type)) {
    made.setAttribute('aria-label', plainText(one.placeholder) || act.say.choose);
    made.addEventListener('change', () => press(valueOf(made), made));
  } else if (on?.includes('on_character_entered')) {
    made.addEventListener('input', () => press(valueOf(made), made));
  } else {
    made.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' || made.tagName !== 'INPUT' || event.isComposing || quiet) return;
      // It tells the bot, so it doesn't submit the modal.
      event.preventDefault();
      event.stopPropagation();
      press(valueOf(made), made);
    });
  }
  return made;
}

/** What an element holds now. */
export function valueOf(made) {
  const { kind } = made.dataset;
  if (made.classList.contains('boxes')) {
    const chosen = [...made.querySelectorAll(':checked')].map((box) => box.value);
    return made.querySelector('[type=checkbox]') ? chosen : (chosen[0] ?? null);
  }
  if (made.tagName === 'SELECT') return made.multiple ? [...made.selectedOptions].map((option) => option.value) : made.value || null;
  if (kind === 'datetimepicker') return made.value ? String(Math.floor(new Date(made.value).getTime() / 1000)) : null;
  return made.value;
}

/** Puts what was held before into an element. */
export function fillIn(made, value) {
  const list = [value ?? ''].flat().map(String);
  if (made.classList.contains('boxes')) {
    for (const box of made.querySelectorAll('input')) box.checked = list.includes(box.value);
  } else if (made.tagName === 'SELECT') {
    for (const option of made.options) option.selected = list.includes(option.value);
  } else if (made.type === 'datetime-local' && /^\d+$/.test(list[0])) {
    const at = new Date(Number(list[0]) * 1000);
    made.value = new Date(at.getTime() - at.getTimezoneOffset() * 60000).toISOString().slice(0, 16);
  } else {
    made.value = list[0];
  }
}

/** What all elements below `root` hold: {block_id: {action_id: raw}}. */
export function valuesIn(root) {
  const values = {};
  for (const made of root.querySelectorAll('[data-action][data-block]')) {
    if (['button', 'overflow'].includes(made.dataset.kind) || !made.matches('select, input, textarea, .boxes')) continue;
    (values[made.dataset.block] ??= {})[made.dataset.action] = valueOf(made);
  }
  return values;
}

/** Puts values back after drawing anew. */
export function keepValues(root, values) {
  for (const made of root.querySelectorAll('[data-action][data-block]')) {
    const value = values[made.dataset.block]?.[made.dataset.action];
    if (value !== undefined && made.dataset.kind !== 'button') fillIn(made, value);
  }
}
