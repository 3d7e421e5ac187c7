/**
 * `npm run rotate-keys`: a new key for a deployment's tokens, without logging anybody out.
 * @module
 */
import { parseArgs } from "node:util";
import { SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import {
  describeKeys,
  OVERLAP_HOURS_MIN,
  readVersion,
  replaceVersion,
  rotate,
  SIGNS_AFTER_MS,
} from "#adapters/secrets/rotation.ts";
import { parseSecret } from "#adapters/secrets/secret.ts";
import { localAws, outputOf, STACK } from "./deployed.ts";

const USAGE = `usage: npm run rotate-keys -- (--stack NAME | --secret ARN | --local) [OPTION …]

Shows the keys that sign and verify tokens, and what a rotation would do. With --apply it is done: a new key verifies at once
and signs ${SIGNS_AFTER_MS / 60_000} minutes later, when every function knows it; the keys of now verify on for the overlap. Nobody is logged out;
longer-lived tokens of npm run token end with their key.

  --stack NAME         the deployed stack, whose outputs name the secret
  --secret ARN         the secret itself
  --local              what npm start runs here
  --state DIR          where npm start --state keeps it (default .local)
  --apply              do it
  --overlap-hours N    how long the keys of now verify on, ${OVERLAP_HOURS_MIN} or more [${OVERLAP_HOURS_MIN}]
  --compromised        the keys of now end at once, and with them every login and token, within five minutes
  --help               this text

You need AWS credentials that may read and write the secret, and read the stack with --stack.`;

class UsageError extends Error {}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: {
        stack: { type: "string" },
        secret: { type: "string" },
        local: { type: "boolean", default: false },
        state: { type: "string", default: ".local" },
        apply: { type: "boolean", default: false },
        "overlap-hours": { type: "string", default: String(OVERLAP_HOURS_MIN) },
        compromised: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    const places = [values.stack, values.secret, values.local || undefined].filter(
      (each) => each !== undefined,
    );
    if (!values.help && places.length !== 1) throw new Error("Say one of --stack, --secret and --local.");
    const hours = values["overlap-hours"];
    if (!/^\d{1,5}$/.test(hours)) throw new Error(`--overlap-hours ${hours} is no number of hours.`);
    return { ...values, overlapHours: values.compromised ? null : Number(hours) };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options.help) {
    console.log(USAGE);
    return;
  }
  const aws = options.local ? localAws(options.state) : undefined;
  const secretId =
    options.secret ??
    (await outputOf({ stack: options.stack ?? STACK, output: "TokenSecretArn", option: "--secret" }, aws));
  const client = new SecretsManagerClient(aws ?? {});
  const { text, version } = await readVersion(client, secretId);
  const now = new Date();
  console.log(["now", ...describeKeys(parseSecret(text).keys, now).map((line) => `  ${line}`)].join("\n"));
  const rotation = rotate(text, { now, overlapHours: options.overlapHours });
  console.log(
    [
      options.apply ? "from now on" : "after a rotation",
      ...describeKeys(rotation.keys, now).map((line) => `  ${line}`),
      ...rotation.dropped.map((kid) => `  key ${kid}: gone`),
    ].join("\n"),
  );
  if (!options.apply) {
    console.log("Nothing was changed: --apply does it.");
    return;
  }
  await replaceVersion(client, secretId, { text: rotation.text, version });
  console.log("Done. Functions that are warm know it within five minutes.");
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
