import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import type { Builds } from "./builds.ts";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import { RegularCall } from "./regular-call.ts";

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
    new RegularCall(this, "EveryMinute", {
      description: "Look for lost builds",
      every: Duration.minutes(1),
      handler: this.handler,
    });
    builds.grantWatch(this.handler);
  }
}
