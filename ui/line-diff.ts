/**
 * Lines that were taken away and added between two texts.
 * @module
 */

export interface DiffLine {
  readonly kind: "same" | "removed" | "added";
  readonly text: string;
}

/** More cells than this would stop the page; then all of one text is shown removed and all of the other added. */
const CELLS_MAX = 4_000_000;

/** The shortest way from one text to the other, line by line. */
export function diffLines(before: string, after: string): DiffLine[] {
  const [a, b] = [splitLines(before), splitLines(after)];
  const all = (kind: DiffLine["kind"], lines: readonly string[]): DiffLine[] =>
    lines.map((text) => ({ kind, text }));
  if (a.length * b.length > CELLS_MAX) return [...all("removed", a), ...all("added", b)];
  const width = b.length + 1;
  // Length of the longest common subsequence of what is behind each pair of places.
  const common = new Uint32Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      common[i * width + j] =
        a[i] === b[j]
          ? (common[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const result: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    const text = a[i] ?? "";
    if (text === b[j]) {
      result.push({ kind: "same", text });
      i += 1;
      j += 1;
    } else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) {
      result.push({ kind: "removed", text });
      i += 1;
    } else {
      result.push({ kind: "added", text: b[j] ?? "" });
      j += 1;
    }
  }
  return [...result, ...all("removed", a.slice(i)), ...all("added", b.slice(j))];
}

/** A line end at the end makes no further line. */
const splitLines = (text: string): string[] => (text === "" ? [] : text.replace(/\n$/, "").split("\n"));
