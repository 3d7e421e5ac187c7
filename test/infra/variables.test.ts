import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TASK_VARIABLES } from "#build-task/variables.ts";
import { BUILD_CONTAINER, PREFETCH_CONTAINER, VARIABLES } from "#core/layout.ts";
import { FUNCTIONS } from "#scripts/bundle.ts";
import { synthesize } from "#test/kit/template.ts";

const template = synthesize();
const NAMES = new Map(Object.entries(VARIABLES).map(([name, variable]) => [variable as string, name]));

/** Names in the one list that an entry point hands to `readConfig`, however it is put together. */
function read(entry: string): string[] {
  const source = readFileSync(new URL(`../../${entry}`, import.meta.url), "utf8");
  const calls = source.split("readConfig([").slice(1);
  expect(calls, entry).toHaveLength(1);
  const [list = ""] = (calls[0] ?? "").split("]);");
  return [...list.matchAll(/"(\w+)"/g)].map(([, name = ""]) => name).sort();
}

/** Ours among the variables that are given. */
const ours = (variables: readonly string[]): string[] =>
  variables.flatMap((variable) => NAMES.get(variable) ?? []).sort();

test.each(FUNCTIONS)(
  "the %s function is given every variable that it reads, and no other of ours",
  (name) => {
    const start = name === "api" ? "ApiFunction" : `${name.charAt(0).toUpperCase()}${name.slice(1)}Function`;
    const found = Object.entries(template.findResources("AWS::Lambda::Function")).filter(([id]) =>
      id.startsWith(start),
    );
    expect(found).toHaveLength(1);
    const [, resource] = found[0] ?? [];

    expect(ours(Object.keys(resource?.["Properties"].Environment.Variables))).toEqual(
      read(`functions/${name}/handler.ts`),
    );
  },
);

/** Ours among those of the task definition with this container. */
function givenTo(container: string): string[] {
  const containers = Object.values(template.findResources("AWS::ECS::TaskDefinition")).flatMap(
    ({ Properties }) => Properties.ContainerDefinitions,
  );
  const { Environment } = containers.find(({ Name }) => Name === container);
  return ours(Environment.map(({ Name }: { Name: string }) => Name));
}

test("the build task is given every variable that it reads but for the build's, which RunTask gives, and no other", () => {
  expect([...givenTo(BUILD_CONTAINER), "buildId"].sort()).toEqual([...TASK_VARIABLES].sort());
});

test("the task that reads channels is given every variable that it reads but for its order, which RunTask gives, and no other", () => {
  const given = [...givenTo(PREFETCH_CONTAINER), "repodataOrder"].sort();
  expect(given).toEqual(read("functions/prefetch/task.ts"));
});
