import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Deployment, readDeployment } from "#infra/deployment.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { synthesize } from "#test/kit/template.ts";
import { ensureVenv } from "#test/kit/venv.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "infra-lint-"));
let programs: string;

beforeAll(async () => {
  programs = await ensureVenv("infra-lint", "test/infra/requirements.txt");
}, 300_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const lint = async (program: string, ...args: string[]): Promise<string> => {
  const { stdout, stderr } = await runProgram(join(programs, program), args, {});
  return `${stdout}${stderr}`.trim();
};

describe("cfn-lint", () => {
  const examples = join(root, "examples", "deployments");
  // A warning that CDK names a dependency twice is CDK's own habit.
  const faults = (...paths: string[]): Promise<string> =>
    lint("cfn-lint", "--ignore-checks", "W3005", "--", ...paths);

  test("finds nothing in the templates of the default, of each kind of network and of each example", async () => {
    const deployments: Deployment[] = [
      {},
      { network: { privateSubnets: true } },
      { network: { privateSubnets: true, natGateways: 2 } },
      ...readdirSync(examples).map((name) =>
        readDeployment((key) => (key === "config" ? join(examples, name) : undefined)),
      ),
    ];
    const paths = deployments.map((deployment, i) => {
      const template = synthesize(deployment);
      const path = join(folder, `${i}.template.json`);
      writeFileSync(path, JSON.stringify(template.toJSON()));
      return path;
    });

    expect(paths.length).toBeGreaterThan(1);
    expect(await faults(...paths)).toBe("");
  }, 900_000);

  test("would find a property that does not exist", async () => {
    const path = join(folder, "planted.template.json");
    const queue = { Type: "AWS::SQS::Queue", Properties: { Visibility: 1 } };
    writeFileSync(path, JSON.stringify({ Resources: { Queue: queue } }));

    expect(await faults(path)).toMatch(/E3002/);
  }, 120_000);
});

test("hadolint finds nothing in the build task's Dockerfile, and would find a planted fault", async () => {
  const planted = join(folder, "Dockerfile");
  writeFileSync(planted, "FROM debian\nRUN cd /tmp\n");

  expect(await lint("hadolint", join(root, "build-task", "Dockerfile"))).toBe("");
  expect(await lint("hadolint", planted)).toMatch(/DL3006/);
}, 60_000);
