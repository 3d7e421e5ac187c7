/**
 * The API around a test file's own local AWS, with tokens for whoever is wanted.
 * @module
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { AuditedDb } from "#adapters/dynamodb/audit.ts";
import { type DbCall, openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { cacheSecret, readSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import { openQueue, send } from "#adapters/sqs/queue.ts";
import type { BindingMap } from "#core/access/binding.ts";
import type { LinkMessage } from "#core/build/messages.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { createApp } from "#functions/api/app.ts";
import type { Env } from "#functions/api/context.ts";
import type { Services } from "#functions/api/services.ts";
import { audited } from "#test/kit/audited.ts";
import { POLICY } from "./builds.ts";
import type { LocalAws } from "./ministack.ts";

export const DUMMY_PASSWORD = "a password of this test";

const DUMMY_LOGIN = { kind: "dummy", name: "dummy", adoptsNamespaces: false } as const;

export interface Api {
  readonly services: Services & { readonly db: AuditedDb };
  readonly secretText: string;
  /** Every call to DynamoDB since the list was emptied. */
  readonly calls: DbCall[];
  /** Log lines, parsed. */
  readonly lines: Record<string, unknown>[];
  request(path: string, init?: RequestInit, env?: Env["Bindings"]): Promise<Response>;
  /** A token with these bindings, whose owner's namespace is `alice`. */
  token(bindings: BindingMap, primaryNamespace?: string): Promise<string>;
}

/** Puts the API together as its handler does. */
export function openApi(aws: LocalAws, changed: Partial<Services> = {}): Api {
  const calls: DbCall[] = [];
  const lines: Record<string, unknown>[] = [];
  const secretText = JSON.stringify({
    kid: "1",
    key: crypto.randomUUID() + crypto.randomUUID(),
    dummyPassword: DUMMY_PASSWORD,
  });
  const db = audited(openDb({ table: aws.table, observe: (call) => calls.push(call) }));
  const wakeUps = openQueue<{ reason: string }>(aws.wakeUpQueue);
  const links = openQueue<LinkMessage>(aws.linkQueue);
  const services = {
    db,
    auditDays: 30,
    bucket: openBucket(aws.bucket, db.client),
    secret: cacheSecret(async () => secretText),
    settings: deploymentSettings({}),
    prefix: "",
    services: new Map(),
    login: { backends: [DUMMY_LOGIN], sameSite: "lax" },
    clientSecret: (arn) => readSecret(arn)(),
    rates: { submissionsPerMinute: 100_000, loginsPerMinute: 100_000 },
    limits: { ...POLICY, maxQueueHours: 24, maxAttemptMinutes: 60 },
    allowPrivateHosts: [],
    wakeUp: (reason) => send(wakeUps, { reason }),
    askForLink: (link) => send(links, link),
    askForIndexes: async (request) => void lines.push({ askedForIndexes: request }),
    askForSolve: async () => {},
    solveWaitMs: 300,
    openApi: new URL("../../docs/api/openapi.json", import.meta.url),
    page: pathToFileURL(`${mkdtempSync(join(tmpdir(), "conda-store-page-"))}/`),
    log: openLog({ level: "info", write: (line) => lines.push(JSON.parse(line)) }),
    ...changed,
  } satisfies Services as Services & { readonly db: AuditedDb };
  const app = createApp(services);
  return {
    services,
    secretText,
    calls,
    lines,
    request: async (path, init, env) => app.request(path, init, env),
    token: (roleBindings, primaryNamespace = "alice") =>
      mintToken(services.secret, {
        primaryNamespace,
        roleBindings,
        expiresAt: new Date(Date.now() + 3_600_000),
      }),
  };
}

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

/** A PUT of JSON. */
export const put = (body: unknown): RequestInit => ({ ...post(body), method: "PUT" });

/** A POST of JSON. */
export const post = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: "POST",
  headers: { "content-type": "application/json", ...headers },
  body: typeof body === "string" ? body : JSON.stringify(body),
});
