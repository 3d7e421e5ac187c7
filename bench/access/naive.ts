/**
 * The decision once more, as one would write it from conda-store's documentation: each pattern is made a regular expression
 * whenever it is asked. It shares no code with core/access: tests hold the two to one answer, the bench to their speed.
 * @module
 */
const VIEWER = ["environment::read", "namespace::read", "namespace-role-mapping::read"];
const EDITOR = [
  ...VIEWER,
  "environment:create",
  "environment::update",
  "environment::solve",
  "build::cancel",
  "setting::read",
];
const ADMIN = [
  ...EDITOR,
  "environment::delete",
  "build::delete",
  "namespace::create",
  "namespace::update",
  "namespace::delete",
  "namespace-role-mapping::create",
  "namespace-role-mapping::update",
  "namespace-role-mapping::delete",
  "setting::update",
];
const TABLE: Readonly<Record<string, readonly string[]>> = {
  viewer: VIEWER,
  editor: EDITOR,
  developer: EDITOR,
  admin: ADMIN,
};
const NAME_CHARACTERS = "[A-Za-z0-9+_@$&?^~.=-]";
/** What has another character, or nothing between two slashes, is nobody's. */
const TARGET = new RegExp(`^${NAME_CHARACTERS}+(/${NAME_CHARACTERS}+)?$`);

/**
 * @param bindings roles by pattern
 * @param target "" for the whole store, else `namespace` or `namespace/environment`
 */
export function naiveMay(
  bindings: Readonly<Record<string, readonly string[]>>,
  permission: string,
  target: string,
): boolean {
  if (target !== "" && !TARGET.test(target)) return false;
  return Object.entries(bindings).some(
    ([pattern, roles]) =>
      covers(pattern, target) && roles.some((role) => TABLE[role]?.includes(permission) ?? false),
  );
}

function covers(pattern: string, target: string): boolean {
  const [namespace = "", environment = ""] = pattern.split("/");
  const isAll = (half: string): boolean => half.replaceAll("*", "") === "";
  if (target === "") return isAll(namespace) && isAll(environment);
  const asked = isAll(environment) ? `${expression(namespace)}(/${expression(environment)})?` : null;
  return new RegExp(`^${asked ?? `${expression(namespace)}/${expression(environment)}`}$`).test(target);
}

const expression = (half: string): string =>
  half.replace(/[.+?^$]/g, "\\$&").replace(/\*+/g, `${NAME_CHARACTERS}*`);
