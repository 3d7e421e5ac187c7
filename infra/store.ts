import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import type { WorkQueue } from "./queues.ts";

export interface StoreProps extends CondaStoreFunctionProps {
  /** Which environment's link may be out of date; one group per environment. */
  readonly links: WorkQueue;
}

/** The only function that sees the shared disk: links, directories, removals. */
export class Store extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: StoreProps) {
    super(scope, id);
    const { links, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    this.handler.addEventSource(
      new SqsEventSource(links.queue, { batchSize: 1, reportBatchItemFailures: true }),
    );
  }
}
