/**
 * `npm run channel-secret`: the credentials of a namespace's private channels, in Secrets Manager.
 * @module
 */
import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetSecretValueCommand,
  PutSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from "@aws-sdk/client-secrets-manager";
import * as v from "valibot";
import { type ChannelCredentials, parseChannelCredentials } from "#core/channel/credentials.ts";
import { channelSecretName, registrySecretName } from "#core/layout.ts";
import { NamespaceName } from "#core/names.ts";
import { localAws, outputOf, STACK } from "./deployed.ts";

const USAGE = `usage: npm run channel-secret -- (--stack NAME | --prefix PREFIX | --local) (NAMESPACE | --registries) [set CHANNEL | remove CHANNEL]

Lists the channels that a namespace has credentials for; sets those of one, read from standard input; or removes them.
CHANNEL is what specifications name: a name such as my-team, or an address without credentials. Builds that begin later use them.
With --registries, the same for the registries that base images come from, such as https://ghcr.io; docker's own is
https://registry-1.docker.io.

Standard input of set is one of these, and is never shown:
  {"username": "…", "password": "…"}     HTTP Basic
  {"bearer": "…"}                        HTTP Bearer
  {"token": "…"}                         conda's token, in front of the path: https://host/t/TOKEN/…

  --stack NAME     the deployed stack, whose outputs name the prefix
  --prefix PREFIX  names of the secrets begin so
  --local          what npm start runs here
  --state DIR      where npm start --state keeps it (default .local)
  --help           this text

You need AWS credentials that may read, create, write and delete these secrets, and read the stack with --stack.`;

class UsageError extends Error {}

/** What stands in a namespace's place. */
const REGISTRIES = "registries";

function readOptions() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        stack: { type: "string" },
        prefix: { type: "string" },
        local: { type: "boolean", default: false },
        registries: { type: "boolean", default: false },
        state: { type: "string", default: ".local" },
        help: { type: "boolean", short: "h", default: false },
      },
    });
    if (values.help) return null;
    const places = [values.stack, values.prefix, values.local || undefined].filter(
      (each) => each !== undefined,
    );
    if (places.length !== 1) throw new Error("Say one of --stack, --prefix and --local.");
    const named = values.registries ? [REGISTRIES, ...positionals] : positionals;
    const [namespace, action = "list", channel, ...others] = named;
    if (namespace === undefined || others.length > 0) throw new Error("Name one namespace.");
    if (!values.registries && !v.is(NamespaceName, namespace))
      throw new Error(`${namespace} is no name of a namespace.`);
    if (!["list", "set", "remove"].includes(action)) throw new Error(`There is no ${action}: set or remove.`);
    if ((channel === undefined) !== (action === "list"))
      throw new Error("Name one channel to set or remove.");
    if (channel !== undefined && /\/\/[^/]*@|\/t\//.test(channel)) {
      throw new Error("The channel's address has credentials in it: write it without them.");
    }
    return { ...values, namespace, action, channel: channel ?? "" };
  } catch (error) {
    throw new UsageError(`${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
  }
}

/** null: there is no secret yet. */
async function readCredentials(
  client: SecretsManagerClient,
  name: string,
): Promise<ChannelCredentials | null> {
  try {
    const { SecretString = "" } = await client.send(new GetSecretValueCommand({ SecretId: name }));
    return parseChannelCredentials(SecretString);
  } catch (error) {
    if (error instanceof ResourceNotFoundException) return null;
    throw error instanceof Error && error.name === "Error"
      ? new Error(`The secret ${name} ${error.message}.`)
      : error;
  }
}

/** What standard input has, as one channel's. @throws Error that does not repeat it */
async function given(channel: string): Promise<ChannelCredentials> {
  const typed = (await text(process.stdin)).trim();
  try {
    return parseChannelCredentials(`{${JSON.stringify(channel)}: ${typed}}`);
  } catch (error) {
    throw new Error(`Standard input ${error instanceof Error ? error.message : String(error)}.`);
  }
}

async function main(): Promise<void> {
  const options = readOptions();
  if (options === null) {
    console.log(USAGE);
    return;
  }
  const { namespace, action, channel } = options;
  const aws = options.local ? localAws(options.state) : undefined;
  const prefix =
    options.prefix ??
    (await outputOf({ stack: options.stack ?? STACK, output: "ChannelSecrets", option: "--prefix" }, aws));
  const name = options.registries ? registrySecretName(prefix) : channelSecretName(prefix, namespace);
  const client = new SecretsManagerClient(aws ?? {});
  const now = await readCredentials(client, name);
  const { [channel]: former, ...others } = now ?? {};
  if (action === "remove" && former === undefined) throw new Error(`${namespace} has none for ${channel}.`);
  const wanted = action === "set" ? { ...others, ...(await given(channel)) } : others;
  if (action !== "list") {
    const SecretString = JSON.stringify(wanted);
    if (now === null) {
      const Description = options.registries
        ? "Credentials of registries for conda-store's base images"
        : `Credentials of channels for conda-store's namespace ${namespace}`;
      await client.send(new CreateSecretCommand({ Name: name, SecretString, Description }));
    } else if (Object.keys(wanted).length === 0) {
      await client.send(new DeleteSecretCommand({ SecretId: name, ForceDeleteWithoutRecovery: true }));
    } else await client.send(new PutSecretValueCommand({ SecretId: name, SecretString }));
  }
  const shown = action === "list" ? (now ?? {}) : wanted;
  const lines = Object.entries(shown).map(([each, held]) => `  ${each}: ${Object.keys(held).join(" and ")}`);
  console.log(
    [`${namespace} (secret ${name})`, ...(lines.length > 0 ? lines : ["  no credentials"])].join("\n"),
  );
}

try {
  await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof UsageError ? 2 : 1);
}
