import { describe, expect, test } from "vitest";
import { readDeployment } from "#infra/deployment.ts";
import { synthesize } from "#test/kit/template.ts";

const ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:client-AbCdEf";
const HOOK = "arn:aws:lambda:eu-west-1:111122223333:function:who";
const company = {
  kind: "oidc",
  name: "company",
  issuer: "https://id.example.org/realms/x",
  clientId: "store",
  clientSecretArn: ARN,
};
const hub = {
  kind: "jupyterhub",
  name: "hub",
  url: "https://hub.example.org",
  clientId: "service-conda-store",
};
const hook = { kind: "hook", name: "own", functionArn: HOOK };
const deployment = (login: unknown) => readDeployment((name) => (name === "login" ? login : undefined));

describe("a deployment's logins", () => {
  test.each<[string, unknown, RegExp]>([
    [
      "a kind that does not exist",
      { backends: [{ kind: "saml", name: "x" }] },
      /must have a kind: oidc, oauth2/,
    ],
    ["the local stack's password", { backends: [{ kind: "dummy", name: "x" }] }, /cannot have a dummy/],
    ["a secret in plain text", { backends: [{ ...company, clientSecret: "s3cret" }] }, /clientSecret/],
    [
      "a secret that is no ARN",
      { backends: [{ ...company, clientSecretArn: "s3cret" }] },
      /must be the ARN of secretsmanager/,
    ],
    [
      "an address that is none",
      { backends: [{ ...company, issuer: "id.example.org" }] },
      /must be an http\(s\) address/,
    ],
    ["two of one name", { backends: [company, { ...hub, name: "company" }] }, /different names/],
    [
      "two that take passwords",
      { backends: [hook, { ...hook, name: "other" }] },
      /two backends that take passwords/,
    ],
    [
      "GitHub for everybody",
      { backends: [{ kind: "github", name: "g", clientId: "c", organisations: [] }] },
      /must name an organisation/,
    ],
    [
      "a public address with a path",
      { publicUrl: "https://store.example.org/conda-store" },
      /must be an origin/,
    ],
    [
      "an unencrypted provider",
      { backends: [{ ...hub, url: "http://hub.example.org" }] },
      /names http:\/\/hub\.example\.org: use https/,
    ],
    ["a field that is not known", { backend: [] }, /backend/],
  ])("with %s are refused by one line", { timeout: 300_000 }, (_, login, says) => {
    expect(() => synthesize(deployment(login))).toThrow(says);
  });

  test("reach the API as they are, with leave to read their secrets and to ask their functions, and nothing more", {
    timeout: 300_000,
  }, () => {
    const template = synthesize(deployment({ backends: [company, hub, hook] }));
    const text = JSON.stringify(template.toJSON());
    expect(text).toContain(
      JSON.stringify(JSON.stringify({ backends: [company, hub, hook] }))
        .slice(1, -1)
        .slice(0, 60),
    );
    const statements = Object.values(template.findResources("AWS::IAM::Policy")).flatMap(
      ({ Properties }) =>
        (Properties as { PolicyDocument: { Statement: { Action: unknown; Resource: unknown }[] } })
          .PolicyDocument.Statement,
    );
    expect(statements.filter(({ Resource }) => Resource === ARN).map(({ Action }) => Action)).toEqual([
      "secretsmanager:GetSecretValue",
    ]);
    expect(statements.filter(({ Resource }) => Resource === HOOK).map(({ Action }) => Action)).toEqual([
      "lambda:InvokeFunction",
    ]);
  });
});
