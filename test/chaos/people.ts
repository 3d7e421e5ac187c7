/**
 * People who use the API, and try again when it does not answer.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { cacheSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { lambdaEvent } from "#test/kit/lambda-event.ts";
import type { Deeds, Deleted, Place } from "./deeds.ts";
import type { ChaosStack } from "./stack.ts";

export interface Specification {
  readonly name: string;
  readonly dependencies: readonly string[];
  readonly tests?: object;
}

/** Each answers with the status of the answer, unless it says something else. */
export interface People {
  /** Waits while the namespace is being deleted, until `endMs` (monotonic). @returns the build's id */
  post(namespace: string, specification: Specification, endMs: number): Promise<number>;
  /** Builds the same again, if the old build is there still. */
  again(build: number, place: Place, frozen: boolean): Promise<number>;
  cancel(build: number): Promise<number>;
  choose(namespace: string, environment: string, build: number): Promise<number>;
  remove(what: Deleted): Promise<number>;
  pin(build: number): Promise<number>;
  unpin(build: number): Promise<number>;
  /** Has the environment keep its newest builds only. */
  keep(namespace: string, environment: string, builds: number): Promise<number>;
}

const TRIES = 30;
const TEN_YEARS_MS = 10 * 365 * 86_400_000;
const CONFLICT = 409;

interface Reply {
  readonly statusCode: number;
  readonly body: string;
  /** An earlier try was not answered, and may have had its effect. */
  readonly retried: boolean;
}

export async function peopleOf({ functions, secretText }: ChaosStack, deeds: Deeds): Promise<People> {
  const token = await mintToken(
    cacheSecret(async () => secretText),
    {
      primaryNamespace: "blue",
      roleBindings: { "*/*": ["admin"] },
      // The system's clocks run ahead of this one's.
      expiresAt: new Date(Date.now() + TEN_YEARS_MS),
    },
  );
  const ask = async (method: string, rawPath: string, body?: object, rawQueryString = ""): Promise<Reply> => {
    for (let tries = 1; ; tries += 1) {
      const event = lambdaEvent({
        method,
        rawPath,
        rawQueryString,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const answer = (await functions.api.invoke(event).catch(() => null)) as Omit<Reply, "retried"> | null;
      if (answer && answer.statusCode < 500) return { ...answer, retried: tries > 1 };
      if (tries === TRIES)
        throw new Error(`${method} ${rawPath}: no answer, last ${answer?.body ?? "a death"}`);
      await pause(100);
    }
  };
  const statusOf = async (method: string, rawPath: string, body?: object): Promise<number> =>
    (await ask(method, rawPath, body)).statusCode;
  const accept = (reply: Reply, place: Place, fromMs: number): number => {
    const { build_id: id } = (JSON.parse(reply.body) as { data: { build_id: number } }).data;
    deeds.accepted(id, place, { fromMs, toMs: performance.now() });
    if (reply.retried) deeds.unanswered(place);
    return id;
  };
  return {
    async post(namespace, specification, endMs) {
      const body = { namespace, specification: JSON.stringify(specification) };
      for (;;) {
        const fromMs = performance.now();
        const reply = await ask("POST", "/api/v1/specification/", body);
        if (reply.statusCode === 200) {
          return accept(reply, { namespace, environment: specification.name }, fromMs);
        }
        if (reply.statusCode !== CONFLICT || performance.now() > endMs) {
          throw new Error(`a specification was refused: ${reply.body}`);
        }
        await pause(300);
      }
    },
    async again(build, place, frozen) {
      const fromMs = performance.now();
      const reply = await ask("PUT", `/api/v1/build/${build}/`, undefined, frozen ? "frozen=true" : "");
      if (reply.statusCode === 200) accept(reply, place, fromMs);
      return reply.statusCode;
    },
    cancel: (build) => statusOf("PUT", `/api/v1/build/${build}/cancel/`),
    choose: (namespace, environment, build) =>
      statusOf("PUT", `/api/v1/environment/${namespace}/${environment}/`, { build_id: build }),
    async remove(what) {
      const fromMs = performance.now();
      const { statusCode, retried } = await ask("DELETE", pathOf(what));
      if (statusCode === 200 || retried) {
        deeds.deleted(what, { fromMs, toMs: performance.now() }, statusCode === 200);
      }
      return statusCode;
    },
    pin: (build) => statusOf("PUT", `/api/v1/build/${build}/pin/`),
    unpin: (build) => statusOf("DELETE", `/api/v1/build/${build}/pin/`),
    keep: (namespace, environment, builds) =>
      statusOf("PUT", `/api/v1/setting/${namespace}/${environment}/`, { builds_kept: builds }),
  };
}

function pathOf(what: Deleted): string {
  if ("build" in what) return `/api/v1/build/${what.build}/`;
  const { namespace, environment } = what;
  return environment === null
    ? `/api/v1/namespace/${namespace}/`
    : `/api/v1/environment/${namespace}/${environment}/`;
}
