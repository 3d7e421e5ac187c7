/**
 * Canceling a build.
 * @module
 */
import { makeMove } from "#adapters/dynamodb/moves.ts";
import type { cancelBuild } from "#core/contract/builds.ts";
import { AppError } from "#core/errors.ts";
import type { Tell } from "../serve.ts";
import type { Services } from "../services.ts";
import { accepted } from "./accepted.ts";
import { buildOf } from "./builds.ts";

/**
 * The build has ended when this is answered, and its attempt is closed: a task that still runs can write nothing any
 * more and ends itself, with all its children, at its next word, which is its next beat at the latest. Who cancels what is canceled already is answered the same.
 */
export const canceling =
  (services: Services): Tell<typeof cancelBuild> =>
  async (ask) => {
    const { id } = await buildOf(services, ask);
    const outcome = await makeMove(ask.db, id, { name: "cancel", by: "api", at: new Date() });
    if (!outcome.won && outcome.found?.status !== "CANCELED") {
      const status = outcome.found?.status ?? "gone";
      throw new AppError("conflict", `Build ${id} cannot be canceled: it has ended and is ${status}.`);
    }
    await accepted(services, ask.c, id);
    return { status: "ok", message: `build ${id} canceled` };
  };
