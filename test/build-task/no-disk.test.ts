import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { getThings } from "#adapters/dynamodb/holds.ts";
import { getReusable } from "#adapters/dynamodb/reuse.ts";
import { archiveKey, VARIABLES } from "#core/layout.ts";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url });

/** As a deployment without a shared disk starts it. */
const build = async () => {
  const id = await workshop.order("name: demo\ndependencies: [python, demo-hello]\n");
  const ended = await workshop.build(id, { [VARIABLES.diskDirectory]: "" });
  if (ended.result?.outcome !== "completed") throw new Error(`${ended.output}\n${ended.log}`);
  await workshop.settle(ended);
  return { ...ended, result: ended.result };
};

it("without a shared disk a build leaves everything but a directory, and the next one borrows it", async () => {
  const first = await build();

  const types = first.result.artifacts.map(({ type }) => type).sort();
  expect(types).toEqual(["CONDA_PACK", "LOCKFILE", "LOGS", "YAML"]);
  expect(first.result.sizeBytes).toBeGreaterThan(1_000_000);
  expect(first.log).toContain(`Build ${first.build.id}, attempt 1.`);
  expect(first.log).not.toMatch(/\b(copy|publish):/);
  expect(readdirSync(workshop.disk)).toEqual([]);

  const second = await build();

  expect(second.log).toContain(`build ${first.build.id} has the same lock: what it made is lent`);
  const ofPack = ({ result }: typeof first) => result.artifacts.find(({ type }) => type === "CONDA_PACK");
  expect(ofPack(second)).toEqual(ofPack(first));

  // What is lent goes with the archive, so the archive remembers where it is looked for.
  const archive = ofPack(first)?.key ?? "";
  const reuseKey = (await getThings(workshop.db, [archive])).get(archive)?.reuseKey ?? "";
  expect(archiveKey(reuseKey)).toBe(archive);
  expect(await getReusable(workshop.db, reuseKey)).toMatchObject({ build: first.build.id });
}, 180_000);
