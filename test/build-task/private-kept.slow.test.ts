/** A private channel from its credentials through prefetch and kept index to a build with the channel switched off. */
import { once } from "node:events";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { listRepodata } from "#adapters/dynamodb/repodata.ts";
import { getObject, listObjects } from "#adapters/s3/objects.ts";
import { channelSecretName, lockKey, PREFIXES } from "#core/layout.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { type Api, bearer, openApi, post } from "#test/kit/api.ts";
import { CHANNEL_SECRETS, type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { readChannels } from "#test/kit/prefetching.ts";
import { openSolving, type Solving } from "#test/kit/solving.ts";
import { scripted, useStrangerChannel } from "#test/kit/stranger-channel.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const NAME = "team-secret-sauce";
const files = useStrangerChannel(demo.python, [scripted(NAME, "true"), scripted("team-other", "true")]);
const PASSWORD = "a-password-of-this-test";
/** What the channel says, of a package of the public channel too. */
const SAID = { summary: "Known to the team alone." };
const RIGHT = `Basic ${Buffer.from(`robot:${PASSWORD}`).toString("base64")}`;

let server: Server;
let channel: string;
/** What the channel was asked for: status and path. */
const asked: string[] = [];
const workshop = useWorkshop({
  ...{ aws, python: demo.python, channel: demo.url },
  settings: { build_artifacts: ["LOCKFILE"] },
  privateHosts: () => [new URL(channel).host],
});
const specification = (...names: string[]): string =>
  [`name: private`, `channels: [${channel}, ${demo.url()}]`, `dependencies: [${names.join(", ")}]`].join(
    "\n",
  );
const build = async (namespace: string, ...names: string[]): Promise<Ended> => {
  const ended = await workshop.build(await workshop.order(specification(...names), namespace));
  if (ended.result?.outcome === "completed") await workshop.settle(ended);
  return ended;
};

let cold: Ended;
let warm: Ended;
let others: Ended;
let othersLock: Ended;
let api: Api;
let solving: Solving;

beforeAll(async () => {
  const packages = { [NAME]: SAID, "demo-hello": SAID };
  writeFileSync(join(files.folder, "channeldata.json"), JSON.stringify({ packages }));
  server = createServer((request, response) => {
    const isRight = request.headers.authorization === RIGHT;
    const path = join(files.folder, (request.url ?? "").replace(/^\/private\//, ""));
    const status = !isRight ? 401 : existsSync(path) ? 200 : 404;
    asked.push(`${status} ${request.url}`);
    response.writeHead(status, { etag: '"1"' }).end(status === 200 ? readFileSync(path) : "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  channel = `http://localhost:${(server.address() as AddressInfo).port}/private`;
  const credentials = JSON.stringify({ [channel]: { username: "robot", password: PASSWORD } });
  await new SecretsManagerClient().send(
    new CreateSecretCommand({ Name: channelSecretName(CHANNEL_SECRETS, "team"), SecretString: credentials }),
  );
  await readChannels({
    db: workshop.db,
    bucket: workshop.bucket,
    channelSecrets: CHANNEL_SECRETS,
    settings: deploymentSettings({
      conda_indexed_channels: [demo.url()],
      conda_platforms: [demo.channel().subdir, "noarch"],
    }),
    privateChannels: { team: [channel] },
    allowPrivateHosts: [new URL(demo.url()).host, new URL(channel).host],
  });
  asked.push("prefetched");
  cold = await build("team", "demo-hello", NAME, "team-other");
  asked.push("built");
  // While the channel still answers who has the password.
  others = await build("others", NAME);
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  warm = await build("team", NAME);
  const digest = warm.result?.outcome === "completed" ? warm.result.lockDigest : "";
  const lock = JSON.parse(String(await getObject(workshop.bucket, lockKey(digest)))) as object;
  othersLock = await workshop.build(await workshop.orderLockfile("stolen", lock, "others"));
  const allowPrivateHosts = [new URL(demo.url()).host, new URL(channel).host];
  solving = openSolving(aws, {}, { allowPrivateHosts });
  api = openApi(aws, { allowPrivateHosts, askForSolve: solving.askForSolve });
}, 600_000);
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const asJson = async (path: string, headers: Record<string, string> = {}): Promise<string> =>
  await (await api.request(`/api/v1/${path}`, { headers })).text();

describe("the namespace with the credentials", () => {
  it("builds from the index that prefetch read with them: the channel is asked for packages alone", () => {
    expect(cold.result, `${cold.output}\n${cold.log}`).toMatchObject({ outcome: "completed" });
    const during = asked.slice(asked.indexOf("prefetched") + 1, asked.indexOf("built"));
    expect(during.filter((line) => !/^200 .*\.tar\.bz2$/.test(line))).toEqual([]);
    expect(during).toHaveLength(2);
    expect(cold.log).toContain(
      `${channel}/noarch: kept index, compared with the channel's 0 minutes ago, 2 packages`,
    );
  });

  it("builds with the channel switched off, from packages that its own builds fetched", () => {
    expect(warm.result, `${warm.output}\n${warm.log}`).toMatchObject({ outcome: "completed" });
    expect(warm.log).toMatch(/1 of 1 packages \(.*\) were kept from earlier builds/);
  });

  it("sees what is kept of its channel in the list of channels; what it says of packages is not read", async () => {
    const seen = await asJson("channel/", bearer(await api.token({ "team/*": ["viewer"] })));
    expect(seen).toContain(channel);
    expect(JSON.parse(seen)).toMatchObject({
      data: expect.arrayContaining([
        expect.objectContaining({
          name: channel,
          summaries: null,
        }),
      ]),
    });
    expect(asked.join(" ")).not.toContain("channeldata");
  });
});

describe("another namespace", () => {
  it("gets nothing of the kept index: the channel is asked without the credentials, and refuses", () => {
    expect(others.result).toMatchObject({ outcome: "failed", step: "solve" });
    expect(others.log).toContain(`${channel}/noarch: no index of it is kept, the channel is asked`);
    expect(others.log).toMatch(/FAILED: .*wants credentials/);
    expect(others.log).not.toContain(PASSWORD);
  });

  it("gets no kept package, though it names its address and its sha256 in a lockfile", async () => {
    expect(othersLock.result).toMatchObject({ outcome: "failed", step: "install" });
    expect(othersLock.log).toMatch(/FAILED: The channel .* cannot be reached/);
    expect(await listObjects(workshop.bucket, PREFIXES.packages)).not.toHaveLength(0);
  });

  it("finds none of its packages, names, versions or builds, nor the channel, whoever asks", async () => {
    for (const bindings of [{ "others/*": ["admin"] }, { "team/*": ["admin"] }, { "*/*": ["admin"] }]) {
      const headers = bearer(await api.token(bindings));
      for (const path of [
        `package/?search=${NAME}`,
        "package/name/?search=team-",
        `package/build/?name=${NAME}`,
      ]) {
        expect(JSON.parse(await asJson(path, headers))).not.toHaveProperty("data.0");
        expect(await asJson(path, headers)).toMatch(/"count":0/);
      }
    }
    const headers = bearer(await api.token({ "others/*": ["admin"] }));
    expect(await asJson("channel/", headers)).not.toContain(channel);
    for (const path of ["package/?search=demo-hello", "package/name/?search=demo-hello"]) {
      expect(await asJson(path)).toContain("demo-hello");
      expect(await asJson(path)).not.toContain(SAID.summary);
    }
    const names = await asJson("package/name/");
    expect(names).toContain("demo-hello");
    expect(names).not.toContain("team-");
    // The channel is kept all the same, for its own.
    const states = await listRepodata(workshop.db);
    const own = states.filter((state) => state.channel === channel);
    expect(own.map(({ owner }) => owner)).toEqual(["team", "team"]);
  });

  it("learns nothing by a solve", async () => {
    const headers = bearer(await api.token({ "others/*": ["admin"] }));
    const question = { specification: specification(NAME), namespace: "others" };
    const answer = await api.request("/api/v1/solve/", post(question, headers));
    const { data } = (await answer.json()) as { data: { solve_id: string } };
    await solving.rest();

    const solve = await asJson(`solve/${data.solve_id}/`, headers);
    expect(JSON.parse(solve)).toMatchObject({ data: { status: "FAILED", fault: "channel", packages: [] } });
  });
});
