/**
 * A small client of image registries: what it takes to copy one image. Addresses are judged as channels' are.
 * @module
 */
import type { IncomingMessage } from "node:http";
import * as v from "valibot";
import { askOnce, askUpstream, drain } from "#adapters/channel/upstream.ts";
import { isAllowedPrivateHost } from "#core/address/check-url.ts";
import type { ChannelKeys } from "#core/channel/credentials.ts";
import { DOCKER_MANIFEST, digestOf, OCI_MANIFEST } from "#core/image/manifest.ts";
import type { ImageReference } from "#core/image/reference.ts";
import { BuildFailure } from "../failure.ts";

export interface PullOptions {
  readonly allowPrivateHosts: readonly string[];
  /** Credentials by address; read only for a registry that asks who we are. */
  readonly keys: () => Promise<ChannelKeys>;
  readonly signal: AbortSignal;
  /** What to do about an image that cannot be copied: a sentence. */
  readonly advice: string;
}

const INDEXES = [
  "application/vnd.oci.image.index.v1+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
];
const MANIFESTS = [OCI_MANIFEST, DOCKER_MANIFEST];
/** Registries take four megabytes of manifest at most. */
const TEXT_BYTES_MAX = 4 * 1024 * 1024;

const Index = v.object({
  manifests: v.array(
    v.object({
      digest: v.string(),
      platform: v.optional(
        v.object({ os: v.string(), architecture: v.string(), variant: v.optional(v.string()) }),
      ),
    }),
  ),
});
const Token = v.object({ token: v.optional(v.string()), access_token: v.optional(v.string()) });

export interface Registry {
  /** The manifest for linux on this architecture, word for word. */
  manifest(architecture: string): Promise<{ readonly digest: string; readonly text: string }>;
  /** A blob's bytes, not yet compared with its digest. */
  blob(digest: string): Promise<IncomingMessage>;
  /** A small blob, compared. */
  text(digest: string): Promise<string>;
}

/** The registry of an image; connects at the first call. Errors are BuildFailures that name the image. */
export function openRegistry(
  { origin, repository, reference }: ImageReference,
  options: PullOptions,
): Registry {
  const image = `${new URL(origin).host}/${repository}`;
  let authorization: Record<string, string> = {};
  const broken = (what: string): BuildFailure =>
    new BuildFailure(`The base image ${image} cannot be copied: ${what}. ${options.advice}`);

  const reached = async (asked: Promise<IncomingMessage>): Promise<IncomingMessage> => {
    try {
      return await asked;
    } catch (error) {
      options.signal.throwIfAborted();
      throw broken(error instanceof Error ? error.message : String(error));
    }
  };
  const ask = async (path: string, accept: readonly string[]): Promise<IncomingMessage> => {
    const url = new URL(`${origin}/v2/${repository}/${path}`);
    for (let tries = 0; ; tries += 1) {
      const headers = { ...authorization, ...(accept.length > 0 ? { accept: accept.join(", ") } : {}) };
      const response = await reached(askOnce({ method: "GET", url, headers, ...options }));
      const { statusCode = 0, headers: answered } = response;
      if (statusCode === 200) return response;
      drain(response);
      if (statusCode === 401 && tries === 0) {
        const challenge = answered["www-authenticate"] ?? "";
        const own = (await options.keys()).authorise(url).authorization;
        authorization = await logIn({ challenge, own, repository }, options, { reached, broken });
      } else if (answered.location !== undefined && statusCode >= 300 && statusCode < 400) {
        // Wherever blobs lie is not to see what we showed the registry.
        const next = await reached(
          askUpstream({
            method: "GET",
            url: new URL(answered.location, url),
            headers: {},
            ...options,
          }),
        );
        if (next.statusCode === 200) return next;
        drain(next);
        throw broken(`${next.statusCode} for what the registry sent us to`);
      } else throw broken(whyRefused(statusCode, path));
    }
  };
  const read = async (path: string, accept: readonly string[], digest: string | null): Promise<Buffer> => {
    const bytes = await collect(await ask(path, accept));
    if (bytes === null) throw broken(`${path} is longer than ${TEXT_BYTES_MAX} bytes`);
    if (digest !== null && digestOf(bytes) !== digest)
      throw broken(`${path} has other bytes than its digest says`);
    return bytes;
  };
  const isDigest = reference.startsWith("sha256:");

  return {
    async manifest(architecture) {
      const first = await read(
        `manifests/${reference}`,
        [...INDEXES, ...MANIFESTS],
        isDigest ? reference : null,
      );
      const index = v.safeParse(Index, parseJson(first));
      if (!index.success) return { digest: digestOf(first), text: first.toString("utf8") };
      const found = index.output.manifests.find(
        ({ platform }) => platform?.os === "linux" && platform.architecture === architecture,
      );
      if (!found) throw broken(`there is none for linux on ${architecture}`);
      const text = (await read(`manifests/${found.digest}`, MANIFESTS, found.digest)).toString("utf8");
      return { digest: found.digest, text };
    },
    blob: (digest) => ask(`blobs/${digest}`, []),
    text: async (digest) => (await read(`blobs/${digest}`, [], digest)).toString("utf8"),
  };
}

/** Many registries answer the same for what is not there and for what is somebody else's. */
function whyRefused(status: number, path: string): string {
  const said = `the registry answers ${status} for ${path}`;
  if (status === 404) return `${said}, which is not there: look at its name and tag`;
  if (status === 401 || status === 403) return `${said}, which is not there or not given to who we are`;
  return status === 429 ? `${said}, since it was asked too often: try again later` : said;
}

/** What it means that something did not work. */
interface Judges {
  readonly reached: (asked: Promise<IncomingMessage>) => Promise<IncomingMessage>;
  readonly broken: (what: string) => BuildFailure;
}

interface Login {
  /** The registry's `WWW-Authenticate`. */
  readonly challenge: string;
  /** What the operator stored for this registry, as a header; null for nothing. */
  readonly own: string | null;
  readonly repository: string;
}

/** As docker does: to the registry itself, or to the place that it names, which gives a token; with nothing of ours, as everybody. */
async function logIn(
  { challenge, own, repository }: Login,
  options: PullOptions,
  { reached, broken }: Judges,
): Promise<Record<string, string>> {
  const shown: Record<string, string> = own === null ? {} : { authorization: own };
  const fields = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
  );
  const realm = URL.parse(fields["realm"] ?? "");
  if (own !== null && (/^basic\b/i.test(challenge) || /^bearer /i.test(own))) return shown;
  if (!/^bearer /i.test(challenge) || realm === null) {
    throw broken("it is given to those alone who log in, for which credentials must be stored");
  }
  // A password goes nowhere without TLS, but to a host of the operator's own network.
  if (
    own !== null &&
    realm.protocol !== "https:" &&
    !isAllowedPrivateHost(realm, options.allowPrivateHosts)
  ) {
    throw broken(`its registry wants the password to be sent to ${realm.origin}, without TLS`);
  }
  if (fields["service"] !== undefined) realm.searchParams.set("service", fields["service"]);
  realm.searchParams.set("scope", `repository:${repository}:pull`);
  const response = await reached(askUpstream({ method: "GET", url: realm, headers: shown, ...options }));
  const bytes = await collect(response);
  if (response.statusCode !== 200 || bytes === null)
    throw broken(`${realm.host} answers ${response.statusCode} for a token`);
  const token = v.safeParse(Token, parseJson(bytes));
  const given = token.success ? (token.output.token ?? token.output.access_token) : undefined;
  if (given === undefined) throw broken(`${realm.host} gives no token`);
  return { authorization: `Bearer ${given}` };
}

/** Null for what is none: nobody promised that a registry speaks sense. */
function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return null;
  }
}

/** @returns null when it is too long */
async function collect(response: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    bytes += (part as Buffer).byteLength;
    if (bytes > TEXT_BYTES_MAX) return null;
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts);
}
