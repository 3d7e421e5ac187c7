/**
 * DynamoDB's commands and the two errors that are answers, in the SDK's shapes and without its code, which takes a starting
 * function longer to load than all else (docs/adr/0016-calls-past-the-sdk.md).
 * @module
 */
// biome-ignore lint/style/noRestrictedImports: types alone
import type * as sdk from "@aws-sdk/lib-dynamodb";

export type BatchWriteCommandInput = sdk.BatchWriteCommandInput;
export type TransactWriteCommandInput = sdk.TransactWriteCommandInput;

/** What a light client makes a call of. */
abstract class Command {
  /** DynamoDB's name of it. */
  abstract readonly operation: string;
  readonly input: object;

  constructor(input: object) {
    this.input = input;
  }
}

/** To the compiler a command is the SDK's, so that input and answer have its types. */
const asTheirs = <C>(command: new (input: object) => Command): C => command as C;

export const GetCommand = asTheirs<typeof sdk.GetCommand>(
  class GetCommand extends Command {
    readonly operation = "GetItem";
  },
);
export const QueryCommand = asTheirs<typeof sdk.QueryCommand>(
  class QueryCommand extends Command {
    readonly operation = "Query";
  },
);
export const BatchGetCommand = asTheirs<typeof sdk.BatchGetCommand>(
  class BatchGetCommand extends Command {
    readonly operation = "BatchGetItem";
  },
);
export const BatchWriteCommand = asTheirs<typeof sdk.BatchWriteCommand>(
  class BatchWriteCommand extends Command {
    readonly operation = "BatchWriteItem";
  },
);
export const UpdateCommand = asTheirs<typeof sdk.UpdateCommand>(
  class UpdateCommand extends Command {
    readonly operation = "UpdateItem";
  },
);
export const TransactWriteCommand = asTheirs<typeof sdk.TransactWriteCommand>(
  class TransactWriteCommand extends Command {
    readonly operation = "TransactWriteItems";
  },
);
export const PutCommand = asTheirs<typeof sdk.PutCommand>(
  class PutCommand extends Command {
    readonly operation = "PutItem";
  },
);
export const DeleteCommand = asTheirs<typeof sdk.DeleteCommand>(
  class DeleteCommand extends Command {
    readonly operation = "DeleteItem";
  },
);

export class ConditionalCheckFailedException extends Error {
  override readonly name = "ConditionalCheckFailedException";
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
