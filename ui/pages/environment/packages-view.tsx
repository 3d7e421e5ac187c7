import { useSignal } from "@preact/signals";
import { getBuild } from "#core/contract/builds.ts";
import type { Outcome } from "#core/contract/client.ts";
import { api } from "../../api.ts";
import type { Environment } from "../../environment.ts";
import type { Build } from "../../follow-build.ts";
import { showSize } from "../../format.ts";
import { platformsOf, sizesOf } from "../../package-sizes.ts";
import { allPackages, nameKey, type Package, requestedOf } from "../../packages.ts";
import { RefusalNotice } from "../../parts/notice.tsx";
import { useAnswer } from "../../parts/use-answer.ts";
import { addressOfPlace, environmentPlace } from "../../router.ts";
import { BUILD } from "../../words/build.ts";
import { ENVIRONMENT } from "../../words/environment.ts";

interface Known {
  readonly build: Build;
  readonly packages: readonly Package[];
  readonly requested: ReadonlyMap<string, string>;
}

const ORDERS = ["name", "size"] as const;
type Order = (typeof ORDERS)[number];

/** As they came, which is by name; or the largest first, and those without a size last. */
const inOrder = (packages: readonly Package[], order: Order): readonly Package[] =>
  order === "name" ? packages : packages.toSorted((a, b) => (b.size ?? -1) - (a.size ?? -1));

async function ask(buildId: number, signal: AbortSignal): Promise<Outcome<Known>> {
  const [build, packages] = await Promise.all([
    api(getBuild, { params: { buildId }, signal }),
    allPackages(api, buildId, signal),
  ]);
  if (!packages.ok) return packages;
  if (!build.ok) return build;
  const requested = requestedOf(build.value.data.specification?.spec["dependencies"]);
  return { ok: true, value: { build: build.value.data, packages: packages.value, requested } };
}

/** Every package of a build: what was asked for, and what came of it. */
export function PackagesView({ buildId, environment }: { buildId: number; environment: Environment }) {
  const { answer } = useAnswer(String(buildId), (signal) => ask(buildId, signal));
  const search = useSignal("");
  const onlyRequested = useSignal(false);
  const order = useSignal<Order>("name");
  const words = ENVIRONMENT.pkg;
  const known = answer.value;
  if (known === null) return <p class="quiet">{words.loading}</p>;
  if (!known.ok) return <RefusalNotice refusal={known} />;
  const { build, packages, requested } = known.value;
  if (build.environment_id !== environment.id) return <p class="notice bad">{BUILD.ofAnother}</p>;
  if (packages.length === 0) return <p class="empty card">{words.none}</p>;

  const installed = new Set(packages.map(({ name }) => nameKey(name)));
  const missing = [...requested].filter(([key]) => !installed.has(key)).map(([, text]) => text);
  const text = search.value.trim().toLowerCase();
  const shown = packages.filter(
    ({ name, license }) =>
      [name, license ?? ""].some((each) => each.toLowerCase().includes(text)) &&
      (!onlyRequested.value || requested.has(nameKey(name))),
  );
  const { totalBytes, unknown } = sizesOf(shown, 0);
  const platforms = platformsOf(packages);
  return (
    <>
      {buildId !== environment.current_build_id && (
        <p class="notice">
          {words.ofBuild(buildId)}{" "}
          <a
            href={addressOfPlace(environmentPlace(environment.namespace.name, environment.name, { buildId }))}
          >
            {words.showBuild}
          </a>
        </p>
      )}
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
        <select
          aria-label={words.order}
          value={order.value}
          onChange={({ currentTarget }) => {
            order.value = ORDERS.find((each) => each === currentTarget.value) ?? "name";
          }}
        >
          {ORDERS.map((each) => (
            <option key={each} value={each}>
              {words.orders[each]}
            </option>
          ))}
        </select>
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
        {unknown < shown.length && `, ${words.fetched(showSize(totalBytes), unknown)}`}
        {platforms.length > 0 && `, ${words.platforms(platforms.join(", "))}`}
      </p>
      {missing.length > 0 && (
        <p class="notice">
          {words.notInstalled} {missing.join(", ")}
        </p>
      )}
      {shown.length === 0 ? (
        <p class="empty card">{words.noneMatching}</p>
      ) : (
        <PackageTable packages={inOrder(shown, order.value)} requested={requested} />
      )}
    </>
  );
}

function PackageTable({ packages, requested }: Omit<Known, "build">) {
  const words = ENVIRONMENT.pkg;
  return (
    <table class="card table">
      <thead>
        <tr>
          <th scope="col">{words.name}</th>
          <th scope="col">{words.version}</th>
          <th scope="col">{words.requested}</th>
          <th scope="col">{words.size}</th>
          <th scope="col">{words.channel}</th>
          <th scope="col">{words.license}</th>
        </tr>
      </thead>
      <tbody>
        {packages.map(({ id, name, version, channel, license, size, summary }) => (
          <tr key={id}>
            <th scope="row" title={summary ?? undefined}>
              {name}
            </th>
            <td class="break" data-label={words.version}>
              {version}
            </td>
            <td class="break" data-label={words.requested}>
              {requested.get(nameKey(name)) ?? <span class="quiet">{words.asDependency}</span>}
            </td>
            <td class="number" data-label={words.size}>
              {size === null ? "–" : showSize(size)}
            </td>
            <td class="break" data-label={words.channel} title={channel.name}>
              {shortChannel(channel.name)}
            </td>
            <td class="break" data-label={words.license}>
              {license ?? "–"}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

/** The end of a channel's address is what tells it from others. */
const shortChannel = (name: string): string => name.replace(/\/+$/, "").replace(/^.*\//, "") || name;
