import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { getAttempt } from "#adapters/dynamodb/attempts.ts";
import { makeMove } from "#adapters/dynamodb/moves.ts";
import { listObjects } from "#adapters/s3/objects.ts";
import { PREFIX_TOO_LONG } from "#core/layout.ts";
import { processesOf, useWorkshop } from "#test/kit/build-task.ts";
import { useDemoChannel } from "#test/kit/demo-channel.ts";
import { useMiniStack } from "#test/kit/ministack.ts";

const aws = useMiniStack();
const demo = useDemoChannel();
const workshop = useWorkshop({ aws, python: demo.python, channel: demo.url });

const yaml = (name: string, ...dependencies: string[]): string => JSON.stringify({ name, dependencies });

interface Case {
  readonly when: string;
  readonly order: () => Promise<number>;
  readonly step: string;
  readonly reason: RegExp;
  /** What the log has above its last line. */
  readonly shows?: RegExp;
}
const CASES: Case[] = [
  {
    when: "a package does not exist",
    order: () => workshop.order(yaml("missing", "demo-chioce")),
    step: "solve",
    reason: /demo-chioce was not found in http:.*demo-channel .*demo-choice/,
  },
  {
    when: "requirements exclude each other",
    order: () => workshop.order(yaml("conflict", "demo-conflict-a", "demo-conflict-b")),
    step: "solve",
    reason: /exclude each other: .*demo-conflict-[ab].*(Loosen|remove)/,
    // The whole chain, branch by branch, whichever comes first.
    shows:
      /^solve: \W*├.*demo-conflict-([ab]).*\n(?:solve: .*\n)*solve: \W*└.*demo-conflict-(?!\1)[ab].*\n(?:solve: .*\n)*FAILED: /m,
  },
  {
    when: "a virtual package is not there",
    order: () => workshop.order(yaml("cuda", "demo-cuda")),
    step: "solve",
    reason: /__cuda/,
  },
  {
    when: "the channel does not exist",
    order: () =>
      workshop.order(
        JSON.stringify({ name: "gone", channels: [`${demo.url()}-gone`], dependencies: ["demo-choice"] }),
      ),
    step: "solve",
    reason: /demo-channel-gone/,
  },
  {
    when: "a link script fails",
    order: () => workshop.order(yaml("script", "demo-post-link-fails")),
    step: "link scripts",
    reason: /post-link script of the package demo-post-link-fails 1\.0 failed with exit code 3: .+/,
  },
  {
    when: "the path is too long for conda",
    order: () => workshop.order(yaml("n".repeat(255), "demo-choice")),
    step: "start",
    reason: new RegExp(`^${PREFIX_TOO_LONG.replace("<=", "<=")}$`),
  },
  {
    when: "nothing is asked for",
    order: () => workshop.order(JSON.stringify({ name: "empty", dependencies: [] })),
    step: "solve",
    reason: /asks for no conda package: add one/,
  },
  {
    when: "the lockfile is for another platform",
    order: () =>
      workshop.orderLockfile("other", {
        version: 1,
        metadata: { channels: [], platforms: ["osx-64"], sources: [], content_hash: {} },
        package: [],
      }),
    step: "solve",
    reason: /no package for linux-64/,
  },
];

describe("a build that cannot be", () => {
  it.each(CASES)(
    "ends failed with one clear sentence, and the task well, when $when",
    async (each) => {
      const id = await each.order();

      const ended = await workshop.build(id);

      expect(ended.result, ended.output).toMatchObject({ outcome: "failed", step: each.step });
      if (ended.result?.outcome !== "failed") throw new Error("unreachable");
      expect(ended.result.reason).toMatch(each.reason);
      expect(ended.result.reason).not.toContain("\n");
      if (each.shows) expect(ended.log).toMatch(each.shows);
      expect(ended.code).toBe(0);
      expect(ended.log.trim().split("\n").at(-1)).toBe(`FAILED: ${ended.result.reason}`);
      expect(existsSync(join(workshop.disk, "team", ended.build.buildKey))).toBe(false);
      expect(existsSync(join(workshop.store, "team", ended.build.buildKey))).toBe(false);
      expect(readdirSync(workshop.work)).toEqual([]);
      await workshop.settle(ended);
    },
    60_000,
  );

  it("shows the last words of a link script in its log", async () => {
    const ended = await workshop.build(await workshop.order(yaml("script", "demo-post-link-fails")));
    expect(ended.log).toContain("link scripts: demo-post-link-fails: this script always fails\n");
    await workshop.settle(ended);
  }, 60_000);
});

describe("a task that is told to stop", () => {
  it("leaves the word that nothing is decided, for another attempt, and no child of it lives on", async () => {
    const id = await workshop.order(yaml("stopped", "demo-many-files", "demo-big"));
    const task = workshop.start(id);
    await reached(id, "install");
    task.child.kill("SIGTERM");
    const { code } = await task.ended;

    const result = (await getAttempt(workshop.db, id, 1))?.result;
    expect(result).toMatchObject({
      outcome: "undecided",
      cause: "interrupted",
      what: expect.stringMatching(/told to stop/),
    });
    expect(code).toBe(0);
    expect(readdirSync(workshop.work)).toEqual([]);
    expect(processesOf(workshop.work)).toEqual([]);
  }, 60_000);
});

describe("a task whose attempt was closed", () => {
  it("writes no result and publishes nothing", async () => {
    const id = await workshop.order(yaml("closed", "demo-links"));
    const task = workshop.start(id);
    await reached(id, "solve");
    await makeMove(workshop.db, id, {
      name: "fail",
      by: "finish",
      at: new Date(),
      attempt: 1,
      reason: "somebody else ended it",
      artifacts: [],
    });
    const { code, output } = await task.ended;

    expect(output).toContain("The attempt was closed");
    expect(code).toBe(0);
    expect((await getAttempt(workshop.db, id, 1))?.result).toBeNull();
    const task2 = await workshop.start(id).ended;
    expect(task2.output).toMatch(/is not claimed/);
    expect(task2.code).toBe(0);
  }, 60_000);
});

describe("the same specification again", () => {
  const spec = yaml("again", "demo-links", "demo-choice", "demo-post-link");
  const stored = async (): Promise<string[]> =>
    (await listObjects(workshop.bucket, "")).map(({ key }) => key).filter((key) => !key.startsWith("logs/"));

  it("costs not even a solve: directory and artifacts of the first are lent, and nothing is stored", async () => {
    const first = await workshop.build(await workshop.order(spec));
    await workshop.settle(first);
    const before = await stored();

    const second = await workshop.build(await workshop.order(spec));
    await workshop.settle(second);

    if (first.result?.outcome !== "completed" || second.result?.outcome !== "completed") {
      throw new Error(`${first.log}\n${second.log}`);
    }
    const withoutLog = (artifacts: readonly { type: string }[]) =>
      artifacts.filter(({ type }) => type !== "LOGS").sort((a, b) => a.type.localeCompare(b.type));
    expect(withoutLog(second.result.artifacts)).toEqual(withoutLog(first.result.artifacts));
    expect(second.result).toMatchObject({
      sizeBytes: first.result.sizeBytes,
      lockDigest: first.result.lockDigest,
      packages: first.result.packages,
    });
    expect(await stored()).toEqual(before);
    expect(second.log).not.toMatch(/^(?:solve|install):/m);
    expect(existsSync(join(workshop.disk, "team", second.build.buildKey))).toBe(false);
  }, 90_000);

  it("has its own export under another name, and is built anew for another namespace", async () => {
    const named = await workshop.build(await workshop.order(spec.replace("again", "another-name")));
    await workshop.settle(named);
    const other = await workshop.build(await workshop.order(spec, "other-team"));
    await workshop.settle(other);

    expect(named.log).not.toMatch(/^install:/m);
    expect(named.log).toMatch(/^export: exports\/\w+\.yml$/m);
    expect(other.log).toMatch(/^install: done/m);
    expect(existsSync(join(workshop.disk, "other-team", other.build.buildKey, "conda-meta", "history"))).toBe(
      true,
    );
  }, 90_000);

  it("is built again when the directory has gone", async () => {
    rmSync(join(workshop.disk, "team"), { recursive: true });

    const ended = await workshop.build(await workshop.order(spec));
    await workshop.settle(ended);

    expect(ended.log).toMatch(/not everything of it is left/);
    expect(existsSync(join(workshop.disk, "team", ended.build.buildKey, "conda-meta", "history"))).toBe(true);
  }, 90_000);
});

describe("a lockfile", () => {
  it("that a build stored is a specification that builds the same lock", async () => {
    const first = await workshop.build(await workshop.order(yaml("to-lock", "demo-choice", "demo-links")));
    await workshop.settle(first);
    if (first.result?.outcome !== "completed") throw new Error(first.log);
    const key = first.result.artifacts.find(({ type }) => type === "LOCKFILE")?.key ?? "";
    const { getObject } = await import("#adapters/s3/objects.ts");
    const lockfile = JSON.parse(String(await getObject(workshop.bucket, key)));

    const ended = await workshop.build(await workshop.orderLockfile("from-lock", lockfile, "lock-team"));
    await workshop.settle(ended);

    expect(ended.result, ended.log).toMatchObject({
      outcome: "completed",
      lockDigest: first.result.lockDigest,
    });
  }, 90_000);
});

/** Waits until the task says that it is in this step, or past it. */
async function reached(id: number, step: string): Promise<void> {
  const order = [
    "recall",
    "solve",
    "reuse",
    "lockfile",
    "export",
    "install",
    "link scripts",
    "seal",
    "compile",
  ];
  for (;;) {
    const now = (await getAttempt(workshop.db, id, 1))?.step;
    if (now && order.indexOf(now) >= order.indexOf(step)) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
