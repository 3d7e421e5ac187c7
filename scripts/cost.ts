/**
 * `npm run cost`: writes docs/cost.md from the template, the workloads and the price table.
 * @module
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { FEATURE_FLAGS } from "#infra/feature-flags.ts";
import { CondaStoreStack } from "#infra/stack.ts";
import { FUNCTIONS } from "./bundle.ts";
import { renderCost, type Template } from "./cost/render.ts";

// What is in the functions costs nothing: empty folders make the template.
const folder = mkdtempSync(join(tmpdir(), "conda-store-cost-"));
try {
  for (const name of FUNCTIONS) {
    mkdirSync(join(folder, "dist", name), { recursive: true });
    writeFileSync(join(folder, "dist", name, "handler.mjs"), "");
  }
  const app = new App({ context: { ...FEATURE_FLAGS }, outdir: join(folder, "cdk.out") });
  new CondaStoreStack(app, "CondaStore", { bundles: join(folder, "dist"), image: "any" });
  const template = app.synth().getStackByName("CondaStore").template as Template;
  writeFileSync(join(import.meta.dirname, "..", "docs", "cost.md"), renderCost(template));
  console.log("docs/cost.md is written.");
} finally {
  rmSync(folder, { recursive: true, force: true });
}
