/**
 * The program of the task that reads one subdir of one channel, for which a function has not the time or the memory. How it went stands in
 * the subdir's entry; the exit code says whether that could be written.
 * @module
 */
import { readConfig } from "#adapters/config.ts";
import { openReader } from "./open-reader.ts";
import { readOrdered, Stopped } from "./read-one.ts";

const HOURS_MAX = 6;

const config = readConfig([
  ...(["table", "bucket", "settings", "allowedPrivateHosts", "channelSecrets"] as const),
  ...(["repodataOrder", "logLevel"] as const),
]);
const stop = new AbortController();
process.once("SIGTERM", () => stop.abort(new Stopped("The task that read it was told to stop.")));
setTimeout(() => stop.abort(Stopped.after(HOURS_MAX)), HOURS_MAX * 3_600_000);

const reader = openReader(config, { task: "prefetch" });
const outcome = await readOrdered({ ...reader, signal: stop.signal, inFunction: null }, config.repodataOrder);
reader.log.info("ended", { outcome: outcome?.kind ?? "late, or overtaken" });
process.exit(0);
