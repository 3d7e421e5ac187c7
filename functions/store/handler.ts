/**
 * Lambda entry of store: messages about links and about directories that are to go, and EventBridge, every few minutes, where files on
 * the disk are watched.
 * @module
 */
import type { EventBridgeEvent, SQSBatchResponse, SQSEvent, SQSRecord } from "aws-lambda";
import { readConfig } from "#adapters/config.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { parseStoreMessage } from "#core/build/messages.ts";
import { VARIABLES } from "#core/layout.ts";
import { type Invocation, timeLeft } from "../watch/time-left.ts";
import type { Watched } from "../watch/watch.ts";
import { removeDirectory } from "./remove-directory.ts";
import { keepLink, type StoreContext } from "./store.ts";
import type { DiskWatch } from "./watch-disk.ts";

/** Opened at the first event, so that a wrong environment is told in the log of an event. */
let context: (StoreContext & DiskWatch & { readonly watchesDisk: boolean }) | undefined;

function open(): NonNullable<typeof context> {
  const { table, diskDirectory, logLevel, ...config } = readConfig([
    "table",
    "diskDirectory",
    "storeDirectory",
    "environmentLink",
    "watchesDisk",
    "settings",
    "allowedPrivateHosts",
    "auditDays",
    "logLevel",
  ]);
  if (diskDirectory === null)
    throw new Error(`${VARIABLES.diskDirectory} is empty: there is no disk to look after`);
  // Directories that the links lie in are 755 for whoever mounts the disk.
  process.umask(0o022);
  return {
    db: openDb({ table }),
    diskDirectory,
    ...config,
    log: openLog({ level: logLevel, fields: { function: "store" } }),
  };
}

/** One after the other, so that the order of a FIFO queue is kept; what follows a failure waits with it. */
export async function handler(
  event: SQSEvent | EventBridgeEvent<string, unknown>,
  lambda?: Invocation,
): Promise<SQSBatchResponse | Watched> {
  context ??= open();
  if (!("Records" in event)) return await lookAtDisk(context, lambda);
  for (const [index, record] of event.Records.entries()) {
    try {
      await oneMessage(context, record);
    } catch (error) {
      context.log.error("the shared disk is not as it should be; the message stays in the queue", {
        messageId: record.messageId,
        error,
      });
      const left = event.Records.slice(index);
      return { batchItemFailures: left.map(({ messageId }) => ({ itemIdentifier: messageId })) };
    }
  }
  return { batchItemFailures: [] };
}

async function lookAtDisk(disk: NonNullable<typeof context>, lambda?: Invocation): Promise<Watched> {
  if (!disk.watchesDisk) throw new Error(`${VARIABLES.watchesDisk} says that no files are watched`);
  const { watchDisk } = await import("./watch-disk.ts");
  return await watchDisk(disk, timeLeft(lambda));
}

async function oneMessage(store: StoreContext, { messageId, body }: SQSRecord): Promise<void> {
  const message = parseStoreMessage(body);
  if (message && "directory" in message) await removeDirectory(store, message);
  else if (message) await keepLink(store, message);
  else store.log.error("a message that is none of ours is dropped", { messageId });
}
