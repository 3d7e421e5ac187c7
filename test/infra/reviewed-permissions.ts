/**
 * Reviewed: every statement of every role, and every policy that a resource has about itself. What is synthesised must be this
 * list, so that a change of who may do what is seen in its own words by whoever reads the change.
 * @module
 */

/** By function or task; `task start` is ECS's own role for pulling the image and forwarding output. */
export const ROLES: Readonly<Record<string, readonly string[]>> = {
  api: [
    "AWS's own AWSLambdaBasicExecutionRole",
    "dynamodb:BatchGetItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike BUILD#* | LOCK#* | NS#* | SETTINGS",
    "dynamodb:ConditionCheckItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike NAMESPACES | NS#* | SPEC#*",
    "dynamodb:DeleteItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike NS#*",
    "dynamodb:GetItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike BUILD#* | LOCK#* | NAMESPACES | NS#* | SPEC#*",
    "dynamodb:PutItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike BUILD#* | LINE | NAMESPACES | NS#* | SPEC#*",
    "dynamodb:Query on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike NAMESPACES | NS#* | SLOTS",
    "dynamodb:UpdateItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike COUNTERS | NAMESPACES | NS#* | SETTINGS",
    "s3:GetObject on storagebucket/archives/* | storagebucket/exports/* | storagebucket/locks/* | storagebucket/logs/*",
    "s3:ListBucket on storagebucket where s3:prefix StringLike logs/*",
    "secretsmanager:GetSecretValue on secret:TokensKey",
    "sqs:SendMessage on LinksQueue",
    "sqs:SendMessage on WakeUpsQueue",
  ],
  dispatch: [
    "AWS's own AWSLambdaBasicExecutionRole",
    "dynamodb:DeleteItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike LINE | SLOTS",
    "dynamodb:GetItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike BUILD#*",
    "dynamodb:PutItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike ATTEMPT#* | LINE | SLOTS",
    "dynamodb:Query on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike LINE | SLOTS",
    "dynamodb:UpdateItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike ATTEMPT#* | BUILD#* | SLOTS",
    "ecs:RunTask on task-definition/BuildsTask where ecs:cluster ArnEquals cluster/BuildsCluster",
    "iam:PassRole on role/BuildsTaskExecutionRole | role/BuildsTaskTaskRole where iam:PassedToService StringEquals ecs-tasks.amazonaws.com",
    "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage on WakeUpsQueue",
    "sqs:SendMessage on WakeUpsQueue",
  ],
  finish: [
    "AWS's own AWSLambdaBasicExecutionRole",
    "dynamodb:DeleteItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike SLOTS",
    "dynamodb:GetItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike ATTEMPT#* | BUILD#* | NS#*",
    "dynamodb:UpdateItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike ATTEMPT#* | BUILD#* | NS#*",
    "s3:GetObject on storagebucket/archives/* | storagebucket/exports/* | storagebucket/locks/* | storagebucket/logs/*",
    "s3:ListBucket on storagebucket where s3:prefix StringLike archives/* | exports/* | locks/* | logs/*",
    "s3:PutObject on storagebucket/logs/*",
    "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage on EndsQueue",
    "sqs:GetQueueAttributes sqs:GetQueueUrl sqs:SendMessage on EndsDeadLetters",
    "sqs:SendMessage on LinksQueue",
    "sqs:SendMessage on WakeUpsQueue",
  ],
  store: [
    "AWS's own AWSLambdaBasicExecutionRole",
    "AWS's own AWSLambdaVPCAccessExecutionRole",
    "dynamodb:GetItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike NS#*",
    "elasticfilesystem:ClientMount on * where elasticfilesystem:AccessPointArn StringEquals access-point/SharedDiskFileSystemAccessPoint",
    "elasticfilesystem:ClientWrite on file-system/SharedDiskFileSystem",
    "sqs:ChangeMessageVisibility sqs:DeleteMessage sqs:GetQueueAttributes sqs:GetQueueUrl sqs:ReceiveMessage on LinksQueue",
  ],
  task: [
    "dynamodb:GetItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike ATTEMPT#* | BUILD#* | REUSE#* | SPEC#*",
    "dynamodb:PutItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike LOCK#* | REUSE#*",
    "dynamodb:UpdateItem on table/StorageTable where dynamodb:LeadingKeys ForAllValues:StringLike ATTEMPT#* | BUILD#*",
    "elasticfilesystem:ClientMount elasticfilesystem:ClientWrite on file-system/SharedDiskFileSystem where elasticfilesystem:AccessPointArn StringEquals access-point/SharedDiskFileSystemAccessPoint",
    "s3:AbortMultipartUpload on storagebucket/archives/*",
    "s3:GetObject on storagebucket/archives/* | storagebucket/exports/* | storagebucket/locks/* | storagebucket/logs/*",
    "s3:ListBucket on storagebucket where s3:prefix StringLike archives/* | exports/* | locks/* | logs/*",
    "s3:PutObject on storagebucket/archives/* | storagebucket/exports/* | storagebucket/locks/* | storagebucket/logs/*",
    "sqs:SendMessage on EndsQueue",
  ],
  "task start": [
    "ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer on repository/cdk-hnb659fds-container-assets-123456789012-eu-west-1",
    "ecr:GetAuthorizationToken on *",
    "logs:CreateLogStream logs:PutLogEvents on log-group:BuildsLogs:*",
  ],
};

/** Policies of resources and permissions to invoke: whose, about whom, what. */
export const RESOURCES: readonly string[] = [
  "ApiFunction: apigateway.amazonaws.com: lambda:InvokeFunction on ApiFunction where aws:SourceArn ArnLike ApiHttp/*/*",
  "EndsDeadLetters: *: DENY sqs:* on EndsDeadLetters where aws:SecureTransport Bool false",
  "EndsDeadLetters: events.amazonaws.com: sqs:SendMessage on EndsDeadLetters where aws:SourceArn ArnEquals rule/FinishTaskStopped",
  "EndsQueue: *: DENY sqs:* on EndsQueue where aws:SecureTransport Bool false",
  "FinishFunction: events.amazonaws.com: lambda:InvokeFunction on FinishFunction where aws:SourceArn ArnLike rule/FinishTaskStopped",
  "LinksDeadLetters: *: DENY sqs:* on LinksDeadLetters where aws:SecureTransport Bool false",
  "LinksQueue: *: DENY sqs:* on LinksQueue where aws:SecureTransport Bool false",
  "SharedDiskFileSystem: *: DENY elasticfilesystem:* on itself where aws:SecureTransport Bool false",
  "StorageBucket: *: DENY s3:* on storagebucket | storagebucket/* where aws:SecureTransport Bool false",
  "StorageBucket: *: DENY s3:PutObject on storagebucket/archives/* | storagebucket/exports/* | storagebucket/locks/* where s3:if-none-match Null true where s3:ObjectCreationOperation Bool true",
  "WakeUpsDeadLetters: *: DENY sqs:* on WakeUpsDeadLetters where aws:SecureTransport Bool false",
  "WakeUpsQueue: *: DENY sqs:* on WakeUpsQueue where aws:SecureTransport Bool false",
];
