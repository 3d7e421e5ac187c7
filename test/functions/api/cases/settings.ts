/**
 * Settings at their three scopes.
 * @module
 */
import { put } from "#test/kit/api.ts";
import type { RouteCase, RouteCases } from "./case.ts";

/** Settings of one scope: read by who may work there, set by its admins. */
function settingCases(reading: string, writing: string, scope: string): Record<string, RouteCase[]> {
  const path = () => `/api/v1/setting/${scope}`;
  const body = put({ conda_default_packages: ["python"] });
  const refused = (init: RequestInit): RouteCase[] =>
    (["nobody", "stranger", "viewer"] as const).map((as) => ({
      kind: as === "nobody" ? "unauthenticated" : "forbidden",
      says: `${as} is refused`,
      as,
      path,
      init,
      status: 403,
      code: "permission_denied",
    }));
  const malformed: RouteCase = {
    kind: "malformed",
    says: "a name that is none",
    as: "admin",
    path: () => `/api/v1/setting/${scope.replace(/\w+\/$/, "a%20b/")}`,
    status: 400,
    code: "invalid_name",
  };
  return {
    [reading]: [
      {
        kind: "happy",
        says: "an admin reads them",
        as: "admin",
        path,
        status: 200,
        shows: /"conda_default_channels":\["conda-forge"\]/,
      },
      ...refused({}),
      ...(scope === "" ? [] : [malformed]),
    ],
    [writing]: [
      {
        kind: "happy",
        says: "an admin sets one",
        as: "admin",
        path,
        init: body,
        status: 200,
        shows: /setting keys \['conda_default_packages'\] updated/,
      },
      {
        kind: "malformed",
        says: "a list that is none",
        as: "admin",
        path,
        init: put({ conda_default_packages: "python" }),
        status: 400,
        code: "invalid_request",
        shows: /validation error for setting conda_default_packages/,
      },
      {
        kind: "malformed",
        says: "a body that is a list",
        as: "admin",
        path,
        init: put([]),
        status: 422,
        code: "invalid_parameter",
      },
      ...refused(body),
    ],
  };
}

export const SETTINGS_CASES: RouteCases = {
  ...settingCases("getSettings", "putSettings", ""),
  ...settingCases("getNamespaceSettings", "putNamespaceSettings", "team/"),
  ...settingCases("getEnvironmentSettings", "putEnvironmentSettings", "team/demo/"),
};
