import { Duration } from "aws-cdk-lib";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import type { WorkQueue } from "./queues.ts";
import { RegularCall } from "./regular-call.ts";

export interface StoreProps extends CondaStoreFunctionProps {
  /** Which environment's link may be out of date; one group per environment. */
  readonly links: WorkQueue;
  /** Minutes from one look at watched files to the next; null: none are watched. */
  readonly watchMinutes: number | null;
}

/** The only function that sees the shared disk: links, directories, removals. */
export class Store extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: StoreProps) {
    super(scope, id);
    const { links, watchMinutes, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    this.handler.addEventSource(
      new SqsEventSource(links.queue, { batchSize: 1, reportBatchItemFailures: true }),
    );
    if (watchMinutes === null) return;
    new RegularCall(this, "Schedule", {
      description: "Look for watched files on the shared disk that have changed",
      every: Duration.minutes(watchMinutes),
      handler: this.handler,
    });
  }
}
