import { readFileSync, symlinkSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { expect, test } from "vitest";
import { awsConfig } from "#local/aws-config.ts";
import { TEST_CREDENTIALS } from "#local/ministack.ts";
import { useNpmStart } from "#test/kit/npm-start.ts";
import { runProgram } from "#test/kit/run-program.ts";

const ROOT = new URL("../..", import.meta.url).pathname;
const { state, start, nothingRemains } = useNpmStart();

test("the curl lines of the README, word for word, end with a python that has numpy; an operator's token and the smoke test work", {
  timeout: 600_000,
}, async () => {
  const readme = readFileSync(join(ROOT, "README.md"), "utf8");
  const lines = /```bash\n(URL=[\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const { child, says, ended, output } = start("--port", "0");
  await says("Ctrl-C ends it.");
  const address = /page +(http:\/\/localhost:\d+)\//.exec(output())?.[1] ?? "";
  const directory = await mkdtemp(join(tmpdir(), "conda-store-readme-"));
  symlinkSync(state, join(directory, ".local"));

  const script = `cd "$0"\n${lines.replace("http://localhost:8080", address)}`;
  const { code, stdout, stderr } = await runProgram("bash", ["-eu", "-c", script, directory]);

  expect(code, stderr).toBe(0);
  expect(stdout).toContain('"status":"COMPLETED"');
  expect(stdout.trim().split("\n").at(-1)).toMatch(/^\d+\.\d+\.\d+$/);

  const { aws } = JSON.parse(readFileSync(join(state, "ports.json"), "utf8")) as { aws: number };
  const env = { ...TEST_CREDENTIALS, AWS_ENDPOINT_URL: `http://127.0.0.1:${aws}` };
  const secrets = new SecretsManagerClient(awsConfig(env.AWS_ENDPOINT_URL));
  const { SecretList } = await secrets.send(new ListSecretsCommand());
  const token = await runProgram(
    process.execPath,
    [join(ROOT, "scripts/token.ts"), "--secret", SecretList?.[0]?.ARN ?? "", "*/*=admin"],
    env,
  );
  expect(token.code, token.stderr).toBe(0);
  const smoke = await runProgram(process.execPath, [join(ROOT, "scripts/smoke.ts"), address], {
    CONDA_STORE_TOKEN: token.stdout.trim(),
  });
  expect(smoke.stdout).toContain("The deployment works.");
  expect(smoke.code, smoke.stdout).toBe(0);

  child.kill("SIGINT");
  await ended;
  await nothingRemains();
  await rm(directory, { recursive: true });
});
