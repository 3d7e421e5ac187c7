/**
 * The reference page of the API: the OpenAPI document for people, with an example of each call.
 * @module
 */
import { ERROR_STATUS } from "#core/errors.ts";
import { EXAMPLES } from "./api-examples.ts";

type Json = { readonly [key: string]: unknown };

/** The page's text. @param document as `openApiDocument` makes it */
export function apiPageText(document: Json): string {
  const paths = Object.entries(document["paths"] as Record<string, Record<string, Json>>);
  const operations = paths.flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method, operation })),
  );
  // Further spellings of a path are named with it.
  const first = operations.filter(({ operation }) => String(operation["operationId"]) in EXAMPLES);
  const spellings = (id: string): string[] =>
    operations
      .filter(({ operation }) => new RegExp(`^${id}(Alias\\d+)?$`).test(String(operation["operationId"])))
      .map(({ path, method }) => `\`${method.toUpperCase()} ${path}\``);
  const { schemas } = document["components"] as { schemas: Record<string, Json> };
  return [
    HEAD,
    ...first.flatMap(({ operation }) =>
      operationText(operation, spellings(String(operation["operationId"]))),
    ),
    "## Shapes",
    ...Object.entries(schemas).map(
      ([name, schema]) => `### ${name}\n\n\`\`\`text\n${notation(schema, "")}\n\`\`\``,
    ),
    "## Errors",
    `${["| `code` | status |", "| --- | --- |", ...Object.entries(ERROR_STATUS).map(([code, status]) => `| \`${code}\` | ${status} |`)].join("\n")}\n`,
  ].join("\n\n");
}

const HEAD = `# The API

Made by \`npm run openapi\` from [openapi.json](openapi.json), which a deployment serves at \`/openapi.json\`. Every path answers with and
without its last slash, below the deployment's prefix. Send a token as \`Authorization: Bearer …\`, as the password of Basic, or as the cookie
\`conda-store-auth\`. In the examples \`URL\` is where the deployment answers, \`TOKEN\` such a token.

An error is a JSON object with \`status\` ("error"), \`message\` (a sentence for people), \`code\` (a word for programs, see
[Errors](#errors)) and \`request_id\`. Who asks too often is answered 429 with \`Retry-After\`.`;

function operationText(operation: Json, spellings: readonly string[]): string[] {
  const id = String(operation["operationId"]) as keyof typeof EXAMPLES;
  const { permission, target } = (operation["x-permission"] ?? {}) as {
    permission?: string;
    target?: string;
  };
  const needs = permission
    ? `Needs \`${permission}\` on ${TARGETS[target ?? ""] ?? target}.`
    : "Anybody may ask.";
  return [
    `## ${id}`,
    `${operation["summary"]}. ${needs}`,
    spellings.join(" · "),
    ...parameterTable((operation["parameters"] ?? []) as readonly Json[]),
    ...bodyText(operation["requestBody"] as Json | undefined),
    answersText(operation["responses"] as Record<string, Json>),
    `\`\`\`bash\n${EXAMPLES[id]}\n\`\`\``,
  ];
}

const TARGETS: Readonly<Record<string, string>> = {
  global: "everything (`*/*`)",
  namespace: "the namespace",
  environment: "the environment",
  build: "the build's environment",
  body: "the environment that the body names",
  "each row": "each row that is shown",
};

function parameterTable(parameters: readonly Json[]): string[] {
  if (parameters.length === 0) return [];
  const rows = parameters.map(({ name, in: place, required, description, schema }) => {
    const given = place === "query" && required !== true ? "" : " (must be given)";
    const preset = (schema as Json)["default"];
    const words = [
      description ?? "",
      preset === undefined || Array.isArray(preset) ? "" : `default ${preset}`,
    ];
    const type = notation(schema as Json, "").replaceAll("|", "\\|");
    return `| \`${name}\`${given} | ${place} | ${type} | ${words.filter(Boolean).join("; ")} |`;
  });
  return [["| parameter | in | type | |", "| --- | --- | --- | --- |", ...rows].join("\n")];
}

function bodyText(body: Json | undefined): string[] {
  if (!body) return [];
  const content = body["content"] as Record<string, { schema: Json }>;
  const types = Object.keys(content).map((type) => `\`${type}\``);
  const [schema] = Object.values(content);
  const intro = `Body${body["required"] === true ? "" : " (may be left out)"}, ${types.join(" or ")}:`;
  return [`${intro}\n\n\`\`\`text\n${notation(schema?.schema ?? {}, "")}\n\`\`\``];
}

function answersText(responses: Record<string, Json>): string {
  const good = Object.entries(responses).filter(([status]) => Number(status) < 400);
  const bad = Object.entries(responses).filter(([status]) => Number(status) >= 400);
  const shapes = good.map(([status, { description, content }]) => {
    const json = (content as Record<string, { schema: Json }> | undefined)?.["application/json"];
    return json
      ? `${status}:\n\n\`\`\`text\n${notation(json.schema, "")}\n\`\`\``
      : `${status}: ${description}.`;
  });
  const codes = bad.map(([status, { description }]) => `${status} ${description}`);
  return [...shapes, `Errors: ${codes.join(" · ")}.`].join("\n\n");
}

/** A schema as people write shapes: `{ id: number, name?: string }`. */
function notation(schema: Json, indent: string): string {
  const { $ref, anyOf, enum: words, const: only, type, properties, items, additionalProperties } = schema;
  if (typeof $ref === "string") return $ref.slice($ref.lastIndexOf("/") + 1);
  if (Array.isArray(anyOf)) return anyOf.map((each) => notation(each, indent)).join(" | ");
  if (Array.isArray(words)) return words.join(" | ");
  if (only !== undefined) return JSON.stringify(only);
  if (type === "array") return `[${notation((items ?? {}) as Json, indent)}]`;
  if (properties && Object.keys(properties).length > 0) return objectNotation(schema, indent);
  if (type === "object" && typeof additionalProperties === "object" && additionalProperties !== null) {
    return `{ any name: ${notation(additionalProperties as Json, indent)} }`;
  }
  if (type === "object") return "object";
  const { minimum, maximum } = schema;
  return minimum === undefined ? String(type ?? "anything") : `${type} ${minimum}–${maximum ?? ""}`;
}

function objectNotation({ properties, required }: Json, indent: string): string {
  const inner = `${indent}  `;
  const lines = Object.entries(properties as Record<string, Json>).map(([name, schema]) => {
    const must = ((required ?? []) as string[]).includes(name) ? "" : "?";
    const words = schema["description"] ? `  # ${schema["description"]}` : "";
    return `${inner}${name}${must}: ${notation(schema, inner)}${words}`;
  });
  return `{\n${lines.join("\n")}\n${indent}}`;
}
