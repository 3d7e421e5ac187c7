/**
 * `npm run token`: signs a token with a deployment's own secret, for its operators: the first way in, and a service's.
 * @module
 */
import { parseArgs } from "node:util";
import { cacheSecret, readSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { parsePattern } from "#core/access/pattern.ts";
import { parseRole } from "#core/access/permission.ts";

const USAGE = `usage: npm run --silent token -- --secret ARN [--namespace NAME] [--hours N] PATTERN=ROLE …

Prints a token that holds the given roles, signed with the secret that the deployment printed (…Tokens…Arn). You need AWS
credentials that may read the secret. PATTERN is NAMESPACE/ENVIRONMENT, * stands for any name; ROLE is viewer, editor or
admin. The token ends after N hours (default 1, at most 8760).

example: npm run --silent token -- --secret ARN --hours 8 '*/*=admin'`;

const HOURS_MAX = 8760;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    secret: { type: "string" },
    namespace: { type: "string", default: "default" },
    hours: { type: "string", default: "1" },
    help: { type: "boolean", short: "h" },
  },
});
const hours = Number(values.hours);
if (values.help || !values.secret || positionals.length === 0 || !(hours > 0 && hours <= HOURS_MAX)) {
  console.log(USAGE);
  process.exit(values.help ? 0 : 2);
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
  const token = await mintToken(cacheSecret(readSecret(values.secret)), {
    primaryNamespace: values.namespace,
    roleBindings,
    expiresAt: new Date(Date.now() + hours * 3_600_000),
  });
  console.log(token);
} catch (error) {
  console.error(`No token was made: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
