import { readFileSync } from "node:fs";
import { Match, type Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { openLog } from "#adapters/log.ts";
import { METRIC_DIMENSION, METRIC_NAMESPACE, METRICS, type MetricName } from "#core/layout.ts";
import { synthesize } from "#test/kit/template.ts";

interface AlarmProperties {
  readonly AlarmDescription: string;
  readonly AlarmActions?: readonly unknown[];
}

const alarmsOf = (template: Template): AlarmProperties[] =>
  Object.values(template.findResources("AWS::CloudWatch::Alarm")).map(
    ({ Properties }) => Properties as AlarmProperties,
  );
const template = synthesize();

describe("alarms", () => {
  test("each has its heading in the runbook with something to do, and every heading has its alarm", () => {
    const runbook = readFileSync(new URL("../../docs/runbook.md", import.meta.url), "utf8");
    const chapters = runbook.split(/^## /m).slice(1);
    const headings = chapters.map((chapter) => chapter.split("\n")[0] ?? "");

    expect(headings.sort()).toEqual(
      alarmsOf(template)
        .map((alarm) => alarm.AlarmDescription)
        .sort(),
    );
    for (const chapter of chapters) expect(chapter).toMatch(/^1\. \S/m);
  });

  test("go to the topic that a deployment names, when they begin and when they end, and to nobody otherwise", () => {
    const topic = "arn:aws:sns:eu-west-1:123456789012:on-call";
    const told = synthesize({ alarmTopicArn: topic });

    for (const { AlarmActions } of alarmsOf(template)) expect(AlarmActions).toBeUndefined();
    expect(alarmsOf(told)).toHaveLength(alarmsOf(template).length);
    for (const alarm of alarmsOf(told)) {
      expect(alarm).toMatchObject({ AlarmActions: [topic], OKActions: [topic] });
    }
  });

  test("a build may wait as long as the deployment says", () => {
    synthesize({ waitAlarmMinutes: 7 }).hasResourceProperties("AWS::CloudWatch::Alarm", {
      AlarmDescription: "Builds wait too long",
      MetricName: "OldestWait",
      Threshold: 420,
    });
  });

  test("silence of sweep is an alarm; silence of anything else is not", () => {
    const silent = Object.values(template.findResources("AWS::CloudWatch::Alarm")).filter(
      ({ Properties }) => Properties.TreatMissingData === "breaching",
    );
    expect(silent.map(({ Properties }) => Properties.AlarmDescription)).toEqual(["Sweep does not run"]);
  });
});

test("every metric that functions write is read by an alarm or by the dashboard, and no other is", () => {
  const text = JSON.stringify(template.toJSON());
  const read = new Set([...text.matchAll(/CondaStore\\",\\"(\w+)/g)].map(([, name]) => name));
  for (const { Properties } of Object.values(template.findResources("AWS::CloudWatch::Alarm"))) {
    if (Properties.Namespace === METRIC_NAMESPACE) read.add(Properties.MetricName);
  }
  expect([...read].sort()).toEqual(Object.keys(METRICS).sort());
  template.resourceCountIs("AWS::CloudWatch::Dashboard", 1);
});

test("a measured line has what CloudWatch takes a metric from, whatever the log's level", () => {
  const lines: string[] = [];
  const log = openLog({ level: "error", fields: { table: "t" }, write: (line) => lines.push(line) });
  const values = { BuildsLost: 2, OldestWait: 3.5 } satisfies Partial<Record<MetricName, number>>;

  log.measure(values);

  expect(lines).toHaveLength(1);
  const line = JSON.parse(lines[0] ?? "");
  expect(line).toMatchObject({ ...values, [METRIC_DIMENSION]: "t" });
  expect(line._aws.CloudWatchMetrics).toEqual([
    {
      Namespace: METRIC_NAMESPACE,
      Dimensions: [[METRIC_DIMENSION]],
      Metrics: [
        { Name: "BuildsLost", Unit: "Count" },
        { Name: "OldestWait", Unit: "Seconds" },
      ],
    },
  ]);
  expect(Math.abs(line._aws.Timestamp - Date.now())).toBeLessThan(60_000);
});

test("alarms watch the functions, queues, table and disk of the same stack", () => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    AlarmDescription: "A message could not be digested",
    Metrics: Match.arrayWith([
      Match.objectLike({
        MetricStat: {
          Metric: Match.objectLike({
            Dimensions: [{ Name: "QueueName", Value: { "Fn::GetAtt": Match.anyValue() } }],
          }),
        },
      }),
    ]),
  });
});
