/**
 * The three queues. A message is only a wake-up, so it may be lost, doubled or late without harm.
 * @module
 */
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";
import type { FinishMessage, LinkMessage, RemovalMessage, WakeUp } from "#core/build/messages.ts";

export interface Queue<Message> {
  readonly client: SQSClient;
  readonly url: string;
  /** Never there; ties the queue to what it carries. */
  readonly carries?: Message;
}

export type WakeUpQueue = Queue<WakeUp>;
export type FinishQueue = Queue<FinishMessage>;
export type LinkQueue = Queue<LinkMessage>;
/** The same queue, for who may also have directories removed. */
export type StoreQueue = Queue<LinkMessage | RemovalMessage>;

/** SQS delays a message by at most this. */
export const DELAY_SECONDS_MAX = 900;

/** Opens a queue by its address; queues may share a client. */
export function openQueue<Message>(url: string, client: SQSClient = new SQSClient({})): Queue<Message> {
  // The address need not be the one this process reaches SQS by, so the endpoint stays the client's.
  return { client, url };
}

/** Sends one message; a delay is cut at 15 minutes. */
export async function send<Message extends object>(
  queue: Queue<Message>,
  message: Message,
  delaySeconds = 0,
): Promise<void> {
  await queue.client.send(
    new SendMessageCommand({
      QueueUrl: queue.url,
      MessageBody: JSON.stringify(message),
      ...(delaySeconds > 0 ? { DelaySeconds: Math.min(DELAY_SECONDS_MAX, Math.ceil(delaySeconds)) } : {}),
    }),
  );
}
