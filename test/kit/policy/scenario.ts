/**
 * What the recorded stack is made to do: every route, and what builds meet: success, reuse, loss, failure, refusal, death, silence. Each
 * step waits for what shows that it has happened.
 * @module
 */
import { EventBridgeClient, PutEventsCommand } from "@aws-sdk/client-eventbridge";
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import { expect, vi } from "vitest";
import { putResult } from "#adapters/dynamodb/attempts.ts";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { getBuild } from "#adapters/dynamodb/builds.ts";
import { claimBuild } from "#adapters/dynamodb/claim.ts";
import { openDb } from "#adapters/dynamodb/db.ts";
import { deleteEnvironment } from "#adapters/dynamodb/delete-environment.ts";
import { deleteNamespace } from "#adapters/dynamodb/delete-namespace.ts";
import { readDue, replaceDue } from "#adapters/dynamodb/due.ts";
import { getEnvironment } from "#adapters/dynamodb/environments.ts";
import { getThings, heldBy } from "#adapters/dynamodb/holds.ts";
import { slots } from "#adapters/dynamodb/line.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { getNamespace } from "#adapters/dynamodb/namespaces.ts";
import { putPackages } from "#adapters/dynamodb/packages.ts";
import { putSettings } from "#adapters/dynamodb/settings.ts";
import { keepWatch } from "#adapters/dynamodb/watches.ts";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { uploadStream } from "#adapters/s3/multipart-upload.ts";
import { deleteObject, listObjects, putObject } from "#adapters/s3/objects.ts";
import { taskNameOf } from "#core/build/task-name.ts";
import { parseManifest } from "#core/image/manifest.ts";
import {
  archiveKey,
  blobKey,
  exportKey,
  lockKey,
  logKey,
  manifestKey,
  PREFIXES,
  packageKey,
  packKey,
  VARIABLES,
  watchedKey,
} from "#core/layout.ts";
import type { InstalledPackage } from "#core/lock/installed-package.ts";
import { newTokenId } from "#core/token/token-name.ts";
import { awsConfig } from "#local/aws-config.ts";
import { Client } from "#local/client.ts";
import { ROUTE_CASES } from "#test/functions/api/cases/all.ts";
import { DELETION_CASES } from "#test/functions/api/cases/deletion.ts";
import { audited } from "#test/kit/audited.ts";
import { filesOf, type IndexChannel, record } from "#test/kit/index-channel.ts";
import {
  building,
  buildingForTheLastTime,
  completed,
  completedResult,
  dispatched,
  sha256Of,
  submitted,
} from "#test/kit/submissions.ts";
import { doorAt, logIn } from "../login-journey.ts";
import { newLoginProvider } from "../login-provider.ts";
import { readByTask } from "./read-by-task.ts";
import type { RecordedStack } from "./recorded-stack.ts";

const NAMESPACE = "team";
const SPECIFICATION = "name: demo\ndependencies: [python, demo-hello]\ntests: {commands: [python -V]}\n";
const SOME_PACKAGE: InstalledPackage = {
  ...{ manager: "conda", name: "numpy", version: "1.0", build: "0", channel: "https://example.com/channel" },
  ...{ subdir: "noarch", license: null, summary: null, sha256: sha256Of("package"), sizeBytes: 1 },
};
const PATIENCE = { timeout: 60_000, interval: 50 };

/** @param channel with an index of shards, for prefetch to see it change */
export async function playScenario(stack: RecordedStack, channel: IndexChannel): Promise<void> {
  const client = await Client.login(stack.url, "admin", stack.password);
  const build = async (specification: string) =>
    await client.follow(await client.submit(NAMESPACE, specification), () => {});

  await wantImages(stack);
  const first = await build(SPECIFICATION);
  expect(first).toMatchObject({ status: "COMPLETED" });
  await stack.invoke("prefetch");
  const lent = await build(SPECIFICATION);
  await loseObjects(stack);
  const remade = await build(SPECIFICATION);
  expect([lent, remade].map(({ status }) => status)).toEqual(["COMPLETED", "COMPLETED"]);
  expect(await build("name: none\ndependencies: [demo-hello >99]\n")).toMatchObject({ status: "FAILED" });

  await pull(stack);
  await visitRoutes(stack, first.id, remade.id);
  await meetDeath(stack, client);
  await meetRefusal(stack, client);
  await loseOnTheWay(stack);
  await meetCancel(stack, client);
  await meetLoss(stack, client);
  await meetDeletion(stack, client, first.id);
  await solveFirst(stack, client);
  await meetLargeChannel(stack, channel);
  await seeChannelChange(stack, channel);
  await forgetChannels(stack);
  await watchFiles(stack, client);
  await meetLogins(stack);
}

/** Builds make all that they can. */
async function wantImages(stack: RecordedStack): Promise<void> {
  const visit = await visitor(stack);
  const build_artifacts = ["DIRECTORY", "LOCKFILE", "YAML", "CONDA_PACK", "DOCKER_MANIFEST"];
  await visit("/api/v1/setting/", {
    method: "PUT",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ build_artifacts }),
  });
}

/** As docker does it: a token for the repository, the manifest, and every blob from where it lies. */
async function pull({ url, password }: RecordedStack): Promise<void> {
  const cookie = await loginCookie({ url, password });
  const made = await fetch(`${url}/api/v1/token/`, { method: "POST", headers: { cookie } });
  const { data } = (await made.json()) as { data: { token: string } };
  const basic = `Basic ${Buffer.from(`admin:${data.token}`).toString("base64")}`;
  const get = async (path: string, authorization: string): Promise<Response> => {
    const response = await fetch(`${url}/v2/${path}`, { headers: { authorization } });
    expect(response.status, `${path}: ${response.ok || (await response.text())}`).toBe(200);
    return response;
  };
  const scope = `repository:${NAMESPACE}/demo:pull`;
  const { token } = (await (await get(`token?scope=${scope}`, basic)).json()) as { token: string };
  const manifest = await (await get(`${NAMESPACE}/demo/manifests/latest`, `Bearer ${token}`)).text();
  const { config, layers } = parseManifest(manifest);
  for (const { digest } of [config, ...layers]) {
    await (await get(`${NAMESPACE}/demo/blobs/${digest}`, `Bearer ${token}`)).arrayBuffer();
  }
  await get(`${NAMESPACE}/demo/tags/list`, `Bearer ${token}`);
  await get("_catalog", basic);
}

/** A user's first login at a provider, and the next, with a group whose namespace it makes. */
async function meetLogins(stack: RecordedStack): Promise<void> {
  const provider = newLoginProvider();
  await provider.start();
  try {
    await stack.change("api", {
      [VARIABLES.login]: JSON.stringify({
        publicUrl: stack.url,
        backends: [{ kind: "oidc", name: "company", issuer: provider.url, clientId: "store" }],
      }),
      [VARIABLES.settings]: JSON.stringify({
        login_roles: ["group * -> {group}/*:developer"],
        login_namespaces: ["users", "groups"],
      }),
      [VARIABLES.allowedPrivateHosts]: provider.host,
    });
    const newcomer = { sub: "1", preferred_username: "newcomer", groups: ["newcomers"] };
    for (const _ of ["first", "next"]) {
      expect((await logIn(doorAt(stack.url), provider, newcomer)).status).toBe(303);
    }
  } finally {
    await provider.close();
  }
}

/** The recorder is not asked: what happens here is nobody's call. */
const unrecordedDb = ({ deployed, endpoint }: RecordedStack): AuditedDb =>
  audited(openDb({ table: deployed.table, endpoint, region: awsConfig(endpoint).region }));

const bucketAt = ({ deployed }: RecordedStack, endpoint: string): Bucket => {
  const { region, credentials } = awsConfig(endpoint);
  return { name: deployed.bucket, region, endpoint, credentials: async () => credentials };
};

/** Removes what the first build stored, so that the next finds nothing to lend. */
async function loseObjects(stack: RecordedStack): Promise<void> {
  const bucket = bucketAt(stack, stack.endpoint);
  for (const prefix of [PREFIXES.locks, PREFIXES.archives, PREFIXES.exports]) {
    for (const { key } of await listObjects(bucket, prefix)) await deleteObject(bucket, key);
  }
}

/** Every case of every route, asked by an admin; addresses that an answer gives away are followed. */
async function visitRoutes(
  { url, password }: RecordedStack,
  completed: number,
  queued: number,
): Promise<void> {
  const visit = await visitor({ url, password });
  for (const [id, cases] of Object.entries(ROUTE_CASES)) {
    // Specifications are posted above: what these name would be solved against the internet.
    if (["postSpecification", "postSolve", "solveSpecification"].includes(id)) continue;
    // And these would take away what the others ask for: they come last.
    if (id in DELETION_CASES) continue;
    for (const { path, init } of cases)
      await visit(
        path({
          completed,
          queued,
          hidden: queued,
          failed: queued,
          token: newTokenId(new Date()),
          solve: crypto.randomUUID(),
        }),
        init,
      );
  }
  await visit(`/api/v1/specification/?conda=demo-hello&namespace=${NAMESPACE}`);
  const list = "/api/v1/environment";
  await visit(`${list}/?status=COMPLETED&artifact=CONDA_PACK&packages=python&search=de&sort_by=name`);
  await visit(`${list}/?namespace=${NAMESPACE}`);
}

/** Asks as an admin and follows the addresses of objects. */
async function visitor({ url, password }: Pick<RecordedStack, "url" | "password">) {
  const cookie = await loginCookie({ url, password });
  return async (path: string, init: RequestInit = {}): Promise<void> => {
    const headers = { cookie, ...(init.headers as Record<string, string> | undefined) };
    const response = await fetch(`${url}${path}`, { ...init, headers, redirect: "manual" });
    expect(response.status, path).toBeLessThan(500);
    const location = response.headers.get("location");
    await response.arrayBuffer();
    if (location?.includes("X-Amz-Signature")) await (await fetch(location)).arrayBuffer();
  };
}

async function loginCookie({ url, password }: Pick<RecordedStack, "url" | "password">): Promise<string> {
  const login = await fetch(`${url}/login/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password }),
  });
  return login.headers
    .getSetCookie()
    .map((each) => each.split(";", 1)[0])
    .join("; ");
}

/** A task that says it has stored what is not there; one that dies without a word; one that comes too late. */
async function meetDeath(stack: RecordedStack, client: Client): Promise<void> {
  const aws = awsConfig(stack.endpoint);
  const db = unrecordedDb(stack);
  const liar = await building(db, "liar", { namespace: NAMESPACE, environment: "liar" });
  const artifacts = [
    { type: "LOCKFILE", key: lockKey(sha256Of("none")) },
    { type: "YAML", key: exportKey(sha256Of("none")) },
    { type: "CONDA_PACK", key: archiveKey(sha256Of("none")) },
    { type: "DOCKER_MANIFEST", key: manifestKey(sha256Of("none")) },
    { type: "LOGS", key: logKey(liar.id, sha256Of("none")) },
  ] as const;
  const who = { build: liar.id, attempt: liar.attempt, owner: "liar" };
  const result = completedResult({ artifacts: artifacts.map((each) => ({ ...each, sizeBytes: 1 })) });
  expect(await putResult(db, who, result)).toBe(true);
  await new SQSClient(aws).send(
    new SendMessageCommand({
      QueueUrl: stack.queue("EndsQueue"),
      MessageBody: JSON.stringify({ buildId: liar.id, attempt: liar.attempt }),
    }),
  );
  await hasStatus(client, liar.id, "FAILED");

  const dead = await building(db, "dead", { namespace: NAMESPACE, environment: "dead" });
  const hopeless = await buildingForTheLastTime(db, "dead", {
    namespace: NAMESPACE,
    environment: "hopeless",
  });
  const taskDb = audited(
    openDb({
      table: stack.deployed.table,
      endpoint: await stack.recorder.door("task"),
      region: aws.region,
    }),
  );
  expect((await claimBuild(taskDb, dead.id, "late", new Date())).won).toBe(false);
  const clusterArn = (await stack.environmentOf("dispatch"))[VARIABLES.cluster];
  const detailOf = ({ id, attempt }: { id: number; attempt: number }) => ({
    clusterArn,
    taskArn: "arn:aws:ecs:us-east-1:000000000000:task/builds/dead",
    lastStatus: "STOPPED",
    startedBy: taskNameOf(id, attempt),
    stopCode: "EssentialContainerExited",
    stoppedReason: "Essential container in task exited",
    containers: [{ name: "build", exitCode: 137 }],
  });
  const event = { Source: "aws.ecs", DetailType: "ECS Task State Change" };
  const Entries = [dead, hopeless].map((each) => ({ ...event, Detail: JSON.stringify(detailOf(each)) }));
  await new EventBridgeClient(aws).send(new PutEventsCommand({ Entries }));
  await hasStatus(client, hopeless.id, "FAILED");
  await hasStatus(client, dead.id, "QUEUED");
  await end(db, dead.id);
}

/** ECS refuses: the build is put back and a wake-up for its next try is sent. */
async function meetRefusal(stack: RecordedStack, client: Client): Promise<void> {
  const { [VARIABLES.taskDefinition]: definition = "" } = await stack.environmentOf("dispatch");
  await stack.change("dispatch", { [VARIABLES.taskDefinition]: definition.replace(/:\d+$/, ":999") });
  const id = await client.submit(NAMESPACE, SPECIFICATION);
  await vi.waitFor(async () => {
    expect((await client.build(id)).status_info).toMatch(/ECS refused/);
    expect(stack.recorder.calls).toContainEqual(
      expect.objectContaining({ principal: "dispatch", action: "sqs:SendMessage" }),
    );
  }, PATIENCE);
  await stack.change("dispatch", { [VARIABLES.taskDefinition]: definition });
  // A second attempt joins its log with the first one's.
  await hasStatus(client, id, "COMPLETED");
}

/** An archive whose source breaks off behind its first part: the task takes the part back. */
async function loseOnTheWay(stack: RecordedStack): Promise<void> {
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.alloc(9 * 1024 * 1024);
    throw new Error("broken off");
  }
  const signal = new AbortController().signal;
  const options = { contentType: "application/gzip", signal };
  const name = sha256Of("broken");
  const keys = {
    task: [archiveKey(name), blobKey(name), packageKey(name, name)],
    prefetch: [packKey(name, "noarch", name)],
    prefetchTask: [packKey(name, "noarch", name)],
  };
  for (const [principal, uploads] of Object.entries(keys)) {
    const bucket = bucketAt(stack, await stack.recorder.door(principal));
    for (const key of uploads) {
      await expect(uploadStream(bucket, key, broken(), options)).rejects.toThrow("broken off");
    }
  }
}

/** A specification is solved before it is built, and then built as it was solved. */
async function solveFirst(stack: RecordedStack, client: Client): Promise<void> {
  const headers = { cookie: await loginCookie(stack), "content-type": "application/json" };
  const ask = async (path: string, body?: object): Promise<Record<string, unknown>> => {
    const posted = body && { method: "POST", body: JSON.stringify({ namespace: NAMESPACE, ...body }) };
    const response = await fetch(`${stack.url}/api/v1/${path}`, { headers, ...posted });
    const reply = (await response.json()) as { data: Record<string, unknown> };
    expect(response.status, JSON.stringify(reply)).toBe(200);
    return reply.data;
  };
  const specification = "name: solved\ndependencies: [demo-hello]\n";
  const { solve_id } = await ask("solve/", { specification });
  await vi.waitFor(
    async () => expect(await ask(`solve/${solve_id}/`)).toMatchObject({ status: "SOLVED" }),
    PATIENCE,
  );
  // Asked again it is the same: what it read of the kept indexes is compared with what is in force.
  expect(await ask("solve/", { specification })).toMatchObject({ solve_id });
  expect(await ask("package/build/?name=demo-hello")).not.toHaveLength(0);
  const { build_id } = await ask("specification/", { solve_id });
  await hasStatus(client, Number(build_id), "COMPLETED");
}

/** A channel that is too large for the function, and whatever else its task meets. */
async function meetLargeChannel(stack: RecordedStack, channel: IndexChannel): Promise<void> {
  const door = await stack.recorder.door("prefetchTask");
  const dbAt = (endpoint: string) =>
    openDb({ table: stack.deployed.table, endpoint, region: awsConfig(endpoint).region });
  const at = (endpoint: string) => ({ db: dbAt(endpoint), bucket: bucketAt(stack, endpoint) });
  await readByTask(stack, channel, at(stack.endpoint), at(door));
}

/** A channel of shards is read, changes, and is read again: only what changed is fetched. */
async function seeChannelChange(stack: RecordedStack, channel: IndexChannel): Promise<void> {
  const environment = await stack.environmentOf("prefetch");
  const settings = JSON.parse(environment[VARIABLES.settings] ?? "{}") as Record<string, unknown>;
  await stack.change("prefetch", {
    [VARIABLES.settings]: JSON.stringify({ ...settings, conda_indexed_channels: [channel.url] }),
    [VARIABLES.allowedPrivateHosts]: channel.host,
  });
  for (const version of ["1.0", "2.0"]) {
    channel.publish("noarch", filesOf(record("steady", "1.0"), record("changing", version)));
    const packages = { changing: { summary: `Now ${version}` } };
    channel.put("channeldata.json", Buffer.from(JSON.stringify({ packages })));
    await stack.invoke("prefetch", { now: true });
  }
}

/** A private channel whose namespace has no credentials, and then no channel any more: what was kept goes. */
async function forgetChannels(stack: RecordedStack): Promise<void> {
  const environment = await stack.environmentOf("prefetch");
  const settings = JSON.parse(environment[VARIABLES.settings] ?? "{}") as Record<string, unknown>;
  const nothing = JSON.stringify({ ...settings, conda_indexed_channels: [] });
  const ofNamespace = JSON.stringify({ [NAMESPACE]: ["https://conda.example.org/private"] });
  for (const privateChannels of [ofNamespace, "{}"]) {
    await stack.change("prefetch", {
      [VARIABLES.settings]: nothing,
      [VARIABLES.privateIndexedChannels]: privateChannels,
    });
    await stack.invoke("prefetch");
  }
}

/** Files with and without a namespace are built, changed, spoilt, mended, refused for want of room, and removed. */
async function watchFiles(stack: RecordedStack, client: Client): Promise<void> {
  const bucket = bucketAt(stack, stack.endpoint);
  const put = async (path: string, text: string): Promise<void> => {
    await putObject(bucket, watchedKey(path), text, { contentType: "text/yaml" });
    await stack.invoke("watch");
  };
  const kept = (...dependencies: string[]): string => `name: kept\ndependencies: [${dependencies}]\n`;
  await put("home.yml", kept("demo-hello"));
  await put(`${NAMESPACE}/kept.yml`, kept("demo-hello"));
  await put(`${NAMESPACE}/kept.yml`, "name: [");
  await put(`${NAMESPACE}/kept.yml`, kept("demo-hello", "python"));
  const db = unrecordedDb(stack);
  const last = (await getEnvironment(db, NAMESPACE, "kept"))?.currentBuildId ?? 0;
  await hasStatus(client, last, "COMPLETED");
  const scope = { kind: "namespace", namespace: NAMESPACE } as const;
  await putSettings(db, scope, { namespace_quota_bytes: 1 });
  await put(`${NAMESPACE}/more.yml`, "name: more\ndependencies: [demo-hello]\n");
  await putSettings(db, scope, {});
  await deleteObject(bucket, watchedKey("home.yml"));
  await stack.invoke("watch");
}

/** Somebody cancels a build that runs and one that waits. */
async function meetCancel(stack: RecordedStack, client: Client): Promise<void> {
  const db = unrecordedDb(stack);
  const visit = await visitor(stack);
  const running = await building(db, "unwanted", { namespace: NAMESPACE, environment: "unwanted" });
  const waits = await waitsForLong(db, "waits-in-vain", new Date());
  for (const id of [running.id, waits]) {
    await visit(`/api/v1/build/${id}/`);
    await visit(`/api/v1/build/${id}/cancel/`, { method: "PUT" });
    await hasStatus(client, id, "CANCELED");
  }
}

/** A build in the line whose next try is far away, so that dispatch leaves it there. */
async function waitsForLong(db: AuditedDb, environment: string, at: Date): Promise<number> {
  const id = await submitted(db, { namespace: NAMESPACE, environment, at });
  const attempt = await dispatched(db, id);
  const nextTryOn = new Date(Date.now() + 3_600_000);
  const back = { name: "putBack", by: "dispatch", at, attempt, because: "No room.", nextTryOn } as const;
  expect((await makeMove(db, id, back)).won).toBe(true);
  return id;
}

/** What nobody reports: a task that ECS forgot, a result whose message was lost, a build that waits for ever. */
async function meetLoss(stack: RecordedStack, client: Client): Promise<void> {
  const db = unrecordedDb(stack);
  const place = (environment: string) => ({ namespace: NAMESPACE, environment });
  const owner = "arn:aws:ecs:us-east-1:000000000000:task/builds/0123456789abcdef";
  const silent = await building(db, owner, place("silent"));
  const hopeless = await buildingForTheLastTime(db, `${owner}0`, place("silent-again"));
  const since = Date.now() - 10 * 60_000;
  for (const { id: build, attempt } of [silent, hopeless]) {
    const { slot = 0 } = (await slots(db)).find((each) => each.build === build) ?? {};
    const seen = { beat: 0, beatSinceMs: since, claimedSinceMs: since, missingSinceMs: null };
    await keepWatch(db, { slot, build, attempt, ...seen });
  }
  const unheard = await building(db, "unheard", place("unheard"));
  const who = { build: unheard.id, attempt: unheard.attempt, owner: "unheard" };
  expect(await putResult(db, who, { outcome: "failed", reason: "No.", step: "solve" })).toBe(true);
  const waits = await waitsForLong(db, "waits", new Date(Date.now() - 48 * 3_600_000));

  await stack.invoke("sweep");

  await hasStatus(client, silent.id, "QUEUED");
  await end(db, silent.id);
  for (const id of [hopeless.id, unheard.id, waits]) await hasStatus(client, id, "FAILED");
  expect((await client.build(hopeless.id)).status_info).toContain("no sign of life");
  expect((await client.build(waits)).status_info).toContain("maxQueueHours");
}

/** Nobody's call: what is put back into the line must not be built. */
async function end(db: AuditedDb, id: number): Promise<void> {
  expect((await makeMove(db, id, { name: "cancel", by: "api", at: new Date() })).won).toBe(true);
}

/** Builds, environments and namespaces are deleted, by the API in its own time and by sweep; nothing of them is left. */
async function meetDeletion(stack: RecordedStack, client: Client, first: number): Promise<void> {
  const db = unrecordedDb(stack);
  const visit = await visitor(stack);
  const change = async (method: string, path: string, body?: unknown) =>
    await visit(`/api/v1/${path}`, {
      method,
      ...(body === undefined
        ? {}
        : { headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
  const current = (await getEnvironment(db, NAMESPACE, "demo"))?.currentBuildId ?? 0;
  for (const id of [first, current]) await change("PUT", `environment/${NAMESPACE}/demo/`, { build_id: id });
  const [older] = await twoOfOtherPackages(db);
  await change("PUT", `environment/${NAMESPACE}/choosing/`, { build_id: older });
  await change("PUT", `build/${current}/?frozen=true`);
  await change("PUT", `build/${current}/pin/`);
  await change("DELETE", `namespace/${NAMESPACE}/?dry_run=true`);
  await change("DELETE", `build/${first}/`);
  await change("PUT", "setting/", { builds_kept: 1 });
  const last = (await getEnvironment(db, NAMESPACE, "demo"))?.id;
  const { id: gone } = (await getBuild(db, first)) ?? {};
  expect([last, gone].every((id) => id !== undefined)).toBe(true);
  const unwanted = await waitsForLong(db, "left-alone", new Date());
  await deleteEnvironment(db, NAMESPACE, "left-alone", new Date());
  await waitsForLong(db, "in-vain", new Date());
  for (const namespace of ["leaving", "left"])
    await building(db, namespace, { namespace, environment: "demo" });
  await deleteNamespace(db, "left", new Date());
  await stack.change("sweep", { [VARIABLES.removalGraceMinutes]: "0" });
  await sweepUntilDone(stack, db, async () => (await getBuild(db, unwanted)) === null);
  await change("DELETE", "namespace/leaving/");
  await change("DELETE", `environment/${NAMESPACE}/in-vain/`);
  await change("DELETE", `environment/${NAMESPACE}/demo/`);
  const things = await heldBy(db, current);
  expect(things.length).toBeGreaterThan(3);

  await sweepUntilDone(stack, db, async () => (await getThings(db, things)).size === 0);

  expect(await getBuild(db, current)).toBeNull();
  expect(await getNamespace(db, "left")).toBeNull();
  await change("PUT", "setting/", { builds_kept: 0 });
  await expect(client.build(current)).rejects.toThrow();
}

/** An environment has completed twice, with other packages each time. */
async function twoOfOtherPackages(db: AuditedDb): Promise<number[]> {
  const builds: number[] = [];
  for (const name of ["numpy", "scipy"]) {
    const lockDigest = sha256Of(name);
    await putPackages(db, lockDigest, [{ ...SOME_PACKAGE, name }]);
    builds.push(await completed(db, NAMESPACE, "choosing", { lockDigest, artifacts: [] }));
  }
  return builds;
}

/** What sweep would do in some minutes is done now. */
async function sweepUntilDone(
  stack: RecordedStack,
  db: AuditedDb,
  isDone: () => Promise<boolean>,
): Promise<void> {
  await vi.waitFor(
    async () => {
      const now = new Date();
      for (const due of await readDue(db, new Date(now.getTime() + 86_400_000), 100)) {
        if (due.due > now) await replaceDue(db, due, { due: now, job: due.job });
      }
      await stack.invoke("sweep");
      expect(await isDone()).toBe(true);
    },
    { ...PATIENCE, interval: 500 },
  );
}

async function hasStatus(client: Client, id: number, status: string): Promise<void> {
  await vi.waitFor(async () => expect((await client.build(id)).status).toBe(status), PATIENCE);
}
