/** Texts of the page that makes and changes environments. @module */
import type { TextFormat } from "../draft.ts";

export const CREATE = {
  title: "New environment",
  titleChange: (id: number) => `Change build ${id}`,
  lead: "Paste an environment.yml, or choose a file. If the environment exists already, this makes a new build of it.",
  leadChange:
    "Change the specification and build it. The build that is current stays until the new one has completed.",
  namespace: "Namespace",
  namespaceHint: "It is made if it does not exist yet and you may make it.",
  name: "Name of the environment",
  nameHint: "The text does not say it.",
  format: "The text is",
  formats: {
    environment: "an environment.yml",
    lockfile: "a conda-lock lockfile",
    pip: "a requirements.txt",
  } satisfies Record<TextFormat, string>,
  specification: "Specification",
  specificationHint: "YAML with a name, channels and dependencies.",
  file: "Choose a file",
  fileHint: "environment.yml, a lockfile or requirements.txt; it can also be dropped on the text.",
  replace: (file: string) => `Replace what you typed by ${file}?`,
  replaceLead: "The text in the field would be lost.",
  replaceSubmit: "Replace",
  fileTooLarge: "The file is larger than 2 MiB, which is more than a specification or lockfile may have.",
  example: "Insert an example",
  compare: "Compare with the build",
  compareHide: "Hide the comparison",
  compareTitle: "What you changed",
  same: "Nothing is changed.",
  reset: "Begin again from the build",
  submit: "Build",
  submitSolved: "Build exactly this",
  preview: {
    title: "What would be installed",
    start: "Preview the solve",
    solving: "Solving…",
    failed: "It cannot be solved.",
    solved: (count: number, size: string) =>
      `${count.toLocaleString()} packages, ${size}, would be installed.`,
    pip: (count: number) => `${count.toLocaleString()} of pip's are resolved by the build.`,
    all: "All packages",
    lead: "Build now takes exactly these, until you change the text.",
    unchanged: (count: number) => `Against the current build, ${count.toLocaleString()} stay as they are.`,
    added: "Added:",
    removed: "Removed:",
    changed: "Changed:",
  },
  submitting: "Sending…",
  suggestions: "It could go on with (Alt and ↓):",
  refused: "The specification was not accepted",
  line: (line: number) => `Line ${line}`,
  logInFirst: "You can write here; to build you need to log in.",
  exampleText: `name: example
channels:
  - conda-forge
dependencies:
  - python=3.12
  - numpy
`,
} as const;
