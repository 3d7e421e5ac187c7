/**
 * What follows when a build was accepted.
 * @module
 */
import type { ApiContext } from "../context.ts";
import type { Services } from "../services.ts";

/** Wakes dispatch. The build stands in the line already: a wake-up that is lost is made up for by the next one. */
export async function accepted({ wakeUp, log }: Services, c: ApiContext, buildId: number): Promise<void> {
  c.set("fields", { ...c.get("fields"), build: buildId });
  await wakeUp(`build ${buildId}, request ${c.get("requestId")}`).catch((error: unknown) => {
    log.warn("wake-up lost", { request_id: c.get("requestId"), build: buildId, error });
  });
}
