/**
 * One line of a `pip:` section: an option of the allowed ones, or a requirement.
 * @module
 */
import { excerpt, pythonString } from "./faults.ts";
import { parseRequirement, type Requirement, RequirementError } from "./requirement.ts";

const PIP_OPTIONS = ["--index-url", "--extra-index-url", "--trusted-host"] as const;
export type PipOption = (typeof PIP_OPTIONS)[number];

export type PipEntry =
  | { readonly kind: "option"; readonly option: PipOption; readonly value: string }
  | { readonly kind: "requirement"; readonly requirement: Requirement; readonly text: string };

/** An entry that is refused; `message` is conda-store's, with the reason. */
export class PipEntryError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PipEntryError";
  }
}

/**
 * @param text e.g. `flask>=2`, `name @ https://…`, `--index-url https://…`.
 * @throws PipEntryError for another option, `-e`, `-r`, paths, version control addresses, and whatever is no PEP 508.
 */
export function parsePipEntry(text: string): PipEntry {
  if (text.startsWith("--")) {
    const [, name, value = ""] = /^(--[a-z-]+)(?:=|\s)\s*(\S.*)$/s.exec(text) ?? [];
    const option = PIP_OPTIONS.find((allowed) => allowed === name);
    if (option === undefined) {
      const options = PIP_OPTIONS.map((allowed) => `'${allowed}'`).join(", ");
      throw new PipEntryError(`Invalid pip option ${pythonString(text)} supported options are [${options}]`);
    }
    return { kind: "option", option, value: value.trim() };
  }
  try {
    return { kind: "requirement", requirement: parseRequirement(text), text: text.trim() };
  } catch (error) {
    if (!(error instanceof RequirementError)) throw error;
    throw new PipEntryError(
      `Invalid pypi package dependency "${excerpt(text)}" ensure it follows peps ` +
        `https://peps.python.org/pep-0508/ https://peps.python.org/pep-0440/: ${error.message}`,
    );
  }
}
