import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { SettingsReply } from "#core/contract/settings.ts";
import { VARIABLES } from "#core/layout.ts";
import { readDeployment } from "#infra/deployment.ts";
import { synthesize } from "#test/kit/template.ts";

const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");

/** Cells of the rows of the table below a heading. */
function table(heading: string): string[][] {
  const [, section = ""] = page.split(`\n## ${heading}\n`);
  const [text = ""] = section.split("\n## ");
  const rows = text.split("\n").filter((line) => line.startsWith("| "));
  return rows.slice(2).map((row) => row.slice(2, -2).split(" | "));
}

/** Every property that a deployment may have: each is looked up. */
function properties(): string[] {
  const names: string[] = [];
  readDeployment((name) => {
    names.push(name);
    return undefined;
  });
  return names.filter((name) => name !== "config").sort();
}

/** `Class.option`, with the class of the first for those that follow it. */
function options(cell: string): string[] {
  let owner = "";
  return [...cell.matchAll(/`(?:(\w+)\.)?([\w*]+)`/g)].map(([, named, option]) => {
    owner = named ?? owner;
    return `${owner}.${option}`;
  });
}

const OPTIONS: Readonly<Record<string, string>> = {
  CondaStore:
    "build_directory environment_directory store_directory build_key_version build_artifacts build_artifacts_kept_on_deletion celery_broker_url celery_results_backend redis_url database_url upgrade_db conda_command conda_solve_platforms conda_channel_alias conda_platforms conda_default_channels conda_allowed_channels conda_indexed_channels conda_default_packages conda_required_packages conda_included_packages conda_max_solve_time pypi_default_packages pypi_required_packages pypi_included_packages default_namespace default_uid default_gid default_permissions filesystem_namespace storage_threshold conda_flags lock_backend post_update_environment_build_hook validate_specification validate_action storage_class container_registry_class serialize_builds win_extended_length_prefix default_docker_base_image",
  LocalStorage: "storage_path storage_url",
  S3Storage:
    "internal_endpoint external_endpoint access_key secret_key region bucket_name internal_secure external_secure credentials credentials_args credentials_kwargs",
  ContainerRegistry: "container_registries container_registry_image_name container_registry_image_tag",
  CondaStoreServer:
    "address port url_prefix behind_proxy enable_ui enable_api enable_metrics enable_registry registry_external_url max_page_size authentication_class cors_allow_origins cors_allow_origin_regex templates template_vars additional_routes standalone reload log_level config_file secret_key",
  CondaStoreWorker: "watch_paths concurrency log_level config_file",
  AuthenticationBackend: "secret jwt_algorithm predefined_tokens",
  RBACAuthorizationBackend:
    "role_mappings_version role_mappings unauthenticated_role_bindings authenticated_role_bindings",
  Authentication: "cookie_name cookie_domain secure authentication_backend authorization_backend login_html",
  DummyAuthentication: "password",
  GenericOAuthAuthentication: "*",
  GithubOAuthAuthentication: "*",
  JupyterHubOAuthAuthentication: "*",
};

describe("the page on operations", () => {
  test("has every property that a deployment may have, and no other", () => {
    const named = table("Properties").flatMap(([cell = ""]) => options(cell).map((name) => name.slice(1)));
    expect(named.sort()).toEqual(properties());
  });

  test("says of each option of the original where it went, once", () => {
    const named = table("Where conda-store's options went").flatMap(([cell = ""]) => options(cell));
    const all = Object.entries(OPTIONS).flatMap(([owner, names]) =>
      names.split(" ").map((name) => `${owner}.${name}`),
    );
    expect(named.sort()).toEqual(all.sort());
  });

  test("names properties and settings that exist", () => {
    const known = new Set([
      ...properties().map((name) => `property ${name}`),
      ...Object.keys(SettingsReply.entries).map((name) => `setting ${name}`),
    ]);
    const named = [...page.matchAll(/\b(property|setting) `(\w+)`/g)].map(
      ([, kind, name]) => `${kind} ${name}`,
    );
    expect(named.length).toBeGreaterThan(30);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

test("limits, prefix and links reach the functions that keep them", () => {
  const template = synthesize({
    requestsPerSecond: 7,
    submissionsPerMinute: 8,
    loginsPerMinute: 9,
    urlPrefix: "/conda-store",
    proxyStripsPrefix: true,
    environmentLink: "{namespace}/envs/{namespace}-{name}",
  });
  template.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
    DefaultRouteSettings: { ThrottlingRateLimit: 7, ThrottlingBurstLimit: 14 },
  });
  const environments = Object.values(template.findResources("AWS::Lambda::Function")).map(
    ({ Properties }) =>
      (Properties as { Environment?: { Variables: Record<string, string> } }).Environment?.Variables,
  );
  expect(environments).toContainEqual(
    expect.objectContaining({
      [VARIABLES.submissionsPerMinute]: "8",
      [VARIABLES.loginsPerMinute]: "9",
      [VARIABLES.urlPrefix]: "/conda-store",
      [VARIABLES.proxyStripsPrefix]: "true",
    }),
  );
  expect(environments).toContainEqual(
    expect.objectContaining({ [VARIABLES.environmentLink]: "{namespace}/envs/{namespace}-{name}" }),
  );
}, 600_000);
