/**
 * What part of a request's processor time goes into finding out whose token it brings.
 * @module
 */
import { onBehalf } from "#adapters/dynamodb/audit.ts";
import type { Db } from "#adapters/dynamodb/db.ts";
import { openLog } from "#adapters/log.ts";
import { openBucket } from "#adapters/s3/open-bucket.ts";
import { cacheSecret } from "#adapters/secrets/secret.ts";
import { MAX_TRIES } from "#core/build/tries.ts";
import { deploymentSettings } from "#core/settings/settings.ts";
import { createApp } from "#functions/api/app.ts";
import { issueToken } from "#functions/api/issue-token.ts";
import type { Services } from "#functions/api/services.ts";
import { bearerOf } from "#functions/bearer.ts";
import { seed } from "../api/seed.ts";
import { median } from "../table.ts";

const REQUESTS = 300;
const ROUNDS = 5;

export interface TokenShare {
  readonly requestMicros: number;
  /** Of a token that this function has seen within seconds. */
  readonly knownMicros: number;
  /** Of one that nobody has seen: signature, claims, record, and that it is in use written down. */
  readonly newMicros: number;
  /** Part of the request, the median of the rounds. */
  readonly knownShare: number;
  readonly newShare: number;
}

/** Asks for one environment again and again with one token, and checks that token alone as often. */
export async function measureTokens(plain: Db): Promise<TokenShare> {
  const db = onBehalf(plain, { by: { kind: "user", name: "alice" }, requestId: null, address: null }, 365);
  const world = await seed(db, 1);
  const services = servicesOf(db);
  const app = createApp(services);
  const token = async (): Promise<string> =>
    (
      await issueToken(
        { db, secret: services.secret },
        {
          ...{ kind: "token", name: null, primaryNamespace: "alice", madeFrom: [] },
          roleBindings: { [`${world.namespace}/*`]: ["developer"], "alice/*": ["admin"] },
          expiresAt: new Date(Date.now() + 3_600_000),
        },
      )
    ).token;
  const known = await token();
  const path = `/api/v1/environment/${world.namespace}/${world.environment}/`;
  const request = async (): Promise<void> => {
    const { status } = await app.request(path, { headers: { authorization: `Bearer ${known}` } });
    if (status !== 200) throw new Error(`${path}: ${status}`);
  };
  const check = async (given: string | undefined): Promise<void> => {
    if (!given || !(await bearerOf(services, given))) throw new Error("a good token was refused");
  };
  await microsOf(REQUESTS, request);
  const rounds: { request: number; known: number; fresh: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const strangers = await Promise.all(Array.from({ length: REQUESTS }, token));
    rounds.push({
      request: await microsOf(REQUESTS, request),
      known: await microsOf(REQUESTS, () => check(known)),
      fresh: await microsOf(REQUESTS, (n) => check(strangers[n])),
    });
  }
  return {
    requestMicros: median(rounds.map((round) => round.request)),
    knownMicros: median(rounds.map((round) => round.known)),
    newMicros: median(rounds.map((round) => round.fresh)),
    knownShare: median(rounds.map((round) => round.known / round.request)),
    // A request with a new token is one with a known one and the difference.
    newShare: median(rounds.map(({ request, known, fresh }) => fresh / (request - known + fresh))),
  };
}

async function microsOf(times: number, call: (n: number) => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  for (let n = 0; n < times; n++) await call(n);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

const nobodyAsks = async (): Promise<void> => {};

function servicesOf(db: Db): Services {
  const secret = crypto.randomUUID() + crypto.randomUUID();
  return {
    db,
    askForSolve: nobodyAsks,
    solveWaitMs: 0,
    auditDays: 365,
    bucket: openBucket("bench", db.client),
    secret: cacheSecret(async () => secret),
    settings: deploymentSettings({}),
    prefix: "",
    services: new Map(),
    login: { backends: [], sameSite: "lax" },
    clientSecret: async () => "",
    rates: { submissionsPerMinute: 1_000_000, loginsPerMinute: 1_000_000 },
    limits: {
      maxTries: MAX_TRIES,
      taskSizes: [{ cpuUnits: 1024, memoryMiB: 4096 }],
      maxQueueHours: 24,
      maxAttemptMinutes: 60,
    },
    allowPrivateHosts: [],
    wakeUp: nobodyAsks,
    askForLink: nobodyAsks,
    askForIndexes: nobodyAsks,
    openApi: new URL("../../docs/api/openapi.json", import.meta.url),
    page: new URL("../../ui/", import.meta.url),
    log: openLog({ write: () => {} }),
  };
}
