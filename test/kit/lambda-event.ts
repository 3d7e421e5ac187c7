/**
 * Events as API Gateway sends them (HTTP API, payload 2.0).
 * @module
 */
import type { APIGatewayProxyEventV2 } from "aws-lambda";

export interface EventChanges extends Partial<APIGatewayProxyEventV2> {
  readonly method?: string;
}

/** A GET of `/`, or what is asked for. */
export function lambdaEvent({ method = "GET", ...changes }: EventChanges = {}): APIGatewayProxyEventV2 {
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: "/",
    rawQueryString: "",
    headers: {},
    isBase64Encoded: false,
    requestContext: {
      accountId: "1",
      apiId: "a",
      domainName: "a.execute-api.us-east-1.amazonaws.com",
      domainPrefix: "a",
      http: { method, path: "/", protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "" },
      requestId: "request-of-gateway",
      routeKey: "$default",
      stage: "$default",
      time: "",
      timeEpoch: 0,
    },
    ...changes,
  };
}
