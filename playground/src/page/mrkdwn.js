// Slack's mrkdwn as DOM nodes. Text becomes text nodes only, never markup: nothing that somebody writes can be HTML.

const EMOJI = {
  '+1': '👍', thumbsup: '👍', '-1': '👎', thumbsdown: '👎', eyes: '👀', tada: '🎉', heart: '❤️', wave: '👋', smile: '😄',
  slightly_smiling_face: '🙂', joy: '😂', sob: '😭', thinking_face: '🤔', fire: '🔥', rocket: '🚀', sparkles: '✨',
  white_check_mark: '✅', heavy_check_mark: '✔️', x: '❌', warning: '⚠️', question: '❓', bulb: '💡', bell: '🔔',
  hourglass: '⌛', hourglass_flowing_sand: '⏳', clap: '👏', pray: '🙏', muscle: '💪', ok_hand: '👌', raised_hands: '🙌',
  coffee: '☕', rice: '🍚', ramen: '🍜', pizza: '🍕', pushpin: '📌', memo: '📝', link: '🔗', zap: '⚡', robot_face: '🤖',
  calendar: '📅', alarm_clock: '⏰', lock: '🔒', key: '🔑', bug: '🐛', 100: '💯', star: '⭐', sunny: '☀️', no_entry: '⛔',
};

/** The character of an emoji by its name, with a skin tone or not; `:name:` where it isn't known. */
export function emoji(name) {
  return EMOJI[name.split('::')[0]] ?? `:${name}:`;
}

/** The text of a plain text object, with its emoji unless it says otherwise. */
export function plainText(object) {
  const text = object?.text ?? '';
  return object?.emoji === false ? text : text.replace(/:([a-z0-9_+-]+(?:::skin-tone-\d)?):/g, (_, name) => emoji(name));
}

/** The names of the emoji that are offered for reactions. */
export const OFFERED = ['+1', 'heart', 'tada', 'joy', 'eyes', 'white_check_mark', 'pray', 'clap', 'fire', 'rocket', 'thinking_face', 'sob', 'ramen', 'coffee', 'x', 'bug'];

/** Text as it was before the bot made it fit for mrkdwn. */
export const unescape = (text) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
const isWord = (char) => char !== undefined && /[\p{L}\p{N}]/u.test(char);

export function element(tag, className, ...children) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/**
 * Renders mrkdwn. `names` looks up people and channels: {user(id), channel(id)} → name or undefined.
 */
export function mrkdwn(text, names) {
  const out = document.createDocumentFragment();
  const parts = text.split(/```\n?([\s\S]+?)\n?```/);
  parts.forEach((part, at) => {
    if (at % 2) {
      // Entities and tokens mean the same in code; their looks don't matter there.
      out.append(element('pre', '', unescape(part.replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_, a, b) => b || a))));
    } else if (part) {
      lines(part, names, out);
    }
  });
  return out;
}

/** The text as a person types it: tokens become names and addresses again. */
export function typed(text, names) {
  const plain = text.replace(/<([@#!]?)([^<>|]+)(?:\|([^<>]*))?>/g, (_, mark, id, label) => {
    if (mark === '@') return `@${names.user(id) ?? label ?? id}`;
    if (mark === '#') return `#${names.channel(id) ?? (label || id)}`;
    return mark === '!' ? `@${id.split('^')[0]}` : id.replace(/^mailto:/, '');
  });
  return unescape(plain);
}

function lines(text, names, out) {
  let quote = null;
  const all = text.split('\n');
  all.forEach((line, at) => {
    const quoted = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quoted) {
      if (quote) quote.append(element('br'));
      else out.append((quote = element('blockquote')));
      quote.append(inline(quoted[1], names));
      return;
    }
    quote = null;
    out.append(inline(line, names));
    if (at < all.length - 1) out.append(element('br'));
  });
}

const TOKEN = /^<([^<>|]+)(?:\|([^<>]*))?>/;
const CODE = /^`([^`\n]+)`/;
const NAMED = /^:([a-z0-9_+'-]+(?:::skin-tone-\d)?):/;
const STYLES = { '*': 'strong', _: 'em', '~': 's' };

function inline(text, names) {
  const out = document.createDocumentFragment();
  let plain = '';
  const flush = () => {
    if (plain) out.append(unescape(plain));
    plain = '';
  };
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const char = text[at];
    let match;
    if (char === '<' && (match = TOKEN.exec(rest))) {
      flush();
      out.append(token(match[1], match[2], names));
    } else if (char === '`' && (match = CODE.exec(rest))) {
      flush();
      out.append(element('code', '', unescape(match[1].replace(/<([^<>|]+)(?:\|([^<>]*))?>/g, (_, a, b) => b || a))));
    } else if (char === ':' && (match = NAMED.exec(rest)) && emoji(match[1])[0] !== ':') {
      plain += emoji(match[1]);
    } else if (STYLES[char] && (match = styled(text, at, char))) {
      flush();
      out.append(element(STYLES[char], '', inline(match[1], names)));
    } else {
      plain += char;
      at += 1;
      continue;
    }
    at += match[0].length;
  }
  flush();
  return out;
}

/** `*bold*` and its like at a position: whole words only, no blanks at the inner edges. */
function styled(text, at, mark) {
  if (isWord(text[at - 1]) || text[at + 1] === undefined || /\s/.test(text[at + 1]) || text[at + 1] === mark) return null;
  for (let end = at + 2; end < text.length; end += 1) {
    if (text[end] === mark && !/\s/.test(text[end - 1]) && !isWord(text[end + 1])) {
      return [text.slice(at, end + 1), text.slice(at + 1, end)];
    }
  }
  return null;
}

function token(content, label, names) {
  const rest = content.slice(1);
  switch (content[0]) {
    case '@':
      return element('span', 'mention', `@${names.user(rest) ?? label ?? rest}`);
    case '#':
      return element('span', 'mention', `#${names.channel(rest) ?? (label || rest)}`);
    case '!': {
      const word = rest.split('^')[0];
      if (word === 'date') return document.createTextNode(unescape(label ?? content));
      return element('span', 'mention all', label ? unescape(label) : `@${word}`);
    }
    default:
      return link(unescape(content), label);
  }
}

function link(address, label) {
  const text = unescape(label || address.replace(/^mailto:/, ''));
  // Only these schemes: a bot's text must not become a script.
  if (!/^(https?:|mailto:|tel:)/i.test(address)) return document.createTextNode(text);
  const made = element('a', '', text);
  made.href = address;
  made.target = '_blank';
  made.rel = 'noopener noreferrer';
  return made;
}
