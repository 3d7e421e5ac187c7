import type { Build } from "../follow-build.ts";
import { addressOfPlace } from "../router.ts";
import { canIn } from "../session.ts";
import { BUILD } from "../words/build.ts";
import { toYaml } from "../yaml-text.ts";
import { Snippet } from "./copy.tsx";

/** What a build was made from, and the way to change it. */
export function SpecificationCard({
  build,
  namespace,
  environment,
}: {
  build: Build;
  namespace: string;
  environment: string;
}) {
  const spec = build.specification?.spec;
  if (!spec) return null;
  return (
    <section class="card" aria-labelledby="specification-title">
      <div class="build-head">
        <h2 id="specification-title">{BUILD.specification}</h2>
        {canIn("environment:create", namespace, environment) && (
          <a class="button" href={addressOfPlace({ page: "create", from: { namespace, buildId: build.id } })}>
            {BUILD.edit}
          </a>
        )}
      </div>
      <Snippet text={toYaml(spec)} label={BUILD.specificationFile} />
    </section>
  );
}
