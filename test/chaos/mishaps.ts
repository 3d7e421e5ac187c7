/**
 * Doing to each build what the plan has for it, at the instant the plan says.
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { getBuilds } from "#adapters/dynamodb/builds.ts";
import { UpdateCommand } from "#adapters/dynamodb/commands.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { attemptKey } from "#adapters/dynamodb/keys.ts";
import type { Deeds } from "./deeds.ts";
import { deletionMishap } from "./deletions.ts";
import { taskWriteOf } from "./journal.ts";
import type { People } from "./people.ts";
import { type Mishap, type PlannedBuild, STEPS } from "./plan.ts";
import type { Asked } from "./proxy.ts";
import { type Random, randomOf } from "./random.ts";
import type { ChaosStack } from "./stack.ts";
import type { Tally } from "./tally.ts";

/** The request dies with who made it. */
class Killed extends Error {}

interface Hook {
  readonly step: string;
  readonly when: "before" | "after";
  readonly act: (pid: number, attempt: number) => Promise<void> | void;
}

export interface MishapParts {
  readonly seed: number;
  readonly tally: Tally;
  readonly stack: () => ChaosStack;
  readonly db: () => Db;
  readonly people: () => People;
  readonly deeds: Deeds;
  /** Ends what still waits for its instant. */
  readonly signal: AbortSignal;
}

/** What somebody chose, with what there was then. */
export interface Choice {
  readonly namespace: string;
  readonly environment: string;
  readonly build: number;
  readonly newest: number;
}

const LOOK_MS = 250;
/** Longer than a lease lives, looks and all. */
const STILL_MS = 14_000;

export class Mishaps {
  readonly choices: Choice[] = [];
  readonly #parts: MishapParts;
  readonly #hooks = new Map<number, Hook>();
  readonly #running = new Set<Promise<void>>();

  constructor(parts: MishapParts) {
    this.#parts = parts;
  }

  /** Prepares what is to happen to a build that was just accepted. @param earlier builds of the same environment */
  arm(build: number, { mishap, namespace, environment }: PlannedBuild, earlier: readonly number[]): void {
    if (mishap === null) return;
    const work = this.#do(build, mishap, { namespace, environment }, earlier)
      .catch((error: unknown) => this.#parts.tally.add(`not done, ${mishap.kind}: ${String(error)}`))
      .finally(() => this.#running.delete(work));
    this.#running.add(work);
  }

  /** Sees each request of a task. @throws to take the request with the process that was killed */
  async see(asked: Asked, when: "before" | "after"): Promise<void> {
    const write = asked.by === "task" ? taskWriteOf(asked) : null;
    if (!write?.step) return;
    const hook = this.#hooks.get(write.build);
    if (hook?.when !== when || STEPS.indexOf(write.step as never) < STEPS.indexOf(hook.step as never)) return;
    const pid = this.#parts.stack().endpoint.pidOf(write.build);
    if (pid === undefined) return;
    this.#hooks.delete(write.build);
    await hook.act(pid, write.attempt);
  }

  /** Resolves when nothing is under way any more. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #do(
    build: number,
    mishap: Mishap,
    { namespace, environment }: Pick<PlannedBuild, "namespace" | "environment">,
    earlier: readonly number[],
  ): Promise<void> {
    const { stack, tally, seed, people, db, signal } = this.#parts;
    const done = (): void => tally.add(`mishap: ${mishap.kind}`);
    const random = randomOf(seed, `mishap of ${build}`);
    switch (mishap.kind) {
      case "task killed at a step":
        return this.#atStep(build, mishap, (pid) => {
          process.kill(pid, "SIGKILL");
          done();
          throw new Killed();
        });
      case "RunTask endpoint killed":
        return this.#atStep(build, { step: mishap.step, when: "after" }, () => {
          stack().endpoint.kill();
          done();
        });
      case "package corrupted":
        return this.#atStep(build, { step: "solve", when: "before" }, () => {
          stack().channel.fail({ path: /\.(conda|tar\.bz2)$/, kind: mishap.how, times: 2 });
          done();
        });
      case "lease stolen":
        return this.#atStep(build, { step: mishap.step, when: "after" }, async (_, attempt) => {
          await steal(db(), build, attempt);
          done();
        });
      case "task stands still beyond its lease":
        return this.#atStep(build, { step: mishap.step, when: "after" }, (pid, attempt) => {
          process.kill(pid, "SIGSTOP");
          done();
          const work = this.#goOn(build, attempt, pid).finally(() => this.#running.delete(work));
          this.#running.add(work);
        });
      case "task killed at some moment":
      case "task told to end, as a spot host does":
      case "keeper killed":
      case "child killed": {
        const pid = await stack().endpoint.started(build, signal);
        if (pid === null) return;
        await pause(mishap.afterMs);
        if (mishap.kind === "task told to end, as a spot host does") {
          if (kill(pid, "SIGTERM")) done();
          return;
        }
        const victims = { "child killed": childOf, "keeper killed": parentOf } as const;
        const victim = mishap.kind === "task killed at some moment" ? pid : victims[mishap.kind](pid, random);
        if (victim !== null && kill(victim)) done();
        return;
      }
      case "canceled": {
        await pause(mishap.afterMs);
        const statuses = await Promise.all(
          Array.from({ length: mishap.people }, () => people().cancel(build)),
        );
        if (statuses.includes(200)) done();
        return;
      }
      case "disk full": {
        const { smallDisks } = stack();
        if (smallDisks === null) return tally.add("not possible on this machine: disk full");
        writeFileSync(join(smallDisks, String(build)), "");
        done();
        return;
      }
      case "older build chosen": {
        const id = await this.#completed(earlier, random);
        if (id === null) return;
        if ((await people().choose(namespace, environment, id)) !== 200) return;
        this.choices.push({ namespace, environment, build: id, newest: build });
        done();
        return;
      }
      default: {
        const old = () => this.#completed(earlier, random);
        const { deeds } = this.#parts;
        await deletionMishap(mishap, {
          place: { namespace, environment },
          old,
          people: people(),
          deeds,
          done,
        });
      }
    }
  }

  /** Some build of these as soon as one has completed; null if that does not happen. */
  async #completed(ids: readonly number[], random: Random): Promise<number | null> {
    while (ids.length > 0 && !this.#parts.signal.aborted) {
      const known = await getBuilds(this.#parts.db(), ids);
      const old = [...known.values()].filter(
        ({ status, deletedOn }) => status === "COMPLETED" && deletedOn === null,
      );
      if (old.length > 0) return random.pick(old).id;
      await pause(LOOK_MS);
    }
    return null;
  }

  #atStep(build: number, { step, when }: Omit<Hook, "act">, act: Hook["act"]): void {
    this.#hooks.set(build, { step, when, act });
  }

  /** Lets a task go on when its attempt was given up, or after a long while. */
  async #goOn(build: number, attempt: number, pid: number): Promise<void> {
    for (const endMs = Date.now() + STILL_MS; Date.now() < endMs; await pause(LOOK_MS)) {
      const record = await getAttempt(this.#parts.db(), build, attempt).catch(() => null);
      if (record?.closed) break;
    }
    if (kill(pid, "SIGCONT")) this.#parts.tally.add("mishap: a task went on that had been given up");
  }
}

function kill(pid: number, signal: NodeJS.Signals = "SIGKILL"): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false;
  }
}

/** The keeper of a task, or null. */
function parentOf(pid: number): number | null {
  try {
    // The name of the program, which may have blanks, is in brackets.
    const [, parent] = (readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").at(-1) ?? "").split(" ");
    return parent === undefined || parent === "1" ? null : Number(parent);
  } catch {
    return null;
  }
}

/** Some process that came of another, or null. */
function childOf(pid: number, random: Random): number | null {
  const found: number[] = [];
  const look = (parent: number): void => {
    try {
      for (const thread of readdirSync(`/proc/${parent}/task`)) {
        const text = readFileSync(`/proc/${parent}/task/${thread}/children`, "utf8");
        for (const child of text.split(" ").filter(Boolean).map(Number)) {
          found.push(child);
          look(child);
        }
      }
    } catch {
      // It has ended meanwhile.
    }
  };
  look(pid);
  return found.length > 0 ? random.pick(found) : null;
}

async function steal(db: Db, build: number, attempt: number): Promise<void> {
  await db.client.send(
    new UpdateCommand({
      TableName: db.table,
      Key: attemptKey(build, attempt),
      UpdateExpression: "SET #owner = :thief",
      ExpressionAttributeNames: { "#owner": "owner" },
      ExpressionAttributeValues: { ":thief": "a thief" },
    }),
  );
}
