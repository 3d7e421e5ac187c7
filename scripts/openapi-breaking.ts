/**
 * What of one OpenAPI document a client of another one would miss: the check that a change of the contract breaks nobody.
 * @module
 */
type Json = { readonly [key: string]: unknown };

interface Compared {
  readonly before: Json;
  readonly after: Json;
}

/** A sentence for each change that breaks a client which was written by `before`; none when there is none. */
export function breakingChanges(before: Json, after: Json): string[] {
  const documents = { before, after };
  const faults: string[] = [];
  for (const [path, operations] of entries(before["paths"])) {
    for (const [method, operation] of entries(operations)) {
      const place = `${method.toUpperCase()} ${path}`;
      const now = at(after, "paths", path, method);
      if (now === null) faults.push(`${place} is gone`);
      else faults.push(...changesOf(documents, operation as Json, now, place));
    }
  }
  return faults;
}

function changesOf(documents: Compared, was: Json, is: Json, place: string): string[] {
  return [
    ...parameterChanges(documents, was, is, place),
    ...bodyChanges(documents, was, is, place),
    ...answerChanges(documents, was, is, place),
  ];
}

function parameterChanges(documents: Compared, was: Json, is: Json, place: string): string[] {
  const [old, now] = [parametersOf(was), parametersOf(is)];
  const faults: string[] = [];
  for (const [name, parameter] of old) {
    const successor = now.get(name);
    if (!successor) faults.push(`${place}: ${name} is no longer read`);
    else {
      const [a, b] = [parameter["schema"] as Json, successor["schema"] as Json];
      faults.push(...narrower(documents, a, b, `${place}: ${name}`));
    }
  }
  for (const [name, parameter] of now) {
    if (parameter["required"] === true && old.get(name)?.["required"] !== true) {
      faults.push(`${place}: ${name} must be sent`);
    }
  }
  return faults;
}

const parametersOf = (operation: Json): Map<string, Json> =>
  new Map(((operation["parameters"] as Json[] | undefined) ?? []).map((each) => [`${each["name"]}`, each]));

function bodyChanges(documents: Compared, was: Json, is: Json, place: string): string[] {
  const [old, now] = [at(was, "requestBody"), at(is, "requestBody")];
  if (now?.["required"] === true && old?.["required"] !== true) return [`${place}: a body must be sent`];
  return entries(old?.["content"]).flatMap(([mediaType, content]) => {
    const successor = at(now ?? {}, "content", mediaType);
    if (successor === null) return [`${place}: a body is no longer read as ${mediaType}`];
    return narrower(documents, at(content as Json, "schema") ?? {}, at(successor, "schema") ?? {}, place);
  });
}

function answerChanges(documents: Compared, was: Json, is: Json, place: string): string[] {
  return entries(was["responses"]).flatMap(([status, response]) => {
    if (Number(status) >= 400) return [];
    const now = at(is, "responses", status);
    if (now === null) return [`${place}: ${status} is no longer answered`];
    return entries(at(response as Json, "content") ?? {}).flatMap(([mediaType, content]) => {
      const successor = at(now, "content", mediaType);
      if (successor === null) return [`${place}: ${status} is no longer ${mediaType}`];
      const [a, b] = [at(content as Json, "schema") ?? {}, at(successor, "schema") ?? {}];
      return poorer(documents, a, b, `${place}: ${status}`);
    });
  });
}

/** Whether something that could be sent before is refused now. */
function narrower(documents: Compared, was: Json, is: Json, place: string): string[] {
  return among(documents, was, is, (old, now) => {
    if (Object.keys(now).length === 0) return [];
    return [
      ...sameType(old, now, place),
      ...lostWords(old, now, place),
      ...BOUNDS.flatMap(([key, tighter]) => {
        const [before, after] = [old[key], now[key]];
        const isTighter =
          after !== undefined && (before === undefined || tighter(Number(after), Number(before)));
        return isTighter ? [`${place}: ${key} is ${after}`] : [];
      }),
      ...(now["pattern"] !== undefined && now["pattern"] !== old["pattern"]
        ? [`${place}: the pattern is new`]
        : []),
      ...required(now)
        .filter((name) => !required(old).includes(name))
        .map((name) => `${place}: ${name} must be sent`),
      ...deeper(old, now, place, (a, b, inner) => narrower(documents, a, b, inner), "is no longer read"),
    ];
  });
}

/** Whether something that was always answered may be missing or another thing now. */
function poorer(documents: Compared, was: Json, is: Json, place: string): string[] {
  return among(documents, was, is, (old, now) => {
    if (Object.keys(old).length === 0) return [];
    return [
      ...sameType(old, now, place),
      ...required(old)
        .filter((name) => name in properties(now) && !required(now).includes(name))
        .map((name) => `${place}: ${name} may be missing`),
      ...deeper(old, now, place, (a, b, inner) => poorer(documents, a, b, inner), "is gone"),
    ];
  });
}

/** Compares alternatives: each of today's answers, or of yesterday's requests, must fit one of the other side's. */
function among(
  { before, after }: Compared,
  was: Json,
  is: Json,
  compare: (was: Json, is: Json) => string[],
): string[] {
  const [old, now] = [alternatives(before, was), alternatives(after, is)];
  return old.flatMap((each) => {
    const faults = now.map((other) => compare(each, other));
    return faults.some((found) => found.length === 0) ? [] : (faults[0] ?? []);
  });
}

const alternatives = (document: Json, schema: Json): Json[] => {
  const resolved = resolve(document, schema);
  return ((resolved["anyOf"] as Json[] | undefined) ?? [resolved]).map((each) => resolve(document, each));
};

function resolve(document: Json, schema: Json): Json {
  const target = schema["$ref"];
  if (typeof target !== "string") return schema;
  return at(document, ...target.slice(2).split("/")) ?? {};
}

function deeper(
  old: Json,
  now: Json,
  place: string,
  compare: (was: Json, is: Json, place: string) => string[],
  gone: string,
): string[] {
  const successors = properties(now);
  const faults = Object.entries(properties(old)).flatMap(([name, schema]) => {
    const successor = successors[name];
    return successor ? compare(schema, successor, `${place}.${name}`) : [`${place}.${name} ${gone}`];
  });
  const [items, nowItems] = [at(old, "items"), at(now, "items")];
  return items && nowItems ? [...faults, ...compare(items, nowItems, `${place}[]`)] : faults;
}

const sameType = (old: Json, now: Json, place: string): string[] =>
  old["type"] === now["type"]
    ? []
    : [`${place}: ${old["type"] ?? "anything"} became ${now["type"] ?? "anything"}`];

function lostWords(old: Json, now: Json, place: string): string[] {
  const words = now["enum"] as readonly unknown[] | undefined;
  const before = old["enum"] as readonly unknown[] | undefined;
  if (!words) return [];
  if (!before) return [`${place}: only ${words.join(", ")} may be sent`];
  return before.filter((word) => !words.includes(word)).map((word) => `${place}: ${word} is refused`);
}

const higher = (after: number, before: number): boolean => after > before;
const lower = (after: number, before: number): boolean => after < before;
const BOUNDS = [
  ["minimum", higher],
  ["minLength", higher],
  ["maximum", lower],
  ["maxLength", lower],
  ["maxItems", lower],
] as const;

const entries = (value: unknown): [string, unknown][] => Object.entries((value ?? {}) as Json);
const properties = (schema: Json) => (schema["properties"] ?? {}) as Record<string, Json>;
const required = (schema: Json) => (schema["required"] ?? []) as readonly string[];
function at(value: Json, ...keys: readonly string[]): Json | null {
  let found: unknown = value;
  for (const key of keys) found = (found as Json | undefined)?.[key];
  return (found as Json | undefined) ?? null;
}
