import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import type { Builds } from "./builds.ts";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import type { WorkQueue } from "./queues.ts";

export interface DispatchProps extends CondaStoreFunctionProps {
  /** Wake-ups: a message carries nothing, and is always consumed. */
  readonly wakeUps: WorkQueue;
  readonly builds: Builds;
}

/** Fills free slots with waiting builds, in the order of the line. */
export class Dispatch extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: DispatchProps) {
    super(scope, id);
    const { wakeUps, builds, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    // Two at a time is the least that SQS allows; slots are taken by conditional writes, so more would only contend.
    this.handler.addEventSource(
      new SqsEventSource(wakeUps.queue, { batchSize: 10, maxConcurrency: 2, reportBatchItemFailures: true }),
    );
    builds.grantRun(this.handler, builds.taskDefinition);
  }
}
