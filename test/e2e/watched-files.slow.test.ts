import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudFormationClient, DescribeStackResourcesCommand } from "@aws-sdk/client-cloudformation";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { Bucket } from "#adapters/s3/bucket.ts";
import { deleteObject, getObject, putObject } from "#adapters/s3/objects.ts";
import { watchedKey } from "#core/layout.ts";
import { errorPathOf } from "#core/watched/file.ts";
import { awsConfig } from "#local/aws-config.ts";
import { Client } from "#local/client.ts";
import { STACK } from "#local/deploy.ts";
import { showProgress } from "#local/progress.ts";
import { Closers, type LocalStack, openStack } from "#local/stack.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const directory = mkdtempSync(join(tmpdir(), "conda-store-watched-"));
const closers = new Closers();
let stack: LocalStack;
let client: Client;
let bucket: Bucket;
let look: () => Promise<void>;

beforeAll(async () => {
  const options = { root: ROOT, port: 0, demoChannel: true, directory };
  stack = await openStack(
    options,
    showProgress(() => {}),
    closers,
  );
  client = await Client.login(stack.url, "admin", stack.password);
  const aws = awsConfig(stack.endpoint);
  const { region, credentials } = aws;
  bucket = {
    name: stack.deployed.bucket,
    region,
    endpoint: stack.endpoint,
    credentials: async () => credentials,
  };
  const { StackResources = [] } = await new CloudFormationClient(aws).send(
    new DescribeStackResourcesCommand({ StackName: STACK }),
  );
  const watch = StackResources.find(
    ({ LogicalResourceId: id = "", ResourceType: type }) =>
      id.startsWith("WatchFunction") && type === "AWS::Lambda::Function",
  );
  // What the schedule does within a minute.
  look = async () => {
    const address = `${stack.endpoint}/2015-03-31/functions/${watch?.PhysicalResourceId}/invocations`;
    const response = await fetch(address, { method: "POST", body: "{}" });
    expect([response.status, response.headers.get("x-amz-function-error")]).toEqual([200, null]);
  };
}, 300_000);
afterAll(async () => {
  await closers.close();
  rmSync(directory, { recursive: true, force: true });
}, 300_000);

const PATIENCE = { timeout: 240_000, interval: 500 };
const PATH = "tools.yml";
const put = async (text: string): Promise<void> => {
  await putObject(bucket, watchedKey(PATH), text, { contentType: "text/yaml" });
  await look();
};
const built = async (): Promise<number> => {
  const id = Number((await told())["build_id"]);
  await vi.waitFor(async () => expect((await client.build(id)).status).toBe("COMPLETED"), PATIENCE);
  return id;
};
const said = async (): Promise<string | undefined> =>
  (await getObject(bucket, watchedKey(errorPathOf(PATH))))?.toString("utf8");

/** The one row of the API's list. */
async function told(): Promise<Record<string, unknown>> {
  const login = await fetch(`${stack.url}/login/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: stack.password }),
  });
  const cookie = login.headers
    .getSetCookie()
    .map((each) => each.split(";", 1)[0])
    .join("; ");
  const response = await fetch(`${stack.url}/api/v1/watched/?namespace=filesystem`, { headers: { cookie } });
  const { data } = (await response.json()) as { data: Record<string, unknown>[] };
  expect(data).toHaveLength(1);
  return data[0] ?? {};
}

describe("a file in the bucket of the local stack", { timeout: 600_000 }, () => {
  test("is built, built again when it changes, told what is wrong with it, and shown as removed", async () => {
    const link = join(stack.storeDirectory, "filesystem", "envs", "tools");
    await put("name: tools\ndependencies: [demo-hello]\n");
    const first = await built();
    await vi.waitFor(() => expect(existsSync(link)).toBe(true), PATIENCE);

    await put("name: tools\ndependencies: [demo-hello, python]\n");
    const second = await built();
    expect(second).toBeGreaterThan(first);

    await put("name: tools\ndependencies: [");
    expect(await said()).toMatch(/Invalid YAML/);
    expect(await told()).toMatchObject({ status: "refused", build_id: second, environment: "tools" });
    expect(existsSync(link)).toBe(true);

    await put("name: tools\ndependencies: [demo-hello, python]\n");
    expect(await said()).toBeUndefined();
    expect(await told()).toMatchObject({ status: "built", error: null, build_id: second });

    await deleteObject(bucket, watchedKey(PATH));
    await look();
    expect(await told()).toMatchObject({ status: "removed", build_id: second });
    expect(existsSync(link)).toBe(true);
    expect(await client.build(second)).toMatchObject({ status: "COMPLETED" });
  });
});
