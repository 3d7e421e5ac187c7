/**
 * What pulls of a manifest and of a blob read of the table, by each name that the manifest has.
 * @module
 */
import { type DbCall, openDb } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { cacheSecret } from "#adapters/secrets/secret.ts";
import { mintToken } from "#adapters/secrets/tokens.ts";
import type { Build } from "#core/build/build.ts";
import { answer } from "#functions/registry/registry.ts";
import type { Services } from "#functions/registry/services.ts";
import { LocalError } from "#local/local-error.ts";
import type { LocalAws } from "../local-aws.ts";

export interface Pull {
  /** `manifest by digest`, … */
  readonly what: string;
  readonly reads: number;
}

/** @param build a completed one that has an image */
export async function countReads(aws: LocalAws, build: Build | undefined): Promise<Pull[]> {
  if (build === undefined) throw new LocalError("There is no build to pull an image of.");
  const calls: DbCall[] = [];
  const text = JSON.stringify({ kid: "bench", key: crypto.randomUUID() + crypto.randomUUID() });
  const secret = cacheSecret(async () => text);
  const db = openDb({ table: aws.table, observe: (call) => calls.push(call) });
  const log = openLog({ level: "error" });
  const services: Services = { db, bucket: aws.bucket, secret, services: new Map(), log };
  const expiresAt = new Date(Date.now() + 3_600_000);
  const roleBindings = { "*/*": ["viewer"] };
  const token = await mintToken(secret, { primaryNamespace: "bench", roleBindings, expiresAt });
  const authorization = `Basic ${Buffer.from(`bench:${token}`).toString("base64")}`;
  const pull = async (what: string, path: string) => {
    calls.length = 0;
    const reply = await answer(services, {
      ...{ id: "bench", method: "GET", query: new URLSearchParams(), body: "" },
      path: `/v2/${build.namespace}/${build.environment}/${path}`,
      headers: { host: "localhost", authorization },
    });
    if (reply.status >= 400) throw new LocalError(`${what}: ${reply.status} ${reply.body}`);
    return { pulled: { what, reads: calls.length }, reply };
  };
  const byKey = await pull("manifest by build key", `manifests/${build.buildKey}`);
  const digest = byKey.reply.headers["docker-content-digest"] ?? "";
  const { config } = JSON.parse(byKey.reply.body) as { config: { digest: string } };
  const others = [
    await pull("manifest by build id", `manifests/${build.id}`),
    await pull("manifest by digest", `manifests/${digest}`),
    await pull("blob", `blobs/${config.digest}`),
  ];
  return [byKey, ...others].map(({ pulled }) => pulled);
}
