/**
 * `npm run token`: signs a token with a deployment's own secret, for its operators: the first way in, and a service's.
 * @module
 */
import { createHash, randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { cacheSecret, readSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { parsePattern } from "#core/access/pattern.ts";
import { parseRole } from "#core/access/permission.ts";
import { readServices } from "#core/token/services.ts";

const USAGE = `usage: npm run --silent token -- --secret ARN [--namespace NAME] [--hours N] PATTERN=ROLE …
       npm run --silent token -- --service NAME [--existing] PATTERN=ROLE …

Prints a token that holds the given roles, signed with the secret that the deployment printed (TokenSecretArn). You need AWS
credentials that may read the secret. PATTERN is NAMESPACE/ENVIRONMENT, * stands for any name; ROLE is viewer, editor or
admin. The token ends after N hours (default 1, at most 8760).

With --service nothing is signed: a random token is printed that does not end, and the entry for "services" of the deployment's
file, which has its SHA-256 only. --existing takes the token from the variable CONDA_STORE_TOKEN, for a service that has one.

example: npm run --silent token -- --secret ARN --hours 8 '*/*=admin'`;

const HOURS_MAX = 8760;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    secret: { type: "string" },
    namespace: { type: "string", default: "default" },
    hours: { type: "string", default: "1" },
    service: { type: "string" },
    existing: { type: "boolean", default: false },
    help: { type: "boolean", short: "h" },
  },
});
const hours = Number(values.hours);
const oneOfThem = (values.secret === undefined) !== (values.service === undefined);
if (values.help || !oneOfThem || positionals.length === 0 || !(hours > 0 && hours <= HOURS_MAX)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
}
/** As guessable as 32 random bytes; what services of other deployments have is as long. */
const TOKEN_LENGTH_MIN = 32;

/** @throws Error when the token could be guessed, or the entry is none that a deployment takes */
function printService(name: string, roleBindings: Readonly<Record<string, readonly string[]>>): void {
  const token = values.existing
    ? (process.env["CONDA_STORE_TOKEN"] ?? "")
    : randomBytes(32).toString("base64url");
  if (token.length < TOKEN_LENGTH_MIN) {
    throw new Error(
      `CONDA_STORE_TOKEN has fewer than ${TOKEN_LENGTH_MIN} characters: a token must not be guessed.`,
    );
  }
  const entry = { name, sha256: createHash("sha256").update(token).digest("hex"), roleBindings };
  if (readServices([entry]) === null) {
    throw new Error(`"${name}" is no name of a service: lower-case letters, digits and -, at most 40.`);
  }
  if (!values.existing) console.log(token);
  console.log(JSON.stringify(entry));
}

try {
  const roleBindings: Record<string, string[]> = {};
  for (const grant of positionals) {
    const cut = grant.lastIndexOf("=");
    const [pattern, role] = [grant.slice(0, cut), grant.slice(cut + 1)];
    if (!parsePattern(pattern)) throw new Error(`"${pattern}" is no pattern: write NAMESPACE/ENVIRONMENT.`);
    if (!parseRole(role)) throw new Error(`"${role}" is no role: viewer, editor or admin.`);
    roleBindings[pattern] = [...(roleBindings[pattern] ?? []), role];
  }
  if (values.service !== undefined) printService(values.service, roleBindings);
  else {
    const token = await mintToken(cacheSecret(readSecret(values.secret ?? "")), {
      primaryNamespace: values.namespace,
      roleBindings,
      expiresAt: new Date(Date.now() + hours * 3_600_000),
    });
    console.log(token);
  }
} catch (error) {
  console.error(`No token was made: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
