/**
 * Reading a request's body: measured, of a type we know, and an object.
 * @module
 */
import type { BodyRule } from "#core/contract/route.ts";
import { AppError } from "#core/errors.ts";
import type { ApiContext } from "./context.ts";
import { InvalidRequest } from "./middleware/error-reply.ts";

const FORM = "application/x-www-form-urlencoded";
const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The body as a plain object. Messages say what is wrong with it and never quote it: it may hold a password.
 * @throws AppError `body_too_large`, `unsupported_media_type`, `invalid_request`, `invalid_parameter`
 */
export async function readBody(c: ApiContext, rule: BodyRule): Promise<unknown> {
  const announced = Number(c.req.header("content-length") ?? 0);
  if (announced > rule.bytesMax) throw tooLarge(rule);
  const bytes = new Uint8Array(await c.req.arrayBuffer());
  if (bytes.byteLength > rule.bytesMax) throw tooLarge(rule);
  if (bytes.byteLength === 0 && rule.optional) return {};
  if (bytes.byteLength === 0) throw malformed("missing", "The request has no body: send a JSON object");
  const mediaType = (c.req.header("content-type") ?? "").split(";")[0]?.trim().toLowerCase();
  const isForm = rule.form && mediaType === FORM;
  if (!isForm && mediaType !== "application/json") {
    const types = rule.form ? `application/json or ${FORM}` : "application/json";
    throw new AppError("unsupported_media_type", `The body must be ${types}: say so in Content-Type.`);
  }
  const text = decode(bytes);
  return isForm ? Object.fromEntries(new URLSearchParams(text)) : parseObject(text);
}

const tooLarge = ({ bytesMax }: BodyRule): AppError =>
  new AppError("body_too_large", `The body is larger than ${Math.floor(bytesMax / 1024)} KiB.`);

const malformed = (type: string, msg: string): AppError =>
  new InvalidRequest("invalid_parameter", [{ type, loc: ["body"], msg }]);

function decode(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new AppError("invalid_request", "The body is not UTF-8 text.");
  }
}

/** Schemas pass over these without a word, so that half of what was meant would be done: `role_mappings` emptied, say. */
const LOST_KEYS: ReadonlySet<string> = new Set(["__proto__", "constructor", "prototype"]);
/** As deep as a specification may be; what is much deeper cannot be written again. */
const DEPTH_MAX = 50;

function parseObject(text: string): object {
  let value: unknown;
  let why: string | undefined;
  try {
    value = JSON.parse(text, (key, each) => {
      if (LOST_KEYS.has(key)) why = `has a key ${key}, which cannot be kept: name it otherwise`;
      // By their escapes; as bytes they are no UTF-8. The table does not take them.
      else if (!isWellFormed(key) || !isWellFormed(each))
        why = "holds half of a surrogate pair, which is no text";
      return each;
    });
  } catch {
    throw new AppError("invalid_request", "The body is not JSON.");
  }
  if (isTooDeep(value)) why = `is nested deeper than ${DEPTH_MAX} levels`;
  if (why !== undefined) throw new AppError("invalid_request", `The body ${why}.`);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw malformed("object", "The body must be a JSON object");
  }
  return value;
}

const isWellFormed = (value: unknown): boolean => typeof value !== "string" || value.isWellFormed();

function isTooDeep(value: unknown): boolean {
  let level = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > DEPTH_MAX) return true;
    level = level.flatMap((each) => (typeof each === "object" && each !== null ? Object.values(each) : []));
  }
  return false;
}
