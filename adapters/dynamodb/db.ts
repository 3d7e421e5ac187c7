/**
 * The connection to the table. Only this folder speaks to it.
 * @module
 */
import { openLender } from "#adapters/aws-lender.ts";
import { openLightClient, type TableClient } from "./light-calls.ts";

export interface Db {
  readonly client: TableClient;
  readonly table: string;
}

/** One call to DynamoDB and what it consumed, as DynamoDB counts it. */
export interface DbCall {
  /** `QueryCommand`, … */
  readonly command: string;
  readonly capacityUnits: number;
}

export interface DbOptions {
  readonly table: string;
  /** Only where the SDK's own variables do not say it. */
  readonly endpoint?: string;
  readonly region?: string;
  /** Told of every call that succeeded; asking for the consumed capacity costs nothing. */
  readonly observe?: (call: DbCall) => void;
}

/** Opens the table; connects at the first call. */
export function openDb({ table, endpoint, region, observe }: DbOptions): Db {
  const counting = observe && ((command: string, consumed: unknown) => observe(callOf(command, consumed)));
  return { client: openLightClient(openLender(region), endpoint, counting), table };
}

/** Of one table, or a list of several. */
function callOf(command: string, consumed: unknown): DbCall {
  const all = (Array.isArray(consumed) ? consumed : consumed ? [consumed] : []) as Consumed[];
  return { command, capacityUnits: all.reduce((sum, { CapacityUnits }) => sum + (CapacityUnits ?? 0), 0) };
}

interface Consumed {
  readonly CapacityUnits?: number;
}
