/**
 * The three queues. A message is only a wake-up, so it may be lost, doubled or late without harm.
 * @module
 */
import type { SendMessageCommandInput } from "@aws-sdk/client-sqs";
import { askJson, type JsonService, type Lender, openJsonService } from "#adapters/aws-json.ts";
import { openLender } from "#adapters/aws-lender.ts";
import { readAwsPlace } from "#adapters/config.ts";
import type { FinishMessage, LinkMessage, RemovalMessage, WakeUp } from "#core/build/messages.ts";

export interface Queue<Message> {
  readonly url: string;
  readonly service: () => Promise<JsonService>;
  /** Never there; ties the queue to what it carries. */
  readonly carries?: Message;
}

export type WakeUpQueue = Queue<WakeUp>;
export type FinishQueue = Queue<FinishMessage>;
export type LinkQueue = Queue<LinkMessage>;
/** The same queue, for who may also have directories removed. */
export type StoreQueue = Queue<LinkMessage | RemovalMessage>;

/** SQS delays a message by at most this. */
const DELAY_SECONDS_MAX = 900;

/**
 * Opens a queue by its address.
 * @param lender of credentials, such as a client
 */
export function openQueue<Message>(url: string, lender: Lender = openLender()): Queue<Message> {
  let service: Promise<JsonService> | undefined;
  return {
    url,
    service: () => {
      // The address need not be the one that this process reaches SQS by.
      service ??= openJsonService("sqs", lender, readAwsPlace("SQS").endpoint ?? new URL(url).origin);
      return service;
    },
  };
}

/** Sends one message; a delay is cut at 15 minutes. @throws AwsError */
export async function send<Message extends object>(
  queue: Queue<Message>,
  message: Message,
  delaySeconds = 0,
): Promise<void> {
  const input: SendMessageCommandInput = {
    QueueUrl: queue.url,
    MessageBody: JSON.stringify(message),
    ...(delaySeconds > 0 ? { DelaySeconds: Math.min(DELAY_SECONDS_MAX, Math.ceil(delaySeconds)) } : {}),
  };
  await askJson(await queue.service(), "SendMessage", { ...input });
}
