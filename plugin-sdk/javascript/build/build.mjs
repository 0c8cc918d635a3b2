// Makes a component of a project: node build.mjs JOB, where JOB is a file of JSON (see `job` below).
//
// What is found goes to standard output, a line of JSON each: {"diagnostic": …}, {"inputs": […]}; words for people go to
// standard error. It ends with 0 if there is a component, with 1 if the sources are wrong, with another number if a tool is.

import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { forbidden } from "./forbidden.mjs";
import { places, tableOf } from "./places.mjs";

/** @type {{project: string, entry: string, name: string, engine: string, sdk: string, wit: string, tools: string[], out: string, typescript: boolean}} */
const job = JSON.parse(readFileSync(process.argv[2], "utf8"));
const tell = (line) => process.stdout.write(`${JSON.stringify(line)}\n`);
/** The folder of a tool's package, in the first of the folders that has it. */
const tool = (name) => {
  const found = job.tools.map((folder) => join(folder, "node_modules", name)).find((folder) => existsSync(folder));
  if (!found) throw new Error(`${name} is in none of ${job.tools.join(", ")}; delete them, and they are fetched again`);
  return found;
};
const load = async (name) => {
  const folder = tool(name);
  const { exports, main } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const own = exports?.["."] ?? exports;
  const file = typeof own === "string" ? own : (own?.import ?? own?.default ?? main ?? "index.js");
  return import(pathToFileURL(join(folder, file.default ?? file)));
};
const sdk = (file) => join(job.sdk, file);

const shown = (file) => {
  const below = relative(job.project, resolve(job.project, file));
  return below.startsWith("..") ? file : below;
};

let hasErrors = false;
const found = (severity, { file = "", line = 0, column = 0 }, message, rendered) => {
  hasErrors ||= severity === "error";
  const at = file && `${shown(file)}:${line}:${column}: `;
  tell({ diagnostic: { severity, file: file && shown(file), line, column, message, rendered: rendered ?? `${at}${severity}: ${message}\n` } });
};

/** Ends after everything that was said has been taken: what a pipe still holds would be lost. */
const end = async (code) => {
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write("", done))));
  process.exit(code);
};

/** A file that the author wrote; nothing if there is none. */
const readJson = async (file) => {
  if (!existsSync(file)) return {};
  const text = readFileSync(file, "utf8");
  try {
    return JSON.parse(text) ?? {};
  } catch (error) {
    const position = Number(/position (\d+)/.exec(error.message)?.[1] ?? text.length);
    const before = text.slice(0, position).split("\n");
    found("error", { file, line: before.length, column: before.at(-1).length + 1 }, `this is no JSON: ${error.message}`);
    return end(1);
  }
};

/** The author's dependencies, as package.json names them. */
const install = async (manifest) => {
  const wanted = Object.keys(manifest.dependencies ?? {});
  const missing = wanted.filter((name) => !existsSync(join(job.project, "node_modules", name, "package.json")));
  if (missing.length === 0) return;
  // What is there already stays: `npm ci` takes everything away first.
  const isNew = existsSync(join(job.project, "package-lock.json")) && !existsSync(join(job.project, "node_modules"));
  process.stderr.write(`fetching ${missing.join(", ")} into node_modules\n`);
  const words = [isNew ? "ci" : "install", "--no-audit", "--no-fund", "--ignore-scripts"];
  const { code, said } = await run("npm", words);
  if (code !== 0) {
    const lines = said.trim().split("\n");
    const reason = lines.find((line) => line.includes("request to")) ?? lines.find((line) => /^npm (error|ERR!) (?!code)./.test(line)) ?? lines.at(-1);
    found("error", { file: "package.json", line: 1, column: 1 }, `its dependencies could not be fetched (${reason}); try \`npm install\` in ${job.project}`);
    await end(1);
  }
};

const run = (program, words) =>
  new Promise((end) => {
    let said = "";
    const child = spawn(program, words, { cwd: job.project, stdio: ["ignore", "pipe", "pipe"] });
    const hear = (chunk) => (said += chunk);
    child.stdout.on("data", hear);
    child.stderr.on("data", hear);
    child.on("error", (error) => end({ code: 127, said: String(error.message) }));
    child.on("close", (code) => end({ code: code ?? 1, said }));
  });

/** The types of a TypeScript project, by its own settings. */
const checkTypes = async () => {
  let settings = join(job.project, "tsconfig.json");
  if (!existsSync(settings)) {
    settings = join(dirname(job.out), "tsconfig.json");
    writeFileSync(settings, JSON.stringify({ extends: sdk("tsconfig.json"), files: [join(job.project, job.entry)] }));
  }
  const tsc = join(tool("typescript"), "bin/tsc");
  const { code, said } = await run(process.execPath, [tsc, "--noEmit", "--pretty", "false", "-p", settings]);
  let errors = 0;
  for (const line of said.split("\n")) {
    const at = /^(.+?)\((\d+),(\d+)\): (error|warning) (TS\d+: .*)$/.exec(line) ?? /^()()()(error|warning) (TS\d+: .*)$/.exec(line);
    if (!at) {
      // What explains an error further is indented.
      if (line.startsWith(" ")) process.stderr.write(`${line}\n`);
      continue;
    }
    errors += 1;
    found(at[4], { file: at[1], line: Number(at[2]), column: Number(at[3]) }, at[5]);
  }
  if (code !== 0 && errors === 0) {
    process.stderr.write(said);
    await end(2);
  }
};

const bundle = async (esbuild, version) => {
  const entry = [sdk("src/prelude.js"), join(job.project, job.entry)].map((file) => `import ${JSON.stringify(file)};`);
  const made = await esbuild.build({
    stdin: { contents: [...entry, `export * from ${JSON.stringify(sdk("src/component.js"))};`].join("\n"), resolveDir: job.project, sourcefile: "moa:entry" },
    absWorkingDir: job.project,
    outfile: join(dirname(job.out), "bundle.js"),
    bundle: true,
    write: false,
    metafile: true,
    format: "esm",
    platform: "browser",
    target: "es2023",
    // Promises are kept by the SDK: the engine's own are never worked off within a call.
    supported: { "async-await": false, "async-generator": false, "for-await": false, "top-level-await": false },
    external: ["moa:*"],
    // What nobody uses goes; names stay, for whoever reads a trace.
    treeShaking: true,
    keepNames: false,
    sourcemap: "external",
    sourcesContent: false,
    logLevel: "silent",
    define: {
      MOA_ENGINE: JSON.stringify(job.engine),
      MOA_NAME: JSON.stringify(job.name),
      MOA_VERSION: JSON.stringify(version),
      "process.env.NODE_ENV": '"production"',
      global: "globalThis",
    },
    // A project may have settings for a browser's build.
    tsconfigRaw: { compilerOptions: { target: "es2023", useDefineForClassFields: true } },
    plugins: [forbidden(sdk)],
  }).catch((failed) => {
    if (!failed.errors) throw failed;
    return failed;
  });
  for (const severity of ["error", "warning"]) {
    const messages = made[`${severity}s`].filter((message) => severity === "error" || !message.location?.file.includes("node_modules"));
    for (const message of messages) {
      // esbuild's own advice is for those who write settings for esbuild.
      const missing = /^Could not resolve "([^"]+)"/.exec(message.text)?.[1];
      const advice = missing?.startsWith(".") ? "write the file's whole name, with its ending" : `correct the name, or get it: npm install ${missing}`;
      if (missing) message.notes = [{ text: advice }];
    }
    const rendered = await esbuild.formatMessages(messages, { kind: severity, color: true });
    messages.forEach((message, at) => {
      const { file, line, column } = message.location ?? {};
      const hints = message.notes.map((note) => note.text).filter(Boolean);
      found(severity, message.location ? { file, line, column: column + 1 } : {}, [message.text, ...hints].join("; "), rendered[at].trim() + "\n");
    });
  }
  return made;
};

const componentize = async (source, table) => {
  const place = (line, column) => places(table, line, column);
  // Its name is what traces name.
  const file = join(dirname(job.out), "bundle.js");
  writeFileSync(file, source);
  const isLarge = job.engine === "spidermonkey";
  const { default: qjs, componentize } = await load(isLarge ? "@bytecodealliance/componentize-js" : "componentize-qjs");
  try {
    if (isLarge) {
      const { component } = await componentize({ sourcePath: file, witPath: job.wit, worldName: "plugin", disableFeatures: ["http", "fetch-event"] });
      return component;
    }
    const { component } = await qjs.componentize({ witPath: job.wit, world: "plugin", jsSource: source, jsPath: file, moduleRoot: dirname(file), sync: true, optSize: true });
    return component;
  } catch (error) {
    // The top of the author's files ran, and something was thrown.
    const words = String(error?.message ?? error);
    const at = [...words.matchAll(/bundle\.js:(\d+)(?::(\d+))?/g)].map((one) => place(Number(one[1]), Number(one[2] ?? 1))).find(Boolean);
    const line = words.replace(/^[^]*JavaScript module evaluation: /, "").split("\n").map((one) => one.trim()).filter((one) => one && !/^(at |Exception while|Caused by)|wizer|^\d+:|@/i.test(one))[0] ?? words;
    found("error", at ?? {}, `while the plugin was being built this was thrown at the top of a file: ${line}`, `${at ? `${at.file}:${at.line}: ` : ""}error: ${words.trim()}\n`);
    return undefined;
  }
};

const manifest = await readJson(join(job.project, "package.json"));
await install(manifest);
const esbuild = (await load("esbuild")).default;
const [made] = await Promise.all([bundle(esbuild, manifest.version || "0.1.0"), job.typescript ? checkTypes() : undefined]);
if (!hasErrors) {
  const file = (end) => made.outputFiles.find(({ path }) => path.endsWith(end)).text;
  const table = tableOf(JSON.parse(file(".map")), dirname(job.out), job.project, job.sdk);
  const source = `${file("bundle.js")}\nglobalThis[Symbol.for("moa.places")] = ${JSON.stringify(table)};\n`;
  rmSync(job.out, { force: true });
  const component = await componentize(source, table);
  if (component) {
    writeFileSync(job.out, component);
    const inputs = Object.keys(made.metafile.inputs).filter((input) => !input.includes(":"));
    tell({ inputs: inputs.map((input) => resolve(job.project, input)).filter((input) => !input.startsWith(job.sdk)) });
  }
}
await esbuild.stop();
await end(hasErrors ? 1 : 0);
