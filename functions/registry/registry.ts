/**
 * The image registry: the pulling half of the distribution specification, whose repositories are environments.
 * https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md
 * @module
 */
import { isPassing } from "#adapters/passing.ts";
import { AppError } from "#core/errors.ts";
import { getBlob } from "./blobs.ts";
import { RegistryError } from "./errors.ts";
import { listRepositories, listTags } from "./lists.ts";
import {
  CATALOGUE_SCOPE,
  findCaller,
  giveToken,
  mustMayPull,
  pullScope,
  repositoryOf,
  unauthorized,
} from "./login.ts";
import { getManifest } from "./manifests.ts";
import { json, type RegistryReply, type RegistryRequest, type Services } from "./services.ts";

/** Answers a request; never throws. */
export async function answer(services: Services, request: RegistryRequest): Promise<RegistryReply> {
  const startedMs = performance.now();
  const { status, headers, body } = await route(services, request).catch((error: unknown) =>
    refusal(services, request, error),
  );
  const { id, method, path } = request;
  const ms = Math.round(performance.now() - startedMs);
  services.log.info("request", { request_id: id, method, path: path.slice(0, 1000), status, ms });
  return {
    status,
    headers: {
      "cache-control": "no-store",
      "docker-distribution-api-version": "registry/2.0",
      "x-content-type-options": "nosniff",
      "x-request-id": id,
      ...(method === "HEAD" && body !== "" ? { "content-length": String(Buffer.byteLength(body)) } : {}),
      ...headers,
    },
    body: method === "HEAD" ? "" : body,
  };
}

const OF_REPOSITORY = /^\/v2\/(.+)\/(manifests|blobs|tags)\/([^/]+)$/;

async function route(services: Services, request: RegistryRequest): Promise<RegistryReply> {
  const { method, path } = request;
  if (path === "/v2/token") {
    if (method !== "GET" && method !== "POST") throw unsupported("GET, POST");
    return await giveToken(services, request);
  }
  if (method !== "GET" && method !== "HEAD") throw unsupported("GET, HEAD");
  if (path === "/v2" || path === "/v2/") {
    const caller = await findCaller(services, request);
    // To be told to log in is how docker finds out where.
    if (caller.kind === "nobody") throw unauthorized(request);
    return json({});
  }
  if (path === "/v2/_catalog") {
    return await listRepositories(services, request, await findCaller(services, request, CATALOGUE_SCOPE));
  }
  const [, name = "", kind = "", reference = ""] = OF_REPOSITORY.exec(path) ?? [];
  if (kind === "" || (kind === "tags" && reference !== "list")) throw new RegistryError("NAME_UNKNOWN");
  const repository = repositoryOf(name);
  const caller = await findCaller(services, request, repository ? pullScope(repository) : undefined);
  if (repository === null) throw new RegistryError("NAME_UNKNOWN");
  await mustMayPull(services, request, caller, repository);
  if (kind === "manifests") return await getManifest(services, request, repository, reference);
  return kind === "blobs"
    ? await getBlob(services, request, repository, reference)
    : await listTags(services, request, repository);
}

const unsupported = (allow: string): RegistryError =>
  new RegistryError("UNSUPPORTED", { headers: { allow } });

function refusal({ log }: Services, { id }: RegistryRequest, error: unknown): RegistryReply {
  const known = error instanceof RegistryError ? error : unexpected(error);
  if (known.status >= 500) log.error("request failed", { request_id: id, error: known.cause });
  const { code, message, headers, status } = known;
  const reply = json({ errors: [{ code, message, detail: null }] }, headers);
  return { ...reply, status };
}

function unexpected(error: unknown): RegistryError {
  const isBusy = error instanceof AppError ? error.code === "try_again" : isPassing(error);
  return isBusy
    ? new RegistryError("TOOMANYREQUESTS", { headers: { "retry-after": "1" }, cause: error })
    : new RegistryError("UNKNOWN", { cause: error });
}
