// The switches by which things go wrong: connections, deliveries, answers of the Web API.

import { element } from './mrkdwn.js';

const ERRORS = ['missing_scope', 'not_in_channel', 'channel_not_found', 'msg_too_long', 'is_archived', 'ratelimited', 'token_revoked', 'account_inactive', 'invalid_auth', 'internal_error', 'fatal_error'];
const METHODS = ['chat.postMessage', 'chat.update', 'chat.postEphemeral', 'views.open', 'reactions.add', 'files.completeUploadExternal', 'conversations.history', 'apps.connections.open'];
const number = (name, value, min = 1) => ({ name, type: 'number', value, min });
const every = { name: 'every', type: 'number', min: 1 };
const method = { name: 'method', type: 'text', list: 'methods', optional: true };
// kind, its arguments
const SWITCHES = [
  ['clear', []],
  ['refresh', [{ name: 'all', type: 'checkbox' }, every]],
  ['warning', [{ name: 'all', type: 'checkbox' }, every]],
  ['close', [{ name: 'all', type: 'checkbox' }, every]],
  ['silent', [{ name: 'all', type: 'checkbox' }]],
  ['link-disabled', []],
  ['duplicate', [{ name: 'form', type: 'select', options: ['retry', 'same-envelope', 'new-event-id'] }, number('count', 1), every]],
  ['rate-limit', [method, number('retry_after', 1), number('count', 1), every]],
  ['error500', [method, { name: 'after', type: 'checkbox' }, number('count', 1), every]],
  ['api-error', [{ name: 'error', type: 'text', list: 'errors', value: ERRORS[0] }, method, number('count', 1), every]],
  ['slow', [number('ms', 3000, 0), method]],
  ['short-pages', []],
  ['app-rate-limited', []],
  ['revoke', []],
];

/** `page`: say(), post(what, body). Fills the tab; `inForce` is drawn anew whenever it changes. */
export function faultPanel(root, page) {
  let inForce = [];
  let built = '';
  const status = element('ul', 'in-force');
  status.setAttribute('role', 'status');

  function field(spec) {
    const label = page.say().faultWords[spec.name] ?? spec.name;
    let made;
    if (spec.type === 'select') {
      made = element('select', '', ...spec.options.map((text) => element('option', '', text)));
    } else {
      made = element('input');
      made.type = spec.type;
      if (spec.value !== undefined) made.value = spec.value;
      if (spec.min !== undefined) made.min = spec.min;
      if (spec.list) {
        made.setAttribute('list', `fault-${spec.list}`);
        made.autocomplete = 'off';
        made.placeholder = spec.optional ? page.say().faultWords.any : '';
      }
    }
    made.name = spec.name;
    return element('label', '', label, ' ', made);
  }

  function row([kind, specs]) {
    const form = element('form', 'fault');
    form.dataset.fault = kind;
    const button = element('button', 'button', page.say().faultNames[kind]);
    button.type = 'submit';
    const said = element('span', 'note');
    form.append(button, ...specs.map(field), said);
    form.addEventListener('submit', async (event) => {
      event.preventDefault();
      const body = { kind };
      for (const spec of specs) {
        const { value, checked, type } = form.elements[spec.name];
        if (type === 'checkbox') body[spec.name] = checked;
        else if (type === 'number' && value !== '') body[spec.name] = Number(value);
        else if (value && type !== 'number') body[spec.name] = value;
      }
      // One of so many goes on until it is cleared.
      if (body.every > 1) delete body.count;
      else delete body.every;
      try {
        const { connections } = await page.post('fault', body);
        said.textContent = connections ? page.say().faultMet(connections) : '✓';
      } catch (error) {
        said.textContent = error.message;
      }
    });
    return form;
  }

  const suggestions = (id, all) => {
    const list = element('datalist');
    list.id = `fault-${id}`;
    list.append(...all.map((value) => {
      const option = element('option');
      option.value = value;
      return option;
    }));
    return list;
  };

  function drawStatus() {
    const lines = inForce.map((fault) => element('li', '', fault));
    status.replaceChildren(...(lines.length ? lines : [element('li', 'empty', page.say().noFaults)]));
  }

  return {
    render() {
      // Not anew while somebody fills it in.
      if (built !== page.say().language) {
        built = page.say().language;
        root.replaceChildren(status, ...SWITCHES.map(row), suggestions('errors', ERRORS), suggestions('methods', METHODS));
      }
      drawStatus();
    },
    change(faults) {
      inForce = faults;
      drawStatus();
    },
    count: () => inForce.length,
  };
}
