/**
 * One subdir of one channel, which a run has to itself for as long as it says that it is at work.
 * @module
 */
import pLimit from "p-limit";
import type { Db } from "#adapters/dynamodb/db.ts";
import { putRepodata } from "#adapters/dynamodb/repodata.ts";
import type { RepodataState } from "#core/repodata/state.ts";

/** Who has said nothing for that long has died: a function may run no longer, and a task is started sooner. */
export const BUSY_MS = 15 * 60_000;
const RENEWED_MS = BUSY_MS / 3;

/** Somebody else has written in between: what they did counts. */
export class Overtaken extends Error {}

/** @returns the time until which who begins now, or goes on, is believed to be at work */
export const busyFrom = (at: Date): string => new Date(at.getTime() + BUSY_MS).toISOString();

export class Claim {
  readonly #db: Db;
  #state: RepodataState;
  readonly #inTurn = pLimit(1);
  readonly #lost = new AbortController();
  readonly #renewing: NodeJS.Timeout;

  private constructor(db: Db, clock: () => Date, state: RepodataState) {
    this.#db = db;
    this.#state = state;
    this.#renewing = setInterval(() => {
      this.change({ busyUntil: busyFrom(clock()) }).catch((error: unknown) => {
        // A table that does not answer now may do so the next time.
        if (error instanceof Overtaken) this.#lost.abort(error);
      });
    }, RENEWED_MS).unref();
  }

  /** @param state made from the stored one. @returns null when another writer was first */
  static async open(db: Db, clock: () => Date, state: RepodataState): Promise<Claim | null> {
    const stored = await putRepodata(db, state);
    return stored && new Claim(db, clock, stored);
  }

  /** As it is stored. */
  get state(): RepodataState {
    return this.#state;
  }

  /** Aborts when somebody else has it. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Changes are made one after the other. @throws Overtaken */
  change(to: Partial<RepodataState>): Promise<RepodataState> {
    return this.#inTurn(async () => {
      const { version } = this.#state;
      const stored = await putRepodata(this.#db, { ...this.#state, ...to, version });
      if (stored === null) {
        clearInterval(this.#renewing);
        throw new Overtaken();
      }
      this.#state = stored;
      return stored;
    });
  }

  /** The last change: nothing renews it any more. @throws Overtaken */
  async end(to: Partial<RepodataState>): Promise<RepodataState> {
    clearInterval(this.#renewing);
    return await this.change(to);
  }
}
