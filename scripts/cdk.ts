/**
 * The pinned CDK command line over fresh bundles: `npm run synth`, `npm run deploy -- -c slots=20`, `diff`, `destroy`.
 * Needs neither account nor Docker to synthesise.
 * @module
 */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { bundleAll } from "./bundle.ts";

const ROOT = join(import.meta.dirname, "..");
const [command = "synth", ...args] = process.argv.slice(2);

await bundleAll(ROOT);
// Quiet: the template is large and lies in cdk.out.
const quiet = command === "synth" ? ["--quiet"] : [];
const { status, error } = spawnSync(
  process.execPath,
  [join(ROOT, "node_modules", "aws-cdk", "bin", "cdk"), command, ...quiet, ...args],
  { cwd: ROOT, stdio: "inherit", env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: "true" } },
);
if (status === 0 && command === "synth" && !args.some((arg) => /^(-o|--output)/.test(arg))) {
  console.log("The template is cdk.out/CondaStore.template.json.");
}
if (error) console.error(`The CDK command line could not be started: ${error.message}`);
process.exitCode = status ?? 1;
