// What pages without script cannot do: shortcuts, numbers that stay fresh, the live log. Text becomes text, never markup.
"use strict";

const find = (selector) => document.querySelector(selector);

// Shortcuts
const keys = find("#keys");
const opener = find("#keys-open");
if (opener) {
  opener.hidden = false;
  opener.addEventListener("click", () => keys.showModal());
}

let leading = false;
document.addEventListener("keydown", (event) => {
  const at = event.target;
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (at.matches("input, textarea, select")) {
    if (event.key === "Escape") at.blur();
    return;
  }
  if (leading) {
    leading = false;
    const link = find(`nav a[data-key="${CSS.escape(event.key)}"]`);
    if (link) {
      event.preventDefault();
      link.click();
    }
    return;
  }
  if (event.key === "g") {
    leading = true;
    setTimeout(() => { leading = false; }, 1500);
  } else if (event.key === "?" && keys) {
    event.preventDefault();
    if (!keys.open) keys.showModal();
  } else if (event.key === "/") {
    const field = find("input[type=search]") || find(".filters input");
    if (field) {
      event.preventDefault();
      field.focus();
      field.select();
    }
  }
});

// Where a table is wider than its place it can be moved by the keyboard.
for (const list of document.querySelectorAll("pre")) {
  if (list.scrollWidth > list.clientWidth) list.tabIndex = 0;
}

// What is open closes with Escape, and when another one opens.
document.addEventListener("toggle", (event) => {
  if (!event.target.matches("details.careful[open]")) return;
  for (const other of document.querySelectorAll("details.careful[open]")) {
    if (other !== event.target) other.open = false;
  }
}, true);
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const open of document.querySelectorAll("details.careful[open]")) {
    open.open = false;
    open.querySelector("summary").focus();
  }
});

// Numbers that stay fresh, unless somebody is at them.
const isBusy = (region) => region.contains(document.activeElement) || region.querySelector("details[open]")
  || (getSelection().toString() && region.contains(getSelection().anchorNode));

function refresh() {
  const regions = [...document.querySelectorAll(".live[id]")];
  if (!regions.length || document.hidden) return;
  const request = new XMLHttpRequest();
  request.open("GET", location.href);
  request.responseType = "document";
  request.setRequestHeader("X-Moa-Refresh", "1");
  request.addEventListener("load", () => {
    if (request.status === 401) return location.reload();
    if (request.status !== 200 || !request.response) return;
    for (const region of regions) {
      const fresh = request.response.getElementById(region.id);
      if (fresh && !isBusy(region)) region.replaceChildren(...document.importNode(fresh, true).childNodes);
    }
  });
  request.send();
}
if (find(".live[id]")) setInterval(refresh, 5000);

// The live log
const stream = find(".stream");
if (stream) {
  const list = find("#lines");
  const state = find("#stream-state");
  const pause = find("#stream-pause");
  const MOST = 1000;
  let held = [];
  let paused = false;
  const say = (word) => { state.textContent = stream.dataset[word]; stream.dataset.state = word; };
  const clock = new Intl.DateTimeFormat("sv-SE", { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone: stream.dataset.zone });
  const piece = (name, text) => {
    const made = document.createElement(name);
    made.textContent = text;
    return made;
  };
  const show = (line) => {
    const row = document.createElement("li");
    row.className = ["error", "warn", "info", "debug"].includes(line.level) ? line.level : "";
    const time = piece("time", clock.format(new Date(line.time)));
    time.dateTime = line.time;
    const plugin = piece("a", line.plugin);
    plugin.href = `/log?plugin=${encodeURIComponent(line.plugin)}`;
    row.append(time, piece("b", line.level), plugin, piece("span", line.text));
    if (line.invocation) row.title = line.invocation;
    return row;
  };
  const add = (rows) => {
    const atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < 40;
    list.append(...rows);
    while (list.childElementCount > MOST) list.firstElementChild.remove();
    if (atEnd) list.scrollTop = list.scrollHeight;
  };
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    say(paused ? "paused" : "following");
    if (!paused) {
      add(held);
      held = [];
    }
  });
  say("waiting");
  const source = new EventSource(stream.dataset.from);
  source.addEventListener("begin", () => {
    // From here on everything comes anew, so nothing is missing and nothing is there twice.
    list.replaceChildren();
    held = [];
    if (!paused) say("following");
  });
  source.addEventListener("lines", (event) => {
    const { skipped, lines } = JSON.parse(event.data);
    const rows = lines.map(show);
    if (skipped) rows.unshift(Object.assign(piece("li", `… ${skipped} ${stream.dataset.skipped}`), { className: "skipped" }));
    if (paused) held = held.concat(rows).slice(-MOST);
    else add(rows);
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) location.reload();
    else say("lost");
  });
  list.scrollTop = list.scrollHeight;
}
