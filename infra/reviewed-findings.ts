/**
 * What cdk-nag finds and we have decided to leave, each with its reason. test/infra/nag.test.ts fails on any other finding,
 * and on a reason that no finding needs any more.
 * @module
 */
import { type CfnElement, Stack, Validations } from "aws-cdk-lib";
import type { FargateTaskDefinition } from "aws-cdk-lib/aws-ecs";
import type { Bucket } from "aws-cdk-lib/aws-s3";
import type { Construct } from "constructs";
import type { Builds } from "./builds.ts";

const OBJECTS = "Objects are granted by key prefix: the keys below it are not known before they are made.";
const MANAGED = "AWS's own policy for writing a function's logs; it names no data of ours.";

const REVISIONS =
  "Revisions of one task definition: an upgrade makes the next, and the function that starts it hears of it later.";

/** The rule's id, with what of it where it is narrower; `BUCKET`, `CLUSTER`, `BUILDS`, `PREFETCH` and `CHANNELS` stand for theirs in the template. */
const REASONS: Readonly<Record<string, string>> = {
  "AwsSolutions-APIG4":
    "The function decides who may do what: routes are open to nobody by contract and tests.",
  "AwsSolutions-ECS2":
    "The container's variables name resources; secrets are not among them, and tasks get none.",
  "AwsSolutions-ECS4": "Container Insights costs more than an idle deployment; tasks say how they ended.",
  "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]":
    MANAGED,
  "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole]":
    "AWS's own policy for a function with a network; it names no data of ours.",
  "AwsSolutions-IAM5[Resource::*]":
    "Logging in to the image registry names no image, and mounting the shared disk is bound to its access point.",
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/archives/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/blobs/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/exports/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/index/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/locks/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/logs/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/manifests/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/packages/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/repodata/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/watched/*.error.txt]": OBJECTS,
  "AwsSolutions-IAM5[Resource::<BUCKET.Arn>/watched/*]": OBJECTS,
  "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/<CLUSTER>/*]":
    "Tasks are granted by their cluster: their names are not known before they are started.",
  "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task-definition/BUILDS:*]":
    REVISIONS,
  "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task-definition/PREFETCH:*]":
    REVISIONS,
  "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:secretsmanager:<AWS::Region>:<AWS::AccountId>:secret:CHANNELS*]":
    "Secrets of channels are made by operators afterwards: one for each namespace, below this name.",
  "AwsSolutions-S1":
    "Downloads are by addresses that the API signs and logs; access logs would be a second bucket.",
  "AwsSolutions-SMG4":
    "A rotation ends every login, so it is an operator's decision; two keys are read meanwhile.",
  "AwsSolutions-VPC7": "Nothing can come in, and flow logs would cost more than the network.",
  "Serverless-EventBusDLQ":
    "A pass of sweep, prefetch or watch that is not delivered is made good by the next; the rule for stopped tasks has dead letters.",
  "Serverless-LambdaAsyncFailureDestination":
    "A solve that was not made is told to who asked for it when its time is over; nobody else waits for it.",
  "Serverless-LambdaDLQ":
    "Functions that events call asynchronously have a destination for failures; others have none.",
  "Serverless-LambdaEventSourceMappingDestination":
    "Destinations are for streams; the queues have dead letters.",
  "Serverless-LambdaTracing":
    "Each request and build has an id in every log line; traces are paid for by the request.",
  "Serverless-SQSRedrivePolicy": "The queues without one are the dead letters themselves.",
};

/** What the rules name by its logical id. */
interface Named {
  readonly bucket: Bucket;
  readonly builds: Pick<Builds, "cluster" | "taskDefinition">;
  readonly prefetchTask: FargateTaskDefinition;
  /** Beginning of the names of channels' secrets. */
  readonly channelSecrets: string;
}

/** Leaves the findings of one deployment; the stack's others stay under its owner's eyes. */
export function acknowledgeFindings(scope: Construct, named: Named): void {
  const reasons = Object.values(REASONS);
  for (const [i, id] of acknowledgedRules(named).entries()) {
    Validations.of(scope).acknowledge({ id, reason: reasons[i] ?? "" });
  }
}

/** Ids as cdk-nag writes them: the pack's name first. */
export function acknowledgedRules({ bucket, builds, prefetchTask, channelSecrets }: Named): string[] {
  const idOf = ({ node }: Construct): string =>
    Stack.of(bucket).getLogicalId(node.defaultChild as CfnElement);
  return Object.keys(REASONS).map((rule) => {
    const id = rule
      .replace("BUCKET", idOf(bucket))
      .replace("CLUSTER", idOf(builds.cluster))
      .replace("/BUILDS:", `/${builds.taskDefinition.family}:`)
      .replace("/PREFETCH:", `/${prefetchTask.family}:`)
      .replace("CHANNELS", channelSecrets);
    return `${rule.slice(0, rule.indexOf("-"))}::${id}`;
  });
}
