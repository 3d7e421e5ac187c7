/** Namespaces that put their images on a base of their own: said over the API, made by the task, pulled from the registry. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Manifest, parseManifest } from "#core/image/manifest.ts";
import { registrySecretName, VARIABLES } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, post, put } from "#test/kit/api.ts";
import { CHANNEL_SECRETS, type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { openRegistry, type Registry, storeImage } from "#test/kit/registry.ts";
import { dispatched } from "#test/kit/submissions.ts";
import { unpackLayers } from "#test/kit/unpack-image.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const folder = mkdtempSync(join(tmpdir(), "bases-"));
let registry: Registry;
let own = "none";
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  settings: { build_artifacts: ["LOCKFILE", "DOCKER_MANIFEST"] },
  baseImage: () => own,
  privateHosts: () => [new URL(registry.address).host, new URL(aws.endpoint).host],
});
let api: Api;
let admin: Record<string, string>;
/** Of the namespace, and of another one. */
let theirs = "";

/** A root file system that says which one it is. */
function tarOf(name: string): Buffer {
  const root = join(folder, `base-${name}`);
  mkdirSync(join(root, "etc"), { recursive: true });
  writeFileSync(join(root, "etc", "os-release"), `NAME=${name}\n`);
  return execFileSync("tar", ["-c", "-C", root, "."]);
}

beforeAll(async () => {
  registry = await openRegistry(aws);
  const host = new URL(registry.address).host;
  const place = { namespace: "bases", environment: "base" };
  const [first, second] = [
    await storeImage(registry.services, place, tarOf("operators")),
    await storeImage(registry.services, place, tarOf("theirs")),
  ];
  own = `${host}/bases/base:${first.build.buildKey}`;
  theirs = `${host}/bases/base:${second.build.buildKey}`;
  const settings = JSON.parse(workshop.environment()[VARIABLES.settings] ?? "") as unknown;
  api = openApi(aws, {
    settings: deploymentSettings(settings),
    allowPrivateHosts: [host, new URL(demo.url()).host],
  });
  admin = bearer(await api.token({ "*/*": ["admin"] }));
}, 300_000);
afterAll(async () => {
  await registry?.close();
  rmSync(folder, { recursive: true, force: true });
});

async function send(path: string, init: RequestInit): Promise<{ data: { build_id: number } }> {
  const headers = { ...(init.headers as Record<string, string> | undefined), ...admin };
  const response = await api.request(`/api/v1/${path}`, { ...init, headers });
  const text = await response.text();
  expect(response.status, text).toBe(200);
  return JSON.parse(text);
}
const setBase = (scope: string, image: string) =>
  send(`setting/${scope}/`, put({ default_docker_base_image: image }));
const ask = async (namespace: string, dependencies: string): Promise<number> => {
  const specification = `name: demo\ndependencies: [${dependencies}]\n`;
  return (await send("specification/", post({ namespace, specification }))).data.build_id;
};
async function build(id: number): Promise<Ended> {
  await dispatched(api.services.db, id);
  const ended = await workshop.build(id);
  await workshop.settle(ended);
  return ended;
}

/** As clients do, by the build's id. */
async function pull({ build: { id, namespace } }: Ended): Promise<{ manifest: Manifest; root: string }> {
  const password = await registry.token({ [`${namespace}/*`]: ["viewer"] });
  const headers = { authorization: `Basic ${Buffer.from(`anybody:${password}`).toString("base64")}` };
  const get = async (path: string): Promise<Buffer> => {
    const response = await fetch(`${registry.address}/v2/${namespace}/demo/${path}`, { headers });
    expect(response.status, path).toBe(200);
    return Buffer.from(await response.arrayBuffer());
  };
  const manifest = parseManifest(String(await get(`manifests/${id}`)));
  const layers: Buffer[] = [];
  for (const { digest } of manifest.layers) layers.push(await get(`blobs/${digest}`));
  const root = join(folder, `pulled-${id}`);
  unpackLayers(layers, root);
  return { manifest, root };
}
const nameOf = (root: string): string => readFileSync(join(root, "etc", "os-release"), "utf8");
const layersOf = ({ layers }: Manifest): string[] => layers.map(({ digest }) => digest);

test("a base that is given to those alone who log in ends a build in words, until the operator stores credentials", async () => {
  await setBase("team", theirs);
  const ended = await build(await ask("team", "demo-activate"));
  expect(ended.result).toMatchObject({
    outcome: "failed",
    reason: expect.stringMatching(
      /^The base image localhost:\d+\/bases\/base cannot be copied: .*(401|403).*Set another one \(default_docker_base_image\)/,
    ),
  });
  const password = await registry.token({ "bases/*": ["viewer"] });
  await new SecretsManagerClient().send(
    new CreateSecretCommand({
      Name: registrySecretName(CHANNEL_SECRETS),
      SecretString: JSON.stringify({ [registry.address]: { username: "robot", password } }),
    }),
  );
  const again = await build(await ask("team", "demo-activate"));
  expect(again.result?.outcome, again.log).toBe("completed");
  expect(again.log).not.toContain(password);
}, 300_000);

test("an image is on the base that was set when its build was asked for, and shares its packages' layers with those on others", async () => {
  const asked = await ask("team", "python, demo-activate");
  // It waits: nothing that is set from now on is for it.
  await setBase("team", own);
  const ended = await build(asked);
  expect(ended.result?.outcome, ended.log).toBe("completed");
  const image = await pull(ended);
  expect(nameOf(image.root)).toBe("NAME=theirs\n");
  expect(existsSync(join(image.root, "opt", "conda", "bin", "python"))).toBe(true);
  expect(image.manifest.annotations["org.opencontainers.image.base.name"]).toBe(theirs);

  const again = await build((await send(`build/${asked}/`, { method: "PUT" })).data.build_id);
  expect(again.result?.outcome, again.log).toBe("completed");
  expect(again.log).toContain(`its image is on ${theirs}: one on ${own} is made`);
  const moved = await pull(again);
  expect(nameOf(moved.root)).toBe("NAME=operators\n");
  const [[lowest, ...packages], [other, ...same]] = [layersOf(image.manifest), layersOf(moved.manifest)];
  expect(other).not.toBe(lowest);
  expect(same).toEqual(packages);
  expect(packages.length).toBeGreaterThan(2);

  // Another namespace, which said nothing: the same bytes, made by itself.
  const strangers = await build(await ask("others", "python, demo-activate"));
  expect(strangers.result?.outcome, strangers.log).toBe("completed");
  expect(layersOf((await pull(strangers)).manifest)).toEqual([other, ...packages]);
}, 600_000);
