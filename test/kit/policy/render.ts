/**
 * Statements in words that a reviewer reads: no ARNs, no suffixes of logical ids.
 * @module
 */
import type { Conditions, ResourceStatement, Role, Statement } from "./roles.ts";

/** `arn:aws:s3:::storagebucket5cb7c8ea/logs/*` → `storagebucket/logs/*` */
export function shortName(resource: string): string {
  const name = resource.startsWith("arn:") ? resource.split(":").slice(5).join(":") : resource;
  return name
    .replace(/-AbCdEf$/, "")
    .replace(/(?<=[a-z])[0-9A-Fa-f]{8}(?=$|[/:.*])/g, "")
    .replace(/:1$/, "");
}

const conditionsText = (conditions: Conditions): string =>
  Object.entries(conditions)
    .flatMap(([operator, keys]) =>
      Object.entries(keys).map(
        ([key, values]) => ` where ${key} ${operator} ${values.map(shortName).sort().join(" | ")}`,
      ),
    )
    .join("");

/** One line: `s3:GetObject on storagebucket/logs/*`. */
export function renderStatement({ effect, actions, resources, conditions }: Statement): string {
  const what = `${[...actions].sort().join(" ")} on ${resources.map(shortName).sort().join(" | ") || "itself"}`;
  return `${effect === "Deny" ? "DENY " : ""}${what}${conditionsText(conditions)}`;
}

export const renderRole = ({ statements, managed }: Role): string[] => [
  ...managed.map((name) => `AWS's own ${name}`),
  ...statements.map(renderStatement).sort(),
];

export const renderResourceStatement = (statement: ResourceStatement): string =>
  `${statement.of.map(shortName).join(", ")}: ${statement.principals.map(shortName).join(", ")}: ${renderStatement(statement)}`;
