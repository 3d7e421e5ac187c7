/**
 * A DynamoDB with bad moments: passes requests on to the local AWS, but answers transactions, or another operation, as it is told.
 * @module
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll } from "vitest";
import type { LocalAws } from "./ministack.ts";

/** What happens to the next of these operations, one each; after the last they are passed on. */
export type Mishap = "conflict" | "throttle" | "lose the answer" | "pass on";

export interface FlakyDynamoDb {
  endpoint: string;
  mishaps: Mishap[];
  /** Transactions, or what else it is about, that were asked for. */
  asked: number;
}

/** Call at the top of a test file, after `useMiniStack`. */
export function useFlakyDynamoDb(
  aws: LocalAws,
  operation: "TransactWriteItems" | "PutItem" | "DeleteItem" = "TransactWriteItems",
): FlakyDynamoDb {
  const flaky: FlakyDynamoDb = { endpoint: "", mishaps: [], asked: 0 };
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const reply = (status: number, body: string): void => {
      response.writeHead(status, { "content-type": "application/x-amz-json-1.0" });
      response.end(body);
    };
    let mishap: Mishap | undefined;
    if (String(request.headers["x-amz-target"]).endsWith(`.${operation}`)) {
      flaky.asked++;
      mishap = flaky.mishaps.shift();
    }
    if (mishap === "conflict") {
      const CancellationReasons = [{ Code: "None" }, { Code: "TransactionConflict", Message: "ongoing" }];
      return reply(
        400,
        JSON.stringify({
          __type: "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
          Message: "Transaction cancelled [None, TransactionConflict]",
          CancellationReasons,
        }),
      );
    }
    if (mishap === "throttle") {
      const __type = "com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException";
      return reply(400, JSON.stringify({ __type, message: "slow down" }));
    }
    const { host: _host, connection: _connection, "content-length": _length, ...headers } = request.headers;
    const passed = await fetch(aws.endpoint, {
      method: "POST",
      headers: headers as Record<string, string>,
      body: Buffer.concat(parts),
    });
    const body = await passed.text();
    if (mishap === "lose the answer") request.socket.destroy();
    else reply(passed.status, body);
  });
  beforeAll(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    flaky.endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  return flaky;
}
