import { mkdirSync, mkdtempSync, readlinkSync, rmSync, statSync, writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { openLog } from "#adapters/log.ts";
import { VARIABLES } from "#core/layout.ts";
import { handler } from "#functions/store/handler.ts";
import { keepLink, type StoreContext } from "#functions/store/store.ts";
import { audited } from "#test/kit/audited.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { building, complete, completedResult } from "#test/kit/submissions.ts";

const aws = useMiniStack();
const root = mkdtempSync(join(tmpdir(), "store-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const STORE = "/opt/conda-store";
let db: AuditedDb;
let context: StoreContext;
let environment: string;
let count = 0;

beforeEach(() => {
  db = audited(openDb({ table: aws.table }));
  context = {
    db,
    diskDirectory: root,
    storeDirectory: STORE,
    environmentLink: "{namespace}/envs/{name}",
    log: openLog({ level: "error", write: () => {} }),
  };
  count += 1;
  environment = `env-${count}`;
});

/** Completes a build of the environment, whose directory is on the disk unless it is said not to be. */
async function completed(isPublished = true): Promise<string> {
  const { id, attempt } = await building(db, "task", { environment });
  const key = `key-${id}`;
  if (isPublished) {
    mkdirSync(join(root, "team", key, "conda-meta"), { recursive: true });
    writeFileSync(join(root, "team", key, "conda-meta", "history"), "");
  }
  const artifacts = [{ type: "DIRECTORY" as const, key: `${STORE}/team/${key}`, sizeBytes: 1 }];
  const result = completedResult({ artifacts });
  await complete(db, { id, attempt }, result);
  return key;
}

const target = (): string => readlinkSync(join(root, "team", "envs", environment));
const keep = (): Promise<void> => keepLink(context, { namespace: "team", environment });

describe("the link of an environment", () => {
  it("lies where the deployment wants it, such as where a hub looks for it", async () => {
    const key = await completed();
    const nebari = { ...context, environmentLink: "{namespace}/envs/{namespace}-{name}" };
    await keepLink(nebari, { namespace: "team", environment });
    expect(readlinkSync(join(root, "team", "envs", `team-${environment}`))).toBe(`${STORE}/team/${key}`);
  });

  it("leads to the current build's directory as consumers see it, in directories that everybody may read", async () => {
    const key = await completed();

    await keep();

    expect(target()).toBe(`${STORE}/team/${key}`);
    expect(statSync(join(root, "team", "envs")).mode & 0o777).toBe(0o755);
  });

  it("is moved by whichever message comes, to what is wanted by then", async () => {
    await completed();
    await keep();
    const newest = await completed();

    await keep();
    await keep();

    expect(target()).toBe(`${STORE}/team/${newest}`);
    expect(await readdir(join(root, "team", "envs"))).not.toContainEqual(expect.stringMatching(/\.[0-9]+\./));
  });

  it("ends at the newest build when many messages are worked on at once while builds complete", async () => {
    let newest = await completed();
    const keeping = Array.from({ length: 5 }, keep);
    newest = await completed();
    keeping.push(...Array.from({ length: 5 }, keep));
    await Promise.all(keeping);

    expect(target()).toBe(`${STORE}/team/${newest}`);
    expect((await getEnvironment(db, "team", environment))?.link.buildKey).toBe(newest);
  });

  it("stays where it was when the wanted directory is missing", async () => {
    const key = await completed();
    await keep();
    await completed(false);

    await expect(keep()).rejects.toThrow(/is not on the shared disk/);
    expect(target()).toBe(`${STORE}/team/${key}`);
  });

  it("is not made for an environment that has none, or that there is not", async () => {
    await building(db, "task", { environment });
    await keep();
    await keepLink(context, { namespace: "team", environment: "nothing" });
    expect(() => target()).toThrow(/ENOENT/);
  });
});

describe("the function", () => {
  it("gives back what it could not do and everything behind it, and drops what is no message of ours", async () => {
    const key = await completed();
    Object.assign(process.env, {
      [VARIABLES.table]: aws.table,
      [VARIABLES.diskDirectory]: root,
      [VARIABLES.storeDirectory]: STORE,
      [VARIABLES.environmentLink]: "{namespace}/envs/{name}",
      [VARIABLES.watchesDisk]: "false",
      [VARIABLES.settings]: "{}",
      [VARIABLES.allowedPrivateHosts]: "",
      [VARIABLES.auditDays]: "30",
      [VARIABLES.logLevel]: "none",
    });
    const first = environment;
    environment = `${first}-lost`;
    await completed(false);
    const body = (name: string) => JSON.stringify({ namespace: "team", environment: name });
    const records = ["no JSON", body(first), body(environment), body(first)];

    const answer = await handler({
      Records: records.map((text, index) => ({ messageId: String(index), body: text })),
    } as Parameters<typeof handler>[0]);

    expect(answer).toEqual({ batchItemFailures: [{ itemIdentifier: "2" }, { itemIdentifier: "3" }] });
    environment = first;
    expect(target()).toBe(`${STORE}/team/${key}`);
  });
});
