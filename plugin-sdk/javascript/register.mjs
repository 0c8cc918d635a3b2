// So that tests find "moa", and may be TypeScript: node --import ./.moa/sdk/register.mjs --test

import { readFileSync } from "node:fs";
import { createRequire, register } from "node:module";

/** The esbuild of the last `moa build`, where Node.js does not know TypeScript by itself. */
const esbuild = () => {
  if (process.features.typescript) return undefined;
  try {
    const { tools } = JSON.parse(readFileSync(new URL("../build/job.json", import.meta.url), "utf8"));
    return tools.map((folder) => `${folder}/package.json`).flatMap((from) => {
      try {
        return [createRequire(from).resolve("esbuild")];
      } catch {
        return [];
      }
    })[0];
  } catch {
    return undefined;
  }
};

const hooks = `
  import { readFile } from "node:fs/promises";
  import { createRequire } from "node:module";
  const parts = { moa: "src/index.js", "moa/testing": "src/testing.js" };
  const esbuild = ${JSON.stringify(esbuild())};
  export const resolve = (name, context, next) =>
    Object.hasOwn(parts, name) ? { url: new URL(parts[name], ${JSON.stringify(import.meta.url)}).href, shortCircuit: true } : next(name, context);
  export const load = async (url, context, next) => {
    if (!esbuild || !url.endsWith(".ts")) return next(url, context);
    const text = await readFile(new URL(url), "utf8");
    const { code } = await createRequire(esbuild)(esbuild).transform(text, { loader: "ts", format: "esm", target: "es2023", sourcemap: "inline", sourcefile: url });
    return { format: "module", source: code, shortCircuit: true };
  };
`;
register(`data:text/javascript,${encodeURIComponent(hooks)}`);
