/**
 * Between API Gateway's events (payload 2.0) and the registry's requests and replies.
 * @module
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import type { RegistryReply, RegistryRequest } from "./services.ts";

export function toRequest(event: APIGatewayProxyEventV2): RegistryRequest {
  const { body = "", isBase64Encoded, rawQueryString, rawPath, requestContext } = event;
  const headers = Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    id: requestContext.requestId,
    method: requestContext.http.method,
    path: rawPath,
    query: new URLSearchParams(rawQueryString),
    headers: { host: requestContext.domainName, ...Object.fromEntries(headers) },
    body: isBase64Encoded ? Buffer.from(body, "base64").toString("utf8") : body,
  };
}

export const toResult = ({ status, headers, body }: RegistryReply): APIGatewayProxyStructuredResultV2 => ({
  statusCode: status,
  headers: { ...headers },
  body,
});
