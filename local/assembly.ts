/**
 * The local AWS refuses a whole template for one resource type it does not know. These are taken out of the assembly
 * between synth and deploy; nothing else is changed. What AWS does with each: docs/emulators.md.
 * @module
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export const UNSUPPORTED_TYPES: readonly string[] = [
  // Opens the shared disk's port to tasks and to the store function: the local shared disk is a directory.
  "AWS::EC2::SecurityGroupIngress",
  // Watch; nothing that is served depends on them.
  "AWS::CloudWatch::Alarm",
  "AWS::CloudWatch::Dashboard",
];

interface Template {
  readonly Resources?: Record<string, Resource>;
}
interface Resource {
  readonly Type: string;
  DependsOn?: string | string[];
}

/** Rewrites the assembly's templates in place. @returns the logical ids taken out */
export function stripAssembly(directory: string): string[] {
  return readdirSync(directory)
    .filter((name) => name.endsWith(".template.json"))
    .flatMap((name) => {
      const path = join(directory, name);
      const template = JSON.parse(readFileSync(path, "utf8")) as Template;
      const removed = stripTemplate(template);
      writeFileSync(path, JSON.stringify(template));
      return removed;
    });
}

/** Takes the unsupported resources out, and every mention of them in `DependsOn`. */
export function stripTemplate(template: Template): string[] {
  const resources = template.Resources ?? {};
  const removed = Object.keys(resources).filter((id) =>
    UNSUPPORTED_TYPES.includes(resources[id]?.Type ?? ""),
  );
  for (const id of removed) delete resources[id];
  for (const resource of Object.values(resources)) {
    const left = [resource.DependsOn ?? []].flat().filter((id) => !removed.includes(id));
    if (left.length > 0) resource.DependsOn = left;
    else delete resource.DependsOn;
  }
  return removed;
}
