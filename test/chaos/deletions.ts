/**
 * People who delete, pin and build again what others use at that moment.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import type { Deeds, Deleted } from "./deeds.ts";
import type { People } from "./people.ts";
import type { Mishap } from "./plan.ts";

type Kind =
  | "older build deleted"
  | "older build pinned"
  | "older build built again"
  | "environment deleted"
  | "namespace deleted"
  | "only the newest kept";
export type DeletionMishap = Extract<Mishap, { readonly kind: Kind }>;

export interface DeletionParts {
  readonly place: { readonly namespace: string; readonly environment: string };
  /** Some completed build of the environment, as soon as there is one; null if that does not happen. */
  readonly old: () => Promise<number | null>;
  readonly people: People;
  readonly deeds: Deeds;
  /** To be called when it was done. */
  readonly done: () => void;
}

/** The current build and pinned ones cannot be deleted: somebody who wants to tries again, for a while. */
const TRIES = 20;
const TRY_MS = 500;

export async function deletionMishap(mishap: DeletionMishap, parts: DeletionParts): Promise<void> {
  const { place, old, people, deeds, done } = parts;
  const together = (count: number, what: Deleted): Promise<number[]> =>
    Promise.all(Array.from({ length: count }, () => people.remove(what)));
  switch (mishap.kind) {
    case "environment deleted":
      await pause(mishap.afterMs);
      await together(mishap.people, place);
      return done();
    case "namespace deleted":
      await pause(mishap.afterMs);
      await together(mishap.people, { ...place, environment: null });
      return done();
    case "only the newest kept":
      // Noted before: what is not answered may be so all the same.
      deeds.kept(place, mishap.builds);
      if ((await people.keep(place.namespace, place.environment, mishap.builds)) === 200) done();
      return;
    case "older build deleted":
      for (let tries = 0; tries < TRIES; tries += 1) {
        const build = await old();
        if (build === null) return;
        if ((await together(mishap.people, { build })).includes(200)) return done();
        await pause(TRY_MS);
      }
      return;
    case "older build pinned":
      return await pin(mishap.goesOn, parts);
    case "older build built again": {
      const build = await old();
      if (build === null) return;
      const [again] = await Promise.all([
        people.again(build, place, mishap.frozen),
        mishap.andDeleted ? people.remove({ build }) : null,
      ]);
      if (again === 200) done();
    }
  }
}

/** What is pinned is not deleted, whoever asks, until somebody takes the pin away. */
async function pin(goesOn: boolean, { old, people, deeds, done }: DeletionParts): Promise<void> {
  const build = await old();
  if (build === null || !deeds.mayPin(build) || (await people.pin(build)) !== 200) return;
  const status = await people.remove({ build });
  if (status === 200) deeds.faults.push(`build ${build} was deleted though it was pinned`);
  if (goesOn) deeds.pinned(build);
  else {
    await people.unpin(build);
    await people.remove({ build });
  }
  done();
}
