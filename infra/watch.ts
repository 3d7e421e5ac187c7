import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";
import { RegularCall } from "./regular-call.ts";

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
    new RegularCall(this, "Schedule", {
      description: "Look for watched files that have changed",
      every: Duration.minutes(minutes),
      handler: this.handler,
    });
  }
}
