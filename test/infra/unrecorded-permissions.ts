/**
 * Allowances that no recorded call can need, because AWS itself uses them in the role's name. Reviewed: each with its reason.
 * @module
 */
export interface Unrecorded {
  readonly principals: readonly string[];
  readonly actions: readonly string[];
  /** Beginning of the resource's name in the statement's words. */
  readonly on: string;
  readonly because: string;
}

const POLLED = [
  "sqs:ReceiveMessage",
  "sqs:DeleteMessage",
  "sqs:GetQueueAttributes",
  "sqs:ChangeMessageVisibility",
  "sqs:GetQueueUrl",
];
const POLLER =
  "Lambda polls the function's queue in the function's name; CDK's event source grants these five together.";
const MOUNT = "Mounting is NFS over TLS and no call of the SDK; the local shared disk is a directory.";

export const UNRECORDED: readonly Unrecorded[] = [
  { principals: ["dispatch"], actions: POLLED, on: "WakeUpsQueue", because: POLLER },
  { principals: ["finish"], actions: POLLED, on: "EndsQueue", because: POLLER },
  { principals: ["store"], actions: POLLED, on: "LinksQueue", because: POLLER },
  {
    principals: ["finish"],
    actions: ["sqs:SendMessage", "sqs:GetQueueAttributes", "sqs:GetQueueUrl"],
    on: "EndsDeadLetters",
    because:
      "Lambda puts events there that failed three times; CDK's destination grants these three together.",
  },
  {
    principals: ["store", "task"],
    actions: ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
    on: "",
    because: MOUNT,
  },
  {
    principals: ["registry", "task"],
    actions: ["s3:ListBucket", "manifests/*"],
    on: "storagebucket",
    because:
      "Without it S3 says 403 of a blob or manifest that has gone, and nobody could tell it from a fault.",
  },
  {
    principals: ["prefetch", "prefetchTask", "solve"],
    actions: ["s3:ListBucket", "index/*", "repodata/*"],
    on: "storagebucket",
    because: "Without it S3 says 403 of an index that has gone, and nobody would read the channel instead.",
  },
  {
    principals: ["task"],
    actions: ["LAYER#*"],
    on: "table/StorageTable",
    because: "What a base image's tag means is remembered; the local stack puts images on nothing.",
  },
  {
    principals: ["task start"],
    actions: [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
      "ecr:GetAuthorizationToken",
    ],
    on: "",
    because: "ECS's agent pulls the image before the task runs; the local task is a process.",
  },
  {
    principals: ["task start"],
    actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
    on: "log-group:BuildsLogs",
    because: "ECS's agent forwards the container's output; locally it goes to a file.",
  },
];
