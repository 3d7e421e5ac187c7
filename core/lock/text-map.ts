/**
 * The schema of what packages need, by name.
 * @module
 */
import * as v from "valibot";

const isObject = (given: unknown): boolean =>
  typeof given === "object" && given !== null && !Array.isArray(given);

/**
 * An object of texts with whatever keys: a record leaves out `constructor` and `prototype`, which are packages.
 * @param notObject said of what is none
 * @param notText said of a value that is none
 */
export const textMap = (notObject: string, notText: string) =>
  v.pipe(
    v.custom<Readonly<Record<string, unknown>>>(isObject, notObject),
    v.rawTransform(({ dataset: { value: input }, addIssue, NEVER }): Readonly<Record<string, string>> => {
      const wrong = Object.entries(input).filter(([, value]) => typeof value !== "string");
      for (const [key, value] of wrong) {
        addIssue({ message: notText, path: [{ type: "object", origin: "value", input, key, value }] });
      }
      return wrong.length === 0 ? (input as Readonly<Record<string, string>>) : NEVER;
    }),
  );
