/**
 * What a deployment costs, from its template, the workloads and the price table of this folder.
 * @module
 */
import table from "./prices.json" with { type: "json" };
import assumed from "./workloads.json" with { type: "json" };

interface Price {
  readonly usd: number;
  readonly unit: string;
  /** Where the owner of the price says it. */
  readonly source: string;
  /** Where it was read on the table's date; null: it could be read nowhere, and is to be looked up. */
  readonly seen: string | null;
  readonly freeEachMonth?: number;
}
type PriceName = keyof typeof table.prices;
const PRICES: Readonly<Record<PriceName, Price>> = table.prices;

/** A synthesised template, as far as it is looked at. */
export interface Template {
  readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>;
}

interface Line {
  readonly what: string;
  readonly price: PriceName;
  readonly quantity: number;
}

const MINUTES = 60 * 24 * 30;
/** Long polls at the same time with which Lambda listens to a quiet queue, and how long one lasts. */
const POLLERS = 5;
const POLL_SECONDS = 20;

const cost = ({ price, quantity }: Line): number => quantity * PRICES[price].usd;
const costAfterFree = ({ price, quantity }: Line): number =>
  Math.max(0, quantity - (PRICES[price].freeEachMonth ?? 0)) * PRICES[price].usd;
const total = (lines: readonly Line[], of: (line: Line) => number = cost): number =>
  lines.reduce((sum, line) => sum + of(line), 0);

/** Dollars of an idle month without data, by the list and after what every account has free each month. */
export function idleCost(template: Template): { readonly list: number; readonly afterFree: number } {
  const lines = idle(read(template));
  return { list: total(lines), afterFree: total(lines, costAfterFree) };
}

/** What of the template costs. */
function read(template: Template) {
  const resources = Object.values(template.Resources ?? {});
  const of = (type: string): readonly Record<string, unknown>[] =>
    resources
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties as Record<string, unknown>);
  const [task] = of("AWS::ECS::TaskDefinition");
  const alarms = of("AWS::CloudWatch::Alarm");
  return {
    secrets: of("AWS::SecretsManager::Secret").length,
    dashboards: of("AWS::CloudWatch::Dashboard").length,
    // An alarm on an expression is paid for by the metrics in it.
    alarmMetrics: alarms
      .map(({ Metrics }) =>
        Array.isArray(Metrics) ? Metrics.filter((one) => "MetricStat" in one).length : 1,
      )
      .reduce((sum, metrics) => sum + metrics, 0),
    polledQueues: of("AWS::Lambda::EventSourceMapping").length,
    // Those that run often are the small ones.
    functionGB: Math.min(...of("AWS::Lambda::Function").map(({ MemorySize }) => Number(MemorySize))) / 1024,
    taskCpus: Number(task?.["Cpu"]) / 1024,
    taskGB: Number(task?.["Memory"]) / 1024,
    taskDiskGB: (task?.["EphemeralStorage"] as { SizeInGiB: number } | undefined)?.SizeInGiB ?? 20,
    hasDisk: of("AWS::EFS::AccessPoint").length > 0,
  };
}
type Parts = ReturnType<typeof read>;

function idle(parts: Parts): Line[] {
  const { sweep, prefetch, watch } = assumed;
  const runs = MINUTES / 15;
  const passes = MINUTES / 5;
  const polls = parts.polledQueues * POLLERS * ((MINUTES * 60) / POLL_SECONDS);
  return [
    { what: "the key that signs tokens", price: "secret", quantity: parts.secrets },
    { what: "metrics that alarms watch", price: "alarmMetric", quantity: parts.alarmMetrics },
    { what: "dashboard", price: "dashboard", quantity: parts.dashboards },
    {
      what: `Lambda listening to ${parts.polledQueues} quiet queues`,
      price: "queueRequest",
      quantity: polls,
    },
    { what: "sweep, every minute: calls", price: "functionCall", quantity: MINUTES },
    {
      what: "sweep: running",
      price: "functionSecond",
      quantity: MINUTES * sweep.seconds * parts.functionGB,
    },
    { what: "sweep: reading", price: "tableRead", quantity: MINUTES * sweep.tableReads },
    { what: "sweep: log", price: "logsIn", quantity: MINUTES * sweep.logsGB },
    { what: "reading channels, every 15 minutes: calls", price: "functionCall", quantity: runs },
    {
      what: "reading channels: running",
      price: "functionSecond",
      quantity: runs * prefetch.seconds * prefetch.memoryGB,
    },
    { what: "reading channels: table, reads", price: "tableRead", quantity: runs * prefetch.tableReads },
    { what: "reading channels: table, writes", price: "tableWrite", quantity: runs * prefetch.tableWrites },
    { what: "reading channels: log", price: "logsIn", quantity: runs * prefetch.logsGB },
    { what: "watched files, every 5 minutes: calls", price: "functionCall", quantity: passes },
    {
      what: "watched files: running",
      price: "functionSecond",
      quantity: passes * watch.seconds * parts.functionGB,
    },
    { what: "watched files: listing", price: "objectPut", quantity: passes },
    { what: "watched files: table", price: "tableRead", quantity: passes * watch.tableReads },
    { what: "watched files: log", price: "logsIn", quantity: passes * watch.logsGB },
    { what: "indexes of channels, kept", price: "objectStorage", quantity: prefetch.keptGB },
  ];
}

/** Of the smallest size, whatever it does, with the disk that each has free. */
const task = (parts: Parts, hours: number): Line[] => [
  { what: "task: processor", price: "taskCpu", quantity: hours * parts.taskCpus },
  { what: "task: memory", price: "taskMemory", quantity: hours * parts.taskGB },
  { what: "task: address on the internet", price: "publicAddress", quantity: hours },
];

/** One build, by the smallest size of task. */
function build(parts: Parts): Line[] {
  const { build: one } = assumed;
  const hours = one.minutes / 60;
  const written = parts.hasDisk ? one.environmentGB + one.files * one.metadataGBPerFile : 0;
  const calls = one.apiRequests + one.otherCalls;
  const seconds = one.apiRequests * one.apiSeconds + one.otherCalls * one.otherSeconds;
  return [
    ...task(parts, hours),
    { what: "task: disk", price: "taskDisk", quantity: hours * Math.max(0, parts.taskDiskGB - 20) },
    { what: "shared disk: writing the environment", price: "diskWrite", quantity: written },
    {
      what: "shared disk: reading back what was written",
      price: "diskRead",
      quantity: parts.hasDisk ? one.files * one.metadataGBPerFile : 0,
    },
    {
      what: "shared disk: keeping it",
      price: "diskStorage",
      quantity: parts.hasDisk ? one.environmentGB * one.monthsKept : 0,
    },
    { what: "archive: keeping it", price: "objectStorage", quantity: one.archiveGB * one.monthsKept },
    { what: "archive: downloads", price: "transferOut", quantity: one.archiveGB * one.downloads },
    { what: "objects written", price: "objectPut", quantity: one.objectPuts },
    { what: "objects read", price: "objectGet", quantity: one.objectGets },
    { what: "table: writes", price: "tableWrite", quantity: one.tableWrites },
    { what: "table: reads", price: "tableRead", quantity: one.tableReads },
    { what: "API: requests", price: "apiRequest", quantity: one.apiRequests },
    { what: "functions: calls", price: "functionCall", quantity: calls },
    { what: "functions: running", price: "functionSecond", quantity: seconds * parts.functionGB },
    { what: "queues: requests", price: "queueRequest", quantity: one.queueRequests },
    { what: "logs", price: "logsIn", quantity: one.logsGB },
  ];
}

/** docs/cost.md. */
export function renderCost(template: Template): string {
  const parts = read(template);
  const [still, each] = [idle(parts), build(parts)];
  const months = Object.entries(assumed.workloads).map(([name, builds]) => {
    const lines = merge([...still, ...each.map((line) => ({ ...line, quantity: line.quantity * builds }))]);
    return `| ${name} | ${dollars(total(lines))} | ${dollars(total(lines, costAfterFree))} |`;
  });
  const { build: one } = assumed;
  return `# Cost

Made by \`npm run cost\` from the template of a deployment without any choices, the workloads of \`scripts/cost/workloads.json\` and the prices
of \`scripts/cost/prices.json\` (${table.region}, ${table.date}). Change those and run it again; a test holds this page to them. These are
sums of list prices, no offer: what you pay stands on AWS's bill.

| a month | by the list | after what AWS gives every account each month |
| --- | --- | --- |
${months.join("\n")}

An idle month has no data; what is kept comes on top: ${dollars(PRICES.diskStorage.usd)} for each GB and month on the shared disk (a tenth of
that and less for what was not read for 30 days), ${dollars(PRICES.objectStorage.usd)} in the bucket.

## An idle month

${lineTable(still)}

Lambda listens to a queue with ${POLLERS} long polls of ${POLL_SECONDS} seconds, also when nothing comes; each is a request. A metric of our own costs
${dollars(PRICES.customMetric.usd)} in a month in which it has values: an idle deployment writes none.
Channels are assumed to be read by the function alone: an hour of a task for [what is too large for it](repodata.md#what-is-too-large-for-the-function)
costs ${dollars(total(task(parts, 1)))}.

## One build

${capital(one.about)}: ${one.minutes} minutes in a task of ${parts.taskCpus} vCPU and ${parts.taskGB} GB, ${one.environmentGB} GB in ${one.files.toLocaleString("en")} files on the shared disk, an archive of
${one.archiveGB} GB that ${one.downloads} people download, kept for the rest of the month (half a month on average). A build that is lent what an
earlier one made costs the task's first minute and no writing. What a build is like is assumed: put your own numbers into the workloads.
Reads and writes of the table are those of [access-patterns.md](access-patterns.md); small files cost more to write than their bytes, since
EFS counts each operation on a file's name as some KiB.

${lineTable(each)}

## Prices

Read from where the last column says. **Unverified** is what could not be read anywhere on that date: look it up at the source before you
rely on it.

| what | USD | for each | free each month | source | read at |
| --- | --- | --- | --- | --- | --- |
${Object.entries(PRICES)
  .map(
    ([name, { usd, unit, source, seen, freeEachMonth }]) =>
      `| ${name} | ${plain(usd)} | ${unit} | ${freeEachMonth?.toLocaleString("en") ?? ""} | <${source}> | ${seen === null ? "**unverified**" : `<${seen}>`} |`,
  )
  .join("\n")}
`;
}

/** Lines of one price together, so that what is free is free once. */
function merge(lines: readonly Line[]): Line[] {
  const byPrice = Map.groupBy(lines, ({ price }) => price);
  return [...byPrice].map(([price, same]) => ({
    what: price,
    price,
    quantity: same.reduce((sum, { quantity }) => sum + quantity, 0),
  }));
}

function lineTable(lines: readonly Line[]): string {
  const rows = lines.map(
    (line) =>
      `| ${line.what} | ${plain(line.quantity)} × ${plain(PRICES[line.price].usd)} (${PRICES[line.price].unit}) | ${dollars(cost(line))} |`,
  );
  return [
    "| what | quantity × price | USD |",
    "| --- | --- | --- |",
    ...rows,
    `| **together** | | **${dollars(total(lines))}** |`,
  ].join("\n");
}

const dollars = (usd: number): string =>
  usd >= 0.1 || usd === 0 ? usd.toFixed(2) : usd.toFixed(5).replace(/0+$/, "");
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
/** Four figures, never as a power of ten. */
const plain = (value: number): string =>
  value.toLocaleString("en", { maximumSignificantDigits: 4, maximumFractionDigits: 12 });
