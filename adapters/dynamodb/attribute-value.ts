/**
 * DynamoDB's typed values and plain ones: the types that our items have.
 * @module
 */
type Fields = Readonly<Record<string, unknown>>;

/** What keys and conditions of reads are made of: texts and numbers. @throws Error for anything else */
export function toAttributes(fields: Fields): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) encoded[name] = toAttribute(fields[name]);
  return encoded;
}

function toAttribute(value: unknown): unknown {
  if (typeof value === "string") return { S: value };
  if (typeof value === "number") return { N: String(value) };
  throw new Error(`a read by ${typeof value}`);
}

/** A whole item. Numbers must be ones that JavaScript can hold. @throws Error for a type that our items never have */
export function fromAttributes(fields: Fields): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const name of Object.keys(fields)) decoded[name] = fromAttribute(fields[name] as Fields);
  return decoded;
}

function fromAttribute(typed: Fields): unknown {
  for (const type of Object.keys(typed)) {
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
