/**
 * `npm run restore`: brings a deployment's table back to an earlier second, as a table of another name, step by step.
 * @module
 */
import { parseArgs } from "node:util";
import {
  ContinuousBackupsUnavailableException,
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  InvalidRestoreTimeException,
  ResourceNotFoundException,
  RestoreTableToPointInTimeCommand,
  type TableDescription,
  TableNotFoundException,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb";
import { openDb } from "#adapters/dynamodb/db.ts";
import { environmentsOfBoth, raiseCounters } from "#adapters/dynamodb/restored.ts";
import { openQueue, send } from "#adapters/sqs/queue.ts";
import type { LinkMessage } from "#core/build/messages.ts";
import { TABLE_TTL } from "#core/layout.ts";
import { outputsOf, STACK } from "./deployed.ts";

const USAGE = `usage: npm run restore -- --from TABLE --to TABLE --at TIME [--stack NAME] [--yes]

Makes of the table --from, as it was at --at (such as 2026-11-21T12:00:00Z), the table --to, which must not be there yet;
gives it what a copy has not (recovery to any second, expiry of items, protection against deletion) and raises its counters,
so that no id is given twice. Then it says how to deploy the new table. Said again after that, it has every link of the
shared disk looked at. Each step that is done already is passed over, so it may always be said again.

Without --yes it only says what the next step would be. It needs AWS credentials that may read the stack (default:
${STACK}), change both tables and send to the stack's queue of links.`;

const HOURS_MAX = 12;

/** Wrong arguments, or tables that are not as they say: one line that says what to do. */
class Refusal extends Error {}

const dynamoDb = new DynamoDBClient({});

function readFlags() {
  try {
    return parseArgs({
      options: {
        from: { type: "string" },
        to: { type: "string" },
        at: { type: "string" },
        stack: { type: "string", default: STACK },
        yes: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }).values;
  } catch (error) {
    throw new Refusal(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** With the zone: an operator's clock and the server's need not agree on it. */
function readTime(text: string): Date {
  const at = new Date(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(at.getTime())) {
    throw new Refusal(`--at ${text} is no time such as 2026-11-21T12:00:00Z.`);
  }
  return at;
}

async function describe(TableName: string): Promise<TableDescription | null> {
  try {
    return (await dynamoDb.send(new DescribeTableCommand({ TableName }))).Table ?? null;
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error;
  }
}

async function recoveryOf(TableName: string) {
  const { ContinuousBackupsDescription } = await dynamoDb.send(
    new DescribeContinuousBackupsCommand({ TableName }),
  );
  return ContinuousBackupsDescription?.PointInTimeRecoveryDescription;
}

async function makeCopy(from: string, to: string, at: Date): Promise<void> {
  try {
    await dynamoDb.send(
      new RestoreTableToPointInTimeCommand({
        SourceTableName: from,
        TargetTableName: to,
        RestoreDateTime: at,
      }),
    );
  } catch (error) {
    if (error instanceof TableNotFoundException) throw new Refusal(`There is no table ${from}.`);
    if (!(error instanceof InvalidRestoreTimeException)) throw error;
    const { EarliestRestorableDateTime: first, LatestRestorableDateTime: last } =
      (await recoveryOf(from)) ?? {};
    throw new Refusal(
      `${from} can be brought back to any second from ${first?.toISOString()} to ${last?.toISOString()}.`,
    );
  }
}

/** Also for a copy that an earlier run asked for and did not see finished. */
const untilActive = (TableName: string) =>
  waitUntilTableExists({ client: dynamoDb, maxWaitTime: HOURS_MAX * 3600 }, { TableName });

/** What a restored table has not of the one that it comes from. */
async function protect(TableName: string): Promise<void> {
  if ((await describe(TableName))?.DeletionProtectionEnabled !== true) {
    await dynamoDb.send(new UpdateTableCommand({ TableName, DeletionProtectionEnabled: true }));
    await untilActive(TableName);
  }
  if ((await recoveryOf(TableName))?.PointInTimeRecoveryStatus !== "ENABLED") {
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: true };
    await dynamoDb
      .send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }))
      .catch((error: unknown) => {
        if (!(error instanceof ContinuousBackupsUnavailableException)) throw error;
        throw new Refusal(
          `${TableName} is so new that DynamoDB keeps no backups of it yet: say this again in a minute.`,
        );
      });
  }
  const { TimeToLiveDescription } = await dynamoDb.send(new DescribeTimeToLiveCommand({ TableName }));
  if (TimeToLiveDescription?.AttributeName !== TABLE_TTL) {
    const TimeToLiveSpecification = { AttributeName: TABLE_TTL, Enabled: true };
    await dynamoDb.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
  }
}

/** Whatever either table knows may have a link that is not what the restored one wants. @returns how many were asked for */
async function lookAtLinks(queueUrl: string, from: string, to: string): Promise<number> {
  const queue = openQueue<LinkMessage>(queueUrl, dynamoDb);
  const all = await environmentsOfBoth(openDb({ table: from }), openDb({ table: to }));
  for (const each of all) await send(queue, each);
  return all.length;
}

async function restore(): Promise<void> {
  const { from, to, at, stack, yes, help } = readFlags();
  if (help) return console.log(USAGE);
  if (!from || !to || !at || from === to) throw new Refusal(USAGE);
  const time = readTime(at);
  const only = "Nothing was changed. Say --yes to do it.";
  const outputs = await outputsOf(stack, undefined).catch((error: Error) => {
    throw new Refusal(`The stack ${stack} cannot be read: ${error.message}`);
  });
  const [inUse, links] = [outputs.get("Table"), outputs.get("LinkQueue")];
  if (inUse !== from && inUse !== to) {
    throw new Refusal(`${stack} uses the table ${inUse}, which is neither --from nor --to.`);
  }
  if ((await describe(from)) === null) throw new Refusal(`There is no table ${from}.`);
  if (inUse === to) {
    console.log(
      `${stack} uses ${to}: counters once more, and every link of the shared disk is to be looked at.`,
    );
    if (!yes) return console.log(only);
    // Until the deployment was done the old table took builds and gave them ids.
    await raiseCounters(openDb({ table: from }), openDb({ table: to }));
    if (links === undefined) return console.log("There is no shared disk: that was all.");
    return console.log(`${await lookAtLinks(links, from, to)} links are being looked at.`);
  }
  const there = (await describe(to)) !== null;
  console.log(
    there
      ? `${to} is there: it gets protection and counters, if it has them not.`
      : `${to} is made of ${from} as it was at ${time.toISOString()}.`,
  );
  if (!yes) return console.log(only);
  if (!there) await makeCopy(from, to, time);
  await untilActive(to);
  await protect(to);
  const last = await raiseCounters(openDb({ table: from }), openDb({ table: to }));
  console.log(`${to} is ready; the next build gets an id above ${last}.`);
  console.log(
    `Now deploy it: npm run deploy -- -c restoredTable=${to} (and what you deploy with else), keep that in your`,
  );
  console.log("file, and say this command once more.");
}

try {
  await restore();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
