/**
 * `npm run bench -- access`: what a decision and a token's check cost.
 * @module
 */
import { join } from "node:path";
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { openDb } from "#adapters/dynamodb/db.ts";
import { startMiniStack, TEST_CREDENTIALS } from "#local/ministack.ts";
import { ensurePythonTools } from "#local/python.ts";
import { createTable, startLocalDynamodb } from "../api/local-dynamodb.ts";
import { type BenchPlace, runBench, valuesOf } from "../run-bench.ts";
import { renderTable } from "../table.ts";
import { BINDINGS, measureCompiling, measureDecisions, RATIO_MIN } from "./decisions.ts";
import { measureTokens, type TokenShare } from "./tokens.ts";

const ROOT = join(import.meta.dirname, "..", "..");

export const USAGE = `usage: npm run bench -- access

One decision with ${BINDINGS} bindings, ours and a naive one in turns; then the part of a request for one environment that finds
out whose token it brings. Status 1 when a decision is less than ${RATIO_MIN} times faster than the naive one.`;

/** @returns whether every decision was within its budget; also after `--help` */
export const benchAccess = (args: readonly string[]): Promise<boolean> =>
  runBench(args, { usage: USAGE, parseOptions, measure });

const parseOptions = (args: readonly string[]): object | null =>
  valuesOf(args, { help: { type: "boolean" } }).help ? null : {};

async function measure(_: object, { directory, closers }: BenchPlace): Promise<boolean> {
  const decisions = measureDecisions();
  const headings = ["asked", "allowed", "ours µs", "naive µs", "times faster"];
  const rows = decisions.map(({ says, allowed, oursMicros, naiveMicros, ratio }) => [
    ...[says, allowed ? "yes" : "no"],
    ...[Number(oursMicros.toFixed(2)), Math.round(naiveMicros), Math.round(ratio)],
  ]);
  console.log(`A decision with ${BINDINGS} bindings\n\n${renderTable(headings, rows)}`);
  console.log(
    `\nreading and compiling ${BINDINGS} bindings, once for a token: ${Math.round(measureCompiling())} µs`,
  );
  const within = decisions.every(({ ratio }) => ratio >= RATIO_MIN);
  console.log(within ? `within its budget: ${RATIO_MIN} times` : `NOT ${RATIO_MIN} times faster everywhere`);
  const { python } = await ensurePythonTools(ROOT, console.error);
  const ministack = await startMiniStack({ python, directory });
  closers.push(() => ministack.stop());
  const { endpoint, name, stop } = await startLocalDynamodb(ministack.endpoint);
  closers.push(stop);
  Object.assign(process.env, TEST_CREDENTIALS);
  await createTable(new DynamoDBClient({ endpoint }), "bench");
  const share = await measureTokens(openDb({ table: "bench", endpoint }));
  console.log(
    `\nA token's check in a request for one environment (DynamoDB: ${name})\n\n${renderShare(share)}`,
  );
  return within;
}

function renderShare({ requestMicros, knownMicros, newMicros, knownShare, newShare }: TokenShare): string {
  const percent = (part: number): string => `${(part * 100).toFixed(1)} %`;
  return renderTable(
    ["", "processor µs", "of the request"],
    [
      ["the whole request", Math.round(requestMicros), ""],
      ["the check of a token seen before", Math.round(knownMicros), percent(knownShare)],
      ["the check of a new one, its use written down", Math.round(newMicros), percent(newShare)],
    ],
  );
}
