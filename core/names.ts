/**
 * Identifiers, parsed once at the door; after it a bare string is not a namespace.
 * The alphabet is conda-store's: letters, digits and `- + _ @ $ & ? ^ ~ . =`.
 * @module
 */
import * as v from "valibot";

const PART = /^[A-Za-z0-9+_@$&?^~.=-]+$/;
const NAME_RULE = "use letters, digits and + _ @ $ & ^ ~ . = -";

/** Longest name the original's database column takes. */
export const NAME_LENGTH_MAX = 255;
/** Accepted as in the original: such a build FAILS with conda-store's sentence on long paths. */
const ENVIRONMENT_NAME_LENGTH_MAX = 256;

/**
 * A name as it may be *looked up*. Old stores may hold names with `?`, which no gateway can address
 * (see `NewName`), so reading accepts them and creating does not.
 */
const name = (what: string) =>
  v.pipe(
    v.string(`${what} must be a string`),
    v.minLength(1, `${what} must not be empty`),
    v.regex(PART, `${what} has a character that is not allowed: ${NAME_RULE}`),
  );

export const NamespaceName = v.pipe(name("The namespace"), v.brand("NamespaceName"));
export type NamespaceName = v.InferOutput<typeof NamespaceName>;

export const EnvironmentName = v.pipe(name("The environment name"), v.brand("EnvironmentName"));
export type EnvironmentName = v.InferOutput<typeof EnvironmentName>;

/** Names that an address can hold, for a JSON Schema: it cannot say checks. */
export const ADDRESSABLE = "^(?!\\.{1,2}$)[A-Za-z0-9+_@$&^~.=-]+$";

/** For doors that say of any other text no more than that nothing has this name. */
export const isName = (text: string): boolean =>
  text.length <= ENVIRONMENT_NAME_LENGTH_MAX && PART.test(text) && text !== "." && text !== "..";

/** New names: `.` and `..` would be directories, `?` is cut off by HTTP gateways before any code of ours sees it. */
const fresh = (what: string, lengthMax: number) =>
  v.pipe(
    name(what),
    v.maxLength(lengthMax, `${what} is longer than ${lengthMax} characters`),
    v.check((text) => !text.includes("?"), `${what} must not contain "?", which no gateway can pass on`),
    v.check((text) => text !== "." && text !== "..", `${what} must not be "." or ".."`),
    v.metadata({ pattern: ADDRESSABLE }),
  );

export const NewNamespaceName = v.pipe(fresh("The namespace", NAME_LENGTH_MAX), v.brand("NamespaceName"));

export const NewEnvironmentName = v.pipe(
  fresh("The environment name", ENVIRONMENT_NAME_LENGTH_MAX),
  v.brand("EnvironmentName"),
);

/** A build id: a positive safe integer. */
export const BuildId = v.pipe(
  v.number(),
  v.integer(),
  v.minValue(1),
  v.maxValue(Number.MAX_SAFE_INTEGER),
  v.brand("BuildId"),
);
export type BuildId = v.InferOutput<typeof BuildId>;

/** A lower-case hexadecimal SHA-256. */
export const Sha256 = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/, "not a sha256"), v.brand("Sha256"));
export type Sha256 = v.InferOutput<typeof Sha256>;
