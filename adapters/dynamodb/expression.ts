/**
 * Update and condition expressions from plain data. Every attribute goes by an alias, because DynamoDB reserves 573
 * words (`owner`, `status`, …) and emulators do not mind them.
 * @module
 */

/** As a condition: the attribute is not there; asked of the partition key, the item is not. */
export const ABSENT = Symbol("absent");
/** As a condition: the attribute is not there, or null. */
export const UNSET = Symbol("unset");

export interface Change {
  readonly set?: Readonly<Record<string, unknown>>;
  /** Set only where there is no such attribute. */
  readonly setMissing?: Readonly<Record<string, unknown>>;
  /** Numbers to add; a missing attribute counts as 0. */
  readonly add?: Readonly<Record<string, number>>;
  /** All must hold: an attribute equals a value, is `ABSENT` or `UNSET`, is a number `{ atMost }`, or is one `{ below }` or absent. */
  readonly where?: Readonly<Record<string, unknown>>;
}

export interface Expressions {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, unknown>;
}

/** Spread into a command: only the expressions that the change has. */
export function expressions({ set = {}, setMissing = {}, add = {}, where = {} }: Change): Expressions {
  const names: Record<string, string> = {};
  const values: Record<string, unknown> = {};
  const name = (attribute: string): string => {
    names[`#${attribute}`] = attribute;
    return `#${attribute}`;
  };
  const value = (role: string, attribute: string, given: unknown): string => {
    values[`:${role}_${attribute}`] = given;
    return `:${role}_${attribute}`;
  };
  const sets = Object.entries(set).map(([key, to]) => `${name(key)} = ${value("set", key, to)}`);
  for (const [key, to] of Object.entries(setMissing)) {
    sets.push(`${name(key)} = if_not_exists(${name(key)}, ${value("set", key, to)})`);
  }
  const adds = Object.entries(add).map(([key, by]) => `${name(key)} ${value("add", key, by)}`);
  const conditions = Object.entries(where).map(([key, is]) => {
    if (is === ABSENT) return `attribute_not_exists(${name(key)})`;
    if (isBelow(is)) {
      return `(attribute_not_exists(${name(key)}) OR ${name(key)} < ${value("is", key, is.below)})`;
    }
    if (is === UNSET) {
      return `(attribute_not_exists(${name(key)}) OR ${name(key)} = ${value("is", key, null)})`;
    }
    if (isBound(is)) return `${name(key)} <= ${value("is", key, is.atMost)}`;
    return `${name(key)} = ${value("is", key, is)}`;
  });
  const update = [
    ...(sets.length > 0 ? [`SET ${sets.join(", ")}`] : []),
    ...(adds.length > 0 ? [`ADD ${adds.join(", ")}`] : []),
  ].join(" ");
  return {
    ...(update === "" ? {} : { UpdateExpression: update }),
    ...(conditions.length === 0 ? {} : { ConditionExpression: conditions.join(" AND ") }),
    ExpressionAttributeNames: names,
    ...(Object.keys(values).length === 0 ? {} : { ExpressionAttributeValues: values }),
  };
}

const isBelow = (value: unknown): value is { readonly below: number } =>
  typeof value === "object" && value !== null && "below" in value;

const isBound = (value: unknown): value is { readonly atMost: number } =>
  typeof value === "object" && value !== null && "atMost" in value;
