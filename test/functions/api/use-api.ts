/**
 * The API of a test file: call one of these at its top; what they return is filled before the first test runs.
 * @module
 */
import { beforeAll } from "vitest";
import type { Services } from "#functions/api/services.ts";
import { type Api, bearer, openApi } from "#test/kit/api.ts";
import type { LocalAws } from "#test/kit/ministack.ts";
import { makeWorld, type World } from "./world.ts";

export interface UsedApi {
  readonly api: Api;
  /** Headers of somebody who may do everything. */
  readonly admin: Record<string, string>;
}

export function useApi(aws: LocalAws, changed?: Partial<Services>): UsedApi {
  const used = { api: {} as Api, admin: {} };
  beforeAll(async () => {
    Object.assign(used.api, openApi(aws, changed));
    Object.assign(used.admin, bearer(await used.api.token({ "*/*": ["admin"] })));
  });
  return used;
}

/** With something in its store. */
export function useWorld(aws: LocalAws): UsedApi & { readonly world: World } {
  const used = { ...useApi(aws), world: {} as World };
  beforeAll(async () => {
    Object.assign(used.world, await makeWorld(used.api.services));
  });
  return used;
}
