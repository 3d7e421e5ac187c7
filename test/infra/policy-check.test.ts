import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { removeTree } from "#local/run-task/launch.ts";
import { Closers } from "#local/stack.ts";
import { useIndexChannel } from "#test/kit/index-channel.ts";
import { judge, type Superfluous, type Verdict } from "#test/kit/policy/judge.ts";
import { openRecordedStack, type RecordedStack } from "#test/kit/policy/recorded-stack.ts";
import { playScenario } from "#test/kit/policy/scenario.ts";
import type { Resource, Template } from "#test/kit/policy/template.ts";
import { synthesize } from "#test/kit/template.ts";
import { UNRECORDED } from "./unrecorded-permissions.ts";

const ROOT = join(import.meta.dirname, "..", "..");
const closers = new Closers();
const channel = useIndexChannel();
const directory = mkdtempSync(join(tmpdir(), "conda-store-policy-"));
/** What goes to AWS: the recording is the local stack's, the judgement is production's. */
const production = synthesize().toJSON() as unknown as Template;
let stack: RecordedStack;
let verdict: Verdict;

beforeAll(async () => {
  Object.assign(process.env, TEST_CREDENTIALS);
  const file = join(directory, "calls.jsonl");
  stack = await openRecordedStack({ root: ROOT, directory, file }, closers);
  await playScenario(stack, channel);
  verdict = await judged(production);
}, 480_000);
afterAll(async () => {
  await closers.close();
  removeTree(directory);
}, 60_000);

const judged = (template: Template): Promise<Verdict> => judge(template, stack.recorder.calls, stack.names);

const reasonOf = ({ principal, part, statement }: Superfluous) =>
  UNRECORDED.find(
    ({ principals, actions, on }) =>
      principals.includes(principal) && actions.includes(part) && statement.includes(` on ${on}`),
  );
const sentence = ({ principal, part, statement }: Superfluous): string =>
  `${principal} needs no ${part} of "${statement}"`;

/** Allowances without a reviewed reason, in words. */
const unexplained = ({ superfluous }: Verdict): string[] =>
  superfluous.filter((each) => !reasonOf(each)).map(sentence);

describe("the deployed system, recorded", () => {
  test("every function and each task were heard", () => {
    const heard = new Set(stack.recorder.calls.map(({ principal }) => principal));

    expect([...heard].sort()).toEqual([
      ...["api", "dispatch", "finish", "prefetch", "prefetchTask", "registry", "solve", "store", "sweep"],
      ...["task", "watch"],
    ]);
  });

  test("every call is allowed, and every allowance is needed by a call or has a reviewed reason", () => {
    expect(verdict.refused).toEqual([]);
    expect(unexplained(verdict)).toEqual([]);
    const used = new Set(verdict.superfluous.map(reasonOf));
    expect(UNRECORDED.filter((reason) => !used.has(reason))).toEqual([]);
  });
});

interface RawStatement {
  Action: string | string[];
  Resource: unknown;
  Condition?: Record<string, Record<string, string[]>>;
}

/** The template with the statements of one role changed. */
function planted(role: string, change: (statements: RawStatement[]) => void): Template {
  const template = structuredClone(production) as { Resources: Record<string, Resource> };
  const found = Object.entries(template.Resources).find(
    ([id, { Type }]) => Type === "AWS::IAM::Policy" && id.startsWith(role),
  );
  const document = found?.[1].Properties?.["PolicyDocument"];
  if (!document) throw new Error(`no policy is ${role}'s`);
  change((document as { Statement: RawStatement[] }).Statement);
  return template;
}
const statementFor = (statements: RawStatement[], action: string): RawStatement => {
  const found = statements.find(({ Action }) => [Action].flat().includes(action));
  if (!found) throw new Error(`no statement has ${action}`);
  return found;
};

/** What a changed template, or changed calls, are found guilty of beyond what is found already. */
async function planting(template: Template, calls = stack.recorder.calls) {
  const { refused, superfluous } = await judge(template, calls, stack.names);
  const before = new Set([
    ...verdict.refused,
    ...verdict.superfluous.map(({ principal, part }) => principal + part),
  ]);
  return {
    refused: refused.filter((each) => !before.has(each)),
    superfluous: superfluous.filter(({ principal, part }) => !before.has(principal + part)),
  };
}

describe("a planted fault is named", () => {
  test("a grant that is missing", async () => {
    const template = planted("FinishFunction", (statements) => {
      statements.splice(statements.indexOf(statementFor(statements, "dynamodb:DeleteItem")), 1);
    });

    const { refused } = await planting(template);

    expect(refused).toEqual([
      expect.stringMatching(
        /^finish may not dynamodb:DeleteItem on table\/StorageTable with dynamodb:LeadingKeys SLOTS: the nearest statement is "dynamodb:/,
      ),
    ]);
  }, 120_000);

  test("a key prefix that is missing, of items and of objects", async () => {
    const template = planted("BuildsTaskTaskRole", (statements) => {
      const items = statementFor(statements, "dynamodb:PutItem").Condition?.["ForAllValues:StringLike"];
      items?.["dynamodb:LeadingKeys"]?.splice(0, 1);
      const listing = statementFor(statements, "s3:ListBucket").Condition?.["StringLike"];
      listing?.["s3:prefix"]?.splice(0, 1);
    });

    const { refused } = await planting(template);

    expect(refused.join("\n")).toMatch(/^task may not dynamodb:PutItem .* with dynamodb:LeadingKeys LOCK#/m);
    expect(refused.join("\n")).toMatch(/^task may not s3:ListBucket .* with s3:prefix locks\//m);
    expect(refused.every((each) => /LOCK#|locks\//.test(each.split(": the nearest")[0] ?? ""))).toBe(true);
  }, 120_000);

  test("a role that may not be handed to the task it starts", async () => {
    const template = planted("DispatchFunction", (statements) => {
      const handing = statementFor(statements, "iam:PassRole");
      handing.Resource = (handing.Resource as unknown[]).slice(0, 1);
    });

    expect((await planting(template)).refused).toEqual([
      expect.stringMatching(/^dispatch may not iam:PassRole on role\/BuildsTaskExecutionRole /),
    ]);
  }, 120_000);

  test("a product that is written without the condition that keeps the one which is there", async () => {
    const careless = stack.recorder.calls.map((call) => {
      const { "s3:if-none-match": _, ...context } = call.context;
      return { ...call, context };
    });

    const { refused } = await planting(production, careless);

    const keys = refused
      .filter((each) => each.startsWith("task "))
      .map((each) => /^task may not s3:PutObject on storagebucket\/([a-z]+)\//.exec(each)?.[1]);
    expect(new Set(keys)).toEqual(
      new Set(["locks", "exports", "archives", "blobs", "manifests", "packages"]),
    );
    const others = refused.filter((each) => !each.startsWith("task "));
    expect(
      new Set(
        others.map((each) =>
          /^(\w+) may not s3:PutObject on storagebucket\/([a-z]+)\//.exec(each)?.slice(1, 3).join(" "),
        ),
      ),
    ).toEqual(
      new Set([
        ...["prefetch repodata", "prefetch index", "prefetchTask repodata", "prefetchTask index"],
        "solve locks",
      ]),
    );
    expect(refused[0]).toContain('the nearest statement is "DENY s3:PutObject on ');
  }, 120_000);

  test("a grant that nobody needs: an action, a key prefix, a whole statement", async () => {
    const template = planted("ApiFunction", (statements) => {
      const read = statementFor(statements, "s3:GetObject");
      read.Action = ["s3:GetObject", "s3:GetObjectVersion"];
      const items = statementFor(statements, "dynamodb:Query").Condition?.["ForAllValues:StringLike"];
      items?.["dynamodb:LeadingKeys"]?.push("LINE");
      const { Resource } = statementFor(statements, "sqs:SendMessage");
      statements.push({ Action: "sqs:PurgeQueue", Resource });
    });

    const { refused, superfluous } = await planting(template);

    expect(refused).toEqual([]);
    expect(superfluous.map(({ principal, part }) => `${principal}: ${part}`).sort()).toEqual([
      "api: LINE",
      "api: s3:GetObjectVersion",
      "api: sqs:PurgeQueue",
    ]);
  }, 120_000);
});
