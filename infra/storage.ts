import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { Effect, type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { TABLE_KEYS, TABLE_TTL } from "#core/layout.ts";

export interface StorageProps {
  /**
   * Whether table and bucket outlive the stack.
   * @default true
   */
  readonly retained?: boolean;
}

/** What a table grant allows; `read` and `write` are the item operations, never Scan. */
export interface TableGrant {
  /** @default false */
  readonly read?: boolean;
  /** @default false */
  readonly write?: boolean;
  /**
   * Partition key patterns that the grant is bound to, e.g. `BUILD#*`.
   * @default - every key
   */
  readonly keys?: readonly string[];
}

const READS = ["dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"];
const WRITES = [
  "dynamodb:PutItem",
  "dynamodb:UpdateItem",
  "dynamodb:DeleteItem",
  "dynamodb:BatchWriteItem",
  "dynamodb:ConditionCheckItem",
];

/** The one table and the one bucket: all state that is not on the shared disk. */
export class Storage extends Construct {
  readonly table: TableV2;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    const retained = props.retained ?? true;
    const removalPolicy = retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    this.table = new TableV2(this, "Table", {
      partitionKey: { name: TABLE_KEYS.partition, type: AttributeType.STRING },
      sortKey: { name: TABLE_KEYS.sort, type: AttributeType.STRING },
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: retained,
      timeToLiveAttribute: TABLE_TTL,
      removalPolicy,
    });
    this.bucket = new Bucket(this, "Bucket", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [{ id: "UnfinishedUploads", abortIncompleteMultipartUploadAfter: Duration.days(1) }],
      removalPolicy,
    });
  }

  /** Item operations on the table, bound to partition keys where given. Scan and table administration never. */
  grantTable(grantee: IGrantable, grant: TableGrant): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        effect: Effect.ALLOW,
        actions: [...(grant.read ? READS : []), ...(grant.write ? WRITES : [])],
        resources: [this.table.tableArn],
        ...(grant.keys
          ? { conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...grant.keys] } } }
          : {}),
      }),
    );
  }

  /** `s3:GetObject` below the prefixes: what a presigned GET needs of its signer, too. */
  grantGet(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:GetObject"], prefixes);
  }

  /** Creating objects below the prefixes, multipart included. */
  grantCreate(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:PutObject", "s3:AbortMultipartUpload"], prefixes);
  }

  /** Removing objects below the prefixes. */
  grantDelete(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:DeleteObject"], prefixes);
  }

  /** Listing the keys below the prefixes; without it, asking for a missing key answers 403 instead of 404. */
  grantList(grantee: IGrantable, prefixes: readonly string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["s3:ListBucket"],
        resources: [this.bucket.bucketArn],
        conditions: { StringLike: { "s3:prefix": prefixes.map((prefix) => `${prefix}*`) } },
      }),
    );
  }

  private grantObjects(grantee: IGrantable, actions: readonly string[], prefixes: readonly string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: [...actions],
        resources: prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`)),
      }),
    );
  }
}
