import { fileURLToPath } from "node:url";
import {
  CloudFormationClient,
  CreateStackCommand,
  waitUntilStackCreateComplete,
} from "@aws-sdk/client-cloudformation";
import { DescribeTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { beforeAll, describe, expect, test } from "vitest";
import { nextBuild, nextId } from "#adapters/dynamodb/counters.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { raiseCounters } from "#adapters/dynamodb/restored.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { createTable, useMiniStack } from "#test/kit/ministack.ts";
import { runProgram } from "#test/kit/run-program.ts";

const SCRIPT = fileURLToPath(new URL("../../scripts/restore.ts", import.meta.url));
const aws = useMiniStack();

describe("counters of a restored table", () => {
  test("go to where they stood, are never put back, and doing it again changes nothing", async () => {
    const from = openDb({ table: await createTable("counters-of-old") });
    const to = openDb({ table: await createTable("counters-of-new") });
    for (let i = 0; i < 5; i += 1) await nextBuild(from);
    await nextId(from, "namespace");
    for (let i = 0; i < 3; i += 1) await nextId(to, "namespace");

    expect(await raiseCounters(from, to)).toBe(5);
    expect(await raiseCounters(from, to)).toBe(5);

    expect(await nextBuild(to)).toEqual({ id: 6, turn: 6 });
    expect(await nextId(to, "namespace")).toBe(4);
    expect(await nextId(to, "role")).toBe(1);
  });
});

describe("npm run restore", () => {
  const restore = (...args: string[]) =>
    runProgram(process.execPath, [SCRIPT, ...args], {
      ...TEST_CREDENTIALS,
      AWS_ENDPOINT_URL: aws.endpoint,
    });
  const right = { from: "in-use", to: "copy", at: "2026-11-21T12:00:00Z", stack: "Restored" };
  const said = (change: Partial<typeof right>) =>
    Object.entries({ ...right, ...change }).flatMap(([name, value]) => [`--${name}`, value]);

  beforeAll(async () => {
    await createTable(right.from);
    await createTable("somebody-elses");
    const client = new CloudFormationClient();
    const template = {
      Resources: { Topic: { Type: "AWS::SNS::Topic" } },
      Outputs: { Table: { Value: right.from } },
    };
    await client.send(
      new CreateStackCommand({ StackName: right.stack, TemplateBody: JSON.stringify(template) }),
    );
    await waitUntilStackCreateComplete({ client, maxWaitTime: 60 }, { StackName: right.stack });
  });

  test.each([
    ["no arguments", [], "usage: npm run restore"],
    ["an unknown option", ["--form", "x"], "usage: npm run restore"],
    ["one table twice", said({ to: right.from }), "usage: npm run restore"],
    ["a time without a zone", said({ at: "2026-11-21T12:00:00" }), "is no time such as"],
    ["a day that there is not", said({ at: "2026-13-21T12:00:00Z" }), "is no time such as"],
    ["a stack that there is not", said({ stack: "Never" }), "The stack Never cannot be read"],
    ["a table that the stack does not use", said({ from: "somebody-elses" }), "uses the table in-use"],
  ])(
    "%s: refused in words, nothing is made",
    async (_, args, words) => {
      const { code, stdout, stderr } = await restore(...args, "--yes");

      expect([code, stdout, stderr]).toEqual([1, "", expect.stringContaining(words)]);
      expect(stderr).not.toContain("    at ");
      const copy = new DynamoDBClient().send(new DescribeTableCommand({ TableName: right.to }));
      await expect(copy).rejects.toThrow();
    },
    120_000,
  );

  test("says what it would do, does it when told so, and passes over what is done", async () => {
    const dry = await restore(...said({}));
    expect(dry.stdout).toContain("copy is made of in-use as it was at 2026-11-21T12:00:00.000Z.");
    expect(dry.stdout).toContain("Nothing was changed.");

    const done = await restore(...said({}), "--yes");
    const again = await restore(...said({}), "--yes");

    for (const { code, stdout } of [done, again]) {
      expect([code, stdout]).toEqual([0, expect.stringContaining("-c restoredTable=copy")]);
    }
    expect(again.stdout).toContain("copy is there");
  }, 300_000);
});
