/**
 * `npm run bench [NAME …]`: measured comparisons. Each prints one table and says whether it is within its budget.
 * @module
 */

/** Every bench by name: loaded only when asked for. A bench returns whether it was within its budget. */
const BENCHES: Readonly<
  Record<string, { says: string; run: (args: readonly string[]) => Promise<boolean> }>
> = {
  api: {
    says: "what a request of the API costs, in a large store and in a small one",
    run: async (args) => (await import("./api/main.ts")).benchApi(args),
  },
  page: {
    says: "the web page's first load, search and scrolling in a real Chromium, in a large store and in a small one",
    run: async (args) => (await import("./page/main.ts")).benchPage(args),
  },
  access: {
    says: "a decision with 1,000 bindings against a naive one, and a token's part of a request",
    run: async (args) => (await import("./access/main.ts")).benchAccess(args),
  },
  pipeline: {
    says: "a whole build, claim to COMPLETED, against the bare engine's own create of the same lock",
    run: async (args) => (await import("./pipeline/main.ts")).benchPipeline(args),
  },
  images: {
    says: "images of environments that share most packages, against one fat layer each",
    run: async (args) => (await import("./images/main.ts")).benchImages(args),
  },
  index: {
    says: "a channel of a million packages: indexing, searching and refreshing it, and a solve with and without",
    run: async (args) => (await import("./index/main.ts")).benchIndex(args),
  },
  fairness: {
    says: "200 waiting builds of four namespaces: how many turns each namespace waits",
    run: async (args) => (await import("./fairness/main.ts")).benchFairness(args),
  },
};

const USAGE = `usage: npm run bench [-- NAME [OPTION …]]   (NAME --help tells its options)

Without a name all run. Exit status 1 when one is above its budget.

${Object.entries(BENCHES)
  .map(([name, { says }]) => `  ${name.padEnd(10)} ${says}`)
  .join("\n")}`;

const [name, ...args] = process.argv.slice(2);
if (name === "--help" || name === "-h") {
  console.log(USAGE);
  process.exit(0);
}
if (name !== undefined && !(name in BENCHES)) {
  console.error(
    `There is no bench ${name}: choose one of ${Object.keys(BENCHES).join(", ")}, or try --help.`,
  );
  process.exit(2);
}
let within = true;
for (const [each, bench] of Object.entries(BENCHES)) {
  if (name === undefined || each === name) within = (await bench.run(args)) && within;
}
process.exit(within ? 0 : 1);
