/**
 * The log of functions and of the build task's supervisor: one JSON object a line on standard output, secrets taken out.
 * @module
 */
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from "#core/layout.ts";
import { REDACTED, redact } from "#core/redact.ts";

const LEVELS = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof LEVELS)[number];

/** Values are told as JSON; an `Error` as its name, message and stack. Never pass bodies or tokens. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Counts for CloudWatch, whatever the level; the field `table` says of which deployment. */
  measure(values: Partial<Readonly<Record<MetricName, number>>>): void;
  /** The same log with these fields on every line. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  /** Less important lines are dropped. @default info */
  readonly level?: string;
  readonly fields?: LogFields;
  /** Takes a line without its end. @default standard output */
  readonly write?: (line: string) => void;
}

/** Opens a log. An unknown level counts as `info`. */
export function openLog({ level = "info", fields = {}, write = toStdout }: LogOptions = {}): Log {
  const least = Math.max(0, LEVELS.indexOf(isLevel(level) ? level : "info"));
  const line =
    (of: LogLevel) =>
    (message: string, more: LogFields = {}): void => {
      if (LEVELS.indexOf(of) < least) return;
      const entry = { at: new Date().toISOString(), level: of, message, ...fields, ...more };
      write(JSON.stringify(entry, tellable));
    };
  return {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
    measure: (values) => write(JSON.stringify({ ...embedded(values), ...fields, ...values })),
    with: (more) => openLog({ level, fields: { ...fields, ...more }, write }),
  };
}

/**
 * CloudWatch reads metrics out of log lines that carry this: its embedded metric format.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
 */
function embedded(values: Partial<Readonly<Record<MetricName, number>>>) {
  const names = Object.keys(values) as MetricName[];
  return {
    _aws: {
      Timestamp: Date.now(),
      CloudWatchMetrics: [
        {
          Namespace: METRIC_NAMESPACE,
          Dimensions: [[METRIC_DIMENSION]],
          Metrics: names.map((name) => ({ Name: name, Unit: METRICS[name] })),
        },
      ],
    },
  };
}

const isLevel = (text: string): text is LogLevel => (LEVELS as readonly string[]).includes(text);

const toStdout = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const SECRET_FIELD = /password|secret|token|authorization|cookie/i;

/** Redacts value by value: in the finished line an escaped quote could be taken for the end of a secret. */
function tellable(key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message, stack: value.stack };
  if (typeof value === "bigint") return value.toString();
  if (typeof value !== "string") return value;
  return SECRET_FIELD.test(key) ? REDACTED : redact(value);
}
