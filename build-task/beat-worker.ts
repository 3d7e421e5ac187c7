/**
 * The thread that raises the beat. It says one word, "lost", when the attempt is not ours any more.
 * @module
 */
import { setTimeout as wait } from "node:timers/promises";
import { parentPort, workerData } from "node:worker_threads";
import { BEAT_SECONDS, DEAD_AFTER_SECONDS } from "#core/build/lease.ts";
import type { BeatOrder } from "./lease.ts";

const { table, who } = workerData as BeatOrder;

async function beatForever(): Promise<void> {
  // The claim was the first sign of life: small builds end before the SDK has to be loaded a second time.
  await wait(BEAT_SECONDS * 1000);
  const [{ openDb }, { beat }] = await Promise.all([
    import("#adapters/dynamodb/db.ts"),
    import("#adapters/dynamodb/attempts.ts"),
  ]);
  const db = openDb({ table });
  let lastMs = performance.now();
  for (let number = 1; ; number += 1) {
    try {
      if (!(await beat(db, who, number))) return parentPort?.postMessage("lost");
      lastMs = performance.now();
    } catch (error) {
      // Unheard for as long as observers wait, the owner must think itself dead.
      if (performance.now() - lastMs > DEAD_AFTER_SECONDS * 1000) throw error;
    }
    await wait(BEAT_SECONDS * 1000);
  }
}

await beatForever();
