import { CfnOutput } from "aws-cdk-lib";
import { HttpApi, PayloadFormatVersion } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { Construct } from "constructs";
import type { CondaStoreFunction } from "./function.ts";

export interface ApiProps {
  /** Answers every path of the `$default` route. */
  readonly handler: CondaStoreFunction;
}

/**
 * The one door: an HTTP API whose default stage has no path of its own, because docker wants `/v2/` at the root.
 * Routing is the function's, so that a path has one owner.
 */
export class Api extends Construct {
  readonly api: HttpApi;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.api = new HttpApi(this, "Http", {
      description: "conda-store",
      createDefaultStage: true,
      defaultIntegration: new HttpLambdaIntegration("Handler", props.handler, {
        payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
      }),
    });
    new CfnOutput(this, "Url", { value: this.api.apiEndpoint, description: "Where conda-store answers" });
  }
}
