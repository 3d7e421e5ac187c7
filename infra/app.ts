/**
 * What `cdk` runs. A deployment's values come as context: `npm run deploy -- -c config=prod.json -c slots=20`, or the
 * `context` object of cdk.json.
 * @module
 */
import { App } from "aws-cdk-lib";
import { type Deployment, readDeployment } from "./deployment.ts";
import { FEATURE_FLAGS } from "./feature-flags.ts";
import { parseLocalDeployment } from "./local-deployment.ts";
import { CondaStoreStack } from "./stack.ts";

const app = new App({ context: { ...FEATURE_FLAGS } });
const local: unknown = app.node.tryGetContext("local");

new CondaStoreStack(app, "CondaStore", {
  ...(typeof local === "string" ? { local: parseLocalDeployment(local) } : {}),
  ...deployment(),
});

function deployment(): Deployment {
  try {
    return readDeployment((name) => app.node.tryGetContext(name));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}
