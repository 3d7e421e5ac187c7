/**
 * The trees in which solvers explain themselves; both engines draw them with the same strokes.
 * @module
 */

export interface Problem {
  readonly text: string;
  /** From the requirement that was asked for down to the line above. */
  readonly path: readonly string[];
}

/** @returns every line of the tree in order, each with the lines it hangs on. A headline hangs on nothing. */
export function parseProblems(tree: string): Problem[] {
  const lines = tree.split("\n").filter((line) => line.trim() !== "");
  const indent = Math.min(...lines.map((line) => line.length - line.trimStart().length));
  const path: string[] = [];
  return lines.map((line) => {
    const [, strokes = "", text = ""] = /^([\s│├└─]*)(.*)$/.exec(line.slice(indent)) ?? [];
    // One step to the right is three characters, the last of which are the branch itself.
    const depth = Math.round(strokes.length / 3);
    path.length = Math.min(path.length, depth);
    const problem = { text, path: [...path] };
    path.push(text);
    return problem;
  });
}
