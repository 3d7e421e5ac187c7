/**
 * An environment as `conda env export` writes it: every package with version and build, no path of any machine.
 * @module
 */
import { dump } from "js-yaml";
import type { Lock } from "./lock.ts";
import { compareText } from "./order.ts";

/**
 * @param alias address in front of bare channel names: its channels are written by name
 * @returns YAML with sorted keys
 */
export function renderYamlExport(lock: Lock, name: string, alias: string): string {
  const base = `${alias.replace(/\/+$/, "")}/`;
  const conda = lock.packages.map((item) => `${item.name}=${item.version}=${item.build}`).sort(compareText);
  const pip = lock.pipPackages.map((item) => `${item.name}==${item.version}`).sort(compareText);
  return dump(
    {
      channels: lock.channels.map((url) => (url.startsWith(base) ? url.slice(base.length) : url)),
      dependencies: pip.length > 0 ? [...conda, { pip }] : conda,
      name,
    },
    { lineWidth: -1, noRefs: true },
  );
}
