import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";

test("what a deployment does not say has conda-store's default", () => {
  expect(deploymentSettings({ conda_default_channels: ["main"] })).toMatchObject({
    default_namespace: "default",
    conda_channel_alias: "https://conda.anaconda.org",
    conda_default_channels: ["main"],
    conda_allowed_channels: [],
  });
});

test("one reader's change is never another's default", () => {
  const first = deploymentSettings({});
  (first.conda_default_channels as string[]).push("evil");
  expect(deploymentSettings({}).conda_default_channels).toEqual(["conda-forge"]);
});

test("every fault is named at once", () => {
  const values = { conda_default_channels: "conda-forge", colour: "blue", default_namespace: "a/b" };
  expect(() => deploymentSettings(values)).toThrow(
    /default_namespace.*conda_default_channels|conda_default_channels.*default_namespace/,
  );
  expect(() => deploymentSettings(values)).toThrow(/colour: is no setting/);
  expect(() => deploymentSettings([])).toThrow();
});

test("settings that nothing here could obey have the one value that is true", () => {
  expect(() =>
    deploymentSettings({
      storage_threshold: 5368709120,
      default_permissions: "775",
      conda_max_solve_time: 300,
      conda_command: "conda",
      default_uid: -1,
    }),
  ).toThrow(
    /default_uid: must be a whole number.*default_permissions: must be null.*storage_threshold: must be 0.*conda_command: must be mamba or rattler.*conda_max_solve_time: must be 900/,
  );
});

test("docs/settings.md names every setting, and no other", () => {
  const page = readFileSync(new URL("../../../docs/settings.md", import.meta.url), "utf8");
  const named = [...page.matchAll(/^\| `(\w+)`/gm)].map(([, key]) => key);
  expect(named.sort()).toEqual(Object.keys(deploymentSettings({})).sort());
});
