/**
 * A process of its own for the bundled function: tells its address, and ends when who started it goes.
 * @module
 */
import { serveFunction } from "#test/kit/serve-app.ts";

const [bundle = ""] = process.argv.slice(2);
const { handler } = (await import(bundle)) as { handler: Parameters<typeof serveFunction>[0] };
const served = await serveFunction((event) => handler(event));
process.send?.(served.address);
process.once("disconnect", () => process.exit(0));
