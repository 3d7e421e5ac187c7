/**
 * The example environment, built through the deployed API, and checked as its users would use it.
 * @module
 */
import { existsSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { ENVIRONMENT_LINK, linkPath } from "#core/layout.ts";
import { type BuildReply, Client } from "./client.ts";
import { LocalError } from "./local-error.ts";
import type { Progress } from "./progress.ts";
import { removeTree } from "./run-task/launch.ts";
import type { LocalStack } from "./stack.ts";
import { verifyArchive, verifyNoMention, verifyNoRemains, verifyPrefix } from "./verify.ts";

export const USER = "admin";
export const NAMESPACE = "default";
const ENVIRONMENT = "example";
const LINK_SECONDS_MAX = 30;

export interface Example {
  readonly build: BuildReply;
  readonly client: Client;
  /** The published environment as users name it: the link to the current build. */
  readonly link: string;
}

/** @throws LocalError with the build's own reason when it does not complete */
export async function buildExample(root: string, stack: LocalStack, progress: Progress): Promise<Example> {
  const specification = readFileSync(join(root, "examples", "environment.yml"), "utf8");
  const client = await Client.login(stack.url, USER, stack.password);
  const id = await client.submit(NAMESPACE, specification);
  const build = await client.follow(id, ({ step, text }) =>
    progress.log(step === "" ? text : `[${step}] ${text}`),
  );
  if (build.status !== "COMPLETED") {
    throw new LocalError(`Build ${id} ended as ${build.status}: ${build.status_info ?? "without a reason"}`);
  }
  const link = join(stack.storeDirectory, linkPath(NAMESPACE, ENVIRONMENT, ENVIRONMENT_LINK));
  await linked(link, build);
  return { build, client, link };
}

/** The link follows the build by a message of its own. */
async function linked(link: string, { id, build_artifacts }: BuildReply): Promise<void> {
  // An environment that was built before is lent: its directory then carries the older build's key.
  const directory = build_artifacts?.find(({ artifact_type }) => artifact_type === "DIRECTORY")?.key;
  const deadline = Date.now() + LINK_SECONDS_MAX * 1000;
  while (directory === undefined || !(existsSync(link) && readlinkSync(link) === directory)) {
    if (Date.now() > deadline) throw new LocalError(`${link} does not lead to build ${id}.`);
    await pause(50);
  }
}

/** Archive and directory, without the directory that they were made in. @returns numpy's version */
export async function checkExample(stack: LocalStack, example: Example): Promise<string> {
  await stack.tasks.settled();
  verifyNoRemains(stack.tasksDirectory);
  const unpacked = join(stack.storeDirectory, "..", "unpacked");
  const version = await verifyArchive(await example.client.archive(example.build.id), unpacked);
  await verifyPrefix(example.link);
  await verifyNoMention(example.link, [stack.tasksDirectory, join(stack.storeDirectory, "..", "mnt")]);
  removeTree(unpacked);
  return version;
}
