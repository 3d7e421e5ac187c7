import { DUMMY_PASSWORD, post } from "#test/kit/api.ts";
import type { Cost } from "./cost.ts";

export const LOGIN_COSTS: readonly Cost[] = [
  { route: "showLogin", when: "", as: "nobody", path: () => "/login/", calls: {}, units: 0 },
  {
    route: "login",
    when: "",
    as: "nobody",
    path: () => "/login/",
    init: post({ username: "a", password: DUMMY_PASSWORD }),
    calls: { UpdateItemCommand: 1, TransactWriteItemsCommand: 1 },
    units: 0,
  },
  { route: "listLogins", when: "", as: "nobody", path: () => "/api/v1/login/", calls: {}, units: 0 },
  {
    route: "finishLogin",
    when: "nobody began it",
    as: "nobody",
    path: () => "/oauth_callback?code=1&state=2",
    calls: {},
    units: 0,
  },
  {
    route: "logout",
    when: "",
    as: "nobody",
    path: () => "/logout/",
    init: { method: "POST" },
    calls: {},
    units: 0,
  },
];
