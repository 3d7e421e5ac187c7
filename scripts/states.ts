/**
 * Writes docs/build-states.md from the state machine; `--check` only compares. A test holds the two equal.
 * @module
 */
import { readFileSync, writeFileSync } from "node:fs";
import { isFinal, MOVES, STATES } from "#core/build/state-machine.ts";
import { table } from "./markdown-table.ts";

export const BUILD_STATES_PATH = new URL("../docs/build-states.md", import.meta.url).pathname;

/** The document, whole. */
export function buildStatesDocument(): string {
  const states = Object.entries(STATES);
  const moves = Object.entries(MOVES);
  const arrows = moves.flatMap(([name, { from, to }]) =>
    (from.length === 0 ? ["[*]"] : from).map((state) => `  ${state} --> ${to}: ${name}`),
  );
  const reached = new Set<string>(moves.map(([, { to }]) => to));
  const ends = states
    .map(([name]) => name)
    .filter((name) => reached.has(name) && isFinal(name as keyof typeof STATES))
    .map((name) => `  ${name} --> [*]`);
  return `# States and moves of a build

Made from \`core/build/state-machine.ts\` by \`npm run states\`; change it there.

\`\`\`mermaid
stateDiagram-v2
${[...arrows, ...ends].join("\n")}
\`\`\`

${table(
  ["state", "status that clients see", "holds a slot", "meaning"],
  states.map(([name, { status, slot, says }]) => [
    name,
    status,
    slot ? "yes" : "no",
    reached.has(name) ? says : `${says} (no move leads there yet)`,
  ]),
)}

${table(
  ["move", "from", "to", "made by", "because"],
  moves.map(([name, { from, to, by, says }]) => [
    name,
    from.join(", ") || "nothing",
    to,
    by.join(", "),
    says,
  ]),
)}

A move is one conditional transaction (\`adapters/dynamodb/moves.ts\`); nothing else writes a status. Who comes too late is told
so and changes nothing. A build that leaves a state with a slot frees the slot and closes the attempt in the same transaction, so
the attempt's task can write nothing any more.
`;
}

if (import.meta.main) {
  const wanted = buildStatesDocument();
  if (!process.argv.includes("--check")) writeFileSync(BUILD_STATES_PATH, wanted);
  else if (readFileSync(BUILD_STATES_PATH, "utf8") !== wanted) {
    console.error("docs/build-states.md is out of date: run `npm run states`.");
    process.exitCode = 1;
  }
}
