import { expect, test } from "vitest";
import * as keys from "#adapters/dynamodb/keys.ts";
import { TASK_READS, TASK_WRITES } from "#infra/permissions.ts";
import { synthesize } from "#test/kit/template.ts";

interface Statement {
  readonly Effect: string;
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Condition?: unknown;
}
interface Policy {
  readonly Properties: {
    readonly PolicyDocument: { readonly Statement: readonly Statement[] };
    readonly Roles: readonly { readonly Ref: string }[];
  };
}

const template = synthesize();
const policies = Object.values(template.findResources("AWS::IAM::Policy")) as Policy[];

function statementsOf(part: string): Statement[] {
  return policies
    .filter(({ Properties }) => Properties.Roles.some(({ Ref }) => Ref.startsWith(part)))
    .flatMap(({ Properties }) => [...Properties.PolicyDocument.Statement]);
}
const actionsOf = (statements: readonly Statement[]): string[] =>
  [...new Set(statements.flatMap(({ Action }) => Action))].sort();

/** The parts that run code of ours, by the beginning of their roles' logical ids. */
const ROLES = {
  api: "ApiFunctionServiceRole",
  dispatch: "DispatchFunctionServiceRole",
  finish: "FinishFunctionServiceRole",
  store: "StoreFunctionServiceRole",
  task: "BuildsTaskTaskRole",
} as const;

const ITEMS = [
  "dynamodb:BatchGetItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:ConditionCheckItem",
  "dynamodb:DeleteItem",
  "dynamodb:GetItem",
  "dynamodb:PutItem",
  "dynamodb:Query",
  "dynamodb:UpdateItem",
];
const SEND = ["sqs:GetQueueAttributes", "sqs:GetQueueUrl", "sqs:SendMessage"];
const RECEIVE = [
  "sqs:ChangeMessageVisibility",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:GetQueueUrl",
  "sqs:ReceiveMessage",
];
const sorted = (...lists: string[][]): string[] => [...new Set(lists.flat())].sort();

/** Reviewed: an action that is not here is not granted. */
const REVIEWED: Record<keyof typeof ROLES, string[]> = {
  api: sorted(ITEMS, SEND, [
    "s3:GetObject",
    "s3:ListBucket",
    "secretsmanager:DescribeSecret",
    "secretsmanager:GetSecretValue",
  ]),
  dispatch: sorted(ITEMS, SEND, RECEIVE, ["ecs:RunTask", "iam:PassRole"]),
  finish: sorted(ITEMS, SEND, RECEIVE, [
    "s3:AbortMultipartUpload",
    "s3:DeleteObject",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
  ]),
  store: sorted(
    RECEIVE,
    ["dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:Query"],
    ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
  ),
  task: sorted(ITEMS, SEND, [
    "elasticfilesystem:ClientMount",
    "elasticfilesystem:ClientWrite",
    "s3:AbortMultipartUpload",
    "s3:GetObject",
    "s3:ListBucket",
    "s3:PutObject",
  ]),
};

test.each(Object.keys(ROLES) as (keyof typeof ROLES)[])(
  "%s may do what was reviewed, and no more",
  (part) => {
    expect(actionsOf(statementsOf(ROLES[part]))).toEqual(REVIEWED[part]);
  },
);

test("every role with a policy is one of the reviewed ones", () => {
  const known = [...Object.values(ROLES), "BuildsTaskExecutionRole"];
  const roles = policies.flatMap(({ Properties }) => Properties.Roles.map(({ Ref }) => Ref));

  expect(roles.filter((role) => !known.some((name) => role.startsWith(name)))).toEqual([]);
});

test("no permission is for every resource, but those that AWS has no resource for", () => {
  const everything = policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Resource, Condition }) => Resource === "*" && Condition === undefined);

  // The execution role's, to log in to the registry: it names no image.
  expect(actionsOf(everything)).toEqual(["ecr:GetAuthorizationToken"]);
});

test("objects are granted by key prefix, never the whole bucket", () => {
  for (const part of Object.values(ROLES)) {
    for (const { Action, Resource, Condition } of statementsOf(part)) {
      if ([Action].flat().some((action) => action === "s3:ListBucket")) {
        expect(JSON.stringify(Condition)).toMatch(/"s3:prefix":\["[a-z]+\/\*"/);
      } else if ([Action].flat().some((action) => action.startsWith("s3:"))) {
        for (const resource of [Resource].flat()) expect(JSON.stringify(resource)).toMatch(/"\/[a-z]+\/\*"/);
      }
    }
  }
});

test("the API writes no object and the task removes none", () => {
  expect(actionsOf(statementsOf(ROLES.api))).not.toContain("s3:PutObject");
  expect(actionsOf(statementsOf(ROLES.task))).not.toContain("s3:DeleteObject");
});

test("a build task reaches the items of builds, attempts and locks only", () => {
  const matches = (patterns: readonly string[], { pk }: { pk: string }) =>
    patterns.some((pattern) => pk.startsWith(pattern.slice(0, -1)));
  const own = [keys.buildItemKey(1), keys.attemptKey(1, 1), keys.packagesKey("a")];
  const others = [
    keys.namespaceKey("a"),
    keys.environmentKey("a", "b"),
    keys.countsKey("a"),
    keys.lineKey(1),
  ];
  for (const key of own) expect([matches(TASK_READS, key), matches(TASK_WRITES, key)]).toEqual([true, true]);
  for (const key of [...others, keys.slotKey(1), keys.counterKey("build")]) {
    expect([matches(TASK_READS, key), matches(TASK_WRITES, key)]).toEqual([false, false]);
  }

  const items = statementsOf(ROLES.task).filter(({ Action }) =>
    [Action].flat().some((action) => action.startsWith("dynamodb:")),
  );

  for (const { Condition } of items) {
    expect(Condition).toMatchObject({
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": expect.any(Array) },
    });
  }
});

test("dispatch starts the one task definition, in the one cluster, and hands on its two roles only", () => {
  const statements = statementsOf(ROLES.dispatch);
  const run = statements.find(({ Action }) => Action === "ecs:RunTask");
  const pass = statements.find(({ Action }) => Action === "iam:PassRole");

  expect(run?.Resource).toEqual({ Ref: expect.stringMatching(/^BuildsTask/) });
  expect(run?.Condition).toMatchObject({ ArnEquals: { "ecs:cluster": expect.anything() } });
  expect(pass?.Resource).toHaveLength(2);
  expect(pass?.Condition).toEqual({ StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
});
