/**
 * Shapes that routes share: envelopes, times, errors, paging, path parameters.
 * @module
 */
import * as v from "valibot";
import { ADDRESSABLE, BuildId, EnvironmentName, NAME_LENGTH_MAX, NamespaceName } from "#core/names.ts";

/** What readers of the OpenAPI document are told of it. */
export const described = <S extends v.GenericSchema>(schema: S, text: string) =>
  v.pipe(schema, v.description(text));

const ok = v.literal("ok");

/** A mutation's answer. */
export const Ack = v.object({ status: ok, message: v.nullable(v.string()) });
/** One object. */
export const data = <S extends v.GenericSchema>(schema: S) =>
  v.object({ status: ok, data: schema, message: v.null() });
/** One page of a v1 list; `count` is the number of rows of all pages. */
export const page = <S extends v.GenericSchema>(item: S) =>
  v.object({
    status: ok,
    data: v.array(item),
    message: v.null(),
    page: v.number(),
    size: v.number(),
    count: v.number(),
  });

/** Wraps a value as `data` has it. */
export const dataReply = <T>(value: T) => ({ status: "ok" as const, data: value, message: null });

/** UTC without a zone, microseconds, no fraction when it is zero: what conda-store's clients parse. */
export const Timestamp = v.pipe(
  v.string(),
  v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?$/, "not a timestamp"),
  v.description("UTC without a zone, e.g. 2026-11-21T08:03:06.654802"),
);
export function timestamp(date: Date): string {
  const [seconds = "", fraction = ""] = date.toISOString().slice(0, -1).split(".");
  return fraction === "000" ? seconds : `${seconds}.${fraction}000`;
}
export const timestampOrNull = (date: Date | null): string | null => date && timestamp(date);

/** Every error of the API has this one shape. */
export const ErrorReply = v.object({
  status: v.literal("error"),
  message: described(v.string(), "A sentence for people"),
  code: described(v.string(), "A word for programs"),
  request_id: v.string(),
  detail: v.optional(v.array(v.object({ type: v.string(), loc: v.array(v.string()), msg: v.string() }))),
});
export type ErrorReply = v.InferOutput<typeof ErrorReply>;

export const NONE = v.object({});

/** Names beyond this length cannot exist; the bound keeps them out of the state's keys. */
const LENGTH_MAX = NAME_LENGTH_MAX + 1;
export const NamespaceParam = v.pipe(
  NamespaceName,
  v.maxLength(LENGTH_MAX, "The namespace is too long"),
  v.metadata({ pattern: ADDRESSABLE }),
);
export const EnvironmentParam = v.pipe(
  EnvironmentName,
  v.maxLength(LENGTH_MAX, "The environment name is too long"),
  v.metadata({ pattern: ADDRESSABLE }),
);

/** A name to filter by. What is longer than any name is refused; empty means any, as a form sends it. */
export const nameFilter = (what: string, description = "Exact name") =>
  v.optional(
    v.pipe(
      v.string(),
      v.maxLength(LENGTH_MAX, `${what} is longer than ${LENGTH_MAX} characters`),
      v.description(`${description}; empty for any`),
      v.transform((text) => (text === "" ? undefined : text)),
    ),
  );

/** Digits in a query or a path, told to readers of the OpenAPI document as the number that they are. */
export const wholeNumber = (message: string, minimum: number, maximum: number, description?: string) =>
  v.pipe(
    v.string(),
    v.check((text) => /^\d{1,10}$/.test(text), message),
    v.metadata({ type: "integer", minimum, maximum, ...(description && { description }) }),
    v.transform(Number),
    v.minValue(minimum, message),
    v.maxValue(maximum, message),
  );

const isObject = (given: unknown): boolean =>
  typeof given === "object" && given !== null && !Array.isArray(given);
/** An object with keys of the caller's own: a record alone takes a list for one. */
export const freeObject = (message: string) =>
  v.pipe(v.custom<Record<string, unknown>>(isObject, message), v.metadata({ type: "object" }));
/** Patterns, each with a list of roles. */
export const rolesByPattern = (message: string) =>
  v.pipe(
    freeObject(message),
    v.metadata({ additionalProperties: { type: "array", items: { type: "string" } } }),
    v.record(v.string(), v.array(v.string(message), message), message),
  );

/** A build id in a path. A number that no build can have becomes null: it is not malformed, it is missing. */
export const BuildIdParam = v.pipe(
  v.string(),
  v.check((text) => /^-?\d+$/.test(text), "The build id must be a whole number"),
  v.metadata({ type: "integer" }),
  v.transform((text): BuildId | null => {
    const result = v.safeParse(BuildId, Number(text));
    return result.success ? result.output : null;
  }),
);

/** Rows on a page where nothing else is asked, and at most. */
export const PAGE_SIZE_MAX = 100;

const count = (what: string, max: number, description?: string) =>
  wholeNumber(`${what} must be a whole number from 1 to ${max}`, 1, max, description);
const PageNumber = count("page", 1_000_000);
/** A larger page than the largest is answered with the largest. */
const PageSize = v.pipe(
  count("size", 1_000_000_000, `Rows; more than ${PAGE_SIZE_MAX} mean ${PAGE_SIZE_MAX}`),
  v.transform((size) => Math.min(size, PAGE_SIZE_MAX)),
);
/**
 * Rows of a list that is read by a cursor. As with pages, more than the most are answered with the most.
 * @param rows where nothing else is asked
 */
export const limitQuery = (max: number, rows = max, what = "Rows") =>
  v.optional(
    v.pipe(
      wholeNumber(
        `limit must be a whole number from 1; more than ${max} mean ${max}`,
        1,
        1_000_000_000,
        `${what}; more than ${max} mean ${max}`,
      ),
      v.transform((wanted) => Math.min(wanted, max)),
    ),
    String(rows),
  );
/** As in the original, a word that is no direction means the default. */
const Order = v.pipe(
  v.string(),
  v.description("`desc`, or any other word for ascending"),
  v.transform((text): "asc" | "desc" => (text === "desc" ? "desc" : "asc")),
);

/** Query of a v1 list. Unknown sort keys are ignored, as in the original. */
export const pageQuery = () => ({
  page: v.optional(PageNumber, "1"),
  size: v.optional(PageSize, String(PAGE_SIZE_MAX)),
  sort_by: v.optional(v.array(v.string()), []),
  order: v.optional(Order, "asc"),
});
