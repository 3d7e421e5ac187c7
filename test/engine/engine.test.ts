/** One contract for every engine this machine has; `npm run test:engine` names them. */
import { afterAll, beforeAll, beforeEach, describe, test } from "vitest";
import { smoke } from "#build-task/smoke/smoke.ts";
import { startTinyChannel, type TinyChannel } from "#test/kit/tiny-channel.ts";
import { type EngineBench, makeBench } from "./engine-bench.ts";
import { findEngines, rattlerPython } from "./engines.ts";
import { describeInstall } from "./install-contract.ts";
import { describeInstallFaults } from "./install-fault-contract.ts";
import { describeSolve } from "./solve-contract.ts";
import { describeSolveFaults } from "./solve-fault-contract.ts";

const { engines, missing } = await findEngines();

let channel: TinyChannel;
beforeAll(async () => {
  channel = await startTinyChannel(await rattlerPython());
});
beforeEach(() => channel.fail());
afterAll(() => channel?.stop());

describe.each(engines)("$name", ({ engine }) => {
  let bench: EngineBench;
  beforeAll(async () => {
    bench = await makeBench(engine, channel);
  });
  afterAll(() => bench?.remove());
  const given = () => bench;

  test("does what the image's own build ends with", async () => {
    await smoke(engine, await rattlerPython());
  });
  describe("solve", () => describeSolve(given));
  describe("solve from a channel that fails", () => describeSolveFaults(given));
  describe("install", () => describeInstall(given));
  describe("install from a channel that fails", () => describeInstallFaults(given));
});

// The gap is named in the report, not silent.
describe.skip.each(missing)("%s (not on this machine)", () => {
  test("is held to the same contract", () => {});
});
