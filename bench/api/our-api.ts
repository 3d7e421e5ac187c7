/**
 * Our API over a store of some size: the bundled function in a process of its own.
 * @module
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { VARIABLES } from "#core/layout.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { plausibleEnvironment } from "#scripts/budget.ts";
import type { Order } from "./function.ts";
import type { Load, Measured } from "./load.ts";
import type { RouteName } from "./routes.ts";
import type { World } from "./seed.ts";

export interface OurApi {
  measure(route: RouteName, load: Load): Promise<Measured>;
  stop(): Promise<void>;
}

export interface OurApiOptions {
  /** The bundled entry point. */
  readonly bundle: string;
  readonly table: string;
  readonly world: World;
  readonly dynamodb: string;
  /** Answers for queues and secrets. */
  readonly ministack: string;
  readonly wakeUpQueue: string;
  readonly secret: string;
  readonly authorization: string;
  /** Where Node leaves a profile when it ends. */
  readonly profile?: string;
}

/** @throws Error when the function cannot be started */
export async function openOurApi(options: OurApiOptions): Promise<OurApi> {
  const { bundle, profile, world, authorization } = options;
  const child = fork(join(import.meta.dirname, "function.ts"), [bundle], {
    env: environmentOf(options),
    execArgv: profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${profile}`],
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  await answer(child);
  return {
    measure: async (route, load) => {
      child.send({ route, world, authorization, ...load } satisfies Order);
      return (await answer(child)) as Measured;
    },
    stop: async () => {
      if (child.exitCode !== null) return;
      child.disconnect();
      await once(child, "exit");
    },
  };
}

/** Its next message. */
function answer(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (): void => reject(new Error("the API function ended: what it said stands above"));
    child.once("exit", ended);
    child.once("message", (message) => {
      child.off("exit", ended);
      resolve(message);
    });
  });
}

/** The variables of the bundled function. */
export function environmentOf({
  table,
  dynamodb,
  ministack,
  wakeUpQueue,
  secret,
}: Pick<OurApiOptions, "table" | "dynamodb" | "ministack" | "wakeUpQueue" | "secret">): Record<
  string,
  string
> {
  return {
    ...plausibleEnvironment(),
    ...TEST_CREDENTIALS,
    AWS_ENDPOINT_URL: ministack,
    AWS_ENDPOINT_URL_DYNAMODB: dynamodb,
    [VARIABLES.table]: table,
    [VARIABLES.wakeUpQueue]: wakeUpQueue,
    [VARIABLES.secret]: secret,
    // The limit is counted as ever, and never reached.
    [VARIABLES.submissionsPerMinute]: "1000000",
    [VARIABLES.auditDays]: "365",
    [VARIABLES.logLevel]: "info",
  };
}
