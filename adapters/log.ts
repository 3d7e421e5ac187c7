/**
 * The log of the functions: one JSON object a line on standard output, where Lambda picks it up.
 * @module
 */
export const LOG_LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];
export type LogFields = Readonly<Record<string, unknown>>;

export type Log = { readonly [L in LogLevel]: (message: string, fields?: LogFields) => void };

/**
 * Makes a log.
 * @param least lines below this level are not written; a name that is no level means `info`.
 * @param write takes one line, line feed included.
 */
export function createLog(least: string, write: (line: string) => void = (line) => process.stdout.write(line)): Log {
  const known = (LOG_LEVELS as readonly string[]).indexOf(least);
  const from = known < 0 ? LOG_LEVELS.indexOf("info") : known;
  const at =
    (level: LogLevel) =>
    (message: string, fields: LogFields = {}): void => {
      if (LOG_LEVELS.indexOf(level) < from) return;
      write(`${JSON.stringify({ timestamp: new Date().toISOString(), level, message, ...fields }, errorsAsObjects)}\n`);
    };
  return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
}

/** An Error has no enumerable properties: without this it would be logged as `{}`. */
function errorsAsObjects(_: string, value: unknown): unknown {
  if (!(value instanceof Error)) return value;
  const { name, message, stack, cause } = value;
  return { name, message, stack, ...(cause === undefined ? {} : { cause }) };
}
