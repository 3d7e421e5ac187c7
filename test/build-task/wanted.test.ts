import { expect, it } from "vitest";
import { useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url, inPlace: true });

async function typesOf(more: Parameters<typeof workshop.order>[2]): Promise<string[]> {
  const yaml = JSON.stringify({ name: "wanted", dependencies: ["demo-hello"] });
  const ended = await workshop.build(await workshop.order(yaml, "team", more));
  await workshop.settle(ended);
  if (ended.result?.outcome !== "completed") throw new Error(ended.log);
  return ended.result.artifacts.map(({ type }) => type).sort();
}

it("a build makes what was wanted when it was asked for, also where something else can be lent", async () => {
  expect(await typesOf({ artifactsWanted: [] })).toEqual(["DIRECTORY", "LOGS"]);
  expect(await typesOf({ artifactsWanted: ["YAML"] })).toEqual(["DIRECTORY", "LOGS", "YAML"]);
  expect(await typesOf({ artifactsWanted: ["CONDA_PACK", "LOCKFILE"] })).toEqual([
    "CONDA_PACK",
    "DIRECTORY",
    "LOCKFILE",
    "LOGS",
  ]);
}, 180_000);
