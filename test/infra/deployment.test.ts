import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { readDeployment } from "#infra/deployment.ts";
import { synthesize } from "#test/kit/template.ts";

const folder = mkdtempSync(join(tmpdir(), "deployment-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** @param config a file's content; objects are written as JSON */
function read(config: unknown, context: Readonly<Record<string, unknown>> = {}) {
  const path = join(folder, "prod.json");
  writeFileSync(path, typeof config === "string" ? config : JSON.stringify(config));
  const values: Readonly<Record<string, unknown>> = { config: path, ...context };
  return readDeployment((name) => values[name]);
}

describe("a deployment's file", () => {
  const examples = fileURLToPath(new URL("../../examples/deployments", import.meta.url));

  test.each(readdirSync(examples))("%s of the examples makes a template", (name) => {
    const deployment = readDeployment((key) => (key === "config" ? join(examples, name) : undefined));
    const template = synthesize(deployment);
    template.resourceCountIs("AWS::ECS::TaskDefinition", 2);
    expect(JSON.stringify(template.toJSON())).toContain(
      String(deployment.taskSizes?.at(-1)?.memoryMiB ?? 4096),
    );
  });

  test("gives way to the command line, whose text is read as JSON where it is JSON", () => {
    const deployment = read({ slots: 3, logLevel: "warn" }, { slots: "20", diskOwner: '{"uid":7,"gid":8}' });
    expect(deployment).toEqual({ slots: 20, logLevel: "warn", diskOwner: { uid: 7, gid: 8 } });
  });

  test.each<[string, unknown, RegExp]>([
    ["a field that is not known", { slotz: 3 }, /prod\.json: slotz is not known; known are .*\bslots\b/],
    ["a wrong type", { slots: "many" }, /prod\.json: slots must be a whole number from 1 to 1000\.$/],
    ["a number out of range", { taskDiskGiB: 20 }, /taskDiskGiB must be a whole number from 21 to 200/],
    [
      "a size that Fargate has not",
      { taskSizes: [{ cpuUnits: 3000, memoryMiB: 4096 }] },
      /taskSizes must have at place 0 CPU units that Fargate has: 512/,
    ],
    [
      "sizes out of order",
      { taskSizes: [8, 4].map((gb) => ({ cpuUnits: 1024, memoryMiB: gb * 1024 })) },
      /place 1 more memory/,
    ],
    ["a field in a field", { diskOwner: { uid: 0, gid: 1 } }, /diskOwner\.uid must be a whole number from 1/],
    [
      "subnets of no network",
      { network: { subnets: { "eu-west-1a": "subnet-0a1b2c3d" } } },
      /network must name vpcId beside subnets/,
    ],
    [
      "a network of its own in one of yours",
      { network: { vpcId: "vpc-0a1b2c3d", subnets: { a: "subnet-0a1b2c3d" }, zones: 3 } },
      /network cannot have zones beside vpcId/,
    ],
    ["a NAT that nothing uses", { network: { natGateways: 1 } }, /network must have privateSubnets: true/],
    [
      "a VPC without subnets",
      { network: { vpcId: "vpc-0a1b2c3d" } },
      /network must name subnets beside vpcId/,
    ],
    [
      "an id of another kind",
      { network: { vpcId: "subnet-0a1b2c3d" } },
      /network\.vpcId must be an id like vpc-/,
    ],
    ["a disk that is none", { sharedDisk: "no" }, /sharedDisk must be "none", or have fileSystemId/],
    [
      "a disk of yours in a network of its own",
      { sharedDisk: { fileSystemId: "fs-0a1b2c3d", securityGroupId: "sg-0a1b2c3d" } },
      /sharedDisk needs network\.vpcId/,
    ],
    ["a relative path", { storeDirectory: "opt" }, /storeDirectory must be an absolute path/],
    [
      "a channel with credentials",
      { settings: { conda_allowed_channels: ["https://a.example.org/t/word/c"] } },
      /conda_allowed_channels: .*holds credentials/,
    ],
    ["a setting that is none", { settings: { conda_chanels: [] } }, /conda_chanels: is no setting/],
    ["a list", [], /must hold one JSON object/],
    ["what is not JSON", "{", /cannot be read as JSON/],
  ])("with %s is refused by one line that names it", (_what, config, message) => {
    expect(() => read(config)).toThrow(message);
    try {
      read(config);
    } catch (error) {
      expect(String(error)).not.toContain("\n");
    }
  });

  test("that is not there is named", () => {
    const missing = join(folder, "missing.json");
    expect(() => readDeployment((name) => (name === "config" ? missing : undefined))).toThrow(
      /missing\.json/,
    );
  });

  test("is not needed, and a wrong value on the command line is told as such", () => {
    expect(readDeployment(() => undefined)).toEqual({});
    expect(() => readDeployment((name) => (name === "slots" ? "no" : undefined))).toThrow(/^-c: slots must/);
  });
});
