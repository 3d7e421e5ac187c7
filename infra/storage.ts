import { Duration, RemovalPolicy } from "aws-cdk-lib";
import { AttributeType, Billing, type ITableV2, TableEncryptionV2, TableV2 } from "aws-cdk-lib/aws-dynamodb";
import { AnyPrincipal, Effect, type IGrantable, PolicyStatement } from "aws-cdk-lib/aws-iam";
import { BlockPublicAccess, Bucket, BucketEncryption, ObjectOwnership } from "aws-cdk-lib/aws-s3";
import { Construct } from "constructs";
import { PREFIXES, TABLE_INDEXES, TABLE_KEYS, TABLE_TTL } from "#core/layout.ts";

export interface StorageProps {
  /**
   * Whether table and bucket outlive the stack.
   * @default true
   */
  readonly retained?: boolean;
  /**
   * Name of a restored table, which takes the place of the one that is made.
   * @default - the one that is made
   */
  readonly restoredTable?: string;
  /**
   * Days after which conda packages that builds fetched are fetched anew.
   * @default 90
   */
  readonly packageDays?: number;
}

/** Operations on items that a role may be granted. Scan and table administration never are. */
export type ItemOperation =
  | "GetItem"
  | "BatchGetItem"
  | "Query"
  | "PutItem"
  | "BatchWriteItem"
  | "UpdateItem"
  | "DeleteItem"
  | "ConditionCheckItem";

/**
 * For each operation the partition keys that it is bound to, e.g. `BUILD#*`. A transaction needs what its items need:
 * there is no permission to transact.
 */
export type ItemGrants = { readonly [O in ItemOperation]?: readonly string[] };

/** The one table and the one bucket: all state that is not on the shared disk. */
export class Storage extends Construct {
  readonly table: ITableV2;
  readonly bucket: Bucket;

  constructor(scope: Construct, id: string, props: StorageProps) {
    super(scope, id);
    const retained = props.retained ?? true;
    const removalPolicy = retained ? RemovalPolicy.RETAIN : RemovalPolicy.DESTROY;
    const sortKey = { name: TABLE_KEYS.sort, type: AttributeType.STRING };
    const made = new TableV2(this, "Table", {
      partitionKey: { name: TABLE_KEYS.partition, type: AttributeType.STRING },
      sortKey,
      globalSecondaryIndexes: Object.entries(TABLE_INDEXES).map(([indexName, name]) => ({
        indexName,
        partitionKey: { name, type: AttributeType.STRING },
        sortKey,
      })),
      billing: Billing.onDemand(),
      encryption: TableEncryptionV2.dynamoOwnedKey(),
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      deletionProtection: retained,
      timeToLiveAttribute: TABLE_TTL,
      removalPolicy,
    });
    // Not the made one's removal: who restores may still want to look into it.
    this.table =
      props.restoredTable === undefined
        ? // The class declares an optional field more widely than its own interface does.
          (made as ITableV2)
        : TableV2.fromTableName(this, "RestoredTable", props.restoredTable);
    this.bucket = new Bucket(this, "Bucket", {
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        { id: "UnfinishedUploads", abortIncompleteMultipartUploadAfter: Duration.days(1) },
        { id: "Packages", prefix: PREFIXES.packages, expiration: Duration.days(props.packageDays ?? 90) },
      ],
      removalPolicy,
    });
    this.createOnly([
      PREFIXES.locks,
      PREFIXES.archives,
      PREFIXES.exports,
      PREFIXES.blobs,
      PREFIXES.manifests,
      PREFIXES.packages,
      PREFIXES.repodata,
      PREFIXES.index,
    ]);
  }

  /**
   * What is addressed by its content is created and never replaced, whoever writes it. Beginning an upload by parts and
   * sending one are no creation and cannot carry the condition; completing it is.
   */
  private createOnly(prefixes: readonly string[]): void {
    this.bucket.addToResourcePolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ["s3:PutObject"],
        resources: prefixes.map((prefix) => this.bucket.arnForObjects(`${prefix}*`)),
        conditions: {
          Null: { "s3:if-none-match": "true" },
          Bool: { "s3:ObjectCreationOperation": "true" },
        },
      }),
    );
  }

  /** Item operations on the table, each bound to partition keys. */
  grantItems(grantee: IGrantable, grants: ItemGrants): void {
    for (const [operation, keys] of Object.entries(grants)) {
      grantee.grantPrincipal.addToPrincipalPolicy(
        new PolicyStatement({
          actions: [`dynamodb:${operation}`],
          resources: [this.table.tableArn],
          conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...keys] } },
        }),
      );
    }
  }

  /** Queries of the table's indexes, bound to the partition keys that these have. */
  grantIndexes(grantee: IGrantable, keys: readonly string[]): void {
    grantee.grantPrincipal.addToPrincipalPolicy(
      new PolicyStatement({
        actions: ["dynamodb:Query"],
        resources: Object.keys(TABLE_INDEXES).map((name) => `${this.table.tableArn}/index/${name}`),
        conditions: { "ForAllValues:StringLike": { "dynamodb:LeadingKeys": [...keys] } },
      }),
    );
  }

  /** `s3:GetObject` below the prefixes: what a presigned GET needs of its signer, too. */
  grantGet(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:GetObject"], prefixes);
  }

  /** Writing objects below the prefixes; one with a `*` says itself which. */
  grantPut(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:PutObject"], prefixes);
  }

  /** Removing objects, likewise. */
  grantDelete(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:DeleteObject"], prefixes);
  }

  /** Ending uploads by parts below the prefixes; beginning and completing one are writes. */
  grantAbort(grantee: IGrantable, prefixes: readonly string[]): void {
    this.grantObjects(grantee, ["s3:AbortMultipartUpload"], prefixes);
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
        resources: prefixes.map((prefix) =>
          this.bucket.arnForObjects(prefix.includes("*") ? prefix : `${prefix}*`),
        ),
      }),
    );
  }
}
