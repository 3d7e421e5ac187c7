/**
 * The stored document as the text of an environment.yml, to be shown and edited. YAML's whole grammar is not needed:
 * the document has texts, whole numbers, lists and mappings.
 * @module
 */

/** Texts that YAML 1.1 would read as a number, boolean, null or date, or that hold its punctuation, are quoted. */
function scalar(value: unknown): string {
  if (typeof value !== "string") return String(value);
  const plain =
    /^[A-Za-z_][A-Za-z0-9_. =<>!*+,/@()|~-]*$/.test(value) &&
    !/ $| #/.test(value) &&
    !/^(?:y|n|yes|no|on|off|true|false|null)$/i.test(value);
  return plain ? value : JSON.stringify(value);
}

function lines(value: unknown, indent: string): string[] {
  if (Array.isArray(value))
    return value.flatMap((item) => {
      if (typeof item !== "object" || item === null) return [`${indent}- ${scalar(item)}`];
      const [first = "{}", ...rest] = lines(item, `${indent}  `);
      return [`${indent}- ${first.trimStart()}`, ...rest];
    });
  return Object.entries(value as Record<string, unknown>).flatMap(([key, item]) => {
    if (typeof item !== "object" || item === null) return [`${indent}${scalar(key)}: ${scalar(item)}`];
    const inner = lines(item, `${indent}  `);
    const empty = Array.isArray(item) ? "[]" : "{}";
    return inner.length === 0
      ? [`${indent}${scalar(key)}: ${empty}`]
      : [`${indent}${scalar(key)}:`, ...inner];
  });
}

/** @param document the normalised document; what is empty or null is left out, and the name comes first. */
export function toYaml(document: Readonly<Record<string, unknown>>): string {
  const { name, description, channels, dependencies, variables, prefix, ...rest } = document;
  const present = Object.entries({
    name,
    description,
    channels,
    dependencies,
    variables,
    prefix,
    ...rest,
  }).filter(([, value]) => value !== null && value !== undefined && value !== "");
  return `${lines(Object.fromEntries(present), "").join("\n")}\n`;
}
