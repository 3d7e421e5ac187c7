/**
 * Bindings made ready for many questions: what a token may do is asked again and again, and it may hold a thousand
 * patterns. Names without wildcard are looked up; only patterns that begin as the asked name does are tried.
 * @module
 */
import { type Binding, type Bindings, permissionsOf } from "./binding.ts";
import { glob, isName, isWildcard, type Target } from "./pattern.ts";
import { PERMISSIONS, type Permission } from "./permission.ts";

/** Bindings as sets of permissions by name; a bit for each permission. */
export interface Compiled {
  /** Whether a binding that covers the target carries the permission. */
  may(permission: Permission, target: Target): boolean;
  /** Whether a binding speaks of the namespace or of anything in it, and carries the permission. */
  touches(permission: Permission, namespace: string): boolean;
}

const BITS = new Map(PERMISSIONS.map((permission, index) => [permission, 1 << index]));
const bitOf = (permission: Permission): number => BITS.get(permission) ?? 0;
const bitsOf = (binding: Binding): number =>
  [...permissionsOf(binding)].reduce((bits, permission) => bits | bitOf(permission), 0);

/** What holds for the namespaces of one half of a pattern. */
interface Area {
  /** For all environments, and so for the namespace. */
  whole: number;
  /** For anything in it. */
  some: number;
  readonly environments: ByName<{ bits: number }>;
}

const COMPILED = new WeakMap<Bindings, Compiled>();

/** Compiles once for each array of bindings. */
export function compiled(bindings: Bindings): Compiled {
  const known = COMPILED.get(bindings);
  if (known) return known;
  const made = compile(bindings);
  COMPILED.set(bindings, made);
  return made;
}

function compile(bindings: Bindings): Compiled {
  const areas = byName((): Area => ({ whole: 0, some: 0, environments: byName(() => ({ bits: 0 })) }));
  let everything = 0;
  for (const binding of bindings) {
    const { namespace, environment } = binding.pattern;
    const bits = bitsOf(binding);
    const area = areas.at(namespace);
    area.some |= bits;
    if (!isWildcard(environment)) area.environments.at(environment).bits |= bits;
    else {
      area.whole |= bits;
      if (isWildcard(namespace)) everything |= bits;
    }
  }
  return {
    may(permission, target) {
      const bit = bitOf(permission);
      if (target.kind === "global") return (everything & bit) !== 0;
      if (!isName(target.namespace)) return false;
      if (target.kind === "namespace") {
        return areas.some(target.namespace, ({ whole }) => (whole & bit) !== 0);
      }
      if (!isName(target.environment)) return false;
      const inArea = ({ whole, some, environments }: Area): boolean =>
        (whole & bit) !== 0 ||
        ((some & bit) !== 0 && environments.some(target.environment, ({ bits }) => (bits & bit) !== 0));
      return areas.some(target.namespace, inArea);
    },
    touches(permission, namespace) {
      const bit = bitOf(permission);
      return isName(namespace) && areas.some(namespace, ({ some }) => (some & bit) !== 0);
    },
  };
}

/** Values by halves of patterns. */
interface ByName<T> {
  /** The value of a half, made if there is none. */
  at(half: string): T;
  /** Whether the test holds for the value of a half that matches the name. */
  some(name: string, test: (value: T) => boolean): boolean;
}

function byName<T>(make: () => T): ByName<T> {
  const exact = new Map<string, T>();
  /** Halves with wildcards, by what they begin with. */
  const wild = new Map<string, Map<string, T>>();
  /** Lengths of those beginnings, ascending. */
  let lengths: number[] = [];
  const beginning = (half: string): Map<string, T> | null => {
    const star = half.indexOf("*");
    if (star < 0) return null;
    const literal = half.slice(0, star);
    const values = wild.get(literal) ?? new Map<string, T>();
    wild.set(literal, values);
    if (!lengths.includes(star)) lengths = [...lengths, star].sort((a, b) => a - b);
    return values;
  };
  return {
    at(half) {
      const values = beginning(half) ?? exact;
      const value = values.get(half) ?? make();
      values.set(half, value);
      return value;
    },
    some(name, test) {
      const value = exact.get(name);
      if (value !== undefined && test(value)) return true;
      for (const length of lengths) {
        if (length > name.length) return false;
        for (const [half, each] of wild.get(name.slice(0, length)) ?? []) {
          if (test(each) && glob(half, name)) return true;
        }
      }
      return false;
    },
  };
}
