/**
 * The login page, logging in and out.
 * @module
 */
import { DUMMY_PASSWORD, post } from "#test/kit/api.ts";
import type { RouteCases } from "./case.ts";

export const LOGIN_CASES: RouteCases = {
  showLogin: [
    {
      kind: "happy",
      says: "leads to the page",
      as: "nobody",
      path: () => "/login/?next=/x",
      status: 307,
      shows: /\/ui\/login\?next=%2Fx$/,
    },
  ],
  listLogins: [
    {
      kind: "happy",
      says: "tells what the page offers",
      as: "nobody",
      path: () => "/api/v1/login/",
      status: 200,
      shows: /"kind":"password"/,
    },
  ],
  finishLogin: [
    {
      kind: "happy",
      says: "of a login that nobody began there is nothing to finish",
      as: "nobody",
      path: () => "/oauth_callback?code=1&state=2",
      status: 401,
      code: "not_authenticated",
      shows: /OAuth states do not match/,
    },
  ],
  login: [
    {
      kind: "happy",
      says: "the right password",
      as: "nobody",
      path: () => "/login/",
      init: post({ username: "alice", password: DUMMY_PASSWORD }),
      status: 200,
      shows: /redirect_url/,
    },
    {
      kind: "malformed",
      says: "no user name",
      as: "nobody",
      path: () => "/login/",
      init: post({ password: DUMMY_PASSWORD }),
      status: 422,
      code: "invalid_parameter",
    },
    {
      kind: "forbidden",
      says: "a wrong password",
      as: "nobody",
      path: () => "/login/",
      init: post({ username: "alice", password: "wrong" }),
      status: 403,
      code: "invalid_credentials",
    },
  ],
  logout: [
    {
      kind: "happy",
      says: "forgets the cookie",
      as: "nobody",
      path: () => "/logout/",
      init: { method: "POST" },
      status: 303,
      shows: /^\/$/,
    },
  ],
};
