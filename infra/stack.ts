import { CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import type { Construct } from "constructs";
import { PREFIXES } from "#core/layout.ts";
import { CondaStore } from "./conda-store.ts";
import type { CondaStoreProps } from "./conda-store-props.ts";

/** The stack that `npm run deploy` deploys: one conda-store and nothing beside it. */
export class CondaStoreStack extends Stack {
  readonly condaStore: CondaStore;

  constructor(scope: Construct, id: string, props: CondaStoreProps & StackProps = {}) {
    super(scope, id, { description: "conda-store without servers", ...props });
    // This id leaves no trace in logical ids.
    const condaStore = new CondaStore(this, "Default", props);
    this.condaStore = condaStore;
    new CfnOutput(this, "Url", { value: condaStore.url, description: "Where conda-store answers" });
    if (condaStore.domainTarget !== undefined) {
      new CfnOutput(this, "DomainTarget", {
        value: condaStore.domainTarget,
        description: "For the domain's CNAME",
      });
    }
    new CfnOutput(this, "TokenSecretArn", {
      value: condaStore.tokenSecret.secretArn,
      description: "For npm run token",
    });
    new CfnOutput(this, "Table", {
      value: condaStore.storage.table.tableName,
      description: "For npm run restore: the table in use",
    });
    if (condaStore.linkQueueUrl !== undefined) {
      new CfnOutput(this, "LinkQueue", {
        value: condaStore.linkQueueUrl,
        description: "For npm run restore: asks for a look at a link",
      });
    }
    new CfnOutput(this, "WatchedFiles", {
      value: `s3://${condaStore.storage.bucket.bucketName}/${PREFIXES.watched}`,
      description: "Where specifications are kept as files",
    });
    new CfnOutput(this, "ChannelSecrets", {
      value: condaStore.channelSecrets,
      description: "For npm run channel-secret: names of the secrets with credentials of channels begin so",
    });
  }
}
