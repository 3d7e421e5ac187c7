import { RemovalPolicy } from "aws-cdk-lib";
import { AccessLogFormat } from "aws-cdk-lib/aws-apigateway";
import {
  HttpApi,
  HttpStage,
  LogGroupLogDestination,
  PayloadFormatVersion,
} from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { Domain, type DomainProps } from "./domain.ts";
import type { CondaStoreFunction } from "./function.ts";

export interface ApiProps {
  /** Answers every path of the `$default` route. */
  readonly handler: CondaStoreFunction;
  /**
   * Requests a second that pass in the long run; what is above is answered 429 before it costs anything else.
   * @default 200
   */
  readonly requestsPerSecond?: number;
  /**
   * A name of the team's own; the API then answers under no other.
   * @default - API Gateway's own name
   */
  readonly domain?: DomainProps;
}

/** Who asked what and how it ended; never a query, a header or a body. */
const ACCESS_LOG = {
  requestId: "$context.requestId",
  ip: "$context.identity.sourceIp",
  method: "$context.httpMethod",
  path: "$context.path",
  status: "$context.status",
  ms: "$context.responseLatency",
  integrationError: "$context.integrationErrorMessage",
};

/**
 * The one door: an HTTP API whose default stage has no path of its own, because docker wants `/v2/` at the root.
 * Routing is the function's, so that a path has one owner.
 */
export class Api extends Construct {
  readonly api: HttpApi;
  /** Where it answers. */
  readonly url: string;
  /** What the domain's CNAME has to lead to; undefined without one. */
  readonly domainTarget: string | undefined;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    this.api = new HttpApi(this, "Http", {
      description: "conda-store",
      createDefaultStage: false,
      disableExecuteApiEndpoint: props.domain !== undefined,
      defaultIntegration: new HttpLambdaIntegration("Handler", props.handler, {
        payloadFormatVersion: PayloadFormatVersion.VERSION_2_0,
      }),
    });
    const domain = props.domain && new Domain(this, "Domain", props.domain);
    this.url = props.domain ? `https://${props.domain.name}` : this.api.apiEndpoint;
    this.domainTarget = domain?.target;
    const rateLimit = props.requestsPerSecond ?? 200;
    new HttpStage(this, "Stage", {
      httpApi: this.api,
      stageName: "$default",
      autoDeploy: true,
      // Without a path of its own, so that the registry stays at the root of the host.
      ...(domain && { domainMapping: { domainName: domain.domain } }),
      throttle: { rateLimit, burstLimit: 2 * rateLimit },
      accessLogSettings: {
        destination: new LogGroupLogDestination(
          new LogGroup(this, "AccessLog", {
            retention: RetentionDays.ONE_MONTH,
            removalPolicy: RemovalPolicy.DESTROY,
          }),
        ),
        format: AccessLogFormat.custom(JSON.stringify(ACCESS_LOG)),
      },
    });
  }
}
