// The side panel for authors of plugins: plugins, builds, log, frames.
//
// Stable hooks for tests:
//   #author-toggle[data-problems]    opens the panel; how many builds and plugins have a problem
//   [data-tab=NAME]                  plugins, builds, log, frames, faults      [data-plugin=NAME], [data-build=NAME]   a card
//   [data-diagnostic="FILE:LINE"]    a message of the compiler         #log-lines [data-invocation=ID]         a line of the log
//   #build-problems [data-problem=NAME]   above the conversation: a source that does not build, while its card is out of sight
//   #frame-list [data-kind=KIND]     in (to the bot), out (from it), call (of the Web API)
//   [data-fault=KIND]                the form of a switch for faults   .in-force  those that are yet to come

import { faultPanel } from './faults.js';
import { element } from './mrkdwn.js';

const LINES = 1000; // of the log
const FRAMES = 400;
const FAULTS = 5;
const PROBLEMS = 3; // builds that are told of above the conversation
const LOOK_EVERY = 500; // ms between two looks for new frames, as long as they are shown
const TABS = ['plugins', 'builds', 'log', 'frames', 'faults'];
const LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];
const $ = (id) => document.getElementById(id);
const time = (ms, language) => new Date(ms).toLocaleTimeString(language, { hourCycle: 'h23', hour: '2-digit', minute: '2-digit', second: '2-digit' });

/** `page`: say(), post(what, body), language(), remembered(key), remember(key, value), makeRoom(). */
export function authorPanel(page) {
  const say = () => page.say();
  const shown = { plugins: [], builds: [], faults: {}, tab: TABS.includes(page.remembered('tab')) ? page.remembered('tab') : 'plugins' };
  let lines = [];
  let only = null; // the invocation whose lines alone are shown
  let since = 0;
  let timer = null;
  const isOpen = () => !$('author').hidden;
  const faults = faultPanel($('tab-faults'), page);
  /** Which foldable parts are open, by key, so that drawing anew leaves them so. */
  const unfolded = new Map();

  function folding(key, summary, body, open = false) {
    const made = element('details', '', element('summary', '', ...summary), ...body);
    made.open = unfolded.get(key) ?? open;
    made.addEventListener('toggle', () => unfolded.set(key, made.open));
    return made;
  }

  // --- plugins ---

  function pluginCard(plugin) {
    const faults = shown.faults[plugin.name] ?? [];
    const tone = plugin.problem ? 'bad' : faults.length || plugin.warnings.length ? 'odd' : 'good';
    const head = [element('span', `dot ${tone}`), element('b', '', plugin.name), element('code', 'soft', plugin.version ? plugin.version.slice(0, 12) : '—')];
    if (faults.length) head.push(element('span', 'pill bad', say().faults(faults.length)));
    // What it does, as long as the card is folded.
    if (plugin.summary) head.push(element('span', 'brief soft', plugin.summary));
    const body = [];
    if (plugin.problem) body.push(element('p', 'trouble', plugin.problem));
    if (plugin.summary) body.push(element('p', '', plugin.summary));
    if (plugin.commands.length) body.push(element('p', 'chips', ...plugin.commands.map((c) => element('code', 'chip', c))));
    const facts = element('dl', 'facts');
    const fact = (name, ...values) => facts.append(element('dt', '', name), element('dd', '', ...values));
    if (plugin.version) fact(say().asksFor, ...(plugin.requests.length ? plugin.requests.map((r) => element('code', 'line', r)) : [say().asksNothing]));
    fact(say().file, element('code', 'line', plugin.file));
    if (plugin.since) fact(say().since, time(plugin.since, page.language()));
    body.push(facts);
    for (const warning of plugin.warnings) body.push(element('p', 'odd', `⚠ ${warning}`));
    if (faults.length) {
      const list = [...faults].reverse().map((fault) => element('li', '', element('time', '', time(fault.at, page.language())), ' ', fault.text, ' ', invocationButton(fault.invocation)));
      body.push(element('h4', '', say().lastFaults), element('ul', 'faults', ...list));
    }
    if (plugin.manifest) body.push(folding(`manifest ${plugin.name}`, [say().manifest], [element('pre', '', JSON.stringify(plugin.manifest, null, 2))]));
    const card = folding(`plugin ${plugin.name} ${plugin.file}`, head, body, Boolean(plugin.problem) || shown.plugins.length <= 3);
    card.className = 'card';
    card.dataset.plugin = plugin.name;
    return card;
  }

  // --- builds ---

  function buildCard(build) {
    const errors = build.diagnostics.filter((d) => d.level === 'error').length;
    const head = [element('span', `dot ${{ built: 'good', failed: 'bad' }[build.state] ?? 'busy'}`), element('b', '', build.name), element('span', 'soft', say().buildStates[build.state])];
    if (build.at) head.push(element('time', '', time(build.at, page.language())));
    const body = [];
    if (build.text && !(build.state === 'failed' && errors)) body.push(element('p', build.state === 'failed' ? 'trouble' : 'soft', build.text));
    body.push(...build.diagnostics.map((note, at) => diagnostic(build, note, at)));
    body.push(element('p', 'soft', element('code', 'line', build.dir)));
    const card = folding(`build ${build.name} ${build.dir} ${build.state}`, head, body, build.state === 'failed' || shown.builds.length <= 3);
    card.className = 'card';
    card.dataset.build = build.name;
    card.dataset.state = build.state;
    return card;
  }

  function diagnostic(build, note, at) {
    const where = note.file ? `${note.file}:${note.line}:${note.column}` : say().nowhere;
    const summary = [element('span', `pill ${note.level === 'error' ? 'bad' : 'odd'}`, note.level === 'error' ? say().error : say().warning), element('code', 'where', where), element('span', 'what', note.message)];
    const made = folding(`note ${build.name} ${at} ${where}`, summary, [element('pre', '', note.details || note.message)], at === 0 && note.level === 'error');
    made.className = `diagnostic ${note.level}`;
    made.dataset.diagnostic = `${note.file}:${note.line}`;
    return made;
  }

  // --- log ---

  function invocationButton(invocation) {
    if (!invocation) return '';
    const button = element('button', 'invocation', invocation.slice(0, 8));
    button.type = 'button';
    button.title = say().onlyInvocation(invocation);
    button.setAttribute('aria-label', say().onlyInvocation(invocation));
    button.addEventListener('click', () => showInvocation(invocation));
    return button;
  }

  const wanted = (line) => {
    if (only) return line.invocation === only;
    const text = $('log-filter').value.trim().toLowerCase();
    return LEVELS.indexOf(line.level) >= LEVELS.indexOf($('log-level').value) && (!text || `${line.plugin} ${line.invocation} ${line.text}`.toLowerCase().includes(text));
  };

  function logRow(line) {
    const row = element('li', `line ${line.level}`, element('time', '', time(line.at, page.language())), element('span', 'level', line.level), element('b', '', line.plugin), invocationButton(line.invocation), element('span', 'what', line.text));
    if (line.fault) row.classList.add('fault');
    row.dataset.invocation = line.invocation;
    row.dataset.level = line.level;
    return row;
  }

  /** Adds rows at the end of a list that stays at its end if it was there. */
  function append(list, rows, most) {
    const scroll = list.parentElement;
    const atEnd = scroll.scrollHeight - scroll.scrollTop - scroll.clientHeight < 40;
    list.append(...rows);
    while (list.children.length > most) list.firstElementChild.remove();
    if (atEnd) scroll.scrollTop = scroll.scrollHeight;
  }

  function renderLog() {
    $('log-only').hidden = !only;
    $('log-filter').hidden = $('log-level').hidden = Boolean(only);
    $('log-only').textContent = only ? `${say().invocation} ${only.slice(0, 12)}… ✕` : '';
    $('log-only').title = say().allLines;
    const rows = lines.filter(wanted).map(logRow);
    $('log-lines').replaceChildren(...rows);
    $('log-empty').hidden = rows.length > 0;
    $('log-lines').parentElement.scrollTop = $('log-lines').parentElement.scrollHeight;
  }

  function showInvocation(invocation) {
    only = invocation;
    open('log');
  }

  // --- frames ---

  /** What somebody did, and with what. */
  const interaction = (payload) => [payload.type, payload.actions?.[0]?.action_id ?? payload.view?.callback_id ?? payload.callback_id];

  /** What a frame is, in a few words. */
  function nameOf(frame) {
    if (frame.kind === 'call') {
      const failed = frame.status !== 200 || frame.answer?.ok === false;
      return [frame.method, failed ? `${frame.status} ${frame.answer?.error ?? ''}` : `${(frame.took_us / 1000).toFixed(1)} ms`, failed];
    }
    let json;
    try {
      json = JSON.parse(frame.text);
    } catch {
      return [frame.text.slice(0, 40), `${frame.text.length} B`, false];
    }
    const event = json.payload?.event;
    if (frame.kind === 'out') return [json.envelope_id ? 'ack' : 'frame', (json.envelope_id ?? '').slice(0, 8), false];
    const detail = (event ? [event.type, event.subtype] : json.type === 'interactive' ? interaction(json.payload ?? {}) : [json.payload?.command ?? json.reason]).filter(Boolean).join(' · ');
    return [json.type ?? 'frame', `${detail}${json.retry_attempt ? ` ↻${json.retry_attempt}` : ''}`, false];
  }

  const pretty = (value) => {
    if (typeof value !== 'string') return JSON.stringify(value, null, 2);
    try {
      return JSON.stringify(JSON.parse(value), null, 2);
    } catch {
      return value;
    }
  };

  function frameRow(frame) {
    const [name, detail, failed] = nameOf(frame);
    const arrow = { in: '→', out: '←', call: '⇄' }[frame.kind];
    const summary = element('summary', '', element('time', '', time(frame.at, page.language())), element('span', 'arrow', arrow), element('b', '', name), element('span', failed ? 'trouble' : 'soft', detail));
    summary.title = say().directions[frame.kind];
    const details = element('details', '', summary);
    // Written out when somebody looks: most never are.
    details.addEventListener('toggle', () => {
      if (!details.open || details.children.length > 1) return;
      if (frame.kind === 'call') details.append(element('pre', '', pretty(frame.args)), element('pre', 'answer', pretty(frame.answer)));
      else details.append(element('pre', '', pretty(frame.text)));
    });
    const row = element('li', '', details);
    row.dataset.kind = frame.kind;
    row.dataset.name = name;
    row.hidden = !fits(row);
    return row;
  }

  const fits = (row) => row.textContent.toLowerCase().includes($('frame-filter').value.trim().toLowerCase());

  async function lookForFrames() {
    clearTimeout(timer);
    timer = null;
    try {
      const response = await fetch(`/sim/frames?since=${since}`);
      const { next, frames } = await response.json();
      // A playground that was started anew counts from the beginning.
      if (next < since) $('frame-list').replaceChildren();
      since = next;
      append($('frame-list'), frames.map(frameRow), FRAMES);
    } catch {
      // It is gone; the page says so elsewhere.
    }
    // One chain only, and none for what nobody sees.
    if (isOpen() && shown.tab === 'frames') {
      clearTimeout(timer);
      timer = setTimeout(lookForFrames, LOOK_EVERY);
    }
  }

  // --- the whole ---

  function renderBadges() {
    const problems = shown.builds.filter((b) => b.state === 'failed').length + shown.plugins.filter((p) => p.problem).length;
    $('author-toggle').dataset.problems = problems;
    const label = problems ? `${say().author}, ${say().problems(problems)}` : say().author;
    $('author-toggle').setAttribute('aria-label', label);
    $('author-toggle').title = label;
    const marks = { plugins: shown.plugins.length || '', builds: shown.builds.filter((b) => b.state === 'failed').length || '', faults: faults.count() || '' };
    for (const name of TABS) {
      const tab = document.querySelector(`[data-tab=${name}]`);
      tab.replaceChildren(say().tabs[name], ...(marks[name] ? [element('span', `mark${name === 'builds' ? ' bad' : ''}`, String(marks[name]))] : []));
    }
  }

  /** Whoever looks at the conversation is told too why the old answer comes. */
  function renderProblems() {
    const inSight = isOpen() && shown.tab === 'builds';
    const isBroken = (build) => build.state === 'failed' || (build.state === 'building' && build.diagnostics.some((d) => d.level === 'error'));
    const broken = inSight ? [] : shown.builds.filter(isBroken);
    $('build-problems').replaceChildren(...broken.slice(0, PROBLEMS).map((build) => {
      const first = build.diagnostics.find((d) => d.level === 'error');
      const place = first?.file ? [element('code', '', `${first.file}:${first.line}`), ' '] : [];
      const button = element('button', '', element('b', '', say().doesNotBuild(build.name)), ' ', ...place, first?.message ?? build.text.split('\n')[0]);
      button.type = 'button';
      button.dataset.problem = build.name;
      button.addEventListener('click', () => open('builds'));
      return button;
    }));
  }

  function cards(list, made, empty) {
    list.replaceChildren(...(made.length ? made : [element('p', 'empty', empty)]));
  }

  function renderPanel() {
    renderBadges();
    renderProblems();
    $('author-title').textContent = say().author;
    $('author-close').setAttribute('aria-label', say().closePanel);
    $('author-close').title = say().closePanel;
    for (const id of ['log-filter', 'frame-filter']) {
      $(id).placeholder = say().filter;
      $(id).setAttribute('aria-label', say().filter);
    }
    $('log-level').setAttribute('aria-label', say().level);
    $('log-empty').textContent = say().noLines;
    for (const name of TABS) {
      const chosen = name === shown.tab;
      const tab = document.querySelector(`[data-tab=${name}]`);
      tab.setAttribute('aria-selected', String(chosen));
      tab.tabIndex = chosen ? 0 : -1;
      $(`tab-${name}`).hidden = !chosen;
    }
    if (!isOpen()) return;
    if (shown.tab === 'plugins') cards($('tab-plugins'), shown.plugins.map(pluginCard), say().noPlugins);
    if (shown.tab === 'builds') cards($('tab-builds'), shown.builds.map(buildCard), say().noBuilds);
    if (shown.tab === 'log') renderLog();
    if (shown.tab === 'frames') lookForFrames();
    if (shown.tab === 'faults') faults.render();
  }

  /** Something of this tab changed. */
  function redraw(tab) {
    if (shown.tab === tab) return renderPanel();
    renderBadges();
    return renderProblems();
  }

  function open(tab = shown.tab) {
    page.makeRoom();
    shown.tab = tab;
    page.remember('tab', tab);
    page.remember('panel', 'open');
    $('author').hidden = false;
    $('author-toggle').setAttribute('aria-expanded', 'true');
    document.body.classList.add('authored');
    renderPanel();
  }

  function close() {
    page.remember('panel', 'closed');
    $('author').hidden = true;
    $('author-toggle').setAttribute('aria-expanded', 'false');
    document.body.classList.remove('authored');
    renderProblems();
  }

  const toggle = () => (isOpen() ? close() : open());

  $('author-toggle').addEventListener('click', toggle);
  $('author-close').addEventListener('click', () => {
    close();
    $('author-toggle').focus();
  });
  $('author-tabs').addEventListener('click', ({ target }) => {
    const tab = target.closest('[data-tab]');
    if (tab) open(tab.dataset.tab);
  });
  $('author-tabs').addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: TABS.length - 1 }[event.key];
    if (!step || event.altKey) return;
    open(TABS[(TABS.indexOf(shown.tab) + step) % TABS.length]);
    document.querySelector(`[data-tab=${shown.tab}]`).focus();
  });
  $('log-filter').addEventListener('input', renderLog);
  $('log-level').addEventListener('change', renderLog);
  $('log-only').addEventListener('click', () => {
    only = null;
    renderLog();
  });
  $('frame-filter').addEventListener('input', () => {
    for (const row of $('frame-list').children) row.hidden = !fits(row);
  });
  $('log-level').replaceChildren(...LEVELS.map((level) => new Option(level, level, level === 'debug', level === 'debug')));

  return {
    armed(all) {
      faults.change(all);
      redraw('faults');
    },
    open,
    close,
    toggle,
    isOpen,
    showInvocation,
    render: renderPanel,
    /** What can be typed, by the manifests: of each plugin the examples of each command. `null` where none is known. */
    examples() {
      const commands = (list) => list.flatMap((command) => [command, ...commands(command.subcommands ?? [])]);
      const known = shown.plugins.filter((plugin) => plugin.manifest);
      const ofOne = (plugin) => commands(plugin.manifest.commands ?? []).map((command) => command.examples ?? []).filter((list) => list.length);
      return known.length ? known.map(ofOne) : null;
    },
    load(author) {
      Object.assign(shown, { plugins: author.plugins, builds: author.builds, faults: author.faults });
      lines = author.log;
      if (page.remembered('panel') === 'open' && !isOpen() && innerWidth > 1100) open();
      else renderPanel();
    },
    plugins(plugins) {
      shown.plugins = plugins;
      redraw('plugins');
    },
    builds(builds) {
      shown.builds = builds;
      redraw('builds');
    },
    line(line) {
      lines.push(line);
      if (lines.length > LINES) lines.shift();
      if (line.fault) {
        const faults = (shown.faults[line.plugin] ??= []);
        faults.push(line);
        if (faults.length > FAULTS) faults.shift();
        redraw('plugins');
      }
      if (isOpen() && shown.tab === 'log' && wanted(line)) {
        $('log-empty').hidden = true;
        append($('log-lines'), [logRow(line)], LINES);
      }
    },
  };
}
