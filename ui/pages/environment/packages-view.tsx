import { useSignal } from "@preact/signals";
import { getBuild } from "#core/contract/builds.ts";
import type { Outcome } from "#core/contract/client.ts";
import { api } from "../../api.ts";
import { allPackages, nameKey, type Package, requestedOf } from "../../packages.ts";
import { RefusalNotice } from "../../parts/notice.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { ENVIRONMENT } from "../../words/environment.ts";

interface Known {
  readonly packages: readonly Package[];
  readonly requested: ReadonlyMap<string, string>;
}

async function ask(buildId: number, signal: AbortSignal): Promise<Outcome<Known>> {
  const [build, packages] = await Promise.all([
    api(getBuild, { params: { buildId }, signal }),
    allPackages(api, buildId, signal),
  ]);
  if (!packages.ok) return packages;
  if (!build.ok) return build;
  const requested = requestedOf(build.value.data.specification?.spec["dependencies"]);
  return { ok: true, value: { packages: packages.value, requested } };
}

/** Every package of a build: what was asked for, and what came of it. */
export function PackagesView({ buildId }: { buildId: number }) {
  const { answer } = useAnswer(String(buildId), (signal) => ask(buildId, signal));
  const search = useSignal("");
  const onlyRequested = useSignal(false);
  const words = ENVIRONMENT.pkg;
  const known = answer.value;
  if (known === null) return <p class="quiet">{words.loading}</p>;
  if (!known.ok) return <RefusalNotice refusal={known} />;
  const { packages, requested } = known.value;
  if (packages.length === 0) return <p class="empty card">{words.none}</p>;

  const installed = new Set(packages.map(({ name }) => nameKey(name)));
  const missing = [...requested].filter(([key]) => !installed.has(key)).map(([, text]) => text);
  const text = search.value.trim().toLowerCase();
  const shown = packages.filter(
    ({ name }) => name.toLowerCase().includes(text) && (!onlyRequested.value || requested.has(nameKey(name))),
  );
  return (
    <>
      <search class="filters">
        <input
          type="search"
          aria-label={words.search}
          placeholder={words.search}
          value={search.value}
          autoCapitalize="none"
          spellcheck={false}
          onInput={(event) => {
            search.value = event.currentTarget.value;
          }}
        />
        <label class="check">
          <input
            type="checkbox"
            checked={onlyRequested.value}
            onChange={(event) => {
              onlyRequested.value = event.currentTarget.checked;
            }}
          />
          {words.onlyRequested}
        </label>
      </search>
      <p class="small" role="status">
        {words.count(shown.length)}
      </p>
      {missing.length > 0 && (
        <p class="notice">
          {words.notInstalled} {missing.join(", ")}
        </p>
      )}
      {shown.length === 0 ? (
        <p class="empty card">{words.noneMatching}</p>
      ) : (
        <PackageTable packages={shown} requested={requested} />
      )}
    </>
  );
}

function PackageTable({ packages, requested }: Known) {
  const words = ENVIRONMENT.pkg;
  return (
    <table class="card table">
      <thead>
        <tr>
          <th scope="col">{words.name}</th>
          <th scope="col">{words.version}</th>
          <th scope="col">{words.requested}</th>
          <th scope="col">{words.channel}</th>
          <th scope="col">{words.license}</th>
        </tr>
      </thead>
      <tbody>
        {packages.map(({ id, name, version, channel, license, summary }) => (
          <tr key={id}>
            <th scope="row" title={summary ?? undefined}>
              {name}
            </th>
            <td data-label={words.version}>{version}</td>
            <td data-label={words.requested}>
              {requested.get(nameKey(name)) ?? <span class="quiet">{words.asDependency}</span>}
            </td>
            <td data-label={words.channel} title={channel.name}>
              {shortChannel(channel.name)}
            </td>
            <td data-label={words.license}>{license ?? "–"}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The end of a channel's address is what tells it from others. */
const shortChannel = (name: string): string => name.replace(/\/+$/, "").replace(/^.*\//, "") || name;
