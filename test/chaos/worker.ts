/**
 * A Lambda container: loads a bundled handler and answers one event after the other.
 * @module
 */
import { pathToFileURL } from "node:url";

interface Invocation {
  readonly id: number;
  readonly event: unknown;
}

const [bundle = ""] = process.argv.slice(2);
const { handler } = (await import(pathToFileURL(bundle).href)) as {
  handler: (event: unknown, context: object) => Promise<unknown>;
};
process.on("disconnect", () => process.exit(0));
process.on("message", ({ id, event }: Invocation) => {
  handler(event, { awsRequestId: String(id) }).then(
    (result) => process.send?.({ id, result: result ?? null }),
    (error: unknown) => process.send?.({ id, error: error instanceof Error ? error.message : String(error) }),
  );
});
process.send?.("ready");
