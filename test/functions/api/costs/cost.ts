/**
 * What a route may cost in calls to DynamoDB and read units.
 * @module
 */
import type { World } from "../world.ts";

/** What one way of asking a route costs. */
export interface Cost {
  readonly route: string;
  readonly when: string;
  readonly as: "nobody" | "viewer" | "admin";
  readonly path: (world: World) => string;
  readonly init?: RequestInit | ((world: World) => RequestInit);
  /** Calls to DynamoDB by command. */
  readonly calls: Readonly<Record<string, number>>;
  /** Read units of the calls that only read. */
  readonly units: number;
}

/** What the members of a namespace were given: read where the token alone does not suffice. */
export const MEMBER = { QueryCommand: 1 };
