import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";
import { afterAll, expect, test } from "vitest";
import { FEATURE_FLAGS } from "#infra/feature-flags.ts";
import { acknowledgedRules } from "#infra/reviewed-findings.ts";
import { CondaStoreStack } from "#infra/stack.ts";
import { stubBundles } from "#test/kit/template.ts";

const outdir = mkdtempSync(join(tmpdir(), "conda-store-nag-"));
interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly unknown[];
    readonly suppressedViolations: readonly { readonly acknowledgedId: string }[];
  }[];
}

afterAll(() => rmSync(outdir, { recursive: true, force: true }));

test("cdk-nag has nothing to say but what was reviewed", { timeout: 120_000 }, () => {
  const app = new App({ context: { ...FEATURE_FLAGS }, outdir });
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
  const { condaStore } = new CondaStoreStack(app, "CondaStore", { bundles: stubBundles() });
  app.synth();

  const { pluginReports } = JSON.parse(
    readFileSync(join(outdir, "validation-report.json"), "utf8"),
  ) as Report;
  expect(pluginReports.flatMap(({ violations }) => violations)).toEqual([]);
  const met = new Set(
    pluginReports.flatMap(({ suppressedViolations }) =>
      suppressedViolations.map(({ acknowledgedId }) => acknowledgedId),
    ),
  );
  const { storage, builds, prefetchTask, channelSecrets } = condaStore;
  const acknowledged = acknowledgedRules({ bucket: storage.bucket, builds, prefetchTask, channelSecrets });
  expect(acknowledged.filter((rule) => !met.has(rule))).toEqual([]);
});
