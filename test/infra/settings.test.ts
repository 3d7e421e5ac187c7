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

test("the base image of the settings is the deployment's, whose repository is allowed with docker's own images", () => {
  expect(deploymentSettings(settingsOf({}))).toMatchObject({
    default_docker_base_image: "docker.io/library/debian:stable-slim",
    docker_allowed_base_images: ["docker.io/library"],
  });
  expect(deploymentSettings(settingsOf({ baseImage: "ghcr.io/team/base:1" }))).toMatchObject({
    default_docker_base_image: "ghcr.io/team/base:1",
    docker_allowed_base_images: ["docker.io/library", "ghcr.io/team/base"],
  });
  const closed = settingsOf({ settings: { docker_allowed_base_images: [] } });
  expect(deploymentSettings(closed)).toMatchObject({ docker_allowed_base_images: [] });
});

test("places of base images that are none stop the deployment", () => {
  const settings = settingsOf({ settings: { docker_allowed_base_images: ["ghcr.io/*"] } });
  expect(() => deploymentSettings(settings)).toThrow(
    /docker_allowed_base_images.*must hold registries such as/,
  );
});

test("what the deployment says beside them stays, and stands above what is assumed", () => {
  const settings = { conda_solve_platforms: ["linux-64", "osx-64"], conda_default_channels: ["main"] };
  expect(settingsOf({ settings })).toMatchObject(settings);
});

test.each([
  [{ default_uid: 0 }, /settings\.default_uid cannot be 0: diskOwner makes it 1000/],
  [{ default_gid: "100" }, /settings\.default_gid cannot be "100"/],
  [
    { default_docker_base_image: "ubuntu" },
    /cannot be "ubuntu": baseImage makes it docker\.io\/library\/debian/,
  ],
  [{ conda_command: "conda" }, /conda_command cannot be "conda": the image makes it mamba/],
])("a setting that says otherwise is refused: %j", (settings, says) => {
  expect(() => settingsOf({ settings })).toThrow(says);
});
