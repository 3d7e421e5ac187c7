/**
 * What people asked for that makes and takes away builds, and when: which builds may be gone in the end, and which must be.
 * @module
 */
import type { Build } from "#core/build/build.ts";

/** From before a request was made until after it was answered; monotonic milliseconds. */
interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** An environment's name; null: everything in the namespace. */
export interface Place {
  readonly namespace: string;
  readonly environment: string | null;
}

export type Deleted = Place | { readonly build: number };

interface Deletion extends Span {
  readonly what: Deleted;
  /** Whether it was answered with success; else nobody can say whether it happened. */
  readonly isSure: boolean;
}

export class Deeds {
  readonly #accepted = new Map<number, Span & Place>();
  /** Where builds may have been made that nobody was told of. */
  readonly #untold: Place[] = [];
  readonly #deletions: Deletion[] = [];
  readonly #kept: (Place & { readonly most: number })[] = [];
  readonly #pinners = new Set<number>();
  readonly #pinned = new Set<number>();
  /** Answers that the API must not give. */
  readonly faults: string[] = [];

  /** A POST, or what builds something again, was answered. */
  accepted(build: number, place: Place, span: Span): void {
    this.#accepted.set(build, { ...place, ...span });
  }

  /** Such a request was not answered, and may have had its effect. */
  unanswered(place: Place): void {
    this.#untold.push(place);
  }

  deleted(what: Deleted, span: Span, isSure: boolean): void {
    this.#deletions.push({ what, isSure, ...span });
  }

  /** The environment keeps so many of its builds from now on. */
  kept(place: Place, most: number): void {
    this.#kept.push({ ...place, most });
  }

  /** @returns false if somebody else pins this build, or did: nobody takes another's pin away here */
  mayPin(build: number): boolean {
    const isFirst = !this.#pinners.has(build);
    this.#pinners.add(build);
    return isFirst;
  }

  /** Somebody wants it kept for good. */
  pinned(build: number): void {
    this.#pinned.add(build);
  }

  /** Builds that were accepted, in the order of their ids. */
  ids(): number[] {
    return [...this.#accepted.keys()].sort((a, b) => a - b);
  }

  /** What is wrong with who is there in the end, and who is not. */
  faultsOf(builds: readonly Build[]): string[] {
    const there = new Map<number, Build>(builds.map((build) => [build.id, build]));
    const faults = [...this.faults];
    for (const [id, accepted] of this.#accepted) {
      const build = there.get(id);
      const shown = build?.deletedOn === null;
      if (!shown && !this.#mayBeGone(id, accepted)) faults.push(`build ${id} was accepted and is not there`);
      const by = this.#deletions.find(
        ({ what, isSure, fromMs }) => isSure && takes(what, id, accepted) && fromMs > accepted.toMs,
      );
      if (by && shown) faults.push(`build ${id} is there, though deleted with ${JSON.stringify(by.what)}`);
      if (by && build && !("build" in by.what))
        faults.push(`build ${id} outlived ${JSON.stringify(by.what)}`);
      if (!shown && this.#pinned.has(id) && !this.#placeWasDeleted(id, accepted)) {
        faults.push(`build ${id} was pinned and is not there`);
      }
    }
    return faults;
  }

  #mayBeGone(id: number, accepted: Span & Place): boolean {
    if (this.#deletions.some(({ what, toMs }) => takes(what, id, accepted) && toMs >= accepted.fromMs)) {
      return true;
    }
    const newer = [...this.#accepted].filter(([other, place]) => other > id && takes(accepted, other, place));
    const untold = this.#untold.filter((place) => takes(accepted, id, place));
    const most = newer.length + untold.length;
    return this.#kept.some((kept) => takes(kept, id, accepted) && most >= kept.most);
  }

  #placeWasDeleted(id: number, accepted: Span & Place): boolean {
    return this.#deletions.some(
      ({ what, toMs }) => !("build" in what) && takes(what, id, accepted) && toMs >= accepted.fromMs,
    );
  }
}

function takes(what: Deleted, id: number, { namespace, environment }: Place): boolean {
  if ("build" in what) return what.build === id;
  return what.namespace === namespace && (what.environment === null || what.environment === environment);
}
