/**
 * The RunTask endpoint in a process of its own, so that it can be killed: its tasks die with it, and the next one reports
 * them as lost.
 * @module
 */
import { awsConfig } from "#local/aws-config.ts";
import type { Machine } from "#local/run-task/launch.ts";
import { startRunTaskEndpoint } from "#local/run-task/server.ts";

export interface EndpointOrder {
  readonly aws: string;
  readonly port: number;
  readonly logsDirectory: string;
  readonly machine: Machine;
}

const order = JSON.parse(process.argv[2] ?? "") as EndpointOrder;
const endpoint = await startRunTaskEndpoint({
  ...order,
  aws: awsConfig(order.aws),
  log: (line) => process.send?.(line),
});
await endpoint.tasks.reportLost();
process.on("disconnect", () => process.exit(0));
process.on("SIGTERM", () => void endpoint.close().then(() => process.exit(0)));
process.send?.("ready");
