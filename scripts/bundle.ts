/**
 * Bundles into dist/<name>/: each function as ES modules that share chunks, the page as static files beside the API,
 * and the build task with what its container image needs. Same sources, same bytes.
 * @module
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { build, type Metafile, type Plugin } from "esbuild";

export const FUNCTIONS = [
  "api",
  "registry",
  "dispatch",
  "finish",
  "store",
  "sweep",
  "prefetch",
  "solve",
  "watch",
] as const;
export type FunctionName = (typeof FUNCTIONS)[number];

/** Threads that functions begin: each lies beside what begins it. */
const WORKERS: { readonly [N in FunctionName]?: readonly string[] } = {
  solve: ["adapters/conda/wasm/solver-worker.ts"],
};

/** A part that cannot be bundled: one line that names the file. */
export class BundleError extends Error {}

/** Some dependencies are CommonJS and ask for `require`, which an ES module has not. */
const REQUIRE_BANNER =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);';

/**
 * Bundles everything into `<root>/dist`.
 * @throws BundleError naming the first file that is missing or does not compile
 */
export async function bundleAll(root: string, out: string = join(root, "dist")): Promise<void> {
  await bundleFunctions(root, out);
  await bundleBuildTask(root, join(out, "build-task"));
}

/** Bundles the functions and the page, but not the build task: what a deployment with a ready image needs. */
export async function bundleFunctions(root: string, out: string): Promise<void> {
  rmSync(out, { recursive: true, force: true });
  for (const name of FUNCTIONS) {
    await bundleEntry(root, `functions/${name}/handler.ts`, "handler", join(out, name));
    for (const worker of WORKERS[name] ?? []) {
      await bundleEntry(root, worker, basename(worker, ".ts"), join(out, name));
    }
  }
  await bundlePage(root, join(out, "api", "ui"));
  const openApi: unknown = JSON.parse(readFileSync(join(root, "docs", "api", "openapi.json"), "utf8"));
  writeFileSync(join(out, "api", "openapi.json"), JSON.stringify(openApi));
}

/** Bundles one entry point for Node 24 as `<directory>/<name>.mjs` and its chunks. */
export async function bundleEntry(
  root: string,
  entry: string,
  name: string,
  directory: string,
): Promise<Metafile> {
  if (!existsSync(join(root, entry))) throw new BundleError(`${entry} is missing.`);
  const result = await compile(entry, {
    absWorkingDir: root,
    entryPoints: { [name]: entry },
    outdir: directory,
    format: "esm",
    platform: "node",
    target: "node24",
    mainFields: ["module", "main"],
    // The AWS SDK tells browsers apart with it. It is asked for in browsers only, and would go with every function.
    external: ["bowser"],
    splitting: true,
    outExtension: { ".js": ".mjs" },
    banner: { js: REQUIRE_BANNER },
    sourcesContent: false,
  });
  return result.metafile;
}

/**
 * Of the contract's routes the page needs where to ask and how; their schemas, and the library under them, are half as large as
 * the page itself and stay with the server. What else a module of the contract exports is kept if it is plain data.
 */
const routesWithoutSchemas: Plugin = {
  name: "routes-without-schemas",
  setup(bundling) {
    const filter = /[\\/]core[\\/]contract[\\/][\w-]+\.ts$/;
    bundling.onLoad({ filter }, async ({ path }) => {
      // What asks is code, and has no schemas.
      if (basename(path) === "client.ts") return undefined;
      const exported: Record<string, unknown> = await import(pathToFileURL(path).href);
      const lines = Object.entries(exported).flatMap(([name, value]) => {
        const kept = keptOf(value);
        return kept === undefined ? [] : [`export const ${name} = ${JSON.stringify(kept)};`];
      });
      return { contents: lines.join("\n"), loader: "js" };
    });
  },
};

function keptOf(value: unknown): unknown {
  if (typeof value === "object" && value !== null && "method" in value && "path" in value)
    return { method: value.method, path: value.path };
  return isPlain(value) ? value : undefined;
}

/** Texts and numbers, and lists and objects of nothing else; a schema has functions. */
function isPlain(value: unknown): boolean {
  if (typeof value === "number" || typeof value === "string") return true;
  if (typeof value !== "object" || value === null) return false;
  const isOwn = Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
  return isOwn && Object.values(value).every(isPlain);
}

/** The page: hashed names that may be cached for ever, and an index.html that names them. */
export async function bundlePage(root: string, directory: string): Promise<void> {
  const entry = "ui/main.tsx";
  const page = join(root, "ui", "index.html");
  if (!existsSync(join(root, entry)) || !existsSync(page)) {
    throw new BundleError(`${entry} or ui/index.html is missing.`);
  }
  const { metafile } = await compile(entry, {
    absWorkingDir: root,
    entryPoints: {
      main: entry,
      ...(existsSync(join(root, "ui/style.css")) ? { style: "ui/style.css" } : {}),
    },
    outdir: directory,
    format: "esm",
    platform: "browser",
    target: "es2022",
    splitting: true,
    jsx: "automatic",
    jsxImportSource: "preact",
    entryNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    plugins: [routesWithoutSchemas],
  });
  const names = Object.entries(metafile.outputs)
    .filter(([path, { entryPoint }]) => entryPoint === entry || path.endsWith(".css"))
    .map(([path]) => basename(path));
  writeFileSync(join(directory, "index.html"), nameHashed(readFileSync(page, "utf8"), names));
}

/** Puts hashed names for the plain ones: `main.js` becomes `main-4F2A….js`, `style.css` likewise. */
function nameHashed(html: string, names: readonly string[]): string {
  return names.reduce((text, name) => {
    const plain = name.replace(/-[A-Z0-9]{8}(?=\.)/, "");
    return text.replaceAll(new RegExp(`(?<=["/])${plain.replaceAll(".", "\\.")}(?=")`, "g"), name);
  }, html);
}

/** The build task and what its Dockerfile copies: Python programs lie beside the modules that start them. */
export async function bundleBuildTask(root: string, directory: string): Promise<void> {
  await bundleEntry(root, "build-task/main.ts", "main", directory);
  await bundleEntry(root, "build-task/smoke/main.ts", "smoke", directory);
  await bundleEntry(root, "functions/prefetch/task.ts", "prefetch", directory);
  for (const worker of globSync("build-task/**/*-worker.ts", { cwd: root })) {
    await bundleEntry(root, worker, basename(worker, ".ts"), directory);
  }
  const beside = [
    ...globSync(["build-task/**/*.py", "adapters/**/*.py"], { cwd: root }),
    ...["build-task/Dockerfile", "build-task/install.sh", "build-task/requirements.txt", "pins.json"].filter(
      (path) => existsSync(join(root, path)),
    ),
  ];
  for (const path of beside.sort()) {
    const target = join(directory, basename(path));
    if (existsSync(target)) throw new BundleError(`Two files are called ${basename(path)}: rename ${path}.`);
    cpSync(join(root, path), target);
  }
}

type Options = Parameters<typeof build>[0];

async function compile(entry: string, options: Options): Promise<{ metafile: Metafile }> {
  mkdirSync(options.outdir ?? ".", { recursive: true });
  try {
    return await build({
      ...options,
      bundle: true,
      minify: true,
      sourcemap: options.platform === "node" ? "linked" : false,
      metafile: true,
      logLevel: "silent",
      legalComments: "none",
    });
  } catch (error) {
    const [first] =
      (error as { errors?: { text: string; location?: { file: string; line: number } | null }[] }).errors ??
      [];
    const place = first?.location ? `${first.location.file}:${first.location.line}: ` : "";
    throw new BundleError(`${entry} does not compile: ${place}${first?.text ?? String(error)}`);
  }
}

/** One digest over all files below a directory, names included: tells whether a deployment is up to date. */
export const digestOf = (directory: string): string => digest(directory, ["**"]);

/** One digest over everything that the bundles are made from. */
export const sourceDigest = (root: string): string =>
  digest(root, [
    "{core,adapters,functions,build-task,ui}/**",
    "docs/api/openapi.json",
    "scripts/bundle.ts",
    "package-lock.json",
  ]);

function digest(directory: string, patterns: readonly string[]): string {
  const hash = createHash("sha256");
  const paths = globSync(patterns, { cwd: directory, withFileTypes: true })
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort();
  for (const path of paths) {
    hash
      .update(`${relative(directory, path)}\0`)
      .update(readFileSync(path))
      .update("\0");
  }
  return hash.digest("hex");
}

if (import.meta.main) {
  const root = join(import.meta.dirname, "..");
  const startedAt = performance.now();
  try {
    await bundleAll(root);
    console.log(`Bundled into dist/ in ${((performance.now() - startedAt) / 1000).toFixed(1)} s.`);
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
