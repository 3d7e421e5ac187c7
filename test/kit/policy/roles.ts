/**
 * Who may do what by a synthesised template: each role's statements, and the policies that resources have themselves.
 * @module
 */
import { type Resource, resolve, type Template } from "./template.ts";

/** Conditions by operator and key. */
export type Conditions = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

export interface Statement {
  readonly effect: "Allow" | "Deny";
  readonly actions: readonly string[];
  readonly resources: readonly string[];
  readonly conditions: Conditions;
}

export interface Role {
  /** The function's or task's short name: `api`, `task`, … */
  readonly principal: string;
  readonly logicalId: string;
  readonly statements: readonly Statement[];
  /** Names of AWS's own policies, whose text is not in the template. */
  readonly managed: readonly string[];
}

/** A statement that a resource has about principals, such as "nobody without TLS". */
export interface ResourceStatement extends Statement {
  /** Logical ids of the resources whose policy it is. */
  readonly of: readonly string[];
  readonly principals: readonly string[];
}

const list = (value: unknown): string[] => [value ?? []].flat().map(String);

function statementOf(raw: Readonly<Record<string, unknown>>): Statement {
  const conditions = Object.entries((raw["Condition"] ?? {}) as Record<string, Record<string, unknown>>);
  for (const name of ["NotAction", "NotResource", "NotPrincipal"]) {
    if (raw[name] !== undefined)
      throw new Error(`a statement has ${name}, which nobody can review at a glance`);
  }
  return {
    effect: raw["Effect"] === "Deny" ? "Deny" : "Allow",
    actions: list(raw["Action"]),
    resources: list(raw["Resource"]),
    conditions: Object.fromEntries(
      conditions.map(([operator, keys]) => [
        operator,
        Object.fromEntries(Object.entries(keys).map(([key, values]) => [key, list(values)])),
      ]),
    ),
  };
}

type Raw = readonly Readonly<Record<string, unknown>>[];
const statementsIn = (document: unknown): Raw =>
  [(document as { readonly Statement: unknown }).Statement].flat() as Raw;

/** Every role of the template with the statements of every policy attached to it. */
export function rolesOf(template: Template): Role[] {
  const ofType = (type: string): [string, Resource][] =>
    Object.entries(template.Resources).filter(([, resource]) => resource.Type === type);
  return ofType("AWS::IAM::Role").map(([logicalId, { Properties = {} }]) => {
    const attached = ofType("AWS::IAM::Policy")
      .filter(([, policy]) => list(resolve(template, policy.Properties?.["Roles"])).includes(logicalId))
      .map(([, policy]) => policy.Properties?.["PolicyDocument"]);
    const inline = (Properties["Policies"] ?? []) as readonly { readonly PolicyDocument: unknown }[];
    const documents = [...attached, ...inline.map((policy) => policy.PolicyDocument)];
    return {
      principal: principalOf(logicalId),
      logicalId,
      statements: documents.flatMap((document) => statementsIn(resolve(template, document)).map(statementOf)),
      managed: list(resolve(template, Properties["ManagedPolicyArns"])).map(
        (arn) => arn.split("/").at(-1) ?? arn,
      ),
    };
  });
}

/** `DispatchFunctionServiceRole…` is dispatch's; each task has a role of its own, and both have one for being started. */
export function principalOf(logicalId: string): string {
  if (logicalId.startsWith("BuildsTaskTaskRole")) return "task";
  if (logicalId.startsWith("BuildsPrefetchTaskRole")) return "prefetchTask";
  if (logicalId.startsWith("BuildsTaskExecutionRole")) return "task start";
  const name = /^(\w+?)Function/.exec(logicalId)?.[1];
  if (name === undefined)
    throw new Error(`${logicalId} is nobody's: name its owner in test/kit/policy/roles.ts`);
  return name.charAt(0).toLowerCase() + name.slice(1);
}

/** Where a resource keeps the policy about itself, by type: which property names the resources, which is the policy. */
const POLICIES: Readonly<Record<string, { readonly of: string | null; readonly policy: string }>> = {
  "AWS::S3::BucketPolicy": { of: "Bucket", policy: "PolicyDocument" },
  "AWS::SQS::QueuePolicy": { of: "Queues", policy: "PolicyDocument" },
  "AWS::EFS::FileSystem": { of: null, policy: "FileSystemPolicy" },
};

/** Every statement of buckets', queues' and file systems' own policies. */
export function resourceStatementsOf(template: Template): ResourceStatement[] {
  return Object.entries(template.Resources).flatMap(([id, { Type, Properties = {} }]) => {
    const place = POLICIES[Type];
    const document = place && Properties[place.policy];
    if (!document) return [];
    const references = place.of === null ? [{ Ref: id }] : [Properties[place.of]].flat();
    return statementsIn(resolve(template, document)).map((raw) => ({
      ...statementOf(raw),
      of: references.map((reference) => String((reference as { readonly Ref: string }).Ref)),
      principals:
        typeof raw["Principal"] === "string"
          ? [raw["Principal"]]
          : Object.values((raw["Principal"] ?? {}) as object).flatMap(list),
    }));
  });
}

/** Which services may call which function, and for which of their resources. */
export function invokersOf(template: Template): ResourceStatement[] {
  return Object.values(template.Resources).flatMap(({ Type, Properties = {} }) => {
    if (Type !== "AWS::Lambda::Permission") return [];
    const name = String(resolve(template, Properties["FunctionName"])).split(":").at(-1) ?? "";
    return [
      {
        effect: "Allow" as const,
        of: [name],
        principals: list(Properties["Principal"]),
        actions: list(Properties["Action"]),
        resources: [name],
        conditions: { ArnLike: { "aws:SourceArn": list(resolve(template, Properties["SourceArn"])) } },
      },
    ];
  });
}
