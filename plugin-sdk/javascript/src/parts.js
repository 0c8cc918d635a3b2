// What a plugin is made of. Each function adds a part, at the top of the author's files; the manifest is made of them.

import * as args from "./args.js";
import { source, settingsOf } from "./others.js";

/** @type {{commands: any[], hears: any[], jobs: any[], webhooks: any[], presses: any[], events: any[], about: any, config: any}} */
export let parts;

/** For tests of several plugins in one process. */
export const forget = () => {
  parts = { commands: [], hears: [], jobs: [], webhooks: [], presses: [], events: [], about: {}, config: {} };
};
forget();

const needed = (value, type, what) => {
  if (typeof value !== type) throw new TypeError(`${what} must be a ${type}`);
  return value;
};

const unique = (all, key, value, what) => {
  if (all.some((one) => one[key] === value)) throw new Error(`there are two ${what} \`${value}\``);
};

/** About the plugin as a whole. The name comes from plugin.toml, the version from package.json, unless they are given. */
export const plugin = (about) => {
  parts.about = { ...parts.about, ...about };
};

/** Declares the configuration; answers a function that reads it. */
export const config = (keys) => {
  Object.assign(parts.config, keys);
  args.settings(keys);
  return () => settingsOf(keys);
};

const commandOf = (spec, run) => {
  const { name, args: given, ...more } = spec;
  needed(name, "string", "a command's name");
  // Checked where it is written, for the sake of the error's line.
  args.specs(given);
  return { spec: { name, args: given, ...more }, run, below: [] };
};

/** A command. Answers what its subcommands are added to. */
export const command = (spec, run) => {
  const made = commandOf(spec, run && needed(run, "function", "what a command runs"));
  unique(parts.commands.map((one) => one.spec), "name", made.spec.name, "commands");
  parts.commands.push(made);
  return group(made);
};

const group = (parent) => ({
  /** A subcommand; the arguments before its name come along with its own. */
  command(spec, run) {
    const made = commandOf(spec, run && needed(run, "function", "what a command runs"));
    unique(parent.below.map((one) => one.spec), "name", made.spec.name, `subcommands of ${parent.spec.name}`);
    parent.below.push(made);
    return group(made);
  },
});

/** Hears messages with a pattern; without one those that fit what `triggers.hear` taught. */
export const hear = (spec, run) => {
  if (typeof spec === "function") return void parts.hears.push({ run: spec });
  if (typeof spec === "string" || spec instanceof RegExp) spec = { pattern: spec };
  const { id = `hear-${parts.hears.length + 1}`, pattern, scopes } = spec;
  unique(parts.hears, "id", id, "patterns of the id");
  parts.hears.push({ id, spec: { id, pattern: source(pattern), scopes }, run: needed(run, "function", "what hears") });
};

/** Work at certain times. */
export const job = (spec, run) => {
  unique(parts.jobs, "name", spec.id, "jobs");
  parts.jobs.push({ name: needed(spec.id, "string", "a job's id"), spec, run: needed(run, "function", "what a job runs") });
};

/** What was made by `schedule`: by name, or everything that no other function takes. */
export const scheduled = (name, run) => {
  if (typeof name === "function") [name, run] = [undefined, name];
  unique(parts.jobs, "name", name, "functions for scheduled work of the name");
  parts.jobs.push({ name, run: needed(run, "function", "what runs") });
};

/** Requests from outside. */
export const webhook = (spec, run) => {
  unique(parts.webhooks, "name", spec.name, "webhooks");
  parts.webhooks.push({ name: spec.name, spec, run: needed(run, "function", "what a webhook runs") });
};

const press = (kinds, id, run, spec) => {
  needed(id, "string", "an id");
  const taken = parts.presses.some((one) => one.id === id && one.kinds.some((kind) => kinds.includes(kind)));
  if (taken) throw new Error(`there are two functions for the ${kinds[0]} \`${id}\``);
  parts.presses.push({ kinds, id, run: needed(run, "function", "what runs"), spec });
};

/** Buttons and menus. An id that ends with `*` takes all that begin so: the rest is `press.rest`. */
export const action = (id, run) => press(["button", "select"], id, run);
/** Forms. */
export const submit = (id, run) => press(["modal"], id, run);
/** An entry of the service's menus. */
export const shortcut = (spec, run) => press(["shortcut"], spec.id, run, spec);
/** What came of a question of `chat.ask`: the value, or `undefined` if nobody answered in time. */
export const answer = (id, run) => press(["answer", "timeout"], id, (press) => run(press, press.kind === "timeout" ? undefined : press.value));

/** Reactions, joins, edits, … */
export const event = (name, run) => {
  unique(parts.events, "name", name, "functions for the event");
  parts.events.push({ name, run: needed(run, "function", "what runs") });
};

/** Without what says nothing. */
const said = (object) =>
  Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)));

const commandSpec = ({ spec: { args: given, ...spec }, below }) => said({ ...spec, args: args.specs(given), subcommands: below.map(commandSpec) });

/** The manifest. */
export const manifest = (name, version) => {
  const { config: keys, ...about } = parts.about;
  const settings = args.settings({ ...parts.config, ...keys });
  return said({
    name,
    version,
    ...about,
    commands: parts.commands.map(commandSpec),
    hears: parts.hears.filter(({ spec }) => spec).map(({ spec }) => said(spec)),
    jobs: parts.jobs.filter(({ spec }) => spec).map(({ spec }) => spec),
    webhooks: parts.webhooks.map(({ spec }) => spec),
    events: parts.events.map(({ name }) => name),
    shortcuts: parts.presses.filter(({ spec }) => spec).map(({ spec }) => spec),
    config: Object.keys(settings).length ? settings : undefined,
  });
};
