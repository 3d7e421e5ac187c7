import { Rule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations";
import { SqsEventSource } from "aws-cdk-lib/aws-lambda-event-sources";
import { Construct } from "constructs";
import type { Builds } from "./builds.ts";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import type { WorkQueue } from "./queues.ts";

export interface FinishProps extends CondaStoreFunctionProps {
  /** Results of build tasks. */
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
    // An event that fails is tried again twice by Lambda, and then lies on the same shelf as the messages.
    this.handler.configureAsyncInvoke({
      retryAttempts: 2,
      onFailure: new SqsDestination(ends.deadLetters),
    });
    new Rule(this, "TaskStopped", {
      description: "A build task has stopped",
      eventPattern: {
        source: ["aws.ecs"],
        detailType: ["ECS Task State Change"],
        detail: { clusterArn: [builds.cluster.clusterArn], lastStatus: ["STOPPED"] },
      },
      targets: [new LambdaFunction(this.handler, { deadLetterQueue: ends.deadLetters })],
    });
  }
}
