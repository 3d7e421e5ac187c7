import { Component } from "preact";
import type { listEnvironments } from "#core/contract/environments.ts";
import type { Reply } from "#core/contract/route.ts";
import { addressOfPlace, environmentPlace } from "../router.ts";
import { WORDS } from "../words/common.ts";

export type EnvironmentRow = Reply<typeof listEnvironments>["data"][number];

interface RowsProps {
  readonly rows: readonly EnvironmentRow[];
  /** The namespace that the rows before end with. */
  readonly before: string | null;
}

function grouped(rows: readonly EnvironmentRow[]): [string, EnvironmentRow[]][] {
  const groups = new Map<string, EnvironmentRow[]>();
  for (const row of rows) {
    const group = groups.get(row.namespace.name);
    if (group) group.push(row);
    else groups.set(row.namespace.name, [row]);
  }
  return [...groups];
}

/** Some rows, by namespace. They do not change: drawn once, however many come behind them. */
export class Rows extends Component<RowsProps> {
  override shouldComponentUpdate(next: RowsProps): boolean {
    return next.rows !== this.props.rows || next.before !== this.props.before;
  }

  override render({ rows, before }: RowsProps) {
    return grouped(rows).map(([namespace, group]) => (
      <section
        key={namespace}
        class={namespace === before ? "continued" : undefined}
        aria-label={namespace === before ? WORDS.list.continued(namespace) : namespace}
      >
        {namespace !== before && (
          <h2 class="group">
            <a href={addressOfPlace({ page: "namespace", name: namespace })}>{namespace}</a>
          </h2>
        )}
        <ul class="rows card">
          {group.map(({ id, name, description }) => (
            <li key={id}>
              <a class="row" href={addressOfPlace(environmentPlace(namespace, name))}>
                <span class="row-name">
                  <span class="namespace">{namespace}/</span>
                  <wbr />
                  {name}
                </span>
                {description && <span class="row-description">{description}</span>}
              </a>
            </li>
          ))}
        </ul>
      </section>
    ));
  }
}
