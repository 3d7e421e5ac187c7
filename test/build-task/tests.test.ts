import { existsSync, readdirSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { getTests } from "#adapters/dynamodb/attempts.ts";
import { type Ended, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
let notebooks: Server;
const host = (): string => `127.0.0.1:${(notebooks.address() as AddressInfo).port}`;
const IPYNB = JSON.stringify({ nbformat: 4, nbformat_minor: 5, metadata: {}, cells: [] });
beforeAll(async () => {
  notebooks = createServer((_request, response) => response.end(IPYNB));
  await new Promise<void>((resolve) => notebooks.listen(0, "127.0.0.1", resolve));
});
afterAll(() => notebooks.close());
const workshop = useWorkshop({
  aws,
  python: demo.python,
  channel: demo.url,
  privateHosts: () => [host()],
});

async function build(tests: object, namespace = "team"): Promise<Ended> {
  const specification = JSON.stringify({ name: "tested", dependencies: ["python", "packaging"], tests });
  const ended = await workshop.build(await workshop.order(specification, namespace));
  if (ended.result !== null) await workshop.settle(ended);
  return ended;
}
const resultsOf = ({ build: { id }, attempt }: Ended) => getTests(workshop.db, id, attempt);

describe("the tests of a specification", () => {
  const green = {
    imports: ["packaging.version", "json"],
    commands: ['test "$(which python)" = "$CONDA_PREFIX/bin/python" && python -c "import packaging"'],
  };

  it("that all pass let the build complete, and are not run again on the same environment", async () => {
    const first = await build(green);
    expect(first.result, first.log).toMatchObject({ outcome: "completed" });
    const results = await resultsOf(first);
    expect(results).toMatchObject([
      { name: "import packaging.version", outcome: "passed", last_lines: [] },
      { name: "import json", outcome: "passed" },
      { name: expect.stringMatching(/^command test /), outcome: "passed" },
    ]);

    const again = await build(green);
    expect(again.log).toMatch(/3 tests passed on such an environment before/);
    expect(again.log).toMatch(/what it made is lent/);
    expect(await resultsOf(again)).toEqual(results);
  }, 180_000);

  it("that fail fail the build, naming the first and telling of each, and nothing is published", async () => {
    const ended = await build({
      imports: ["json", "no_such_module"],
      commands: ["echo what it said; exit 3", 'touch "$CONDA_PREFIX/planted" 2>&1'],
    });
    expect(ended.result, ended.log).toMatchObject({
      outcome: "failed",
      step: "test",
      reason: expect.stringMatching(
        /^The test "import no_such_module" failed: ModuleNotFoundError: .*no_such_module.*\. \d of 4 tests failed\. /,
      ),
    });
    const [json, missing, command] = (await resultsOf(ended)) ?? [];
    expect([json?.outcome, missing?.outcome, command?.outcome]).toEqual(["passed", "failed", "failed"]);
    expect(command?.last_lines).toEqual(["what it said"]);
    expect(readdirSync(join(workshop.disk, "team"))).not.toContain(ended.build.buildKey);
  }, 180_000);

  it.skipIf(process.getuid?.() !== 0)(
    "cannot change the environment (skipped unless root: it takes another user)",
    async () => {
      const commands = [
        '! touch "$CONDA_PREFIX/planted"',
        "! sh -c 'echo x >> \"$CONDA_PREFIX/bin/python\"'",
        '! chmod -R u+w "$CONDA_PREFIX/conda-meta"',
        "! kill -0 $PPID",
        "setsid sleep 4243 > /dev/null 2>&1 &",
      ];
      const ended = await build({ commands });
      expect(ended.result, ended.log).toMatchObject({ outcome: "completed" });
      expect(existsSync(join(workshop.disk, "team", ended.build.buildKey, "planted"))).toBe(false);
    },
    180_000,
  );

  it("have notebooks that say what they need, and whose bytes are those that were asked for", async () => {
    const ended = await build({
      notebooks: [{ ipynb: IPYNB }, { url: `http://${host()}/a.ipynb`, sha256: "0".repeat(64) }],
    });
    expect(ended.result, ended.log).toMatchObject({ outcome: "failed", step: "test" });
    expect(await resultsOf(ended)).toMatchObject([
      {
        name: "notebook 1",
        outcome: "failed",
        last_lines: [
          expect.stringMatching(/^notebooks need nbclient or papermill .*: add nbclient and ipykernel/),
        ],
      },
      { outcome: "failed", last_lines: [expect.stringMatching(/has the sha256 [0-9a-f]{64}, not 0{64}$/)] },
    ]);
  }, 180_000);
});
