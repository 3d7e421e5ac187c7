/**
 * The tables of the images' bench, and what they say of the budgets.
 * @module
 */
import { median, renderTable } from "../table.ts";
import type { Pull } from "./pulls.ts";
import { IMAGES, type ImageBuild, type ImageName, type Round } from "./rounds.ts";

/** Of an image that shares nine tenths of its packages, against the first one. */
const BYTES_SHARE_MAX = 0.15;
const SECONDS_SHARE_MAX = 0.2;
/** Of the table, for a manifest or a blob. */
const READS_MAX = 1;

const TITLES: Readonly<Record<ImageName, string>> = {
  first: "the first",
  second: "a second, nine tenths shared",
  more: "the first and one package",
};

export interface Verdict {
  readonly what: string;
  readonly found: string;
  readonly budget: string;
  readonly within: boolean;
}

export function reportImages(
  rounds: readonly Round[],
  pulls: readonly Pull[],
): { text: string; within: boolean } {
  const verdicts = verdictsOf(rounds, pulls);
  const text = [
    renderTable(
      [
        "image",
        "packages",
        "seconds",
        "of first",
        "MB stored",
        "of first",
        "layers",
        "new",
        "fat s",
        "fat MB",
      ],
      IMAGES.map((name) => imageRow(rounds, name)),
    ),
    "Seconds of the step image, which is all beyond the install; a fat layer is tar | gzip of the same environment.",
    "Medians of the rounds; shares are the medians of each round's own.",
    "",
    renderTable(
      ["pull", "reads of the table"],
      pulls.map(({ what, reads }) => [what, reads]),
    ),
    "",
    renderTable(
      ["what", "found", "budget", "verdict"],
      verdicts.map(({ what, found, budget, within }) => [what, found, budget, within ? "within" : "ABOVE"]),
    ),
  ].join("\n");
  return { text, within: verdicts.every(({ within }) => within) };
}

export function verdictsOf(rounds: readonly Round[], pulls: readonly Pull[]): Verdict[] {
  const bytes = shareOf(rounds, "second", ({ addedBytes }) => addedBytes);
  const seconds = shareOf(rounds, "second", (image) => image.seconds);
  const reads = Math.max(...pulls.map((pull) => pull.reads));
  const stray = Math.max(...rounds.map(strayLayers));
  return [
    {
      what: `${TITLES.second}: bytes / the first's`,
      found: percent(bytes),
      budget: `≤ ${percent(BYTES_SHARE_MAX)}`,
      within: bytes <= BYTES_SHARE_MAX,
    },
    {
      what: `${TITLES.second}: seconds / the first's`,
      found: percent(seconds),
      budget: `≤ ${percent(SECONDS_SHARE_MAX)}`,
      within: seconds <= SECONDS_SHARE_MAX,
    },
    {
      what: "one package more: layers changed but its own and the last",
      found: String(stray),
      budget: "0",
      within: stray === 0,
    },
    {
      what: "reads of the table for a manifest or a blob, at most",
      found: String(reads),
      budget: `≤ ${READS_MAX}`,
      within: reads <= READS_MAX,
    },
  ];
}

const digestsOf = ({ manifest }: ImageBuild): string[] => manifest.layers.map(({ digest }) => digest);

/** Layers of the image that another one has not. */
function newLayers(image: ImageBuild, than: ImageBuild): number {
  const known = new Set(digestsOf(than));
  return digestsOf(image).filter((digest) => !known.has(digest)).length;
}

/** A package more is a layer more and another last layer; whatever else is new, or gone, should not be. */
function strayLayers({ builds: { first, more } }: Round): number {
  return Math.max(0, newLayers(more, first) - 2) + Math.max(0, newLayers(first, more) - 1);
}

function shareOf(rounds: readonly Round[], name: ImageName, of: (image: ImageBuild) => number): number {
  return median(rounds.map(({ builds }) => of(builds[name]) / of(builds.first)));
}

function imageRow(rounds: readonly Round[], name: ImageName): (string | number)[] {
  const images = rounds.map(({ builds }) => builds[name]);
  const middle = (of: (image: ImageBuild) => number): number => median(images.map(of));
  const fresh = rounds.map(({ builds: { first, [name]: image } }) =>
    name === "first" ? digestsOf(image).length : newLayers(image, first),
  );
  return [
    TITLES[name],
    middle(({ packages }) => packages),
    middle(({ seconds }) => seconds).toFixed(2),
    percent(shareOf(rounds, name, ({ seconds }) => seconds)),
    megabytes(middle(({ addedBytes }) => addedBytes)),
    percent(shareOf(rounds, name, ({ addedBytes }) => addedBytes)),
    middle((image) => digestsOf(image).length),
    median(fresh),
    middle(({ fat }) => fat.seconds).toFixed(2),
    megabytes(middle(({ fat }) => fat.bytes)),
  ];
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
const megabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);
