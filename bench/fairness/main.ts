/**
 * `npm run bench -- fairness`: 200 builds of four namespaces wait; how long each namespace waits for its turns.
 * @module
 */
import { join } from "node:path";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { submitSpecification } from "#adapters/dynamodb/submit.ts";
import { openTasks } from "#adapters/ecs/start-task.ts";
import { LocalError } from "#local/local-error.ts";
import { ensurePythonTools } from "#local/python.ts";
import { startLocalAws } from "../local-aws.ts";
import { type BenchPlace, runBench } from "../run-bench.ts";
import { drain } from "./drain.ts";
import { startEndpoint } from "./endpoint.ts";
import { isFair, renderWaits, waitsOf } from "./report.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const SLOTS = 6;
const SLOTS_PER_NAMESPACE = 3;
const DISPATCHERS = 2;

/** Posted in this order: whoever posts most does it first. */
export const LINE = { crowd: 120, team: 45, pair: 25, single: 10 } as const;

export const USAGE = `usage: npm run bench -- fairness

${Object.values(LINE).reduce((sum, each) => sum + each, 0)} builds of ${Object.keys(LINE).length} namespaces wait for ${SLOTS} slots, at most ${SLOTS_PER_NAMESPACE} for a namespace. A wait is the number of builds that
started before. Status 1 when a namespace has no turn while the slots are first filled, or a limit was passed.`;

export const benchFairness = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

function parseOptions(args: readonly string[]): object | null {
  if (args.includes("--help")) return null;
  if (args.length > 0) throw new LocalError(USAGE);
  return {};
}

async function measure(_: object, { directory, closers }: BenchPlace): Promise<boolean> {
  const { python } = await ensurePythonTools(ROOT, console.error);
  const aws = await startLocalAws(python, directory);
  closers.push(aws.stop);
  const endpoint = await startEndpoint();
  closers.push(endpoint.close);
  process.env["AWS_ENDPOINT_URL_ECS"] = endpoint.address;
  const namespaces = await postAll(aws.db);
  const most = new Map<string, number>();
  let mostSlots = 0;
  const started = await drain({
    context: {
      ...aws.finish,
      tasks: openTasks({
        ...{ cluster: "bench", taskDefinition: "bench:1" },
        ...{ subnets: [], securityGroups: [], assignsPublicIp: true },
      }),
      slots: SLOTS,
      slotsPerNamespace: SLOTS_PER_NAMESPACE,
    },
    ...{ dispatchers: DISPATCHERS, asked: () => endpoint.asked, namespaces },
    watch: ({ slots, shares }) => {
      mostSlots = Math.max(mostSlots, slots.length);
      for (const { namespace } of shares) {
        const held = shares.filter((share) => share.namespace === namespace).length;
        most.set(namespace, Math.max(most.get(namespace) ?? 0, held));
      }
    },
  });
  const waits = waitsOf([...namespaces.values()], started);
  const isHeld = mostSlots <= SLOTS && [...most.values()].every((held) => held <= SLOTS_PER_NAMESPACE);
  console.log(renderWaits(waits));
  console.log(
    `\nat work at once: ${mostSlots} of ${SLOTS}; ${[...most].map(([name, held]) => `${name} ${held}`).join(", ")} of ${SLOTS_PER_NAMESPACE} each`,
  );
  console.log(
    isFair(waits, SLOTS) && isHeld ? "fair, and within its limits" : "NOT fair, or beyond its limits",
  );
  return isFair(waits, SLOTS) && isHeld;
}

/** @returns the namespace of each build, in the order of posting */
export async function postAll(db: AuditedDb): Promise<Map<number, string>> {
  const posted = new Map<number, string>();
  for (const [namespace, count] of Object.entries(LINE)) {
    for (let n = 0; n < count; n++) {
      const environment = `environment-${n % 5}`;
      const spec = { name: environment, channels: ["conda-forge"], dependencies: [`package-${n}`] };
      const sha256 = String(n).padStart(64, "0");
      const { buildId } = await submitSpecification(db, {
        ...{ namespace, environment, description: "", createNamespace: true, at: new Date() },
        specification: { sha256, document: sha256, name: environment, spec, isLockfile: false },
      });
      posted.set(buildId, namespace);
    }
  }
  return posted;
}
