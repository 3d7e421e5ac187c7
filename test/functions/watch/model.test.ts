/**
 * Random lives of watched files: they are written, spoilt and removed while passes are made, race, and are killed between any two of
 * their calls. What is good is built once for each time that it was seen to change, in that order.
 */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { getSpecification } from "#adapters/dynamodb/specifications.ts";
import { bucketSource } from "#functions/watch/bucket-source.ts";
import type { WatchContext } from "#functions/watch/context.ts";
import { useMiniStack } from "#test/kit/ministack.ts";
import { specified, useWatching } from "#test/kit/watching.ts";

useMiniStack();
const watched = useWatching("watch-model");

const BAD = "name: [";
const pathOf = (file: number): string => `team/file-${file}.yml`;
const environmentOf = (file: number): string => `env-${file}`;
const textOf = (file: number, version: number): string =>
  version === 0 ? BAD : specified(environmentOf(file), `python=3.${version}`);

class Killed extends Error {}

/** A pass whose process dies at its nth call to AWS: before it is sent, or when it has been and the answer is not heard. */
function dying(calls: number, heard: boolean): Partial<WatchContext> {
  let left = calls;
  const counted = async <T>(call: () => Promise<T>): Promise<T> => {
    left -= 1;
    if (left > 0 || (left === 0 && !heard)) {
      const answer = await call();
      if (left > 0) return answer;
    }
    throw new Killed();
  };
  const source = bucketSource(watched.bucket);
  const client = new Proxy(watched.db.client, {
    get: (target, name) =>
      name === "send"
        ? (command: never) => counted(() => target.send(command) as Promise<unknown>)
        : Reflect.get(target, name),
  });
  return {
    db: { ...watched.db, client },
    source: {
      kind: source.kind,
      list: () => counted(() => source.list()),
      read: (file) => counted(() => source.read(file)),
      tell: (path, text) => counted(() => source.tell(path, text)),
    },
    wakeUp: (reason) => counted(() => watched.context.wakeUp(reason)),
  };
}

type Step =
  | { readonly do: "write"; readonly file: number; readonly version: number }
  | { readonly do: "remove"; readonly file: number }
  | { readonly do: "pass" }
  | { readonly do: "two passes" }
  | { readonly do: "killed pass"; readonly calls: number; readonly heard: boolean };

const FILES = [0, 1, 2];
const file = fc.constantFrom(...FILES);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      do: fc.constant("write" as const),
      file,
      version: fc.integer({ min: 0, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("remove" as const), file }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("pass" as const) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("two passes" as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("killed pass" as const),
      calls: fc.integer({ min: 1, max: 20 }),
      heard: fc.boolean(),
    }),
  },
);

/** Without what is the same as the one before it. */
const changes = <T>(values: readonly T[]): T[] =>
  values.filter((value, i) => i === 0 || value !== values[i - 1]);

/** Whether `few` is `many` with some left out. */
function isWithin(few: readonly number[], many: readonly number[]): boolean {
  let at = 0;
  for (const value of many) if (value === few[at]) at += 1;
  return at === few.length;
}

/** Versions of a file that were built, the oldest first. */
async function builtOf(file: number): Promise<number[]> {
  const own = (await watched.builds()).filter(({ environment }) => environment === environmentOf(file));
  const found = await Promise.all(
    own.map(({ specificationSha256, document }) =>
      getSpecification(watched.db, specificationSha256, document),
    ),
  );
  return found.map((each) => Number(JSON.stringify(each?.spec).match(/python=3\.(\d)/)?.[1]));
}

const LIVES = fc.sample(fc.array(step, { minLength: 3, maxLength: 16 }), 25);

describe("whatever happens to files and to passes", () => {
  // Each has a table and a bucket of its own, from the kit.
  test.each(LIVES.map((steps) => [JSON.stringify(steps), steps] as const))(
    "every good text that was seen is built once, in the order of changes: %s",
    async (_, steps) => {
      const there = new Map<number, number>();
      const histories = FILES.map((file) => ({ file, written: [] as number[], seen: [] as number[] }));
      for (const one of [...steps, { do: "pass" } as const]) {
        if (one.do === "write") {
          await watched.put(pathOf(one.file), textOf(one.file, one.version));
          there.set(one.file, one.version);
          if (one.version > 0) histories[one.file]?.written.push(one.version);
        } else if (one.do === "remove") {
          await watched.remove(pathOf(one.file));
          there.delete(one.file);
        } else if (one.do === "killed pass") {
          await watched.run(dying(one.calls, one.heard)).catch((error: unknown) => {
            expect(error).toBeInstanceOf(Killed);
          });
        } else {
          const passes = one.do === "pass" ? [watched.run()] : [watched.run(), watched.run()];
          for (const done of await Promise.all(passes)) expect(done).toMatchObject({ failed: 0, left: 0 });
          for (const { file, seen } of histories) {
            const version = there.get(file) ?? 0;
            if (version > 0) seen.push(version);
          }
        }
      }

      const builds = await watched.builds();
      for (const { file, written, seen } of histories) {
        const built = await builtOf(file);
        expect(changes(built)).toEqual(built);
        expect(isWithin(changes(seen), built), `${seen} within ${built}`).toBe(true);
        expect(isWithin(built, changes(written)), `${built} within ${written}`).toBe(true);
        const version = there.get(file);
        if (version === undefined) continue;
        const state = await watched.state(pathOf(file));
        expect(state.removedAt).toBeNull();
        expect(state.error === null).toBe(version > 0);
        if (version === 0) continue;
        expect(built.at(-1)).toBe(version);
        const newest = builds.filter(({ environment }) => environment === environmentOf(file)).at(-1);
        expect(state.buildId).toBe(newest?.id);
      }
      const spoilt = FILES.filter((file) => there.get(file) === 0).map((file) => `${pathOf(file)}.error.txt`);
      expect((await watched.paths()).filter((path) => path.endsWith(".txt"))).toEqual(spoilt);
      const gone = (await watched.states())
        .filter(({ removedAt }) => removedAt !== null)
        .map(({ path }) => path);
      expect(gone.filter((path) => FILES.some((file) => there.has(file) && path === pathOf(file)))).toEqual(
        [],
      );
    },
    60_000,
  );
});
