/**
 * Sending to a queue.
 * @module
 */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

export interface SendOptions {
  /** For FIFO queues: messages of one group are delivered one at a time, in order. */
  readonly group?: string;
  /** For FIFO queues: a second message with the same id within five minutes is dropped. */
  readonly deduplication?: string;
}

let client: SQSClient | undefined;

/** Sends one message; its body is JSON. */
export async function sendMessage(
  queueUrl: string,
  body: object,
  { group, deduplication }: SendOptions = {},
): Promise<void> {
  client ??= new SQSClient();
  await client.send(
    new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: JSON.stringify(body),
      ...(group === undefined ? {} : { MessageGroupId: group }),
      ...(deduplication === undefined ? {} : { MessageDeduplicationId: deduplication }),
    }),
  );
}
