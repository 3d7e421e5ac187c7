import { parseTime, showDistance, showExactTime } from "../format.ts";

/** A time as people say it, in their zone; the exact one when pointed at. @param at as the API has it */
export function Time({ at }: { at: string }) {
  const date = at.endsWith("Z") ? new Date(at) : parseTime(at);
  return (
    <time dateTime={date.toISOString()} title={showExactTime(date)}>
      {showDistance(date, new Date())}
    </time>
  );
}
