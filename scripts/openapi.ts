/**
 * Writes docs/api/openapi.json from the routes of core/contract. A test holds the file equal to them.
 * @module
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ConversionConfig, toJsonSchema } from "@valibot/to-json-schema";
import type * as v from "valibot";
import { Build, LogLines, Package } from "#core/contract/build-shapes.ts";
import { Plan } from "#core/contract/deletion.ts";
import { Environment } from "#core/contract/environments.ts";
import { AUTH_COOKIE } from "#core/contract/login.ts";
import { Namespace } from "#core/contract/namespaces.ts";
import { errorsOf, type Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { ErrorReply } from "#core/contract/shapes.ts";
import { ERROR_STATUS, type ErrorCode } from "#core/errors.ts";
import { VERSION } from "#core/version.ts";
import { apiPageText } from "./api-page.ts";

export const OPENAPI_FILE = join(import.meta.dirname, "..", "docs", "api", "openapi.json");
/** The same for people. */
export const API_PAGE_FILE = join(import.meta.dirname, "..", "docs", "api", "README.md");
/** The document that clients were last told to rely on. */
export const RELEASED_FILE = join(import.meta.dirname, "..", "docs", "api", "released.json");

type Json = Record<string, unknown>;
type AnySchema = v.GenericSchema<unknown, unknown>;

/** Shapes with a name of their own in the document. */
const COMPONENTS: Readonly<Record<string, AnySchema>> = {
  Build,
  Environment,
  Error: ErrorReply,
  LogLines,
  Namespace,
  DeletionPlan: Plan,
  Package,
};

const CONVERSION: ConversionConfig = {
  target: "draft-2020-12",
  // Requests are described as they are sent, before any text becomes a number.
  typeMode: "input",
  // What JSON Schema cannot say (names that are "." for instance) is said in the error's sentence.
  errorMode: "ignore",
  definitions: COMPONENTS,
  overrideRef: ({ referenceId }) => `#/components/schemas/${referenceId}`,
};

function schemaOf(schema: AnySchema): Json {
  const { $schema: _, $defs: __, ...json } = toJsonSchema(schema, CONVERSION) as Json;
  return json;
}

/** The definition of a component itself, not a reference to it. */
function componentOf(name: string, schema: AnySchema): Json {
  const others = Object.fromEntries(Object.entries(COMPONENTS).filter(([each]) => each !== name));
  const {
    $schema: _,
    $defs: __,
    ...json
  } = toJsonSchema(schema, { ...CONVERSION, definitions: others }) as Json;
  return json;
}

/** The whole document. Same routes, same text. */
export function openApiDocument(): Json {
  const paths: Record<string, Json> = {};
  for (const route of ROUTES as readonly Route[]) {
    for (const [index, path] of [route.path, ...route.aliases].entries()) {
      const key = `${path.replace(/:(\w+)/g, "{$1}")}/`;
      paths[key] = { ...paths[key], [route.method]: operationOf(route, index) };
    }
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "conda-store",
      version: VERSION,
      description:
        "Every path answers with and without its trailing slash. A deployment may put a prefix in front of all.",
      license: { name: "BSD-3-Clause", identifier: "BSD-3-Clause" },
    },
    servers: [{ url: "/" }],
    paths,
    components: {
      schemas: Object.fromEntries(
        Object.entries(COMPONENTS).map(([name, schema]) => [name, componentOf(name, schema)]),
      ),
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", bearerFormat: "JWT" },
        basic: { type: "http", scheme: "basic", description: "Any user name; the password is a token" },
        cookie: { type: "apiKey", in: "cookie", name: AUTH_COOKIE },
      },
    },
    // The empty one: who sends nothing is the anonymous entity, which may do what its bindings say.
    security: [{ bearer: [] }, { basic: [] }, { cookie: [] }, {}],
  };
}

function operationOf(route: Route, alias: number): Json {
  const parameters = [...parametersOf(route, "path"), ...parametersOf(route, "query")];
  return {
    operationId: alias === 0 ? route.id : `${route.id}Alias${alias}`,
    summary: route.summary,
    ...(route.access.kind === "open" ? {} : { "x-permission": permissionOf(route) }),
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(route.body ? { requestBody: bodyOf(route.body) } : {}),
    responses: { ...successesOf(route), ...failuresOf(route) },
  };
}

function permissionOf({ access }: Route): Json {
  if (access.kind === "permission") return { permission: access.permission, target: access.target };
  return access.kind === "filtered" ? { permission: access.permission, target: "each row" } : {};
}

function parametersOf(route: Route, place: "path" | "query"): Json[] {
  const { entries } = place === "path" ? route.params : route.query;
  return Object.entries(entries).map(([name, schema]) => {
    const { description, ...json } = schemaOf(schema as AnySchema);
    // Defaults are given as text, before it is read.
    if (json["type"] === "integer" && "default" in json) json["default"] = Number(json["default"]);
    return {
      name,
      in: place,
      required: schema.type !== "optional",
      ...(description ? { description } : {}),
      schema: json,
    };
  });
}

function bodyOf({ schema, form, optional }: NonNullable<Route["body"]>): Json {
  const content = { schema: schemaOf(schema) };
  return {
    required: optional !== true,
    content: {
      "application/json": content,
      ...(form ? { "application/x-www-form-urlencoded": content } : {}),
    },
  };
}

function successesOf({ reply, otherReplies }: Route): Json {
  const responses: Record<string, { description: string; content?: Json }> = {};
  if (reply)
    responses["200"] = { description: "Done", content: { "application/json": { schema: schemaOf(reply) } } };
  for (const { status, description, mediaType } of otherReplies) {
    const known = responses[status];
    // A redirect has no body of its own: what it leads to is told in words.
    const content = mediaType && status === 200 ? { [mediaType]: { schema: { type: "string" } } } : {};
    const words = mediaType && status !== 200 ? `${description} (${mediaType})` : description;
    responses[status] = {
      description: known ? `${known.description}; ${words}` : words,
      ...(status === 200 ? { content: { ...known?.content, ...content } } : {}),
    };
  }
  return responses;
}

function failuresOf(route: Route): Json {
  const byStatus = new Map<number, ErrorCode[]>();
  for (const code of errorsOf(route))
    byStatus.set(ERROR_STATUS[code], [...(byStatus.get(ERROR_STATUS[code]) ?? []), code]);
  return Object.fromEntries(
    [...byStatus]
      .sort(([a], [b]) => a - b)
      .map(([status, codes]) => [
        status,
        {
          description: codes.join(", "),
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
        },
      ]),
  );
}

/** The file's text. */
export const openApiText = (): string => `${JSON.stringify(openApiDocument(), null, 2)}\n`;

if (import.meta.main) {
  mkdirSync(dirname(OPENAPI_FILE), { recursive: true });
  writeFileSync(OPENAPI_FILE, openApiText());
  writeFileSync(API_PAGE_FILE, apiPageText(openApiDocument()));
  console.log(`Wrote ${OPENAPI_FILE}`);
  if (process.argv.includes("--release")) {
    writeFileSync(RELEASED_FILE, `${JSON.stringify(openApiDocument())}\n`);
    console.log(`Wrote ${RELEASED_FILE}`);
  }
}
