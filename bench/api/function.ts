/**
 * The bundled API function in a process of its own, asked as Lambda asks it: by API Gateway's events, its log on standard
 * output. Orders come from the parent process; what is measured goes back.
 * @module
 */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from "aws-lambda";
import { type Load, load } from "./load.ts";
import { BENCH_ROUTES, type BenchRequest, type RouteName } from "./routes.ts";
import type { World } from "./seed.ts";

export interface Order extends Load {
  readonly route: RouteName;
  readonly world: World;
  readonly authorization: string;
}

type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

const [bundle = ""] = process.argv.slice(2);
const { handler } = (await import(bundle)) as { handler: Handler };

process.on("message", async (order: Order) => {
  const { route, world, authorization } = order;
  const wanted = BENCH_ROUTES.find(({ name }) => name === route);
  if (!wanted) throw new Error(`no route ${route}`);
  const call = async (n: number): Promise<void> => {
    const { statusCode, body } = await handler(eventOf(wanted.ask(world, n), authorization));
    if (statusCode !== wanted.status) throw new Error(`${route}: ${statusCode} ${body}`);
  };
  process.send?.(await load(call, order, cpuMs));
});
process.send?.("ready");

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function eventOf({ method, path, query, body }: BenchRequest, authorization: string): APIGatewayProxyEventV2 {
  const host = "bench.execute-api.us-east-1.amazonaws.com";
  return {
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: query,
    headers: {
      accept: "application/json",
      authorization,
      host,
      "user-agent": "bench",
      "x-forwarded-proto": "https",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
    requestContext: {
      accountId: "1",
      apiId: "bench",
      domainName: host,
      domainPrefix: "bench",
      http: { method, path, protocol: "HTTP/1.1", sourceIp: "192.0.2.1", userAgent: "bench" },
      requestId: "bench",
      routeKey: "$default",
      stage: "$default",
      time: "",
      timeEpoch: 0,
    },
  };
}
