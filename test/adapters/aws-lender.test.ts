/** Where calls past the SDK have their credentials from. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test, vi } from "vitest";
import { openLender } from "#adapters/aws-lender.ts";

afterEach(() => vi.unstubAllEnvs());

function stub(variables: Readonly<Record<string, string | undefined>>): void {
  const none = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"];
  const given = { ...Object.fromEntries(none.map((name) => [name, undefined])), ...variables };
  for (const [name, value] of Object.entries(given)) vi.stubEnv(name, value);
}

test("a function's are its variables, token and all, and its region is the one it runs in", async () => {
  stub({
    ...{ AWS_ACCESS_KEY_ID: "id", AWS_SECRET_ACCESS_KEY: "secret", AWS_SESSION_TOKEN: "session" },
    AWS_REGION: "eu-central-1",
  });
  const { config } = openLender();
  expect(await config.credentials()).toEqual({
    accessKeyId: "id",
    secretAccessKey: "secret",
    sessionToken: "session",
  });
  expect([await config.region(), await openLender("us-west-2").config.region()]).toEqual([
    "eu-central-1",
    "us-west-2",
  ]);
});

test("a task's are asked of its container, once as long as they are good", async () => {
  let asked = 0;
  const server = createServer((_, response) => {
    asked += 1;
    response.setHeader("content-type", "application/json");
    response.end(
      JSON.stringify({
        ...{ AccessKeyId: "task", SecretAccessKey: "secret", Token: "token" },
        Expiration: new Date(Date.now() + 3_600_000).toISOString(),
      }),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  try {
    const { port } = server.address() as AddressInfo;
    stub({
      AWS_CONTAINER_CREDENTIALS_FULL_URI: `http://127.0.0.1:${port}/`,
      AWS_EC2_METADATA_DISABLED: "true",
    });
    const { config } = openLender("us-east-1");
    const found = await Promise.all([config.credentials(), config.credentials()]);
    found.push(await config.credentials());
    for (const each of found) expect(each).toMatchObject({ accessKeyId: "task", sessionToken: "token" });
    expect(asked).toBe(1);
  } finally {
    server.close();
    server.closeAllConnections();
  }
});
