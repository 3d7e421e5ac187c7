/**
 * People who use the API, and try again when it does not answer.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import { cacheSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { lambdaEvent } from "#test/kit/lambda-event.ts";
import type { ChaosStack } from "./stack.ts";

export interface People {
  /** @returns the build's id */
  post(namespace: string, specification: object): Promise<number>;
  /** @returns the status of the answer */
  cancel(build: number): Promise<number>;
  choose(namespace: string, environment: string, build: number): Promise<number>;
}

const TRIES = 30;
const TEN_YEARS_MS = 10 * 365 * 86_400_000;

export async function peopleOf({ functions, secretText }: ChaosStack): Promise<People> {
  const token = await mintToken(
    cacheSecret(async () => secretText),
    {
      primaryNamespace: "blue",
      roleBindings: { "*/*": ["admin"] },
      // The system's clocks run ahead of this one's.
      expiresAt: new Date(Date.now() + TEN_YEARS_MS),
    },
  );
  const ask = async (method: string, rawPath: string, body?: object) => {
    for (let tries = 1; ; tries += 1) {
      const event = lambdaEvent({
        method,
        rawPath,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        ...(body ? { body: JSON.stringify(body) } : {}),
      });
      const answer = (await functions.api.invoke(event).catch(() => null)) as {
        statusCode: number;
        body: string;
      } | null;
      if (answer && answer.statusCode < 500) return answer;
      if (tries === TRIES)
        throw new Error(`${method} ${rawPath}: no answer, last ${answer?.body ?? "a death"}`);
      await pause(100);
    }
  };
  return {
    async post(namespace, specification) {
      const text = JSON.stringify(specification);
      const answer = await ask("POST", "/api/v1/specification/", { namespace, specification: text });
      if (answer.statusCode !== 200) throw new Error(`a specification was refused: ${answer.body}`);
      return (JSON.parse(answer.body) as { data: { build_id: number } }).data.build_id;
    },
    async cancel(build) {
      return (await ask("PUT", `/api/v1/build/${build}/cancel/`)).statusCode;
    },
    async choose(namespace, environment, build) {
      const path = `/api/v1/environment/${namespace}/${environment}/`;
      return (await ask("PUT", path, { build_id: build })).statusCode;
    },
  };
}
