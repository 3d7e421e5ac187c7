import { CfnIntegration, CfnRoute, type HttpApi } from "aws-cdk-lib/aws-apigatewayv2";
import { ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Construct } from "constructs";
import { CondaStoreFunction, type CondaStoreFunctionProps } from "./function.ts";

export interface RegistryProps extends CondaStoreFunctionProps {
  /** The door, of whose paths the registry answers `/v2` and everything below. */
  readonly door: HttpApi;
}

/** With and without a slash are two paths to API Gateway, and docker asks for the one with it. */
const ROUTES = { Root: "/v2", Base: "/v2/", Below: "/v2/{path+}" } as const;

/**
 * The image registry. Docker finds out where to log in by the header of a 401, which other kinds of gateways rename; the
 * function says it in a header of its own as well, and the gateway puts that in its place.
 */
export class Registry extends Construct {
  readonly handler: CondaStoreFunction;

  constructor(scope: Construct, id: string, props: RegistryProps) {
    super(scope, id);
    const { door, ...rest } = props;
    this.handler = new CondaStoreFunction(this, "Function", rest);
    const integration = new CfnIntegration(this, "Integration", {
      apiId: door.apiId,
      integrationType: "AWS_PROXY",
      integrationUri: this.handler.functionArn,
      payloadFormatVersion: "2.0",
      responseParameters: {
        401: {
          ResponseParameters: [
            {
              Destination: "overwrite:header.WWW-Authenticate",
              Source: "$response.header.x-registry-challenge",
            },
          ],
        },
      },
    });
    for (const [name, path] of Object.entries(ROUTES)) {
      new CfnRoute(this, name, {
        apiId: door.apiId,
        routeKey: `ANY ${path}`,
        target: `integrations/${integration.ref}`,
      });
    }
    this.handler.addPermission("Gateway", {
      principal: new ServicePrincipal("apigateway.amazonaws.com"),
      sourceArn: door.arnForExecuteApi("*", "/*", "*"),
    });
  }
}
