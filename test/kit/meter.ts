/**
 * Counts calls to DynamoDB and the read units they cost by AWS's published rules: the emulator reports one unit for a
 * query of any size, and none for a batch.
 * @module
 */
import { BatchGetCommand, GetCommand, QueryCommand } from "#adapters/dynamodb/commands.ts";
import type { Db } from "#adapters/dynamodb/db.ts";

export interface Meter {
  /** `QueryCommand`, … in the order of the calls. */
  readonly commands: string[];
  readUnits: number;
  reset(): void;
}

type Item = Record<string, unknown>;
interface Output {
  readonly Item?: Item;
  readonly Items?: Item[];
  readonly Responses?: Record<string, Item[]>;
}

/** Meters every call of this connection from now on. Right for reads without filters, as ours are. */
export function meter(db: Db): Meter {
  const counted: Meter = {
    commands: [],
    readUnits: 0,
    reset() {
      counted.commands.length = 0;
      counted.readUnits = 0;
    },
  };
  const send = db.client.send.bind(db.client) as (command: object) => Promise<object>;
  Object.assign(db.client, {
    send: async (command: object): Promise<object> => {
      const output = (await send(command)) as Output;
      counted.commands.push(command.constructor.name);
      // What was asked and is not there costs as much as the smallest item; in a batch the emulator does not say how many.
      if (command instanceof GetCommand) counted.readUnits += units(output.Item ? [output.Item] : []);
      if (command instanceof QueryCommand) {
        // Indexes know eventual consistency only, which costs half.
        const { Items = [] } = (await send(whole(command))) as Output;
        counted.readUnits += units(Items) / (command.input.ConsistentRead ? 1 : 2);
      }
      if (command instanceof BatchGetCommand) {
        for (const item of Object.values(output.Responses ?? {}).flat()) counted.readUnits += units([item]);
      }
      return output;
    },
  });
  return counted;
}

/** What is not sent, or only counted, is read and paid for all the same. */
function whole({ input }: InstanceType<typeof QueryCommand>): InstanceType<typeof QueryCommand> {
  const { Select: _, ProjectionExpression: __, ExpressionAttributeNames: ___, ...rest } = input;
  return new QueryCommand(rest);
}

/** Strongly consistent: one unit for each 4 KB begun, at least one a call. */
const units = (items: readonly Item[]): number =>
  Math.max(1, Math.ceil(items.reduce((sum, item) => sum + itemSize(item), 0) / 4096));

const bytes = (text: string): number => Buffer.byteLength(text);

function itemSize(item: Item): number {
  return Object.entries(item).reduce((sum, [name, value]) => sum + bytes(name) + valueSize(value), 0);
}

/** Strings by their UTF-8, numbers by two digits a byte and one more, containers by 3 and one for each element. */
function valueSize(value: unknown): number {
  if (typeof value === "string") return bytes(value);
  if (typeof value === "number") return Math.ceil(String(value).replace(/[-.]/g, "").length / 2) + 1;
  if (value instanceof Uint8Array) return value.byteLength;
  if (Array.isArray(value)) return value.reduce((sum: number, each) => sum + 1 + valueSize(each), 3);
  if (typeof value === "object" && value !== null) {
    return 3 + Object.keys(value).length + itemSize(value as Item);
  }
  return 1;
}
