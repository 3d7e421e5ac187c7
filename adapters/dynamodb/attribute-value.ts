/**
 * DynamoDB's typed values and plain ones: the types that our items have. Sets and numbers beyond 2^53 are none of them.
 * @module
 */
type Fields = Readonly<Record<string, unknown>>;

/** What is undefined is left out. @throws Error for a type that our items never have */
export function toAttributes(fields: Fields): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) {
    if (fields[name] !== undefined) encoded[name] = toAttribute(fields[name]);
  }
  return encoded;
}

function toAttribute(value: unknown): unknown {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return { N: String(value) };
  if (typeof value === "boolean") return { BOOL: value };
  if (value === null) return { NULL: true };
  if (Array.isArray(value)) return { L: value.filter((each) => each !== undefined).map(toAttribute) };
  if (value instanceof Uint8Array) return { B: Buffer.from(value).toString("base64") };
  if (isPlain(value)) return { M: toAttributes(value) };
  throw new Error(`no attribute can hold ${typeof value === "object" ? value?.constructor.name : value}`);
}

function isPlain(value: unknown): value is Fields {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** A whole item. Numbers must be ones that JavaScript can hold. @throws Error for a type that our items never have */
export function fromAttributes(fields: Fields): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const name in fields) decoded[name] = fromAttribute(fields[name] as Fields);
  return decoded;
}

function fromAttribute(typed: Fields): unknown {
  for (const type in typed) {
    const value = typed[type];
    switch (type) {
      case "S":
      case "BOOL":
        return value;
      case "N":
        return Number(value);
      case "NULL":
        return null;
      case "M":
        return fromAttributes(value as Fields);
      case "L":
        return (value as Fields[]).map(fromAttribute);
      case "B":
        return new Uint8Array(Buffer.from(value as string, "base64"));
    }
  }
  throw new Error(`an attribute of type ${Object.keys(typed).join()}`);
}
