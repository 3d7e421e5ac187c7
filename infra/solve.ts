import { Duration } from "aws-cdk-lib";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";

/** Solves specifications that nobody builds yet. The API calls it and waits for no answer. */
export class Solve extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: CondaStoreFunctionProps) {
    super(scope, id);
    // An index of a large channel is read whole, and decompressed by the solver.
    this.handler = new CondaStoreFunction(this, "Function", { memoryMb: 3008, ...props });
    // Who asked looks after some minutes and is told that the solve was lost: a second try would be nobody's.
    this.handler.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: Duration.minutes(1) });
  }
}
