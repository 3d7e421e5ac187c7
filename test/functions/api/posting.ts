/**
 * Posting specifications as an administrator, and what tests of that have in common.
 * @module
 */
import * as v from "valibot";
import { expect } from "vitest";
import { ErrorReply } from "#core/contract/shapes.ts";
import { post } from "#test/kit/api.ts";
import { everythingIn } from "#test/kit/everything.ts";
import type { LocalAws } from "#test/kit/ministack.ts";
import { type UsedApi, useApi } from "./use-api.ts";

export const PATH = "/api/v1/specification/";

export interface Posting extends UsedApi {
  /** @param headers of the administrator, unless they are given */
  submit(specification: unknown, more?: object, headers?: Record<string, string>): Promise<Response>;
  /** All items of the table. */
  everything(): ReturnType<typeof everythingIn>;
}

/** Call at the top of a test file. */
export function usePosting(aws: LocalAws): Posting {
  const { api, admin } = useApi(aws, { allowPrivateHosts: ["127.0.0.1:8081"] });
  return {
    api,
    admin,
    submit: (specification, more = {}, headers = admin) =>
      api.request(PATH, post({ specification, ...more }, headers)),
    everything: () => everythingIn(api.services.db),
  };
}

export async function refused(response: Response, status: number, code: string, says: RegExp): Promise<void> {
  const body: unknown = await response.json();
  expect(response.status, JSON.stringify(body)).toBe(status);
  const reply = v.parse(ErrorReply, body);
  expect(reply).toMatchObject({ status: "error", code });
  expect(reply.message).toMatch(says);
  // One clear message: no stack, no internals, not a page of it.
  expect(reply.message).not.toMatch(/ at .*\.ts|node_modules|undefined|\[object/);
  expect(reply.message.length).toBeLessThan(3000);
}

export const named = (name: string): string =>
  `name: ${JSON.stringify(name)}\nchannels: [conda-forge]\ndependencies: [python]\n`;
export const depends = (dependencies: string): string =>
  `name: demo\nchannels: [conda-forge]\ndependencies: ${dependencies}\n`;
export const from = (channel: string): string =>
  `name: demo\nchannels: [${JSON.stringify(channel)}]\ndependencies: [python]\n`;
export const LOCKFILE = JSON.stringify({
  metadata: {
    content_hash: { "linux-64": "a".repeat(64) },
    channels: [{ url: "conda-forge", used_env_vars: [] }],
    platforms: ["linux-64"],
    sources: ["environment.yaml"],
  },
  package: [
    {
      name: "zlib",
      version: "1.2.13",
      manager: "conda",
      platform: "linux-64",
      dependencies: {},
      url: "https://conda.anaconda.org/conda-forge/linux-64/zlib-1.2.13-h166bdaf_4.tar.bz2",
      hash: { md5: "4b11e365c0275b808be78b30f904e295", sha256: "b".repeat(64) },
      category: "main",
      optional: false,
    },
  ],
});
