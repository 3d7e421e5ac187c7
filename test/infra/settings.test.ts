import { expect, test } from "vitest";
import { deploymentSettings } from "#core/settings/settings.ts";
import { settingsOf } from "#infra/settings.ts";

test("owner, engine and platform of the settings are those of the deployment", () => {
  expect(deploymentSettings(settingsOf({}))).toMatchObject({
    default_uid: 1000,
    default_gid: 100,
    conda_command: "mamba",
    conda_solve_platforms: ["linux-64"],
    conda_platforms: ["linux-64", "noarch"],
  });
  const other = settingsOf({
    architecture: "ARM64",
    diskOwner: { uid: 7, gid: 8 },
    settings: { default_uid: 7 },
  });
  expect(deploymentSettings(other)).toMatchObject({
    default_uid: 7,
    default_gid: 8,
    conda_solve_platforms: ["linux-aarch64"],
    conda_platforms: ["linux-aarch64", "noarch"],
  });
});

test("what the deployment says beside them stays, and stands above what is assumed", () => {
  const settings = { conda_solve_platforms: ["linux-64", "osx-64"], conda_default_channels: ["main"] };
  expect(settingsOf({ settings })).toMatchObject(settings);
});

test.each([
  [{ default_uid: 0 }, /settings\.default_uid cannot be 0: diskOwner makes it 1000/],
  [{ default_gid: "100" }, /settings\.default_gid cannot be "100"/],
  [{ conda_command: "conda" }, /conda_command cannot be "conda": the image makes it mamba/],
])("a setting that says otherwise is refused: %j", (settings, says) => {
  expect(() => settingsOf({ settings })).toThrow(says);
});
