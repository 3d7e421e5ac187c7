import { expect, test } from "vitest";
import { VARIABLES } from "#core/layout.ts";
import { stripTemplate, UNSUPPORTED_TYPES } from "#local/assembly.ts";
import { LOCAL_DEPLOYMENT, synthesize } from "#test/kit/template.ts";

type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** Where two documents differ, as paths. Lists of `{ Name, Value }` are compared by name. */
function differences(a: Json | undefined, b: Json | undefined, path = ""): string[] {
  const [left, right] = [named(a), named(b)];
  if (!isObject(left) || !isObject(right)) return JSON.stringify(a) === JSON.stringify(b) ? [] : [path];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])].flatMap((key) =>
    differences(left[key], right[key], path === "" ? key : `${path}.${key}`),
  );
}
const isObject = (value: Json | undefined): value is { [key: string]: Json } =>
  typeof value === "object" && value !== null;

function named(value: Json | undefined): Json | undefined {
  if (!Array.isArray(value)) return value;
  const pairs = value.map((item) => (isObject(item) && !Array.isArray(item) ? item : {}));
  return value.length > 0 && pairs.every((pair) => typeof pair["Name"] === "string" && "Value" in pair)
    ? Object.fromEntries(pairs.map((pair) => [String(pair["Name"]), pair["Value"] ?? null]))
    : Object.fromEntries(value.map((item, i) => [String(i), item]));
}

const resources = (template: ReturnType<typeof synthesize>): { [key: string]: Json } =>
  template.toJSON()["Resources"] as { [key: string]: Json };

const production = resources(synthesize());
const local = resources(synthesize({ local: LOCAL_DEPLOYMENT }));
const ENVIRONMENT = "Properties.Environment.Variables";
const CONTAINER = "Properties.ContainerDefinitions.0";

/** Reviewed: what a laptop sets differently, by type of resource. A difference that is not here is a fault. */
const REVIEWED: Record<string, RegExp[]> = {
  "AWS::DynamoDB::GlobalTable": [/^(DeletionPolicy|UpdateReplacePolicy)$/, /\.DeletionProtectionEnabled$/],
  "AWS::S3::Bucket": [/^(DeletionPolicy|UpdateReplacePolicy)$/],
  "AWS::SecretsManager::Secret": [/^(DeletionPolicy|UpdateReplacePolicy)$/],
  "AWS::EFS::FileSystem": [/^(DeletionPolicy|UpdateReplacePolicy)$/],
  "AWS::ECS::TaskDefinition": [
    /\.Image($|\.)/,
    /\.MountPoints\.\d\.ContainerPath$/,
    ...[
      VARIABLES.storeDirectory,
      VARIABLES.diskDirectory,
      VARIABLES.workDirectory,
      VARIABLES.isolation,
      VARIABLES.engine,
      VARIABLES.engineProgram,
      VARIABLES.packPython,
      VARIABLES.allowedPrivateHosts,
      VARIABLES.settings,
    ].map((name) => new RegExp(`^${CONTAINER}\\.Environment\\.${name}$`)),
  ],
  "AWS::Lambda::Function": [
    "AWS_ENDPOINT_URL_ECS",
    VARIABLES.login,
    VARIABLES.storeDirectory,
    VARIABLES.diskDirectory,
    VARIABLES.allowedPrivateHosts,
    VARIABLES.settings,
  ].map((name) => new RegExp(`^${ENVIRONMENT}\\.${name}$`)),
  // Who puts a file into the local bucket does not wait long.
  "AWS::Events::Rule": [/^Properties\.ScheduleExpression$/, /\.MaximumEventAgeInSeconds$/],
  // The execution role may pull the image that a deployment builds; a laptop has none.
  "AWS::IAM::Policy": [/^Properties\.PolicyDocument\.Statement\.\d(\.|$)/],
};

test("the local template differs from production by the reviewed list and by nothing else", () => {
  const changed = differences(production, local).map((path) => {
    const [id = "", ...rest] = path.split(".");
    const type = String((production[id] as { Type?: string } | undefined)?.Type);
    return { id, type, where: rest.join(".") };
  });

  const faults = changed.filter(
    ({ id, type, where }) =>
      !REVIEWED[type]?.some((allowed) => allowed.test(where)) ||
      (type === "AWS::IAM::Policy" && !id.startsWith("BuildsTaskExecutionRole")),
  );
  expect(faults).toEqual([]);
  // Each type of the list is met, so that the list cannot outlive its reasons.
  expect([...new Set(changed.map(({ type }) => type))].sort()).toEqual(Object.keys(REVIEWED).sort());
});

test("only types that the local AWS does not know are taken out, and nothing still depends on them", () => {
  const template = { Resources: structuredClone(local) as Record<string, { Type: string }> };

  const removed = stripTemplate(template);

  expect(removed.length).toBeGreaterThan(0);
  expect(new Set(removed.map((id) => (local[id] as { Type: string }).Type))).toEqual(
    new Set(UNSUPPORTED_TYPES),
  );
  for (const id of removed) expect(JSON.stringify(template)).not.toContain(`"${id}"`);
});

test("the login with one password is the local stack's alone", () => {
  const variable = { [VARIABLES.login]: '{"backends":[{"kind":"dummy","name":"dummy"}]}' };
  const withLogin = (found: { [key: string]: Json }): number =>
    Object.values(found).filter((resource) =>
      JSON.stringify(resource).includes(JSON.stringify(variable).slice(1, -1)),
    ).length;

  expect([withLogin(local), withLogin(production)]).toEqual([1, 0]);
});
