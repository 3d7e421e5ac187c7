import type { Duration } from "aws-cdk-lib";
import { Rule, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import type { IFunction } from "aws-cdk-lib/aws-lambda";
import type { Construct } from "constructs";

export interface RegularCallProps {
  readonly description: string;
  readonly every: Duration;
  readonly handler: IFunction;
}

/** Calls a function again and again. What was not delivered is made good by the next call; a late one would only look twice. */
export class RegularCall extends Rule {
  constructor(scope: Construct, id: string, { description, every, handler }: RegularCallProps) {
    super(scope, id, {
      description,
      schedule: Schedule.rate(every),
      targets: [new LambdaFunction(handler, { retryAttempts: 0, maxEventAge: every })],
    });
  }
}
