/**
 * What `cdk` runs. A deployment's values come as context: `npm run deploy -- -c slots=20`, or the `context` object of
 * cdk.json.
 * @module
 */
import { App } from "aws-cdk-lib";
import { FEATURE_FLAGS } from "./feature-flags.ts";
import { parseLocalDeployment } from "./local-deployment.ts";
import { type CondaStoreProps, CondaStoreStack } from "./stack.ts";

const app = new App({ context: { ...FEATURE_FLAGS } });
const local: unknown = app.node.tryGetContext("local");

new CondaStoreStack(app, "CondaStore", {
  ...(typeof local === "string" ? { local: parseLocalDeployment(local) } : {}),
  ...contextProps(),
});

/** Context values arrive as text from the command line and as JSON from cdk.json: both are read. */
function contextProps(): CondaStoreProps {
  const value = (name: string): unknown => {
    const given: unknown = app.node.tryGetContext(name);
    if (typeof given !== "string") return given;
    try {
      return JSON.parse(given) as unknown;
    } catch {
      return given;
    }
  };
  const names = [
    "bundles",
    "image",
    "architecture",
    "taskCpuUnits",
    "taskMemoryMiB",
    "taskDiskGiB",
    "slots",
    "slotsPerNamespace",
    "maxAttemptMinutes",
    "maxQueueHours",
    "storeDirectory",
    "diskOwner",
    "urlPrefix",
    "settings",
    "allowedPrivateHosts",
    "waitAlarmMinutes",
    "alarmTopicArn",
    "logLevel",
  ] as const satisfies readonly (keyof CondaStoreProps)[];
  return Object.fromEntries(
    names.map((name) => [name, value(name)]).filter(([, given]) => given !== undefined),
  );
}
