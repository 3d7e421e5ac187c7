/**
 * A synthesised template as IAM would see it once deployed: intrinsic functions resolved to plausible names, the same
 * logical id always to the same ARN.
 * @module
 */

export interface Resource {
  readonly Type: string;
  readonly Properties?: Readonly<Record<string, unknown>>;
}
export interface Template {
  readonly Resources: Readonly<Record<string, Resource>>;
}

export const ACCOUNT = "123456789012";
export const REGION = "eu-west-1";

const PSEUDO: Readonly<Record<string, string>> = {
  "AWS::Partition": "aws",
  "AWS::Region": REGION,
  "AWS::AccountId": ACCOUNT,
  "AWS::URLSuffix": "amazonaws.com",
  "AWS::StackName": "CondaStore",
  "AWS::NoValue": "",
};

const at = (service: string, rest: string): string => `arn:aws:${service}:${REGION}:${ACCOUNT}:${rest}`;

/** ARNs by resource type; the logical id stands for whatever name AWS would make up. */
const ARNS: Readonly<Record<string, (id: string) => string>> = {
  "AWS::DynamoDB::GlobalTable": (id) => at("dynamodb", `table/${id}`),
  "AWS::S3::Bucket": (id) => `arn:aws:s3:::${id.toLowerCase()}`,
  "AWS::SQS::Queue": (id) => at("sqs", id),
  "AWS::SecretsManager::Secret": (id) => at("secretsmanager", `secret:${id}-AbCdEf`),
  "AWS::ECS::Cluster": (id) => at("ecs", `cluster/${id}`),
  "AWS::ECS::TaskDefinition": (id) => at("ecs", `task-definition/${id}:1`),
  "AWS::EFS::FileSystem": (id) => at("elasticfilesystem", `file-system/${id}`),
  "AWS::IAM::Role": (id) => `arn:aws:iam::${ACCOUNT}:role/${id}`,
  "AWS::Lambda::Function": (id) => at("lambda", `function:${id}`),
  "AWS::Logs::LogGroup": (id) => at("logs", `log-group:${id}:*`),
  "AWS::Events::Rule": (id) => at("events", `rule/${id}`),
};
/** Types whose `Ref` is the ARN itself. */
const REF_IS_ARN = new Set(["AWS::SecretsManager::Secret", "AWS::ECS::TaskDefinition"]);

/** @throws Error for a type whose ARN is not known here */
export function arnOf(template: Template, id: string): string {
  const type = template.Resources[id]?.Type;
  const arn = type === undefined ? undefined : ARNS[type];
  if (!arn)
    throw new Error(`no ARN is known for ${id} (${type}): add its type to test/kit/policy/template.ts`);
  // Its name is in the template: policies name its revisions by it.
  const family = template.Resources[id]?.Properties?.["Family"];
  return arn(typeof family === "string" ? family : id);
}

function refOf(template: Template, id: string): string {
  const pseudo = PSEUDO[id];
  if (pseudo !== undefined) return pseudo;
  const type = template.Resources[id]?.Type ?? "";
  if (type === "AWS::S3::Bucket") return id.toLowerCase();
  return REF_IS_ARN.has(type) ? arnOf(template, id) : id;
}

/** The value with every Ref, Fn::GetAtt, Fn::Join and Fn::Sub replaced by text. */
export function resolve(template: Template, value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => resolve(template, item));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value);
  const [name, argument] = entries.length === 1 ? (entries[0] ?? []) : [];
  switch (name) {
    case "Ref":
      return refOf(template, String(argument));
    case "Fn::GetAtt": {
      const [id = "", attribute = ""] = argument as string[];
      return attribute === "Arn" ? arnOf(template, id) : `${id}.${attribute}`;
    }
    case "Fn::Join": {
      const [separator, parts] = argument as [string, unknown[]];
      return parts.map((part) => String(resolve(template, part))).join(separator);
    }
    case "Fn::Sub":
      return String(argument).replace(/\$\{([\w:]+)\}/g, (_, id: string) => refOf(template, id));
    default:
      return Object.fromEntries(entries.map(([key, item]) => [key, resolve(template, item)]));
  }
}
