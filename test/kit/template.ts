/**
 * The deployment's template without bundles: each function gets a directory with a handler that is never run.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { App } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { CondaStoreProps } from "#infra/conda-store-props.ts";
import { FEATURE_FLAGS } from "#infra/feature-flags.ts";
import type { LocalDeployment } from "#infra/local-deployment.ts";
import { CondaStoreStack } from "#infra/stack.ts";
import { FUNCTIONS } from "#scripts/bundle.ts";

const BUNDLES = new URL("../../.local/test-bundles", import.meta.url).pathname;

/** @returns a directory that looks like `dist/`; the same one for every test file, with the same files */
export function stubBundles(): string {
  for (const name of FUNCTIONS) {
    mkdirSync(join(BUNDLES, name), { recursive: true });
    writeFileSync(join(BUNDLES, name, "handler.mjs"), "export const handler = async () => {};\n");
  }
  mkdirSync(join(BUNDLES, "build-task"), { recursive: true });
  writeFileSync(join(BUNDLES, "build-task", "Dockerfile"), "FROM scratch\n");
  writeFileSync(join(BUNDLES, "build-task", "pins.json"), "{}\n");
  return BUNDLES;
}

export function synthesize(props: CondaStoreProps = {}): Template {
  return Template.fromStack(
    new CondaStoreStack(new App({ context: { ...FEATURE_FLAGS } }), "CondaStore", {
      bundles: stubBundles(),
      ...props,
    }),
  );
}

/** What a laptop would give. */
export const LOCAL_DEPLOYMENT: LocalDeployment = {
  image: "local",
  ecsEndpoint: "http://127.0.0.1:4000",
  storeDirectory: "/home/me/.local/store",
  taskDiskDirectory: "/home/me/.local/mnt/disk",
  taskWorkDirectory: "/home/me/.local/mnt/work",
  engine: "rattler",
  engineProgram: "/home/me/.local/venv/bin/python",
  packPython: "/home/me/.local/venv/bin/python",
  allowedPrivateHosts: ["127.0.0.1:5000"],
  settings: { conda_default_channels: ["http://127.0.0.1:5000/demo-channel"] },
};
