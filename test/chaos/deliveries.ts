/**
 * What brings messages and events to functions, and how it fails to: late, twice, out of order, not at all.
 * @module
 */
import { setTimeout as pause } from "node:timers/promises";
import {
  DeleteMessageBatchCommand,
  type Message,
  ReceiveMessageCommand,
  type SQSClient,
} from "@aws-sdk/client-sqs";
import type { LambdaFunction } from "./functions.ts";
import type { Random } from "./random.ts";
import type { Tally } from "./tally.ts";

export interface SourceOptions {
  readonly sqs: SQSClient;
  readonly queue: string;
  /** For the table of mishaps. */
  readonly name: string;
  readonly target: LambdaFunction;
  readonly batch: number;
  /** Deliveries at a time. */
  readonly concurrency: number;
  readonly random: Random;
  readonly tally: Tally;
  /** Whether a message may be lost for good. What SQS never does is done where the product says that it may. */
  readonly mayDrop: boolean;
  /** Ends the deliveries. */
  readonly signal: AbortSignal;
  /** From here on nothing goes wrong any more. */
  readonly calm: AbortSignal;
}

const LATE_MS_MAX = 2_500;

/** Reads a queue as Lambda's event source does, until the signal. */
export async function deliver(options: SourceOptions): Promise<void> {
  const { sqs, queue, batch, signal, concurrency } = options;
  const running = new Set<Promise<void>>();
  while (!signal.aborted) {
    const { Messages = [] } = await sqs
      .send(new ReceiveMessageCommand({ QueueUrl: queue, MaxNumberOfMessages: batch, WaitTimeSeconds: 1 }), {
        abortSignal: signal,
      })
      .catch(() => ({ Messages: [] as Message[] }));
    if (Messages.length === 0) continue;
    const work = hand(options, Messages).finally(() => running.delete(work));
    running.add(work);
    while (running.size >= concurrency) await Promise.race(running);
  }
  await Promise.all(running);
}

async function hand(options: SourceOptions, messages: readonly Message[]): Promise<void> {
  const { random, tally, name, calm, mayDrop } = options;
  const inTime: Message[] = [];
  const others: Promise<void>[] = [];
  for (const message of calm.aborted ? messages : random.shuffle(messages)) {
    const fate = calm.aborted ? 1 : random.next();
    if (fate < 0.08 && mayDrop) {
      tally.add(`${name}: dropped`);
      others.push(forget(options, [message]));
    } else if (fate < 0.2) {
      tally.add(`${name}: twice`);
      inTime.push(message);
      others.push(late(options, message));
    } else if (fate < 0.35) {
      tally.add(`${name}: late`);
      others.push(late(options, message));
    } else inTime.push(message);
  }
  if (inTime.length > 0) others.push(invoke(options, inTime));
  await Promise.all(others);
}

/** Later than the messages that came after it. */
async function late(options: SourceOptions, message: Message): Promise<void> {
  await pause(options.random.int(100, LATE_MS_MAX));
  await invoke(options, [message]);
}

async function invoke(options: SourceOptions, messages: readonly Message[]): Promise<void> {
  const Records = messages.map(({ MessageId = "", Body = "" }) => ({ messageId: MessageId, body: Body }));
  try {
    const answer = (await options.target.invoke({ Records })) as {
      batchItemFailures?: { itemIdentifier: string }[];
    } | null;
    const failed = new Set(answer?.batchItemFailures?.map(({ itemIdentifier }) => itemIdentifier));
    await forget(
      options,
      messages.filter(({ MessageId = "" }) => !failed.has(MessageId)),
    );
  } catch {
    // They become visible again.
  }
}

async function forget({ sqs, queue }: SourceOptions, messages: readonly Message[]): Promise<void> {
  if (messages.length === 0) return;
  const Entries = messages.map(({ MessageId = "", ReceiptHandle = "" }) => ({
    Id: MessageId,
    ReceiptHandle,
  }));
  await sqs.send(new DeleteMessageBatchCommand({ QueueUrl: queue, Entries })).catch(() => {});
}

export interface EventOptions {
  readonly target: LambdaFunction;
  readonly random: Random;
  readonly tally: Tally;
  readonly calm: AbortSignal;
}

const EVENT_TRIES = 3;

/** Hands an event on as EventBridge does: three tries, then never again. */
export async function handEvent(
  { target, random, tally, calm }: EventOptions,
  entry: Readonly<Record<string, string>>,
): Promise<void> {
  const fate = calm.aborted ? 1 : random.next();
  if (fate < 0.15) return tally.add("ECS events: dropped");
  const event = {
    "detail-type": entry["DetailType"],
    source: entry["Source"],
    detail: JSON.parse(entry["Detail"] ?? "{}") as unknown,
  };
  if (fate < 0.45) {
    tally.add("ECS events: late");
    await pause(random.int(100, LATE_MS_MAX));
  }
  for (let tries = 0; tries < EVENT_TRIES; tries += 1) {
    try {
      await target.invoke(event);
      break;
    } catch {
      // Lambda tries an event three times in all.
    }
  }
  if (fate > 0.85 && fate < 1) {
    tally.add("ECS events: twice");
    await target.invoke(event).catch(() => {});
  }
}
