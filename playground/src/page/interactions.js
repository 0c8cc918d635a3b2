// What people do with the bot's elements and shortcuts, and what is seen of the bot's acknowledgement.

import { valuesIn } from './elements.js';
import { avatar } from './message.js';
import { element } from './mrkdwn.js';

/** `page`: state, say(), names, author(id), post(what, body), isChannel(conversation), problem(text). */
export function interactions(page) {
  const { state } = page;
  const people = () => [...state.people.values()].map((p) => ({ value: p.id, text: p.display }));
  const channels = (only) => [...state.conversations.values()]
    .filter((c) => (only ? c.kind === 'channel' : page.isChannel(c)) && c.members.includes(state.me))
    .map((c) => ({ value: c.id, text: `#${c.name}` }));

  const elements = (press) => ({ say: page.say(), names: page.names, people, channels, press });

  // A message can stand in the channel and in the open thread.
  const nodesOf = ({ ts, block_id, action_id }) =>
    document.querySelectorAll(`.message[data-ts="${CSS.escape(ts ?? '')}"] [data-block="${CSS.escape(block_id ?? '')}"][data-action="${CSS.escape(action_id ?? '')}"]`);

  return {
    elements,

    /** The elements of a message. */
    inMessage: (message, item) => elements(async (block_id, action_id, value, node) => {
      node.classList.add('busy');
      node.closest('.block')?.querySelector('.trouble')?.remove();
      try {
        await page.post('press', { user: state.me, channel: state.open, ts: message.ts, block_id, action_id, value, values: valuesIn(item) });
      } catch (error) {
        node.classList.remove('busy');
        page.problem(error.message);
      }
    }),

    answered(notice) {
      if (notice.user === state.me && notice.ts) for (const node of nodesOf(notice)) node.classList.remove('busy');
    },

    /** The bot didn't acknowledge in time: as Slack, a warning beside the element, or a line at the bottom. */
    unanswered(notice) {
      if (notice.user !== state.me) return;
      const text = `⚠ ${page.say().trouble}`;
      const nodes = notice.ts ? [...nodesOf(notice)] : [];
      for (const node of nodes) {
        node.classList.remove('busy');
        const note = element('span', 'trouble', text);
        note.setAttribute('role', 'alert');
        note.title = notice.error;
        node.after(note);
      }
      if (!nodes.length) toast(text);
    },

    async shortcut(callback_id, message) {
      try {
        await page.post('shortcut', { user: state.me, callback_id, ...(message && { channel: state.open, ts: message.ts }) });
      } catch (error) {
        page.problem(error.message);
      }
    },

    /** Does what Slack's own commands do; false for any other text. */
    async builtin(text) {
      const [, name, rest] = /^\/(join|leave|topic|invite|remove)(?:\s+(.*))?$/s.exec(text) ?? [];
      if (!name) return false;
      const named = rest?.trim() ?? '';
      const somebody = named.replace(/^@/, '') === state.bot.name ? '@bot' : named;
      const who = ['invite', 'remove'].includes(name) ? somebody : state.me;
      const channel = name === 'join' ? named : state.open;
      await page.post({ invite: 'join', remove: 'leave' }[name] ?? name, { user: who, channel, ...(name === 'topic' && { topic: named }) });
      return true;
    },

    /** What can follow / at the beginning: the bot's commands, shortcuts that are offered anywhere, Slack's own. */
    slash() {
      const own = Object.entries(page.say().builtins).map(([command, more]) => ({ insert: command, label: command, more, icon: '# ' }));
      const bot = avatar(page.author(state.bot.id));
      const commands = state.features.slash_commands.map((c) => ({
        insert: c.command, label: c.command, more: [c.usage_hint, c.description].filter(Boolean).join(' · '), icon: bot.cloneNode(true),
      }));
      const anywhere = state.features.shortcuts.filter((s) => s.type === 'global');
      return [...commands, ...anywhere.map((s) => ({ insert: `/${s.name}`, label: s.name, more: s.description, icon: '⚡ ', act: () => this.shortcut(s.callback_id) })), ...own];
    },
  };
}

let timer = null;

/** A line at the bottom of the page that goes away. */
export function toast(text) {
  const notice = document.getElementById('notice');
  notice.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => {
    notice.textContent = '';
  }, 6000);
}
