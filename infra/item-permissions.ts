/**
 * Which items of the table each may read and write, by their partition keys: what permissions.ts grants.
 * @module
 */
import type { ItemGrants } from "./storage.ts";

/** Partition keys of the table, as adapters/dynamodb/keys.ts makes them. */
const NAMESPACES = "NAMESPACES";
const IN_NAMESPACE = "NS#*";
const BUILD = "BUILD#*";
const ATTEMPT = "ATTEMPT#*";
const SPECIFICATION = "SPEC#*";
const LOCK = "LOCK#*";
const REUSE = "REUSE#*";
const SOLVE = "SOLVE#*";
const HOLD = "HOLD#*";
const THING = "THING#*";
const DUE = "DUE";
const LINE = "LINE#*";
const TURNS = "TURNS";
const SLOTS = "SLOTS";
const WATCH = "WATCH";
const COUNTERS = "COUNTERS";
const SETTINGS = "SETTINGS";
const RATE = "RATE#*";
const TOKENS = "TOKENS#*";
/** Logins that have begun, and who owns which user name. */
const LOGIN = "LOGIN#*";
const USER = "USER#*";
export const AUDIT = "AUDIT#*";
const LAYER = "LAYER#*";
const REPOSITORY = "REPO#*";
/** Solves that were asked for. */
const ASKED = "ASKED#*";
/** One writing of an environment's packages, and its rows by package. */
const USE = "USE#*";
const USES = "USES#*";
/** What prefetch has of channels. */
const REPODATA = "REPODATA";
/** What is known of files that specifications are kept in. */
const WATCHED = "WATCHED";

export const API_ITEMS: ItemGrants = {
  GetItem: [NAMESPACES, IN_NAMESPACE, BUILD, ATTEMPT, SPECIFICATION, LOCK, ASKED],
  BatchGetItem: [NAMESPACES, IN_NAMESPACE, BUILD, LOCK, SETTINGS, THING, TOKENS, USER, REPODATA],
  Query: [NAMESPACES, IN_NAMESPACE, SLOTS, LINE, TURNS, TOKENS, AUDIT, USES, REPOSITORY, REPODATA, WATCHED],
  PutItem: [NAMESPACES, IN_NAMESPACE, BUILD, LINE, DUE, HOLD, TOKENS, LOGIN, USER, AUDIT, USE, ASKED],
  BatchWriteItem: [USES],
  UpdateItem: [
    NAMESPACES,
    IN_NAMESPACE,
    BUILD,
    ATTEMPT,
    SPECIFICATION,
    COUNTERS,
    SETTINGS,
    TURNS,
    RATE,
    THING,
    TOKENS,
  ],
  ConditionCheckItem: [NAMESPACES, BUILD, USER, USE],
  DeleteItem: [NAMESPACES, IN_NAMESPACE, LINE, SLOTS, LOGIN],
};

/** Nothing is written but the time of a token's last use. */
export const REGISTRY_ITEMS: ItemGrants = {
  GetItem: [BUILD, IN_NAMESPACE],
  BatchGetItem: [BUILD, TOKENS],
  Query: [REPOSITORY, NAMESPACES, IN_NAMESPACE],
  UpdateItem: [TOKENS],
};

export const DISPATCH_ITEMS: ItemGrants = {
  GetItem: [BUILD],
  Query: [LINE, TURNS, SLOTS],
  PutItem: [LINE, SLOTS, ATTEMPT],
  UpdateItem: [BUILD, ATTEMPT, SLOTS, TURNS, COUNTERS],
  DeleteItem: [LINE, SLOTS, TURNS],
};

export const FINISH_ITEMS: ItemGrants = {
  GetItem: [BUILD, ATTEMPT, IN_NAMESPACE],
  BatchGetItem: [LOCK],
  PutItem: [LINE, DUE, AUDIT, USE],
  BatchWriteItem: [USES],
  UpdateItem: [BUILD, ATTEMPT, IN_NAMESPACE, TURNS],
  ConditionCheckItem: [USE],
  DeleteItem: [SLOTS],
};

/** What it deletes is what nobody needs any more: builds, their attempts, and what they left behind. */
export const SWEEP_ITEMS: ItemGrants = {
  GetItem: [NAMESPACES, IN_NAMESPACE, BUILD, USE],
  BatchGetItem: [BUILD, ATTEMPT, THING, SETTINGS, IN_NAMESPACE],
  Query: [LINE, TURNS, SLOTS, WATCH, DUE, HOLD, NAMESPACES, IN_NAMESPACE],
  PutItem: [LINE, WATCH, DUE, IN_NAMESPACE, AUDIT],
  UpdateItem: [NAMESPACES, IN_NAMESPACE, BUILD, ATTEMPT, THING, TURNS, USE],
  BatchWriteItem: [USES],
  ConditionCheckItem: [NAMESPACES, IN_NAMESPACE],
  DeleteItem: [
    USE,
    LINE,
    SLOTS,
    DUE,
    HOLD,
    THING,
    BUILD,
    ATTEMPT,
    LOCK,
    REUSE,
    NAMESPACES,
    IN_NAMESPACE,
    REPOSITORY,
  ],
};

/** A solve's own item, and that its lock goes some day. */
export const SOLVE_ITEMS: ItemGrants = {
  GetItem: [ASKED],
  BatchGetItem: [REPODATA],
  UpdateItem: [ASKED, THING],
  PutItem: [DUE],
};

/** A directory is removed if it is condemned, and then forgotten. */
export const STORE_ITEMS: ItemGrants = {
  GetItem: [IN_NAMESPACE],
  BatchGetItem: [THING],
  DeleteItem: [THING],
};

/** Its own entries, and which channels are to be read. */
export const PREFETCH_ITEMS: ItemGrants = {
  BatchGetItem: [SETTINGS],
  Query: [REPODATA],
  PutItem: [REPODATA],
  DeleteItem: [REPODATA],
};

/** The one entry that it was started for. */
export const PREFETCH_TASK_ITEMS: ItemGrants = {
  BatchGetItem: [SETTINGS, REPODATA],
  PutItem: [REPODATA],
};

/** What a POST reads and writes, and its own entries. */
export const WATCH_ITEMS: ItemGrants = {
  BatchGetItem: [NAMESPACES, IN_NAMESPACE, SETTINGS],
  GetItem: [IN_NAMESPACE],
  Query: [WATCHED],
  PutItem: [WATCHED, NAMESPACES, IN_NAMESPACE, BUILD, LINE, AUDIT],
  UpdateItem: [NAMESPACES, IN_NAMESPACE, SPECIFICATION, COUNTERS, TURNS],
  ConditionCheckItem: [NAMESPACES],
};

/** No namespace, no environment, no slot, no line: what a build's own code could do at worst stays in builds. */
export const TASK_ITEMS: ItemGrants = {
  GetItem: [BUILD, ATTEMPT, SPECIFICATION, REUSE, SOLVE, LAYER],
  BatchGetItem: [LAYER, REPODATA],
  Query: [HOLD],
  PutItem: [LOCK, REUSE, SOLVE, HOLD, LAYER, REPOSITORY],
  UpdateItem: [BUILD, ATTEMPT, THING],
  ConditionCheckItem: [BUILD],
};
