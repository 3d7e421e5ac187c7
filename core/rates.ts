/**
 * How often one caller may ask for what costs the service most; counted by the minute.
 * @module
 */
export interface Rates {
  /** Builds that one principal may ask for in a minute. */
  readonly submissionsPerMinute: number;
  /** Tries to log in under one name from one address; from one address in all, ten times as many. */
  readonly loginsPerMinute: number;
}

/** Logins from one address, whatever the names, over those under one name. */
export const NAMES_BEHIND_ADDRESS = 10;
