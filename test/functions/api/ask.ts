/**
 * Asks the API and reads its JSON, whatever the answer.
 * @module
 */
import type { Api } from "#test/kit/api.ts";

export type Row = Record<string, unknown> & { readonly id: number; readonly name: string };

export interface Answer {
  readonly status: number;
  readonly message: string | null;
  readonly count: number;
  readonly cursor: string | null;
  /** The reply's data, as a list and as one. */
  readonly rows: readonly Row[];
  readonly one: Row;
}

export async function ask(
  api: Api,
  path: string,
  headers: Record<string, string>,
  init: RequestInit = {},
): Promise<Answer> {
  const own = init.headers as Record<string, string> | undefined;
  const response = await api.request(path, { ...init, headers: { ...own, ...headers } });
  const body = JSON.parse(await response.text());
  return { ...body, status: response.status, rows: body.data, one: body.data };
}
