import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import type { Builds } from "./builds.ts";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";

export interface SweepProps extends CondaStoreFunctionProps {
  readonly builds: Builds;
}

/** Looks every minute for what nobody reported. */
export class Sweep extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: SweepProps) {
    super(scope, id);
    const { builds, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    new Rule(this, "EveryMinute", {
      description: "Look for lost builds",
      schedule: Schedule.rate(Duration.minutes(1)),
      // A pass that was not delivered is made good by the next one; a late one would only look twice.
      targets: [new LambdaFunction(this.handler, { retryAttempts: 0, maxEventAge: Duration.minutes(1) })],
    });
    builds.grantWatch(this.handler);
  }
}
