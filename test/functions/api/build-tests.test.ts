import { expect, test } from "vitest";
import { saveTests } from "#adapters/dynamodb/attempts.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, sha256Of, submission, submitted } from "#test/kit/submissions.ts";
import { useApi } from "./use-api.ts";

const { api, admin } = useApi(useMiniStack());

const tests = { imports: ["json"], commands: ["false"], notebooks: [] };
const spec = { name: "tested", channels: ["conda-forge"], dependencies: ["python"], tests };
const sha256 = sha256Of(JSON.stringify(spec));
const tested = submission({
  environment: "tested",
  specification: { sha256, document: sha256, name: "tested", spec, isLockfile: false },
});

async function shown(path: string): Promise<unknown> {
  const response = await api.request(`/api/v1/build/${path}`, { headers: admin });
  return (JSON.parse(await response.text()) as { data: unknown }).data;
}

test("a build shows what came of each of its tests, from when they have run, and lists do without", async () => {
  const { db } = api.services;
  const { id, attempt } = await building(db, "task", tested);
  expect(await shown(`${id}/`)).toMatchObject({ tests: null });
  const results = [
    { name: "import json", outcome: "passed" as const, seconds: 0.1, last_lines: [] },
    { name: "command false", outcome: "failed" as const, seconds: 0.01, last_lines: ["no"] },
  ];
  expect(await saveTests(db, { build: id, attempt, owner: "another" }, results)).toBe(false);
  expect(await shown(`${id}/`)).toMatchObject({ tests: null });
  expect(await saveTests(db, { build: id, attempt, owner: "task" }, results)).toBe(true);
  expect(await shown(`${id}/`)).toMatchObject({ tests: results });
  expect(await shown("")).toMatchObject([{ tests: null }]);
  expect(await shown(`${await submitted(db)}/`)).toMatchObject({ tests: null });
});
