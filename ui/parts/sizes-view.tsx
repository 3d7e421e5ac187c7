import { api } from "../api.ts";
import { showSize } from "../format.ts";
import { sizesOf } from "../package-sizes.ts";
import { allPackages } from "../packages.ts";
import { BUILD } from "../words/build.ts";
import { Bar } from "./bar.tsx";
import { RefusalNotice } from "./notice.tsx";
import { useAnswer } from "./use-answer.ts";

/** Packages that have a bar of their own. */
const LARGEST = 10;

/** Packages of a completed build by size: a bar for each of the largest, one for all others; the same in words. */
export function SizesView({ buildId, packages }: { buildId: number; packages: string }) {
  const { answer } = useAnswer(String(buildId), (signal) => allPackages(api, buildId, signal));
  const known = answer.value;
  if (known === null) return null;
  if (!known.ok) return <RefusalNotice refusal={known} />;
  if (known.value.length === 0) return null;
  const { largest, others, totalBytes, unknown } = sizesOf(known.value, LARGEST);
  const words = BUILD.sizes;
  const whole = Math.max(1, others.bytes, largest[0]?.bytes ?? 0);
  return (
    <>
      <h3>{words.title}</h3>
      <p class="small">
        {largest.length > 0 && `${words.fetched(known.value.length - unknown, showSize(totalBytes))} `}
        {unknown > 0 && `${words.unknown(unknown)} `}
        <a href={packages}>{words.all}</a>
      </p>
      <ol class="bars named">
        {largest.map(({ name, bytes }) => (
          <li key={name}>
            <span class="bar-name" title={name}>
              {name}
            </span>
            <Bar length={bytes} whole={whole} />
            <span class="bar-value">{showSize(bytes)}</span>
          </li>
        ))}
        {others.count > 0 && (
          <li class="others">
            <span class="bar-name">{words.others(others.count)}</span>
            <Bar length={others.bytes} whole={whole} />
            <span class="bar-value">{showSize(others.bytes)}</span>
          </li>
        )}
      </ol>
    </>
  );
}
