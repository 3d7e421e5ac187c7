import { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";

/** As often as conda-store itself looks at channels. */
const EVERY = Duration.minutes(15);

/** Reads the indexes of channels before anybody asks for them. */
export class Prefetch extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: CondaStoreFunctionProps) {
    super(scope, id);
    // Unpacking and reading half a million records is work for a whole processor; what it makes of them lies on its disk first.
    this.handler = new CondaStoreFunction(this, "Function", { memoryMb: 1769, temporaryMb: 2048, ...props });
    new Rule(this, "Schedule", {
      description: "Read the indexes of channels",
      schedule: Schedule.rate(EVERY),
      // What was not delivered is made good by the next run.
      targets: [new LambdaFunction(this.handler, { retryAttempts: 0, maxEventAge: EVERY })],
    });
  }
}
