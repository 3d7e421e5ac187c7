/**
 * An API whose people log in at an OpenID provider, with people that nobody was before.
 * @module
 */
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import type { JWTPayload } from "jose";
import { afterEach, beforeAll } from "vitest";
import type { BackendInput } from "#core/login/backends.ts";
import { type Api, openApi } from "./api.ts";
import { loginWith } from "./login-journey.ts";
import { type LoginProvider, useLoginProvider } from "./login-provider.ts";
import { type LocalAws, useMiniStack } from "./ministack.ts";

/** With characters that a form encodes. */
export const CLIENT_SECRET = "a/secret:of this+test";

export interface Company {
  readonly aws: LocalAws;
  readonly provider: LoginProvider;
  api: Api;
  backend: BackendInput & { kind: "oidc" };
  /** Another API on the same table. */
  openWith(...backends: BackendInput[]): Api;
  /** A user that nobody was before. */
  somebody(): JWTPayload & { sub: string; preferred_username: string };
}

/** Call at the top of a test file; the returned object is filled before the first test runs. */
export function useCompany(): Company {
  const aws = useMiniStack();
  const provider = useLoginProvider();
  let count = 0;
  const company = {
    aws,
    provider,
    openWith: (...backends) =>
      openApi(aws, { login: loginWith(...backends), allowPrivateHosts: [provider.host] }),
    somebody: () => {
      count += 1;
      return { sub: `subject-${count}`, preferred_username: `user-${count}` };
    },
  } as Company;
  beforeAll(async () => {
    const { ARN = "" } = await new SecretsManagerClient().send(
      new CreateSecretCommand({ Name: "client", SecretString: CLIENT_SECRET }),
    );
    company.backend = {
      kind: "oidc",
      name: "company",
      issuer: provider.url,
      clientId: "store",
      clientSecretArn: ARN,
    };
    company.api = company.openWith(company.backend);
  });
  afterEach(() => provider.unbend());
  return company;
}

/** Status and code of a refusal. */
export const codeOf = async (response: Response): Promise<[number, string]> => [
  response.status,
  ((await response.json()) as { code: string }).code,
];
