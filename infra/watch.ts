import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";

export interface WatchProps extends CondaStoreFunctionProps {
  /** Minutes from one pass to the next. */
  readonly minutes: number;
}

/** Looks for specifications that are kept as files and have changed. */
export class Watch extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: WatchProps) {
    super(scope, id);
    const { minutes, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    const every = Duration.minutes(minutes);
    new Rule(this, "Schedule", {
      description: "Look for watched files that have changed",
      schedule: Schedule.rate(every),
      // What was not delivered is made good by the next pass.
      targets: [new LambdaFunction(this.handler, { retryAttempts: 0, maxEventAge: every })],
    });
  }
}
