// Files: those of messages, and those that people drop, paste or choose to send along.

import { element } from './mrkdwn.js';

const SIZES = ['B', 'kB', 'MB'];
const TEXTUAL = /^(text\/|application\/(json|xml|javascript|toml|yaml))/;
const PREVIEW = 600; // characters of a text

function sizeText(bytes) {
  const power = Math.min(SIZES.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  return `${power ? (bytes / 1000 ** power).toFixed(1) : bytes} ${SIZES[power]}`;
}

/** A file as a link to it; a picture is shown, and of a text its beginning. */
export function fileCard(file) {
  if (file.mode === 'tombstone') return element('span', 'file gone', '🗑 —');
  const address = `/files/${encodeURIComponent(file.id)}`;
  const title = file.title || file.name;
  const made = element('a', 'file');
  made.dataset.file = file.id;
  if (/^image\/(png|jpeg|gif|webp)$/.test(file.mimetype ?? '')) {
    const picture = element('img');
    picture.src = address;
    picture.alt = file.alt_txt || title;
    made.classList.add('picture');
    made.append(picture);
  }
  made.append(element('span', '', made.children.length ? '' : '📄 ', element('strong', '', title), ` ${sizeText(file.size)}`));
  made.href = address;
  made.download = file.name;
  if (!TEXTUAL.test(file.mimetype ?? '') || !file.preview) return made;
  return element('div', 'snippet', made, element('pre', '', file.preview.slice(0, PREVIEW)));
}

/** `page`: say(), me(), grew(). Files wait beside a text field until they are sent. */
export function attachments(form, page) {
  const waiting = [];
  const list = element('ul', 'attached');
  form.querySelector('.box').before(list);
  const chooser = element('input');
  chooser.type = 'file';
  chooser.multiple = true;
  chooser.hidden = true;
  const clip = element('button', 'clip', '📎');
  clip.type = 'button';
  clip.addEventListener('click', () => chooser.click());
  chooser.addEventListener('change', () => {
    add(chooser.files);
    chooser.value = '';
  });
  form.querySelector('.send').before(chooser, clip);

  function draw() {
    list.replaceChildren(...waiting.map((file, at) => {
      const away = element('button', '', '✕');
      away.type = 'button';
      away.setAttribute('aria-label', page.say().detach(file.name));
      away.addEventListener('click', () => {
        waiting.splice(at, 1);
        draw();
        form.querySelector('textarea').focus();
      });
      return element('li', '', `📄 ${file.name} `, element('span', 'note', sizeText(file.size)), away);
    }));
    clip.setAttribute('aria-label', page.say().attach);
    clip.title = page.say().attach;
  }

  function add(files) {
    waiting.push(...files);
    draw();
    form.querySelector('textarea').focus();
  }

  const pane = form.closest('main, aside');
  const carries = (event) => event.dataTransfer?.types.includes('Files');
  pane.addEventListener('dragover', (event) => {
    if (!carries(event)) return;
    event.preventDefault();
    pane.classList.add('dropping');
  });
  pane.addEventListener('dragleave', () => pane.classList.remove('dropping'));
  pane.addEventListener('drop', (event) => {
    pane.classList.remove('dropping');
    if (!carries(event)) return;
    event.preventDefault();
    add(event.dataTransfer.files);
  });
  form.addEventListener('paste', (event) => {
    if (!event.clipboardData.files.length) return;
    event.preventDefault();
    add(event.clipboardData.files);
  });
  draw();

  return {
    any: () => waiting.length > 0,
    draw,
    /** Uploads what waits; gives the ids. What could not be uploaded waits on. */
    async upload() {
      const ids = [];
      for (const file of waiting) {
        const query = new URLSearchParams({ user: page.me(), name: file.name });
        const response = await fetch(`/sim/upload?${query}`, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: file });
        const answer = await response.json();
        if (!answer.ok) throw new Error(answer.error);
        ids.push(answer.file);
      }
      waiting.length = 0;
      draw();
      return ids;
    },
  };
}
