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
