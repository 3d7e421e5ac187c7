import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import { beforeAll, describe, expect, test } from "vitest";
import { openDb } from "#adapters/dynamodb/db.ts";
import { readChannelSecret } from "#adapters/secrets/channel-secret.ts";
import { channelSecretName } from "#core/layout.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const PREFIX = "conda-store/Test/channels/";
let client: SecretsManagerClient;
beforeAll(() => {
  client = new SecretsManagerClient();
});
const lender = () => openDb({ table: aws.table }).client;

describe("a namespace's secret", () => {
  test("is read by the namespace's own name, and is null where there is none, or none any more", async () => {
    await client.send(new CreateSecretCommand({ Name: `${PREFIX}mine`, SecretString: "text" }));
    await client.send(new CreateSecretCommand({ Name: `${PREFIX}gone`, SecretString: "text" }));
    await client.send(new DeleteSecretCommand({ SecretId: `${PREFIX}gone`, RecoveryWindowInDays: 7 }));

    expect(await readChannelSecret(lender(), channelSecretName(PREFIX, "mine"))).toBe("text");
    expect(await readChannelSecret(lender(), channelSecretName(PREFIX, "min"))).toBeNull();
    expect(await readChannelSecret(lender(), channelSecretName(PREFIX, "gone"))).toBeNull();
  });

  test("has a name that Secrets Manager takes and no other namespace has", () => {
    const names = ["a", "a.b", "a=2eb", "a$b", "a&b", "a^b", "a~b", "a@b", "a+b", "a_b", "a-b", "A"];
    const secrets = names.map((name) => channelSecretName(PREFIX, name));

    for (const secret of secrets) expect(secret).toMatch(/^[A-Za-z0-9/_+=.@-]{1,512}$/);
    expect(new Set(secrets).size).toBe(names.length);
    expect(channelSecretName(PREFIX, "team.data-2")).toBe(`${PREFIX}team.data-2`);
  });
});

describe("the command", () => {
  async function run(args: readonly string[], input = "") {
    const child = spawn(process.execPath, ["scripts/channel-secret.ts", ...args], {
      env: {
        PATH: process.env["PATH"] ?? "",
        AWS_ENDPOINT_URL: aws.endpoint,
        AWS_REGION: process.env["AWS_REGION"] ?? "",
        AWS_ACCESS_KEY_ID: process.env["AWS_ACCESS_KEY_ID"] ?? "",
        AWS_SECRET_ACCESS_KEY: process.env["AWS_SECRET_ACCESS_KEY"] ?? "",
      },
    });
    child.stdin.end(input);
    const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
    const [stdout, stderr, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    return { stdout, stderr, code };
  }
  const stored = async (namespace: string): Promise<unknown> => {
    const SecretId = channelSecretName(PREFIX, namespace);
    return JSON.parse((await client.send(new GetSecretValueCommand({ SecretId }))).SecretString ?? "");
  };
  const on = (...args: string[]) => ["--prefix", PREFIX, ...args];

  test("sets, lists and removes a channel's credentials, and shows none", async () => {
    const said = [
      await run(on("team", "set", "https://conda.example.org/private"), '{"bearer": "b-1"}\n'),
      await run(on("team", "set", "acme"), '{"username": "me", "password": "p-1"}'),
      await run(on("team")),
    ];
    expect(said.map(({ code, stderr }) => [code, stderr])).toEqual([0, 0, 0].map((code) => [code, ""]));
    expect(await stored("team")).toEqual({
      "https://conda.example.org/private": { bearer: "b-1" },
      acme: { username: "me", password: "p-1" },
    });
    expect(said[2]?.stdout).toContain(
      "  https://conda.example.org/private: bearer\n  acme: username and password",
    );
    expect(JSON.stringify(said)).not.toMatch(/b-1|p-1/);

    const removed = await run(on("team", "remove", "acme"));
    expect([removed.code, removed.stderr]).toEqual([0, ""]);
    expect(await stored("team")).toEqual({ "https://conda.example.org/private": { bearer: "b-1" } });
    expect((await run(on("team", "remove", "acme"))).stderr).toContain("team has none for acme.");

    await run(on("team", "remove", "https://conda.example.org/private"));
    expect(await readChannelSecret(lender(), channelSecretName(PREFIX, "team"))).toBeNull();
  });

  test.each([
    ["what is not JSON", "p-2", "Standard input is not JSON."],
    ["what has two channels", '{}, "b": {"bearer": "p-2"}', "Standard input has a channel without"],
    [
      "a line end, which would begin another header",
      '{"bearer": "p-2\\r\\na"}',
      "has a bearer with characters",
    ],
  ])("refuses %s, writes nothing and repeats none of it", async (_, input, message) => {
    const { code, stdout, stderr } = await run(on("refused", "set", "acme"), input);

    expect([code, stderr]).toEqual([1, expect.stringContaining(message)]);
    expect(stdout + stderr).not.toContain("p-2");
    expect(await readChannelSecret(lender(), channelSecretName(PREFIX, "refused"))).toBeNull();
  });

  test.each([
    [[]],
    [["team"]],
    [["--prefix", PREFIX]],
    [["--prefix", PREFIX, "a/b"]],
    [["--prefix", PREFIX, "team", "set"]],
    [["--prefix", PREFIX, "team", "set", "https://me:p@conda.example.org/private"]],
    [["--prefix", PREFIX, "--local", "team"]],
  ])("without sense is refused with its usage: %j", async (args) => {
    const { code, stderr } = await run(args);
    expect([code, stderr]).toEqual([2, expect.stringContaining("usage: npm run channel-secret")]);
  });
});
