// The sidebar: whether the bot is there, conversations, and as whom one speaks.

import { avatar } from './message.js';
import { element } from './mrkdwn.js';

const $ = (id) => document.getElementById(id);

/** `page`: state, say(), author(id), place(conversation), visible(conversation), current(), speakAs(id), open(id). */
export function sidebar(page) {
  const { state } = page;
  const say = () => page.say();

  function entry(conversation) {
    const button = element('button', 'entry');
    button.type = 'button';
    button.dataset.conversation = conversation.id;
    let mark = conversation.kind === 'private' ? '🔒' : '#';
    if (!page.isChannel(conversation)) {
      mark = element('img');
      mark.src = '/page/icon.svg';
      mark.alt = '';
    }
    const label = page.isChannel(conversation) ? conversation.name : page.place(conversation);
    button.append(element('span', 'mark', mark), element('span', 'label', label));
    button.classList.toggle('away', !conversation.has_bot);
    button.classList.toggle('unread', conversation.unread > 0);
    button.setAttribute('aria-current', String(conversation.id === state.open));
    if (conversation.unread) {
      const count = element('span', 'count', String(Math.min(conversation.unread, 99)));
      count.setAttribute('aria-label', say().unread(conversation.unread));
      button.append(count);
    }
    button.addEventListener('click', () => page.open(conversation.id));
    return element('li', '', button);
  }

  return {
    botState() {
      const { name, connections } = state.bot;
      $('bot-state').dataset.connections = state.online ? connections : 0;
      $('bot-state').textContent = !state.online ? say().offline : connections ? say().connected(name, connections) : say().away(name);
    },

    people() {
      const chosen = [...state.people.values()].map((person) => {
        const radio = element('input');
        radio.type = 'radio';
        radio.name = 'person';
        radio.value = person.id;
        radio.checked = person.id === state.me;
        radio.dataset.person = person.id;
        radio.addEventListener('change', () => page.speakAs(person.id));
        return element('label', '', radio, avatar(page.author(person.id)), person.display);
      });
      $('people').replaceChildren($('people').querySelector('legend'), ...chosen);
    },

    conversations() {
      const all = [...state.conversations.values()].filter(page.visible);
      const unread = all.reduce((sum, c) => sum + c.unread, 0);
      const opened = page.current();
      if (opened) document.title = `${unread ? `(${unread}) ` : ''}${page.place(opened)} · moa playground`;
      $('channels').replaceChildren(...all.filter(page.isChannel).map(entry));
      $('directs').replaceChildren(...all.filter((c) => !page.isChannel(c)).map(entry));
    },
  };
}
