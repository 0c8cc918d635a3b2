// Slack's blocks as DOM nodes, as far as a text-first page shows them; what it doesn't know is left out.

import { renderElement } from './elements.js';
import { element, emoji, mrkdwn, plainText } from './mrkdwn.js';

/** A text object: plain text, or mrkdwn. */
function textOf(object, names) {
  if (!object?.text) return '';
  return object.type === 'plain_text' ? plainText(object) : mrkdwn(object.text, names);
}

/** Only these schemes: a bot's text must not become a script. */
const harmless = (address) => /^(https?:|mailto:|tel:)/i.test(address ?? '');

/** What leads elsewhere, where the address is one of the web. */
export function away(address, ...children) {
  if (!harmless(address)) return element('span', '', ...children);
  const made = element('a', '', ...children);
  made.href = address;
  made.target = '_blank';
  made.rel = 'noopener noreferrer';
  return made;
}

/** A picture from elsewhere isn't loaded (the page speaks to its own server alone): its text leads there. */
export const picture = (block) => away(block.image_url, `🖼 ${block.alt_text || block.image_url || ''}`);

/** A block as a DOM node. `act` is what its elements do, as `renderElement` takes it. */
export function renderBlock(block, names, act) {
  switch (block.type) {
    case 'header':
      return element('div', 'block header', textOf(block.text, names));
    case 'divider':
      return element('div', 'block', element('hr'));
    case 'section': {
      const made = element('div', 'block', textOf(block.text, names));
      if (block.fields) made.append(element('div', 'block fields', ...block.fields.map((f) => element('div', '', textOf(f, names)))));
      if (block.accessory) made.append(element('div', 'block actions', inBlock(block.accessory, block, act)));
      return made;
    }
    case 'markdown':
      return element('div', 'block', mrkdwn(block.text ?? '', names));
    case 'context': {
      const parts = (block.elements ?? []).map((e) => element('span', '', e.type === 'image' ? picture(e) : textOf(e, names), ' '));
      return element('div', 'block context', ...parts);
    }
    case 'image': {
      const made = element('div', 'block', picture(block));
      if (block.title) made.prepend(element('strong', '', textOf(block.title, names)), ' ');
      return made;
    }
    case 'actions':
      return element('div', 'block actions', ...(block.elements ?? []).map((one) => inBlock(one, block, act)));
    case 'input': {
      const made = renderElement(block.element ?? {}, block, act);
      const label = element('label', '', plainText(block.label), block.optional ? element('span', 'note', act.say.optional) : '');
      made.id ||= `input-${(inputs += 1)}`;
      label.htmlFor = made.id;
      if (made.matches('.boxes')) made.setAttribute('aria-label', plainText(block.label));
      const hint = block.hint?.text ? [element('span', 'note', plainText(block.hint))] : [];
      return element('div', 'block input', label, made, ...hint);
    }
    case 'rich_text':
      return element('div', 'block', ...(block.elements ?? []).map((part) => rich(part, names)).filter(Boolean));
    default:
      return null;
  }
}

let inputs = 0;

const inBlock = (one, block, act) => (one.type === 'image' ? picture(one) : renderElement(one, block, act));

function rich(part, names) {
  const inside = () => (part.elements ?? []).map((one) => span(one, names));
  switch (part.type) {
    case 'rich_text_section':
      return element('div', '', ...inside());
    case 'rich_text_quote':
      return element('blockquote', '', ...inside());
    case 'rich_text_preformatted':
      return element('pre', '', ...inside());
    case 'rich_text_list': {
      const list = element(part.style === 'ordered' ? 'ol' : 'ul', 'rich', ...(part.elements ?? []).map((one) => element('li', '', rich(one, names) ?? '')));
      if (part.style === 'ordered' && part.offset) list.start = part.offset + 1;
      return list;
    }
    default:
      return null;
  }
}

const STYLES = [['code', 'code'], ['bold', 'strong'], ['italic', 'em'], ['strike', 's']];

function span(one, names) {
  let made;
  switch (one.type) {
    case 'link':
      made = away(one.url, one.text || one.url);
      break;
    case 'user':
      made = element('span', 'mention', `@${names.user(one.user_id) ?? one.user_id}`);
      break;
    case 'channel':
      made = element('span', 'mention', `#${names.channel(one.channel_id) ?? one.channel_id}`);
      break;
    case 'broadcast':
      made = element('span', 'mention all', `@${one.range}`);
      break;
    case 'emoji':
      made = document.createTextNode(emoji(one.name ?? ''));
      break;
    default:
      made = document.createTextNode(one.text ?? '');
  }
  for (const [style, tag] of STYLES) if (one.style?.[style]) made = element(tag, '', made);
  return made;
}
