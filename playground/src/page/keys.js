// Keyboard shortcuts of the whole page, and the list of them.

import { element } from './mrkdwn.js';
import { composing } from './writer.js';

/** `act`: conversation(step, unreadOnly), person(number), panel(), help(). Keys are told by place, whatever the layout. */
export function shortcuts(act) {
  document.addEventListener('keydown', (event) => {
    if (composing(event)) return;
    const { code } = event;
    const digit = /^Digit([1-9])$/.exec(code);
    if (event.altKey && !event.ctrlKey && !event.metaKey) {
      if (code === 'ArrowUp') act.conversation(-1, event.shiftKey);
      else if (code === 'ArrowDown') act.conversation(1, event.shiftKey);
      else if (digit) act.person(Number(digit[1]) - 1);
      else if (code === 'KeyP') act.panel();
      else return;
    } else if ((event.ctrlKey || event.metaKey) && code === 'Slash') {
      act.help();
    } else {
      return;
    }
    event.preventDefault();
  });
}

/** Fills the dialog with the shortcuts; `lines` are [keys, what they do]. */
export function listKeys(dialog, title, lines) {
  const rows = lines.flatMap(([keys, what]) => [element('dt', '', ...keys.split(' ').map((key) => element('kbd', '', key))), element('dd', '', what)]);
  dialog.querySelector('h2').textContent = title;
  dialog.querySelector('dl').replaceChildren(...rows);
}
