/**
 * rattler's solver in a thread of its own, where `fetch` is ours: it can be given no other way to ask, and what it asks for
 * is fetched, and judged, by whoever began the thread.
 * @module
 */
import { parentPort, workerData } from "node:worker_threads";
import { type SolvedPackage, simpleSolve } from "@conda-org/rattler";
import { dependencyName } from "#core/lock/order.ts";
import type { FetchAnswer, SolverMessage, SolverOrder, SolverRecord } from "./solver-thread.ts";

const order = workerData as SolverOrder;
const open = new Map<number, (answer: FetchAnswer) => void>();
let asked = 0;

const tell = (message: SolverMessage): void => parentPort?.postMessage(message);

globalThis.fetch = async (input) => {
  const url = typeof input === "string" ? input : input instanceof URL ? input.href : input.url;
  const id = asked++;
  const answer = await new Promise<FetchAnswer>((resolve) => {
    open.set(id, resolve);
    tell({ kind: "fetch", id, url });
  });
  if (answer.body === null) throw new TypeError(`${url} could not be fetched`);
  const response = new Response(answer.status === 200 ? Buffer.from(answer.body) : null, {
    status: answer.status,
  });
  // Made, not fetched, it has no address, and the solver insists on one.
  Object.defineProperty(response, "url", { value: url });
  return response;
};

parentPort?.on("message", (answer: FetchAnswer) => {
  open.get(answer.id)?.(answer);
  open.delete(answer.id);
});

const run = (specs: readonly string[]): Promise<SolvedPackage[]> =>
  simpleSolve([...specs], [...order.channels], [...order.platforms] as Parameters<typeof simpleSolve>[2], []);

/** Python is given pip, as conda's engines do; a channel that has none does without. */
async function withPip(specs: readonly string[]): Promise<SolvedPackage[]> {
  const plain = await run(specs);
  const names = new Set(plain.map(({ packageName }) => packageName));
  const isAsked = specs.some((spec) => dependencyName(spec.split("::").at(-1) ?? spec) === "pip");
  if (!names.has("python") || names.has("pip") || isAsked) return plain;
  return await run([...specs, "pip"]).catch(() => plain);
}

const recordOf = (item: SolvedPackage): SolverRecord => ({
  name: item.packageName,
  version: item.version,
  build: item.build,
  buildNumber: Number(item.buildNumber ?? 0),
  subdir: item.subdir ?? "noarch",
  fileName: item.filename,
  url: item.url,
  sha256: item.sha256 ?? null,
  md5: item.md5 ?? null,
  sizeBytes: Number(item.size ?? 0),
  depends: item.depends ?? [],
});

await withPip(order.specs).then(
  (packages) => tell({ kind: "solved", packages: packages.map(recordOf) }),
  (error: unknown) => tell({ kind: "failed", text: error instanceof Error ? error.message : String(error) }),
);
parentPort?.close();
