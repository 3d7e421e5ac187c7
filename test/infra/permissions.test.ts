import { expect, test } from "vitest";
import * as keys from "#adapters/dynamodb/keys.ts";
import { TASK_ITEMS } from "#infra/item-permissions.ts";
import { renderResourceStatement, renderRole } from "#test/kit/policy/render.ts";
import { invokersOf, resourceStatementsOf, rolesOf } from "#test/kit/policy/roles.ts";
import type { Template } from "#test/kit/policy/template.ts";
import { synthesize } from "#test/kit/template.ts";
import { RESOURCES, ROLES as REVIEWED } from "./reviewed-permissions.ts";

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
  sweep: "SweepFunctionServiceRole",
  prefetch: "PrefetchFunctionServiceRole",
  prefetchTask: "BuildsPrefetchTaskRole",
  watch: "WatchFunctionServiceRole",
  task: "BuildsTaskTaskRole",
} as const;

const json = template.toJSON() as unknown as Template;

test("each role's statements are the reviewed ones, word by word", () => {
  const rendered = Object.fromEntries(rolesOf(json).map((role) => [role.principal, renderRole(role)]));

  expect(rendered).toEqual(REVIEWED);
});

test("what resources say about themselves is what was reviewed", () => {
  const statements = [...resourceStatementsOf(json), ...invokersOf(json)];

  expect(statements.map(renderResourceStatement).sort()).toEqual(RESOURCES);
});

test("where files on the shared disk are watched, its function may do what the watching function does with the table, and no more", () => {
  const roles = rolesOf(synthesize({ watchesDisk: true }).toJSON() as unknown as Template);
  const of = (name: string): string[] => {
    const role = roles.find(({ principal }) => principal === name);
    return role ? renderRole(role) : [];
  };

  const added = of("store").filter((statement) => !REVIEWED["store"]?.includes(statement));
  expect(added.length).toBeGreaterThan(0);
  expect(added.filter((statement) => !REVIEWED["watch"]?.includes(statement))).toEqual([]);
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
        for (const resource of [Resource].flat())
          expect(JSON.stringify(resource)).toMatch(/"\/[a-z]+\/\*(\.error\.txt)?"/);
      }
    }
  }
});

test("the API writes no object and the task removes none", () => {
  expect(actionsOf(statementsOf(ROLES.api))).not.toContain("s3:PutObject");
  expect(actionsOf(statementsOf(ROLES.task))).not.toContain("s3:DeleteObject");
});

test("a build task reaches the items of builds, attempts and locks only", () => {
  const patterns = Object.values(TASK_ITEMS).flat();
  const reached = ({ pk }: { pk: string }) =>
    patterns.some((pattern) =>
      pattern.endsWith("*") ? pk.startsWith(pattern.slice(0, -1)) : pk === pattern,
    );
  const own = [
    keys.buildItemKey(1),
    keys.attemptKey(1, 1),
    keys.packagesKey("a"),
    keys.specificationKey("a", "b"),
  ];
  const others = [
    keys.namespaceKey("a"),
    keys.environmentKey("a", "b"),
    keys.countsKey("a"),
    keys.lineKey("team", 1),
    keys.turnKey("team"),
    keys.shareKey("team", 1),
    keys.slotKey(1),
    keys.counterKey("build"),
  ];
  expect(own.map(reached)).toEqual(own.map(() => true));
  expect(others.map(reached)).toEqual(others.map(() => false));
});

test("no role reaches the whole table", () => {
  const items = policies
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
    .filter(({ Action }) => [Action].flat().some((action) => action.startsWith("dynamodb:")));

  expect(items.length).toBeGreaterThan(0);
  for (const { Condition } of items) {
    expect(Condition).toEqual({
      "ForAllValues:StringLike": { "dynamodb:LeadingKeys": expect.any(Array) },
    });
  }
});

test("sweep reads no product of any build", () => {
  const reads = statementsOf(ROLES.sweep).filter(({ Action }) => [Action].flat().includes("s3:GetObject"));

  expect(JSON.stringify(reads)).not.toMatch(/archives|locks|exports/);
});

test("dispatch starts the one task definition in whatever revision, which an upgrade needs, in the one cluster, and hands on its two roles only", () => {
  const statements = statementsOf(ROLES.dispatch);
  const run = statements.find(({ Action }) => Action === "ecs:RunTask");
  const pass = statements.find(({ Action }) => Action === "iam:PassRole");

  expect(JSON.stringify(run?.Resource)).toMatch(/:task-definition\/CondaStoreBuildsTask\w+:\*"\]\]\}$/);
  expect(run?.Condition).toMatchObject({ ArnEquals: { "ecs:cluster": expect.anything() } });
  expect(pass?.Resource).toHaveLength(2);
  expect(pass?.Condition).toEqual({ StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } });
});
