/**
 * Writes docs/access.md: who may call which route, from the contract and the roles; `--check` only compares. One test holds the
 * document to the code, another asks a deployed stack every question in it.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { type BindingMap, parseBindings } from "#core/access/binding.ts";
import { anonymous, authenticated, type Entity, isMember } from "#core/access/entity.ts";
import { may } from "#core/access/may.ts";
import { GLOBAL, ofEnvironment, ofNamespace, type Target } from "#core/access/pattern.ts";
import type { Route } from "#core/contract/route.ts";
import { ROUTES } from "#core/contract/routes.ts";
import { table } from "./markdown-table.ts";

export const ACCESS_PATH = new URL("../docs/access.md", import.meta.url).pathname;

/** What is asked about. */
export const PLACE = { namespace: "team", environment: "demo" } as const;

export interface Asker {
  readonly name: string;
  /** null: no token. */
  readonly bindings: BindingMap | null;
  readonly primaryNamespace: string;
}

export const ASKERS: readonly Asker[] = [
  { name: "anonymous", bindings: null, primaryNamespace: "default" },
  { name: "viewer", bindings: { "team/*": ["viewer"] }, primaryNamespace: "vera" },
  { name: "developer", bindings: { "team/*": ["developer"] }, primaryNamespace: "dora" },
  { name: "admin", bindings: { "team/*": ["admin"] }, primaryNamespace: "ada" },
  { name: "other namespace", bindings: { "other/*": ["admin"] }, primaryNamespace: "otto" },
  { name: "service", bindings: { "*/*": ["viewer"] }, primaryNamespace: "" },
  { name: "admin of all", bindings: { "*/*": ["admin"] }, primaryNamespace: "root" },
];

/** `theirs`: answered, with what the asker may see. */
export type Answer = "yes" | "theirs" | "403";

/** Routes about one's own tokens: for members of a namespace, and for who may do everything. */
const OWN: ReadonlySet<string> = new Set(["listTokens", "revokeToken"]);

/** Lists that refuse who names a namespace without the permission in it; it is named here. */
const NAMED: ReadonlySet<string> = new Set(["listAudit"]);

/** What the documentation says that a route answers to an asker about `PLACE`. */
export function documentedAnswer({ id, access }: Route, asker: Asker): Answer {
  const entity = entityOf(asker);
  if (OWN.has(id)) return isMember(entity) || may(entity, "setting::update", GLOBAL) ? "theirs" : "403";
  if (access.kind === "open") return "yes";
  if (access.kind === "filtered") {
    return !NAMED.has(id) || may(entity, access.permission, targetOf("namespace")) ? "theirs" : "403";
  }
  return may(entity, access.permission, targetOf(access.target)) ? "yes" : "403";
}

function targetOf(target: "global" | "namespace" | "environment" | "build" | "body"): Target {
  if (target === "global") return GLOBAL;
  const { namespace, environment } = PLACE;
  return target === "namespace" ? ofNamespace(namespace) : ofEnvironment(namespace, environment);
}

function entityOf({ bindings, primaryNamespace }: Asker): Entity {
  if (bindings === null) return anonymous(primaryNamespace);
  return authenticated({ primaryNamespace, own: parseBindings(bindings) ?? [], expiresAt: null });
}

const needs = ({ access }: Route): string =>
  access.kind === "permission" ? `\`${access.permission}\` on ${PLACES[access.target]}` : "";
const PLACES = {
  global: "everything",
  namespace: "the namespace",
  environment: "the environment",
  build: "the build's environment",
  body: "the environment in the body",
} as const;

/** The document, whole. */
export function accessDocument(): string {
  const rows = (ROUTES as readonly Route[]).map((route) => [
    `\`${route.method.toUpperCase()} ${route.path}\``,
    needs(route),
    ...ASKERS.map((asker) => documentedAnswer(route, asker)),
  ]);
  const askers = ASKERS.map(({ name, bindings, primaryNamespace }) => [
    name,
    bindings === null ? "no token" : `\`${JSON.stringify(bindings)}\``,
    primaryNamespace === "" ? "none" : primaryNamespace,
  ]);
  return `# Who may call what

Made from the contract and the roles by \`npm run access\`; change them there. Each question is about namespace \`${PLACE.namespace}\`, its environment
\`${PLACE.environment}\` and a build of it. \`403\` is the refusal \`permission_denied\`, the same whether the thing exists or not; a build id is no
secret, so a missing build is 404. \`theirs\` answers with what the asker may see; the audit is asked for the namespace's.

${table(["asker", "roles", "primary namespace"], askers)}

${table(["route", "needs", ...ASKERS.map(({ name }) => name)], rows)}
`;
}

if (import.meta.main) {
  const wanted = accessDocument();
  if (!process.argv.includes("--check")) writeFileSync(ACCESS_PATH, wanted);
  else if (readFileSync(ACCESS_PATH, "utf8") !== wanted) {
    console.error("docs/access.md is out of date: run `npm run access`.");
    process.exitCode = 1;
  }
}
