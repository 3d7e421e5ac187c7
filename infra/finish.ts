import { Rule } from "aws-cdk-lib/aws-events";
import { SqsQueue } from "aws-cdk-lib/aws-events-targets";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import type { Builds } from "./builds.ts";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import type { WorkQueue } from "./queues.ts";

export interface FinishProps extends CondaStoreFunctionProps {
  /** Results of build tasks, and what ECS says of their ends. */
  readonly ends: WorkQueue;
  readonly builds: Builds;
}

/** Ends builds: by the result that the task wrote, or by ECS's word that the task is gone. */
export class Finish extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: FinishProps) {
    super(scope, id);
    const { ends, builds, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    this.handler.addEventSource(
      new SqsEventSource(ends.queue, { batchSize: 10, reportBatchItemFailures: true }),
    );
    // Through the queue and not straight to the function: one way in, one set of retries, one shelf of dead letters.
    new Rule(this, "TaskStopped", {
      description: "A build task has stopped",
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Task State Change"],
        detail: { clusterArn: [builds.cluster.clusterArn], lastStatus: ["STOPPED"] },
      },
      targets: [new SqsQueue(ends.queue)],
    });
  }
}
