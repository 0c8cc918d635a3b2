// Imports that can't work in a sandbox, with what to do instead; and where "moa" is.

const because = {
  files: 'a plugin has no files; keep data in the brain (import { brain } from "moa") or in a bucket (objects)',
  net: 'a plugin opens no sockets; send requests with http.fetch (import { http } from "moa")',
  http: 'a plugin opens no sockets; send requests with http.fetch (import { http } from "moa"), and take them with webhook()',
  process: "a plugin starts no programs; ask a service of yours with http.fetch",
  threads: "a plugin has no threads; hand work over to a later call with schedule",
  chance: "use crypto.getRandomValues and crypto.randomUUID, which are there without an import; for hashes a package in JavaScript alone, such as @noble/hashes",
  machine: 'a plugin sees nothing of the machine it runs on; what differs between hosts belongs into its configuration (import { config } from "moa")',
  time: "a call has no event loop to wait in; do later work with schedule (import { schedule } from \"moa\")",
  engine: "it belongs to Node.js; leave it out",
};

const builtins = {
  fs: because.files,
  "fs/promises": because.files,
  net: because.net,
  tls: because.net,
  dgram: because.net,
  dns: because.net,
  "dns/promises": because.net,
  http: because.http,
  https: because.http,
  http2: because.http,
  child_process: because.process,
  cluster: because.process,
  worker_threads: because.threads,
  async_hooks: because.engine,
  crypto: because.chance,
  os: because.machine,
  process: because.machine,
  tty: because.machine,
  readline: because.machine,
  "readline/promises": because.machine,
  timers: because.time,
  "timers/promises": because.time,
  zlib: "a package in JavaScript alone does it, such as fflate",
  sqlite: 'keep data in the brain (import { brain } from "moa") or in a database of the operator\'s (sql)',
  vm: because.engine,
  v8: because.engine,
  module: because.engine,
  inspector: because.engine,
  perf_hooks: because.engine,
  repl: because.engine,
  test: 'tests are run by Node.js, not by the plugin; put them into files of their own that import "moa/testing"',
};

/** Those that exist as packages too. */
const packaged = ["assert", "buffer", "events", "path", "punycode", "querystring", "stream", "string_decoder", "url", "util", "constants", "diagnostics_channel"];

/** The plugin of esbuild. */
export const forbidden = (sdk) => ({
  name: "moa",
  setup(build) {
    build.onResolve({ filter: /^moa(\/|$)/ }, ({ path }) => {
      if (path === "moa") return { path: sdk("src/index.js") };
      return { errors: [{ text: path === "moa/testing" ? '"moa/testing" is for tests alone; a plugin imports "moa"' : `"moa" has no part \`${path.slice(4)}\`` }] };
    });
    build.onResolve({ filter: /\.node$/ }, ({ path }) => ({
      errors: [{ text: `"${path}" is native code, which cannot run in a component`, notes: [{ text: "use a package in JavaScript alone, or one made for browsers" }] }],
    }));
    build.onResolve({ filter: /^(node:)?[a-z_0-9]+(\/promises)?$/ }, async ({ path, pluginData, ...how }) => {
      if (pluginData === "again") return undefined;
      const isOwn = path.startsWith("node:");
      const name = path.replace(/^node:/, "");
      if (!isOwn && !(name in builtins) && !packaged.includes(name)) return undefined;
      // A package of the same name that is installed is as good.
      const other = await build.resolve(name, { ...how, pluginData: "again" });
      if (other.errors.length === 0 && (!isOwn || packaged.includes(name))) return { path: other.path, sideEffects: other.sideEffects };
      const instead = builtins[name] ?? (packaged.includes(name) ? `the package of that name does the same: npm install ${name}` : because.engine);
      return { errors: [{ text: `"${path}" is a module of Node.js, which is not there in a component`, notes: [{ text: instead }] }] };
    });
  },
});
