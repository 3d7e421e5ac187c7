import { Duration } from "aws-cdk-lib";
import type { HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import {
  Alarm,
  ComparisonOperator,
  Dashboard,
  GraphWidget,
  type IMetric,
  MathExpression,
  Metric,
  TreatMissingData,
} from "aws-cdk-lib/aws-cloudwatch";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import type { ITableV2 } from "aws-cdk-lib/aws-dynamodb";
import type { IFileSystem } from "aws-cdk-lib/aws-efs";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import { Topic } from "aws-cdk-lib/aws-sns";
import { Construct } from "constructs";
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from "#core/layout.ts";
import type { WorkQueue } from "./queues.ts";

export interface MonitoringProps {
  readonly api: HttpApi;
  readonly table: ITableV2;
  /** The shared disk's; null without one. */
  readonly fileSystem: IFileSystem | null;
  readonly queues: readonly WorkQueue[];
  readonly functions: readonly IFunction[];
  readonly apiFunction: IFunction;
  readonly sweep: IFunction;
  /**
   * Minutes that the oldest build may wait before somebody is told.
   * @default 30
   */
  readonly waitAlarmMinutes?: number;
  /**
   * ARN of an SNS topic that alarms go to.
   * @default - alarms are seen in CloudWatch only
   */
  readonly alarmTopicArn?: string;
}

interface Watch {
  /** The heading in docs/runbook.md. */
  readonly title: string;
  readonly metric: IMetric;
  readonly threshold: number;
  /** Of the metric's own length, one after the other. @default 1 */
  readonly periods?: number;
  /** @default the threshold reached or passed */
  readonly comparison?: ComparisonOperator;
  /** What silence means. @default all is well */
  readonly missing?: TreatMissingData;
}

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);
const HOUR = Duration.hours(1);
/** Hours after which somebody has to look at a channel that nobody could read. */
const CHANNEL_HOURS_MAX = 6;
/** Ended builds in an hour below which a share of failures says nothing. */
const ENDED_MIN = 5;

/**
 * What wakes somebody, and one page to look at. An alarm's description is its heading in docs/runbook.md, which says what to
 * do; test/infra/monitoring.test.ts holds the two together.
 */
export class Monitoring extends Construct {
  constructor(scope: Construct, id: string, props: MonitoringProps) {
    super(scope, id);
    const { table, functions, queues, waitAlarmMinutes = 30 } = props;
    const topic = props.alarmTopicArn && Topic.fromTopicArn(this, "Topic", props.alarmTopicArn);

    /** One of the metrics that the functions write into their logs. */
    const own = (name: MetricName, statistic: "Sum" | "Maximum", period: Duration): Metric =>
      new Metric({
        namespace: METRIC_NAMESPACE,
        metricName: name,
        dimensionsMap: { [METRIC_DIMENSION]: table.tableName },
        unit: METRICS[name] as Metric["unit"] & string,
        statistic,
        period,
      });
    const failed = own("BuildsFailed", "Sum", HOUR);
    const completed = own("BuildsCompleted", "Sum", HOUR);
    const digested = queues.map(({ deadLetters }) =>
      deadLetters.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: "Maximum" }),
    );
    const throttles = [
      // Of the functions only the API's callers lose by it: the others' events come again.
      props.apiFunction.metricThrottles({ period: FIVE_MINUTES, statistic: "Sum" }),
      ...["ReadThrottleEvents", "WriteThrottleEvents"].map((name) =>
        table.metric(name, { period: FIVE_MINUTES, statistic: "Sum" }),
      ),
    ];
    const ioLimit =
      props.fileSystem &&
      new Metric({
        namespace: "AWS/EFS",
        metricName: "PercentIOLimit",
        dimensionsMap: { FileSystemId: props.fileSystem.fileSystemId },
        statistic: "Maximum",
        period: FIVE_MINUTES,
      });
    const serverErrors = props.api.metricServerError({ period: FIVE_MINUTES, statistic: "Sum" });

    const watches: Readonly<Record<string, Watch>> = {
      DeadLetters: { title: "A message could not be digested", metric: sumOf(digested), threshold: 1 },
      Waiting: {
        title: "Builds wait too long",
        metric: own("OldestWait", "Maximum", MINUTE),
        threshold: waitAlarmMinutes * 60,
        periods: 5,
      },
      Failures: {
        title: "Most builds fail",
        metric: new MathExpression({
          expression:
            "IF(FILL(failed, 0) + FILL(completed, 0) >= " +
            `${ENDED_MIN}, 100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(completed, 0)), 0)`,
          usingMetrics: { failed, completed },
          period: HOUR,
          label: "failed, %",
        }),
        threshold: 50,
      },
      ServerErrors: { title: "The API answers with errors of its own", metric: serverErrors, threshold: 5 },
      Throttles: { title: "AWS throttles", metric: sumOf(throttles), threshold: 10, periods: 2 },
      NotStarted: {
        title: "Build tasks do not start",
        metric: own("TasksNotStarted", "Sum", FIVE_MINUTES),
        threshold: 3,
        periods: 2,
      },
      ...(ioLimit && {
        Disk: { title: "The shared disk is at its limit", metric: ioLimit, threshold: 95, periods: 3 },
      }),
      Channels: {
        title: "A channel cannot be read",
        metric: own("OldestIndex", "Maximum", HOUR),
        threshold: CHANNEL_HOURS_MAX * 3600,
      },
      Lost: { title: "Builds were lost", metric: own("BuildsLost", "Sum", FIVE_MINUTES), threshold: 1 },
      Sweep: {
        title: "Sweep does not run",
        metric: props.sweep.metricInvocations({ period: FIVE_MINUTES, statistic: "Sum" }),
        threshold: 1,
        periods: 2,
        comparison: ComparisonOperator.LESS_THAN_THRESHOLD,
        missing: TreatMissingData.BREACHING,
      },
    };
    for (const [name, watch] of Object.entries(watches)) {
      const alarm = new Alarm(this, name, {
        alarmDescription: watch.title,
        metric: watch.metric,
        threshold: watch.threshold,
        evaluationPeriods: watch.periods ?? 1,
        comparisonOperator: watch.comparison ?? ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treatMissingData: watch.missing ?? TreatMissingData.NOT_BREACHING,
      });
      if (topic) {
        alarm.addAlarmAction(new SnsAction(topic));
        alarm.addOkAction(new SnsAction(topic));
      }
    }

    const graph = (title: string, ...left: IMetric[]): GraphWidget =>
      new GraphWidget({ title, left, width: 8 });
    const dashboard = new Dashboard(this, "Dashboard", { defaultInterval: Duration.hours(24) });
    dashboard.addWidgets(
      graph("Builds ended in an hour", completed, failed),
      graph("Builds waiting", own("BuildsWaiting", "Maximum", FIVE_MINUTES)),
      graph("Longest wait, seconds", own("OldestWait", "Maximum", FIVE_MINUTES)),
    );
    dashboard.addWidgets(
      graph("Slots taken", own("SlotsTaken", "Maximum", FIVE_MINUTES)),
      graph(
        "Lost builds and tasks that did not start",
        own("BuildsLost", "Sum", FIVE_MINUTES),
        own("TasksNotStarted", "Sum", FIVE_MINUTES),
      ),
      graph("Messages that could not be digested", ...digested),
    );
    dashboard.addWidgets(
      graph("Requests", props.api.metricCount({ period: FIVE_MINUTES, statistic: "Sum" })),
      graph("Errors of the API", serverErrors, props.api.metricClientError({ period: FIVE_MINUTES })),
      graph(
        "Latency of the API, ms",
        ...["p50", "p95"].map((statistic) => props.api.metricLatency({ statistic })),
      ),
    );
    dashboard.addWidgets(
      graph("Indexes of channels changed", own("IndexesChanged", "Sum", HOUR)),
      graph("Channels that could not be read", own("IndexesFailed", "Sum", HOUR)),
      graph("Oldest index, seconds", own("OldestIndex", "Maximum", HOUR)),
    );
    dashboard.addWidgets(
      graph("Errors of functions", ...functions.map((one) => one.metricErrors({ period: FIVE_MINUTES }))),
      graph("Throttles", ...throttles),
      ...(ioLimit ? [graph("Shared disk, % of its I/O limit", ioLimit)] : []),
    );
  }
}

/** Of what is there; a metric without a value counts as nothing. */
function sumOf(metrics: readonly IMetric[]): MathExpression {
  const names = metrics.map((_, i) => `m${i}`);
  return new MathExpression({
    expression: `SUM([${names.map((name) => `FILL(${name}, 0)`).join(", ")}])`,
    usingMetrics: Object.fromEntries(metrics.map((metric, i) => [`m${i}`, metric])),
    period: FIVE_MINUTES,
  });
}
