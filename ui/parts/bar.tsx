/** In hundredths of the whole: less would not be seen. */
const LENGTH_MIN = 0.5;

/** A stretch of a whole, as a picture; what it says stands beside it in words. */
export function Bar({ from = 0, length, whole }: { from?: number; length: number; whole: number }) {
  return (
    <svg viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
      <rect width="100" height="1" class="track" />
      <rect
        x={Math.min(100 - LENGTH_MIN, (100 * from) / whole)}
        width={Math.max(LENGTH_MIN, (100 * length) / whole)}
        height="1"
      />
    </svg>
  );
}
