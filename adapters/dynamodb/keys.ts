/**
 * Every key of the table, made here only. What each item answers: docs/access-patterns.md.
 * Roles are granted by the partition key's first part, so a task can be held to its attempts.
 * @module
 */
import type { Actor } from "#core/audit/entry.ts";
import type { RepodataPlace } from "#core/repodata/state.ts";
import type { WatchedPlace } from "#core/watched/file.ts";

export interface Key {
  readonly pk: string;
  readonly sk: string;
}

/** Schema version, written to every item as `v`; a reader of a later version knows what it meets. */
export const SCHEMA_VERSION = 1;

/** Ids are safe integers: 16 digits, so that text order is number order. */
const padded = (id: number): string => String(id).padStart(16, "0");

export const NAMESPACES = "NAMESPACES";
export const SLOTS = "SLOTS";
/** Namespaces whose builds wait. */
export const TURNS = "TURNS";
export const ENVIRONMENT_PREFIX = "ENV#";

export const namespaceKey = (name: string): Key => ({ pk: NAMESPACES, sk: name });
export const namespacePartition = (name: string): string => `NS#${name}`;
export const countsKey = (namespace: string): Key => ({ pk: namespacePartition(namespace), sk: "COUNTS" });
export const environmentKey = (namespace: string, name: string): Key => ({
  pk: namespacePartition(namespace),
  sk: `${ENVIRONMENT_PREFIX}${name}`,
});
export const BUILD_ROWS_PREFIX = "BUILD#";
/** Sort keys of one environment's builds begin so; `#` is in no name. */
export const buildRowsPrefix = (environment: string): string => `${BUILD_ROWS_PREFIX}${environment}#`;
/** A thin row for each build in its namespace's partition; the build itself is one item of its own. */
export const buildRowKey = (namespace: string, environment: string, id: number): Key => ({
  pk: namespacePartition(namespace),
  sk: `${buildRowsPrefix(environment)}${padded(id)}`,
});
export const buildItemKey = (id: number): Key => ({ pk: `BUILD#${id}`, sk: "BUILD" });
export const attemptKey = (build: number, attempt: number): Key => ({
  pk: `ATTEMPT#${build}`,
  sk: String(attempt).padStart(6, "0"),
});
export const specificationKey = (sha256: string, document: string): Key => ({
  pk: `SPEC#${sha256}`,
  sk: document,
});
export const packagesKey = (lockDigest: string): Key => ({ pk: `LOCK#${lockDigest}`, sk: "PACKAGES" });
export const solveItemKey = (solveKey: string): Key => ({ pk: `SOLVE#${solveKey}`, sk: "SOLVE" });
/** A layer of images by what it is made of. */
export const layerItemKey = (layerKey: string): Key => ({ pk: `LAYER#${layerKey}`, sk: "LAYER" });
/** What a reference to a base image meant when somebody looked. */
export const baseImageKey = (reference: string, platform: string): Key => ({
  pk: `LAYER#${reference}`,
  sk: `BASE#${platform}`,
});
/** That an image's layers were once copied from where it lies, by the digest of its manifest. */
export const copiedImageKey = (digest: string): Key => ({ pk: `LAYER#${digest}`, sk: "COPIED" });
/** An environment's part of the image registry; its blobs once for each build that has them. */
export const repositoryPartition = (namespace: string, environment: string): string =>
  `REPO#${namespace}/${environment}`;
export const repositoryBlobKey = (
  {
    namespace,
    environment,
    id,
  }: { readonly namespace: string; readonly environment: string; readonly id: number },
  digest: string,
): Key => ({ pk: repositoryPartition(namespace, environment), sk: `${digest}#${padded(id)}` });
export const TAG_PREFIX = "tag:";
/** Of all that have the tag the newest build is the last. No name and no digest has a `#`. */
export const repositoryTagPrefix = (tag: string): string => `${TAG_PREFIX}${tag}#`;
export const repositoryTagKey = (
  {
    namespace,
    environment,
    id,
  }: { readonly namespace: string; readonly environment: string; readonly id: number },
  tag: string,
): Key => ({
  pk: repositoryPartition(namespace, environment),
  sk: `${repositoryTagPrefix(tag)}${padded(id)}`,
});
export const metadataKey = (namespace: string): Key => ({
  pk: namespacePartition(namespace),
  sk: "METADATA",
});
export const ROLE_PREFIX = "ROLE#";
/** The role that members of another namespace have in this one. */
export const roleKey = (namespace: string, other: string): Key => ({
  pk: namespacePartition(namespace),
  sk: `${ROLE_PREFIX}${other}`,
});
/** What members of a namespace were given begins so in their namespace's partition. */
export const MEMBERSHIP_PREFIX = "MEMBER#";
export const membershipKey = (namespace: string, giver: string): Key => ({
  pk: namespacePartition(namespace),
  sk: `${MEMBERSHIP_PREFIX}OF#${giver}`,
});
export const ownMappingsKey = (namespace: string): Key => ({
  pk: namespacePartition(namespace),
  sk: `${MEMBERSHIP_PREFIX}OWN`,
});
export const SETTINGS = "SETTINGS";
/** Settings of everything (null, null), of a namespace, or of an environment. */
export const settingsKey = (namespace: string | null, environment: string | null): Key =>
  namespace === null
    ? { pk: SETTINGS, sk: SETTINGS }
    : {
        pk: namespacePartition(namespace),
        sk: environment === null ? SETTINGS : `${SETTINGS}#${environment}`,
      };
export const linePartition = (namespace: string): string => `LINE#${namespace}`;
export const lineKey = (namespace: string, build: number): Key => ({
  pk: linePartition(namespace),
  sk: padded(build),
});
export const turnKey = (namespace: string): Key => ({ pk: TURNS, sk: namespace });
/** What sweep saw of the task in each slot when it looked last. */
export const WATCH = "WATCH";
export const watchKey = (slot: number): Key => ({ pk: WATCH, sk: String(slot).padStart(6, "0") });
const SHARE_PREFIX = "SHARE#";
export const sharesPrefix = (namespace: string): string => `${SHARE_PREFIX}${namespace}#`;
/** Beside the slots, so that both are read at once. */
export const shareKey = (namespace: string, share: number): Key => ({
  pk: SLOTS,
  sk: `${sharesPrefix(namespace)}${String(share).padStart(6, "0")}`,
});
export const slotKey = (slot: number): Key => ({ pk: SLOTS, sk: String(slot).padStart(6, "0") });

/** What one party asked for in the minute that begins at these Unix seconds. */
export const rateKey = (party: string, windowStart: number): Key => ({
  pk: `RATE#${party}`,
  sk: String(windowStart),
});
/** Tokens of a primary namespace, which may be empty, by their ids: the older first. */
export const tokensPartition = (primaryNamespace: string): string => `TOKENS#${primaryNamespace}`;
export const tokenKey = (primaryNamespace: string, id: string): Key => ({
  pk: tokensPartition(primaryNamespace),
  sk: id,
});
/** A login that has begun at a provider, by the sha256 of its state. */
export const loginKey = (stateSha256: string): Key => ({ pk: `LOGIN#${stateSha256}`, sk: "LOGIN" });
/** Whose a user name is. Outside of the namespace's partition: it outlives the namespace. */
export const userKey = (name: string): Key => ({ pk: `USER#${name}`, sk: "USER" });
/** No namespace has a slash. */
export const serviceUseKey = (service: string): Key => ({ pk: tokensPartition("/services"), sk: service });
/** Builds of a deleted environment, and deleted builds of which something is kept: no list shows them. */
export const GONE_ROWS_PREFIX = "GONE#";
export const goneRowsPrefix = (environment: string): string => `${GONE_ROWS_PREFIX}${environment}#`;
export const goneRowKey = (namespace: string, environment: string, id: number): Key => ({
  pk: namespacePartition(namespace),
  sk: `${goneRowsPrefix(environment)}${padded(id)}`,
});
/** Says that the rows of this environment are of a deleted one; sorted before them, so that who reads them meets it first. */
export const tombstoneKey = (namespace: string, environment: string, environmentId: number): Key => ({
  pk: namespacePartition(namespace),
  sk: `${buildRowsPrefix(environment)}!${padded(environmentId)}`,
});
/** A thing, and how many builds hold it. */
export const thingKey = (thing: string): Key => ({ pk: `THING#${thing}`, sk: "THING" });
export const holdsPartition = (build: number): string => `HOLD#${build}`;
export const holdKey = (build: number, thing: string): Key => ({ pk: holdsPartition(build), sk: thing });
/** What sweep is to do, in the order of when. */
export const DUE = "DUE";
export const dueKey = (due: Date, name: string): Key => ({ pk: DUE, sk: `${due.toISOString()}#${name}` });

/** A solve that was asked for, by its handle; and the newest one of a question. */
export const askedSolveKey = (id: string): Key => ({ pk: `ASKED#${id}`, sk: "SOLVE" });
export const newestSolveKey = (question: string): Key => ({ pk: `ASKED#${question}`, sk: "NEWEST" });

/** One writing of an environment's packages, and the names of its rows. */
export const useKey = (use: string): Key => ({ pk: `USE#${use}`, sk: "USE" });
/** Rows of all environments that hold a package. */
export const usesPartition = (packageName: string): string => `USES#${packageName}`;
/** Sort keys of one namespace's rows begin so; `#` is in no name. */
export const useRowsPrefix = (namespace: string): string => `${namespace}#`;
export const useRowKey = (packageName: string, namespace: string, environment: string, use: string): Key => ({
  pk: usesPartition(packageName),
  sk: `${useRowsPrefix(namespace)}${environment}#${use}`,
});

/** Entries of the audit that belong to no namespace lie in a partition of their own; `#` is in no name. */
const auditPartition = (namespace: string | null): string =>
  namespace === null ? "AUDIT#STORE" : `AUDIT#NS#${namespace}`;
/** In the order of time; the id tells entries of one millisecond apart. */
export const auditKey = (namespace: string | null, at: Date, id: string): Key => ({
  pk: auditPartition(namespace),
  sk: `${at.toISOString()}#${id}`,
});
export const AUDIT_ALL = "AUDIT#ALL";
export const auditNamespacePartition = (namespace: string): string => auditPartition(namespace);
export const auditActorPartition = ({ kind, name }: Actor): string => `AUDIT#BY#${kind}#${name}`;

/** What prefetch has of channels: their number is the operator's to choose, so one partition does. */
export const REPODATA = "REPODATA";
/** No namespace and no address of a channel has a `#`. */
export const repodataKey = ({ owner, channel, subdir }: RepodataPlace): Key => ({
  pk: REPODATA,
  sk: `${owner ?? ""}#${channel}#${subdir}`,
});

/** What is known of watched files: their number is the operator's to choose, and bounded, so one partition does. */
export const WATCHED = "WATCHED";
/** Sort keys of one namespace's files begin so; no namespace has a slash. */
export const watchedPrefix = (namespace: string): string => `${namespace}/`;
export const watchedFileKey = ({ namespace, source, path }: WatchedPlace): Key => ({
  pk: WATCHED,
  sk: `${watchedPrefix(namespace)}${source}/${path}`,
});

export type CounterKind = "namespace" | "build" | "role";
export const counterKey = (kind: CounterKind): Key => ({ pk: "COUNTERS", sk: kind });
