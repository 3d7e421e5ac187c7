import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Template } from "aws-cdk-lib/assertions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { VARIABLES } from "#core/layout.ts";
import { runProgram } from "#test/kit/run-program.ts";
import { stubBundles } from "#test/kit/template.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "foreign-app-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** An app that knows nothing of this project but the construct: no feature flags, no stack of ours, a queue of its own. */
const APP = `
import { App, CfnOutput, Stack } from "aws-cdk-lib";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { CondaStore } from "${root}infra/conda-store.ts";

const stack = new Stack(new App(), "Foreign");
new Queue(stack, "Queue");
for (const name of ["Science", "Teaching"]) {
  const condaStore = new CondaStore(stack, name, {
    bundles: "${stubBundles()}",
    image: "registry.example/build:1",
    slots: name === "Science" ? 20 : 2,
  });
  new CfnOutput(stack, name + "Url", { value: condaStore.url });
}
`;

describe("a foreign app that embeds two", () => {
  let template: Template;

  beforeAll(async () => {
    writeFileSync(join(folder, "app.ts"), APP);
    writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    mkdirSync(join(folder, "node_modules"));
    for (const name of ["aws-cdk-lib", "constructs"]) {
      symlinkSync(join(root, "node_modules", name), join(folder, "node_modules", name));
    }
    const { code, stderr } = await runProgram(process.execPath, [join(folder, "app.ts")], {
      CDK_OUTDIR: join(folder, "cdk.out"),
    });
    expect(stderr).toBe("");
    expect(code).toBe(0);
    template = Template.fromJSON(
      JSON.parse(readFileSync(join(folder, "cdk.out", "Foreign.template.json"), "utf8")),
    );
  }, 120_000);

  const variablesOf = (name: string): Record<string, unknown>[] =>
    Object.entries(template.findResources("AWS::Lambda::Function"))
      .filter(([id]) => id.startsWith(name))
      .map(([, { Properties }]) => Properties.Environment.Variables);

  test("gets two of everything, each with what was said to it", () => {
    template.resourceCountIs("AWS::DynamoDB::GlobalTable", 2);
    template.resourceCountIs("AWS::EFS::FileSystem", 2);
    template.resourceCountIs("AWS::ApiGatewayV2::Api", 2);
    const slots = (name: string) =>
      new Set(variablesOf(name).flatMap((values) => values[VARIABLES.slots] ?? []));
    expect(slots("Science")).toEqual(new Set(["20"]));
    expect(slots("Teaching")).toEqual(new Set(["2"]));
  });

  test("neither names what is the other's", () => {
    for (const [own, other] of [
      ["Science", "Teaching"],
      ["Teaching", "Science"],
    ] as const) {
      const { Resources } = template.toJSON() as { Resources: Record<string, unknown> };
      const ofOwn = Object.entries(Resources).filter(([id]) => id.startsWith(own));
      expect(ofOwn.length).toBeGreaterThan(50);
      for (const [, resource] of ofOwn) {
        expect(JSON.stringify(resource)).not.toMatch(new RegExp(`"(Ref|Fn::GetAtt)":\\[?"${other}`));
      }
    }
  });

  test("keeps its data and its locks without the feature flags of our own app", () => {
    for (const type of ["AWS::DynamoDB::GlobalTable", "AWS::S3::Bucket", "AWS::EFS::FileSystem"]) {
      template.allResources(type, { DeletionPolicy: "Retain" });
    }
    template.allResourcesProperties("AWS::EFS::FileSystem", { Encrypted: true });
    template.resourceCountIs("AWS::EC2::NatGateway", 0);
  });
});
