/**
 * DynamoDB's commands and the two errors that are answers, in the SDK's shapes and without its code, which takes a starting
 * function longer to load than all else (docs/adr/0016-calls-past-the-sdk.md).
 * @module
 */
// biome-ignore lint/style/noRestrictedImports: types alone
import type * as sdk from "@aws-sdk/lib-dynamodb";

export type BatchWriteCommandInput = sdk.BatchWriteCommandInput;
export type TransactWriteCommandInput = sdk.TransactWriteCommandInput;

/**
 * What a light client makes a call of; to the compiler it is the SDK's, so that input and answer have its types.
 * @param operation DynamoDB's name of it
 */
const command = <C>(operation: string): C =>
  class {
    readonly operation = operation;
    readonly input: object;

    constructor(input: object) {
      this.input = input;
    }
  } as C;

export const GetCommand = command<typeof sdk.GetCommand>("GetItem");
export const QueryCommand = command<typeof sdk.QueryCommand>("Query");
export const BatchGetCommand = command<typeof sdk.BatchGetCommand>("BatchGetItem");
export const BatchWriteCommand = command<typeof sdk.BatchWriteCommand>("BatchWriteItem");
export const UpdateCommand = command<typeof sdk.UpdateCommand>("UpdateItem");
export const TransactWriteCommand = command<typeof sdk.TransactWriteCommand>("TransactWriteItems");
export const PutCommand = command<typeof sdk.PutCommand>("PutItem");
export const DeleteCommand = command<typeof sdk.DeleteCommand>("DeleteItem");

export class ConditionalCheckFailedException extends Error {
  override readonly name = "ConditionalCheckFailedException";
  /** What is there, where the call asked for it. */
  readonly Item: Readonly<Record<string, unknown>> | undefined;

  constructor(message: string, item: ConditionalCheckFailedException["Item"]) {
    super(message);
    this.Item = item;
  }
}

export class TransactionCanceledException extends Error {
  override readonly name = "TransactionCanceledException";
  /** One for each item of the transaction, in its order. */
  readonly CancellationReasons: readonly { readonly Code?: string; readonly Message?: string }[];

  constructor(message: string, reasons: TransactionCanceledException["CancellationReasons"]) {
    super(message);
    this.CancellationReasons = reasons;
  }
}
