/** Whom a function or an operator asks for the deployment's secret. */
import { afterEach, expect, test, vi } from "vitest";
import { readSecret } from "#adapters/secrets/secret.ts";
import { useServers } from "#test/kit/servers.ts";

const serve = useServers();
afterEach(() => vi.unstubAllEnvs());

/** Reads from a Secrets Manager that answers so. @returns what was read, and the region that the call was signed for */
async function read(secretId: string, answer: object): Promise<{ text: string; region: string | undefined }> {
  let region: string | undefined;
  const host = await serve((request, response) => {
    region = /Credential=[^/]+\/\d+\/([^/]+)\//.exec(request.headers.authorization ?? "")?.[1];
    response.end(JSON.stringify(answer));
  });
  vi.stubEnv("AWS_ENDPOINT_URL_SECRETS_MANAGER", `http://${host}`);
  vi.stubEnv("AWS_REGION", "us-west-2");
  vi.stubEnv("AWS_ACCESS_KEY_ID", "id");
  vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  vi.stubEnv("AWS_PROFILE", undefined);
  return { text: await readSecret(secretId)(), region };
}

test("an ARN is asked for in its own region, whatever region the caller is in; a name in the caller's", async () => {
  const arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:TokenSecret-AbCdEf";
  expect(await read(arn, { SecretString: "words" })).toEqual({ text: "words", region: "eu-central-1" });
  expect(await read("TokenSecret", { SecretString: "words" })).toEqual({
    text: "words",
    region: "us-west-2",
  });
});

test("a secret of bytes is refused", async () => {
  await expect(read("TokenSecret", { SecretBinary: "AAAA" })).rejects.toThrow("holds no text");
});
